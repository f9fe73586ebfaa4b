// The real client against a real Mosquitto on a free loopback port; skipped where none is
// installed.
#include "mqtt/client.h"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "mqtt/testing/broker.h"

namespace millwright::mqtt {
namespace {

using testing::Broker;
using testing::FindBroker;
using testing::FreePort;
using testing::PollUntil;
using testing::Recorder;

class MqttClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (FindBroker().empty()) GTEST_SKIP() << "mosquitto is not installed";
    port_ = FreePort();
    broker_.emplace(port_);
    broker_->Start();
  }
  [[nodiscard]] Options Named(const std::string& id) const {
    Options options;
    options.port = port_;
    options.client_id = id;
    options.reconnect_min = 10 * kMillisecond;
    options.reconnect_max = 100 * kMillisecond;
    return options;
  }
  int port_ = 0;
  std::optional<Broker> broker_;
};

TEST_F(MqttClientTest, DeliversEveryQosInOrder) {
  Recorder in, out;
  auto subscriber = MakeClient(Named("sub"));
  auto publisher = MakeClient(Named("pub"));
  ASSERT_TRUE(subscriber->Start(in));
  ASSERT_TRUE(publisher->Start(out));
  ASSERT_TRUE(subscriber->Subscribe("mw/#", 2));
  EXPECT_EQ(publisher->Publish("mw/x", os::AsBytes("early"), 1, false).error().code,
            Errc::kUnavailable);
  ASSERT_TRUE(
      PollUntil({subscriber.get(), publisher.get()}, [&] { return in.connects && out.connects; }));
  // The subscription may still be on its way: a retained message arrives in either case.
  ASSERT_TRUE(publisher->Publish("mw/first", os::AsBytes("0"), 1, true));
  ASSERT_TRUE(
      PollUntil({subscriber.get(), publisher.get()}, [&] { return in.payloads.size() == 1; }));
  int sent = 0;
  int refused = 0;
  ASSERT_TRUE(PollUntil({subscriber.get(), publisher.get()}, [&] {
    while (sent < 300) {
      const auto id =
          publisher->Publish("mw/x", os::AsBytes(std::to_string(sent + 1)), 1 + sent % 2, false);
      if (!id && id.error().code == Errc::kExhausted) ++refused;
      if (!id) return false;
      ++sent;
    }
    return true;
  }));
  EXPECT_GT(refused, 0);
  ASSERT_TRUE(PollUntil({subscriber.get(), publisher.get()},
                        [&] { return in.payloads.size() == 301 && publisher->unacked() == 0; }))
      << in.payloads.size() << " received, " << publisher->unacked() << " unacknowledged, "
      << out.reason;
  EXPECT_EQ(out.published, 301);
}

TEST_F(MqttClientTest, ComesBackAfterABrokerKillAndRenewsItsSubscriptions) {
  Recorder seen;
  auto client = MakeClient(Named("one"));
  ASSERT_TRUE(client->Start(seen));
  ASSERT_TRUE(client->Subscribe("t", 1));
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return client->connected(); }));
  broker_->Kill();
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return !client->connected(); }));
  EXPECT_FALSE(seen.reason.empty());
  broker_->Start();
  ASSERT_TRUE(PollUntil({client.get()}, [&] { return seen.connects == 2; }));
  EXPECT_FALSE(seen.session_present);
  ASSERT_TRUE(PollUntil({client.get()}, [&] {
    (void)client->Publish("t", os::AsBytes("hello"), 1, false);
    return !seen.payloads.empty();
  }));
}

TEST_F(MqttClientTest, KeepsItsSessionAndQueueWhileAway) {
  Recorder seen, other;
  auto publisher = MakeClient(Named("pub"));
  ASSERT_TRUE(publisher->Start(other));
  {
    auto client = MakeClient(Named("keeper"));
    ASSERT_TRUE(client->Start(seen));
    ASSERT_TRUE(client->Subscribe("t", 2));
    ASSERT_TRUE(PollUntil({client.get(), publisher.get()}, [&] { return publisher->connected(); }));
    ASSERT_TRUE(PollUntil({client.get(), publisher.get()}, [&] {
      if (publisher->unacked() == 0) (void)publisher->Publish("t", os::AsBytes("probe"), 2, false);
      return !seen.payloads.empty();
    }));
    client->Stop();
  }
  seen.payloads.clear();
  ASSERT_TRUE(PollUntil({publisher.get()}, [&] { return publisher->unacked() == 0; }));
  ASSERT_TRUE(publisher->Publish("t", os::AsBytes("while away"), 2, false));
  ASSERT_TRUE(PollUntil({publisher.get()}, [&] { return publisher->unacked() == 0; }));
  auto client = MakeClient(Named("keeper"));
  Recorder again;
  ASSERT_TRUE(client->Start(again));
  ASSERT_TRUE(PollUntil({client.get()}, [&] {
    return !again.payloads.empty() && again.payloads.back() == "while away";
  }));
  EXPECT_TRUE(again.session_present);
}

TEST_F(MqttClientTest, WillSpeaksForADeadClientOnly) {
  Recorder seen;
  auto watcher = MakeClient(Named("watch"));
  ASSERT_TRUE(watcher->Start(seen));
  ASSERT_TRUE(watcher->Subscribe("will/#", 1));
  ASSERT_TRUE(PollUntil({watcher.get()}, [&] { return watcher->connected(); }));
  // In a process of its own, so that it can end as a crash does.
  const auto die = [&](const std::string& id, bool politely) {
    const pid_t child = fork();
    if (child != 0) {
      int status = 0;
      waitpid(child, &status, 0);
      EXPECT_EQ(status, 0);
      return;
    }
    Options options = Named(id);
    options.will = Will{.topic = "will/" + id, .payload = "gone"};
    auto client = MakeClient(options);
    Recorder ignored;
    const bool connected =
        client->Start(ignored) && PollUntil({client.get()}, [&] { return client->connected(); });
    if (politely) client->Stop();
    _exit(connected ? 0 : 1);
  };
  die("polite", true);
  die("dead", false);
  ASSERT_TRUE(PollUntil({watcher.get()}, [&] { return !seen.topics.empty(); })) << seen.reason;
  EXPECT_EQ(seen.topics, std::vector<std::string>{"will/dead"});
}

TEST_F(MqttClientTest, WakeEndsAPollFromAnotherThread) {
  Recorder seen;
  auto client = MakeClient(Named("waker"));
  ASSERT_TRUE(client->Start(seen));
  broker_->Kill();  // nothing else can end the wait
  std::jthread waker([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      client->Wake();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (int i = 0; i < 20; ++i) client->Poll(3600 * kSecond);
}

TEST(MqttClientErrors, RefuseNonsense) {
  auto client = MakeClient({.client_id = "x"});
  EXPECT_EQ(client->Subscribe("a/#/b", 1).error().code, Errc::kInvalid);
  Recorder seen;
  auto tls = MakeClient({.client_id = "x", .ca_file = "/nowhere/ca.pem"});
  const auto started = tls->Start(seen);
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().what.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace millwright::mqtt
