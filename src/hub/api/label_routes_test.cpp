// Verdicts over HTTP: two keys of a technician, sent once or twice, by whom they may be.
#include "hub/api/label_routes.h"

#include <nlohmann/json.hpp>

#include "hub/api/alarm_routes.h"
#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

class LabelRoutesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(hub_.Boot());
    auto pool = store::ReaderPool::Open(hub_.path(), 2);
    ASSERT_TRUE(pool);
    readers_ = std::move(*pool);
    context_ = std::make_unique<ApiContext>(ApiContext{*readers_, hub_.clock, {}, "1"});
    labels_ = std::make_unique<Labels>(std::move(*store::Database::Open(hub_.path())), hub_.clock);
    AddAlarmRoutes(router_, *context_);
    AddInboxRoutes(router_, *context_);
    const LabelParts parts{
        .labels = *labels_,
        .feed = hub_.feed,
        .may_judge = [this](const http::Request& request, const std::vector<std::string>& sites)
            -> std::optional<http::Response> {
          asked_ = sites;
          if (request.who != "visitor") return std::nullopt;
          return http::Problem(403, "forbidden", "not at this plant");
        },
        .on_verdict = [this](const VerdictAct&) { ++told_; }};
    AddLabelRoutes(router_, parts);
    AddServiceRoutes(router_, *context_, parts);
    for (int i = 1; i <= 3; ++i)
      hub_.Send(BatchOf(
          {AlarmEvent(static_cast<uint64_t>(i), kTestStart + i * kSecond, wire::Alarm::RAISED,
                      wire::LEVEL_WARNING, "P-1-" + std::to_string(i))}));
    static_cast<void>(hub_.feed.Take());
  }
  http::Response Ask(const std::string& method, const std::string& path, const json& body = {},
                     const std::string& who = "ana", http::Pairs query = {}) {
    http::Request request;
    request.method = method;
    request.path = path;
    request.who = who;
    request.query = std::move(query);
    if (!body.is_null()) request.body = body.dump();
    return router_.Handle(request).response;
  }
  json Inbox(const std::string& view) {
    return json::parse(Ask("GET", "/api/v1/inbox", {}, "ana", {{"view", view}}).body);
  }
  static json Confirm(const std::vector<std::string>& alarms) {
    return {{"id", "act-00001"}, {"alarms", alarms}, {"verdict", "confirm"}, {"fault", "ball"}};
  }

  TestHub hub_;
  std::unique_ptr<store::ReaderPool> readers_;
  std::unique_ptr<ApiContext> context_;
  std::unique_ptr<Labels> labels_;
  std::vector<std::string> asked_;
  int told_ = 0;
  http::Router router_;
};

TEST_F(LabelRoutesTest, AVerdictLeavesTheInboxAndIsTold) {
  EXPECT_EQ(Inbox("judge")["counts"]["judge"], 3);
  const auto done = Ask("POST", "/api/v1/verdicts", Confirm({"gw-1~P-1-1", "gw-1~P-1-2"}));
  ASSERT_EQ(done.status, 201) << done.body;
  EXPECT_EQ(asked_, std::vector<std::string>{"alder"});
  EXPECT_EQ(hub_.feed.Take().alarms.size(), 2U);
  EXPECT_EQ(told_, 1);
  const json inbox = Inbox("judge");
  EXPECT_EQ(inbox["counts"]["judge"], 1);
  EXPECT_EQ(inbox["alarms"][0]["alarm_key"], "P-1-3");
  const json alarm = json::parse(Ask("GET", "/api/v1/alarms/gw-1~P-1-1").body);
  EXPECT_EQ(alarm["verdict"]["state"], "TRUE_POSITIVE");
  EXPECT_EQ(alarm["verdict"]["fault_name"], "ball");
  EXPECT_EQ(alarm["verdict"]["who"], "ana");
}

TEST_F(LabelRoutesTest, SentAgainItIsDoneOnce) {
  const json verdict = Confirm({"gw-1~P-1-1"});
  EXPECT_EQ(Ask("POST", "/api/v1/verdicts", verdict).status, 201);
  const auto again = Ask("POST", "/api/v1/verdicts", verdict);
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(json::parse(again.body)["known"].get<bool>());
  EXPECT_EQ(json::parse(Ask("GET", "/api/v1/labels").body)["labels"].size(), 1U);
}

TEST_F(LabelRoutesTest, UndoBringsItBack) {
  EXPECT_EQ(Ask("POST", "/api/v1/verdicts", Confirm({"gw-1~P-1-1"})).status, 201);
  EXPECT_EQ(Ask("POST", "/api/v1/acts/act-00001/undo", {}, "ben").status, 409);
  EXPECT_EQ(Ask("POST", "/api/v1/acts/act-00001/undo").status, 200);
  EXPECT_EQ(Inbox("judge")["counts"]["judge"], 3);
  EXPECT_EQ(Ask("POST", "/api/v1/acts/act-99999/undo").status, 404);
}

