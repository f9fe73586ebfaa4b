// AVX2 (Intel from Haswell on, AMD from Excavator on).
#pragma once

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::avx2 {

extern const packed::Kernels kKernels;

}  // namespace millwright::nn::avx2
