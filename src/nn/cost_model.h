// How long a run takes on the gateways' boards, predicted from the graph alone: to choose a model
// by its budget before a board is at hand. The formula behind docs/RESOURCES.md, which counts what
// is estimated here.
#pragma once

#include <array>
#include <string_view>

#include "model/graph.h"

namespace millwright::nn {

struct Board {
  std::string_view name;
  double ghz = 0;
  double l2_bytes = 0;
  double gb_per_s = 0;  // from memory, one core
};

inline constexpr Board kRaspberryPi4{"pi4", 1.5, 1 << 20, 5.185};
inline constexpr Board kJetsonNano{"nano", 1.43, 2 << 20, 9.6};
inline constexpr std::array kBoards{kRaspberryPi4, kJetsonNano};

/// Milliseconds of one run with the NEON kernels on one thread, with nothing else in the cache.
/// LSTM layers as docs/RESOURCES.md has them, to a few percent of its prediction; other operators
/// by a cycle per multiply-accumulate, which is rough.
[[nodiscard]] double PredictedMs(const model::Graph& graph, const Board& board);

}  // namespace millwright::nn