TEST_F(LabelRoutesTest, WhoMayNotJudgeAtAPlantDoesNot) {
  const json body = Confirm({"gw-1~P-1-1"});
  EXPECT_EQ(Ask("POST", "/api/v1/verdicts", body, "visitor").status, 403);
  EXPECT_EQ(
      Ask("POST", "/api/v1/shelvings", {{"id", "act-00002"}, {"alarms", {"gw-1~P-1-1"}}}, "visitor")
          .status,
      403);
  EXPECT_EQ(Inbox("judge")["counts"]["judge"], 3);
}

TEST_F(LabelRoutesTest, ShelvingAndQuestionsHaveTheirOwnViews) {
  const auto shelve = Ask("POST", "/api/v1/shelvings",
                          {{"id", "act-00001"}, {"alarms", {"gw-1~P-1-1"}}, {"for_s", 3600}});
  ASSERT_EQ(shelve.status, 201) << shelve.body;
  const auto ask =
      Ask("POST", "/api/v1/questions",
          {{"id", "act-00002"}, {"alarms", {"gw-1~P-1-2"}}, {"note", "the coupling?"}});
  ASSERT_EQ(ask.status, 201) << ask.body;
  EXPECT_EQ(Inbox("shelved")["alarms"][0]["shelved"]["who"], "ana");
  EXPECT_EQ(Inbox("opinion")["alarms"][0]["asked"]["note"], "the coupling?");
  hub_.clock.Advance(3600 * kSecond);
  EXPECT_EQ(Inbox("judge")["counts"]["judge"], 2);
}

TEST_F(LabelRoutesTest, WrongBodiesAreNamed) {
  const auto fault = [&](const json& body) {
    const auto answer = Ask("POST", "/api/v1/verdicts", body);
    EXPECT_GE(answer.status, 400);
    return answer.body;
  };
  json body = Confirm({"gw-1~P-1-1"});
  body["verdict"] = "maybe";
  EXPECT_NE(fault(body).find("confirm, reject or not_checked"), std::string::npos);
  body = Confirm({"gw-1~P-1-9"});
  EXPECT_NE(fault(body).find("P-1-9"), std::string::npos);
  body = Confirm({"gw-1~P-1-1"});
  body["alarms"] = {1, 2};
  EXPECT_NE(fault(body).find("alarms"), std::string::npos);
  body = Confirm({"gw-1~P-1-1"});
  body["mood"] = "bad";
  EXPECT_NE(fault(body).find("mood"), std::string::npos);
  const auto range = Ask("POST", "/api/v1/labels",
                         {{"id", "act-00009"},
                          {"site", "alder"},
                          {"asset", "P-1"},
                          {"from_ms", 2},
                          {"to_ms", 1},
                          {"rating", "NEUTRAL"}});
  EXPECT_EQ(range.status, 400) << range.body;
}

TEST_F(LabelRoutesTest, ARepairClosesItsAlarmsAndNamesTheBaseline) {
  const std::string path = "/api/v1/machines/alder/P-1/service";
  const json body = {{"id", "service-1"},
                     {"kind", "replaced"},
                     {"from_ms", kTestStart / kMillisecond - 1000},
                     {"to_ms", kTestStart / kMillisecond}};
  EXPECT_EQ(Ask("POST", path, body, "visitor").status, 403);
  const auto done = Ask("POST", path, body);
  ASSERT_EQ(done.status, 201) << done.body;
  EXPECT_EQ(json::parse(done.body)["closed"], 3);
  EXPECT_EQ(Ask("POST", path, body).status, 200);
  const json alarm = json::parse(Ask("GET", "/api/v1/alarms/gw-1~P-1-1").body);
  EXPECT_EQ(alarm["state"], "cleared");
  EXPECT_EQ(alarm["closed_by"], "ana");
  EXPECT_EQ(alarm["closed_as"], "replaced");
  EXPECT_EQ(alarm["baseline_version"], 1);
  json all = json::parse(Ask("GET", "/api/v1/machines/alder/P-1/baselines").body);
  EXPECT_EQ(all["baselines"].size(), 1U);
  EXPECT_EQ(all["pending"], json::array({"service-1"}));
  json wrong = body;
  wrong["kind"] = "painted";
  wrong["id"] = "service-2";
  EXPECT_EQ(Ask("POST", path, wrong).status, 400);
  EXPECT_EQ(Ask("POST", "/api/v1/machines/alder/P-9/service",
                {{"id", "service-3"},
                 {"kind", "repaired"},
                 {"from_ms", kTestStart / kMillisecond - 1000}})
                .status,
            404);
  EXPECT_EQ(Ask("GET", "/api/v1/machines/alder/P-9/baselines").status, 404);
}

}  // namespace
}  // namespace millwright::hub
