// schedule: rollouts that start by themselves. window: when a site's gateways may be given
// something new.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub_query.h"
#include "output.h"
#include "rollout_text.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr std::string_view kSchedules = "/api/v1/schedules";
constexpr std::string_view kMaintenance = "/api/v1/maintenance";

// -- schedules ----------------------------------------------------------------------------------

Cell ShowEvery(const json& row, const json& /*answer*/) {
  return {std::to_string(IntegerOf(row, "every_days")) + " days at " + TextOf(row, "at") + " " +
          TextOf(row, "zone")};
}

Cell ShowNext(const json& row, const json& /*answer*/) {
  if (FlagOf(row, "paused")) return {"paused", Tone::kAttention};
  return {ShortUtc(IntegerOf(row, "next_ms"))};
}

Cell ShowLast(const json& row, const json& /*answer*/) {
  const std::string outcome = TextOf(row, "outcome");
  const Tone tone = outcome == "started"                         ? Tone::kGood
                    : outcome == "failed"                        ? Tone::kBad
                    : outcome == "stopped" || outcome == "waits" ? Tone::kAttention
                                                                 : Tone::kPlain;
  return {outcome == "none" ? "-" : outcome, tone};
}

Cell ShowSites(const json& row, const json& /*answer*/) {
  std::string text;
  if (const auto sites = row.find("sites"); sites != row.end() && sites->is_array())
    for (const json& site : *sites)
      if (site.is_string()) text += (text.empty() ? "" : ", ") + site.get<std::string>();
  return {text.empty() ? "all" : text};
}

constexpr Column kScheduleColumns[] = {
    {"name", ColumnKind::kText, "SCHEDULE"},
    {"line", ColumnKind::kText, "LINE"},
    {"sites", ColumnKind::kLength, "SITES", ShowSites},
    {"every_days", ColumnKind::kInteger, "EVERY", ShowEvery},
    {"next_ms", ColumnKind::kInteger, "NEXT", ShowNext},
    {"paused", ColumnKind::kFlag},
    {"outcome", ColumnKind::kText, "LAST TIME", ShowLast},
    {"words", ColumnKind::kText, ""},
    {"rollout", ColumnKind::kText},
};

void PrintSchedules(const json& answer, const Context& context) {
  const auto schedules = ObjectsOf(answer, "schedules");
  if (context.json) {
    FlatJson out;
    out.Count("count", schedules.size());
    AddColumns(out, schedules, kScheduleColumns);
    return out.Print();
  }
  if (schedules.empty()) {
    std::puts("No rollout starts by itself on this hub.");
    return;
  }
  std::fputs(TableOf(answer, schedules, kScheduleColumns).Text(context.color).c_str(), stdout);
}

struct ScheduleOptions {
  std::string name, line, first_day, at, zone;
  int every_days = 0;
  CohortOptions cohort;
  PolicyOptions policy;
};

Result<json> BodyOf(const ScheduleOptions& options) {
  MW_TRY(const json policy, PolicyOf(options.policy));
  json body = {{"name", options.name}, {"line", options.line}, {"policy", policy}};
  if (options.every_days != 0) body["every_days"] = options.every_days;
  if (!options.first_day.empty()) body["first_day"] = options.first_day;
  if (!options.at.empty()) body["at"] = options.at;
  if (!options.zone.empty()) body["zone"] = options.zone;
  PutCohort(options.cohort, body);
  return body;
}

void SetSchedule(const ScheduleOptions& options, Context& context) {
  const auto body = BodyOf(options);
  if (!body) return FailWith(context, body.error());
  const auto answer = TellHub(context, std::string(kSchedules), *body);
  if (!answer) return FailFromHub(context, answer.error());
  PrintSchedules(json{{"schedules", json::array({*answer})}}, context);
}

void PlanSchedule(const std::string& name, Context& context) {
  const auto answer =
      AskHub(context, std::string(kSchedules) + "/" + PercentEncode(name) + "/plan");
  if (!answer) return FailFromHub(context, answer.error());
  const auto rollout = answer->find("rollout");
  const bool starts = rollout != answer->end() && rollout->is_object();
  if (context.json && !starts)
    return FlatJson()
        .Set("at_ms", IntegerOf(*answer, "at_ms"))
        .Set("outcome", TextOf(*answer, "outcome"))
        .Set("words", TextOf(*answer, "words"))
        .Print();
  if (!context.json)
    std::printf("Nothing is started now. On %s, as things are: %s: %s\n",
                ShortUtc(IntegerOf(*answer, "at_ms")).c_str(), TextOf(*answer, "outcome").c_str(),
                TextOf(*answer, "words").c_str());
  if (starts) PrintRollout(*rollout, context);
}

void ConfigureSetSchedule(CLI::App& command, Context& context) {
  const auto options = std::make_shared<ScheduleOptions>();
  command.add_option("NAME", options->name, "Its name")->required();
  command.add_option("LINE", options->line, "Of which the newest release is brought")->required();
  command.add_option("--every", options->every_days, "Days from one start to the next: 30");
  command.add_option("--first", options->first_day, "The first day: 2026-12-01");
  command.add_option("--at", options->at, "Time of the day on the clock on the wall: 22:00");
  command.add_option("--zone", options->zone, "IANA time zone: Europe/Berlin");
  AddCohortOptions(command, options->cohort);
  AddPolicyOptions(command, options->policy);
  command.callback([&context, options] { SetSchedule(*options, context); });
}

// -- windows ------------------------------------------------------------------------------------

