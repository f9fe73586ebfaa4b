// rollout: start, watch and steer what the hub brings to its gateways.
#include <CLI/CLI.hpp>
#include <charconv>
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

constexpr std::string_view kRollouts = "/api/v1/rollouts";

// -- how a rollout is shown ---------------------------------------------------------------------

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

constexpr Column kMemberColumns[] = {
    {"device", ColumnKind::kText, "GATEWAY"},
    {"site", ColumnKind::kText, "SITE"},
    {"wave", ColumnKind::kInteger},
    {"state", ColumnKind::kText, "STATE", ShowState},
    {"phase", ColumnKind::kText},
    {"progress", ColumnKind::kText, "PROGRESS"},
    {"updated_ms", ColumnKind::kInteger, "TOLD", ShowHeard},
    {"online", ColumnKind::kFlag},
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
  std::vector<int64_t> waves;
  for (const json& member : ObjectsOf(rollout, "members")) {
    devices.push_back(TextOf(member, "device"));
    waves.push_back(IntegerOf(member, "wave"));
    states.push_back(TextOf(member, "state"));
    reasons.push_back(TextOf(member, "reason"));
    serving.push_back(TextOf(member, "serving"));
  }
  out.Set("member", devices).Set("member_wave", waves).Set("member_state", states);
  out.Set("member_reason", reasons).Set("member_serving", serving).Print();
}

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

// -- what people ask for ------------------------------------------------------------------------

struct StartRequest {
  std::string target;
  std::vector<std::string> waves, sites, devices;
  double wave_min_s = -1, success_share = -1, failure_share = -1;
  int windows_min = 0;
  double time_min_s = -1;
  bool no_approval = false, reverse_on_halt = false, dry_run = false;
};

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

Result<json> BodyOf(const StartRequest& request) {
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
  json body = {{"target", request.target}, {"policy", policy}, {"dry_run", request.dry_run}};
  if (!request.sites.empty()) body["sites"] = request.sites;
  if (!request.devices.empty()) body["devices"] = request.devices;
  return body;
}

void Start(const StartRequest& request, Context& context) {
  const auto body = BodyOf(request);
  if (!body) return FailWith(context, body.error());
  const auto answer = TellHub(context, std::string(kRollouts), *body);
  if (!answer) return FailFromHub(context, answer.error());
  if (request.dry_run && !context.json) std::puts("Nothing is started; this is what would be:");
  PrintRollout(*answer, context);
}

std::string PathOf(const std::string& id, const std::string& action = {}) {
  return std::string(kRollouts) + "/" + UrlEncode(id) + (action.empty() ? "" : "/" + action);
}

void Show(const std::string& id, Context& context) {
  const auto answer = AskHub(context, PathOf(id));
  if (!answer) return FailFromHub(context, answer.error());
  PrintRollout(*answer, context);
}

void List(Context& context) {
  const auto answer = AskHub(context, std::string(kRollouts));
  if (!answer) return FailFromHub(context, answer.error());
  const auto rollouts = ObjectsOf(*answer, "rollouts");
  if (context.json) {
    FlatJson out;
    out.Count("count", rollouts.size());
    AddColumns(out, rollouts, kRolloutColumns);
    return out.Print();
  }
  if (rollouts.empty()) {
    std::puts("Nothing was ever rolled out by this hub.");
    return;
  }
  std::fputs(TableOf(*answer, rollouts, kRolloutColumns).Text(context.color).c_str(), stdout);
}

struct ChangeRequest {
  std::string id, why;
};

void Change(const ChangeRequest& request, const std::string& action, Context& context) {
  json body = json::object();
  if (!request.why.empty()) body["why"] = request.why;
  const auto answer = TellHub(context, PathOf(request.id, action), body);
  if (!answer) return FailFromHub(context, answer.error());
  PrintRollout(*answer, context);
}

void ConfigureStart(CLI::App& command, Context& context) {
  const auto request = std::make_shared<StartRequest>();
  command.add_option("TARGET", request->target, "A release; `millwright release list` names them")
      ->required();
  command
      .add_option("--waves", request->waves, "Shares of the fleet, rising to 100%: 1%,10%,50%,100%")
      ->delimiter(',');
  command.add_option("--site", request->sites, "Only gateways of these sites")->delimiter(',');
  command.add_option("--device", request->devices, "Only these gateways")->delimiter(',');
  command.add_option("--wave-min", request->wave_min_s, "A wave lasts so many seconds at least");
  command.add_option("--success", request->success_share,
                     "Share of a wave that must take it before the next begins");
  command.add_option("--failures", request->failure_share,
                     "Share of gateways that may refuse it or go back");
  command.add_option("--windows-min", request->windows_min,
                     "Windows of a trial, where gateways ask for fewer");
  command.add_option("--time-min", request->time_min_s,
                     "Seconds of a trial, where gateways ask for less");
  command.add_flag("--no-approval", request->no_approval, "The last wave begins by itself");
  command.add_flag("--reverse-on-halt", request->reverse_on_halt,
                   "Where it halts, gateways that took it go back");
  command.add_flag("--dry-run", request->dry_run, "Show the waves, start nothing");
  command.callback([&context, request] { Start(*request, context); });
}

}  // namespace

void ConfigureRollout(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  ConfigureStart(*command.add_subcommand("start", "Begin with the first wave"), context);
  command.add_subcommand("list", "List rollouts, newest first")->callback([&context] {
    List(context);
  });
  const auto request = std::make_shared<ChangeRequest>();
  const auto add = [&](const char* name, const char* summary) {
    CLI::App* one = command.add_subcommand(name, summary);
    one->add_option("ROLLOUT", request->id, "Its id; `millwright rollout list` names them")
        ->required();
    return one;
  };
  add("show", "Show one with its gates, gateways and log")->callback([&context, request] {
    Show(request->id, context);
  });
  const std::pair<const char*, const char*> changes[] = {
      {"pause", "Begin no further wave"},
      {"resume", "Go on after a pause"},
      {"approve", "Let the last wave begin"},
      {"abort", "Stop: what has not committed keeps or gets back its model"},
      {"reverse", "Stop, and send back every gateway that took the model"}};
  for (const auto& [name, summary] : changes) {
    CLI::App* one = add(name, summary);
    const std::string action = name;
    if (action == "abort" || action == "reverse")
      one->add_option("--why", request->why, "In words; it is kept and shown");
    one->callback([&context, request, action] { Change(*request, action, context); });
  }
}

}  // namespace millwright::cli
