// For tests: an ingest on a real SQLite file, a broker in this process, and a device that hears its
// acks.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "hub/ingest/ingest.h"
#include "mqtt/fake.h"
#include "store/database.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {

inline constexpr Nanos kTestStart = 1'795'000'000 * kSecond;

class AckListener : public mqtt::Listener {
 public:
  void OnMessage(const mqtt::Message& message) override {
    wire::Ack ack;
    ASSERT_TRUE(
        ack.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())));
    for (const wire::LaneAck& lane : ack.lanes()) {
      uint64_t& mark = marks[{ack.epoch(), lane.lane()}];
      EXPECT_GE(lane.seq(), mark) << "an ack went back";
      mark = lane.seq();
    }
    ++count;
  }
  std::map<std::pair<uint64_t, uint32_t>, uint64_t> marks;
  int count = 0;
};

class TestHub {
 public:
  explicit TestHub(std::string vfs = "") : vfs_(std::move(vfs)) {
    device_ = broker_.MakeClient({.client_id = "gw-1"});
    EXPECT_TRUE(device_->Subscribe("mw/v1/gw-1/ack", 1));
    EXPECT_TRUE(device_->Start(acks));
    device_->Poll(0);
  }

  /// False where the database cannot be opened (its disk is off).
  [[nodiscard]] bool Boot() {
    auto opened = store::Database::Open(folder_.File("hub.db"), {.vfs = vfs_});
    if (!opened || !store::Migrate(**opened)) return false;
    database = std::move(*opened);
    client_ = broker_.MakeClient({.client_id = "hub"});
    ingest = std::make_unique<Ingest>(*client_, *database, clock, feed, meters);
    EXPECT_TRUE(ingest->Start());
    ingest->Step(0);
    return true;
  }
  /// As kill -9 does: nothing is finished.
  void Kill() {
    ingest.reset();
    client_.reset();
    database.reset();
  }

  void Send(const wire::EventBatch& batch, const std::string& kind = "events") {
    broker_.Publish("mw/v1/gw-1/" + kind, batch.SerializeAsString());
    if (ingest) ingest->Step(0);
    device_->Poll(0);
  }
  void SendRaw(const std::string& topic, const std::string& payload, bool retain = false) {
    broker_.Publish(topic, payload, 1, retain);
    if (ingest) ingest->Step(0);
    device_->Poll(0);
  }
  [[nodiscard]] mqtt::FakeBroker& broker() { return broker_; }
  [[nodiscard]] std::string path() const { return folder_.File("hub.db"); }
  [[nodiscard]] uint64_t Mark(uint64_t epoch, uint32_t lane) { return acks.marks[{epoch, lane}]; }
  [[nodiscard]] int64_t Number(const std::string& sql) {
    int64_t number = -1;
    const auto done = database->Each(sql, {}, [&](const store::Row& row) { number = row.Int(0); });
    EXPECT_TRUE(done.has_value());
    return number;
  }
  /// All rows of all tables that follow from events, as text; arrival times left out.
  [[nodiscard]] std::string Picture();

  os::FakeClock clock{kTestStart};
  metrics::Registry registry;
  IngestMeters meters{registry};
  ChangeFeed feed;
  AckListener acks;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Ingest> ingest;

 private:
  const std::string vfs_;
  store::TestFolder folder_;
  mqtt::FakeBroker broker_;
  std::unique_ptr<mqtt::Client> device_, client_;
};

inline std::string TestHub::Picture() {
  const char* queries[] = {
      "SELECT device||epoch||'/'||lane||'/'||seq||kind||asset||ts_ns||hex(payload) FROM events "
      "ORDER BY 1",
      "SELECT device||epoch||'/'||lane||' '||contiguous||' '||max_seq||' '||stored FROM lanes "
      "ORDER BY 1",
      "SELECT alarm_key||level||fault||score||raised_ns||' '||updated_ns||' "
      "'||COALESCE(cleared_ns,-1)||evidence_seq "
      "FROM alarms ORDER BY 1",
      "SELECT asset||state||level||fault||score||' '||ts_ns FROM machine_state ORDER BY 1",
      "SELECT asset||minute||hex(data) FROM feature_minutes ORDER BY 1",
      "SELECT lane||' '||seq||cause||missing FROM gaps ORDER BY 1",
      "SELECT asset||name||classes FROM assets ORDER BY 1",
      "SELECT asset||ts_ns||to_state FROM state_changes ORDER BY 1"};
  std::string out;
  for (const char* query : queries)
    EXPECT_TRUE(database->Each(
        query, {}, [&](const store::Row& row) { out.append(row.Text(0)).append("\n"); }));
  return out;
}

inline wire::EventBatch BatchOf(const std::vector<wire::Event>& events, uint64_t epoch = 7) {
  wire::EventBatch batch;
  batch.set_device("gw-1");
  batch.set_epoch(epoch);
  batch.set_site("alder");
  batch.set_wire_version(1);
  for (const wire::Event& event : events) *batch.add_events() = event;
  return batch;
}

inline wire::Event EventAt(uint32_t lane, uint64_t seq, Nanos ts) {
  wire::Event event;
  event.set_lane(lane);
  event.set_seq(seq);
  event.set_ts_ns(ts);
  return event;
}

inline wire::Event AlarmEvent(uint64_t seq, Nanos ts, wire::Alarm::Kind kind, wire::Level level,
                              const std::string& key = "P-1-1") {
  wire::Event event = EventAt(0, seq, ts);
  wire::Alarm& alarm = *event.mutable_alarm();
  alarm.set_asset("P-1");
  alarm.set_area("hall");
  alarm.set_alarm_key(key);
  alarm.set_kind(kind);
  alarm.set_level(level);
  alarm.set_fault("outer_race");
  alarm.set_score(0.25f * static_cast<float>(level));
  alarm.set_window("window");
  return event;
}

inline wire::Event FeaturesEvent(uint64_t seq, Nanos ts, uint32_t level, float score) {
  wire::Event event = EventAt(2, seq, ts);
  wire::FeatureBatch& batch = *event.mutable_features();
  batch.set_asset("P-1");
  batch.set_area("hall");
  batch.add_ts_ns(ts);
  batch.add_score(score);
  batch.add_level(level);
  batch.add_state(wire::STATE_RUNNING);
  batch.add_fault(1);
  batch.add_signals(4.0f);
  batch.add_signal_names("vib.velocity_rms");
  batch.add_signal_units("mm/s");
  return event;
}

inline wire::Event GapEvent(uint64_t seq, uint32_t lane, uint64_t from, uint64_t to) {
  wire::Event event = EventAt(1, seq, kTestStart);
  wire::Gap& gap = *event.mutable_gap();
  gap.set_cause("evicted");
  gap.set_lane(lane);
  gap.set_seq_from(from);
  gap.set_seq_to(to);
  return event;
}

}  // namespace millwright::hub
