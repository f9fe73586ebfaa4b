// The packed curves: spark and minute.
#include <gtest/gtest.h>

#include <cmath>

#include "hub/ingest/minute.h"
#include "hub/ingest/spark.h"
#include "os/files.h"

namespace millwright::hub {
namespace {

TEST(SparkTest, CoversWhatIsKnownWithAtMost48Buckets) {
  Spark spark;
  for (int i = 0; i < 60; ++i) spark.Add(1'795'000'000 * kSecond + i * kSecond, 0.5f);
  EXPECT_GE(spark.values().size(), 8u);
  for (int i = 0; i < 3 * 86'400; i += 600) spark.Add(1'795'000'000 * kSecond + i * kSecond, 0.25f);
  EXPECT_EQ(spark.values().size(), Spark::kBucketsMax);
}

TEST(SparkTest, KeepsTheGreatestAndIgnoresWhatIsTooOld) {
  Spark spark;
  spark.Add(1000 * 86'400 * kSecond, 0.25f);
  spark.Add(1000 * 86'400 * kSecond, 0.75f);
  spark.Add(1000 * 86'400 * kSecond, 0.5f);
  spark.Add(kSecond, 1.0f);
  spark.Add(1000 * 86'400 * kSecond, NAN);
  EXPECT_EQ(spark.values(), std::vector<float>{0.75f});
}

TEST(SparkTest, UnpacksWhatItPackedAndNothingElse) {
  Spark spark;
  for (int i = 0; i < 200; ++i)
    spark.Add(1'795'000'000 * kSecond + i * 7 * kSecond, 0.01f * static_cast<float>(i % 90));
  const std::string packed = spark.Pack();
  EXPECT_EQ(Spark::Unpack(os::AsBytes(packed)).values(), spark.values());
  for (size_t cut = 1; cut < 16; ++cut)
    EXPECT_TRUE(Spark::Unpack(os::AsBytes(packed).first(cut)).values().empty());
}

TEST(MinuteTest, MergesInAnyOrder) {
  Minute a;
  a.Add("score", "", 0.25f);
  a.Add("vib.rms", "mm/s", 4);
  a.states = 4;
  Minute b;
  b.Add("score", "", 0.75f);
  b.Add("score", "", NAN);
  b.level_max = 3;
  Minute ab = a;
  ab.Merge(b);
  Minute ba = b;
  ba.Merge(a);
  EXPECT_EQ(ab.Pack(), ba.Pack());
  EXPECT_EQ(ab.series.at("score").count, 2u);
  EXPECT_EQ(ab.series.at("score").greatest, 0.75f);
}

TEST(MinuteTest, UnpacksWhatItPackedAndNothingElse) {
  Minute minute;
  minute.Add("vib.velocity_rms", "mm/s", 4);
  minute.states = 6;
  const std::string packed = minute.Pack();
  EXPECT_EQ(Minute::Unpack(os::AsBytes(packed)).Pack(), packed);
  for (size_t cut = 0; cut < packed.size(); ++cut)
    EXPECT_TRUE(Minute::Unpack(os::AsBytes(packed).first(cut)).series.empty()) << cut;
}

}  // namespace
}  // namespace millwright::hub
