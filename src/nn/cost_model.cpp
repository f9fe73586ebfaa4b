#include "nn/cost_model.h"

#include <algorithm>
#include <cmath>
#include <variant>

namespace millwright::nn {
namespace {

// Counted and measured by benchmarks/arm on three shapes, which agree to a percent.
constexpr double kMacsPerCycle = 7.98;        // the inner loop, llvm-mca
constexpr double kUnitCycles = 52.8;          // a unit's gates, cell and output in one step
constexpr double kUnitCyclesOnce = 9;         // and once a run
constexpr double kInputSteps = 16;            // one pass over the input weights serves so many
constexpr double kCacheReused = 0.8;          // of the second-level cache, from step to step
constexpr double kReferenceMacsPerCycle = 2;  // the variants that have no NEON kernel
constexpr double kReferenceUnitCycles = 300;
constexpr double kOtherMacsPerCycle = 1;

double RoundUpToBlock(double value) { return 8 * std::ceil(value / 8); }

const model::Tensor* Input(const model::Graph& graph, const model::Op& op, size_t i) {
  if (i >= op.inputs.size() || op.inputs[i] < 0) return nullptr;
  return &graph.tensors[static_cast<size_t>(op.inputs[i])];
}

double Extent(const model::Tensor* tensor, size_t dimension) {
  return tensor == nullptr || dimension >= tensor->shape.size() ? 0 : tensor->shape[dimension];
}

struct Cycles {
  double products = 0, rest = 0;
};

bool HasNeonKernel(const model::Graph& graph, const model::Op& op) {
  const auto absent = [&](size_t first, size_t count) {
    for (size_t i = first; i < first + count; ++i) {
      if (Input(graph, op, i) != nullptr) return false;
    }
    return true;
  };
  return Input(graph, op, model::kLstmInputWeights) != nullptr && absent(model::kLstmPeephole, 3) &&
         absent(model::kLstmProjectionWeights, 1) && absent(model::kLstmLayerNorm, 4);
}

double LstmMs(const model::Graph& graph, const model::Op& op, const Board& board, bool fits) {
  const model::Tensor* x = Input(graph, op, model::kLstmInput);
  const auto* options = std::get_if<model::LstmOptions>(&op.options);
  const bool time_major = options != nullptr && options->time_major;
  const double streams = Extent(x, time_major ? 1 : 0), steps = Extent(x, time_major ? 0 : 1);
  const double units =
      RoundUpToBlock(Extent(Input(graph, op, model::kLstmRecurrentWeights + 1), 0));
  const double input_weights = 4 * units * RoundUpToBlock(Extent(x, 2));
  const double recurrent_weights = 4 * units * units;
  const double macs = (input_weights + recurrent_weights) * steps * streams;
  const double unit_steps = units * steps * streams;
  Cycles cycles{.products = macs / kReferenceMacsPerCycle,
                .rest = kReferenceUnitCycles * unit_steps};
  double bytes = (input_weights + recurrent_weights) * steps;
  if (HasNeonKernel(graph, op)) {
    cycles = {.products = macs / kMacsPerCycle,
              .rest = kUnitCycles * unit_steps + kUnitCyclesOnce * units * streams};
    // Steps walk the weights forwards and backwards in turn: what was read last is still there.
    const double again = std::max(recurrent_weights - kCacheReused * board.l2_bytes, 0.0);
    bytes = recurrent_weights + (steps - 1) * again +
            input_weights * std::max(steps * streams / kInputSteps, 1.0);
  }
  const double to_ms = 1e-6 / board.ghz;
  const double memory_ms = fits ? 0 : bytes / board.gb_per_s * 1e-6;
  return std::max(cycles.products * to_ms, memory_ms) + cycles.rest * to_ms;
}

}  // namespace

double PredictedMs(const model::Graph& graph, const Board& board) {
  double constants = 0;
  for (const model::Tensor& tensor : graph.tensors)
    constants += static_cast<double>(tensor.data.size());
  const bool fits = constants <= board.l2_bytes;
  double ms = 0;
  for (const model::Op& op : graph.ops) {
    if (op.code == model::OpCode::kUnidirectionalSequenceLstm) {
      ms += LstmMs(graph, op, board, fits);
    } else {
      const auto macs = static_cast<double>(model::MultiplyAccumulates(graph, op));
      ms += macs / kOtherMacsPerCycle / board.ghz * 1e-6;
    }
  }
  return ms;
}

}  // namespace millwright::nn
