#include "hub/ingest/ingest.h"

#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

class IngestTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(hub_.Boot()); }
  TestHub hub_;
};

TEST_F(IngestTest, AcksTheContiguousMarkOfEachLane) {
  hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_WATCH)}));
  EXPECT_EQ(hub_.Mark(7, 0), 1u);
  hub_.Send(BatchOf({AlarmEvent(3, kTestStart + 2, wire::Alarm::LEVEL_CHANGED, wire::LEVEL_ACT)}));
  EXPECT_EQ(hub_.Mark(7, 0), 1u) << "2 is missing";
  hub_.Send(
      BatchOf({AlarmEvent(2, kTestStart + 1, wire::Alarm::LEVEL_CHANGED, wire::LEVEL_WARNING)}));
  EXPECT_EQ(hub_.Mark(7, 0), 3u);
}

TEST_F(IngestTest, AcksAgainWhatItAlreadyHas) {
  const auto batch = BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_WATCH)});
  hub_.Send(batch);
  const int before = hub_.acks.count;
  hub_.Send(batch);
  EXPECT_EQ(hub_.acks.count, before + 1);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM events"), 1);
  EXPECT_NE(hub_.registry.Text().find("millwright_hub_duplicate_events_total 1"),
            std::string::npos);
}

TEST_F(IngestTest, ConflictingContentIsCountedAndNeverOverwrites) {
  hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_WATCH)}));
  const std::string before = hub_.Picture();
  hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT)}));
  EXPECT_EQ(hub_.Picture(), before);
  EXPECT_NE(hub_.registry.Text().find("millwright_hub_conflicting_events_total 1"),
            std::string::npos);
}

TEST_F(IngestTest, CountsWhatWaitedForTheLinkOutageByOutage) {
  constexpr Nanos kHour = 3600 * kSecond;
  const auto send = [&](uint64_t seq, Nanos waited) {
    auto batch = BatchOf({FeaturesEvent(seq, hub_.clock.Utc() - waited, 0, 0.1f)});
    batch.set_sent_ns(hub_.clock.Utc());
    hub_.Send(batch, "telemetry");
    return hub_.Number("SELECT late_events FROM devices");
  };
  EXPECT_EQ(send(1, kSecond), 0) << "that is in time";
  EXPECT_EQ(send(2, 30 * kSecond), 1);
  EXPECT_EQ(send(3, 20 * kSecond), 2);
  EXPECT_EQ(send(3, 20 * kSecond), 2) << "it was here already";
  EXPECT_EQ(send(4, 2 * 365 * 24 * kHour), 2) << "a recording that is played, not an outage";
  hub_.clock.Advance(kHour);
  EXPECT_EQ(send(5, 30 * kSecond), 1) << "another outage";
  EXPECT_EQ(hub_.Number("SELECT late_ns FROM devices"), kTestStart + kHour);
}

TEST_F(IngestTest, EvictedRangesCountAsPresent) {
  hub_.Send(BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f)}), "telemetry");
  hub_.Send(BatchOf({FeaturesEvent(10, kTestStart + 9, 0, 0.1f)}), "telemetry");
  EXPECT_EQ(hub_.Mark(7, 2), 1u);
  hub_.Send(BatchOf({GapEvent(1, 2, 2, 9)}));
  EXPECT_EQ(hub_.Mark(7, 2), 10u);
  EXPECT_EQ(hub_.Mark(7, 1), 1u);
}

wire::EventBatch WithAcked(wire::EventBatch batch, uint32_t lane, uint64_t seq) {
  wire::LaneAck& acked = *batch.add_acked();
  acked.set_lane(lane);
  acked.set_seq(seq);
  return batch;
}

// Restored from a backup that has events 1 and 2 of the alarms; the device was acked up to 6 and
// deleted them. A copy of 4 still waited at the broker.
TEST_F(IngestTest, WhatADatabaseFromABackupLacksIsDeclaredAndTheLaneGoesOn) {
  const auto raised = [](uint64_t seq) {
    return AlarmEvent(seq, kTestStart + static_cast<Nanos>(seq) * kSecond, wire::Alarm::RAISED,
                      wire::LEVEL_ACT, "P-1-" + std::to_string(seq));
  };
  hub_.Send(BatchOf({raised(1), raised(2)}));
  hub_.Send(BatchOf({raised(4), raised(7)}));
  EXPECT_EQ(hub_.Mark(7, 0), 2u) << "3 may still come";
  auto batch = WithAcked(BatchOf({raised(8)}), 0, 6);
  batch.set_sent_ns(kTestStart + 60 * kSecond);
  hub_.Send(batch);
  EXPECT_EQ(hub_.Mark(7, 0), 8u);
  EXPECT_EQ(hub_.Number("SELECT missing FROM gaps WHERE cause = 'hub_restored' AND lane = 0"), 3);
  EXPECT_EQ(hub_.Number("SELECT from_ns FROM gaps"), kTestStart + 2 * kSecond);
  EXPECT_EQ(hub_.Number("SELECT to_ns FROM gaps"), kTestStart + 60 * kSecond);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM alarms"), 5);
  hub_.Send(batch);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM gaps"), 1) << "once, however often it is told";
  EXPECT_NE(hub_.registry.Text().find("millwright_hub_forgotten_events_total 3"),
            std::string::npos);
}

