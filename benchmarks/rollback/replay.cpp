#include "replay.h"

#include <algorithm>
#include <fstream>
#include <random>
#include <sstream>

#include "streams.h"

namespace millwright::bench {
namespace {

using slots::TrialVerdict;

constexpr int64_t kWindows = 2000;

/// Runs drawn with replacement, one after the other.
class Drawn {
 public:
  Drawn(const std::vector<PairedRun>& runs, Injected injected, double alarm_share, uint64_t seed)
      : runs_(runs), injected_(injected), alarm_share_(alarm_share), random_(seed) {}
  [[nodiscard]] slots::Pair Next() {
    if (run_ == nullptr || at_ == run_->pairs.size()) {
      run_ = &runs_[std::uniform_int_distribution<size_t>(0, runs_.size() - 1)(random_)];
      at_ = 0;
    }
    slots::Pair pair = run_->pairs[at_++];
    pair.at = ++windows_ * 3 * kSecond;
    pair.new_confidence += static_cast<float>(injected_.confidence);
    GoWrong(pair, injected_.wrong, alarm_share_, random_);
    return pair;
  }

 private:
  const std::vector<PairedRun>& runs_;
  const Injected injected_;
  const double alarm_share_;
  std::mt19937_64 random_;
  const PairedRun* run_ = nullptr;
  size_t at_ = 0;
  int64_t windows_ = 0;
};

double AlarmShare(const std::vector<PairedRun>& runs) {
  size_t all = 0, alarms = 0;
  for (const PairedRun& run : runs) {
    all += run.pairs.size();
    alarms += static_cast<size_t>(std::ranges::count_if(run.pairs, &slots::Pair::old_alarms));
  }
  return static_cast<double>(alarms) / static_cast<double>(all);
}

}  // namespace

Result<std::vector<PairedRun>> ReadPairs(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);  // the header
  std::vector<PairedRun> out;
  while (std::getline(in, line)) {
    const std::string run = line.substr(0, line.find(','));
    std::ranges::replace(line, ',', ' ');
    std::istringstream words(line.substr(std::min(line.size(), run.size())));
    slots::Pair pair;
    double at = 0;
    words >> at >> pair.old_confidence >> pair.new_confidence >> pair.old_alarms >>
        pair.new_alarms >> pair.same_class;
    if (!words) return Fail(Errc::kInvalid, file + ": a line is no pair: " + line);
    pair.at = FromSeconds(at);
    if (out.empty() || out.back().id != run) out.push_back({.id = run, .pairs = {}});
    out.back().pairs.push_back(pair);
  }
  if (out.empty()) return Fail(Errc::kInvalid, file + ": no pairs");
  return out;
}

ReplayFigures ReplayPairs(const std::vector<PairedRun>& runs, int trials) {
  const double share = AlarmShare(runs);
  ReplayFigures out{.trials = trials, .reason_once = {}};
  slots::TrialOptions once{.windows_min = 1, .time_min = 0};
  if (auto trial = slots::Trial::Make(once)) {
    for (const PairedRun& run : runs)
      for (const slots::Pair& pair : run.pairs) trial->Push(pair);
    out.windows_once = trial->count();
    out.reason_once = trial->reason();
  }
  const auto caught = [&](double loss) {
    std::vector<int64_t> windows;
    for (int i = 0; i < trials; ++i) {
      Drawn drawn(runs, {.confidence = -loss}, share, static_cast<uint64_t>(i));
      const Ended ended = RunTrial(
          {}, [&] { return drawn.Next(); }, kWindows, loss == 0);
      windows.push_back(ended.verdict == TrialVerdict::kWorse ? ended.windows : kNever);
    }
    std::ranges::sort(windows);
    return windows;
  };
  const auto p95 = [](const std::vector<int64_t>& sorted) {
    return sorted[static_cast<size_t>(0.95 * static_cast<double>(sorted.size() - 1))];
  };
  const std::vector<int64_t> healthy = caught(0);
  out.false_rollbacks = static_cast<int>(
      std::ranges::count_if(healthy, [](int64_t windows) { return windows != kNever; }));
  out.caught_05_p95 = p95(caught(0.05));
  out.caught_10_p95 = p95(caught(0.10));
  const Wrong kinds[] = {Wrong::kAllHealthy, Wrong::kOneFault, Wrong::kAtRandom,
                         Wrong::kOtherFaults};
  for (int i = 0; i < trials; ++i) {
    Drawn drawn(runs, {.wrong = kinds[static_cast<size_t>(i) % std::size(kinds)]}, share,
                static_cast<uint64_t>(i));
    const Ended ended = RunTrial(
        {}, [&] { return drawn.Next(); }, kWindows, false);
    out.wrong_promoted += ended.verdict == TrialVerdict::kPassed ? 1 : 0;
  }
  return out;
}

}  // namespace millwright::bench
