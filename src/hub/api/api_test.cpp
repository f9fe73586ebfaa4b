// Every route answers as openapi.json says, over a database that a device has filled.
#include <gtest/gtest.h>

#include <set>

#include "http/router.h"
#include "hub/api/alarm_routes.h"
#include "hub/api/board.h"
#include "hub/api/device_routes.h"
#include "hub/api/event_routes.h"
#include "hub/api/identity_routes.h"
#include "hub/api/label_routes.h"
#include "hub/api/live.h"
#include "hub/api/machine_routes.h"
#include "hub/api/notify_routes.h"
#include "hub/api/openapi.h"
#include "hub/api/retrain_routes.h"
#include "hub/api/rollout_routes.h"
#include "hub/api/schedule_routes.h"
#include "hub/api/schema_check.h"
#include "hub/api/series.h"
#include "hub/api/system_routes.h"
#include "hub/ingest/test_hub.h"

namespace millwright::hub {
namespace {

using nlohmann::json;

class ApiTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(hub_.Boot());
    auto pool = store::ReaderPool::Open(hub_.path(), 2);
    ASSERT_TRUE(pool);
    readers_ = std::move(*pool);
    context_ = std::make_unique<ApiContext>(ApiContext{*readers_, hub_.clock, {}, "1"});
    AddBoardRoutes(router_, *context_, board_);
    AddMachineRoutes(router_, *context_);
    AddSeriesRoute(router_, *context_);
    AddAlarmRoutes(router_, *context_);
    AddDeviceRoutes(router_, *context_);
    AddRolloutRoutes(router_, *context_, nullptr);
    AddSchedules();
    AddNotify();
    AddRetrains();
    AddEventRoutes(router_, *context_);
    AddStreamRoute(router_, *context_);
    AddSystemRoutes(router_, *context_, hub_.registry, [] { return std::vector<std::string>(); });
    AddIdentity();
    labels_ = std::make_unique<Labels>(std::move(*store::Database::Open(hub_.path())), hub_.clock);
    AddInboxRoutes(router_, *context_);
    const LabelParts parts{
        .labels = *labels_, .feed = hub_.feed, .may_judge = {}, .on_verdict = {}};
    AddLabelRoutes(router_, parts);
    AddServiceRoutes(router_, *context_, parts);
    SetConsole(router_);
    document_ = json::parse(OpenApiDocument());
  }

  // Of a hub whose repository is empty.
  void AddSchedules() {
    const auto open = [&] { return std::move(*store::Database::Open(hub_.path())); };
    rollouts_ = std::make_unique<Rollouts>(open(), releases_, hub_.clock);
    schedules_ = std::make_unique<Schedules>(open(), *rollouts_, zones_, hub_.clock);
    maintenance_ = std::make_unique<Maintenance>(open(), zones_, hub_.clock);
    ASSERT_TRUE(schedules_->Set({.name = "monthly", .line = "models/pump"}, "test"));
    ASSERT_TRUE(maintenance_->Set(
        {.site = "alder", .windows = {{.days = 1, .from_min = 60, .to_min = 120}}}, "test"));
    AddScheduleRoutes(router_, *context_, schedules_.get());
    AddMaintenanceRoutes(router_, *context_, maintenance_.get());
  }

  // Of a hub that was asked for one job and has begun it.
  void AddRetrains() {
    retrains_ = std::make_unique<retrain::Retrains>(std::move(*store::Database::Open(hub_.path())),
                                                    hub_.clock);
    auto job = retrains_->Ask(retrain::kCausePerson, "ana", "the pumps were rebuilt");
    ASSERT_TRUE(job);
    retrain_id_ = job->id;
    job->state = retrain::State::kWaiting;
    job->figures =
        R"({"live_error":0.1,"candidate_error":0.05,"t2_error":0.2,"rms_error":0.2,)"
        R"("always_error":0.5,"runs":2,"runs_better":2,"runs_worse":0,"events_total":2})";
    ASSERT_TRUE(retrains_->Save(*job));
    AddRetrainRoutes(router_, *context_, retrains_.get(), {});
  }

