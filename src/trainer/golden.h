// The golden vectors of a bundle: inputs and what the engine answered, byte for byte.
#pragma once

#include <span>
#include <vector>

#include "trainer/int8_model.h"
#include "trainer/train.h"

namespace millwright::trainer {

/// Runs `windows` ([steps x features] each, at most a few) and fills trained.golden and the
/// manifest's entry: all int8 inputs, then all outputs (docs/formats/bundle.md).
void MakeGolden(std::span<const std::span<const float>> windows, Int8Model& model,
                Trained& trained);

}  // namespace millwright::trainer
