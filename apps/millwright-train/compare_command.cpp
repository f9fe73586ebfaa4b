// compare: a new bundle beside the live one and the simple methods, on the same held-out runs.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "model/manifest.h"
#include "os/files.h"
#include "trainer/compare.h"

namespace millwright {
namespace {

using Json = nlohmann::ordered_json;
using recording::RecordingInfo;

constexpr const char* kHeldOut = "test";  // the trainer never sees this group of dataset.toml

struct CompareFlags {
  std::string data, live, candidate, report;
  bool json = false;
};

double ErrorOf(const trainer::Detection& detection) {
  return std::round(trainer::BalancedError(detection) * 1e6) / 1e6;
}

Json JsonOf(const trainer::Comparison& found) {
  const trainer::Scores& live = found.live;
  const trainer::Scores& candidate = found.candidate;
  return {{"runs", live.runs},
          {"moments", live.moments},
          {"events_total", live.model.events_total},
          {"live_error", ErrorOf(live.model)},
          {"candidate_error", ErrorOf(candidate.model)},
          {"t2_error", ErrorOf(live.t2)},
          {"rms_error", ErrorOf(live.rms)},
          {"always_error", ErrorOf(live.always)},
          {"runs_better", found.runs_better},
          {"runs_worse", found.runs_worse},
          {"live_events_found", live.model.events_found},
          {"candidate_events_found", candidate.model.events_found},
          {"live_false_alarms", live.model.false_alarms},
          {"candidate_false_alarms", candidate.model.false_alarms},
          {"notes", live.notes},
          {"ok", true},
          {"not_measured", Json::array()}};
}

Result<Json> Compare(const CompareFlags& flags) {
  os::RealFiles files;
  MW_TRY(const model::Bundle live, model::LoadBundle(files, flags.live));
  MW_TRY(const model::Bundle candidate, model::LoadBundle(files, flags.candidate));
  MW_TRY(auto runs, recording::OpenDataset(flags.data));
  std::erase_if(runs, [](const RecordingInfo& info) { return info.group != kHeldOut; });
  if (runs.empty())
    return Fail(Errc::kInvalid,
                flags.data + ": dataset.toml has no group \"test\", so that nothing is held out");
  MW_TRY(const auto found, trainer::CompareBundles(live, candidate, runs));
  return JsonOf(found);
}

Result<void> RunCompare(const CompareFlags& flags) {
  MW_TRY(const Json found, Compare(flags));
  if (!flags.json)
    for (const char* key :
         {"live_error", "candidate_error", "t2_error", "rms_error", "always_error"})
      std::printf("%-16s %.4f\n", key, found[key].get<double>());
  return Deliver(found.dump() + "\n", flags.report, flags.json);
}

}  // namespace

void AddCompare(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<CompareFlags>();
  CLI::App* compare = app.add_subcommand(
      "compare", "A new bundle beside the live one and simple methods, on what was held out");
  compare->add_option("--data", flags->data, "Data set whose dataset.toml has a group \"test\"")
      ->required();
  compare->add_option("--live", flags->live, "Bundle folder of the model that decides")->required();
  compare->add_option("--candidate", flags->candidate, "Bundle folder of the new one")->required();
  compare->add_flag("--json", flags->json, "One flat JSON object on the last line");
  compare->add_option("--report", flags->report, "Write that object to a file");
  compare->callback([flags, &exit_code] {
    if (const auto done = RunCompare(*flags); !done) exit_code = Report(done.error());
  });
}

}  // namespace millwright
