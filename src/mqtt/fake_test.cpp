#include "mqtt/fake.h"

#include <gtest/gtest.h>

#include "mqtt/backoff.h"
#include "os/files.h"

namespace millwright::mqtt {
namespace {

struct Journal : Listener {
  void OnConnected(bool present) override { connects.push_back(present); }
  void OnDisconnected(std::string_view) override { ++disconnects; }
  void OnMessage(const Message& m) override { payloads.emplace_back(os::AsText(m.payload)); }
  void OnPublished(int) override { ++published; }
  std::vector<bool> connects;
  int disconnects = 0, published = 0;
  std::vector<std::string> payloads;
};

struct Pair {
  explicit Pair(FakeBroker& broker, bool clean = false)
      : client(broker.MakeClient({.client_id = "c",
                                  .clean_session = clean,
                                  .will = Will{.topic = "status", .payload = "offline"}})) {
    EXPECT_TRUE(client->Start(seen));
    EXPECT_TRUE(client->Subscribe("t/+", 2));
    client->Poll(0);
  }
  Journal seen;
  std::unique_ptr<Client> client;
};

TEST(TopicMatchesTest, FollowsTheStandard) {
  struct Case {
    const char *filter, *topic;
    bool want;
  };
  for (const Case& c : {Case{"a/b", "a/b", true},
                        {"a/+", "a/b", true},
                        {"a/+", "a/b/c", false},
                        {"a/#", "a", true},
                        {"a/#", "a/b/c", true},
                        {"#", "a/b", true},
                        {"#", "$SYS/x", false},
                        {"+/b", "$SYS/b", false},
                        {"$SYS/#", "$SYS/b", true},
                        {"a", "a/b", false},
                        {"+", "a/b", false},
                        {"a/b", "a", false}})
    EXPECT_EQ(TopicMatches(c.filter, c.topic), c.want) << c.filter << " " << c.topic;
}

TEST(FakeBrokerTest, QueuesForASessionThatIsAwayAndTellsItWasKept) {
  FakeBroker broker;
  Pair pair(broker);
  broker.SetLink("c", false);
  broker.Publish("t/x", "1", 2);
  broker.Publish("t/x", "lost: QoS 0", 0);
  pair.client->Poll(0);
  EXPECT_EQ(pair.seen.disconnects, 1);
  EXPECT_EQ(pair.client->Publish("t/x", os::AsBytes("2"), 1, false).error().code,
            Errc::kUnavailable);
  broker.SetLink("c", true);
  pair.client->Poll(0);
  EXPECT_EQ(pair.seen.payloads, std::vector<std::string>{"1"});
  EXPECT_EQ(pair.seen.connects, (std::vector<bool>{false, true}));
}

TEST(FakeBrokerTest, PublishesTheWillOfADeadClientOnly) {
  FakeBroker broker;
  {
    Pair pair(broker);
    pair.client->Stop();
  }
  EXPECT_EQ(broker.Retained("status"), std::nullopt);
  { Pair pair(broker); }
  EXPECT_EQ(broker.Retained("status"), "offline");
}

TEST(FakeBrokerTest, ForgetsEverythingWhenKilledWithoutPersistence) {
  FakeBroker broker;
  Pair pair(broker);
  broker.Publish("t/kept", "retained", 1, true);
  broker.SetUp(false, true);
  broker.SetUp(true);
  pair.client->Poll(0);
  EXPECT_EQ(pair.seen.connects, (std::vector<bool>{false, false}));
  EXPECT_EQ(broker.Retained("t/kept"), std::nullopt);
  broker.Publish("t/x", "after", 1);
  pair.client->Poll(0);
  EXPECT_EQ(pair.seen.payloads, std::vector<std::string>{"after"});
}

TEST(FakeBrokerTest, ALostAckRepeatsQos1ButNotQos2) {
  for (const int qos : {1, 2}) {
    FakeBroker broker;
    Pair pair(broker);
    broker.LoseAcks("c", 1);
    ASSERT_TRUE(pair.client->Publish("t/x", os::AsBytes("m"), qos, false));
    EXPECT_EQ(pair.client->unacked(), 1U);
    pair.client->Poll(0);
    pair.client->Poll(0);
    EXPECT_EQ(pair.client->unacked(), 0U);
    EXPECT_EQ(pair.seen.published, 1);
    EXPECT_EQ(pair.seen.payloads.size(), qos == 1 ? 2U : 1U);
  }
}

TEST(FakeBrokerTest, DropsSilentlyBeyondItsQueueAsRealBrokersDo) {
  FakeBroker broker(3);
  Pair pair(broker);
  for (int i = 0; i < 5; ++i) broker.Publish("t/x", std::to_string(i));
  pair.client->Poll(0);
  EXPECT_EQ(pair.seen.payloads.size(), 3U);
  EXPECT_EQ(broker.counts().dropped_queue, 2U);
}

TEST(BackoffTest, DoublesToItsLimitWithJitterAndStartsOver) {
  Backoff backoff(100 * kMillisecond, kSecond, 7);
  Nanos step = 100 * kMillisecond;
  for (int i = 0; i < 10; ++i) {
    const Nanos wait = backoff.Next();
    EXPECT_GE(wait, step / 2);
    EXPECT_LE(wait, step);
    step = std::min(step * 2, kSecond);
  }
  backoff.Reset();
  EXPECT_LE(backoff.Next(), 100 * kMillisecond);
}

}  // namespace
}  // namespace millwright::mqtt
