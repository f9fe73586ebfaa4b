#include "hub/ingest/retention.h"

#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

constexpr Nanos kDay = 86'400 * kSecond;

TEST(RetentionTest, OldTelemetryGoesAlarmsStayAndRepeatsAreStillKnown) {
  TestHub hub;
  ASSERT_TRUE(hub.Boot());
  const auto old =
      BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f), FeaturesEvent(2, kTestStart + 1, 0, 0.1f)});
  hub.Send(old, "telemetry");
  hub.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT)}));
  hub.clock.Advance(31 * kDay);
  hub.Send(BatchOf({FeaturesEvent(3, kTestStart + 31 * kDay, 0, 0.1f)}), "telemetry");
  Retention retention(*hub.database, hub.clock, hub.registry, {});
  ASSERT_TRUE(retention.Step());
  EXPECT_EQ(hub.Number("SELECT COUNT(*) FROM events WHERE lane = 2"), 1);
  EXPECT_EQ(hub.Number("SELECT COUNT(*) FROM feature_batches"), 1);
  EXPECT_EQ(hub.Number("SELECT COUNT(*) FROM alarms"), 1);
  EXPECT_EQ(hub.Number("SELECT stored FROM lanes WHERE lane = 2"), 3)
      << "what was delivered stays counted";

  hub.Send(old, "telemetry");
  EXPECT_EQ(hub.Number("SELECT COUNT(*) FROM events WHERE lane = 2"), 1);
  EXPECT_EQ(hub.Mark(7, 2), 3u);
}

TEST(RetentionTest, NothingAboveAHoleGoes) {
  TestHub hub;
  ASSERT_TRUE(hub.Boot());
  hub.Send(BatchOf({FeaturesEvent(2, kTestStart, 0, 0.1f)}), "telemetry");
  hub.clock.Advance(31 * kDay);
  Retention retention(*hub.database, hub.clock, hub.registry, {});
  ASSERT_TRUE(retention.Step());
  EXPECT_EQ(hub.Number("SELECT COUNT(*) FROM events"), 1);
}

TEST(RetentionTest, BeyondTheByteLimitTheOldestTelemetryGoes) {
  TestHub hub;
  ASSERT_TRUE(hub.Boot());
  for (uint64_t i = 1; i <= 20; ++i) {
    hub.Send(BatchOf({FeaturesEvent(i, kTestStart, 0, 0.1f)}), "telemetry");
    hub.clock.Advance(kSecond);
  }
  RetentionOptions options;
  options.database_bytes_max = 1;
  Retention retention(*hub.database, hub.clock, hub.registry, options);
  ASSERT_TRUE(retention.Step());
  EXPECT_EQ(hub.Number("SELECT MIN(seq) FROM events"), 3);
}

}  // namespace
}  // namespace millwright::hub
