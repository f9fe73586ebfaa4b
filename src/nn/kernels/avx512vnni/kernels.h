// AVX-512 F, BW, DQ, VL and VNNI (Intel from Ice Lake on, AMD from Zen 4 on).
#pragma once

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::avx512vnni {

extern const packed::Kernels kKernels;

}  // namespace millwright::nn::avx512vnni
