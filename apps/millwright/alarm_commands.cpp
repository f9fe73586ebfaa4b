// alarms, events: what the hub has been told.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <thread>

#include "commands.h"
#include "core/time.h"
#include "hub_client.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using Strings = std::vector<std::string>;

std::string LocalTime(int64_t utc_ms) {
  return utc_ms > 0 ? FormatUtc(utc_ms * kMillisecond).substr(0, 19) + "Z" : "-";
}

Tone ToneOf(const std::string& level) {
  if (level == "act") return Tone::kBad;
  return level == "warning" || level == "watch" ? Tone::kAttention : Tone::kPlain;
}

std::string Score(double score) {
  char text[16];
  std::snprintf(text, sizeof text, "%.2f", score);
  return text;
}

void PrintAlarms(const nlohmann::json& answer, const std::vector<nlohmann::json>& alarms) {
  Strings id, site, asset, level, fault, state, action;
  std::vector<double> score;
  std::vector<int64_t> raised;
  for (const auto& alarm : alarms) {
    id.push_back(TextOf(alarm, "id"));
    site.push_back(TextOf(alarm, "site"));
    asset.push_back(TextOf(alarm, "asset"));
    level.push_back(TextOf(alarm, "level"));
    fault.push_back(TextOf(alarm, "fault"));
    state.push_back(TextOf(alarm, "state"));
    action.push_back(TextOf(alarm, "action"));
    score.push_back(NumberOf(alarm, "score"));
    raised.push_back(IntegerOf(alarm, "raised_ms"));
  }
  FlatJson json;
  json.Count("count", alarms.size()).Set("total", IntegerOf(answer, "total"));
  json.Set("id", id).Set("site", site).Set("asset", asset).Set("level", level);
  json.Set("fault", fault).Set("state", state).Set("score", score).Set("raised_ms", raised);
  json.Set("action", action).Print();
}

void ListAlarms(Context& context, bool all, int limit) {
  const auto answer = AskHub(context, "/api/v1/alarms?state=" + std::string(all ? "all" : "open") +
                                          "&limit=" + std::to_string(limit));
  if (!answer) return FailFromHub(context, answer.error());
  const auto alarms = ObjectsOf(*answer, "alarms");
  if (context.json) return PrintAlarms(*answer, alarms);
  if (alarms.empty()) {
    std::puts(all ? "No alarm yet." : "No open alarm.");
    return;
  }
  TextTable table({"RAISED", "LEVEL", "SITE", "MACHINE", "FAULT", "SCORE", "STATE", "DO"});
  for (const auto& alarm : alarms) {
    const std::string level = TextOf(alarm, "level");
    table.Add({{LocalTime(IntegerOf(alarm, "raised_ms"))},
               {level, ToneOf(level)},
               {TextOf(alarm, "site")},
               {TextOf(alarm, "asset")},
               {TextOf(alarm, "fault_name")},
               {Score(NumberOf(alarm, "score"))},
               {TextOf(alarm, "state")},
               {TextOf(alarm, "action")}});
  }
  std::fputs(table.Text(context.color).c_str(), stdout);
  const int64_t total = IntegerOf(*answer, "total");
  if (total > static_cast<int64_t>(alarms.size()))
    std::printf("%zu of %lld; more with --limit\n", alarms.size(), static_cast<long long>(total));
}

struct EventQuery {
  std::string device;
  std::string lane;
  std::string after;
  int limit = 50;
  bool follow = false;
};

std::string PathOf(const EventQuery& query) {
  std::string path = "/api/v1/events?limit=" + std::to_string(query.limit);
  if (!query.device.empty()) path += "&device=" + UrlEncode(query.device);
  if (!query.lane.empty()) path += "&lane=" + UrlEncode(query.lane);
  if (!query.after.empty()) path += "&after=" + UrlEncode(query.after);
  return path;
}

