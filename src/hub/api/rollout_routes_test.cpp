// Rollouts as people steer them over HTTP; every answer fits openapi.json.
#include "hub/api/rollout_routes.h"

#include <gtest/gtest.h>

#include "hub/api/openapi.h"
#include "hub/api/schedule_routes.h"
#include "hub/api/schema_check.h"
#include "hub/rollout/test_releases.h"
#include "hub/rollout/trial_points.h"
#include "os/clock.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

class RolloutRoutesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto database = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(database && store::Migrate(**database));
    for (int i = 0; i < 4; ++i)
      AddTestDevice(**database, "gw-" + std::to_string(i), i < 2 ? "alder" : "birch", clock_.Utc());
    AddTestRelease(files_, "/repo", "models/pump/2.tar", 2);
    maintenance_.emplace(Open(), zones_, clock_);
    rollouts_ = std::make_unique<Rollouts>(
        std::move(*database), releases_, clock_,
        [this](const std::string& rollout) { changed_.push_back(rollout); }, &*maintenance_);
    schedules_ = std::make_unique<Schedules>(Open(), *rollouts_, zones_, clock_);
    auto pool = store::ReaderPool::Open(folder_.File("hub.db"), 2);
    ASSERT_TRUE(pool);
    readers_ = std::move(*pool);
    context_.emplace(ApiContext{*readers_, clock_, {}, "1"});
    AddRolloutRoutes(router_, *context_, rollouts_.get());
    AddScheduleRoutes(router_, *context_, schedules_.get());
    AddMaintenanceRoutes(router_, *context_, &*maintenance_);
  }
  std::unique_ptr<store::Database> Open() {
    return std::move(*store::Database::Open(folder_.File("hub.db")));
  }
  http::Response Ask(const std::string& method, const std::string& path,
                     const std::string& body = {}) {
    http::Request request;
    request.method = method;
    request.path = path;
    request.body = body;
    return router_.Handle(request).response;
  }
  // A 2xx answer that fits its schema.
  json Fits(const http::Response& response, int status, const std::string& schema) {
    EXPECT_EQ(response.status, status) << response.body;
    const json body = json::parse(response.body);
    const json wanted = {{"$ref", "#/components/schemas/" + schema}};
    EXPECT_EQ(Mismatch(wanted, body, document_, schema), "");
    return body;
  }
  json Start(const std::string& more = "") {
    return Fits(Ask("POST", "/api/v1/rollouts", R"({"target":"models/pump/2.tar")" + more + "}"),
                201, "RolloutDetail");
  }
  json Change(const std::string& id, const std::string& action, const std::string& body = {}) {
    return Fits(Ask("POST", "/api/v1/rollouts/" + id + "/" + action, body), 200, "RolloutDetail");
  }
  int StatusOf(const std::string& path, const std::string& body = {}) {
    return Ask("POST", "/api/v1/rollouts" + path, body).status;
  }

  store::TestFolder folder_;
  os::FakeClock clock_;
  os::FakeFiles files_;
  Releases releases_{files_, "/repo"};
  std::vector<std::string> changed_;
  Zones zones_{files_};
  std::optional<Maintenance> maintenance_;
  std::unique_ptr<Rollouts> rollouts_;
  std::unique_ptr<Schedules> schedules_;
  std::unique_ptr<store::ReaderPool> readers_;
  std::optional<ApiContext> context_;
  http::Router router_;
  const json document_ = json::parse(OpenApiDocument());
};

TEST_F(RolloutRoutesTest, ReleasesAreListed) {
  const json answer = Fits(Ask("GET", "/api/v1/releases"), 200, "Releases");
  ASSERT_EQ(answer["releases"].size(), 1U);
  EXPECT_EQ(answer["releases"][0]["target"], "models/pump/2.tar");
  EXPECT_EQ(answer["releases"][0]["kind"], "model");
  EXPECT_TRUE(answer["faults"].empty());
}

