// Which instructions a plan uses. All sets give the same bytes; they differ in speed only.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::nn {

enum class KernelSet : uint8_t {
  kReference,   // portable C++
  kAvx2,        // x86-64 with AVX2
  kAvx512Vnni,  // x86-64 with AVX-512 F, BW, DQ, VL and VNNI
  kNeon,        // aarch64, ARMv8.0: Cortex-A72, Cortex-A57
  kNeonDot,     // aarch64 with the dot-product instructions (ARMv8.2)
};

/// "reference", "avx2", "avx512vnni", "neon", "neon-dot".
[[nodiscard]] std::string_view Name(KernelSet set);

/// The sets that this build has and this CPU runs, slowest first; the reference is always there.
[[nodiscard]] const std::vector<KernelSet>& AvailableKernelSets();
[[nodiscard]] bool IsAvailable(KernelSet set);
[[nodiscard]] inline KernelSet BestKernelSet() { return AvailableKernelSets().back(); }

/// By name. kInvalid: no such name (the known ones are listed); kUnsupported: not on this machine.
[[nodiscard]] Result<KernelSet> ParseKernelSet(std::string_view name);

}  // namespace millwright::nn
