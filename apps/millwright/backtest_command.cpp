// backtest: reads the options, finds model and machines, prints the comparison.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "backtest.h"
#include "commands.h"
#include "hub/rollout/releases.h"
#include "hub_query.h"
#include "model/pack.h"
#include "os/clock.h"
#include "os/files.h"
#include "output.h"
#include "scratch_folder.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

struct BacktestRequest {
  std::string model, repository, keep;
  std::string from, to, learn_from;
  std::vector<std::string> assets;
  double slack_s = 60;
  double shaft_hz = 0;
};

struct BacktestReport {
  std::string model_name, model_version, model_hash;
  Nanos from = 0, to = 0;
  std::vector<Backtest> machines{};
  std::vector<std::string> left_out{};  // why a machine that nobody named was not played
};

Result<model::Bundle> LoadPacked(os::Files& files, std::span<const std::byte> pack) {
  MW_TRY(const auto packed, model::ReadPack(pack));
  MW_TRY(const ScratchFolder folder, ScratchFolder::Make());
  for (const model::PackedFile& file : packed) {
    MW_TRY(files.WriteFast(folder.path() + "/" + file.name, file.bytes));
  }
  return model::LoadBundle(files, folder.path());
}

// A bundle's folder, a pack, or with --repository a release's target.
Result<model::Bundle> LoadModel(const BacktestRequest& request) {
  os::RealFiles files;
  if (!request.repository.empty()) {
    hub::Releases releases(files, request.repository);
    MW_TRY(const hub::ReleaseInfo release, releases.Find(request.model));
    const std::string stream = hub::PackStream(release.pack_sha256);
    MW_TRY(const os::Bytes pack, releases.Read("", stream, 0, 0, release.pack_bytes));
    return LoadPacked(files, pack);
  }
  if (std::filesystem::is_directory(request.model)) return model::LoadBundle(files, request.model);
  MW_TRY(const os::Bytes pack, files.Read(request.model, model::kPackBytesMax));
  return LoadPacked(files, pack);
}

Result<Nanos> TimeOf(const char* option, const std::string& text) {
  const auto time = ParseUtc(text);
  if (!time)
    return Fail(Errc::kInvalid, std::string(option) + " " + text + ": " + time.error().what);
  return *time / kMillisecond * kMillisecond;
}

Result<BacktestOptions> OptionsOf(const BacktestRequest& request) {
  BacktestOptions options{.slack = FromSeconds(request.slack_s), .shaft_hz = request.shaft_hz};
  MW_TRY(options.from, TimeOf("--from", request.from));
  options.to = os::RealClock().Utc() / kMillisecond * kMillisecond;
  if (!request.to.empty()) {
    MW_TRY(options.to, TimeOf("--to", request.to));
  }
  options.learn_from = options.from;
  if (!request.learn_from.empty()) {
    MW_TRY(options.learn_from, TimeOf("--learn-from", request.learn_from));
  }
  if (options.from >= options.to) return Fail(Errc::kInvalid, "--from must lie before --to");
  if (options.learn_from > options.from)
    return Fail(Errc::kInvalid, "--learn-from must not lie behind --from");
  return options;
}

Result<BacktestReport> Run(const BacktestRequest& request, const Context& context) {
  MW_TRY(const model::Bundle bundle, LoadModel(request));
  MW_TRY(const BacktestOptions options, OptionsOf(request));
  const AskFunction ask = [&](const std::string& path) { return AskHub(context, path); };
  MW_TRY(const std::vector<MachineId> machines, MachinesNamed(request.assets, ask));
  MW_TRY(const ScratchFolder scratch, ScratchFolder::Make());
  const std::string folder = request.keep.empty() ? scratch.path() : request.keep;
  BacktestReport report{.model_name = bundle.manifest.name,
                        .model_version = bundle.manifest.version,
                        .model_hash = bundle.manifest.model.sha256,
                        .from = options.from,
                        .to = options.to};
  for (const MachineId& machine : machines) {
    auto played = RunBacktest(ask, machine, bundle, options, folder + "/" + machine.text());
    if (played) {
      report.machines.push_back(std::move(*played));
      continue;
    }
    if (!IsLeftOut(played.error(), request.assets)) return tl::unexpected(played.error());
    report.left_out.push_back(played.error().what);
  }
  if (report.machines.empty())
    return Fail(Errc::kUnsupported, report.left_out.empty() ? "backtest: the hub knows no machine"
                                                            : report.left_out.front());
  return report;
}

