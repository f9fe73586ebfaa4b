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
        std::memcpy(stream.out + t * call.out_stride, stream.h, weights_.units);
      }
    }
  }
  size_t scratch_bytes(size_t /*streams*/) const override {
    return LstmScratchBytes(weights_.units);
  }
  size_t weight_bytes(size_t streams) const override {
    return streams * kGates * weights_.units * (weights_.inputs + weights_.units);
  }

 private:
  LstmWeights weights_;
};

}  // namespace

std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights) {
  return std::make_unique<const Runner>(std::move(weights));
}

}  // namespace millwright::nn::reference
