// events: what gateways have delivered, and what changes now.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub_client.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

TextTable::Cell ShowTime(const json& event, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(event, "ts_ms"))};
}

constexpr Column kEventColumns[] = {
    {"ts_ms", ColumnKind::kInteger, "TIME", ShowTime},
    {"device", ColumnKind::kText, "DEVICE"},
    {"epoch", ColumnKind::kText},
    {"lane", ColumnKind::kText, "LANE"},
    {"seq", ColumnKind::kInteger, "SEQ"},
    {"kind", ColumnKind::kText, "KIND"},
    {"asset", ColumnKind::kText, "MACHINE"},
    {"received_ms", ColumnKind::kInteger},
};

struct EventQuery {
  std::string device;
  std::string lane;
  std::string after;
  int limit = 50;
  bool follow = false;
};

std::string PathOf(const EventQuery& query) {
  std::string path = "/api/v1/events?limit=" + std::to_string(query.limit);
  if (!query.device.empty()) path += "&device=" + PercentEncode(query.device);
  if (!query.lane.empty()) path += "&lane=" + PercentEncode(query.lane);
  if (!query.after.empty()) path += "&after=" + PercentEncode(query.after);
  return path;
}

void ListEvents(Context& context, const EventQuery& query) {
  const auto answer = AskHub(context, PathOf(query));
  if (!answer) return FailFromHub(context, answer.error());
  const auto events = ObjectsOf(*answer, "events");
  const std::string next = TextOf(*answer, "next");
  const bool more = FlagOf(*answer, "more");
  if (context.json) {
    FlatJson out;
    out.Count("count", events.size()).Set("next", next).Set("more", more);
    AddColumns(out, events, kEventColumns);
    return out.Print();
  }
  if (events.empty()) {
    std::puts("No event matches.");
    return;
  }
  std::fputs(TableOf(*answer, events, kEventColumns).Text(context.color).c_str(), stdout);
  if (more) std::printf("more: --after %s\n", next.c_str());
}

void ShowLive(const json& object, std::string_view name, const Context& context) {
  const bool alarm = name == "alarm";
  const std::string level = TextOf(object, "level");
  const std::string what = alarm ? level + " " + TextOf(object, "fault_name") + " " +
                                       ScoreText(NumberOf(object, "score")) + " " +
                                       TextOf(object, "state")
                                 : std::string(FlagOf(object, "online") ? "online" : "not heard");
  const std::string who = TextOf(object, "site") + "/" + TextOf(object, alarm ? "asset" : "device");
  std::printf("%s  %-7.*s %s  %s\n",
              ShortUtc(IntegerOf(object, alarm ? "updated_ms" : "since_ms")).c_str(),
              static_cast<int>(name.size()), name.data(), who.c_str(),
              Painted(what, alarm ? LevelTone(level) : Tone::kPlain, context.color).c_str());
  std::fflush(stdout);
}

// Follows alarms and gateways that come and go until it is interrupted; comes back after the hub
// was away.
void Follow(Context& context, const EventQuery& query) {
  auto hub = HubClient::Make(context.hub, TrustOf(context));
  if (!hub) return FailFromHub(context, hub.error());
  if (const auto ready = (*hub)->Get("/version"); !ready)
    return FailFromHub(context, ready.error());
  const auto show = [&](std::string_view name, std::string_view data) {
    if (name != "alarm" && name != "device") return true;
    const auto object = ParseObject(data, "hub: stream");
    if (!object) return true;
    if (!query.device.empty() && TextOf(*object, "device") != query.device) return true;
    if (context.json) {
      std::printf("%.*s\n", static_cast<int>(data.size()), data.data());
      std::fflush(stdout);
    } else {
      ShowLive(*object, name, context);
    }
    return true;
  };
  for (;;) {
    const auto ended = (*hub)->Stream("/api/v1/stream", show);
    if (!ended && ended.error().code != Errc::kUnavailable)
      return FailFromHub(context, ended.error());
    std::fprintf(stderr, "millwright: the hub is away, trying again\n");
    std::this_thread::sleep_for(std::chrono::seconds(2));
  }
}

}  // namespace

void ConfigureEvents(CLI::App& command, Context& context) {
  const auto query = std::make_shared<EventQuery>();
  command.add_option("--device", query->device, "Only of this gateway");
  CLI::Option* lane = command.add_option("--lane", query->lane, "Only of this lane")
                          ->check(CLI::IsMember({"alarm", "health", "features", "raw"}));
  CLI::Option* after = command.add_option("--after", query->after, "Go on behind this cursor");
  command.add_option("--limit", query->limit, "At most this many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      .add_flag("--follow", query->follow, "Show alarms and gateways as they change, until Ctrl-C")
      ->excludes(lane)
      ->excludes(after);
  command.callback([&context, query] {
    if (query->follow) return Follow(context, *query);
    ListEvents(context, *query);
  });
}

}  // namespace millwright::cli