TEST_F(RolloutRoutesTest, OneIsStartedListedShownPausedResumedAndReversed) {
  const std::string id = Start(R"(,"policy":{"waves":[0.25,1]})")["id"];
  EXPECT_EQ(changed_, std::vector<std::string>{id});
  const json list = Fits(Ask("GET", "/api/v1/rollouts"), 200, "Rollouts");
  EXPECT_EQ(list["rollouts"][0]["counts"]["queued"], 1);
  EXPECT_EQ(list["rollouts"][0]["counts"]["waiting"], 3);
  EXPECT_EQ(list["rollouts"][0]["waves"], 2);
  const json shown = Fits(Ask("GET", "/api/v1/rollouts/" + id), 200, "RolloutDetail");
  EXPECT_EQ(shown["members"].size(), 4U);
  EXPECT_EQ(shown["created_by"], "api");
  EXPECT_EQ(shown["log"][0]["what"], "rollout started");
  EXPECT_EQ(Change(id, "pause")["state"], "paused");
  EXPECT_EQ(Change(id, "resume")["state"], "running");
  EXPECT_EQ(Change(id, "reverse", R"({"why":"it hums"})")["state"], "reversing");
  EXPECT_EQ(Fits(Ask("GET", "/api/v1/rollouts/" + id), 200, "RolloutDetail")["reason"], "it hums");
}

TEST_F(RolloutRoutesTest, TellsHowTrialsWent) {
  const std::string id = Start()["id"];
  const std::string path = "/api/v1/rollouts/" + id + "/trials";
  EXPECT_TRUE(Fits(Ask("GET", path), 200, "Trials")["trials"].empty());
  const auto database = Open();
  ASSERT_TRUE(SaveTrialPoint(*database, id, "gw-1",
                             {.phase = "shadow",
                              .windows = 12,
                              .at = clock_.Utc(),
                              .confidence_change = -0.01,
                              .log10_e = 0.5,
                              .log10_limit = 3.6}));
  const json trials = Fits(Ask("GET", path), 200, "Trials")["trials"];
  ASSERT_EQ(trials.size(), 1U);
  EXPECT_EQ(trials[0]["device"], "gw-1");
  EXPECT_EQ(trials[0]["points"][0]["log10_limit"], 3.6);
  EXPECT_EQ(Ask("GET", "/api/v1/rollouts/none/trials").status, 404);
}

TEST_F(RolloutRoutesTest, ADryRunShowsTheWavesAndStartsNothing) {
  const json view = Fits(Ask("POST", "/api/v1/rollouts",
                             R"({"target":"models/pump/2.tar","sites":["birch"],"dry_run":true})"),
                         200, "RolloutDetail");
  EXPECT_EQ(view["members"].size(), 2U);
  EXPECT_EQ(view["counts"]["waiting"], 2);
  EXPECT_TRUE(Fits(Ask("GET", "/api/v1/rollouts"), 200, "Rollouts")["rollouts"].empty());
}

TEST_F(RolloutRoutesTest, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "body"},
      {"[]", "body"},
      {"{}", "target"},
      {R"({"target":"models/pump/2.tar","polcy":{}})", "polcy"},
      {R"({"target":"models/pump/2.tar","policy":{"waves":[2]}})", "policy.waves"},
      {R"({"target":"models/pump/2.tar","sites":"birch"})", "sites"},
      {R"({"target":"models/pump/2.tar","dry_run":1})", "dry_run"},
  };
  for (const auto& [body, word] : cases) {
    const http::Response response = Ask("POST", "/api/v1/rollouts", body);
    EXPECT_EQ(response.status, 400) << body;
    const std::string want = std::string(body).empty() ? "target" : word;
    EXPECT_NE(response.body.find(want), std::string::npos) << response.body;
  }
  EXPECT_EQ(StatusOf("", R"({"target":"models/none/1.tar"})"), 404);
  EXPECT_EQ(StatusOf("/r-none/pause"), 404);
  EXPECT_EQ(Ask("GET", "/api/v1/rollouts/r-none").status, 404);
}

