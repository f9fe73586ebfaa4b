// mw-rollback-bench: what a trial between two models makes of streams of scores, simulated and
// recorded, and how soon a model that crashes the agent is gone.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/log.h"
#include "crash.h"
#include "pairs.h"
#include "replay.h"
#include "streams.h"

namespace millwright::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMachines[] = {1, 4, 12};  // on one gateway, in turns of trials
constexpr int64_t kHealthyWindows = 3000;
constexpr int64_t kFaultWindows = 4000;

struct Trials {
  std::string model;
  int healthy = 5000, faults = 1000, wrong = 1000;
};

Stream MakeStream(const StreamModel& model, Injected injected, int number) {
  const int machines = kMachines[static_cast<size_t>(number) % std::size(kMachines)];
  return Stream(model, injected, machines, 1000 + static_cast<uint64_t>(number));
}

std::function<slots::Pair()> Of(Stream& stream) {
  return [&stream] { return stream.Next(); };
}

Json Healthy(const StreamModel& model, int trials) {
  int worse = 0, passed = 0;
  std::string reason;
  for (int i = 0; i < trials; ++i) {
    Stream through = MakeStream(model, {}, i);
    const Ended long_run = RunTrial({}, Of(through), kHealthyWindows, true);
    if (long_run.verdict == slots::TrialVerdict::kWorse) {
      ++worse;
      reason = long_run.reason;
    }
    Stream again = MakeStream(model, {}, i);
    passed +=
        RunTrial({}, Of(again), kHealthyWindows, false).verdict == slots::TrialVerdict::kPassed;
  }
  return {{"healthy_trials", trials},
          {"healthy_windows", kHealthyWindows},
          {"false_rollbacks", worse},
          {"false_rollback_rate", static_cast<double>(worse) / trials},
          {"healthy_passed_share", static_cast<double>(passed) / trials},
          {"false_rollback_reason", reason}};
}

Json Fault(const StreamModel& model, double loss, const std::string& name, int trials) {
  std::vector<int64_t> windows;
  int passed = 0;
  for (int i = 0; i < trials; ++i) {
    Stream stream = MakeStream(model, {.confidence = -loss}, i);
    const Ended ended = RunTrial({}, Of(stream), kFaultWindows, false);
    const bool caught = ended.verdict == slots::TrialVerdict::kWorse;
    passed += ended.verdict == slots::TrialVerdict::kPassed;
    windows.push_back(caught ? ended.windows : kNever);
  }
  std::ranges::sort(windows);
  const auto at = [&](double share) {
    return windows[static_cast<size_t>(share * static_cast<double>(windows.size() - 1))];
  };
  return {{"caught_" + name + "_trials", trials},
          {"caught_" + name + "_passed", passed},
          {"caught_" + name + "_windows_p50", at(0.5)},
          {"caught_" + name + "_windows_p95", at(0.95)}};
}

Json Wrongs(const StreamModel& model, const std::string& suffix, int trials) {
  int promoted = 0;
  const Wrong kinds[] = {Wrong::kAllHealthy, Wrong::kOneFault, Wrong::kAtRandom,
                         Wrong::kOtherFaults};
  for (int i = 0; i < trials; ++i) {
    const Wrong kind = kinds[static_cast<size_t>(i / 3) % std::size(kinds)];
    Stream stream = MakeStream(model, {.wrong = kind}, i);
    promoted +=
        RunTrial({}, Of(stream), kFaultWindows, false).verdict == slots::TrialVerdict::kPassed;
  }
  return {{"confidently_wrong_trials" + suffix, trials},
          {"confidently_wrong_promoted" + suffix, promoted}};
}

Result<void> Simulate(const Trials& trials) {
  std::ifstream in(trials.model);
  MW_TRY(StreamModel model,
         ReadStreamModel({std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}));
  Json out = Healthy(model, trials.healthy);
  out.update(Fault(model, 0.05, "05", trials.faults));
  out.update(Fault(model, 0.10, "10", trials.faults));
  out.update(Wrongs(model, "", trials.wrong));
  // Hardly a fault while it is tried: told apart, since no comparison of scores can settle it.
  model.alarm_share = 0.01;
  out.update(Wrongs(model, "_rare_faults", trials.wrong));
  std::printf("%s\n", out.dump().c_str());
  return {};
}

