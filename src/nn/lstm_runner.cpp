#include "nn/lstm_runner.h"

#include "nn/kernels/reference/lstm_runner.h"

#if defined(__x86_64__)
#include "nn/kernels/avx2/kernels.h"
#include "nn/kernels/avx512vnni/kernels.h"
#include "nn/kernels/packed/runner.h"
#elif defined(__aarch64__)
#include "nn/kernels/neon/lstm_runner.h"
#endif

namespace millwright::nn {
namespace {

/// Null where the set has no runner for this layer.
std::unique_ptr<const LstmRunner> MakeFast(const LstmWeights& weights, KernelSet set) {
  switch (set) {
#if defined(__x86_64__)
    case KernelSet::kAvx512Vnni:
      return packed::MakeLstmRunner(weights, avx512vnni::kKernels);
    case KernelSet::kAvx2:
      return packed::MakeLstmRunner(weights, avx2::kKernels);
#elif defined(__aarch64__)
    case KernelSet::kNeonDot:
      return neon::MakeLstmRunner(weights, neon::kDotProduct);
    case KernelSet::kNeon:
      return neon::MakeLstmRunner(weights, neon::kWidening);
#endif
    default:
      static_cast<void>(weights);
      return nullptr;
  }
}

}  // namespace

std::unique_ptr<const LstmRunner> MakeLstmRunner(LstmWeights weights, KernelSet set) {
  if (auto fast = MakeFast(weights, set)) return fast;
  return reference::MakeLstmRunner(std::move(weights));
}

}  // namespace millwright::nn
