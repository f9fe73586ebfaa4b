// What the study of SKAB promises of its rows: nothing ahead, nothing of the row's number.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "evaluation/skab_rows.h"

namespace millwright::evaluation::skab {
namespace {

SkabRun Draw(uint32_t seed, size_t rows, size_t fault_from) {
  std::mt19937 random(seed);
  std::normal_distribution<float> noise;
  SkabRun run{.name = "run", .labelled = true};
  run.table.columns = {"Accelerometer1RMS", "Accelerometer2RMS", "Current",
                       "Pressure",          "Voltage",           "Volume Flow RateRMS"};
  run.table.width = run.table.columns.size();
  for (size_t i = 0; i < rows; ++i) {
    run.anomalous.push_back(i >= fault_from ? 1 : 0);
    for (size_t c = 0; c < run.table.width; ++c)
      run.table.values.push_back(10 + noise(random) + (i >= fault_from ? 4.0F : 0.0F));
  }
  return run;
}

TEST(SkabRows, LookAtNothingAhead) {
  const SkabRun whole = Draw(1, 400, 300);
  SkabRun cut = whole;
  cut.anomalous.resize(340);
  cut.table.values.resize(340 * cut.table.width);
  const auto a = LoadRuns({whole}, {}), b = LoadRuns({cut}, {});
  ASSERT_TRUE(a && b);
  for (size_t i = 0; i < b->front().features.size(); ++i)
    ASSERT_EQ(a->front().features[i], b->front().features[i]);
}

TEST(SkabRows, WindowsHoldOneRunOnlyAndCommissioningEndsBeforeTheFault) {
  const auto runs = LoadRuns({Draw(1, 200, 150), Draw(2, 200, 150)}, {});
  ASSERT_TRUE(runs);
  const Samples windows = MakeWindows(*runs);
  EXPECT_EQ(windows.size(), 2 * (200 - kScoredFrom));
  EXPECT_EQ(runs->front().commissioned, 150U) << "before the first anomaly";
  for (size_t i = 0; i < windows.size(); ++i) {
    EXPECT_GE(windows.places[i].start_s, 0);
    EXPECT_EQ(windows.labels[i], windows.places[i].end_s >= 150 ? 1 : 0);
  }
}

TEST(SkabRows, T2SeesAFaultThatItsCommissioningDidNotHave) {
  const auto runs = LoadRuns({Draw(3, 400, 300)}, {});
  ASSERT_TRUE(runs);
  const trainer::Verdicts verdicts = Verdict(runs->front(), T2Scores(runs->front()));
  int found = 0, falsely = 0;
  for (const trainer::Moment& m : verdicts.moments)
    (m.truth == trainer::Truth::kAnomaly ? found : falsely) += m.alarm ? 1 : 0;
  EXPECT_GT(found, 80);
  EXPECT_LT(falsely, 20);
}

TEST(SkabRows, ARunThatIsTooShortOrLacksAChannelIsNamed) {
  EXPECT_NE(LoadRuns({Draw(1, 320, 90)}, {}).error().what.find("too few healthy rows"),
            std::string::npos);
  SkabRun run = Draw(1, 400, 300);
  run.table.columns[2] = "Amps";
  EXPECT_NE(LoadRuns({run}, {}).error().what.find("Current"), std::string::npos);
}

}  // namespace
}  // namespace millwright::evaluation::skab