int64_t MsOf(Nanos time) { return time / kMillisecond; }

uint64_t EqualSteps(const Comparison& c) {
  uint64_t equal = 0;
  for (size_t level = 0; level < c.steps.size(); ++level) equal += c.steps[level][level];
  return equal;
}

std::vector<std::string> NotesOf(const Backtest& played) {
  const History& history = played.history;
  std::vector<std::string> notes = played.notes;
  const size_t absent = history.range.steps() - history.steps_heard;
  if (absent > 0)
    notes.push_back("of " + std::to_string(absent) + " of " +
                    std::to_string(history.range.steps()) + " steps nothing is kept");
  if (history.minutes_averaged > 0)
    notes.push_back("of " + std::to_string(history.minutes_averaged) +
                    " minutes only their means are kept: they are not played");
  if (history.steps_merged > 0)
    notes.push_back(std::to_string(history.steps_merged) +
                    " steps are means over several of the gateway's own");
  for (size_t c = 0; c < history.channels.size(); ++c)
    if (history.missing[c] > 0)
      notes.push_back("channel \"" + history.channels[c].name + "\" is missing in " +
                      std::to_string(history.missing[c]) + " steps that were heard");
  return notes;
}

void PrintJson(const BacktestReport& report) {
  std::vector<std::string> machine, notes, alarm_machine, alarm_who, live_level, live_fault,
      live_model, candidate_level, candidate_fault;
  std::vector<int64_t> heard, scored, compared, equal, averaged, live_alarms, candidate_alarms,
      only_live, only_candidate, live_alone, candidate_alone, matrix, live_begin, live_end,
      candidate_begin, candidate_end;
  for (const Backtest& played : report.machines) {
    const Comparison& c = played.comparison;
    const std::string name = played.history.machine.text();
    const auto add = [](std::vector<int64_t>& column, uint64_t value) {
      column.push_back(static_cast<int64_t>(value));
    };
    machine.push_back(name);
    add(heard, played.history.steps_heard);
    add(averaged, played.history.minutes_averaged);
    add(scored, played.steps_scored);
    add(compared, c.compared());
    add(equal, EqualSteps(c));
    add(live_alone, c.live_alone);
    add(candidate_alone, c.candidate_alone);
    add(live_alarms, c.live_alarms);
    add(candidate_alarms, c.candidate_alarms);
    add(only_live, c.only_live);
    add(only_candidate, c.only_candidate);
    for (const auto& row : c.steps)
      for (const uint64_t count : row) add(matrix, count);
    for (const std::string& note : NotesOf(played)) notes.push_back(name + ": " + note);
    for (const AlarmPair& pair : c.alarms) {
      const LiveAlarm live = pair.live.value_or(LiveAlarm{});
      const CandidateAlarm candidate = pair.candidate.value_or(CandidateAlarm{});
      alarm_machine.push_back(name);
      alarm_who.emplace_back(pair.who());
      live_begin.push_back(MsOf(live.begin));
      live_end.push_back(MsOf(live.end));
      live_level.emplace_back(model::Name(live.level));
      live_fault.push_back(live.fault);
      live_model.push_back(live.model_hash);
      candidate_begin.push_back(MsOf(candidate.begin));
      candidate_end.push_back(MsOf(candidate.end));
      candidate_level.emplace_back(model::Name(candidate.level));
      candidate_fault.push_back(candidate.fault);
    }
  }
  for (const std::string& why : report.left_out) notes.push_back("left out: " + why);
  FlatJson()
      .Set("model_name", report.model_name)
      .Set("model_version", report.model_version)
      .Set("model_hash", report.model_hash)
      .Set("from_ms", MsOf(report.from))
      .Set("to_ms", MsOf(report.to))
      .Set("machine", machine)
      .Set("steps_heard", heard)
      .Set("minutes_averaged", averaged)
      .Set("steps_scored", scored)
      .Set("steps_compared", compared)
      .Set("steps_equal", equal)
      .Set("steps_live_alone", live_alone)
      .Set("steps_candidate_alone", candidate_alone)
      .Set("levels_live_by_candidate", matrix)
      .Set("alarms_live", live_alarms)
      .Set("alarms_candidate", candidate_alarms)
      .Set("alarms_only_live", only_live)
      .Set("alarms_only_candidate", only_candidate)
      .Set("alarm_machine", alarm_machine)
      .Set("alarm_who", alarm_who)
      .Set("alarm_live_begin_ms", live_begin)
      .Set("alarm_live_end_ms", live_end)
      .Set("alarm_live_level", live_level)
      .Set("alarm_live_fault", live_fault)
      .Set("alarm_live_model", live_model)
      .Set("alarm_candidate_begin_ms", candidate_begin)
      .Set("alarm_candidate_end_ms", candidate_end)
      .Set("alarm_candidate_level", candidate_level)
      .Set("alarm_candidate_fault", candidate_fault)
      .Set("notes", notes)
      .Print();
}

