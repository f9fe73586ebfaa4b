#include "greengrass/client.h"

#include <gtest/gtest.h>

#include "greengrass/testing/fake_nucleus.h"

namespace millwright::greengrass {
namespace {

class ClientTest : public ::testing::Test {
 protected:
  void Turn(int turns = 3) {
    for (int i = 0; i < turns; ++i) {
      client_.Work();
      nucleus_.Work();
    }
  }
  void Call(const std::string& operation, Client::OnEvent on_event = {}) {
    const auto taken = client_.Call(
        operation, "{}", [this](const Result<Client::Reply>& reply) { replies_.push_back(reply); },
        std::move(on_event));
    ASSERT_TRUE(taken) << taken.error().what;
  }

  os::FakeClock clock_;
  testing::FakeNucleus nucleus_;
  int connects_ = 0;
  Client client_{{.token = "0123456789ABCDEF"}, nucleus_.Opener(), clock_, [this] { ++connects_; }};
  std::vector<Result<Client::Reply>> replies_;
};

TEST_F(ClientTest, ConnectsWithItsTokenAndCalls) {
  Turn();
  ASSERT_TRUE(client_.connected());
  EXPECT_EQ(nucleus_.heard.front().payload, R"({"authToken":"0123456789ABCDEF"})");
  Call("UpdateState");
  Turn();
  const RpcMessage* heard = nucleus_.Last("UpdateState");
  ASSERT_NE(heard, nullptr);
  EXPECT_EQ(heard->shape, "aws.greengrass#UpdateStateRequest");
  EXPECT_FALSE(client_.idle());
  nucleus_.Answer(heard->stream, "UpdateStateResponse", "{}", kTerminate);
  Turn();
  ASSERT_EQ(replies_.size(), 1U);
  EXPECT_EQ(replies_[0]->shape, "aws.greengrass#UpdateStateResponse");
  EXPECT_TRUE(client_.idle());
}

TEST_F(ClientTest, EndsACallThatTheNucleusLeavesOpen) {
  Turn();
  Call("GetConfiguration");
  Turn();
  const int32_t stream = nucleus_.Last("GetConfiguration")->stream;
  nucleus_.Answer(stream, "GetConfigurationResponse", "{}");
  Turn();
  EXPECT_EQ(nucleus_.heard.back().flags, kTerminate);
  EXPECT_EQ(nucleus_.heard.back().stream, stream);
}

TEST_F(ClientTest, ASubscriptionGoesOnAfterItsAnswer) {
  Turn();
  std::vector<std::string> events;
  Call("SubscribeToComponentUpdates",
       [&](const Client::Reply& event) { events.push_back(event.payload); });
  Turn();
  const int32_t stream = nucleus_.Last("SubscribeToComponentUpdates")->stream;
  nucleus_.Answer(stream, "SubscribeToComponentUpdatesResponse", "{}");
  nucleus_.Answer(stream, "ComponentUpdatePolicyEvents", "1");
  nucleus_.Answer(stream, "ComponentUpdatePolicyEvents", "2");
  Turn();
  EXPECT_EQ(replies_.size(), 1U);
  EXPECT_EQ(events, (std::vector<std::string>{"1", "2"}));
  clock_.Advance(3600 * kSecond);  // an answered subscription has no deadline
  Turn();
  EXPECT_TRUE(client_.connected());
  nucleus_.Answer(stream + 7, "ComponentUpdatePolicyEvents", "3");  // nobody's
  Turn();
  EXPECT_EQ(events.size(), 2U);
}

TEST_F(ClientTest, TellsTheServicesErrorInItsWords) {
  Turn();
  Call("PublishToIoTCore");
  Call("GetConfiguration");
  Turn();
  nucleus_.Refuse(nucleus_.Last("PublishToIoTCore")->stream, "UnauthorizedError",
                  R"({"message":"not allowed"})");
  nucleus_.Refuse(nucleus_.Last("GetConfiguration")->stream, "ResourceNotFoundError",
                  R"({"_message":"no such key"})");
  Turn();
  ASSERT_EQ(replies_.size(), 2U);
  EXPECT_EQ(replies_[0].error().code, Errc::kUnsupported);
  EXPECT_NE(replies_[0].error().what.find("not allowed"), std::string::npos);
  EXPECT_EQ(replies_[1].error().code, Errc::kNotFound);
  EXPECT_NE(replies_[1].error().what.find("no such key"), std::string::npos);
}

TEST_F(ClientTest, GivesUpACallThatIsNotAnswered) {
  Turn();
  Call("UpdateState");
  Turn();
  clock_.Advance(11 * kSecond);
  Turn();
  ASSERT_EQ(replies_.size(), 1U);
  EXPECT_EQ(replies_[0].error().code, Errc::kUnavailable);
  EXPECT_TRUE(client_.connected());
}

TEST_F(ClientTest, TellsWhatWasUnderWayWhenTheConnectionBreaksAndConnectsAgain) {
  Turn();
  Call("UpdateState");
  Turn();
  nucleus_.Hang();
  Turn();
  ASSERT_EQ(replies_.size(), 1U);
  EXPECT_FALSE(replies_[0]);
  EXPECT_FALSE(client_.connected());
  EXPECT_FALSE(client_.Call("UpdateState", "{}", [](const Result<Client::Reply>&) {}));
  clock_.Advance(kSecond);
  Turn();
  EXPECT_TRUE(client_.connected());
  EXPECT_EQ(connects_, 2);
}

TEST_F(ClientTest, WaitsLongerAfterEachFailedConnect) {
  nucleus_.down = true;
  for (int i = 0; i < 6000; ++i) {  // ten minutes
    client_.Work();
    clock_.Advance(100 * kMillisecond);
  }
  EXPECT_LT(nucleus_.opened, 30);
  EXPECT_GT(nucleus_.opened, 15);
  nucleus_.down = false;
  clock_.Advance(30 * kSecond);
  Turn();
  EXPECT_TRUE(client_.connected());
}

TEST_F(ClientTest, ARefusedTokenIsNoConnection) {
  nucleus_.accept = false;
  Turn();
  EXPECT_FALSE(client_.connected());
  EXPECT_EQ(connects_, 0);
}

TEST_F(ClientTest, ASilentNucleusIsLeft) {
  nucleus_.answer_connect = false;
  Turn();
  EXPECT_EQ(nucleus_.opened, 1);
  clock_.Advance(11 * kSecond);
  Turn(1);
  clock_.Advance(kSecond);
  nucleus_.answer_connect = true;
  Turn();
  EXPECT_TRUE(client_.connected());
}

TEST_F(ClientTest, HostileBytesCostTheConnectionAndNothingElse) {
  for (const size_t at : {size_t{0}, size_t{9}, size_t{20}, size_t{60}}) {
    clock_.Advance(60 * kSecond);
    Turn();
    ASSERT_TRUE(client_.connected()) << at;
    os::Bytes bytes = *EncodeFrame(ToFrame({.stream = 1, .shape = "aws.greengrass#X"}));
    bytes[at] ^= std::byte{0x40};
    nucleus_.SendBytes(bytes);
    Turn(1);
    EXPECT_FALSE(client_.connected()) << at;
  }
}

TEST_F(ClientTest, AnswersAPing) {
  Turn();
  nucleus_.Send({.type = MessageType::kPing, .payload = "x"});
  Turn();
  EXPECT_EQ(nucleus_.heard.back().type, MessageType::kPingResponse);
}

TEST_F(ClientTest, HoldsNoMoreCallsThanItsLimit) {
  Turn();
  for (int i = 0; i < 32; ++i) Call("UpdateState");
  const auto refused = client_.Call("UpdateState", "{}", [](const Result<Client::Reply>&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::kExhausted);
}

}  // namespace
}  // namespace millwright::greengrass
