#include "slots/trial.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace millwright::slots {
namespace {

// Of alpha: confidence is the test that has to see small losses; the others see large ones at once.
constexpr double kConfidencePart = 0.8;
constexpr double kMissedPart = 0.1;
constexpr double kAlarmingPart = 0.05;
constexpr double kConfusedPart = 0.05;
// Wealth of a test from which on nothing good is said. A model that is no worse comes there at some
// time in a third of all trials at most, and then only has to go on.
constexpr double kDoubt = 3;

std::string Format(const char* format, double value, int64_t count) {
  char text[160];
  std::snprintf(text, sizeof text, format, value, static_cast<long long>(count));
  return text;
}

Result<PairedTest> DisagreementTest(double alpha, double tolerance) {
  return PairedTest::Make({.alpha = alpha, .tolerance = tolerance, .block = 1, .clip = 1});
}

}  // namespace

Result<void> CheckTrialOptions(const TrialOptions& options) {
  const auto wrong = [](const char* what) {
    return Fail(Errc::kInvalid, std::string("trial: ") + what);
  };
  if (!(options.alpha > 0 && options.alpha < 1)) return wrong("alpha is not between 0 and 1");
  if (!(options.confidence_loss >= 0 && options.confidence_loss < 1))
    return wrong("confidence_loss is not in [0, 1)");
  if (!(options.missed_share >= 0 && options.missed_share < 1))
    return wrong("missed_share is not in [0, 1)");
  if (!(options.alarming_share >= 0 && options.alarming_share < 1))
    return wrong("alarming_share is not in [0, 1)");
  if (!(options.confused_share >= 0 && options.confused_share < 1))
    return wrong("confused_share is not in [0, 1)");
  if (options.windows_min < 1) return wrong("windows_min is below 1");
  if (options.time_min < 0) return wrong("time_min is negative");
  if (!(options.latency_budget_ms > 0)) return wrong("latency_budget_ms is not above 0");
  if (options.latency_strikes_max < 1) return wrong("latency_strikes_max is below 1");
  return {};
}

Result<Trial> Trial::Make(const TrialOptions& options) {
  MW_TRY(CheckTrialOptions(options));
  MW_TRY(PairedTest confidence, PairedTest::Make({.alpha = options.alpha * kConfidencePart,
                                                  .tolerance = options.confidence_loss}));
  MW_TRY(PairedTest missed, DisagreementTest(options.alpha * kMissedPart, options.missed_share));
  MW_TRY(PairedTest alarming,
         DisagreementTest(options.alpha * kAlarmingPart, options.alarming_share));
  MW_TRY(PairedTest confused,
         DisagreementTest(options.alpha * kConfusedPart, options.confused_share));
  return Trial(options, confidence, missed, alarming, confused);
}

void Trial::Push(const Pair& pair) {
  if (count() == 0) first_ = pair.at;
  last_ = std::max(last_, pair.at);
  confidence_.Push(static_cast<double>(pair.new_confidence) -
                   static_cast<double>(pair.old_confidence));
  const bool differ = pair.old_alarms != pair.new_alarms;
  disagreements_ += differ ? 1 : 0;
  (pair.old_alarms ? missed_ : alarming_).Push(differ ? -1 : 0);
  if (pair.old_alarms && pair.new_alarms) confused_.Push(pair.same_class ? 0 : -1);
  strikes_ = pair.latency_ms > options_.latency_budget_ms ? strikes_ + 1 : 0;
  slowest_ms_ = std::max(slowest_ms_, pair.latency_ms);
  too_slow_ = too_slow_ || strikes_ >= options_.latency_strikes_max;
}

TrialVerdict Trial::verdict() const {
  if (confidence_.worse() || missed_.worse() || alarming_.worse() || confused_.worse() || too_slow_)
    return TrialVerdict::kWorse;
  const bool long_enough = count() >= options_.windows_min && last_ - first_ >= options_.time_min;
  return long_enough && !doubted() ? TrialVerdict::kPassed : TrialVerdict::kGoOn;
}

bool Trial::doubted() const {
  const double limit = std::log(kDoubt);
  return confidence_.log_evidence() > limit || missed_.log_evidence() > limit ||
         alarming_.log_evidence() > limit || confused_.log_evidence() > limit;
}

Standing Trial::standing() const {
  const PairedTest* nearest = &confidence_;
  for (const PairedTest* test : {&missed_, &alarming_, &confused_})
    if (test->log_evidence() - test->log_limit() > nearest->log_evidence() - nearest->log_limit())
      nearest = test;
  return {.log10_e = nearest->log_evidence() / std::numbers::ln10,
          .log10_limit = nearest->log_limit() / std::numbers::ln10};
}

double Trial::disagreement() const {
  return count() == 0 ? 0 : static_cast<double>(disagreements_) / static_cast<double>(count());
}

std::string Trial::reason() const {
  if (too_slow_)
    return Format("decisions took up to %.1f ms, %lld in a row beyond the budget", slowest_ms_,
                  options_.latency_strikes_max);
  if (missed_.worse())
    return Format("silent on %.0f %% of the %lld windows that the old model alarms on",
                  -100 * missed_.mean(), missed_.count());
  if (alarming_.worse())
    return Format("alarms on %.1f %% of the %lld windows that the old model calls healthy",
                  -100 * alarming_.mean(), alarming_.count());
  if (confused_.worse())
    return Format("names another fault on %.0f %% of the %lld windows that both models alarm on",
                  -100 * confused_.mean(), confused_.count());
  if (confidence_.worse())
    return Format("confidence fell by %.3f over %lld windows", -confidence_.mean(), count());
  if (verdict() == TrialVerdict::kPassed)
    return Format("confidence changed by %+.3f over %lld windows, no worse", confidence_.mean(),
                  count());
  return Format("confidence changed by %+.3f so far, over %lld windows", confidence_.mean(),
                count());
}

}  // namespace millwright::slots
