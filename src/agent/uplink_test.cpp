#include "agent/uplink.h"

#include <gtest/gtest.h>

#include <map>

#include "agent/testing/plant.h"
#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

// Holds records in memory; Replace() is what a real one does where its database turns out damaged.
class MemoryOutbox : public outbox::Outbox {
 public:
  void Add(Lane lane, const std::string& reason) {
    wire::Event event;
    event.mutable_state()->set_asset("P-1");
    event.mutable_state()->set_reason(reason);
    auto& stats = stats_.lanes[static_cast<size_t>(lane)];
    records_[lane].push_back({.lane = lane,
                              .sequence = ++stats.last_sequence,
                              .ts = 1,
                              .payload = event.SerializeAsString()});
    ++stats.records;
  }
  void Replace() {
    ++epoch_;
    records_.clear();
    stats_ = {};
  }

  Result<std::vector<uint64_t>> AppendBatch(std::span<const outbox::NewRecord>,
                                            std::span<const outbox::Mark>) override {
    return Fail(Errc::kUnsupported, "nobody appends here");
  }
  Result<void> PutMark(std::string_view, std::string_view) override { return {}; }
  Result<std::optional<std::string>> GetMark(std::string_view) override {
    return std::optional<std::string>();
  }
  Result<std::vector<outbox::Mark>> Marks(std::string_view) override {
    return std::vector<outbox::Mark>();
  }
  Result<uint64_t> ReadUnacked(Lane lane, uint64_t after, size_t,
                               std::vector<outbox::Record>& out) override {
    out.clear();
    for (const outbox::Record& record : records_[lane])
      if (record.sequence > after) out.push_back(record);
    return epoch_;
  }
  Result<void> Ack(uint64_t epoch, Lane lane, uint64_t up_to) override {
    if (epoch != epoch_) return {};
    std::erase_if(records_[lane], [&](const auto& record) { return record.sequence <= up_to; });
    auto& stats = stats_.lanes[static_cast<size_t>(lane)];
    stats.acked_sequence = std::max(stats.acked_sequence, up_to);
    stats.records = records_[lane].size();
    return {};
  }
  uint64_t epoch() const override { return epoch_; }
  outbox::OutboxStats stats() const override { return stats_; }

 private:
  uint64_t epoch_ = 7;
  std::map<Lane, std::vector<outbox::Record>> records_;
  outbox::OutboxStats stats_;
};

class Hub : public mqtt::Listener {
 public:
  void OnMessage(const mqtt::Message& message) override {
    wire::EventBatch batch;
    if (!batch.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())))
      return;
    batches.push_back(batch);
  }
  std::vector<wire::EventBatch> batches;
};

class UplinkTest : public ::testing::Test {
 protected:
  UplinkTest()
      : settings_(*ReadSettings(testing::ConfigText("/nowhere", 1), "agent.toml")),
        client_(broker_.MakeClient({.client_id = "hub"})),
        uplink_(
            settings_, outbox_, services_,
            [this](mqtt::Options options) { return broker_.MakeClient(std::move(options)); },
            clock_, "1") {
    EXPECT_TRUE(client_->Subscribe("mw/v1/gw-1/events", 1));
    EXPECT_TRUE(client_->Subscribe("mw/v1/gw-1/telemetry", 1));
    EXPECT_TRUE(client_->Start(hub_));
    EXPECT_TRUE(uplink_.Start());
    Turn();
  }
  void Turn() {
    for (int i = 0; i < 4; ++i) {
      uplink_.Work(0);
      client_->Poll(0);
    }
  }
  void Ack(Lane lane, uint64_t up_to) {
    wire::Ack ack;
    ack.set_epoch(outbox_.epoch());
    ack.add_lanes()->set_lane(static_cast<uint32_t>(lane));
    ack.mutable_lanes(0)->set_seq(up_to);
    broker_.Publish("mw/v1/gw-1/ack", ack.SerializeAsString());
    Turn();
  }

