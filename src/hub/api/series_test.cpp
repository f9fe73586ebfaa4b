#include "hub/api/series.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr Nanos kHour = 60 * kMinute;

void AddStep(wire::FeatureBatch& batch, Nanos ts, float score, float signal,
             wire::MachineState state = wire::STATE_RUNNING) {
  batch.add_ts_ns(ts);
  batch.add_score(score);
  batch.add_level(wire::LEVEL_WATCH);
  batch.add_state(state);
  batch.add_signals(signal);
  if (batch.signal_names_size() > 0) return;
  batch.add_signal_names("vib");
  batch.add_signal_units("mm/s");
}

json Written(const SeriesBuckets& buckets) {
  http::JsonWriter writer;
  writer.BeginObject();
  buckets.Write(writer);
  return json::parse(writer.EndObject().Take());
}

TEST(PlanRangeTest, NeverGivesMoreBucketsThanAskedFor) {
  for (const Nanos length : {kMillisecond, kSecond, kHour, 2 * kHour, 3 * kHour, 9600 * kHour})
    for (const int64_t points : {1, 7, 180, 600, 5000})
      for (const Nanos into_minute : {Nanos{0}, Nanos{1}, 59 * kSecond}) {
        const Nanos from = 5 * kMinute + into_minute;
        const SeriesRange range = PlanRange(from, from + length, points);
        EXPECT_LE(range.buckets(), static_cast<size_t>(points)) << length << " " << into_minute;
        EXPECT_GE(range.buckets(), 1u) << length << " " << into_minute;
      }
}

TEST(PlanRangeTest, LongRangesAreDrawnFromWholeMinutes) {
  EXPECT_FALSE(FromMinutes(PlanRange(0, 2 * kHour, 120)));
  const SeriesRange range = PlanRange(kSecond, 3 * kHour, 600);
  EXPECT_TRUE(FromMinutes(range));
  EXPECT_EQ(range.from, 0);
  EXPECT_EQ(range.bucket, kMinute);
}

TEST(SeriesBucketsTest, BucketsWithoutValuesAreNull) {
  SeriesBuckets buckets({.from = 0, .to = 3 * kSecond, .bucket = kSecond}, {});
  wire::FeatureBatch batch;
  AddStep(batch, 2 * kSecond, 0.5f, 2);
  AddStep(batch, 2 * kSecond + 1, 0.25f, 4);
  buckets.Add(batch);
  const json written = Written(buckets);
  EXPECT_EQ(written["t_ms"], json({0, 1000, 2000}));
  const json& vib = written["series"][1];
  EXPECT_EQ(vib["name"], "vib");
  EXPECT_EQ(vib["unit"], "mm/s");
  EXPECT_EQ(vib["mean"], json({nullptr, nullptr, 3.0}));
  EXPECT_EQ(vib["min"], json({nullptr, nullptr, 2.0}));
  EXPECT_EQ(vib["max"], json({nullptr, nullptr, 4.0}));
  EXPECT_EQ(written["state"], json({nullptr, nullptr, "running"}));
  EXPECT_EQ(written["level"], json({nullptr, nullptr, "watch"}));
}

TEST(SeriesBucketsTest, MissingReadingsAreNullThoughTheMachineWasHeard) {
  SeriesBuckets buckets({.from = 0, .to = kSecond, .bucket = kSecond}, {});
  wire::FeatureBatch batch;
  AddStep(batch, 0, NAN, NAN, wire::STATE_STOPPED);
  buckets.Add(batch);
  const json written = Written(buckets);
  for (const json& series : written["series"]) EXPECT_EQ(series["mean"], json::array({nullptr}));
  EXPECT_EQ(written["state"][0], "stopped");
}

TEST(SeriesBucketsTest, RangeTakesItsFirstMomentAndNotItsLast) {
  SeriesBuckets buckets({.from = kSecond, .to = 2 * kSecond, .bucket = kSecond}, {"score"});
  wire::FeatureBatch outside, inside;
  AddStep(outside, kSecond - 1, 1, 0);
  AddStep(outside, 2 * kSecond, 1, 0);
  buckets.Add(outside);
  EXPECT_TRUE(Written(buckets)["series"][0]["mean"][0].is_null());
  AddStep(inside, kSecond, 1, 0);
  buckets.Add(inside);
  EXPECT_EQ(Written(buckets)["series"][0]["mean"][0], 1);
}

TEST(SeriesBucketsTest, OnlyTheSignalsAskedForAndEachEvenWhereNothingCame) {
  SeriesBuckets buckets({.from = 0, .to = kSecond, .bucket = kSecond}, {"none", "vib"});
  wire::FeatureBatch batch;
  AddStep(batch, 0, 1, 4);
  buckets.Add(batch);
  const json series = Written(buckets)["series"];
  ASSERT_EQ(series.size(), 2u);
  EXPECT_TRUE(series[0]["mean"][0].is_null());
  EXPECT_EQ(series[1]["mean"][0], 4);
}

TEST(SeriesBucketsTest, NewestStepOfABucketGivesItsStateInWhateverOrderBatchesCome) {
  wire::FeatureBatch older, newer;
  AddStep(older, 1, 0, 0, wire::STATE_RUNNING);
  AddStep(newer, 2, 0, 0, wire::STATE_STOPPED);
  for (const bool late : {false, true}) {
    SeriesBuckets buckets({.from = 0, .to = kSecond, .bucket = kSecond}, {});
    buckets.Add(late ? newer : older);
    buckets.Add(late ? older : newer);
    EXPECT_EQ(Written(buckets)["state"][0], "stopped") << late;
  }
}

TEST(SeriesBucketsTest, MinutesOfABucketAddUp) {
  SeriesBuckets buckets({.from = 0, .to = 4 * kMinute, .bucket = 2 * kMinute}, {});
  Minute first, second;
  first.Add("score", "", 1);
  first.states = 1u << wire::STATE_STOPPED;
  second.Add("score", "", 4);
  second.Add("score", "", 4);
  second.level_max = wire::LEVEL_ACT;
  buckets.Add(0, first);
  buckets.Add(1, second);
  const json written = Written(buckets);
  EXPECT_EQ(written["series"][0]["mean"], json({3.0, nullptr}));
  EXPECT_EQ(written["series"][0]["min"], json({1.0, nullptr}));
  EXPECT_EQ(written["level"], json({"act", nullptr}));
  EXPECT_EQ(written["state"], json({"stopped", nullptr}));
}

}  // namespace
}  // namespace millwright::hub
