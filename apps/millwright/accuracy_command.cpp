// accuracy: how right each gateway is, by what people said.
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

std::string Percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

Cell ShowMean(const json& row, const json& /*answer*/) { return {Percent(NumberOf(row, "mean"))}; }

Cell ShowInterval(const json& row, const json& /*answer*/) {
  return {Percent(NumberOf(row, "low")) + " to " + Percent(NumberOf(row, "high")), Tone::kFaint};
}

Cell ShowRight(const json& row, const json& /*answer*/) {
  return {std::to_string(IntegerOf(row, "right")) + " of " +
          std::to_string(IntegerOf(row, "labels"))};
}

Cell ShowRisen(const json& row, const json& /*answer*/) {
  const auto evidence = row.find("evidence");
  if (FlagOf(row, "risen")) return {"errors have risen", Tone::kBad};
  if (evidence == row.end() || evidence->is_null()) return {"too few labels to tell", Tone::kFaint};
  return {"steady", Tone::kGood};
}

constexpr Column kAccuracyColumns[] = {
    {"device", ColumnKind::kText, "GATEWAY"},
    {"site", ColumnKind::kText, "SITE"},
    {"cohort", ColumnKind::kText, "COHORT"},
    {"mean", ColumnKind::kNumber, "ACCURACY", ShowMean},
    {"low", ColumnKind::kNumber, "95 %", ShowInterval},
    {"high", ColumnKind::kNumber},
    {"right", ColumnKind::kInteger, "RIGHT", ShowRight},
    {"labels", ColumnKind::kInteger},
    {"false_alarms", ColumnKind::kInteger, "FALSE ALARMS"},
    {"missed", ColumnKind::kInteger, "MISSED"},
    {"risen", ColumnKind::kFlag, "TREND", ShowRisen},
    {"evidence", ColumnKind::kNumber},
};

void ShowAccuracy(int days, Context& context) {
  const auto answer = AskHub(context, "/api/v1/accuracy?days=" + std::to_string(days));
  if (!answer) return FailFromHub(context, answer.error());
  const auto devices = ObjectsOf(*answer, "devices");
  if (context.json) {
    FlatJson out;
    out.Count("count", devices.size());
    AddColumns(out, devices, kAccuracyColumns);
    return out.Print();
  }
  if (devices.empty())
    std::puts("No label tells of a gateway yet: millwright inbox says what is to be judged.");
  else
    std::fputs(TableOf(*answer, devices, kAccuracyColumns).Text(context.color).c_str(), stdout);
}

}  // namespace

void ConfigureAccuracy(CLI::App& command, Context& context) {
  const auto days = std::make_shared<int>(90);
  command.add_option("--days", *days, "By labels of the last so many days")
      ->check(CLI::Range(1, 3650))
      ->capture_default_str();
  command.callback([&context, days] { ShowAccuracy(*days, context); });
}

}  // namespace millwright::cli
