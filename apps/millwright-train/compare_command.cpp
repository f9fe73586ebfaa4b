// compare: a new bundle beside the live one and the simple methods, on the same held-out runs.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "commands.h"
#include "model/manifest.h"
#include "os/files.h"
#include "trainer/evaluate.h"
#include "trainer/score.h"

namespace millwright {
namespace {

using Json = nlohmann::ordered_json;
using recording::RecordingInfo;

constexpr const char* kHeldOut = "test";  // the trainer never sees this group of dataset.toml

struct CompareFlags {
  std::string data, live, candidate, report;
  bool json = false;
};

// The mean of both shares: a method that always alarms has one half, however rare faults are.
// Where there are moments of one kind only, that kind's share.
double ErrorOf(const trainer::Detection& d) {
  if (d.anomalous_moments == 0) return d.far;
  if (d.healthy_moments == 0) return d.mar;
  return (d.far + d.mar) / 2;
}

// A model's alarms on one run as if a gateway had published them.
std::vector<trainer::CollectedDecision> DecisionsOf(const trainer::Evaluation& evaluation,
                                                    const std::string& id) {
  std::vector<trainer::CollectedDecision> decisions;
  for (const trainer::ScoredRun& run : evaluation.runs)
    for (size_t i = 0; run.id == id && i < run.ts.size(); ++i)
      decisions.push_back({.step_end = run.ts[i], .alarm = run.levels[i] != model::Level::kNone});
  return decisions;
}

// Both models are judged from the same moment on.
void StartAt(std::vector<trainer::CollectedDecision>& decisions, Nanos first) {
  const auto from =
      std::ranges::upper_bound(decisions, first, {}, &trainer::CollectedDecision::step_end);
  const bool alarm = from != decisions.begin() && std::prev(from)->alarm;
  decisions.erase(decisions.begin(), from);
  decisions.insert(decisions.begin(), {.step_end = first, .alarm = alarm});
}

struct Models {
  const model::Bundle& live;
  const model::Bundle& candidate;
  // One table of rows and one commissioning for both: the moments that are judged are the same.
  [[nodiscard]] Result<trainer::Scores> Score(std::span<const RecordingInfo> runs,
                                              const trainer::Decisions& decisions) const {
    const Nanos commissioning = std::max(live.manifest.standardiser.commissioning,
                                         candidate.manifest.standardiser.commissioning);
    const Nanos step = std::max(live.manifest.schema.step, candidate.manifest.schema.step);
    return trainer::ScoreDecisions(runs, live.manifest.schema, commissioning, decisions,
                                   std::max(3 * step, 10 * kSecond));
  }
};

Result<std::pair<trainer::Decisions, trainer::Decisions>> Paired(
    const Models& models, std::span<const RecordingInfo> runs) {
  MW_TRY(const auto live, trainer::EvaluateBundle(models.live, runs));
  MW_TRY(const auto candidate, trainer::EvaluateBundle(models.candidate, runs));
  std::pair<trainer::Decisions, trainer::Decisions> out;
  for (const RecordingInfo& info : runs) {
    auto a = DecisionsOf(live, info.id);
    auto b = DecisionsOf(candidate, info.id);
    if (a.empty() || b.empty())
      return Fail(Errc::kInvalid, "compare: run \"" + info.id + "\" is too short for a decision");
    const Nanos first = std::max(a.front().step_end, b.front().step_end);
    StartAt(a, first);
    StartAt(b, first);
    out.first[info.id] = std::move(a);
    out.second[info.id] = std::move(b);
  }
  return out;
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
  const Models models{live, candidate};
  MW_TRY(const auto decisions, Paired(models, runs));
  MW_TRY(const trainer::Scores a, models.Score(runs, decisions.first));
  MW_TRY(const trainer::Scores b, models.Score(runs, decisions.second));
  int better = 0, worse = 0;
  for (const RecordingInfo& info : runs) {
    MW_TRY(const trainer::Scores before, models.Score({&info, 1}, decisions.first));
    MW_TRY(const trainer::Scores after, models.Score({&info, 1}, decisions.second));
    if (before.runs == 0) continue;  // left out for all methods; the notes say why
    better += ErrorOf(after.model) < ErrorOf(before.model) ? 1 : 0;
    worse += ErrorOf(after.model) > ErrorOf(before.model) ? 1 : 0;
  }
  const auto rounded = [](double error) { return std::round(error * 1e6) / 1e6; };
  return Json{{"runs", a.runs},
              {"moments", a.moments},
              {"events_total", a.model.events_total},
              {"live_error", rounded(ErrorOf(a.model))},
              {"candidate_error", rounded(ErrorOf(b.model))},
              {"t2_error", rounded(ErrorOf(a.t2))},
              {"rms_error", rounded(ErrorOf(a.rms))},
              {"always_error", rounded(ErrorOf(a.always))},
              {"runs_better", better},
              {"runs_worse", worse},
              {"live_events_found", a.model.events_found},
              {"candidate_events_found", b.model.events_found},
              {"live_false_alarms", a.model.false_alarms},
              {"candidate_false_alarms", b.model.false_alarms},
              {"notes", a.notes},
              {"ok", true},
              {"not_measured", Json::array()}};
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