TEST_F(RolloutRoutesTest, AScheduleIsMadePlannedPausedAndRemoved) {
  const json made =
      Fits(Ask("POST", "/api/v1/schedules",
               R"({"name":"monthly","line":"models/pump","first_day":"2030-01-31","at":"22:30"})"),
           200, "Schedule");
  EXPECT_EQ(made["every_days"], 30);
  EXPECT_EQ(made["next_ms"], 1'896'129'000'000) << "2030-01-31T22:30Z";
  const json plan = Fits(Ask("GET", "/api/v1/schedules/monthly/plan"), 200, "SchedulePlan");
  EXPECT_EQ(plan["outcome"], "started");
  EXPECT_EQ(plan["rollout"]["members"].size(), 4U);
  EXPECT_EQ(plan["rollout"]["members"][0]["offered_from_ms"], made["next_ms"]);
  json list = Fits(Ask("POST", "/api/v1/schedules/monthly/pause"), 200, "Schedules");
  EXPECT_EQ(list["schedules"][0]["paused"], true);
  EXPECT_EQ(Ask("POST", "/api/v1/schedules/monthly/pause").status, 409);
  list = Fits(Ask("POST", "/api/v1/schedules/monthly/remove"), 200, "Schedules");
  EXPECT_TRUE(list["schedules"].empty());
  EXPECT_EQ(Ask("GET", "/api/v1/schedules/monthly/plan").status, 404);
  EXPECT_EQ(Ask("POST", "/api/v1/schedules", R"({"name":"a"})").status, 400);
}

TEST_F(RolloutRoutesTest, ASitesWindowsHoldItsGatewaysBack) {
  const std::string path = "/api/v1/maintenance/birch";
  json sites =
      Fits(Ask("POST", path,
               R"({"zone":"UTC","windows":[{"days":["mon"],"from":"22:00","to":"04:00"}]})"),
           200, "MaintenanceSites");
  EXPECT_EQ(sites["sites"][0]["open"], false) << "the clock stands on a Friday";
  const json detail = Start(R"(,"policy":{"waves":[1]})");
  for (const json& member : detail["members"])
    EXPECT_EQ(member["offered_from_ms"].is_null(), member["site"] == "alder");
  EXPECT_EQ(detail["members"][3]["offered_from_ms"], sites["sites"][0]["changes_ms"]);
  sites = Fits(Ask("POST", path, R"({"zone":"UTC","windows":[]})"), 200, "MaintenanceSites");
  EXPECT_TRUE(sites["sites"].empty());
  EXPECT_EQ(Ask("POST", path, R"({"zone":"Nowhere","windows":[]})").status, 400);
  EXPECT_EQ(Ask("POST", path, R"({"zone":"UTC"})").status, 400);
}

TEST_F(RolloutRoutesTest, WhatItsStateForbidsIsAConflict) {
  const std::string id = Start()["id"];
  EXPECT_EQ(StatusOf("", R"({"target":"models/pump/2.tar"})"), 409) << "one of a line at a time";
  EXPECT_EQ(StatusOf("/" + id + "/resume"), 409);
  EXPECT_EQ(StatusOf("/" + id + "/approve"), 409);
  EXPECT_EQ(Change(id, "abort")["state"], "aborted");
  EXPECT_EQ(StatusOf("/" + id + "/abort"), 409);
}

TEST_F(RolloutRoutesTest, AHubThatDeliversNothingSaysSo) {
  http::Router router;
  AddRolloutRoutes(router, *context_, nullptr);
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/rollouts";
  request.body = R"({"target":"models/pump/2.tar"})";
  const http::Response refused = router.Handle(request).response;
  EXPECT_EQ(refused.status, 409);
  EXPECT_NE(refused.body.find("delivery.repository"), std::string::npos);
}

}  // namespace
}  // namespace millwright::hub
