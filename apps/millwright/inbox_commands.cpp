// inbox: what a person has to look at. judge: what they say of it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "columns.h"
#include "commands.h"
#include "core/text.h"
#include "crypto/random.h"
#include "hub_query.h"
#include "output.h"

namespace millwright::cli {
namespace {

using nlohmann::json;
using Cell = TextTable::Cell;

constexpr size_t kActIdBytes = 16;

Cell ShowInboxLevel(const json& alarm, const json& /*answer*/) {
  const std::string level = TextOf(alarm, "level");
  return {level, LevelTone(level)};
}

Cell ShowInboxRaised(const json& alarm, const json& /*answer*/) {
  return {ShortUtc(IntegerOf(alarm, "raised_ms"))};
}

Cell ShowInboxScore(const json& alarm, const json& /*answer*/) {
  return {ScoreText(NumberOf(alarm, "score"))};
}

// "confirmed: ball, by ana", "shelved by ben", "ana asks".
Cell ShowStanding(const json& alarm, const json& /*answer*/) {
  if (const auto verdict = alarm.find("verdict"); verdict != alarm.end() && verdict->is_object()) {
    const std::string state = TextOf(*verdict, "state");
    const std::string why = state == "TRUE_POSITIVE" ? TextOf(*verdict, "fault_name")
                                                     : TextOf(*verdict, "reason_words");
    const std::string word = state == "TRUE_POSITIVE" ? "confirmed"
                             : state == "UNKNOWN"     ? "not checked"
                                                      : "rejected";
    return {word + (why.empty() ? "" : ": " + why) + ", by " + TextOf(*verdict, "who")};
  }
  if (const auto shelved = alarm.find("shelved"); shelved != alarm.end() && shelved->is_object())
    return {"shelved by " + TextOf(*shelved, "who"), Tone::kFaint};
  if (const auto asked = alarm.find("asked"); asked != alarm.end() && asked->is_object())
    return {TextOf(*asked, "who") + " asks", Tone::kAttention};
  return {"to judge", Tone::kAttention};
}

constexpr Column kInboxColumns[] = {
    {"level", ColumnKind::kText, "LEVEL", ShowInboxLevel},
    {"raised_ms", ColumnKind::kInteger, "RAISED", ShowInboxRaised},
    {"site", ColumnKind::kText, "SITE"},
    {"asset", ColumnKind::kText, "MACHINE"},
    {"fault", ColumnKind::kText},
    {"fault_name", ColumnKind::kText, "FAULT"},
    {"score", ColumnKind::kNumber, "SCORE", ShowInboxScore},
    {"why", ColumnKind::kText},
    {"verdict", ColumnKind::kText, "STANDS", ShowStanding},
    {"id", ColumnKind::kText, "ALARM"},
};

struct InboxOptions {
  std::string view = "judge", site;
  int limit = 50;
};

void ShowInbox(const InboxOptions& options, Context& context) {
  const auto answer = AskHub(context, "/api/v1/inbox?view=" + options.view +
                                          "&site=" + PercentEncode(options.site) +
                                          "&limit=" + std::to_string(options.limit));
  if (!answer) return FailFromHub(context, answer.error());
  const auto alarms = ObjectsOf(*answer, "alarms");
  const json counts = answer->value("counts", json::object());
  if (context.json) {
    FlatJson out;
    out.Count("count", alarms.size());
    for (const char* key : {"judge", "shelved", "judged_today", "opinion", "all"})
      out.Set(key, IntegerOf(counts, key));
    AddColumns(out, alarms, kInboxColumns);
    return out.Print();
  }
  std::printf("%lld to judge, %lld shelved, %lld ask for a second opinion, %lld judged today\n",
              static_cast<long long>(IntegerOf(counts, "judge")),
              static_cast<long long>(IntegerOf(counts, "shelved")),
              static_cast<long long>(IntegerOf(counts, "opinion")),
              static_cast<long long>(IntegerOf(counts, "judged_today")));
  if (!alarms.empty())
    std::fputs(TableOf(*answer, alarms, kInboxColumns).Text(context.color).c_str(), stdout);
}

// -- judge --------------------------------------------------------------------------------------

struct JudgeOptions {
  std::vector<std::string> alarms;
  std::string fault, reason, note;
  double seconds = 0;  // 0: until the machine is repaired
};

void SendAct(Context& context, const char* path, json body) {
  const std::string id = crypto::RandomHex(kActIdBytes);
  body["id"] = id;
  auto answer = TellHub(context, path, body);
  // The hub knows an act by its id: asking again cannot judge twice.
  if (!answer && answer.error().code == Errc::kUnavailable) answer = TellHub(context, path, body);
  if (!answer) return FailFromHub(context, answer.error());
  const int64_t count = IntegerOf(*answer, "count");
  if (context.json) return FlatJson().Set("act", id).Set("count", count).Print();
  std::printf("%lld, saved. To take it back: millwright judge undo %s\n",
              static_cast<long long>(count), id.c_str());
}

void UndoAct(Context& context, const std::string& act) {
  const auto answer =
      TellHub(context, "/api/v1/acts/" + PercentEncode(act) + "/undo", json::object());
  if (!answer) return FailFromHub(context, answer.error());
  const int64_t count = IntegerOf(*answer, "count");
  if (context.json) return FlatJson().Set("act", act).Set("count", count).Print();
  std::printf("%lld taken back.\n", static_cast<long long>(count));
}

// Without --fault an alarm is what its model said.
void Confirm(Context& context, JudgeOptions options) {
  if (options.fault.empty()) {
    const auto alarm = AskHub(context, "/api/v1/alarms/" + PercentEncode(options.alarms.front()));
    if (!alarm) return FailFromHub(context, alarm.error());
    options.fault = TextOf(*alarm, "fault");
    if (options.fault.empty())
      return FailWith(context, Error{Errc::kInvalid, "the model named no fault: give --fault"});
  }
  SendAct(context, "/api/v1/verdicts",
          {{"alarms", options.alarms},
           {"verdict", "confirm"},
           {"fault", options.fault},
           {"note", options.note}});
}

CLI::App* AddJudge(CLI::App& command, const char* name, const char* what,
                   const std::shared_ptr<JudgeOptions>& options) {
  CLI::App* verb = command.add_subcommand(name, what);
  verb->add_option("ALARM", options->alarms, "Alarms of one cause, as millwright inbox names them")
      ->required();
  verb->add_option("--note", options->note, "A note, kept with it");
  return verb;
}

}  // namespace

void ConfigureInbox(CLI::App& command, Context& context) {
  const auto options = std::make_shared<InboxOptions>();
  command.add_option("--view", options->view, "Which")
      ->check(CLI::IsMember({"judge", "shelved", "judged", "opinion", "all"}))
      ->capture_default_str();
  command.add_option("--site", options->site, "Of one plant");
  command.add_option("--limit", options->limit, "At most this many")
      ->check(CLI::Range(1, 500))
      ->capture_default_str();
  command.callback([&context, options] { ShowInbox(*options, context); });
}

void ConfigureJudge(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto options = std::make_shared<JudgeOptions>();
  CLI::App* confirm = AddJudge(command, "confirm", "It is a fault", options);
  confirm->add_option("--fault", options->fault, "Which; without it, what the model said");
  confirm->callback([&context, options] { Confirm(context, *options); });
  CLI::App* reject = AddJudge(command, "reject", "It is no fault", options);
  reject->add_option("--reason", options->reason, "Why")
      ->required()
      ->check(CLI::IsMember(
          {"sensor_fault", "process_change", "known_work", "duplicate", "not_a_fault", "other"}));
  reject->callback([&context, options] {
    SendAct(context, "/api/v1/verdicts",
            {{"alarms", options->alarms},
             {"verdict", "reject"},
             {"reason", options->reason},
             {"note", options->note}});
  });
  CLI::App* unknown = AddJudge(command, "not-checked", "Nobody has found out", options);
  unknown->callback([&context, options] {
    SendAct(context, "/api/v1/verdicts",
            {{"alarms", options->alarms}, {"verdict", "not_checked"}, {"note", options->note}});
  });
  CLI::App* shelve = AddJudge(command, "shelve", "Not now", options);
  shelve->add_option("--for", options->seconds, "30m, 8h, 1d; without it: until it is repaired")
      ->transform(CLI::AsNumberWithUnit(
          std::map<std::string, double>{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}}));
  shelve->callback([&context, options] {
    SendAct(context, "/api/v1/shelvings",
            {{"alarms", options->alarms},
             {"for_s", static_cast<int64_t>(options->seconds)},
             {"reason", options->note}});
  });
  CLI::App* ask = AddJudge(command, "ask", "Let a colleague say", options);
  ask->callback([&context, options] {
    SendAct(context, "/api/v1/questions", {{"alarms", options->alarms}, {"note", options->note}});
  });
  const auto act = std::make_shared<std::string>();
  CLI::App* undo = command.add_subcommand("undo", "Take back an act of your own");
  undo->add_option("ACT", *act, "As it was told when it was done")->required();
  undo->callback([&context, act] { UndoAct(context, *act); });
}

}  // namespace millwright::cli
