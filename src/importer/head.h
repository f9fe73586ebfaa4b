// What a model's outputs mean: classes, independent yes-or-no answers, or values.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "importer/net.h"

namespace millwright::importer {

enum class Task { kAuto, kClassifier, kRegression };

enum class Decision {
  kClass,   // the largest output
  kLabels,  // each output by itself, above one half or not
  kValue,   // outputs are values
};

/// Brings the end of a checked `net` into the form that bundles take, and tells in `notes` what it
/// changed: several plain outputs are logits and get a softmax, one sigmoid becomes the second of
/// two classes (softmax over {0, z} is the sigmoid of z). kInvalid where `task` contradicts the
/// model.
[[nodiscard]] Result<Decision> FinishHead(Net& net, Task task, std::vector<std::string>& notes);

/// Whether two outputs mean the same. Values: within `tolerance`.
[[nodiscard]] bool SameDecision(Decision decision, std::span<const float> a,
                                std::span<const float> b, float tolerance);

}  // namespace millwright::importer
