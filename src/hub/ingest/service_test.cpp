// Services on their way to gateways, and what gateways say of them.
#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

class Gateway : public mqtt::Listener {
 public:
  explicit Gateway(mqtt::FakeBroker& broker) : client(broker.MakeClient({.client_id = "gw-x"})) {
    EXPECT_TRUE(client->Subscribe("mw/v1/gw-1/service", 1));
    EXPECT_TRUE(client->Start(*this));
    client->Poll(0);
  }
  void OnMessage(const mqtt::Message& message) override {
    wire::ServiceOrders orders;
    ASSERT_TRUE(
        orders.ParseFromArray(message.payload.data(), static_cast<int>(message.payload.size())));
    heard.push_back(orders);
  }
  std::unique_ptr<mqtt::Client> client;
  std::vector<wire::ServiceOrders> heard;
};

class ServiceSenderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(hub_.Boot());
    gateway_ = std::make_unique<Gateway>(hub_.broker());
    Add("act-00001", 5);
  }
  void Add(const std::string& id, Nanos at) {
    ASSERT_TRUE(hub_.database->Run(
        "INSERT INTO services (id, site, asset, device, kind, from_ns, to_ns, note, who, at_ns, "
        "closed, done_ns) VALUES ($1, 'alder', 'P-1', 'gw-1', 'repaired', 1, 2, '', 'ana', $2, 0, "
        "NULL)",
        {id, at}));
  }
  size_t After(Nanos wait) {
    hub_.clock.Advance(wait);
    hub_.ingest->Step(0);
    gateway_->client->Poll(0);
    return gateway_->heard.size();
  }
  wire::Event Done(uint64_t seq, Nanos ts) {
    wire::Event event;
    event.set_lane(1);
    event.set_seq(seq);
    event.set_ts_ns(ts);
    event.mutable_recommissioned()->set_asset("P-1");
    event.mutable_recommissioned()->set_service("act-00001");
    return event;
  }
  wire::Event Learned(uint64_t seq, Nanos ts) {
    wire::Event event;
    event.set_lane(1);
    event.set_seq(seq);
    event.set_ts_ns(ts);
    event.mutable_baseline()->set_asset("P-1");
    event.mutable_baseline()->set_file("P-1.0123456789ab.json");
    event.mutable_baseline()->set_learned_ns(ts);
    return event;
  }
  int64_t Count(const std::string& of) {
    int64_t count = -1;
    EXPECT_TRUE(hub_.database->First("SELECT COUNT(*) FROM " + of, {},
                                     [&](const store::Row& row) { count = row.Int(0); }));
    return count;
  }

  TestHub hub_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(ServiceSenderTest, IsSentAtOnceThenNowAndThenUntilItIsDone) {
  EXPECT_EQ(After(2 * kSecond), 1U);
  EXPECT_EQ(gateway_->heard[0].orders(0).service(), "act-00001");
  EXPECT_EQ(After(5 * kSecond), 1U);
  EXPECT_EQ(After(30 * kSecond), 2U);
  Add("act-00002", 6);
  EXPECT_EQ(After(2 * kSecond), 3U);
  ASSERT_EQ(gateway_->heard[2].orders_size(), 2);
  EXPECT_EQ(gateway_->heard[2].orders(1).service(), "act-00002");
  ASSERT_TRUE(hub_.database->Execute("UPDATE services SET done_ns = 9"));
  EXPECT_EQ(After(60 * kSecond), 3U);
}

TEST_F(ServiceSenderTest, TheFirstTimeCountsAndAnOldBaselineDoesNotComeBack) {
  const Nanos t = kTestStart;
  hub_.Send(BatchOf({Learned(1, t - kSecond), Done(2, t + kSecond), Done(4, t)}));
  EXPECT_EQ(Count("services WHERE done_ns = " + std::to_string(t)), 1);
  EXPECT_EQ(Count("baselines"), 0);
  hub_.Send(BatchOf({Learned(3, t - 2 * kSecond)}));
  EXPECT_EQ(Count("baselines"), 0) << "of before the repair";
  hub_.Send(BatchOf({Learned(5, t + 5 * kSecond)}));
  EXPECT_EQ(Count("baselines"), 1);
  EXPECT_EQ(Count("baseline_history"), 3);
}

}  // namespace
}  // namespace millwright::hub
