// Training without a history of faults: what stands in for it, besides departures.h.
#pragma once

#include <string_view>
#include <vector>

#include "core/time.h"
#include "recording/recording.h"
#include "trainer/series.h"

namespace millwright::trainer {

inline constexpr std::string_view kHealthyOnlyNote =
    "learned from healthy machines alone: it tells that a machine departs, not what the fault is, "
    "and its figures on windows are those on made departures";

/// What is labelled as anomalous takes no part.
void NeutraliseAnomalies(std::vector<recording::RecordingInfo>& recordings);

/// Where there is one recording alone, blocks of time are held out: about `share` of the steps
/// after commissioning, spread over the run, since machines drift. They leave `series` and come
/// back as one series; no window reaches over a cut.
[[nodiscard]] Series HoldOutBlocks(Series& series, double share, Nanos commissioning);

}  // namespace millwright::trainer
