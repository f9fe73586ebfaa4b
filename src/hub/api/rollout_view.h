// Rollouts and releases as the console shows them.
#pragma once

#include <string>

#include "core/result.h"
#include "http/json_writer.h"
#include "hub/api/context.h"
#include "hub/rollout/rollout.h"
#include "hub/rollout/trial_points.h"

namespace millwright::hub {

/// ROLLOUT of docs/formats/api.md, as a value.
[[nodiscard]] Result<void> WriteRollout(http::JsonWriter& json, store::Database& database,
                                        const Freshness& freshness, Nanos now,
                                        const Rollout& rollout);
/// With policy, gates, members and log. `view` may be a dry run's, which no database knows.
[[nodiscard]] Result<void> WriteRolloutDetail(http::JsonWriter& json, store::Database& database,
                                              const Freshness& freshness, Nanos now,
                                              const RolloutView& view);
/// TRIAL, as a value.
void WriteTrial(http::JsonWriter& json, const DeviceTrial& trial);
/// RELEASE, as a value.
void WriteRelease(http::JsonWriter& json, const ReleaseInfo& release);

}  // namespace millwright::hub
