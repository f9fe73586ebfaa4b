#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "os/files.h"
#include "trainer/evaluate.h"
#include "trainer/split.h"

namespace millwright {
namespace {

using Json = nlohmann::ordered_json;

struct EvaluateFlags {
  std::string data, bundle, report;
  std::vector<std::string> runs;
  bool json = false;
  bool verbose = false;
};

std::string ToJson(const trainer::Evaluation& e) {
  Json json, missing = Json::array();
  const auto number = [&](const std::string& key, double value) {
    if (std::isfinite(value))
      json[key] = std::round(value * 1e6) / 1e6;
    else
      missing.push_back(key);
  };
  json["runs"] = e.runs.size();
  json["healthy_runs"] = e.healthy_runs;
  json["healthy_runs_alarmed"] = e.healthy_runs_alarmed;
  json["events_total"] = e.detection.events_total;
  json["events_found"] = e.detection.events_found;
  json["events_named_right"] = e.events_named_right;
  json["false_alarms"] = e.detection.false_alarms;
  number("healthy_s", e.detection.healthy_s);
  number("far", e.detection.far);
  number("mar", e.detection.mar);
  number("delay_s_median", e.detection.delay_s_median);
  number("delay_s_p90", e.detection.delay_s_p90);
  number("macro_f1", e.windows.macro_f1);
  number("balanced_accuracy", e.windows.balanced_accuracy);
  number("calibration_error", e.windows.calibration_error);
  json["notes"] = e.notes;
  json["ok"] = true;
  json["not_measured"] = missing;
  return json.dump() + "\n";
}

// One line a run: its label, how high the score went, when the alarm came and what it was called.
void TellRuns(const trainer::Evaluation& e, const model::Manifest& m) {
  for (const trainer::ScoredRun& run : e.runs) {
    const size_t classes = m.classes.size();
    int truth = 0, named = -1;  // -1: no alarm, or an unknown fault
    double peak_healthy = 0, alarm_s = -1;
    for (size_t i = 0; i < run.ts.size(); ++i) {
      truth = std::max(truth, run.labels[i]);
      if (run.labels[i] == 0)
        peak_healthy =
            std::max(peak_healthy, 1 - static_cast<double>(run.probabilities[i * classes]));
      if (run.levels[i] == model::Level::kNone) continue;
      if (alarm_s < 0) alarm_s = Seconds(run.ts[i] - run.ts.front());
      named = run.faults[i];
    }
    std::printf("%-28s truth %-13s named %-13s alarm at %7.1f s  highest healthy score %.2f\n",
                run.id.c_str(), m.classes[static_cast<size_t>(truth)].code.c_str(),
                named < 0 ? (alarm_s < 0 ? "-" : "unknown")
                          : m.classes[static_cast<size_t>(named)].code.c_str(),
                alarm_s, peak_healthy);
  }
}

Result<void> RunEvaluate(const EvaluateFlags& flags) {
  os::RealFiles files;
  MW_TRY(const model::Bundle bundle, model::LoadBundle(files, flags.bundle));
  MW_TRY(auto all, recording::OpenDataset(flags.data));
  MW_TRY(const auto runs, trainer::PickRuns(std::move(all), flags.runs));
  MW_TRY(const trainer::Evaluation e, trainer::EvaluateBundle(bundle, runs));
  if (flags.verbose) TellRuns(e, bundle.manifest);
  if (!flags.json)
    std::printf(
        "%d of %d events found, %d named rightly; %d false alarms, %d of %d healthy runs alarmed; "
        "far %.4f, mar %.4f\n",
        e.detection.events_found, e.detection.events_total, e.events_named_right,
        e.detection.false_alarms, e.healthy_runs_alarmed, e.healthy_runs, e.detection.far,
        e.detection.mar);
  return Deliver(ToJson(e), flags.report, flags.json);
}

}  // namespace

void AddEvaluate(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<EvaluateFlags>();
  CLI::App* evaluate =
      app.add_subcommand("evaluate", "A finished bundle on other recordings, offline");
  evaluate->add_option("--bundle", flags->bundle, "Bundle folder")->required();
  evaluate->add_option("--data", flags->data, "Data set")->required();
  evaluate->add_option("--runs", flags->runs, "Only these recordings (ids, comma between)")
      ->delimiter(',');
  evaluate->add_flag("--verbose", flags->verbose, "One line a run");
  evaluate->add_flag("--json", flags->json, "One flat JSON object on the last line");
  evaluate->add_option("--report", flags->report, "Write that object to a file");
  evaluate->callback([flags, &exit_code] {
    if (const auto done = RunEvaluate(*flags); !done) exit_code = Report(done.error());
  });
}

}  // namespace millwright