Result<void> Pairs(const PairRequest& request) {
  MW_TRY(const auto runs, PairRuns(request));
  std::printf("run,at_s,old,new,old_alarms,new_alarms,same_class\n");
  for (const PairedRun& run : runs)
    for (const slots::Pair& pair : run.pairs)
      std::printf("%s,%.3f,%.6f,%.6f,%d,%d,%d\n", run.id.c_str(), Seconds(pair.at),
                  static_cast<double>(pair.old_confidence),
                  static_cast<double>(pair.new_confidence), pair.old_alarms ? 1 : 0,
                  pair.new_alarms ? 1 : 0, pair.same_class ? 1 : 0);
  return {};
}

Result<void> Replay(const std::string& file, int trials) {
  MW_TRY(const auto runs, ReadPairs(file));
  const ReplayFigures f = ReplayPairs(runs, trials);
  std::printf("%s\n", Json({{"trials", f.trials},
                            {"windows_once", f.windows_once},
                            {"reason_once", f.reason_once},
                            {"false_rollbacks", f.false_rollbacks},
                            {"caught_05_windows_p95", f.caught_05_p95},
                            {"caught_10_windows_p95", f.caught_10_p95},
                            {"confidently_wrong_promoted", f.wrong_promoted}})
                          .dump()
                          .c_str());
  return {};
}

Result<void> Crash(const CrashRequest& request) {
  MW_TRY(const CrashFigures figures, RunCrashLoop(request));
  std::printf("{\"crashes\":%d,\"back_s\":%.3f}\n", figures.crashes, figures.back_s);
  return {};
}

int Main(int argc, char** argv) {
  log::SetLevel(log::Level::kError);
  CLI::App app("Trials between two models: simulated, recorded, and a crash loop.");
  app.require_subcommand(1);
  Result<void> done{};
  Trials trials;
  PairRequest pairs;
  CrashRequest crash;
  std::string file;
  int replays = 600;
  CLI::App* simulate = app.add_subcommand("simulate", "Trials on simulated streams");
  simulate->add_option("--model", trials.model, "Fitted stream, JSON")->required();
  simulate->add_option("--healthy", trials.healthy, "Trials of a model that is no worse");
  simulate->add_option("--faults", trials.faults, "Trials of each loss of confidence");
  simulate->add_option("--wrong", trials.wrong, "Trials of confidently wrong models");
  simulate->callback([&] { done = Simulate(trials); });
  CLI::App* pair = app.add_subcommand("pairs", "Two models over recorded runs, as CSV");
  pair->add_option("--old", pairs.old_bundle, "Bundle that decides")->required();
  pair->add_option("--new", pairs.new_bundle, "Bundle that watches")->required();
  pair->add_option("--data", pairs.data, "Data set")->required();
  pair->add_option("--runs", pairs.runs, "Only these")->delimiter(',');
  pair->callback([&] { done = Pairs(pairs); });
  CLI::App* replay = app.add_subcommand("replay", "Trials on recorded pairs");
  replay->add_option("--pairs", file, "CSV as pairs writes it")->required();
  replay->add_option("--trials", replays, "Of each kind");
  replay->callback([&] { done = Replay(file, replays); });
  CLI::App* loop = app.add_subcommand("crash", "The agent program in a crash loop");
  loop->add_option("--agent", crash.agent, "millwright-agent")->required();
  loop->add_option("--mosquitto", crash.mosquitto, "The broker's program")->required();
  loop->add_option("--folder", crash.folder, "Scratch folder")->required();
  loop->callback([&] { done = Crash(crash); });
  CLI11_PARSE(app, argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "mw-rollback-bench: %s\n", done.error().what.c_str());
  return 1;
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) { return millwright::bench::Main(argc, argv); }