// An epoch is a number in one place of the API and text in another; both read the same here.
std::string AnyText(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

void PrintEvents(const nlohmann::json& answer, const std::vector<nlohmann::json>& events) {
  Strings device, epoch, lane, kind;
  std::vector<int64_t> seq, ts;
  for (const auto& event : events) {
    device.push_back(TextOf(event, "device"));
    epoch.push_back(AnyText(event, "epoch"));
    lane.push_back(AnyText(event, "lane"));
    kind.push_back(TextOf(event, "kind"));
    seq.push_back(IntegerOf(event, "seq"));
    ts.push_back(IntegerOf(event, "ts_ms"));
  }
  FlatJson json;
  json.Count("count", events.size()).Set("next", AnyText(answer, "next")).Set("device", device);
  json.Set("epoch", epoch).Set("lane", lane).Set("seq", seq).Set("kind", kind);
  json.Set("ts_ms", ts).Print();
}

void ListEvents(Context& context, const EventQuery& query) {
  const auto answer = AskHub(context, PathOf(query));
  if (!answer) return FailFromHub(context, answer.error());
  const auto events = ObjectsOf(*answer, "events");
  if (context.json) return PrintEvents(*answer, events);
  if (events.empty()) {
    std::puts("No event matches.");
    return;
  }
  TextTable table({"TIME", "DEVICE", "LANE", "SEQ", "KIND"});
  for (const auto& event : events) {
    table.Add({{LocalTime(IntegerOf(event, "ts_ms"))},
               {TextOf(event, "device")},
               {AnyText(event, "lane")},
               {std::to_string(IntegerOf(event, "seq"))},
               {TextOf(event, "kind")}});
  }
  std::fputs(table.Text(context.color).c_str(), stdout);
  const std::string next = AnyText(*answer, "next");
  if (!next.empty()) std::printf("more: --after %s\n", next.c_str());
}

void ShowLive(const nlohmann::json& object, std::string_view name, const Context& context) {
  const std::string level = TextOf(object, "level");
  const std::string what =
      name == "alarm" ? level + " " + TextOf(object, "fault_name") + " " +
                            Score(NumberOf(object, "score")) + " " + TextOf(object, "state")
                      : std::string(FlagOf(object, "online") ? "online" : "not heard");
  const std::string who =
      TextOf(object, "site") + "/" + TextOf(object, name == "alarm" ? "asset" : "device");
  std::printf("%s  %-7.*s %s  %s\n",
              LocalTime(IntegerOf(object, name == "alarm" ? "updated_ms" : "since_ms")).c_str(),
              static_cast<int>(name.size()), name.data(), who.c_str(),
              Painted(what, name == "alarm" ? ToneOf(level) : Tone::kPlain, context.color).c_str());
  std::fflush(stdout);
}

// Follows alarms and gateways that come and go until it is interrupted; comes back after the hub
// was away.
void Follow(Context& context, const EventQuery& query) {
  auto hub = HubClient::Make(context.hub);
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

void ConfigureAlarms(CLI::App& command, Context& context) {
  const auto all = std::make_shared<bool>(false);
  const auto limit = std::make_shared<int>(50);
  command.add_flag("--all", *all, "Cleared alarms too");
  command.add_option("--limit", *limit, "At most this many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.callback([&context, all, limit] { ListAlarms(context, *all, *limit); });
}

void ConfigureEvents(CLI::App& command, Context& context) {
  const auto query = std::make_shared<EventQuery>();
  command.add_option("--device", query->device, "Only of this gateway");
  command.add_option("--lane", query->lane, "Only of this lane")
      ->check(CLI::IsMember({"alarm", "health", "features", "raw"}));
  command.add_option("--after", query->after, "Go on behind this cursor");
  command.add_option("--limit", query->limit, "At most this many")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command.add_flag("--follow", query->follow,
                   "Show alarms and gateways as they change, until Ctrl-C");
  command.callback([&context, query] {
    if (query->follow) return Follow(context, *query);
    ListEvents(context, *query);
  });
}

}  // namespace millwright::cli