TextTable::Cell LevelCell(model::Level level) {
  return {std::string(model::Name(level)), LevelTone(model::Name(level))};
}

void PrintMachine(const Backtest& played, const Context& context) {
  const Comparison& c = played.comparison;
  std::printf("\n%s: %zu live alarms, %zu of this model; %zu only live, %zu only of this model\n",
              played.history.machine.text().c_str(), c.live_alarms, c.candidate_alarms, c.only_live,
              c.only_candidate);
  if (c.compared() > 0)
    std::printf(
        "same level in %.1f %% of %llu steps that both judged; %llu only live, %llu only "
        "this model\n",
        100 * c.agreement(), static_cast<unsigned long long>(c.compared()),
        static_cast<unsigned long long>(c.live_alone),
        static_cast<unsigned long long>(c.candidate_alone));
  else
    std::puts("no step that both judged");
  if (!c.alarms.empty()) {
    TextTable table({"LIVE SINCE", "LEVEL", "FAULT", "THIS MODEL SINCE", "LEVEL", "FAULT"});
    for (const AlarmPair& pair : c.alarms) {
      std::vector<TextTable::Cell> row(6, TextTable::Cell{"-", Tone::kFaint});
      if (pair.live) {
        row[0] = {ShortUtc(MsOf(pair.live->begin))};
        row[1] = LevelCell(pair.live->level);
        row[2] = {pair.live->fault};
      }
      if (pair.candidate) {
        row[3] = {ShortUtc(MsOf(pair.candidate->begin))};
        row[4] = LevelCell(pair.candidate->level);
        row[5] = {pair.candidate->fault};
      }
      table.Add(std::move(row));
    }
    std::fputs(table.Text(context.color).c_str(), stdout);
  }
  for (const std::string& note : NotesOf(played)) std::printf("note: %s\n", note.c_str());
}

void Print(const BacktestReport& report, const Context& context) {
  if (context.json) return PrintJson(report);
  std::printf("%s %s, from %s to %s\n", report.model_name.c_str(), report.model_version.c_str(),
              ShortUtc(MsOf(report.from)).c_str(), ShortUtc(MsOf(report.to)).c_str());
  for (const Backtest& played : report.machines) PrintMachine(played, context);
  for (const std::string& why : report.left_out) std::printf("left out: %s\n", why.c_str());
}

}  // namespace

void ConfigureBacktest(CLI::App& command, Context& context) {
  const auto request = std::make_shared<BacktestRequest>();
  command
      .add_option("model", request->model,
                  "A bundle's folder, a pack, or with --repository a release's target")
      ->required();
  command.add_option("--from", request->from, "Begin, as 2026-11-17T00:00:00Z")->required();
  command.add_option("--to", request->to, "End; without it now");
  command.add_option("--learn-from", request->learn_from,
                     "Learn what is normal from here on; without it from --from on");
  command.add_option("--asset", request->assets, "SITE/ASSET, again for more; without it all");
  command.add_option("--repository", request->repository, "Folder of signed releases")
      ->check(CLI::ExistingDirectory);
  command
      .add_option("--slack", request->slack_s,
                  "Alarms no further apart are of one event, in seconds")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
  command.add_option("--shaft-hz", request->shaft_hz, "Nominal speed of the machines' shafts")
      ->check(CLI::PositiveNumber);
  command.add_option("--keep", request->keep, "Keep the history as recordings in this folder");
  command.callback([&context, request] {
    const auto report = Run(*request, context);
    if (!report) return FailFromHub(context, report.error());
    Print(*report, context);
  });
}

}  // namespace millwright::cli
