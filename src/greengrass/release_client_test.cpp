#include "greengrass/release_client.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "jobs/jobs_client.h"

namespace millwright::greengrass {
namespace {

const std::string kFolder = "gg/release";

class Gateway : public mqtt::Listener {
 public:
  Gateway(ReleaseClient& client, os::Clock& clock)
      : client_(client),
        jobs_(
            "$aws/things", "gw-1", clock,
            [this](const std::string& topic, const std::string& payload) {
              return client_.Publish(topic, os::AsBytes(payload), 1, false).has_value();
            },
            [this](const std::optional<jobs::Job>& job) { taken.push_back(job ? job->id : ""); }) {}
  void OnConnected(bool) override {
    ++connects;
    jobs_.OnConnected();
  }
  void OnMessage(const mqtt::Message& message) override {
    messages.emplace_back(message.topic);
    (void)jobs_.OnMessage(message.topic, message.payload);
  }
  jobs::JobsClient& jobs() { return jobs_; }

  std::vector<std::string> taken, messages;
  int connects = 0;

 private:
  ReleaseClient& client_;
  jobs::JobsClient jobs_;
};

class ReleaseClientTest : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(files_.WriteFast(kFolder + "/" + name, os::AsBytes(text)));
  }
  void PutRelease(const std::string& version) {
    const nlohmann::json document = {{"operation", "millwright.install"},
                                     {"version", version},
                                     {"metadata_stream", "mw-tuf"},
                                     {"pack_stream", "mw-pack-1"}};
    Put("1.root.json", "root");
    Put("timestamp.json", "timestamp of " + version);
    Put("pack.tar", "pack of " + version);
    Put("document.json", document.dump());
  }
  void Turn(int turns = 6) {
    for (int i = 0; i < turns; ++i) client_.Poll(0);
  }
  void Start() { ASSERT_TRUE(client_.Start(gateway_)); }

  os::FakeClock clock_;
  os::FakeFiles files_;
  ReleaseWatch watch_{kFolder};
  std::vector<jobs::Execution> reports_;
  ReleaseClient client_{{.thing = "gw-1"}, files_, clock_, watch_, [this](const auto& execution) {
                          reports_.push_back(execution);
                        }};
  Gateway gateway_{client_, clock_};
};

TEST_F(ReleaseClientTest, AReleaseInTheFolderIsAJob) {
  PutRelease("1");
  Start();
  Turn();
  ASSERT_EQ(gateway_.taken.size(), 1U);
  EXPECT_TRUE(gateway_.taken[0].starts_with("gg-"));
  gateway_.jobs().Report(jobs::Status::kInProgress, {{"phase", "shadow"}});
  Turn();
  ASSERT_FALSE(reports_.empty());
  EXPECT_EQ(reports_.back().details["phase"], "shadow");
  EXPECT_FALSE(gateway_.jobs().reporting());
}

TEST_F(ReleaseClientTest, ASecondReleaseIsTakenWithoutARestart) {
  PutRelease("1");
  Start();
  Turn();
  gateway_.jobs().Report(jobs::Status::kSucceeded, {{"phase", "committed"}});
  Turn();
  PutRelease("2");
  Turn();
  const size_t before = gateway_.taken.size();
  clock_.Advance(5 * kSecond);
  Turn();
  ASSERT_EQ(gateway_.taken.size(), before + 1);
  EXPECT_NE(gateway_.taken.back(), gateway_.taken.front());
  PutRelease("3");
  watch_.Look();  // told so by the nucleus: no waiting
  Turn();
  EXPECT_EQ(gateway_.taken.size(), before + 2);
}

TEST_F(ReleaseClientTest, TheSameFilesAreTheSameJob) {
  PutRelease("1");
  Start();
  Turn();
  PutRelease("1");
  clock_.Advance(60 * kSecond);
  Turn();
  EXPECT_EQ(gateway_.taken.size(), 1U);
  Put("timestamp.json", "signed anew");
  clock_.Advance(60 * kSecond);
  Turn();
  EXPECT_EQ(gateway_.taken.size(), 2U);
}

// A trial that goes on after a restart must not be taken for cancelled.
TEST_F(ReleaseClientTest, AFolderThatIsBeingReplacedIsWaitedFor) {
  Start();
  Turn();
  EXPECT_EQ(gateway_.connects, 0);
  Put("document.json", "{}");
  clock_.Advance(5 * kSecond);
  Turn();
  EXPECT_EQ(gateway_.connects, 0) << "there is no pack yet";
  PutRelease("1");
  clock_.Advance(4 * kSecond);
  Turn();
  clock_.Advance(kSecond);
  Turn();
  EXPECT_EQ(gateway_.connects, 1);
  EXPECT_EQ(gateway_.taken.size(), 1U);
}

TEST_F(ReleaseClientTest, WithoutAReleaseThereIsNoJobAndLaterThereIs) {
  Start();
  clock_.Advance(11 * kSecond);
  Turn();
  EXPECT_EQ(gateway_.connects, 1);
  EXPECT_TRUE(gateway_.taken.empty() || gateway_.taken.back().empty());
  watch_.SetFolder(kFolder + "/other");
  PutRelease("1");
  watch_.SetFolder(kFolder);
  Turn();
  ASSERT_FALSE(gateway_.taken.empty());
  EXPECT_TRUE(gateway_.taken.back().starts_with("gg-"));
}

TEST_F(ReleaseClientTest, ServesMetadataByNameAndThePackInBlocks) {
  PutRelease("1");
  auto release = ReadReleaseFolder(files_, kFolder);
  ASSERT_TRUE(release);
  ReleaseStreams streams;
  EXPECT_FALSE(streams.Describe("gw-1", "mw-tuf")->has_value());
  streams.Serve(std::move(*release));
  const auto metadata = *streams.Describe("gw-1", "mw-tuf");
  ASSERT_TRUE(metadata);
  EXPECT_EQ(metadata->text, R"(["1.root.json","timestamp.json"])");
  EXPECT_EQ(os::AsText(*streams.Read("gw-1", "mw-tuf", 0, 0, 100)), "root");
  EXPECT_EQ(os::AsText(*streams.Read("gw-1", "mw-pack-1", 0, 5, 2)), "of");
  EXPECT_FALSE(streams.Read("gw-1", "mw-pack-1", 1, 0, 1));
  EXPECT_FALSE(streams.Read("gw-1", "mw-pack-1", 0, 1000, 1));
  EXPECT_FALSE(streams.Read("gw-1", "mw-tuf", -1, 0, 1));
  EXPECT_FALSE(streams.Read("gw-1", "", 0, 0, 1));
  EXPECT_FALSE(streams.Describe("gw-1", "mw-other")->has_value());
}

TEST_F(ReleaseClientTest, WhatIsTooLargeIsNotRead) {
  PutRelease("1");
  Put("2.targets.json", std::string(kMetadataBytesMax, ' '));
  EXPECT_FALSE(ReadReleaseFolder(files_, kFolder));
  ASSERT_TRUE(files_.Remove(kFolder + "/2.targets.json"));
  for (size_t i = 0; i < kMetadataFilesMax; ++i) Put(std::to_string(i) + ".a.json", "x");
  const auto many = ReadReleaseFolder(files_, kFolder);
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error().code, Errc::kExhausted);
}

}  // namespace
}  // namespace millwright::greengrass
