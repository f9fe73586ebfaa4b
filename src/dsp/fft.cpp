#include "dsp/fft.h"

#include <kissfft/kiss_fft.h>
#include <kissfft/kiss_fftr.h>

#include "core/check.h"

namespace millwright::dsp {
namespace {

// std::complex<float> and kiss_fft_cpx are both two floats, real part first; the standard lets the
// former be read as an array of two.
const kiss_fft_cpx* AsKiss(std::span<const std::complex<float>> values) {
  return reinterpret_cast<const kiss_fft_cpx*>(values.data());
}
kiss_fft_cpx* AsKiss(std::span<std::complex<float>> values) {
  return reinterpret_cast<kiss_fft_cpx*>(values.data());
}

}  // namespace

size_t FastSize(size_t n) {
  const size_t half = (n < 2 ? 2 : n + 1) / 2;
  return 2 * static_cast<size_t>(kiss_fft_next_fast_size(static_cast<int>(half)));
}

struct RealFft::Plan {
  kiss_fftr_cfg config;
  ~Plan() { kiss_fftr_free(config); }
};

RealFft::RealFft(size_t size)
    : size_(size), plan_(new Plan{kiss_fftr_alloc(static_cast<int>(size), 0, nullptr, nullptr)}) {
  MW_CHECK(plan_->config != nullptr);
}
RealFft::~RealFft() = default;
RealFft::RealFft(RealFft&&) noexcept = default;
RealFft& RealFft::operator=(RealFft&&) noexcept = default;

void RealFft::Run(std::span<const float> in, std::span<std::complex<float>> out) const {
  MW_CHECK(in.size() == size_ && out.size() >= size_ / 2 + 1);
  kiss_fftr(plan_->config, in.data(), AsKiss(out));
}

struct InverseFft::Plan {
  kiss_fft_cfg config;
  ~Plan() { kiss_fft_free(config); }
};

InverseFft::InverseFft(size_t size)
    : size_(size), plan_(new Plan{kiss_fft_alloc(static_cast<int>(size), 1, nullptr, nullptr)}) {
  MW_CHECK(plan_->config != nullptr);
}
InverseFft::~InverseFft() = default;
InverseFft::InverseFft(InverseFft&&) noexcept = default;
InverseFft& InverseFft::operator=(InverseFft&&) noexcept = default;

void InverseFft::Run(std::span<const std::complex<float>> in,
                     std::span<std::complex<float>> out) const {
  MW_CHECK(in.size() == size_ && out.size() == size_ && in.data() != out.data());
  kiss_fft(plan_->config, AsKiss(in), AsKiss(out));
}

}  // namespace millwright::dsp
