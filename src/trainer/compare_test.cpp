#include "trainer/compare.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace millwright::trainer {
namespace {

namespace fs = std::filesystem;
using recording::RecordingInfo;

constexpr int kRows = 240;  // one a second
constexpr int kFaultFrom = 150, kFaultTo = 200;

class CompareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(::testing::TempDir()) / ("compare_" + std::string(test->name()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    Write("a.csv");
    Write("b.csv");
    auto runs = recording::OpenDataset(root_.string());
    ASSERT_TRUE(runs.has_value()) << runs.error().what;
    runs_ = *runs;
    ASSERT_EQ(runs_.size(), 2U);
    schema_.channels = runs_.front().channels;
    schema_.step = kSecond;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name) const {
    std::ofstream file(root_ / name);
    file << "datetime;flow;pressure;anomaly;changepoint\n";
    for (int i = 0; i < kRows; ++i) {
      std::array<char, 32> at{};
      std::snprintf(at.data(), at.size(), "2026-11-20 06:%02d:%02d", i / 60, i % 60);
      const int fault = i >= kFaultFrom && i < kFaultTo ? 1 : 0;
      file << at.data() << ';' << std::sin(i * 1.7) << ';' << 3 + std::sin(i * 0.9) << ';' << fault
           << ";0\n";
    }
  }

  // Alarms from second `from` on, until `to`; the first decision comes at `first`.
  [[nodiscard]] Decisions Alarming(int from, int to, int first = 10) const {
    Decisions out;
    for (const RecordingInfo& run : runs_)
      for (int i = first; i < kRows; ++i)
        out[run.id].push_back(
            {.step_end = run.start_ns + i * kSecond, .alarm = i >= from && i < to});
    return out;
  }
  [[nodiscard]] Result<Comparison> Compare(const Decisions& live,
                                           const Decisions& candidate) const {
    return CompareDecisions(
        runs_, {.schema = schema_, .commissioning = 60 * kSecond, .hold = 10 * kSecond}, live,
        candidate);
  }

  fs::path root_;
  std::vector<RecordingInfo> runs_;
  dsp::Schema schema_;
};

TEST(BalancedErrorTest, AlwaysAndNeverAreOneHalfHoweverRareFaultsAre) {
  EXPECT_DOUBLE_EQ(
      BalancedError({.far = 1, .mar = 0, .healthy_moments = 990, .anomalous_moments = 10}), 0.5);
  EXPECT_DOUBLE_EQ(
      BalancedError({.far = 0, .mar = 1, .healthy_moments = 990, .anomalous_moments = 10}), 0.5);
}

TEST(BalancedErrorTest, WhereThereIsOneKindOnlyThatKindCounts) {
  EXPECT_DOUBLE_EQ(BalancedError({.far = 0.25, .mar = 0, .healthy_moments = 8}), 0.25);
  EXPECT_DOUBLE_EQ(BalancedError({.far = 0, .mar = 0.75, .anomalous_moments = 8}), 0.75);
}

TEST_F(CompareTest, TheModelThatFindsTheFaultIsBetterOnEachRun) {
  const auto found = Compare(Alarming(kRows, kRows), Alarming(kFaultFrom, kFaultTo));
  ASSERT_TRUE(found.has_value()) << found.error().what;
  EXPECT_EQ(found->live.runs, 2U);
  EXPECT_EQ(found->live.moments, found->candidate.moments);
  EXPECT_DOUBLE_EQ(BalancedError(found->live.model), 0.5);
  EXPECT_DOUBLE_EQ(BalancedError(found->candidate.model), 0);
  EXPECT_DOUBLE_EQ(BalancedError(found->live.always), 0.5);
  EXPECT_EQ(found->candidate.model.events_found, 2);
  EXPECT_EQ(found->runs_better, 2);
  EXPECT_EQ(found->runs_worse, 0);
}

TEST_F(CompareTest, AModelThatAlarmsFalselyIsWorseAndAnEqualOneIsNeither) {
  const Decisions good = Alarming(kFaultFrom, kFaultTo);
  const auto worse = Compare(good, Alarming(100, kFaultTo));
  ASSERT_TRUE(worse.has_value()) << worse.error().what;
  EXPECT_EQ(worse->runs_worse, 2);
  EXPECT_GT(BalancedError(worse->candidate.model), BalancedError(worse->live.model));
  const auto equal = Compare(good, good);
  ASSERT_TRUE(equal.has_value());
  EXPECT_EQ(equal->runs_better + equal->runs_worse, 0);
}

// A model with longer windows decides later. What the other says before is not held against it, and
// what it itself had said last holds.
TEST_F(CompareTest, BothAreJudgedFromTheMomentOnAtWhichBothHaveDecided) {
  const auto found = Compare(Alarming(0, 120), Alarming(kRows, kRows, 100));
  ASSERT_TRUE(found.has_value()) << found.error().what;
  EXPECT_EQ(found->live.moments, found->candidate.moments);
  EXPECT_EQ(found->live.moments, 2U * (kRows - 100));
  const double healthy = kRows - 100 - (kFaultTo - kFaultFrom);
  EXPECT_DOUBLE_EQ(found->live.model.far, 20 / healthy);
}

TEST_F(CompareTest, ARunWithoutADecisionIsNamed) {
  Decisions short_of_one = Alarming(kFaultFrom, kFaultTo);
  short_of_one[runs_[1].id].clear();
  const auto found = Compare(Alarming(kFaultFrom, kFaultTo), short_of_one);
  ASSERT_FALSE(found.has_value());
  EXPECT_NE(found.error().what.find('"' + runs_[1].id + '"'), std::string::npos);
}

}  // namespace
}  // namespace millwright::trainer
