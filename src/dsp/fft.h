// Fourier transforms over kissfft, planned once: Run allocates nothing. Lengths are rounded up to
// products of 2, 3 and 5 by FastSize, since kissfft allocates scratch memory for other factors.
#pragma once

#include <complex>
#include <memory>
#include <span>

namespace millwright::dsp {

/// The smallest even length >= n whose only prime factors are 2, 3 and 5.
[[nodiscard]] size_t FastSize(size_t n);

class RealFft {
 public:
  /// `size` is a FastSize.
  explicit RealFft(size_t size);
  ~RealFft();
  RealFft(RealFft&&) noexcept;
  RealFft& operator=(RealFft&&) noexcept;
  /// in [size], out [size / 2 + 1]: sum of in[n] e^(-2 pi i k n / size), not scaled.
  void Run(std::span<const float> in, std::span<std::complex<float>> out) const;
  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Plan;
  size_t size_;
  std::unique_ptr<Plan> plan_;
};

class InverseFft {
 public:
  explicit InverseFft(size_t size);
  ~InverseFft();
  InverseFft(InverseFft&&) noexcept;
  InverseFft& operator=(InverseFft&&) noexcept;
  /// in, out [size], not the same memory: sum of in[k] e^(+2 pi i k n / size), not scaled.
  void Run(std::span<const std::complex<float>> in, std::span<std::complex<float>> out) const;
  [[nodiscard]] size_t size() const { return size_; }

 private:
  struct Plan;
  size_t size_;
  std::unique_ptr<Plan> plan_;
};

}  // namespace millwright::dsp
