// How well scores tell anomalies from the rest at all thresholds together: no threshold to choose,
// none to tune.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace millwright::evaluation {

/// Volume under the surface of precision and recall over thresholds and buffer lengths 0 ..
/// `buffer_max` (rows): labels fade out beside an anomaly, half a buffer to each side, and what
/// touches no part of an anomaly loses recall. `labels` [n] 0 or 1, `scores` [n], larger is more
/// anomalous; 250 thresholds at even ranks. NaN without an anomaly, or without anything else.
/// Source: Paparrizos et al. 2022, "Volume under the surface"; values as PyPI vus 0.0.6 gives them.
[[nodiscard]] double VusPr(std::span<const uint8_t> labels, std::span<const float> scores,
                           size_t buffer_max);

}  // namespace millwright::evaluation
