#include "greengrass/component.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "greengrass/testing/fake_nucleus.h"
#include "jobs/base64.h"

namespace millwright::greengrass {
namespace {

using nlohmann::json;

class ComponentTest : public ::testing::Test {
 protected:
  void Turn(int turns = 3) {
    for (int i = 0; i < turns; ++i) {
      component_.Work();
      nucleus_.Work();
    }
  }
  json Last(const std::string& operation) {
    const RpcMessage* heard = nucleus_.Last(operation);
    return heard == nullptr ? json() : json::parse(heard->payload);
  }
  void Configure(const std::string& value) {
    nucleus_.Answer(nucleus_.Last("GetConfiguration")->stream, "GetConfigurationResponse",
                    R"({"componentName":"c","value":)" + value + "}", kTerminate);
    Turn();
  }
  void Announce(const std::string& deployment) {
    const int32_t stream = nucleus_.Last("SubscribeToComponentUpdates")->stream;
    if (!std::exchange(subscribed_, true))
      nucleus_.Answer(stream, "SubscribeToComponentUpdatesResponse", "{}");
    nucleus_.Answer(
        stream, "ComponentUpdatePolicyEvents",
        R"({"preUpdateEvent":{"deploymentId":")" + deployment + R"(","isGgcRestarting":false}})");
    Turn();
  }