  // Of a hub with one route, along which a test was asked for.
  void AddNotify() {
    notify::Options options;
    options.smtp = {.host = "localhost", .from = "hub@plant.example"};
    options.routes = {{.name = "crew", .emails = {"ana@plant.example"}}};
    auto sender = notify::MakeSender(options, files_);
    ASSERT_TRUE(sender);
    sender_ = std::move(*sender);
    auto notifier =
        notify::Notifier::Make({.database = std::move(*store::Database::Open(hub_.path())),
                                .options = options,
                                .files = files_,
                                .zones = zones_,
                                .sender = *sender_,
                                .clock = hub_.clock});
    ASSERT_TRUE(notifier);
    notifier_ = std::move(*notifier);
    ASSERT_TRUE(notifier_->Test("crew", "ana"));
    AddNotifyRoutes(router_, *context_, notifier_.get());
  }

  void AddIdentity() {
    const auto open = [&] { return std::move(*store::Database::Open(hub_.path())); };
    const auto authority = crypto::Authority::Make({.name = "fleet",
                                                    .purpose = crypto::Purpose::kAuthority,
                                                    .until = hub_.clock.Utc() + 100 * kDay});
    enrolment_ = std::make_unique<Enrolment>(open(), *authority, hub_.clock);
    access_ = std::make_unique<Access>(open(), hub_.clock);
    const auto request = crypto::CertificateRequest::Make(authority->key());
    const auto token = enrolment_->MakeToken({.device = "gw-1", .who = "test"});
    ASSERT_TRUE(enrolment_->Enrol(token->secret, request->Pem()));
    ASSERT_TRUE(access_->Add({.name = "ana", .role = Role::kAdmin, .who = "test"}));
    people_ = std::make_unique<People>(open(), hub_.clock);
    ASSERT_TRUE(people_->Add({.name = "ben",
                              .password = "a long enough word",
                              .roles = {{"alder", Role::kOperator}},
                              .who = "test"}));
    const IdentityParts parts{.enrolment = enrolment_.get(),
                              .access = access_.get(),
                              .people = people_.get(),
                              .failures = *failures_};
    AddEnrolmentRoutes(router_, parts);
    AddAccessRoutes(router_, parts);
    AddPeopleRoutes(router_, parts);
  }

  // A running machine with an open alarm, a spectrum, a gap and a change of state.
  void Fill() {
    hub_.SendRaw("mw/v1/gw-1/status", R"({"online":true,"site":"alder","version":"1"})");
    std::vector<wire::Event> health;
    wire::Event info = EventAt(1, 1, kTestStart);
    info.mutable_asset_info()->set_asset("P-1");
    info.mutable_asset_info()->set_area("hall");
    info.mutable_asset_info()->set_name("Pump 1");
    info.mutable_asset_info()->add_classes("healthy");
    info.mutable_asset_info()->add_classes("outer_race");
    auto* channel = info.mutable_asset_info()->add_channels();
    channel->set_name("vib");
    health.push_back(info);
    wire::Event report = EventAt(1, 2, kTestStart);
    report.mutable_health()->set_model_hash("abc");
    health.push_back(report);
    wire::Event state = EventAt(1, 3, kTestStart - kSecond);
    state.mutable_state()->set_asset("P-1");
    state.mutable_state()->set_from(wire::STATE_LEARNING);
    state.mutable_state()->set_to(wire::STATE_RUNNING);
    health.push_back(state);
    wire::Event gap = EventAt(1, 4, kTestStart);
    gap.mutable_gap()->set_asset("P-1");
    gap.mutable_gap()->set_channel("vib");
    gap.mutable_gap()->set_from_ns(kTestStart - 5 * kSecond);
    gap.mutable_gap()->set_to_ns(kTestStart - 4 * kSecond);
    gap.mutable_gap()->set_cause("not_received");
    health.push_back(gap);
    hub_.Send(BatchOf(health));
    wire::Event spectrum = EventAt(3, 1, kTestStart);
    spectrum.mutable_spectrum()->set_asset("P-1");
    spectrum.mutable_spectrum()->set_channel("vib");
    spectrum.mutable_spectrum()->set_kind(wire::Spectrum::ENVELOPE);
    spectrum.mutable_spectrum()->add_values(1.5f);
    wire::Event features = FeaturesEvent(1, kTestStart, 3, 0.9f);
    features.mutable_features()->add_coverage()->set_channel("vib");
    hub_.Send(BatchOf({features, spectrum}), "telemetry");
    hub_.Send(BatchOf({AlarmEvent(1, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT)}));
    hub_.Send(BatchOf({AlarmEvent(2, kTestStart, wire::Alarm::RAISED, wire::LEVEL_ACT, "P-1-2")}));
    const AlarmRef judged{.device = "gw-1", .key = "P-1-2"};
    ASSERT_TRUE(labels_->Judge({.act = {.id = "act-00001", .who = "ana"},
                                .alarms = {judged},
                                .state = VerificationState::kTruePositive,
                                .fault = "outer_race"}));
    ASSERT_TRUE(labels_->Shelve({.act = {.id = "act-00002", .who = "ana"}, .alarms = {judged}}));
    ASSERT_TRUE(labels_->Ask({.act = {.id = "act-00003", .who = "ben"}, .alarms = {judged}}));
    AddRollout();
  }