  os::FakeClock clock_;
  mqtt::FakeBroker broker_;
  MemoryOutbox outbox_;
  Hub hub_;
  const Settings settings_;
  std::unique_ptr<mqtt::Client> client_;
  ServiceQueue services_{4};
  Uplink uplink_;
};

TEST_F(UplinkTest, EventsTellWhatWasDeletedOfAllLanes) {
  outbox_.Add(Lane::kAlarm, "a");
  outbox_.Add(Lane::kFeatures, "f");
  Turn();
  ASSERT_EQ(hub_.batches.size(), 2U);
  EXPECT_EQ(hub_.batches[0].acked_size(), 0) << "nothing was acked yet";
  Ack(Lane::kAlarm, 1);
  Ack(Lane::kFeatures, 1);
  outbox_.Add(Lane::kHealth, "h");
  outbox_.Add(Lane::kFeatures, "g");
  Turn();
  ASSERT_EQ(hub_.batches.size(), 4U);
  std::map<uint32_t, uint64_t> acked;
  for (const wire::LaneAck& one : hub_.batches[2].acked()) acked[one.lane()] = one.seq();
  EXPECT_EQ(acked, (std::map<uint32_t, uint64_t>{{0, 1}, {2, 1}}));
  EXPECT_EQ(hub_.batches[3].acked_size(), 0) << "telemetry does not";
}

// A hub from a backup acks less than was deleted: there is nothing to send again.
TEST_F(UplinkTest, AnAckThatGoesBackChangesNothing) {
  for (const char* reason : {"a", "b", "c"}) outbox_.Add(Lane::kAlarm, reason);
  Turn();
  Ack(Lane::kAlarm, 3);
  Ack(Lane::kAlarm, 1);
  outbox_.Add(Lane::kAlarm, "d");
  Turn();
  ASSERT_EQ(hub_.batches.back().events_size(), 1);
  EXPECT_EQ(hub_.batches.back().events(0).seq(), 4U);
  EXPECT_EQ(hub_.batches.back().acked(0).seq(), 3U);
}

TEST_F(UplinkTest, ServicesReachTheRecorderAndRubbishIsCounted) {
  const auto say = [&](const std::string& payload) {
    ASSERT_TRUE(client_->Publish("mw/v1/gw-1/service", os::AsBytes(payload), 1, false));
    Turn();
  };
  wire::ServiceOrders orders;
  for (int i = 1; i <= 6; ++i) {
    wire::ServiceOrder& order = *orders.add_orders();
    order.set_service("act-0000" + std::to_string(i));
    order.set_asset("P-1");
    order.set_at_ns(i);
  }
  orders.mutable_orders(0)->set_service("../evil");
  orders.mutable_orders(1)->set_at_ns(0);
  say(orders.SerializeAsString());
  for (int i = 3; i <= 6; ++i) {
    const auto note = services_.TryPop();
    ASSERT_TRUE(note);
    EXPECT_EQ(note->at, i);
  }
  EXPECT_FALSE(services_.TryPop());
  say("\xff\xff");
  EXPECT_EQ(uplink_.counts().bad_acks.load(), 1U);
}

TEST_F(UplinkTest, AReplacedOutboxIsSentFromItsBeginning) {
  for (int i = 0; i < 20; ++i) outbox_.Add(Lane::kAlarm, "before");
  Turn();
  Ack(Lane::kAlarm, 20);
  outbox_.Replace();
  outbox_.Add(Lane::kAlarm, "after");
  const size_t before = hub_.batches.size();
  Turn();
  ASSERT_EQ(hub_.batches.size(), before + 1);
  EXPECT_EQ(hub_.batches.back().epoch(), 8U);
  EXPECT_EQ(hub_.batches.back().events(0).seq(), 1U);
  EXPECT_EQ(hub_.batches.back().acked_size(), 0) << "of the old epoch";
  Ack(Lane::kAlarm, 1);
  EXPECT_TRUE(uplink_.Drained());
}

}  // namespace
}  // namespace millwright::agent
