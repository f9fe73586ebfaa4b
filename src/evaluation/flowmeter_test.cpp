// Flowmeters of the three kinds, on files that are written here.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "evaluation/read_flowmeter.h"

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

class FlowmeterTest : public ::testing::Test {
 protected:
  FlowmeterTest() {
    folder_ = fs::temp_directory_path() / ("mw-flowmeter-" + std::to_string(getpid()));
    fs::create_directories(folder_);
  }
  ~FlowmeterTest() override { fs::remove_all(folder_); }
  void Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
  }
  fs::path folder_;
};

TEST_F(FlowmeterTest, FlowmetersStandAgainstTheirOwnCommissioning) {
  std::string text;
  for (int row = 0; row < 13; ++row) {
    for (int c = 0; c < 36; ++c) text += c == 21 && row == 12 ? "40 " : c < 3 ? "1 " : "30 ";
    text += row < 12 ? "1\n" : "2\n";
  }
  Write("MeterX.txt", text);
  const auto meters = ReadFlowmeters(folder_);
  ASSERT_TRUE(meters) << meters.error().what;
  const Flowmeter& meter = meters->front();
  EXPECT_TRUE(meter.healthy(0));
  EXPECT_EQ(meter.classes.back(), "installation");
  std::vector<size_t> first(kFlowmeterCommissioning);
  std::iota(first.begin(), first.end(), size_t{0});
  const auto far = FlowmeterDeviations(meter, first);
  EXPECT_NEAR(far[12][3], std::log1p(10 / 0.2), 1e-5);  // the floor of a gain that stood still
  EXPECT_NEAR(far[11][3], 0, 1e-6);
  EXPECT_EQ(far[12][5], 0);  // has no transit times
}

TEST_F(FlowmeterTest, AFlowmeterOfAnotherKindIsRefusedByName) {
  Write("MeterX.txt", "1 2 3\n");
  const auto meters = ReadFlowmeters(folder_);
  ASSERT_FALSE(meters);
  EXPECT_NE(meters.error().what.find("MeterX.txt: 3 columns"), std::string::npos);
}

}  // namespace
}  // namespace millwright::evaluation
