#include <gtest/gtest.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <random>

#include "jobs/jobs_client.h"
#include "jobs/jobs_server.h"
#include "jobs/testing/memory_store.h"
#include "jobs/topics.h"

namespace millwright::jobs {
namespace {

using nlohmann::json;

std::span<const std::byte> BytesOf(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

class ServerTest : public testing::Test {
 protected:
  ServerTest()
      : server_(store_, clock_, "$aws/things", [this](const std::string& topic, std::string text) {
          sent_.emplace_back(topic, json::parse(text));
        }) {}

  void Queue(const std::string& id, Nanos at = 0) {
    EXPECT_TRUE(store_.Save("pump-1", {.job_id = id,
                                       .queued_at = at + 1,
                                       .updated_at = at + 1,
                                       .document = R"({"op":"install"})"}));
    server_.OnJobsChanged("pump-1");
  }
  // The one answer to a request.
  json Ask(const std::string& rest, const json& body, const std::string& outcome = "accepted") {
    sent_.clear();
    const std::string topic = "$aws/things/pump-1/jobs/" + rest;
    EXPECT_TRUE(server_.OnMessage(topic, BytesOf(body.dump())));
    for (const auto& [to, answer] : sent_)
      if (to == topic + "/" + outcome) return answer;
    ADD_FAILURE() << "no " << outcome << " for " << topic;
    return {};
  }

  MemoryJobStore store_;
  os::FakeClock clock_;
  std::vector<std::pair<std::string, json>> sent_;
  JobsServer server_;
};

TEST_F(ServerTest, TellsADeviceOfItsJobsAndItsNextOneOnce) {
  Queue("a");
  ASSERT_EQ(sent_.size(), 2U);
  EXPECT_EQ(sent_[0].first, "$aws/things/pump-1/jobs/notify");
  EXPECT_EQ(sent_[0].second["jobs"]["QUEUED"][0]["jobId"], "a");
  EXPECT_EQ(sent_[1].first, "$aws/things/pump-1/jobs/notify-next");
  EXPECT_EQ(sent_[1].second["execution"]["jobDocument"]["op"], "install");
  sent_.clear();
  server_.OnJobsChanged("pump-1");
  EXPECT_TRUE(sent_.empty());
  Queue("b", 5);
  EXPECT_EQ(sent_.size(), 1U) << "the next one is still a";
}

TEST_F(ServerTest, StartNextStartsTheOldestAndKeepsToTheOneThatRuns) {
  Queue("a");
  Queue("b", 5);
  const json first = Ask("start-next", {{"clientToken", "t1"}, {"statusDetails", {{"step", "0"}}}});
  EXPECT_EQ(first["clientToken"], "t1");
  EXPECT_EQ(first["execution"]["jobId"], "a");
  EXPECT_EQ(first["execution"]["status"], "IN_PROGRESS");
  EXPECT_EQ(first["execution"]["versionNumber"], 2);
  EXPECT_EQ(Ask("start-next", json::object())["execution"]["jobId"], "a");
}

TEST_F(ServerTest, AnUpdateCountsTheVersionAndEndsTheJob) {
  Queue("a");
  const json answer = Ask("a/update", {{"status", "SUCCEEDED"},
                                       {"expectedVersion", "1"},
                                       {"includeJobExecutionState", true},
                                       {"includeJobDocument", true}});
  EXPECT_EQ(answer["executionState"]["status"], "SUCCEEDED");
  EXPECT_EQ(answer["executionState"]["versionNumber"], 2);
  EXPECT_EQ(answer["jobDocument"]["op"], "install");
  EXPECT_EQ(sent_.back().first, "$aws/things/pump-1/jobs/notify-next");
  EXPECT_FALSE(sent_.back().second.contains("execution")) << "nothing is left";
}

TEST_F(ServerTest, RefusesWithTheCodesOfTheContract) {
  Queue("a");
  const auto code = [&](const std::string& rest, const json& body) {
    return Ask(rest, body, "rejected")["code"].get<std::string>();
  };
  EXPECT_EQ(code("none/update", {{"status", "FAILED"}}), "ResourceNotFound");
  EXPECT_EQ(code("a/update", {{"status", "DANCING"}}), "InvalidRequest");
  EXPECT_EQ(code("a/update", {{"status", 7}}), "InvalidRequest");
  EXPECT_EQ(code("a/update", {{"status", "QUEUED"}}), "InvalidStateTransition");
  EXPECT_EQ(code("a/update", {{"status", "CANCELED"}}), "InvalidStateTransition");
  EXPECT_EQ(code("a/update", {{"status", "FAILED"}, {"expectedVersion", 9}}), "VersionMismatch");
  EXPECT_EQ(code("a/update", {{"status", "IN_PROGRESS"}, {"stepTimeoutInMinutes", 99999}}),
            "InvalidRequest");
  EXPECT_EQ(code("a/update", json::array()), "InvalidJson");
  Ask("a/update", {{"status", "FAILED"}});
  EXPECT_EQ(code("a/update", {{"status", "SUCCEEDED"}}), "InvalidStateTransition");
  EXPECT_EQ(code("a/get", json::object()), "TerminalStateReached");
  EXPECT_FALSE(server_.OnMessage("$aws/things/pump-1/jobs/a/delete", {}));
  EXPECT_FALSE(server_.OnMessage("other/pump-1/jobs/get", {}));
}

TEST_F(ServerTest, AStepThatTakesTooLongTimesOut) {
  Queue("a");
  Ask("start-next", {{"stepTimeoutInMinutes", 5}});
  clock_.Advance(4 * 60 * kSecond);
  server_.Tick();
  EXPECT_EQ((*store_.Find("pump-1", "a"))->status, Status::kInProgress);
  clock_.Advance(2 * 60 * kSecond);
  server_.Tick();
  EXPECT_EQ((*store_.Find("pump-1", "a"))->status, Status::kTimedOut);
}

TEST_F(ServerTest, ListsAndDescribes) {
  Queue("a");
  Queue("b", 5);
  Ask("start-next", json::object());
  const json list = Ask("get", json::object());
  EXPECT_EQ(list["inProgressJobs"][0]["jobId"], "a");
  EXPECT_EQ(list["queuedJobs"][0]["jobId"], "b");
  EXPECT_EQ(Ask("$next/get", json::object())["execution"]["jobId"], "a");
  EXPECT_FALSE(Ask("b/get", {{"includeJobDocument", false}})["execution"].contains("jobDocument"));
}

// Our device against our service over a link that loses messages both ways.
TEST(JobsTest, AJobIsDoneOnceAndReportedOverALossyLink) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    MemoryJobStore store;
    os::FakeClock clock;
    std::mt19937_64 random(seed);
    const auto lost = [&] { return random() % 3 == 0; };
    std::deque<std::pair<std::string, std::string>> up, down;
    JobsServer server(store, clock, "$aws/things", [&](const std::string& topic, std::string text) {
      if (!lost()) down.emplace_back(topic, std::move(text));
    });
    std::vector<std::string> begun;
    JobsClient client(
        "$aws/things", "pump-1", clock,
        [&](const std::string& topic, const std::string& text) {
          if (!lost()) up.emplace_back(topic, text);
          return true;
        },
        [&](const std::optional<Job>& job) {
          if (job) begun.push_back(job->id);
        });
    for (const char* id : {"a", "b", "c"})
      ASSERT_TRUE(store.Save("pump-1", {.job_id = id, .queued_at = id[0], .document = "{}"}));
    client.OnConnected();
    for (int turn = 0; turn < 400 && begun.size() + (client.job() ? 0 : 1) <= 3; ++turn) {
      for (; !up.empty(); up.pop_front())
        server.OnMessage(up.front().first, BytesOf(up.front().second));
      for (; !down.empty(); down.pop_front())
        client.OnMessage(down.front().first, BytesOf(down.front().second));
      if (client.job() && !client.reporting())
        client.Report(
            client.job()->status == Status::kQueued ? Status::kInProgress : Status::kSucceeded,
            {{"step", "1"}});
      clock.Advance(11 * kSecond);
      client.Tick();
    }
    EXPECT_EQ(begun, (std::vector<std::string>{"a", "b", "c"})) << "seed " << seed;
    EXPECT_TRUE(store.Pending("pump-1")->empty()) << "seed " << seed;
  }
}

TEST(TopicsTest, OnlyWhatTheContractNamesIsTaken) {
  EXPECT_TRUE(ParseJobsTopic("p", "p/thing:1/jobs/get"));
  EXPECT_EQ(ParseJobsTopic("p", "p/t/jobs/$next/get")->job_id, "$next");
  for (const char* topic : {"p/t/jobs", "p/t/jobs/", "p//jobs/get", "p/t/jobs/a/b/c",
                            "q/t/jobs/get", "p/t/jobs/a.b/get", "pp/t/jobs/get", "p/t/shadow/get"})
    EXPECT_FALSE(ParseJobsTopic("p", topic)) << topic;
  EXPECT_TRUE(ParseStreamTopic("p", "p/t/streams/s/get/cbor")->cbor);
  EXPECT_TRUE(ParseStreamTopic("p", "p/t/streams/s/describe/json")->describe);
  for (const char* topic :
       {"p/t/streams/s/get", "p/t/streams/s/get/xml", "p/t/streams/s/data/json"})
    EXPECT_FALSE(ParseStreamTopic("p", topic)) << topic;
  EXPECT_FALSE(ParseJobsTopic("p", "p/" + std::string(300, 'x') + "/jobs/get"));
}

}  // namespace
}  // namespace millwright::jobs
