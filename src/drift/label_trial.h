// Is a new model worse than the old one, by labels? Both have answered the labelled window: in
// probation the old model goes on in shadow.
#pragma once

#include <array>
#include <cstdint>

#include "core/result.h"
#include "drift/accuracy.h"

namespace millwright::drift {

struct LabelTrialOptions {
  double alpha = 0.001;  // a model that is no worse is called worse, over the whole trial
  /// Share of the old model's answers that labels call wrong, at most; 1: nothing is known of it.
  /// Best from the gateways that still run it, in the same weeks: whoever labels, labels both.
  double old_error_max = 1;
  double loss = 0.07;  // of labelled accuracy, that shall be found soon
  double shared_errors =
      0.8;  // expected share of the old model's errors that the new one makes too
};

/// A betting test of "the new model's labelled error rate is at most the old one's". A label has
/// four outcomes, each model right or wrong, and multiplies the wealth by a factor that depends on
/// them; the factors add up (right-wrong plus wrong-right equals right-right plus wrong-wrong), so
/// that under the hypothesis their mean is at most 1 however often the models err together, and by
/// Ville's inequality the wealth reaches 1 / alpha with probability alpha at most, at whatever
/// label one looks. Of these the factors are chosen that grow fastest where the loss is there.
/// Labels that are wrong by chance hit both models and cost labels, not alpha. Source: Grunwald, de
/// Heide & Koolen 2024, "Safe testing"; Waudby-Smith & Ramdas 2024.
class LabelTrial {
 public:
  /// kInvalid names the option that is out of range.
  [[nodiscard]] static Result<LabelTrial> Make(const LabelTrialOptions& options);

  /// One label, in whatever order labels arrive. True from the moment on that the new model is
  /// known to be worse; it stays so.
  bool Push(bool old_right, bool new_right);

  [[nodiscard]] bool worse() const { return worse_; }
  [[nodiscard]] double log_evidence() const { return log_wealth_; }
  [[nodiscard]] double log_limit() const { return log_limit_; }
  [[nodiscard]] int64_t count() const { return count_; }
  [[nodiscard]] double old_accuracy() const { return Share(old_right_); }
  [[nodiscard]] double new_accuracy() const { return Share(new_right_); }

 private:
  LabelTrial(std::array<double, 4> log_factors, double log_limit)
      : log_factors_(log_factors), log_limit_(log_limit) {}
  [[nodiscard]] double Share(int64_t right) const {
    return count_ == 0 ? 0 : static_cast<double>(right) / static_cast<double>(count_);
  }

  std::array<double, 4> log_factors_;  // [2 * old is wrong + new is wrong]
  double log_limit_;
  double log_wealth_ = 0;
  int64_t count_ = 0, old_right_ = 0, new_right_ = 0;
  bool worse_ = false;
};

/// `old_error_max` from labels of the old model on other gateways: the upper end of an exact
/// interval that is too low once in a thousand times.
[[nodiscard]] double OldErrorMax(const Counts& old_labels);

}  // namespace millwright::drift
