#include "hub/defender/defender.h"

#include <gtest/gtest.h>

#include "hub/defender/defender_link.h"
#include "mqtt/fake.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

constexpr const char* kFewBytes =
    R"({"behaviors":[{"name":"bytes","metric":"aws:all-bytes-out","criteria":{)"
    R"("comparisonOperator":"less-than","value":{"count":100}}}]})";

class DefenderTest : public testing::Test {
 protected:
  DefenderTest() { Open(); }

  std::unique_ptr<store::Database> Connection() {
    auto database = store::Database::Open(folder_.File("hub.db"));
    EXPECT_TRUE(database) << database.error().what;
    EXPECT_TRUE(store::Migrate(**database));
    return std::move(*database);
  }
  void Open(DefenderOptions options = {}) {
    defender_.reset();
    defender_ = std::make_unique<Defender>(Connection(), clock_, options);
    ASSERT_TRUE(defender_->Load());
  }
  void Watch(const std::string& target = "all/things") {
    ASSERT_TRUE(defender_->CreateProfile({.name = "quiet", .body = kFewBytes}));
    ASSERT_TRUE(defender_->Attach("quiet", target));
  }
  /// What the device is told.
  ReportAnswer Report(const std::string& thing, int64_t bytes_out) {
    defender::Report report{.id = ++report_id_};
    report.network = {.bytes_out = bytes_out};
    const auto payload = WriteReport(report, defender::Encoding::kCbor);
    clock_.Advance(300 * kSecond);
    const IncomingReport one{
        .thing = thing, .encoding = defender::Encoding::kCbor, .payload = payload};
    auto answers = defender_->TakeReports(std::span(&one, 1));
    EXPECT_TRUE(answers) << answers.error().what;
    return answers ? answers->at(0) : ReportAnswer();
  }
  std::vector<Violation> Active() {
    std::vector<Violation> out;
    EXPECT_TRUE(defender_->Ask([&](store::Database& database) -> Result<void> {
      MW_TRY(auto page, ListActive(database, {}));
      out = std::move(page.items);
      return {};
    }));
    return out;
  }
  std::vector<ViolationEvent> Events() {
    std::vector<ViolationEvent> out;
    EXPECT_TRUE(defender_->Ask([&](store::Database& database) -> Result<void> {
      MW_TRY(auto page, ListEvents(database, {}, 0, INT64_MAX));
      out = std::move(page.items);
      return {};
    }));
    return out;
  }

  store::TestFolder folder_;
  os::FakeClock clock_;
  std::unique_ptr<Defender> defender_;
  int64_t report_id_ = 1000;
};

TEST_F(DefenderTest, KeepsAReportsValuesAndAnswersAccepted) {
  const ReportAnswer answer = Report("gw-1", 7);
  EXPECT_TRUE(answer.accepted);
  const auto values = defender_->MetricValues("gw-1", "aws:all-bytes-out", 0, INT64_MAX, "", 10);
  ASSERT_TRUE(values);
  ASSERT_EQ(values->items.size(), 1U);
  EXPECT_EQ(values->items[0].value.number, 7);
}

TEST_F(DefenderTest, PagesThroughMetricValuesWithoutLossOrRepetition) {
  for (int i = 0; i < 7; ++i) (void)Report("gw-1", i);
  std::vector<double> seen;
  std::string next;
  do {
    const auto page = defender_->MetricValues("gw-1", "aws:all-bytes-out", 0, INT64_MAX, next, 3);
    ASSERT_TRUE(page);
    for (const MetricDatum& datum : page->items) seen.push_back(datum.value.number);
    next = page->next;
  } while (!next.empty());
  EXPECT_EQ(seen, (std::vector<double>{6, 5, 4, 3, 2, 1, 0}));
}

TEST_F(DefenderTest, AViolationBeginsAndEndsInTheStore) {
  Watch();
  (void)Report("gw-1", 7);
  EXPECT_TRUE(Active().empty());
  (void)Report("gw-1", 700);
  ASSERT_EQ(Active().size(), 1U);
  EXPECT_EQ(Active()[0].thing, "gw-1");
  EXPECT_EQ(Active()[0].value, R"({"count":700})");
  (void)Report("gw-1", 7);
  EXPECT_TRUE(Active().empty());
  ASSERT_EQ(Events().size(), 2U);
  EXPECT_EQ(Events()[0].type, "in-alarm");
  EXPECT_EQ(Events()[1].type, "alarm-cleared");
}

TEST_F(DefenderTest, ARestartForgetsNoViolationAndTellsNoneTwice) {
  Watch();
  (void)Report("gw-1", 700);
  Open();
  (void)Report("gw-1", 700);
  EXPECT_EQ(Active().size(), 1U);
  EXPECT_EQ(Events().size(), 1U);
  (void)Report("gw-1", 7);
  EXPECT_TRUE(Active().empty());
}

TEST_F(DefenderTest, AProfileIsForItsTargetsOnly) {
  const auto database = Connection();
  ASSERT_TRUE(
      database->Run("INSERT INTO devices (device, site, online, online_since_ns,"
                    " last_seen_ns, version, model_name, model_hash, health_ns, health)"
                    " VALUES ('gw-1', 'alder', 1, 0, 0, '', '', '', 0, '')",
                    {}));
  struct Case {
    const char *target, *in, *out;
  };
  const Case cases[] = {{"all/registered-things", "gw-1", "gw-9"},
                        {"all/unregistered-things", "gw-9", "gw-1"},
                        {"thinggroup/plant:alder", "gw-1", "gw-9"},
                        {"thinggroup/thing:gw-9", "gw-9", "gw-1"}};
  ASSERT_TRUE(defender_->CreateProfile({.name = "quiet", .body = kFewBytes}));
  for (const Case& c : cases) {
    ASSERT_TRUE(defender_->Attach("quiet", c.target));
    (void)Report(c.in, 700);
    (void)Report(c.out, 700);
    ASSERT_EQ(Active().size(), 1U) << c.target;
    EXPECT_EQ(Active()[0].thing, c.in);
    (void)Report(c.in, 7);
    ASSERT_TRUE(defender_->Detach("quiet", c.target));
  }
}

