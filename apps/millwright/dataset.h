// What reached the hub and what people said of it, as recordings to train on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "history.h"
#include "recording/recording.h"

namespace millwright::cli {

/// A label of the hub, of one machine.
struct JudgedSpan {
  Nanos from = 0, to = 0;
  recording::Rating rating = recording::Rating::kNeutral;
  std::string fault{};
};

/// The labels of GET /api/v1/labels that are of this machine. kUnsupported: a rating of a newer
/// hub.
[[nodiscard]] Result<std::vector<JudgedSpan>> JudgedSpansOf(
    const std::vector<nlohmann::json>& labels, const MachineId& machine);

/// Labels of a recording, without overlaps. Where several speak of one moment: a fault counts
/// before anything else, two different faults leave it NEUTRAL, then what was judged NEUTRAL, then
/// what was judged healthy; an alarm that nobody has judged is NEUTRAL; the rest has no label.
[[nodiscard]] std::vector<recording::Label> LabelsOf(const History& history,
                                                     std::span<const JudgedSpan> judged);

/// Writes dataset.toml: `share` of the recordings judges models and trains none (group "test"), the
/// same share of the rest is "validation". Machines are never divided, and faults lie among those
/// held out. kInvalid where a group would be empty.
[[nodiscard]] Result<void> HoldOut(const std::string& folder, double share);

/// The data set's hash as a model's lineage names it once it is trained on it
/// (trainer/data_hash.h).
[[nodiscard]] Result<std::string> DigestOfFolder(const std::string& folder);

}  // namespace millwright::cli
