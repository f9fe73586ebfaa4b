// Weights rounded one after another, so that each takes back what rounding those before it changed
// on the data: half the error of rounding each by itself, in the same format.
// Source: Frantar et al. 2022 (GPTQ), after Hassibi and Stork 1993 (optimal brain surgeon).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace millwright::importer {

/// Sums of products of what a layer reads: z = [inputs, state, 1].
class Moments {
 public:
  /// Beyond this many inputs the sums cost more than they give.
  static constexpr size_t kSizeMax = 1024;
  /// Multiplications for one layer's sums; later rows than that are left out.
  static constexpr size_t kWorkMax = size_t{4} << 30;

  /// One row; sizes are those of the first call.
  void Add(std::span<const float> inputs, std::span<const float> state = {});
  [[nodiscard]] bool empty() const { return sums_.empty(); }
  [[nodiscard]] size_t size() const { return size_; }  // the 1 included
  [[nodiscard]] double operator()(size_t row, size_t column) const {
    return sums_[row * size_ + column];
  }

 private:
  size_t size_ = 0;
  size_t work_ = 0;
  std::vector<double> sums_{};
  std::vector<double> row_{};
};

struct Rounded {
  std::vector<int8_t> weights{};  // [outputs x inputs], -127..127
  std::vector<float> biases{};    // moved by what the weights could not take back
};

/// `weights` [outputs x inputs] of inputs in the order of `moments`; scale(output, input) is the
/// step of each. The moments are not empty.
[[nodiscard]] Rounded RoundTogether(std::span<const float> weights, std::span<const float> biases,
                                    const Moments& moments,
                                    const std::function<float(size_t, size_t)>& scale);

}  // namespace millwright::importer
