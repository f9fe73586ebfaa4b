#include <algorithm>
#include <cmath>

#include "core/check.h"
#include "dsp/pipeline.h"

namespace millwright::dsp {
namespace {

constexpr float kDeviationMin =
    1e-6F;  // under any floor that a bundle gives: never divide by nothing
constexpr float kOwnShareMin = 0.1F;  // of the pooled deviation: what a quiet commissioning counts

float Deviation(float own, float floor, float pooled) {
  if (pooled > 0) return std::sqrt(std::max(own, kOwnShareMin * pooled) * pooled);
  return std::max(floor, own);
}

}  // namespace

Standardizer::Standardizer(std::vector<float> mean, std::vector<float> deviation)
    : mean_(std::move(mean)), deviation_(std::move(deviation)) {
  MW_CHECK(mean_.size() == deviation_.size());
  for (float& d : deviation_)
    if (!(d >= kDeviationMin)) d = kDeviationMin;
}

Result<Standardizer> Standardizer::Learn(std::span<const float> rows, size_t features,
                                         std::span<const float> deviation_floor,
                                         std::span<const float> deviation_pooled) {
  if (features == 0 || rows.empty() || rows.size() % features != 0)
    return Fail(Errc::kInvalid, "standardiser: no whole rows to learn from");
  if (!deviation_floor.empty() && deviation_floor.size() != features)
    return Fail(Errc::kInvalid, "standardiser: " + std::to_string(deviation_floor.size()) +
                                    " deviation floors for " + std::to_string(features) +
                                    " features");
  if (!deviation_pooled.empty() && deviation_pooled.size() != features)
    return Fail(Errc::kInvalid, "standardiser: " + std::to_string(deviation_pooled.size()) +
                                    " pooled deviations for " + std::to_string(features) +
                                    " features");
  const double n = static_cast<double>(rows.size() / features);
  std::vector<float> mean(features), deviation(features);
  for (size_t f = 0; f < features; ++f) {
    double sum = 0, square = 0;
    for (size_t i = f; i < rows.size(); i += features) sum += static_cast<double>(rows[i]);
    const double m = sum / n;
    for (size_t i = f; i < rows.size(); i += features) {
      const double d = static_cast<double>(rows[i]) - m;
      square += d * d;
    }
    if (!std::isfinite(m) || !std::isfinite(square))
      return Fail(Errc::kInvalid, "standardiser: feature " + std::to_string(f) + " is not finite");
    const float floor = deviation_floor.empty() ? 0 : deviation_floor[f];
    const float pooled = deviation_pooled.empty() ? 0 : deviation_pooled[f];
    mean[f] = static_cast<float>(m);
    deviation[f] = Deviation(static_cast<float>(std::sqrt(square / n)), floor, pooled);
  }
  return Standardizer(std::move(mean), std::move(deviation));
}

void Standardizer::Apply(std::span<const float> features, double clip, std::span<float> out,
                         bool log_squash) const {
  MW_CHECK(features.size() == mean_.size() && out.size() == mean_.size());
  const float limit = static_cast<float>(clip);
  for (size_t f = 0; f < mean_.size(); ++f)
    out[f] = std::clamp((features[f] - mean_[f]) / deviation_[f], -limit, limit);
  if (!log_squash) return;
  for (float& z : out) z = std::copysign(std::log1p(std::fabs(z)), z);
}

}  // namespace millwright::dsp