TEST_F(IngestTest, WhatIsHereOrWasEvictedIsNotDeclaredMissing) {
  hub_.Send(BatchOf({GapEvent(1, 2, 1, 4)}));
  const auto batch = WithAcked(BatchOf({FeaturesEvent(6, kTestStart, 0, 0.1f)}), 2, 5);
  hub_.Send(WithAcked(batch, 1, 1), "telemetry");
  EXPECT_EQ(hub_.Mark(7, 2), 6u);
  EXPECT_EQ(hub_.Number("SELECT missing FROM gaps WHERE cause = 'hub_restored'"), 1) << "5";
  EXPECT_EQ(hub_.Mark(7, 1), 1u);
}

TEST_F(IngestTest, AnImpossibleAckedMarkIsIgnored) {
  auto batch = WithAcked(BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f)}), 9, 5);
  hub_.Send(WithAcked(batch, 2, UINT64_MAX), "telemetry");
  EXPECT_EQ(hub_.Mark(7, 2), 1u);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM gaps"), 0);
}

TEST_F(IngestTest, EpochsAreBooksOfTheirOwn) {
  hub_.Send(BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f)}, 7), "telemetry");
  hub_.Send(BatchOf({FeaturesEvent(1, kTestStart + 1, 0, 0.2f)}, UINT64_MAX), "telemetry");
  EXPECT_EQ(hub_.Mark(7, 2), 1u);
  EXPECT_EQ(hub_.Mark(UINT64_MAX, 2), 1u);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM events"), 2);
}

TEST_F(IngestTest, OlderTelemetryNeverReplacesNewer) {
  hub_.Send(BatchOf({FeaturesEvent(2, kTestStart + kSecond, 3, 0.9f)}), "telemetry");
  hub_.Send(BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f)}), "telemetry");
  EXPECT_EQ(hub_.Number("SELECT level FROM machine_state"), 3);
}

TEST_F(IngestTest, ALearningMachineTellsHowLongUntilItNoLongerLearns) {
  wire::Event learning = FeaturesEvent(1, kTestStart, 0, 0.1f);
  learning.mutable_features()->set_state(0, wire::STATE_LEARNING);
  learning.mutable_features()->set_learning_left_s(90);
  hub_.Send(BatchOf({learning}), "telemetry");
  EXPECT_EQ(hub_.Number("SELECT CAST(learning_left_s AS BIGINT) FROM machine_state"), 90);
  hub_.Send(BatchOf({FeaturesEvent(2, kTestStart + kSecond, 0, 0.1f)}), "telemetry");
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM machine_state WHERE learning_left_s IS NULL"), 1);
}

TEST_F(IngestTest, BacklogIsAsOldAsItIsWhateverTheDevicesClockSays) {
  auto batch = BatchOf({FeaturesEvent(1, 1000 * kSecond, 0, 0.1f)});  // a clock of 1970
  batch.set_sent_ns(1060 * kSecond);
  hub_.Send(batch, "telemetry");
  EXPECT_EQ(hub_.Number("SELECT as_of_ns FROM machine_state"), kTestStart - 60 * kSecond);
}

TEST_F(IngestTest, ClearBeforeRaiseGivesAClearedAlarm) {
  hub_.Send(BatchOf({AlarmEvent(2, kTestStart + 5, wire::Alarm::CLEARED, wire::LEVEL_NONE)}));
  hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT)}));
  EXPECT_EQ(hub_.Number("SELECT raised_ns FROM alarms"), kTestStart);
  EXPECT_EQ(hub_.Number("SELECT cleared_ns FROM alarms"), kTestStart + 5);
  EXPECT_EQ(hub_.Number("SELECT level FROM alarms"), 3);
  EXPECT_EQ(hub_.Number("SELECT level FROM machine_state"), 0);
}

