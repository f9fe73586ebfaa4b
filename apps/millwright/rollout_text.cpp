#include "rollout_text.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cstdio>

#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

Tone ToneOf(const std::string& state) {
  if (state == "done" || state == "committed" || state == "pass") return Tone::kGood;
  if (state == "halted" || state == "aborted" || state == "refused" || state == "fail")
    return Tone::kBad;
  const bool calm = state == "running" || state == "queued";
  return calm ? Tone::kPlain : Tone::kAttention;
}

Cell ShowState(const json& row, const json& /*answer*/) {
  const std::string state = TextOf(row, "state");
  return {state, ToneOf(state)};
}

Cell ShowResult(const json& row, const json& /*answer*/) {
  const std::string result = TextOf(row, "result");
  return {result, ToneOf(result)};
}

Cell ShowModel(const json& row, const json& /*answer*/) {
  return {TextOf(row, "name") + " " + TextOf(row, "version")};
}

Cell ShowWave(const json& row, const json& /*answer*/) {
  const auto waves = IntegerOf(row, "waves");
  return {std::to_string(std::min(IntegerOf(row, "wave") + 1, waves)) + " of " +
          std::to_string(waves)};
}

Cell ShowStarted(const json& row, const json& answer) {
  return {Age(IntegerOf(answer, "now_ms"), IntegerOf(row, "created_ms"))};
}

// "3 committed, 1 shadow": what is not zero.
Cell ShowCounts(const json& row, const json& /*answer*/) {
  std::string text;
  const auto counts = row.find("counts");
  if (counts != row.end() && counts->is_object())
    for (const auto& [state, count] : counts->items())
      if (count.is_number_integer() && count != 0)
        text += (text.empty() ? "" : ", ") + count.dump() + " " + state;
  return {text};
}

Cell ShowHeard(const json& row, const json& answer) {
  return {Age(IntegerOf(answer, "now_ms"), IntegerOf(row, "updated_ms"))};
}

constexpr Column kRolloutColumns[] = {
    {"id", ColumnKind::kText, "ROLLOUT"},
    {"state", ColumnKind::kText, "STATE", ShowState},
    {"name", ColumnKind::kText, "MODEL", ShowModel},
    {"version", ColumnKind::kText},
    {"target", ColumnKind::kText},
    {"wave", ColumnKind::kInteger, "WAVE", ShowWave},
    {"waves", ColumnKind::kInteger},
    {"devices", ColumnKind::kInteger, "GATEWAYS", ShowCounts},
    {"created_ms", ColumnKind::kInteger, "STARTED", ShowStarted},
    {"created_by", ColumnKind::kText},
    {"reason", ColumnKind::kText, "WHY"},
};

// "-" where nothing holds it back.
Cell ShowOffered(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "offered_from_ms")), Tone::kFaint};
}

constexpr Column kMemberColumns[] = {
    {"device", ColumnKind::kText, "GATEWAY"},
    {"site", ColumnKind::kText, "SITE"},
    {"wave", ColumnKind::kInteger},
    {"state", ColumnKind::kText, "STATE", ShowState},
    {"phase", ColumnKind::kText},
    {"progress", ColumnKind::kText, "PROGRESS"},
    {"updated_ms", ColumnKind::kInteger, "TOLD", ShowHeard},
    {"online", ColumnKind::kFlag},
    {"offered_from_ms", ColumnKind::kInteger, "NOT BEFORE", ShowOffered},
    {"serving", ColumnKind::kText},
    {"reason", ColumnKind::kText, "WHY"},
};

constexpr Column kGateColumns[] = {
    {"name", ColumnKind::kText, "GATE"},
    {"now", ColumnKind::kText, "NOW"},
    {"limit", ColumnKind::kText, "LIMIT"},
    {"result", ColumnKind::kText, "RESULT", ShowResult},
    {"if_fails", ColumnKind::kText, "IF IT FAILS"},
};

Cell ShowWhen(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "at_ms")), Tone::kFaint};
}

constexpr Column kLogColumns[] = {
    {"at_ms", ColumnKind::kInteger, "WHEN", ShowWhen},
    {"who", ColumnKind::kText, "WHO"},
    {"what", ColumnKind::kText, "WHAT"},
    {"detail", ColumnKind::kText, ""},
};

