#include "model/decision_rule.h"

#include <algorithm>
#include <string>

#include "core/check.h"

namespace millwright::model {
namespace {

constexpr int kClearAfterMax = 100'000;
constexpr int kOfMax = 1'000;

Result<void> CheckShare(std::string_view key, double value) {
  if (value >= 0 && value <= 1) return {};
  return Fail(Errc::kInvalid, "decision." + std::string(key) + ": " + std::to_string(value) +
                                  " is not within 0..1");
}

Result<void> CheckOrder(std::string_view lower, double a, std::string_view upper, double b) {
  if (a <= b) return {};
  return Fail(Errc::kInvalid, "decision." + std::string(lower) + ": " + std::to_string(a) +
                                  " lies above " + std::string(upper) + " = " + std::to_string(b));
}

Result<void> CheckCount(std::string_view key, int value, int max) {
  if (value >= 1 && value <= max) return {};
  return Fail(Errc::kInvalid, "decision." + std::string(key) + ": " + std::to_string(value) +
                                  " is not within 1.." + std::to_string(max));
}

}  // namespace

std::string_view Name(Level level) {
  switch (level) {
    case Level::kNone:
      return "none";
    case Level::kWatch:
      return "watch";
    case Level::kWarning:
      return "warning";
    case Level::kAct:
      return "act";
  }
  return "none";
}

Result<void> CheckLimits(const DecisionLimits& limits) {
  MW_TRY(CheckShare("watch_from", limits.watch_from));
  MW_TRY(CheckShare("warning_from", limits.warning_from));
  MW_TRY(CheckShare("act_from", limits.act_from));
  MW_TRY(CheckShare("clear_below", limits.clear_below));
  MW_TRY(CheckShare("name_from", limits.name_from));
  MW_TRY(CheckOrder("clear_below", limits.clear_below, "watch_from", limits.watch_from));
  MW_TRY(CheckOrder("watch_from", limits.watch_from, "warning_from", limits.warning_from));
  MW_TRY(CheckOrder("warning_from", limits.warning_from, "act_from", limits.act_from));
  MW_TRY(CheckCount("of", limits.of, kOfMax));
  MW_TRY(CheckCount("persistence", limits.persistence, limits.of));
  return CheckCount("clear_after", limits.clear_after, kClearAfterMax);
}

Result<DecisionRule> DecisionRule::Make(const DecisionLimits& limits, int classes, int healthy) {
  MW_TRY(CheckLimits(limits));
  if (classes < 2 || healthy < 0 || healthy >= classes)
    return Fail(Errc::kInvalid, "decision: class " + std::to_string(healthy) + " of " +
                                    std::to_string(classes) + " cannot be the healthy one");
  return DecisionRule(limits, classes, healthy);
}

DecisionRule::DecisionRule(const DecisionLimits& limits, int classes, int healthy)
    : limits_(limits),
      classes_(static_cast<size_t>(classes)),
      healthy_(static_cast<size_t>(healthy)),
      scores_(static_cast<size_t>(limits.of)),
      probabilities_(scores_.size() * classes_),
      sums_(classes_) {}

void DecisionRule::Reset() {
  filled_ = next_ = 0;
  below_ = 0;
  unnamed_ = false;
  level_ = Level::kNone;
}

Verdict DecisionRule::Push(std::span<const float> probabilities) {
  MW_CHECK(probabilities.size() == classes_);
  const float score = 1.0F - probabilities[healthy_];
  Remember(probabilities, score);
  below_ = static_cast<double>(score) < limits_.clear_below ? below_ + 1 : 0;

  const Level before = level_;
  level_ = std::max(level_, Reached());
  if (below_ >= limits_.clear_after) level_ = Level::kNone;

  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (size_t i = 0; i < filled_ * classes_; ++i)
    sums_[i % classes_] += static_cast<double>(probabilities_[i]);
  const int fault = LikelyFault();
  const bool changed = level_ != before;
  const bool named = !changed && unnamed_ && fault >= 0;
  if (changed || named) unnamed_ = level_ != Level::kNone && fault < 0;
  return {.level = level_,
          .changed = changed,
          .named = named,
          .fault = fault,
          .score = score,
          .fault_probability = fault < 0 ? 0 : probabilities[static_cast<size_t>(fault)]};
}

void DecisionRule::Remember(std::span<const float> probabilities, float score) {
  scores_[next_] = score;
  std::copy(probabilities.begin(), probabilities.end(),
            probabilities_.begin() + static_cast<std::ptrdiff_t>(next_ * classes_));
  next_ = (next_ + 1) % scores_.size();
  filled_ = std::min(filled_ + 1, scores_.size());
}

Level DecisionRule::Reached() const {
  const auto held = [&](double limit) {
    const auto end = scores_.begin() + static_cast<std::ptrdiff_t>(filled_);
    return std::count_if(scores_.begin(), end, [&](float score) {
             return static_cast<double>(score) >= limit;
           }) >= limits_.persistence;
  };
  if (held(limits_.act_from)) return Level::kAct;
  if (held(limits_.warning_from)) return Level::kWarning;
  return held(limits_.watch_from) ? Level::kWatch : Level::kNone;
}

int DecisionRule::LikelyFault() const {
  size_t best = healthy_ == 0 ? 1 : 0;
  double all = 0;
  for (size_t c = 0; c < classes_; ++c) {
    if (c == healthy_) continue;
    all += sums_[c];
    if (sums_[c] > sums_[best]) best = c;
  }
  return sums_[best] >= limits_.name_from * all ? static_cast<int>(best) : -1;
}

}  // namespace millwright::model
