// For tests: a notifier on a real SQLite file, a clock ticked by hand, a sender that remembers.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "hub/notify/notifier.h"
#include "store/migrations.h"
#include "store/test_folder.h"
#include "zone/test_zones.h"

namespace millwright::hub::notify {

inline constexpr Nanos kMinute = 60 * kSecond;
inline constexpr Nanos kHour = 60 * kMinute;

class FakeSender : public Sender {
 public:
  struct Sent {
    std::string to, body, id, signature;
  };
  Outcome Mail(const std::string& to, const std::string& mime) override {
    return Take({to, mime, "", ""});
  }
  Outcome Webhook(const Post& post) override {
    return Take({post.url, post.body, post.id, post.signature});
  }
  std::vector<Sent> sent;       // what was taken
  std::vector<Sent> tried;      // all
  std::deque<Outcome> answers;  // of the next attempts; then all are taken
  std::string down;             // this receiver does not answer

 private:
  Outcome Take(Sent one) {
    tried.push_back(one);
    Outcome outcome;
    if (one.to == down) outcome = {Outcome::What::kAgain, "no answer"};
    if (!answers.empty()) {
      outcome = answers.front();
      answers.pop_front();
    }
    if (outcome.what == Outcome::What::kSent) sent.push_back(std::move(one));
    return outcome;
  }
};

inline Route EmailRoute(const std::string& name) {
  return {.name = name,
          .kinds = {Kind::kRaised, Kind::kWorse, Kind::kGateway, Kind::kRollout},
          .emails = {name + "@plant.example"},
          .group = 0};
}

inline Route WebhookRoute(const std::string& name) {
  Route route = EmailRoute(name);
  route.emails.clear();
  route.webhook = "https://" + name + ".example/hook";
  route.secret_file = "/secret";
  return route;
}

class NotifyWorld {
 public:
  explicit NotifyWorld(std::vector<Route> routes) {
    options.smtp = {.host = "localhost", .from = "hub@plant.example"};
    options.routes = std::move(routes);
    EXPECT_TRUE(files_.WriteFast("/secret", os::AsBytes("a secret\n")));
    EXPECT_TRUE(files_.WriteFast("/usr/share/zoneinfo/Europe/Berlin",
                                 os::AsBytes(TestZoneFile(kBerlinRule))));
    database = Connect();
    EXPECT_TRUE(store::Migrate(*database));
    Boot();
  }
  /// A new notifier, as after a kill.
  void Boot() {
    auto made = Notifier::Make({.database = Connect(),
                                .options = options,
                                .files = files_,
                                .zones = zones_,
                                .sender = sender,
                                .clock = clock});
    ASSERT_TRUE(made) << made.error().what;
    notifier = std::move(*made);
  }
  /// Steps each second of `length`.
  void Run(Nanos length, Nanos step = kSecond) {
    for (const Nanos end = clock.Utc() + length; clock.Utc() < end; clock.Advance(step))
      notifier->Step();
    notifier->Step();
  }
  void Sql(std::string_view sql, store::Values values = {}) {
    const auto done = database->Run(sql, values);
    ASSERT_TRUE(done) << done.error().what;
  }
  void Alarm(const std::string& key, Level level, const std::string& cause = "",
             const std::string& site = "alder") {
    Sql("INSERT INTO alarms (device, alarm_key, site, area, asset, level, fault, action, score, "
        "model_name, model_hash, cause_id, speed_hz, steady, decision_ms, raised_ns, updated_ns, "
        "cleared_ns, arrived_ns, evidence_ns, evidence_epoch, evidence_lane, evidence_seq) VALUES "
        "('gw-1', $1, $2, 'hall', 'P-1', $3, 'outer_race', 'grease it', 0.9, '', '', $4, 0, 0, 0, "
        "$5, $5, NULL, $5, 0, 0, 0, 0)",
        {key, site, static_cast<int64_t>(level), cause, clock.Utc()});
  }
  [[nodiscard]] std::vector<Delivery> All() { return *LoadDeliveries(*database, 1000); }
  [[nodiscard]] std::unique_ptr<store::Database> Connect() {
    return std::move(*store::Database::Open(folder_.File("hub.db")));
  }

  os::FakeClock clock{*ParseUtc("2026-11-24T11:00:00Z")};  // noon in Berlin
  FakeSender sender;
  Options options;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Notifier> notifier;

 private:
  store::TestFolder folder_;
  os::FakeFiles files_;
  Zones zones_{files_};
};

}  // namespace millwright::hub::notify
