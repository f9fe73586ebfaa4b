// How the trials of a rollout went: what gateways tell of the test between old and new bundle.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::hub {

/// A gateway's word on its trial at one moment (docs/formats/delivery.md, `trial`).
struct TrialPoint {
  std::string phase{};  // "shadow" or "probation"
  int64_t windows = 0;
  Nanos at = 0;
  double confidence_change = 0;  // mean, new - old
  double log10_e = 0;            // evidence that the new bundle is worse
  double log10_limit = 0;        // there the gateway calls it worse
};

/// Points kept of a phase of a gateway in a rollout; with more, every other one goes, never the
/// last.
inline constexpr int64_t kPhasePointsMax = 100;

/// Of the words that a gateway sends; none where they are not to be understood. `at` is left 0.
[[nodiscard]] std::optional<TrialPoint> ReadTrialPoint(std::string_view text);

/// Keeps a point; a word that was told before changes nothing. A trial that began again (the
/// gateway was restarted) takes the place of what was told before. In the caller's transaction.
[[nodiscard]] Result<void> SaveTrialPoint(store::Database& database, std::string_view rollout,
                                          std::string_view device, const TrialPoint& point);

/// Forgets the curves of rollouts that ended before `before`. In the caller's transaction.
[[nodiscard]] Result<void> PurgeTrials(store::Database& database, Nanos before);

struct DeviceTrial {
  std::string device{};
  std::vector<TrialPoint> points{};  // shadow first, then probation, by windows
};

/// Of one gateway, or (`device` empty) of the `limit` gateways that told last; by name.
[[nodiscard]] Result<std::vector<DeviceTrial>> LoadTrials(store::Database& database,
                                                          std::string_view rollout,
                                                          std::string_view device, int64_t limit);

}  // namespace millwright::hub
