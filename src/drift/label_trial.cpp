#include "drift/label_trial.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace millwright::drift {
namespace {

enum Outcome : size_t { kBothRight, kNewWrong, kOldWrong, kBothWrong };
using Cells = std::array<double, 4>;

constexpr double kFactorMin = 0.02;  // no label may cost all the wealth

// What is expected of a model that is worse by `loss`.
Cells Alternative(double old_error, const LabelTrialOptions& o) {
  const double both = o.shared_errors * old_error, old_only = old_error - both;
  const double new_only = o.loss + old_only;
  return {1 - both - old_only - new_only, new_only, old_only, both};
}

// Factors of mean 1 at the hypothesis' edge. `stake` is what two right answers cost; with it the
// old model's error rate is used, and two wrong answers count against the new model, since so many
// were not expected. `gain` is the factor of an answer that only the old model had right.
Cells Factors(double stake, double gain, double old_error) {
  Cells f{};
  f[kBothRight] = 1 - stake;
  f[kBothWrong] = stake > 0 ? 1 + stake * (1 - old_error) / old_error : 1;
  f[kNewWrong] = gain;
  f[kOldWrong] = f[kBothRight] + f[kBothWrong] - gain;
  return f;
}

double Growth(const Cells& share, const Cells& factors) {
  double sum = 0;
  for (size_t i = 0; i < share.size(); ++i) sum += share[i] * std::log(factors[i]);
  return sum;
}

// Where an error of either model lowered the wealth, an old error rate below the bound, or a better
// new model, would raise its mean above 1.
bool Monotone(const Cells& f) {
  return f[kNewWrong] >= f[kBothRight] && f[kBothWrong] >= f[kBothRight];
}

Cells BestFactors(const LabelTrialOptions& o) {
  constexpr double kStakeMax = 0.2, kGainMax = 4;
  constexpr int kStakes = 80, kGains = 300;
  const bool known = o.old_error_max < 1;
  // Where nothing is known, the alternative still wants a rate; stakes are 0 then.
  const double old_error = known ? o.old_error_max : 0.15;
  const Cells share = Alternative(old_error, o);
  Cells best{1, 1, 1, 1};
  double most = 0;
  for (int i = 0; i <= (known ? kStakes : 0); ++i)
    for (int j = 0; j <= kGains; ++j) {
      const Cells f = Factors(kStakeMax * i / kStakes, 1 + (kGainMax - 1) * j / kGains, old_error);
      if (*std::ranges::min_element(f) < kFactorMin || !Monotone(f)) continue;
      if (const double growth = Growth(share, f); growth > most) {
        most = growth;
        best = f;
      }
    }
  return best;
}

}  // namespace

Result<LabelTrial> LabelTrial::Make(const LabelTrialOptions& o) {
  const auto wrong = [](const char* what) {
    return Fail(Errc::kInvalid, std::string("drift: ") + what);
  };
  if (!(o.alpha > 0 && o.alpha < 1)) return wrong("alpha is not between 0 and 1");
  if (!(o.old_error_max > 0 && o.old_error_max <= 1))
    return wrong("old_error_max is not in (0, 1]");
  if (!(o.loss > 0 && o.loss < 1)) return wrong("loss is not between 0 and 1");
  if (!(o.shared_errors >= 0 && o.shared_errors <= 1))
    return wrong("shared_errors is not in [0, 1]");
  const double old_error = o.old_error_max < 1 ? o.old_error_max : 0.15;
  if (Alternative(old_error, o)[kBothRight] <= 0)
    return wrong("the old model's errors and the loss leave no right answer");
  Cells factors = BestFactors(o);
  for (double& f : factors) f = std::log(f);
  return LabelTrial(factors, -std::log(o.alpha));
}

bool LabelTrial::Push(bool old_right, bool new_right) {
  ++count_;
  old_right_ += old_right ? 1 : 0;
  new_right_ += new_right ? 1 : 0;
  log_wealth_ += log_factors_[(old_right ? 0U : 2U) + (new_right ? 0U : 1U)];
  worse_ = worse_ || log_wealth_ >= log_limit_;
  return worse_;
}

double OldErrorMax(const Counts& old_labels) {
  return ClopperPearson(old_labels.trials - old_labels.right, old_labels.trials, 0.998).high;
}

}  // namespace millwright::drift
