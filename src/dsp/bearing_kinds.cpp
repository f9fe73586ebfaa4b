#include "dsp/bearing_kinds.h"

#include <array>
#include <limits>
#include <string>
#include <utility>

#include "dsp/bearing_features.h"

namespace millwright::dsp {
namespace {

// NaN where nothing could be said (no speed, too few turns): the step is then incomplete.
template <size_t Column>
double Describe(const SampleView& view, const Params&) {
  return view.bearing != nullptr ? static_cast<double>((*view.bearing)[Column])
                                 : std::numeric_limits<double>::quiet_NaN();
}

template <size_t... Columns>
constexpr std::array<SampleFunction, sizeof...(Columns)> Functions(
    std::index_sequence<Columns...>) {
  return {Describe<Columns>...};
}

const std::array<std::string, kBearingFeatures>& KindNames() {
  static const auto names = [] {
    std::array<std::string, kBearingFeatures> out;
    for (size_t i = 0; i < out.size(); ++i)
      out[i] = "bearing_" + std::string(BearingFeatureNames()[i]);
    return out;
  }();
  return names;
}

}  // namespace

std::vector<FeatureKind> BearingKinds() {
  constexpr auto kFunctions = Functions(std::make_index_sequence<kBearingFeatures>());
  std::vector<FeatureKind> out;
  out.reserve(kBearingFeatures);
  for (size_t i = 0; i < kBearingFeatures; ++i)
    out.push_back({.name = KindNames()[i],
                   .from = ChannelKind::kSamples,
                   .sample = kFunctions[i],
                   .needs_bearing = true});
  return out;
}

Result<BearingOrders> OrdersOf(const MachineSpec& machine) {
  return CompleteOrders(
      {.bpfo = machine.bpfo, .bpfi = machine.bpfi, .bsf = machine.bsf, .ftf = machine.ftf});
}

}  // namespace millwright::dsp