  os::FakeClock clock_;
  testing::FakeNucleus nucleus_;
  std::optional<std::string> busy_;
  std::vector<ComponentSettings> settings_;
  int deployed_ = 0;
  bool subscribed_ = false;
  Component component_{{.token = "t"},
                       nucleus_.Opener(),
                       {.clock = clock_,
                        .busy = [this] { return busy_; },
                        .on_settings = [this](const auto& s) { settings_.push_back(s); },
                        .on_deployed = [this] { ++deployed_; }}};
};

TEST_F(ComponentTest, TellsItsStateOnceItHasOneAndAgainAfterAReconnect) {
  Turn();
  EXPECT_EQ(nucleus_.Count("UpdateState"), 0U);
  component_.SetState(ComponentState::kRunning);
  Turn();
  EXPECT_EQ(Last("UpdateState")["state"], "RUNNING");
  nucleus_.Answer(nucleus_.Last("UpdateState")->stream, "UpdateStateResponse", "{}", kTerminate);
  Turn();
  EXPECT_TRUE(component_.state_told());
  EXPECT_EQ(nucleus_.Count("UpdateState"), 1U);
  nucleus_.Hang();
  Turn();
  clock_.Advance(kSecond);
  Turn();
  EXPECT_EQ(nucleus_.Count("UpdateState"), 2U);
  component_.SetState(ComponentState::kErrored);
  nucleus_.Answer(nucleus_.Last("UpdateState")->stream, "UpdateStateResponse", "{}", kTerminate);
  Turn();
  EXPECT_EQ(Last("UpdateState")["state"], "ERRORED");
}

TEST_F(ComponentTest, TakesItsConfigurationAndEachChangeOfIt) {
  Turn();
  Configure(R"({"models":"/gg/model","statusTopic":"mw","deferMinutes":"5"})");
  ASSERT_EQ(settings_.size(), 1U);
  EXPECT_EQ(
      settings_[0],
      (ComponentSettings{.models = "/gg/model", .status_topic = "mw", .defer_max = 300 * kSecond}));
  const int32_t stream = nucleus_.Last("SubscribeToConfigurationUpdate")->stream;
  nucleus_.Answer(stream, "SubscribeToConfigurationUpdateResponse", "{}");
  nucleus_.Answer(stream, "ConfigurationUpdateEvents", R"({"configurationUpdateEvent":{}})");
  Turn();
  EXPECT_EQ(nucleus_.Count("GetConfiguration"), 2U);
  Configure(R"({"models":7})");
  EXPECT_EQ(settings_.size(), 1U);  // what was good stays
}

TEST_F(ComponentTest, PutsAnUpdateOffWhileAModelIsOnTrialButNotForEver) {
  Turn();
  Announce("d-1");
  EXPECT_EQ(Last("DeferComponentUpdate")["recheckAfterMs"], 0);
  busy_ = "a new model is in shadow";
  Announce("d-2");
  EXPECT_EQ(Last("DeferComponentUpdate")["recheckAfterMs"], 60'000);
  EXPECT_EQ(Last("DeferComponentUpdate")["deploymentId"], "d-2");
  EXPECT_EQ(Last("DeferComponentUpdate")["message"], *busy_);
  for (int i = 0; i < 3; ++i) {
    for (int turn = 0; turn < 130; ++turn) {
      clock_.Advance(10 * kSecond);
      Turn(1);
    }
    Announce("d-2");
  }
  EXPECT_EQ(Last("DeferComponentUpdate")["recheckAfterMs"], 0);
  nucleus_.Answer(nucleus_.Last("SubscribeToComponentUpdates")->stream,
                  "ComponentUpdatePolicyEvents", R"({"postUpdateEvent":{"deploymentId":"d-2"}})");
  Turn();
  EXPECT_EQ(deployed_, 1);
}

TEST_F(ComponentTest, ANucleusThatKnowsNoAnnouncementsIsLivedWith) {
  Turn();
  nucleus_.Refuse(nucleus_.Last("SubscribeToComponentUpdates")->stream, "UnsupportedOperation",
                  "{}");
  component_.SetState(ComponentState::kRunning);
  Turn();
  EXPECT_TRUE(component_.connected());
  EXPECT_EQ(nucleus_.Count("UpdateState"), 1U);
}

TEST_F(ComponentTest, PublishesTheNewestWordUntilItIsAccepted) {
  component_.Publish("mw/gw-1", "old");
  component_.Publish("mw/gw-1", "new");
  Turn();
  EXPECT_EQ(nucleus_.Count("PublishToIoTCore"), 1U);
  const json request = Last("PublishToIoTCore");
  EXPECT_EQ(request["topicName"], "mw/gw-1");
  EXPECT_EQ(request["qos"], "1");
  const auto payload = jobs::FromBase64(request["payload"].get<std::string>());
  ASSERT_TRUE(payload);
  EXPECT_EQ(os::AsText(*payload), "new");
  nucleus_.Refuse(nucleus_.Last("PublishToIoTCore")->stream, "ServiceError", "{}");
  Turn();
  EXPECT_EQ(nucleus_.Count("PublishToIoTCore"), 1U);
  clock_.Advance(31 * kSecond);
  Turn();
  EXPECT_EQ(nucleus_.Count("PublishToIoTCore"), 2U);
  nucleus_.Answer(nucleus_.Last("PublishToIoTCore")->stream, "PublishToIoTCoreResponse", "{}",
                  kTerminate);
  Turn();
  clock_.Advance(60 * kSecond);
  Turn();
  EXPECT_EQ(nucleus_.Count("PublishToIoTCore"), 2U);
}

TEST(ComponentSettingsTest, NamesTheKeyThatIsWrong) {
  const auto read = [](const std::string& value) {
    return ReadComponentSettings(R"({"value":)" + value + "}");
  };
  EXPECT_TRUE(read(R"({"configFile":"/a","accessControl":{}})"));
  EXPECT_EQ(read(R"({"deferMinutes":2.0})")->defer_max, 120 * kSecond);
  for (const auto& [value, key] : std::vector<std::pair<std::string, std::string>>{
           {R"({"models":"relative"})", "models"},
           {R"({"models":1})", "models"},
           {R"({"statusTopic":"a/#"})", "statusTopic"},
           {R"({"deferMinutes":-1})", "deferMinutes"},
           {R"({"deferMinutes":"soon"})", "deferMinutes"},
           {R"([])", "no JSON object"}}) {
    const auto wrong = read(value);
    ASSERT_FALSE(wrong) << value;
    EXPECT_NE(wrong.error().what.find(key), std::string::npos) << wrong.error().what;
  }
  EXPECT_FALSE(ReadComponentSettings("7"));
}

}  // namespace
}  // namespace millwright::greengrass
