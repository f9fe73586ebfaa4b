// The best of a study's models that a device can afford.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "core/result.h"
#include "evaluation/outcome.h"

namespace millwright::evaluation {

struct Budget {
  std::optional<double> bytes{};  // of the .tflite file
  std::optional<double> ms{};     // of one decision, predicted (nn/cost_model.h)
  std::string board = "pi4";      // or "nano"
};

struct Chosen {
  const ShippedModel* model = nullptr;
  double ms = 0;  // predicted on that board
};

/// Of the models within the budget the one with the largest worth, of equals the smallest.
/// kNotFound names what the smallest one needs; kInvalid: an unknown board, or models whose worth
/// is not known.
[[nodiscard]] Result<Chosen> ChooseByBudget(std::span<const ShippedModel> models,
                                            const Budget& budget);

}  // namespace millwright::evaluation