  // A rollout that has been; the ways to one are rollout_routes_test.cpp's.
  void AddRollout() {
    store::Database& database = *hub_.database;
    ASSERT_TRUE(database.Run(
        "INSERT INTO rollouts (id, target, pack_sha256, digest, name, version, line, release_no, "
        "state, wave, wave_ns, policy, reason, created_ns, created_by) VALUES ('r-1', 'm/1.tar', "
        "'aa', 'bb', 'pump', '2', 'm', 1, 'halted', 0, 0, '{}', 'bad', 1, 'ana')",
        {}));
    ASSERT_TRUE(
        database.Run("INSERT INTO rollout_devices (rollout_id, device, site, wave) "
                     "VALUES ('r-1', 'gw-1', 'alder', 0)",
                     {}));
  }

  http::Response Get(const std::string& path, http::Pairs query = {}) {
    http::Request request;
    request.method = "GET";
    request.path = path;
    request.query = std::move(query);
    return router_.Handle(request).response;
  }
  json GetJson(const std::string& path, http::Pairs query = {}) {
    return json::parse(Get(path, std::move(query)).body);
  }
  json Machine() {
    hub_.clock.Advance(0);
    Board fresh;  // the cache of the route's own board would hide what time does
    const auto reader = readers_->Take();
    return json::parse(*fresh.Json(**reader, *context_))["sites"][0]["areas"][0]["machines"][0];
  }

  TestHub hub_;
  std::unique_ptr<store::ReaderPool> readers_;
  std::unique_ptr<ApiContext> context_;
  std::unique_ptr<Enrolment> enrolment_;
  std::unique_ptr<Access> access_;
  std::unique_ptr<People> people_;
  std::unique_ptr<FailureLimit> failures_ = std::make_unique<FailureLimit>(hub_.clock);
  Board board_;
  os::FakeFiles files_;
  Zones zones_{files_};
  Releases releases_{files_, "/repo"};
  std::unique_ptr<Rollouts> rollouts_;
  std::unique_ptr<Schedules> schedules_;
  std::unique_ptr<Maintenance> maintenance_;
  std::unique_ptr<Labels> labels_;
  std::unique_ptr<retrain::Retrains> retrains_;
  std::string retrain_id_;
  std::unique_ptr<notify::Sender> sender_;
  std::unique_ptr<notify::Notifier> notifier_;
  http::Router router_;
  json document_;
};

TEST_F(ApiTest, DocumentAndRoutesAreTheSame) {
  std::set<std::string> documented, routed;
  for (const auto& [path, item] : document_["paths"].items()) documented.insert(path);
  for (const auto& route : router_.Routes()) routed.insert(route.path);
  EXPECT_EQ(documented, routed);
}

