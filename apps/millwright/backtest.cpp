#include "backtest.h"

#include <algorithm>
#include <limits>

#include "recording/recording.h"
#include "trainer/evaluate.h"

namespace millwright::cli {
namespace {

using model::Level;
using trainer::ScoredRun;

constexpr Nanos kForEver = std::numeric_limits<Nanos>::max() / 2;

template <typename Alarm>
Nanos EndOf(const Alarm& alarm) {
  return alarm.end == 0 ? kForEver : alarm.end;
}

bool Near(const LiveAlarm& a, const CandidateAlarm& b, Nanos slack) {
  return a.begin <= EndOf(b) + slack && b.begin <= EndOf(a) + slack;
}

// Every live alarm stands with the first of the candidate's that is near it; the candidate's that
// are near none stand alone. Several of one side near one of the other are one event to people.
void PairAlarms(const std::vector<LiveAlarm>& live, const std::vector<CandidateAlarm>& candidate,
                Nanos slack, Comparison& out) {
  for (const LiveAlarm& a : live) {
    const auto found =
        std::ranges::find_if(candidate, [&](const auto& b) { return Near(a, b, slack); });
    AlarmPair pair{.live = a, .candidate = std::nullopt};
    if (found != candidate.end()) pair.candidate = *found;
    if (found == candidate.end()) ++out.only_live;
    out.alarms.push_back(std::move(pair));
  }
  for (const CandidateAlarm& b : candidate) {
    if (std::ranges::any_of(live, [&](const auto& a) { return Near(a, b, slack); })) continue;
    ++out.only_candidate;
    out.alarms.push_back({.live = std::nullopt, .candidate = b});
  }
  std::ranges::stable_sort(out.alarms, {}, [](const AlarmPair& pair) {
    return pair.live ? pair.live->begin : pair.candidate->begin;
  });
}

void CompareSteps(const History& history, const ScoredRun& run, Nanos from, Comparison& out) {
  const HistoryRange& range = history.range;
  std::vector<int> candidate(range.steps(), -1);
  for (size_t i = 0; i < run.ts.size(); ++i) {
    // The nearest step: times went through decimal text.
    const Nanos at = (run.ts[i] - range.from + range.step / 2) / range.step;
    if (at >= 0 && static_cast<size_t>(at) < candidate.size())
      candidate[static_cast<size_t>(at)] = static_cast<int>(run.levels[i]);
  }
  for (size_t i = 0; i < candidate.size(); ++i) {
    if (range.from + static_cast<Nanos>(i) * range.step < from) continue;
    const int live = history.levels[i], said = candidate[i];
    if (live >= 0 && said >= 0)
      ++out.steps[static_cast<size_t>(live)][static_cast<size_t>(said)];
    else if (live >= 0)
      ++out.live_alone;
    else if (said >= 0)
      ++out.candidate_alone;
  }
}

// What the schema needs to know of the machine and the hub does not keep.
Result<void> CheckShaft(const dsp::Schema& schema, double shaft_hz) {
  if (shaft_hz > 0) return {};
  const bool speed =
      std::ranges::find(schema.channels, "speed", &dsp::ChannelSpec::name) != schema.channels.end();
  if (schema.speed_min_hz > 0 && !speed)
    return Fail(Errc::kUnsupported,
                "backtest: the model asks whether the machine turns, and the hub keeps no speed of "
                "it: say --shaft-hz");
  for (const dsp::FeatureSpec& feature : schema.features) {
    const auto power = feature.params.find("speed_power");
    if (power != feature.params.end() && power->second != 0)
      return Fail(Errc::kUnsupported, "backtest: feature \"" + feature.name +
                                          "\" is relative to the nominal speed, which the hub does "
                                          "not keep: say --shaft-hz");
  }
  return {};
}

}  // namespace

uint64_t Comparison::compared() const {
  uint64_t sum = 0;
  for (const auto& row : steps)
    for (const uint64_t count : row) sum += count;
  return sum;
}

double Comparison::agreement() const {
  uint64_t same = 0;
  for (size_t level = 0; level < steps.size(); ++level) same += steps[level][level];
  const uint64_t all = compared();
  return all == 0 ? std::numeric_limits<double>::quiet_NaN()
                  : static_cast<double>(same) / static_cast<double>(all);
}

std::vector<CandidateAlarm> AlarmsOf(const ScoredRun& run, const model::Manifest& manifest,
                                     Nanos from) {
  std::vector<CandidateAlarm> out;
  bool open = false;
  for (size_t i = 0; i < run.ts.size(); ++i) {
    const bool hole = i > 0 && run.ts[i] - run.ts[i - 1] > manifest.schema.step;
    if (open && (hole || run.levels[i] == Level::kNone)) {
      out.back().end = hole ? run.ts[i - 1] : run.ts[i];
      open = false;
    }
    if (run.levels[i] == Level::kNone) continue;
    if (!open) out.push_back({.begin = run.ts[i]});
    open = true;
    CandidateAlarm& alarm = out.back();
    // An unknown fault (-1) may get its name later, at the same level.
    if (run.levels[i] <= alarm.level && (!alarm.fault.empty() || run.faults[i] < 0)) continue;
    alarm.level = std::max(alarm.level, run.levels[i]);
    alarm.fault =
        run.faults[i] < 0 ? "" : manifest.classes[static_cast<size_t>(run.faults[i])].code;
  }
  std::erase_if(out, [&](const CandidateAlarm& alarm) { return EndOf(alarm) < from; });
  return out;
}

Comparison Compare(const History& history, const ScoredRun& run, const model::Manifest& manifest,
                   const CompareOptions& options) {
  Comparison out;
  std::vector<LiveAlarm> live = history.alarms;
  std::erase_if(live, [&](const LiveAlarm& alarm) { return EndOf(alarm) < options.from; });
  const std::vector<CandidateAlarm> candidate = AlarmsOf(run, manifest, options.from);
  out.live_alarms = live.size();
  out.candidate_alarms = candidate.size();
  PairAlarms(live, candidate, options.slack, out);
  CompareSteps(history, run, options.from, out);
  return out;
}

Result<Backtest> RunBacktest(const AskFunction& ask, const MachineId& machine,
                             const model::Bundle& bundle, const BacktestOptions& options,
                             const std::string& folder) {
  const dsp::Schema& schema = bundle.manifest.schema;
  Backtest out;
  MW_TRY(out.history,
         ReadHistory(ask, machine, schema,
                     {.from = options.learn_from, .to = options.to, .step = schema.step}));
  MW_TRY(CheckShaft(schema, options.shaft_hz));
  if (out.history.steps_heard == 0)
    return Fail(Errc::kNotFound,
                "backtest: " + machine.text() + ": the hub keeps no step of this range" +
                    (out.history.minutes_averaged > 0 ? ", only means of its minutes" : ""));
  MW_TRY(WriteHistory(out.history, folder, options.shaft_hz));
  MW_TRY(const auto recordings, recording::OpenDataset(folder));
  MW_TRY(const trainer::Evaluation evaluated, trainer::EvaluateBundle(bundle, recordings));
  out.notes = evaluated.notes;
  out.notes.insert(out.notes.end(), out.history.notes.begin(), out.history.notes.end());
  const ScoredRun none{.id = machine.text()};
  const ScoredRun& run = evaluated.runs.empty() ? none : evaluated.runs.front();
  out.comparison =
      Compare(out.history, run, bundle.manifest, {.from = options.from, .slack = options.slack});
  out.steps_scored = static_cast<uint64_t>(
      std::ranges::count_if(run.ts, [&](Nanos ts) { return ts >= options.from; }));
  return out;
}

}  // namespace millwright::cli
