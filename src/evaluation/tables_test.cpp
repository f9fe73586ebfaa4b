// Tables that studies are made of: the hydraulic rig's, text files with words in them, windows with
// their classes in another order.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "evaluation/hydraulic_table.h"
#include "evaluation/posterior_net.h"

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

// Every sensor: 20 values a cycle, value = cycle * 100 + number; the flow as fine as 60 a cycle.
HydraulicCycles Cycles(size_t cycles, size_t width) {
  HydraulicCycles out;
  for (size_t s = 0; s < std::size(kHydraulicSensors); ++s) {
    TextTable& sensor = out.sensors.emplace_back();
    sensor.width = s == 0 ? 3 * width : width;
    for (size_t i = 0; i < cycles; ++i)
      for (size_t k = 0; k < sensor.width; ++k)
        sensor.values.push_back(static_cast<float>(i * 100 + k));
  }
  out.settled.assign(cycles, true);
  return out;
}

TEST(HydraulicTable, HoldsMeanAndDeviationOfEachTenth) {
  constexpr std::array kParts = {7, 10};
  const auto made = MakeHydraulicTable(Cycles(3, 20), kParts);
  ASSERT_TRUE(made) << made.error().what;
  EXPECT_EQ(made->table.size(), 3U);
  EXPECT_EQ(made->plain, std::size(kHydraulicSensors) * size_t{kHydraulicSegments} * 2);
  EXPECT_GT(made->table.columns, made->plain) << "single flow samples follow";
  // The second sensor's third tenth of cycle 1: values 104 and 105.
  const size_t column = (size_t{kHydraulicSegments} + 2) * 2;
  EXPECT_FLOAT_EQ(made->table.Row(1)[column], 104.5F);
  EXPECT_FLOAT_EQ(made->table.Row(1)[column + 1], 0.5F);
}

TEST(HydraulicTable, TellsWhenEachColumnComesIn) {
  constexpr std::array kParts = {7, 10};
  const auto made = MakeHydraulicTable(Cycles(2, 20), kParts);
  ASSERT_TRUE(made);
  ASSERT_EQ(made->columns.step_of.size(), made->table.columns);
  EXPECT_EQ(made->columns.steps, 2);
  for (size_t segment = 0; segment < kHydraulicSegments; ++segment)
    EXPECT_EQ(made->columns.step_of[2 * segment], segment < 7 ? 0 : 1) << segment;
  EXPECT_FALSE(made->columns.Sees(0, 2 * 8));
  EXPECT_TRUE(made->columns.Sees(1, 0));
}

TEST(HydraulicTable, RefusesCyclesThatAreTooShort) {
  constexpr std::array kParts = {10};
  const auto made = MakeHydraulicTable(Cycles(2, 12), kParts);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Errc::kInvalid);
}

TEST(PermuteClasses, AClassTakesItsScoresAlong) {
  constexpr size_t kSteps = 2;
  constexpr int kClasses = 3, kCopies = 5;
  // The score of a window's own class is 9 at every step.
  Permuted all;
  for (int label = 0; label < kClasses; ++label) {
    for (size_t s = 0; s < kSteps; ++s)
      for (int c = 0; c < kClasses; ++c)
        all.scores.push_back(c == label ? 9.0F : static_cast<float>(c));
    all.labels.push_back(label);
    all.groups.push_back(10 + label);
  }
  PermuteClasses(all, kSteps, kClasses, kCopies, 4);
  ASSERT_EQ(all.labels.size(), size_t{kClasses * (1 + kCopies)});
  ASSERT_EQ(all.scores.size(), all.labels.size() * kSteps * kClasses);
  std::set<int> orders;
  for (size_t i = 0; i < all.labels.size(); ++i) {
    for (size_t s = 0; s < kSteps; ++s)
      EXPECT_EQ(all.scores[(i * kSteps + s) * kClasses + static_cast<size_t>(all.labels[i])], 9.0F);
    EXPECT_EQ(all.groups[i], 10 + static_cast<int>(i % kClasses)) << "copies stay in their group";
    if (i % kClasses == 0) orders.insert(all.labels[i]);
  }
  EXPECT_GT(orders.size(), 1U);
}

class TextFile {
 public:
  explicit TextFile(const std::string& text)
      : path_(fs::temp_directory_path() / ("mw-tables-" + std::to_string(getpid()) + ".csv")) {
    std::ofstream(path_) << text;
  }
  ~TextFile() { fs::remove(path_); }
  TextFile(const TextFile&) = delete;
  TextFile& operator=(const TextFile&) = delete;
  [[nodiscard]] const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

constexpr TextFormat kWordsAfter{.separator = ',', .header = true, .texts_after = 2};

TEST(ReadTable, WordsAtTheEndStayTogether) {
  const TextFile file("a,b,stage,tool\n1,2,Layer 1 Up,worn\n3,4,Starting,unworn\n");
  const auto table = ReadTable(file.path(), kWordsAfter);
  ASSERT_TRUE(table) << table.error().what;
  EXPECT_EQ(table->columns, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(table->texts, (std::vector<std::string>{"Layer 1 Up,worn", "Starting,unworn"}));
  EXPECT_EQ(table->values, (std::vector<float>{1, 2, 3, 4}));
}

TEST(ReadTable, NamesTheLineOfARowThatIsShort) {
  const TextFile file("a,b,stage,tool\n1,2,Layer,worn\n3,Layer,worn\n");
  const auto table = ReadTable(file.path(), kWordsAfter);
  ASSERT_FALSE(table);
  EXPECT_NE(table.error().what.find(":3: 3 columns where 4 were before"), std::string::npos)
      << table.error().what;
}

TEST(ReadTable, WordsAloneAreNoTable) {
  const TextFile file("stage,tool\nLayer,worn\n");
  EXPECT_FALSE(ReadTable(file.path(), kWordsAfter));
}

}  // namespace
}  // namespace millwright::evaluation
