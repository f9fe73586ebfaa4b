#include "hub/notify/notifier.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "hub/notify/test_notify.h"

namespace millwright::hub::notify {
namespace {

using nlohmann::json;

TEST(NotifierTest, AnAlarmIsToldOnceOnEachRouteThatWantsIt) {
  Route other = EmailRoute("elsewhere");
  other.sites = {"birch"};
  Route high = EmailRoute("high");
  high.level_min = Level::kAct;
  NotifyWorld world({EmailRoute("crew"), WebhookRoute("chat"), other, high});
  world.Alarm("a", Level::kWarning);
  world.Run(kMinute);
  world.Boot();
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 2u);
  EXPECT_EQ(world.sender.sent[0].to, "crew@plant.example");
  EXPECT_EQ(world.sender.sent[1].to, "https://chat.example/hook");
  const json body = json::parse(world.sender.sent[1].body);
  EXPECT_EQ(body["id"], world.sender.sent[1].id);
  EXPECT_EQ(body["items"][0]["alarm"], "gw-1~a");
  EXPECT_EQ(body["level"], "warning");
}

TEST(NotifierTest, AnAlarmThatGetsWorseIsToldAgainAndOneThatFallsIsNot) {
  Route high = EmailRoute("high");
  high.level_min = Level::kAct;
  NotifyWorld world({EmailRoute("crew"), high});
  world.Alarm("a", Level::kWatch);
  world.Run(kSecond);
  for (const int level : {3, 1, 3, 2}) {
    world.Sql("UPDATE alarms SET level = $1", {level});
    world.Run(kSecond);
  }
  ASSERT_EQ(world.sender.sent.size(), 3u);
  EXPECT_EQ(world.All()[2].kind, "alarm_raised");
  EXPECT_EQ(world.All()[1].kind, "alarm_worse");
  EXPECT_EQ(world.All()[0].route, "high");
}

TEST(NotifierTest, WhatIsOldWhenItArrivesIsConsideredAndNotTold) {
  NotifyWorld world({EmailRoute("crew")});
  world.Alarm("a", Level::kAct);
  world.clock.Advance(25 * kHour);
  world.Run(kSecond);
  EXPECT_TRUE(world.All().empty());
  EXPECT_TRUE(LoadAlarmNews(*world.database, 10)->empty());
}

TEST(NotifierTest, ASilentGatewayIsToldOncePerSilence) {
  NotifyWorld world({EmailRoute("crew")});
  const auto hear = [&] {
    world.Sql(
        "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
        "model_name, model_hash, health_ns, health) VALUES ('gw-1', 'alder', 1, 0, $1, '', "
        "'', '', 0, $2) ON CONFLICT (device) DO UPDATE SET last_seen_ns = excluded.last_seen_ns",
        {world.clock.Utc(), store::Blob()});
  };
  hear();
  world.Run(4 * kMinute);
  EXPECT_TRUE(world.sender.sent.empty());
  world.Run(10 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
  hear();
  world.Run(10 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 2u);
  EXPECT_NE(world.sender.sent[1].body.find("Gateway gw-1 at alder is not heard"),
            std::string::npos);
}

TEST(NotifierTest, AHubThatWasOffGivesGatewaysTheirTime) {
  NotifyWorld world({EmailRoute("crew")});
  world.Sql(
      "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
      "model_name, model_hash, health_ns, health) VALUES ('gw-1', 'alder', 1, 0, $1, '', "
      "'', '', 0, $2)",
      {world.clock.Utc(), store::Blob()});
  world.clock.Advance(kHour);
  world.Boot();
  world.Run(4 * kMinute);
  EXPECT_TRUE(world.sender.sent.empty());
  world.Run(2 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
}

TEST(NotifierTest, ARolloutThatHaltedIsToldWhereItsGatewaysAre) {
  Route birch = EmailRoute("birch");
  birch.sites = {"birch"};
  Route alder = EmailRoute("alder");
  alder.sites = {"alder"};
  NotifyWorld world({birch, alder});
  world.Sql(
      "INSERT INTO rollouts (id, target, pack_sha256, digest, name, version, line, release_no, "
      "state, wave, wave_ns, policy, reason, created_ns, created_by, ended_ns) VALUES ('r-1', "
      "'m/1.tar', 'aa', 'bb', 'pump', '2', 'm', 1, 'halted', 0, 0, '{}', 'bad', 1, 'ana', $1)",
      {world.clock.Utc()});
  world.Sql(
      "INSERT INTO rollout_devices (rollout_id, device, site, wave) VALUES ('r-1', 'gw-1', "
      "'alder', 0)");
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 1u);
  EXPECT_EQ(world.sender.sent[0].to, "alder@plant.example");
  EXPECT_NE(world.sender.sent[0].body.find("Rollout r-1 of pump 2 halted"), std::string::npos);
}

TEST(NotifierTest, AlarmsOfOneCauseWithinTheTimeAreOneMessage) {
  Route route = EmailRoute("crew");
  route.group = 30 * kSecond;
  NotifyWorld world({route});
  world.Alarm("a", Level::kWatch, "c-1");
  world.Run(10 * kSecond);
  world.Alarm("b", Level::kAct, "c-1");
  world.Alarm("c", Level::kWatch, "c-2");
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 2u);
  const auto all = world.All();
  EXPECT_EQ(all[1].count, 2);
  EXPECT_EQ(all[1].level, Level::kAct);
  world.Alarm("d", Level::kWatch, "c-1");
  world.Run(kMinute);
  EXPECT_EQ(world.sender.sent.size(), 3u);
}

TEST(NotifierTest, AStormIsTenMessagesAndOneSummary) {
  NotifyWorld world({EmailRoute("crew")});
  for (int i = 0; i < 47; ++i) world.Alarm("a" + std::to_string(i), Level::kWatch);
  world.Run(9 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 10u);
  world.Run(2 * kMinute);
  ASSERT_EQ(world.sender.sent.size(), 11u);
  EXPECT_NE(world.sender.sent[10].body.find("and 37 more"), std::string::npos);
  world.Alarm("later", Level::kWatch);
  world.Run(kSecond);
  EXPECT_EQ(world.sender.sent.size(), 12u);
}

TEST(NotifierTest, QuietHoursHoldADigestAndActNowBreaksThem) {
  Route route = EmailRoute("crew");
  route.quiet = {.zone = "Europe/Berlin", .from_min = 22 * 60, .to_min = 6 * 60};
  NotifyWorld world({route});
  world.clock.Advance(11 * kHour);  // 23:00 in Berlin
  world.Alarm("a", Level::kWatch);
  world.Alarm("b", Level::kWarning);
  world.Alarm("c", Level::kAct);
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 1u);
  EXPECT_NE(world.sender.sent[0].body.find("Act now"), std::string::npos);
  world.Run(7 * kHour - 2 * kMinute, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
  world.Run(3 * kMinute);
  ASSERT_EQ(world.sender.sent.size(), 2u);
  EXPECT_NE(world.sender.sent[1].body.find("2 messages of the quiet hours"), std::string::npos);
}

TEST(NotifierTest, ActNowWaitsWhereItMayNotBreakQuietHours) {
  Route route = EmailRoute("crew");
  route.quiet = {.zone = "UTC", .from_min = 10 * 60, .to_min = 12 * 60};
  route.act_breaks_quiet = false;
  NotifyWorld world({route});
  world.Alarm("c", Level::kAct);
  world.Run(59 * kMinute, kMinute);
  EXPECT_TRUE(world.sender.sent.empty());
  world.Run(2 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
}

std::vector<Route> Escalating() {
  Route first = EmailRoute("crew");
  first.escalate_to = "boss";
  first.escalate_after = 30 * kMinute;
  Route second = EmailRoute("boss");
  second.only_escalations = true;
  return {first, second};
}

TEST(NotifierTest, WhatNobodyJudgesGoesToTheNextRouteOnce) {
  NotifyWorld world(Escalating());
  world.Alarm("a", Level::kWarning);
  world.Run(29 * kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
  world.Boot();
  world.Run(2 * kMinute);
  ASSERT_EQ(world.sender.sent.size(), 2u);
  EXPECT_EQ(world.sender.sent[1].to, "boss@plant.example");
  EXPECT_NE(world.sender.sent[1].body.find("Not judged on crew"), std::string::npos);
  world.Run(2 * kHour, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 2u);
}

TEST(NotifierTest, AVerdictOrTheEndOfTheAlarmStopsEscalation) {
  NotifyWorld world(Escalating());
  world.Alarm("judged", Level::kWarning);
  world.Alarm("over", Level::kWarning);
  world.Run(kSecond);
  ASSERT_TRUE(world.notifier->OnVerdict({.device = "gw-1", .alarm_key = "judged", .who = "ana"}));
  world.Sql("UPDATE alarms SET cleared_ns = 1 WHERE alarm_key = 'over'");
  world.Run(2 * kHour, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 2u);
  world.Sql("UPDATE alarms SET level = 3, updated_ns = $1 WHERE alarm_key = 'judged'",
            {world.clock.Utc()});
  world.Run(2 * kHour, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 4u) << "worse than what was judged: told, and escalated";
}

void Shelve(NotifyWorld& world, const std::string& key, Nanos until) {
  world.Sql(
      "INSERT INTO judgements (device, alarm_key, verdict, rating, fault, reason, note, who, "
      "at_ns, act, opinions, agreed, shelved_until_ns, shelved_by, asked_ns, asked_by, question) "
      "VALUES ('gw-1', $1, '', '', '', '', '', '', 0, '', 0, 1, $2, 'ana', 0, '', '')",
      {key, until});
}

TEST(NotifierTest, WhatIsShelvedEscalatesWhenThatEndsOrIsTakenBack) {
  NotifyWorld world(Escalating());
  world.Alarm("for hours", Level::kWarning);
  world.Alarm("for good", Level::kWarning, "other cause");
  Shelve(world, "for hours", world.clock.Utc() + 2 * kHour);
  Shelve(world, "for good", std::numeric_limits<Nanos>::max());
  world.Run(2 * kHour - kMinute, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 2u) << "told, and nobody else";
  world.Boot();
  world.Run(2 * kMinute, kMinute);
  ASSERT_EQ(world.sender.sent.size(), 3u);
  EXPECT_EQ(world.sender.sent[2].to, "boss@plant.example");
  world.Run(24 * kHour, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 3u);
  world.Sql("UPDATE judgements SET shelved_until_ns = 0 WHERE alarm_key = 'for good'");
  world.Run(11 * kMinute, kMinute);
  EXPECT_EQ(world.sender.sent.size(), 4u);
}

TEST(NotifierTest, AConfirmedAlarmIsOneWorkOrderWithMaintenancesOwnId) {
  Route orders = WebhookRoute("cmms");
  orders.kinds = {Kind::kWorkOrder};
  NotifyWorld world({orders});
  world.options.assets["alder/P-1"] = "EQ-4711";
  world.Boot();
  world.Alarm("a", Level::kWarning);
  world.Alarm("b", Level::kWarning, "", "birch");
  const auto judge = [&](const char* key, Verdict::Word word) {
    return world.notifier->OnVerdict(
        {.word = word, .device = "gw-1", .alarm_key = key, .who = "ana", .note = "heard it grind"});
  };
  ASSERT_TRUE(judge("a", Verdict::Word::kRejected));
  world.Run(kSecond);
  EXPECT_TRUE(world.sender.sent.empty());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(judge("a", Verdict::Word::kConfirmed));
  ASSERT_TRUE(judge("b", Verdict::Word::kConfirmed));
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 1u);
  const json order = json::parse(world.sender.sent[0].body);
  EXPECT_EQ(order["type"], "work_order");
  EXPECT_EQ(order["work_order"]["asset"], "EQ-4711");
  EXPECT_EQ(order["work_order"]["note"], "ana: heard it grind");
  EXPECT_EQ(world.All()[0].state, State::kFailed);
  EXPECT_EQ(world.All()[0].error, "notify.assets has no id for \"birch/P-1\"");
  EXPECT_EQ(judge("none", Verdict::Word::kConfirmed).error().code, Errc::kNotFound);
}

TEST(NotifierTest, ATestGoesAtOnceEvenInQuietHours) {
  Route route = EmailRoute("crew");
  route.quiet = {.zone = "UTC", .from_min = 0, .to_min = 23 * 60};
  NotifyWorld world({route});
  EXPECT_EQ(world.notifier->Test("none", "ana").error().code, Errc::kNotFound);
  ASSERT_TRUE(world.notifier->Test("crew", "ana"));
  world.Run(kSecond);
  ASSERT_EQ(world.sender.sent.size(), 1u);
  EXPECT_NE(world.sender.sent[0].body.find("Test of route crew"), std::string::npos);
}

// -- the queue -----------------------------------------------------------------------------------

TEST(DeliveriesTest, AReceiverThatIsDownIsTriedLaterAndLaterUnderOneIdUntilADayIsOver) {
  NotifyWorld world({EmailRoute("crew")});
  world.sender.down = "crew@plant.example";
  world.Alarm("a", Level::kWarning);
  world.Run(kMinute);
  EXPECT_EQ(world.sender.tried.size(), 4u) << "at 0, 5, 15 and 35 s";
  world.Run(26 * kHour, kMinute);
  ASSERT_EQ(world.All().size(), 1u);
  EXPECT_EQ(world.All()[0].state, State::kFailed);
  EXPECT_TRUE(world.All()[0].error.starts_with("given up after "));
  EXPECT_LT(world.sender.tried.size(), 120u);
  for (const auto& one : world.sender.tried) EXPECT_EQ(one.body, world.sender.tried[0].body);
}

TEST(DeliveriesTest, AReceiverThatComesBackGetsItOnce) {
  NotifyWorld world({EmailRoute("crew")});
  world.sender.down = "crew@plant.example";
  world.Alarm("a", Level::kWarning);
  world.Run(kHour);
  world.sender.down.clear();
  world.Run(kHour);
  EXPECT_EQ(world.sender.sent.size(), 1u);
  EXPECT_EQ(world.All()[0].state, State::kSent);
}

TEST(DeliveriesTest, ADeadReceiverDoesNotHoldUpAnother) {
  NotifyWorld world({EmailRoute("dead"), EmailRoute("crew")});
  world.sender.down = "dead@plant.example";
  for (int i = 0; i < 8; ++i) world.Alarm("a" + std::to_string(i), Level::kWarning);
  world.notifier->Step();
  EXPECT_EQ(world.sender.sent.size(), 8u);
  EXPECT_LE(world.sender.tried.size(), 16u);
}

TEST(DeliveriesTest, ARefusalIsFinal) {
  NotifyWorld world({EmailRoute("crew")});
  world.sender.answers = {{Outcome::What::kRefused, "no such user"}};
  world.Alarm("a", Level::kWarning);
  world.Run(kHour, kMinute);
  EXPECT_EQ(world.sender.tried.size(), 1u);
  EXPECT_EQ(world.All()[0].error, "no such user");
}

TEST(DeliveriesTest, WhatAKillCutOffGoesAgainUnderTheSameIdAndWhatWasAnsweredDoesNot) {
  NotifyWorld world({EmailRoute("crew")});
  world.Alarm("a", Level::kWarning);
  ASSERT_TRUE(world.notifier->Consider());
  Deliveries queue(*world.database, world.options);
  const auto claimed = queue.Claim(world.clock.Utc());
  ASSERT_TRUE(claimed && *claimed);
  world.Run(kMinute);
  EXPECT_TRUE(world.sender.tried.empty()) << "somebody is sending it";
  world.Boot();
  world.Run(kMinute);
  ASSERT_EQ(world.sender.sent.size(), 1u);
  EXPECT_NE(world.sender.sent[0].body.find((*claimed)->id), std::string::npos);
  ASSERT_TRUE(queue.Finish(**claimed, {Outcome::What::kAgain, "late"}, world.clock.Utc()));
  EXPECT_EQ(world.All()[0].state, State::kSent) << "an attempt that is over changes nothing";
  world.Boot();
  world.Run(kMinute);
  EXPECT_EQ(world.sender.sent.size(), 1u);
}

TEST(DeliveriesTest, TheTableIsBoundedAndTheOldestThatWaitsFailsFirst) {
  Route route = EmailRoute("crew");
  route.storm_max = 1000;
  NotifyWorld world({route});
  world.options.rows_max = 40;
  world.Boot();
  world.sender.down = "crew@plant.example";
  for (int i = 0; i < 30; ++i) world.Alarm("a" + std::to_string(i), Level::kWarning);
  world.Run(kSecond);
  const auto counts = CountDeliveries(*world.database);
  EXPECT_EQ(counts->waiting, 20);
  EXPECT_EQ(counts->failed, 10);
  EXPECT_EQ(world.All().back().error, "given up: too many newer ones wait");
  world.sender.down.clear();
  for (int i = 0; i < 200; ++i) world.Alarm("b" + std::to_string(i), Level::kWarning);
  world.Run(10 * kMinute);
  EXPECT_LE(world.All().size(), 40u);
}

TEST(DeliveriesTest, NewsGoThroughJsonAndBack) {
  const News news{.kind = Kind::kWorse,
                  .level = Level::kAct,
                  .before = Level::kWatch,
                  .cause = "c",
                  .subject = "gw~a",
                  .sites = {"alder", "birch"},
                  .device = "gw",
                  .alarm_key = "a",
                  .name = "P\xc3\xbcmp \xff",
                  .score = 0.25,
                  .at = 7,
                  .cleared = true,
                  .escalated_from = "crew"};
  const auto back = ReadNews(WriteNews({news}));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(back[0].kind, Kind::kWorse);
  EXPECT_EQ(back[0].sites, news.sites);
  EXPECT_EQ(back[0].name, "P\xc3\xbcmp \xef\xbf\xbd");
  EXPECT_TRUE(back[0].cleared && back[0].at == 7 && back[0].level == Level::kAct);
  EXPECT_TRUE(ReadNews("no json").empty());
}

}  // namespace
}  // namespace millwright::hub::notify
