#include "nn/kernel_set.h"

#include <algorithm>
#include <array>
#include <string>

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace millwright::nn {
namespace {

struct SetName {
  KernelSet set;
  std::string_view name;
};

constexpr std::array kNames{
    SetName{KernelSet::kReference, "reference"}, SetName{KernelSet::kAvx2, "avx2"},
    SetName{KernelSet::kAvx512Vnni, "avx512vnni"}, SetName{KernelSet::kNeon, "neon"},
    SetName{KernelSet::kNeonDot, "neon-dot"}};

std::vector<KernelSet> Probe() {
  std::vector<KernelSet> sets{KernelSet::kReference};
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) sets.push_back(KernelSet::kAvx2);
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512vnni"))
    sets.push_back(KernelSet::kAvx512Vnni);
#elif defined(__aarch64__)
  sets.push_back(KernelSet::kNeon);  // part of every ARMv8-A core that runs Linux
  if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) sets.push_back(KernelSet::kNeonDot);
#endif
  return sets;
}

}  // namespace

std::string_view Name(KernelSet set) { return std::ranges::find(kNames, set, &SetName::set)->name; }

const std::vector<KernelSet>& AvailableKernelSets() {
  static const std::vector<KernelSet> sets = Probe();
  return sets;
}

bool IsAvailable(KernelSet set) {
  const auto& sets = AvailableKernelSets();
  return std::ranges::find(sets, set) != sets.end();
}

Result<KernelSet> ParseKernelSet(std::string_view name) {
  const auto found = std::ranges::find(kNames, name, &SetName::name);
  if (found == kNames.end()) {
    std::string known;
    for (const SetName& entry : kNames)
      known += (known.empty() ? "" : ", ") + std::string(entry.name);
    return Fail(Errc::kInvalid,
                "nn: no kernel set is called '" + std::string(name) + "'; there are " + known);
  }
  if (!IsAvailable(found->set))
    return Fail(Errc::kUnsupported,
                "nn: this machine cannot run the kernel set '" + std::string(name) + "'");
  return found->set;
}

}  // namespace millwright::nn
