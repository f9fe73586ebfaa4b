// The hub's answers to gateways over a broker in this process.
#include "hub/rollout/delivery.h"

#include <gtest/gtest.h>

#include "hub/rollout/test_releases.h"
#include "mqtt/fake.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

constexpr const char* kPrefix = "$aws/things";

// Hears what one gateway is told.
class Gateway : public mqtt::Listener {
 public:
  Gateway(mqtt::FakeBroker& broker, const std::string& device)
      : client_(broker.MakeClient({.client_id = device})),
        head_(kPrefix + ("/" + device + "/jobs/")) {
    EXPECT_TRUE(client_->Subscribe(head_ + "notify-next", 1));
    EXPECT_TRUE(client_->Start(*this));
    client_->Poll(0);
  }
  void OnMessage(const mqtt::Message& message) override {
    told.emplace_back(os::AsText(message.payload));
  }
  void Work() { client_->Poll(0); }
  std::vector<std::string> told;

 private:
  std::unique_ptr<mqtt::Client> client_;
  const std::string head_;
};

class DeliveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database && store::Migrate(**database));
    AddTestDevice(**database, "gw-1", "alder", clock_.Utc());
    AddTestRelease(files_, "/repo", "models/pump/2.tar", 2);
    fleet_database_ = store::Database::Open(folder_.File("hub.db")).value();
    rollouts_ = std::make_unique<Rollouts>(std::move(*database), releases_, clock_);
    Boot();
  }
  // The hub's program begins anew.
  void Boot() {
    delivery_.reset();
    client_ = broker_.MakeClient({.client_id = "hub-delivery", .clean_session = true});
    delivery_ = std::make_unique<Delivery>(*client_, *rollouts_, clock_, kPrefix);
    ASSERT_TRUE(delivery_->Start());
  }
  void Live(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.Advance(kSecond);
      delivery_->Step(0);
      gateway_.Work();
    }
  }
  std::string Start() {
    auto view = rollouts_->Start({.target = "models/pump/2.tar", .policy = {}, .who = "ana"});
    EXPECT_TRUE(view) << view.error().what;
    return view->rollout.id;
  }

  store::TestFolder folder_;
  os::FakeClock clock_;
  os::FakeFiles files_;
  Releases releases_{files_, "/repo"};
  mqtt::FakeBroker broker_;
  std::unique_ptr<store::Database> fleet_database_;
  std::unique_ptr<Rollouts> rollouts_;
  std::unique_ptr<mqtt::Client> client_;
  std::unique_ptr<Delivery> delivery_;
  Gateway gateway_{broker_, "gw-1"};
};

TEST_F(DeliveryTest, AGatewayIsToldItsJobOnceAndWhenItIsTakenBack) {
  Live(2);
  EXPECT_TRUE(delivery_->connected());
  const std::string id = Start();
  Live(3);
  ASSERT_EQ(gateway_.told.size(), 1U);
  EXPECT_NE(gateway_.told[0].find(id), std::string::npos);
  ASSERT_TRUE(rollouts_->Abort(id, "ana", ""));
  Live(3);
  ASSERT_EQ(gateway_.told.size(), 2U);
  EXPECT_EQ(gateway_.told[1].find("execution"), std::string::npos);
}

TEST_F(DeliveryTest, AWordThatWasLostIsSaidAgain) {
  Live(2);
  const std::string id = Start();
  broker_.SetLink("hub-delivery", false);
  Live(5);
  EXPECT_TRUE(gateway_.told.empty());
  broker_.SetLink("hub-delivery", true);
  Live(5);
  ASSERT_FALSE(gateway_.told.empty());
  EXPECT_NE(gateway_.told.back().find(id), std::string::npos);
}

TEST_F(DeliveryTest, AHubThatWasKilledTellsWhatItHadNotTold) {
  const std::string id = Start();
  Boot();
  Live(3);
  ASSERT_FALSE(gateway_.told.empty());
  EXPECT_NE(gateway_.told.back().find(id), std::string::npos);
  ASSERT_TRUE(rollouts_->Abort(id, "ana", ""));
  Boot();
  Live(3);
  EXPECT_EQ(gateway_.told.back().find("execution"), std::string::npos);
}

// A connection takes some dozen messages at once; nobody waits for a reminder because of that.
TEST_F(DeliveryTest, AWaveLargerThanTheConnectionTakesIsToldWithoutAReminder) {
  constexpr int kGateways = 300;
  std::vector<std::unique_ptr<Gateway>> fleet;
  for (int i = 0; i < kGateways; ++i) {
    const std::string device = "gw-a" + std::to_string(i);
    AddTestDevice(*fleet_database_, device, "alder", clock_.Utc());
    fleet.push_back(std::make_unique<Gateway>(broker_, device));
  }
  Live(2);
  ASSERT_TRUE(
      rollouts_->Start({.target = "models/pump/2.tar", .policy = {.waves = {1}}, .who = "ana"}));
  clock_.Advance(kSecond);
  for (int turn = 0; turn < 2 * kGateways; ++turn) delivery_->Step(0);
  for (const auto& gateway : fleet) {
    gateway->Work();
    EXPECT_EQ(gateway->told.size(), 1U);
  }
  EXPECT_EQ(delivery_->counts().unsent, 0U);
}

}  // namespace
}  // namespace millwright::hub
