// retrain: the hub's jobs of retraining.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

const std::string kRetrains = "/api/v1/retrains";

Cell ShowRetrainAsked(const json& row, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(row, "created_ms"))};
}

Cell ShowRetrainState(const json& row, const json& /*answer*/) {
  const std::string state = TextOf(row, "state");
  const Tone tone = state == "promoted"  ? Tone::kGood
                    : state == "failed"  ? Tone::kBad
                    : state == "waiting" ? Tone::kAttention
                                         : Tone::kPlain;
  return {state, tone};
}

constexpr Column kRetrainColumns[] = {
    {"id", ColumnKind::kText, "JOB"},
    {"created_ms", ColumnKind::kInteger, "ASKED", ShowRetrainAsked},
    {"cause", ColumnKind::kText, "CAUSE"},
    {"who", ColumnKind::kText, "BY"},
    {"why", ColumnKind::kText},
    {"state", ColumnKind::kText, "STATE", ShowRetrainState},
    {"words", ColumnKind::kText, "WORDS"},
    {"approved_by", ColumnKind::kText},
    {"cancelled_by", ColumnKind::kText},
    {"updated_ms", ColumnKind::kInteger},
    {"code_version", ColumnKind::kText},
    {"parent", ColumnKind::kText},
    {"data_sha256", ColumnKind::kText},
    {"bundle", ColumnKind::kText},
    {"rollout", ColumnKind::kText},
};

// In the order in which they are read; the rest is in --json.
constexpr const char* kRetrainTexts[] = {
    "id",     "cause",       "who",    "why",         "state",        "words",  "code_version",
    "parent", "data_sha256", "bundle", "approved_by", "cancelled_by", "rollout"};
constexpr const char* kRetrainErrors[] = {"live_error", "candidate_error", "t2_error", "rms_error",
                                          "always_error"};
constexpr const char* kRetrainCounts[] = {"runs", "runs_better", "runs_worse", "events_total"};

void PrintRetrain(const json& job, Context& context) {
  const auto found = job.find("figures");
  const bool compared = found != job.end() && found->is_object();
  if (context.json) {
    FlatJson out;
    for (const char* key : kRetrainTexts) out.Set(key, TextOf(job, key));
    for (const char* key : {"created_ms", "updated_ms", "attempts"})
      out.Set(key, IntegerOf(job, key));
    for (const char* key : kRetrainErrors)
      if (compared) out.Set(key, NumberOf(*found, key));
    for (const char* key : kRetrainCounts)
      if (compared) out.Set(key, IntegerOf(*found, key));
    return out.Print();
  }
  for (const char* key : kRetrainTexts)
    if (const std::string text = TextOf(job, key); !text.empty())
      std::printf("%-16s %s\n", key, text.c_str());
  for (const char* key : kRetrainErrors)
    if (compared) std::printf("%-16s %.4f\n", key, NumberOf(*found, key));
  for (const char* key : kRetrainCounts)
    if (compared) std::printf("%-16s %lld\n", key, static_cast<long long>(IntegerOf(*found, key)));
}

void ListRetrains(Context& context, int limit) {
  const auto answer = AskHub(context, kRetrains + "?limit=" + std::to_string(limit));
  if (!answer) return FailFromHub(context, answer.error());
  const auto rows = ObjectsOf(*answer, "retrains");
  if (context.json) {
    FlatJson out;
    out.Count("listed", rows.size());
    AddColumns(out, rows, kRetrainColumns);
    return out.Print();
  }
  if (rows.empty())
    std::puts(FlagOf(*answer, "enabled") ? "Nobody has asked for a retraining yet."
                                         : "This hub does not retrain: it has no [retrain].");
  else
    std::fputs(TableOf(*answer, rows, kRetrainColumns).Text(context.color).c_str(), stdout);
}

void TellRetrain(Context& context, const std::string& path, const json& body) {
  const auto answer = TellHub(context, path, body);
  if (!answer) return FailFromHub(context, answer.error());
  PrintRetrain(*answer, context);
}

void ShowRetrain(Context& context, const std::string& id) {
  const auto answer = AskHub(context, kRetrains + "/" + PercentEncode(id));
  if (!answer) return FailFromHub(context, answer.error());
  PrintRetrain(*answer, context);
}

void ShowRetrainLog(Context& context, const std::string& id, int bytes) {
  const auto answer =
      AskHub(context, kRetrains + "/" + PercentEncode(id) + "/log?bytes=" + std::to_string(bytes));
  if (!answer) return FailFromHub(context, answer.error());
  if (context.json)
    return FlatJson().Set("id", TextOf(*answer, "id")).Set("log", TextOf(*answer, "log")).Print();
  std::fputs(TextOf(*answer, "log").c_str(), stdout);
}

std::shared_ptr<std::string> AddRetrainId(CLI::App& command) {
  auto id = std::make_shared<std::string>();
  command.add_option("JOB", *id, "Its id: t-...")->required();
  return id;
}

void ConfigureRetrainSteer(CLI::App& command, Context& context, const char* word) {
  const auto id = AddRetrainId(command);
  command.callback([&context, id, word] {
    TellRetrain(context, kRetrains + "/" + PercentEncode(*id) + "/" + word, json::object());
  });
}

}  // namespace

void ConfigureRetrain(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto limit = std::make_shared<int>(50);
  CLI::App* list = command.add_subcommand("list", "List jobs, newest first");
  list->add_option("--limit", *limit, "At most this many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  list->callback([&context, limit] { ListRetrains(context, *limit); });

  CLI::App* show = command.add_subcommand("show", "One job: its lineage and its figures");
  show->callback([&context, id = AddRetrainId(*show)] { ShowRetrain(context, *id); });

  const auto why = std::make_shared<std::string>();
  CLI::App* start = command.add_subcommand("start", "Ask for a retraining");
  start->add_option("--why", *why, "For the record");
  start->callback([&context, why] { TellRetrain(context, kRetrains, {{"why", *why}}); });

  ConfigureRetrainSteer(*command.add_subcommand("cancel", "Stop it, or take it out of the queue"),
                        context, "cancel");
  ConfigureRetrainSteer(*command.add_subcommand("approve", "Let the better model out"), context,
                        "approve");

  const auto bytes = std::make_shared<int>(16384);
  CLI::App* log = command.add_subcommand("log", "The end of what its commands wrote");
  log->add_option("--bytes", *bytes, "At most this much")->check(CLI::Range(1, 262144));
  log->callback(
      [&context, bytes, id = AddRetrainId(*log)] { ShowRetrainLog(context, *id, *bytes); });
}

}  // namespace millwright::cli
