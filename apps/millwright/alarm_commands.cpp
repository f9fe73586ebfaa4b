// alarms: what needs a person.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

Cell ShowRaised(const json& alarm, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(alarm, "raised_ms"))};
}

Cell ShowLevel(const json& alarm, const json& /*answer*/) {
  const std::string level = TextOf(alarm, "level");
  return {level, LevelTone(level)};
}

Cell ShowScore(const json& alarm, const json& /*answer*/) {
  return {ScoreText(NumberOf(alarm, "score"))};
}

constexpr Column kAlarmColumns[] = {
    {"raised_ms", ColumnKind::kInteger, "RAISED", ShowRaised},
    {"level", ColumnKind::kText, "LEVEL", ShowLevel},
    {"site", ColumnKind::kText, "SITE"},
    {"asset", ColumnKind::kText, "MACHINE"},
    {"name", ColumnKind::kText},
    {"fault", ColumnKind::kText},
    {"fault_name", ColumnKind::kText, "FAULT"},
    {"score", ColumnKind::kNumber, "SCORE", ShowScore},
    {"state", ColumnKind::kText, "STATE"},
    {"action", ColumnKind::kText, "DO"},
    {"why", ColumnKind::kText},
    {"device", ColumnKind::kText},
    {"model_name", ColumnKind::kText},
    {"model_hash", ColumnKind::kText},
    {"updated_ms", ColumnKind::kInteger},
    {"cleared_ms", ColumnKind::kInteger},
    {"id", ColumnKind::kText},
};

void ListAlarms(Context& context, bool all, int limit) {
  const auto answer = AskHub(context, "/api/v1/alarms?state=" + std::string(all ? "all" : "open") +
                                          "&limit=" + std::to_string(limit));
  if (!answer) return FailFromHub(context, answer.error());
  const auto alarms = ObjectsOf(*answer, "alarms");
  const int64_t total = IntegerOf(*answer, "total");
  if (context.json) {
    FlatJson out;
    out.Count("count", alarms.size()).Set("total", total);
    out.Set("now_ms", IntegerOf(*answer, "now_ms"));
    AddColumns(out, alarms, kAlarmColumns);
    return out.Print();
  }
  if (alarms.empty()) {
    std::puts(all ? "No alarm yet." : "No open alarm.");
    return;
  }
  std::fputs(TableOf(*answer, alarms, kAlarmColumns).Text(context.color).c_str(), stdout);
  if (total > static_cast<int64_t>(alarms.size()))
    std::printf("%zu of %lld; more with --limit\n", alarms.size(), static_cast<long long>(total));
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

}  // namespace millwright::cli
