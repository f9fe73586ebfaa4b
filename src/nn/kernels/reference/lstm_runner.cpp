#include "nn/kernels/reference/lstm_runner.h"

#include <cstring>

#include "nn/kernels/reference/lstm.h"

namespace millwright::nn::reference {
namespace {

class Runner : public LstmRunner {
 public:
  explicit Runner(LstmWeights weights) : weights_(std::move(weights)) {}

  void Run(const LstmCall& call) const override {
    for (const LstmStream& stream : call.streams) {
      for (size_t t = 0; t < call.steps; ++t) {
        LstmStep(weights_, stream.x + t * call.x_stride, stream.h, stream.c, call.scratch);
        std::memcpy(stream.out + t * call.out_stride, stream.h, weights_.outputs());
      }
    }
  }
  size_t scratch_bytes(size_t /*streams*/) const override {
    return LstmScratchBytes(weights_.units, weights_.outputs());
  }
  size_t weight_bytes(size_t streams) const override {
    const size_t gates = weights_.couples_input_gate ? kGates - 1 : kGates;
    const size_t of_gates = gates * weights_.units * (weights_.inputs + weights_.outputs());
    return streams * (of_gates + weights_.projection.outputs * weights_.units);
  }

 private:
  LstmWeights weights_;
};

}  // namespace

std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights) {
  return std::make_unique<const Runner>(std::move(weights));
}

}  // namespace millwright::nn::reference