TEST_F(IngestTest, OneBadEventDoesNotHoldUpItsLane) {
  wire::Event bad = FeaturesEvent(1, kTestStart, 0, 0.1f);
  bad.mutable_features()->clear_score();
  hub_.Send(BatchOf({bad, FeaturesEvent(2, kTestStart, 0, 0.1f)}), "telemetry");
  EXPECT_EQ(hub_.Mark(7, 2), 2u);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM events WHERE kind = 'invalid'"), 1);
  EXPECT_NE(hub_.registry.Text().find("rejected_payloads_total{reason=\"bad_columns\"} 1"),
            std::string::npos);
}

wire::Event BaselineEvent(uint64_t seq, const std::string& file, Nanos learned,
                          const std::string& document) {
  wire::Event event;
  event.set_lane(1);
  event.set_seq(seq);
  event.set_ts_ns(kTestStart);
  event.mutable_baseline()->set_asset("P-1");
  event.mutable_baseline()->set_file(file);
  event.mutable_baseline()->set_learned_ns(learned);
  event.mutable_baseline()->set_document(document);
  return event;
}

TEST_F(IngestTest, KeepsTheNewestBaselineOfEachSchemaAndFourOfThem) {
  hub_.Send(BatchOf({BaselineEvent(1, "P-1.a.json", 20, "new")}));
  hub_.Send(BatchOf({BaselineEvent(2, "P-1.a.json", 10, "old, and late")}));
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM baselines WHERE learned_ns = 20"), 1);
  for (uint64_t i = 0; i < 5; ++i)
    hub_.Send(BatchOf({BaselineEvent(3 + i, "P-1.s" + std::to_string(i) + ".json",
                                     30 + static_cast<Nanos>(i), "x")}));
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM baselines"), 4);
  EXPECT_EQ(hub_.Number("SELECT MIN(learned_ns) FROM baselines"), 31);
  EXPECT_EQ(hub_.Mark(7, 1), 7U);
}

TEST_F(IngestTest, ABaselinesNameThatLeavesItsFolderIsRefused) {
  uint64_t seq = 0;
  for (const char* name : {"", "../x.json", "a/b", ".hidden", "-x", "a\\b"})
    hub_.Send(BatchOf({BaselineEvent(++seq, name, 1, "x")}));
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM baselines"), 0);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM events WHERE kind = 'invalid'"), 6);
}

TEST_F(IngestTest, HostileEnvelopesAreRefusedAndCounted) {
  auto other = BatchOf({FeaturesEvent(1, kTestStart, 0, 0.1f)});
  other.set_device("gw-2");
  hub_.Send(other);
  auto newer = BatchOf({});
  newer.set_wire_version(99);
  hub_.Send(newer);
  hub_.SendRaw("mw/v1/gw-1/events", "\xff\xff");
  hub_.SendRaw("mw/v1/gw-1/status", "{\"online\":");
  hub_.SendRaw("mw/v1/gw-1/events", std::string(400'000, 'x'));
  const std::string text = hub_.registry.Text();
  for (const char* want : {"wrong_device\"} 1", "version\"} 1", "malformed\"} 2", "too_large\"} 1"})
    EXPECT_NE(text.find(want), std::string::npos) << want;
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM events"), 0);
}

TEST_F(IngestTest, LastWillTakesTheDeviceOfflineAndBirthBringsItBack) {
  hub_.SendRaw("mw/v1/gw-1/status",
               R"({"online":true,"site":"alder","version":"1","hardware":"Raspberry Pi 4"})");
  EXPECT_EQ(hub_.Number("SELECT online FROM devices"), 1);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM devices WHERE hardware = 'Raspberry Pi 4'"), 1);
  EXPECT_EQ(hub_.Number("SELECT last_seen_ns FROM devices"), kTestStart);
  hub_.clock.Advance(kSecond);
  hub_.SendRaw("mw/v1/gw-1/status", R"({"online":false})");
  EXPECT_EQ(hub_.Number("SELECT online FROM devices"), 0);
  EXPECT_EQ(hub_.Number("SELECT COUNT(*) FROM devices WHERE hardware = 'Raspberry Pi 4'"), 1);
  EXPECT_EQ(hub_.Number("SELECT online_since_ns FROM devices"), kTestStart + kSecond);
  EXPECT_EQ(hub_.Number("SELECT last_seen_ns FROM devices"), kTestStart)
      << "a will is not a sign of life";
}

}  // namespace
}  // namespace millwright::hub