TEST_F(ApiTest, OneGatewayComesWithItsOwnMachines) {
  Fill();
  ASSERT_TRUE(hub_.database->Run(
      "INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, "
      "classes, ts_ns, info) VALUES ('alder', 'P-9', 'a', 'P-9', 'gw-other', '', 0.5, '', 0, '')",
      {}));
  const json one = json::parse(Get("/api/v1/devices/gw-1").body);
  EXPECT_EQ(one["device"]["device"], "gw-1");
  EXPECT_EQ(one["device"]["machines"], one["machines"].size());
  ASSERT_FALSE(one["machines"].empty());
  for (const json& machine : one["machines"]) EXPECT_EQ(machine["device"], "gw-1");
  EXPECT_EQ(Get("/api/v1/devices/gw-none").status, 404);
}

TEST_F(ApiTest, EveryAnswerFitsItsSchemaEmptyAndFilled) {
  for (const bool filled : {false, true}) {
    if (filled) Fill();
    board_.Forget();
    for (const auto& [route, item] : document_["paths"].items()) {
      if (!item.contains("get")) continue;
      std::string path = route;
      const auto put = [&](const std::string& name, const std::string& value) {
        if (const size_t at = path.find(name); at != std::string::npos)
          path.replace(at, name.size(), value);
      };
      put("{site}", "alder");
      put("{asset}", "P-1");
      put("{name}", "monthly");
      put("{device}", "gw-1");
      if (route.find("retrains") != std::string::npos) put("{id}", retrain_id_);
      put("{id}", route.find("rollouts") == std::string::npos ? "gw-1~P-1-1" : "r-1");
      const http::Response response = Get(path);
      const json& responses = item["get"]["responses"];
      if (filled || path == route) {
        EXPECT_EQ(response.status, 200) << path << response.body;
      }
      const json& wanted = responses[response.status == 200 ? "200" : "default"]["content"];
      const json& content = wanted.begin().value();
      if (response.content_type.find("json") == std::string::npos) continue;
      EXPECT_EQ(Mismatch(content["schema"], json::parse(response.body), document_, path), "");
    }
  }
}

TEST_F(ApiTest, BadParametersAreNamed) {
  Fill();
  const std::pair<const char*, std::pair<const char*, const char*>> cases[] = {
      {"/api/v1/alarms", {"limit", "0"}},
      {"/api/v1/alarms", {"limit", "x"}},
      {"/api/v1/alarms", {"state", "odd"}},
      {"/api/v1/alarms", {"cursor", "odd"}},
      {"/api/v1/board", {"lmit", "1"}},
      {"/api/v1/events", {"after", "a~b~c~d"}},
      {"/api/v1/machines/alder/P-1/series", {"points", "5001"}},
      {"/api/v1/machines/alder/P-1/series", {"from_ms", "99999999999999"}},
      {"/api/v1/machines/alder/P-1/spectrum", {"kind", "odd"}}};
  for (const auto& [path, parameter] : cases) {
    const http::Response response = Get(path, {{parameter.first, parameter.second}});
    EXPECT_EQ(response.status, 400) << path;
    EXPECT_EQ(json::parse(response.body)["parameter"], parameter.first) << response.body;
  }
  EXPECT_EQ(Get("/api/v1/machines/alder/none").status, 404);
}

TEST_F(ApiTest, ARetrainingIsAskedForApprovedAndCancelled) {
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/retrains/" + retrain_id_ + "/approve";
  EXPECT_EQ(router_.Handle(request).response.status, 200);
  EXPECT_EQ(router_.Handle(request).response.status, 409);
  request.path = "/api/v1/retrains/" + retrain_id_ + "/cancel";
  EXPECT_EQ(router_.Handle(request).response.status, 200);
  request.path = "/api/v1/retrains";
  request.body = R"({"why": "drift"})";
  EXPECT_EQ(router_.Handle(request).response.status, 201);
  request.body = R"({"trigger": "drift"})";
  EXPECT_EQ(router_.Handle(request).response.status, 400);
  const json list = GetJson("/api/v1/retrains");
  EXPECT_EQ(list["retrains"][0]["state"], "queued");
  EXPECT_EQ(list["retrains"][1]["approved_by"], list["retrains"][1]["cancelled_by"]);
  EXPECT_EQ(list["retrains"][1]["figures"]["candidate_error"], 0.05);
  EXPECT_EQ(Get("/api/v1/retrains/..%2F..%2Fetc/log").status, 404);
}

