#include "trainer/evaluate.h"

#include <algorithm>
#include <set>

#include "trainer/fault_codes.h"
#include "trainer/int8_model.h"
#include "trainer/standardise.h"
#include "trainer/windows.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

// The recordings with their labels in the model's words.
std::vector<RecordingInfo> Translate(std::span<const RecordingInfo> recordings,
                                     const std::vector<std::string>& codes,
                                     std::vector<std::string>& notes) {
  std::set<std::string> unknown;
  std::vector<RecordingInfo> out(recordings.begin(), recordings.end());
  for (RecordingInfo& info : out)
    for (recording::Label& label : info.labels) {
      if (label.rating != recording::Rating::kAnomaly) continue;
      const std::string code = label.fault.empty() ? std::string(kAnomalyCode) : label.fault;
      if (std::ranges::find(codes, code) != codes.end()) continue;
      unknown.insert(code);
      label.fault = codes.back();
    }
  for (const std::string& code : unknown)
    notes.push_back("the model has no class \"" + code +
                    "\": its events count for detection as \"" + codes.back() + "\"");
  return out;
}

void CountHealthy(Evaluation& e) {
  for (const ScoredRun& run : e.runs) {
    if (std::ranges::any_of(run.labels, [](int label) { return label != 0; })) continue;
    ++e.healthy_runs;
    const bool alarmed =
        std::ranges::any_of(run.levels, [](model::Level l) { return l != model::Level::kNone; });
    e.healthy_runs_alarmed += alarmed ? 1 : 0;
  }
}

ClassMetrics MeasureWindows(std::span<const ScoredRun> runs, size_t classes) {
  std::vector<float> probabilities;
  std::vector<int> labels;
  for (const ScoredRun& run : runs)
    for (size_t i = 0; i < run.labels.size(); ++i) {
      if (run.labels[i] == kNeutral) continue;
      labels.push_back(run.labels[i]);
      const auto p = std::span(run.probabilities).subspan(i * classes, classes);
      probabilities.insert(probabilities.end(), p.begin(), p.end());
    }
  return Measure(probabilities, labels, static_cast<int>(classes));
}

}  // namespace

int CountNamed(std::span<const ScoredRun> runs) {
  int right = 0;
  for (const ScoredRun& run : runs)
    for (size_t i = 0; i < run.ts.size(); ++i) {
      const bool last =
          run.labels[i] > 0 && (i + 1 == run.ts.size() || run.labels[i + 1] != run.labels[i]);
      right +=
          last && run.levels[i] != model::Level::kNone && run.faults[i] == run.labels[i] ? 1 : 0;
    }
  return right;
}

Result<Evaluation> EvaluateBundle(const model::Bundle& bundle,
                                  std::span<const RecordingInfo> recordings) {
  const model::Manifest& m = bundle.manifest;
  std::vector<std::string> codes;
  for (const model::FaultClass& c : m.classes) codes.push_back(c.code);
  if (m.healthy_class() != 0)
    return Fail(Errc::kUnsupported, "evaluate: the bundle's first class is not the healthy one");
  Evaluation e;
  const std::vector<RecordingInfo> translated = Translate(recordings, codes, e.notes);
  std::vector<Series> series;
  for (const RecordingInfo& info : translated) {
    MW_TRY(series.emplace_back(), LoadSeries(info, m.schema, codes));
  }
  const StandardiserOptions options{.step = m.schema.step,
                                    .commissioning = m.standardiser.commissioning,
                                    .clip = m.schema.clip,
                                    .per_asset = m.standardiser.per_asset,
                                    .log_squash = m.schema.log_squash};
  MW_TRY(Standardise(series, m.standardiser, options, e.notes));
  MW_TRY(Int8Model engine, Int8Model::Load(bundle.model));
  const Windows windows =
      MakeWindows(series, m.schema.steps, m.schema.step, engine.input_scale(), true);
  if (windows.set.size() == 0)
    return Fail(Errc::kInvalid, "evaluate: the recordings are too short for one window");

  const size_t classes = codes.size(), features = m.schema.features.size();
  std::vector<float> probabilities(windows.set.size() * classes);
  for (size_t i = 0; i < windows.set.size(); ++i)
    engine.Run(windows.set.rows.subspan(size_t{windows.set.first[i]} * features,
                                        static_cast<size_t>(m.schema.steps) * features),
               std::span(probabilities).subspan(i * classes, classes));
  e.runs = SplitByRun(series, windows, probabilities, classes);
  MW_TRY(ApplyRule(e.runs, m.decision, static_cast<int>(classes), m.schema.step));
  e.detection = MeasureRuns(e.runs);
  e.windows = MeasureWindows(e.runs, classes);
  e.events_named_right = CountNamed(e.runs);
  CountHealthy(e);
  return e;
}

}  // namespace millwright::trainer