void PrintJson(const json& rollout) {
  FlatJson out;
  for (const char* key : {"id", "state", "target", "line", "name", "version", "digest", "reason"})
    out.Set(key, TextOf(rollout, key));
  for (const char* key : {"release", "wave", "waves", "devices", "created_ms"})
    out.Set(key, IntegerOf(rollout, key));
  if (const auto counts = rollout.find("counts"); counts != rollout.end() && counts->is_object())
    for (const auto& [state, count] : counts->items())
      if (count.is_number_integer()) out.Set(state, count.get<int64_t>());
  std::vector<std::string> devices, states, reasons, serving;
  std::vector<int64_t> waves, offered;
  for (const json& member : ObjectsOf(rollout, "members")) {
    devices.push_back(TextOf(member, "device"));
    waves.push_back(IntegerOf(member, "wave"));
    offered.push_back(IntegerOf(member, "offered_from_ms"));
    states.push_back(TextOf(member, "state"));
    reasons.push_back(TextOf(member, "reason"));
    serving.push_back(TextOf(member, "serving"));
  }
  out.Set("member", devices).Set("member_wave", waves).Set("member_state", states);
  out.Set("member_offered_from_ms", offered);
  out.Set("member_reason", reasons).Set("member_serving", serving).Print();
}

// "10%" or "0.1".
Result<double> ReadShare(const std::string& text) {
  const bool percent = text.ends_with('%');
  const char* end = text.data() + text.size() - (percent ? 1 : 0);
  double share = 0;
  const auto [at, error] = std::from_chars(text.data(), end, share);
  if (error != std::errc() || at != end)
    return Fail(Errc::kInvalid, "--waves: \"" + text + "\" is no share such as 10% or 0.1");
  return percent ? share / 100 : share;
}

}  // namespace

std::span<const Column> RolloutColumns() { return kRolloutColumns; }

void PrintRollout(const json& rollout, const Context& context) {
  if (context.json) return PrintJson(rollout);
  const auto print = [&](const char* key, std::span<const Column> columns) {
    const auto rows = ObjectsOf(rollout, key);
    if (!rows.empty())
      std::printf("\n%s", TableOf(rollout, rows, columns).Text(context.color).c_str());
  };
  std::fputs(TableOf(rollout, {rollout}, kRolloutColumns).Text(context.color).c_str(), stdout);
  print("gates", kGateColumns);
  print("members", kMemberColumns);
  print("log", kLogColumns);
}

void AddCohortOptions(CLI::App& command, CohortOptions& options) {
  const auto add = [&](const char* name, std::vector<std::string>& into, const char* what) {
    command.add_option(name, into, what)->delimiter(',');
  };
  add("--site", options.sites, "Only gateways of these sites");
  add("--device", options.devices, "Only these gateways");
  add("--hardware", options.hardware, "Only gateways whose hardware begins so: \"Raspberry Pi 4\"");
  add("--machine-class", options.machine_classes, "Only gateways with a machine of such a class");
}

void PutCohort(const CohortOptions& options, nlohmann::json& body) {
  const auto put = [&](const char* key, const std::vector<std::string>& names) {
    if (!names.empty()) body[key] = names;
  };
  put("sites", options.sites);
  put("devices", options.devices);
  put("hardware", options.hardware);
  put("machine_classes", options.machine_classes);
}

void AddPolicyOptions(CLI::App& command, PolicyOptions& options) {
  command
      .add_option("--waves", options.waves, "Shares of the fleet, rising to 100%: 1%,10%,50%,100%")
      ->delimiter(',');
  command.add_option("--wave-min", options.wave_min_s, "A wave lasts so many seconds at least");
  command.add_option("--success", options.success_share,
                     "Share of a wave that must take it before the next begins");
  command.add_option("--failures", options.failure_share,
                     "Share of gateways that may refuse it or go back");
  command.add_option("--windows-min", options.windows_min,
                     "Windows of a trial, where gateways ask for fewer");
  command.add_option("--time-min", options.time_min_s,
                     "Seconds of a trial, where gateways ask for less");
  command.add_flag("--no-approval", options.no_approval, "The last wave begins by itself");
  command.add_flag("--reverse-on-halt", options.reverse_on_halt,
                   "Where it halts, gateways that took it go back");
}

Result<json> PolicyOf(const PolicyOptions& request) {
  json policy = json::object();
  for (const std::string& text : request.waves) {
    MW_TRY(const double share, ReadShare(text));
    policy["waves"].push_back(share);
  }
  if (request.wave_min_s >= 0) policy["wave_min_s"] = request.wave_min_s;
  if (request.success_share >= 0) policy["success_share"] = request.success_share;
  if (request.failure_share >= 0) policy["failure_share"] = request.failure_share;
  if (request.windows_min > 0) policy["windows_min"] = request.windows_min;
  if (request.time_min_s >= 0) policy["time_min_s"] = request.time_min_s;
  if (request.no_approval) policy["approval"] = false;
  if (request.reverse_on_halt) policy["reverse_on_halt"] = true;
  return policy;
}

}  // namespace millwright::cli