TEST_F(ApiTest, ATestOfARouteIsQueuedAndListedWithItsServerAlone) {
  http::Request request;
  request.method = "POST";
  request.path = "/api/v1/notifications/test";
  request.body = R"({"route": "none"})";
  EXPECT_EQ(router_.Handle(request).response.status, 404);
  request.body = R"({"route": "crew"})";
  EXPECT_EQ(router_.Handle(request).response.status, 202);
  const json list = GetJson("/api/v1/notifications");
  EXPECT_EQ(list["waiting"], 2);
  EXPECT_EQ(list["notifications"][0]["state"], "queued");
  EXPECT_EQ(list["notifications"][0]["words"], "Test of route crew");
  EXPECT_EQ(notify::ShownUrl("https://chat.example/hooks/secret?x=1"), "https://chat.example");
}

TEST_F(ApiTest, StaleMachineIsNeverShownAsItWas) {
  Fill();
  EXPECT_EQ(Machine()["shown"], "act");
  hub_.clock.Advance(6 * kSecond + 1);
  json machine = Machine();
  EXPECT_EQ(machine["shown"], "unknown");
  EXPECT_EQ(machine["was"], "act");
  EXPECT_EQ(machine["current"], false);
}

TEST_F(ApiTest, OfflineDeviceMakesItsMachinesUnknownAtOnceAndTheLinkLost) {
  Fill();
  hub_.SendRaw("mw/v1/gw-1/status", R"({"online":false})");
  EXPECT_EQ(Machine()["shown"], "unknown");
  board_.Forget();
  EXPECT_EQ(GetJson("/api/v1/board")["sites"][0]["link"], "lost");
}

TEST_F(ApiTest, PagesOfEventsGiveEachOnce) {
  Fill();
  std::set<std::string> seen;
  http::Pairs query = {{"limit", "2"}};
  while (true) {
    const json page = GetJson("/api/v1/events", query);
    for (const json& event : page["events"])
      EXPECT_TRUE(seen.insert(event["lane"].get<std::string>() + event["seq"].dump()).second);
    if (!page["more"]) break;
    query = {{"limit", "2"}, {"after", page["next"]}};
  }
  EXPECT_EQ(seen.size(), 8u);
}

TEST_F(ApiTest, WindowGivesTheModelsOwnBytes) {
  Fill();
  EXPECT_EQ(Get("/api/v1/alarms/gw-1~P-1-1/window").body, "window");
}

TEST_F(ApiTest, SeriesPutsValuesWhereTheyWere) {
  Fill();
  const int64_t at = kTestStart / kMillisecond;
  const json series =
      GetJson("/api/v1/machines/alder/P-1/series", {{"from_ms", std::to_string(at - 5000)},
                                                    {"to_ms", std::to_string(at + 5000)},
                                                    {"points", "10"}});
  EXPECT_EQ(series["t_ms"].size(), 10u);
  EXPECT_EQ(series["state"][5], "running");
  EXPECT_TRUE(series["state"][4].is_null());
  EXPECT_EQ(series["gaps"].size(), 1u);
  const json minutes =
      GetJson("/api/v1/machines/alder/P-1/series", {{"from_ms", std::to_string(at - 86'400'000)},
                                                    {"to_ms", std::to_string(at + 60'000)},
                                                    {"signals", "score"}});
  EXPECT_EQ(minutes["series"].size(), 1u);
  EXPECT_EQ(minutes["state"].back(), "running");
}

}  // namespace
}  // namespace millwright::hub
