#include "nn/lstm_runner.h"

#include "nn/kernels/reference/lstm_runner.h"

namespace millwright::nn {

std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights, KernelSet set) {
  switch (set) {
    case KernelSet::kAvx512Vnni:
    case KernelSet::kAvx2:
    case KernelSet::kNeonDot:
    case KernelSet::kNeon:
    case KernelSet::kReference:
      break;
  }
  return reference::MakeLstmRunner(std::move(weights));
}

}  // namespace millwright::nn
