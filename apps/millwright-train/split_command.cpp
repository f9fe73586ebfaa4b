#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "recording/recording.h"
#include "trainer/split.h"

namespace millwright {
namespace {

struct SplitFlags {
  std::string data, report;
  double share = 0.35;
  bool all = false;
  bool json = false;
};

// Which recordings train and which are replayed; with `all` every one is replayed, be it the only
// one.
Result<trainer::Split> Deal(std::span<const recording::RecordingInfo> recordings,
                            const SplitFlags& flags) {
  if (!flags.all)
    return trainer::SplitRecordings(recordings, flags.share, trainer::LoneFaults::kShared);
  trainer::Split split{.unit = "none"};
  for (size_t i = 0; i < recordings.size(); ++i) split.held_out.push_back(i);
  return split;
}

Result<void> RunSplit(const SplitFlags& flags) {
  MW_TRY(const auto recordings, recording::OpenDataset(flags.data));
  MW_TRY(const trainer::Split split, Deal(recordings, flags));
  std::vector<std::string> train, replay;
  for (const size_t i : split.train) train.push_back(recordings[i].id);
  for (const size_t i : split.held_out) replay.push_back(recordings[i].id);
  if (!flags.json) {
    for (const std::string& id : train) std::printf("train   %s\n", id.c_str());
    for (const std::string& id : replay) std::printf("replay  %s\n", id.c_str());
  }
  const nlohmann::ordered_json json = {{"unit", split.unit},
                                       {"train", train},
                                       {"replay", replay},
                                       {"ok", true},
                                       {"not_measured", nlohmann::ordered_json::array()}};
  return Deliver(json.dump() + "\n", flags.report, flags.json);
}

}  // namespace

void AddSplit(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<SplitFlags>();
  CLI::App* split = app.add_subcommand(
      "split", "Which recordings train and which are replayed, the same every time");
  split->add_option("--data", flags->data, "Data set")->required();
  split->add_option("--share", flags->share, "Share that is replayed")
      ->check(CLI::Range(0.05, 0.8))
      ->capture_default_str();
  split->add_flag("--all", flags->all, "Replay every recording: what trains comes from elsewhere");
  split->add_flag("--json", flags->json, "One flat JSON object on the last line");
  split->add_option("--report", flags->report, "Write that object to a file");
  split->callback([flags, &exit_code] {
    if (const auto done = RunSplit(*flags); !done) exit_code = Report(done.error());
  });
}

}  // namespace millwright