// "sat,sun 22:00-04:00; wed 12:00-13:00".
Cell ShowWindows(const json& row, const json& /*answer*/) {
  std::string text;
  const auto calendar = row.find("calendar");
  if (calendar == row.end()) return {text};
  for (const json& window : ObjectsOf(*calendar, "windows")) {
    text += text.empty() ? "" : "; ";
    std::string days;
    for (const json& day : window.value("days", json::array()))
      if (day.is_string()) days += (days.empty() ? "" : ",") + day.get<std::string>();
    text += days + " " + TextOf(window, "from") + "-" + TextOf(window, "to");
  }
  return {text};
}

Cell ShowZone(const json& row, const json& /*answer*/) {
  const auto calendar = row.find("calendar");
  return {calendar == row.end() ? "" : TextOf(*calendar, "zone")};
}

Cell ShowOpen(const json& row, const json& /*answer*/) {
  const bool open = FlagOf(row, "open");
  return {open ? "open" : "closed", open ? Tone::kGood : Tone::kPlain};
}

Cell ShowChanges(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "changes_ms")), Tone::kFaint};
}

constexpr Column kWindowColumns[] = {
    {"site", ColumnKind::kText, "SITE"},
    {"open", ColumnKind::kFlag, "NOW", ShowOpen},
    {"changes_ms", ColumnKind::kInteger, "UNTIL", ShowChanges},
    {"calendar", ColumnKind::kLength, "WINDOWS", ShowWindows},
    {"zone", ColumnKind::kText, "ZONE", ShowZone},
};

void PrintSites(const json& answer, const Context& context) {
  const auto sites = ObjectsOf(answer, "sites");
  if (context.json) {
    FlatJson out;
    out.Count("count", sites.size());
    AddColumns(out, sites, kWindowColumns);
    return out.Print();
  }
  if (sites.empty()) {
    std::puts("No site has maintenance windows: gateways take what comes at any time.");
    return;
  }
  std::fputs(TableOf(answer, sites, kWindowColumns).Text(context.color).c_str(), stdout);
}

// "sat,sun@22:00-04:00"; the hub judges days and times.
Result<json> ReadWindow(const std::string& text) {
  const size_t at = text.find('@');
  const size_t dash = text.find('-', at == std::string::npos ? text.size() : at);
  if (dash == std::string::npos)
    return Fail(Errc::kInvalid, "\"" + text + "\" is no window such as sat,sun@22:00-04:00");
  json days = json::array();
  for (const std::string& day : CLI::detail::split(text.substr(0, at), ',')) days.push_back(day);
  return json{
      {"days", days}, {"from", text.substr(at + 1, dash - at - 1)}, {"to", text.substr(dash + 1)}};
}

struct WindowOptions {
  std::string site, zone = "UTC";
  std::vector<std::string> windows;
};

void SetWindows(const WindowOptions& options, Context& context) {
  json windows = json::array();
  for (const std::string& text : options.windows) {
    const auto window = ReadWindow(text);
    if (!window) return FailWith(context, window.error());
    windows.push_back(*window);
  }
  const auto answer =
      TellHub(context, std::string(kMaintenance) + "/" + PercentEncode(options.site),
              {{"zone", options.zone}, {"windows", windows}});
  if (!answer) return FailFromHub(context, answer.error());
  PrintSites(*answer, context);
}

}  // namespace

void ConfigureSchedule(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  command.add_subcommand("list", "List schedules and what each did last")->callback([&context] {
    const auto answer = AskHub(context, std::string(kSchedules));
    if (!answer) return FailFromHub(context, answer.error());
    PrintSchedules(*answer, context);
  });
  ConfigureSetSchedule(*command.add_subcommand("set", "Make one, or replace the one of that name"),
                       context);
  const auto name = std::make_shared<std::string>();
  const auto add = [&](const char* verb, const char* summary) {
    CLI::App* one = command.add_subcommand(verb, summary);
    one->add_option("NAME", *name, "Its name; `millwright schedule list` tells")->required();
    return one;
  };
  add("plan", "Show what it would do next, gateway by gateway; start nothing")
      ->callback([&context, name] { PlanSchedule(*name, context); });
  const std::pair<const char*, const char*> changes[] = {
      {"pause", "Skip what is due"},
      {"resume", "Go on with what is due next"},
      {"remove", "Forget it; what it started goes on"}};
  for (const auto& [verb, summary] : changes)
    add(verb, summary)->callback([&context, name, action = std::string(verb)] {
      const auto answer =
          TellHub(context, std::string(kSchedules) + "/" + PercentEncode(*name) + "/" + action,
                  json::object());
      if (!answer) return FailFromHub(context, answer.error());
      PrintSchedules(*answer, context);
    });
}

void ConfigureWindow(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  command.add_subcommand("list", "List the sites that have windows")->callback([&context] {
    const auto answer = AskHub(context, std::string(kMaintenance));
    if (!answer) return FailFromHub(context, answer.error());
    PrintSites(*answer, context);
  });
  const auto options = std::make_shared<WindowOptions>();
  CLI::App* set = command.add_subcommand("set", "Set the windows of a site");
  set->add_option("SITE", options->site, "The site")->required();
  set->add_option("WINDOW", options->windows, "sat,sun@22:00-04:00; a window may span midnight")
      ->required();
  set->add_option("--zone", options->zone, "IANA time zone: Europe/Berlin")->required();
  set->callback([&context, options] { SetWindows(*options, context); });
  CLI::App* remove = command.add_subcommand("remove", "The site takes what comes at any time");
  remove->add_option("SITE", options->site, "The site")->required();
  remove->callback([&context, options] { SetWindows(*options, context); });
}

}  // namespace millwright::cli
