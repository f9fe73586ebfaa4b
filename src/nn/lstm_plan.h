// What an LSTM operator in a file says, checked: its shapes, types and scales, and its weights with
// everything folded that can be.
#pragma once

#include <cstddef>
#include <vector>

#include "core/result.h"
#include "nn/kernel.h"
#include "nn/lstm_weights.h"

namespace millwright::nn {

struct LstmPlan {
  size_t batch = 0, steps = 0;
  bool time_major = false;  // [steps, batch, ...] instead of [batch, steps, ...]
  /// One for all batch entries; or, in one corner of the peer's arithmetic, one for each.
  std::vector<LstmWeights> weights{};
};

/// kInvalid and kUnsupported as Engine::Load tells them. The weights point into the graph.
[[nodiscard]] Result<LstmPlan> PlanLstm(const OpView& op);

}  // namespace millwright::nn
