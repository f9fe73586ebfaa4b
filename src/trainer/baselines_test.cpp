#include "trainer/baselines.h"

#include <gtest/gtest.h>

namespace millwright::trainer {
namespace {

constexpr BaselineOptions kNow = {.smooth = 1, .variance_share = 1};

// One row a second; the first twenty are for commissioning.
struct Bench {
  RowTable table{.run = "bench", .columns = 2};
  void Add(float x, float y, Truth truth = Truth::kHealthy) {
    table.ts.push_back(static_cast<Nanos>(table.size()) * kSecond);
    table.rows.insert(table.rows.end(), {x, y});
    table.truth.push_back(truth);
  }
  [[nodiscard]] BaselineAlarms Alarms(const BaselineOptions& options) const {
    auto alarms = RunBaselines(table, 20 * kSecond, options);
    EXPECT_TRUE(alarms) << alarms.error().what;
    return alarms ? *std::move(alarms) : BaselineAlarms{};
  }
};

// Two columns that go together. Standardised, their covariance has 1.98 along the diagonal and 0.02
// across it, every commissioning row has T2 = 2, so the limit is 4.
Bench Together() {
  Bench bench;
  for (int i = 0; i < 5; ++i) {
    bench.Add(1.1F, 0.9F);
    bench.Add(0.9F, 1.1F);
    bench.Add(-1.1F, -0.9F);
    bench.Add(-0.9F, -1.1F);
  }
  return bench;
}

TEST(HotellingT2, SeesWhatBreaksTheCorrelation) {
  Bench bench = Together();
  bench.Add(1, -1);  // each column by itself is usual
  const BaselineAlarms alarms = bench.Alarms(kNow);
  EXPECT_TRUE(alarms.t2[20]);
  EXPECT_FALSE(alarms.rms[20]);
}

TEST(HotellingT2, TheLimitIsTwiceTheCommissioningQuantile) {
  Bench bench = Together();
  bench.Add(1.9F, 1.9F);    // T2 = 3.6
  bench.Add(2.1F, 2.1F);    // 4.4
  bench.Add(-2.1F, -2.1F);  // both directions
  const BaselineAlarms alarms = bench.Alarms(kNow);
  for (size_t i = 0; i < 20; ++i) EXPECT_FALSE(alarms.t2[i]);
  EXPECT_FALSE(alarms.t2[20]);
  EXPECT_TRUE(alarms.t2[21]);
  EXPECT_TRUE(alarms.t2[22]);
}

TEST(HotellingT2, DroppedComponentsAreBlind) {
  Bench bench = Together();
  bench.Add(1, -1);
  BaselineOptions few = kNow;
  few.variance_share = 0.95;  // the diagonal alone has 99 %
  EXPECT_FALSE(bench.Alarms(few).t2[20]);
}

TEST(RmsThreshold, OnlyUpwardsAndOnlyVibrationWhereThereIsAny) {
  Bench bench = Together();
  bench.Add(6, 0);
  bench.Add(0, 6);
  bench.Add(-6, 0);
  BaselineAlarms alarms = bench.Alarms(kNow);
  EXPECT_TRUE(alarms.rms[20]);
  EXPECT_TRUE(alarms.rms[21]);
  EXPECT_FALSE(alarms.rms[22]);
  bench.table.vibration = {1};
  alarms = bench.Alarms(kNow);
  EXPECT_FALSE(alarms.rms[20]);
  EXPECT_TRUE(alarms.rms[21]);
}

TEST(RmsThreshold, AverageOfFiveRowsForgivesOneSpike) {
  Bench bench = Together();
  bench.Add(10, 10);
  for (int i = 0; i < 5; ++i) bench.Add(0, 0);
  for (int i = 0; i < 5; ++i) bench.Add(10, 10);
  BaselineOptions smooth = kNow;
  smooth.smooth = 5;
  EXPECT_TRUE(bench.Alarms(kNow).rms[20]);
  const BaselineAlarms alarms = bench.Alarms(smooth);
  for (size_t i = 20; i < 28; ++i) EXPECT_FALSE(alarms.rms[i]) << i;
  EXPECT_TRUE(alarms.rms[30]);
}

TEST(RmsThreshold, AColumnThatNeverMovedHasAFloor) {
  Bench bench;
  for (int i = 0; i < 20; ++i) bench.Add(10, 10);
  bench.Add(10.004F, 10);  // the floor is about 0.001
  bench.Add(10.01F, 10);
  const BaselineAlarms alarms = bench.Alarms(kNow);
  EXPECT_FALSE(alarms.rms[20]);
  EXPECT_TRUE(alarms.rms[21]);
}

TEST(RunBaselines, AlwaysAlarmsAtEveryRow) {
  EXPECT_EQ(Together().Alarms(kNow).always, std::vector<bool>(20, true));
}

TEST(RunBaselines, FaultyRowsTeachNothing) {
  Bench bench;
  for (int i = 0; i < 9; ++i) bench.Add(static_cast<float>(i % 2), 0);
  for (int i = 0; i < 11; ++i) bench.Add(0, 0, i % 2 == 0 ? Truth::kAnomaly : Truth::kNeutral);
  for (int i = 0; i < 50; ++i) bench.Add(0, 0);  // too late
  const auto alarms = RunBaselines(bench.table, 20 * kSecond, kNow);
  ASSERT_FALSE(alarms);
  EXPECT_EQ(alarms.error().code, Errc::kInvalid);
  EXPECT_NE(alarms.error().what.find("run bench has only 9 healthy rows"), std::string::npos);
}

}  // namespace
}  // namespace millwright::trainer
