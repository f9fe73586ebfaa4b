#include "hub/api/machine_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr Nanos kNow = 1'000'000 * kSecond;

MachineView Running(int64_t level) {
  MachineView view;
  view.known = view.device_online = true;
  view.device_seen = kNow;
  view.row.state = wire::STATE_RUNNING;
  view.row.level = level;
  view.row.as_of = kNow;
  view.row.since = kNow - 60 * kSecond;
  return view;
}

json FieldsOf(const MachineView& view) {
  http::JsonWriter writer;
  writer.BeginObject();
  WriteMachineFields(writer, view);
  return json::parse(writer.EndObject().Take());
}

TEST(MachineViewTest, CurrentMachineIsShownAsItIsAndWasNothing) {
  MachineView view = Running(wire::LEVEL_NONE);
  Judge(view, {}, kNow);
  EXPECT_TRUE(view.current);
  EXPECT_EQ(view.shown, "healthy");
  EXPECT_EQ(view.was, "");
}

TEST(MachineViewTest, DataOlderThanThreePeriodsAreUnknown) {
  for (const Nanos period : {3 * kSecond, 60 * kSecond}) {
    const Freshness freshness{.telemetry_period = period};
    MachineView view = Running(wire::LEVEL_NONE);
    view.row.as_of = kNow - 3 * period;
    Judge(view, freshness, kNow);
    EXPECT_EQ(view.shown, "healthy") << period;
    --view.row.as_of;
    Judge(view, freshness, kNow);
    EXPECT_EQ(view.shown, "unknown") << period;
    EXPECT_EQ(view.was, "healthy") << period;
  }
}

TEST(MachineViewTest, ShortPeriodsLeaveTimeForALateBatch) {
  const Freshness freshness{.telemetry_period = kMillisecond};
  EXPECT_EQ(freshness.machine_max(), 6 * kSecond);
  EXPECT_EQ(freshness.link_max(), 15 * kSecond);
}

TEST(MachineViewTest, OfflineOrSilentGatewayMakesFreshDataUnknown) {
  MachineView offline = Running(wire::LEVEL_WARNING);
  offline.device_online = false;
  MachineView silent = Running(wire::LEVEL_WARNING);
  silent.device_seen = kNow - Freshness{}.link_max() - 1;
  for (MachineView* view : {&offline, &silent}) {
    Judge(*view, {}, kNow);
    EXPECT_FALSE(view->current);
    EXPECT_EQ(view->shown, "unknown");
    EXPECT_EQ(view->was, "warning");
  }
}

TEST(MachineViewTest, StaleMachineIsNeverHealthyWhateverItWas) {
  for (int64_t state = 0; state <= 6; ++state)
    for (int64_t level = 0; level <= 4; ++level) {
      MachineView view = Running(level);
      view.row.state = state;
      view.device_online = false;
      Judge(view, {}, kNow);
      EXPECT_EQ(view.shown, "unknown") << state << " " << level;
      EXPECT_NE(view.was, "unknown") << state << " " << level;
    }
}

TEST(MachineViewTest, JudgingAgainFollowsTheMachineBack) {
  MachineView view = Running(wire::LEVEL_WATCH);
  view.device_online = false;
  Judge(view, {}, kNow);
  view.device_online = true;
  Judge(view, {}, kNow);
  EXPECT_EQ(view.shown, "watch");
  EXPECT_EQ(view.was, "");
}

TEST(MachineViewTest, MachineNeverHeardOfHasNullsAndNoPast) {
  MachineView view;
  view.device_online = true;
  view.device_seen = kNow;
  Judge(view, {}, kNow);
  const json fields = FieldsOf(view);
  EXPECT_EQ(fields["shown"], "unknown");
  EXPECT_EQ(fields["current"], false);
  for (const char* name : {"was", "score", "value", "since_ms", "last_data_ms", "learning_left_s"})
    EXPECT_TRUE(fields[name].is_null()) << name;
}

TEST(MachineViewTest, UnknownSinceTheLastWordAndInItsStateSinceThatBegan) {
  MachineView view = Running(wire::LEVEL_ACT);
  Judge(view, {}, kNow);
  EXPECT_EQ(FieldsOf(view)["since_ms"], (kNow - 60 * kSecond) / kMillisecond);
  Judge(view, {}, kNow + 60 * kSecond);
  EXPECT_EQ(FieldsOf(view)["since_ms"], kNow / kMillisecond);
  EXPECT_EQ(FieldsOf(view)["was"], "act");
}

TEST(MachineViewTest, TimeLeftToLearnIsToldOnlyWhileItLearnsAndIsCurrent) {
  MachineView view = Running(wire::LEVEL_NONE);
  view.row.learning_left_s = 90;
  Judge(view, {}, kNow);
  EXPECT_TRUE(FieldsOf(view)["learning_left_s"].is_null());
  view.row.state = wire::STATE_LEARNING;
  Judge(view, {}, kNow);
  EXPECT_EQ(FieldsOf(view)["learning_left_s"], 90);
  Judge(view, {}, kNow + 60 * kSecond);
  EXPECT_TRUE(FieldsOf(view)["learning_left_s"].is_null());
}

}  // namespace
}  // namespace millwright::hub