TEST_F(DefenderTest, RefusesMalformedReportsAndTooManyOfThem) {
  const std::string text = R"({"header":{}})";
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  const IncomingReport one{.thing = "gw-1", .payload = bytes};
  const auto answers = defender_->TakeReports(std::span(&one, 1));
  ASSERT_TRUE(answers);
  EXPECT_FALSE(answers->at(0).accepted);
  EXPECT_EQ(defender_->counts().malformed, 1U);
  EXPECT_TRUE(Report("gw-1", 1).accepted);
  clock_.Advance(-299 * kSecond);
  EXPECT_FALSE(Report("gw-1", 1).accepted) << "a second after the one before";
  EXPECT_EQ(defender_->counts().throttled, 1U);
}

TEST_F(DefenderTest, TheSameReportTwiceIsJudgedOnce) {
  Watch();
  (void)Report("gw-1", 700);
  --report_id_;
  EXPECT_TRUE(Report("gw-1", 7).accepted);
  EXPECT_EQ(Active().size(), 1U) << "the report was known: its other values do not count";
}

TEST_F(DefenderTest, AProfileThatGoesEndsItsViolations) {
  Watch();
  (void)Report("gw-1", 700);
  ASSERT_TRUE(defender_->DeleteProfile("quiet", std::nullopt));
  EXPECT_TRUE(Active().empty());
  EXPECT_EQ(Events().back().type, "alarm-invalidated");
  (void)Report("gw-1", 700);
  EXPECT_TRUE(Active().empty());
}

TEST_F(DefenderTest, ProfilesHaveVersionsAndAreCheckedBeforeTheyAreKept) {
  Watch();
  EXPECT_EQ(defender_->CreateProfile({.name = "quiet", .body = kFewBytes}).error().code,
            Errc::kConflict);
  EXPECT_EQ(defender_->UpdateProfile({.name = "quiet", .body = kFewBytes}, 7).error().code,
            Errc::kConflict);
  EXPECT_EQ(defender_->UpdateProfile({.name = "quiet", .body = kFewBytes}, 1)->version, 2);
  EXPECT_EQ(defender_->CreateProfile({.name = "x", .body = R"({"behaviors":[{}]})"}).error().code,
            Errc::kInvalid);
  EXPECT_EQ(defender_->Attach("nobody", "all/things").error().code, Errc::kNotFound);
}

TEST_F(DefenderTest, LetsOldReportsGoByAgeAndByNumber) {
  Open({.reports_kept = 3600 * kSecond});
  (void)Report("gw-1", 1);
  clock_.Advance(7200 * kSecond);
  (void)Report("gw-1", 2);
  ASSERT_TRUE(defender_->Step());
  EXPECT_EQ(
      defender_->MetricValues("gw-1", "aws:all-bytes-out", 0, INT64_MAX, "", 10)->items.size(), 1U);
  Open({.reports_max = 3});
  for (int i = 0; i < 6; ++i) (void)Report("gw-2", i);
  ASSERT_TRUE(defender_->Step());
  EXPECT_LE(
      defender_->MetricValues("gw-2", "aws:all-bytes-out", 0, INT64_MAX, "", 10)->items.size(), 3U);
}

TEST_F(DefenderTest, PeopleSayWhatAViolationWas) {
  Watch();
  (void)Report("gw-1", 700);
  const std::string id = Active()[0].id;
  const auto verify = [&](const std::string& state, const std::string& note) {
    return defender_->Change(
        [&](store::Database& database) { return Verify(database, id, state, note); });
  };
  EXPECT_TRUE(verify("BENIGN_POSITIVE", "an update ran"));
  EXPECT_EQ(Active()[0].verification, "BENIGN_POSITIVE");
  EXPECT_FALSE(verify("MAYBE", ""));
  EXPECT_FALSE(verify("UNKNOWN", std::string(1001, 'x')));
}

TEST_F(DefenderTest, AnswersOnTheTopicsOfAws) {
  mqtt::FakeBroker broker;
  const auto client = broker.MakeClient({.client_id = "hub"});
  DefenderLink link(*client, *defender_, "$aws/things");
  ASSERT_TRUE(link.Start());
  struct Device : mqtt::Listener {
    void OnMessage(const mqtt::Message& message) override { topics.emplace_back(message.topic); }
    std::vector<std::string> topics;
  } device;
  const auto peer = broker.MakeClient({.client_id = "gw-1"});
  ASSERT_TRUE(peer->Subscribe("$aws/things/gw-1/defender/metrics/+/+", 1));
  ASSERT_TRUE(peer->Start(device));
  peer->Poll(0);
  link.Step(0);
  broker.Publish("$aws/things/gw-1/defender/metrics/json",
                 R"({"hed":{"rid":1,"v":"1.0"},"met":{}})");
  broker.Publish("$aws/things/gw-1/defender/metrics/json", "{");
  broker.Publish("$aws/things/gw-1/defender/metrics/cbor", "{");
  for (int i = 0; i < 4; ++i) link.Step(0), peer->Poll(0);
  EXPECT_EQ(device.topics,
            (std::vector<std::string>{"$aws/things/gw-1/defender/metrics/json/accepted",
                                      "$aws/things/gw-1/defender/metrics/json/rejected",
                                      "$aws/things/gw-1/defender/metrics/cbor/rejected"}));
}

}  // namespace
}  // namespace millwright::hub
