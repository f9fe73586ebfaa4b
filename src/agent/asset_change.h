// What a configuration says about a machine: values that replace others. agent.toml's own [[asset]]
// is a change of the defaults, a configuration from the fleet a change of that.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "model/decision_rule.h"

namespace millwright::agent {

struct AssetSettings;

/// Members of a struct with the values that they get, in order.
template <typename Struct, typename Value>
using Changes = std::vector<std::pair<Value Struct::*, Value>>;

/// Of the model's own limits.
struct LimitChanges {
  Changes<model::DecisionLimits, double> numbers;
  Changes<model::DecisionLimits, int> counts;
  void ApplyTo(model::DecisionLimits& limits) const;
  [[nodiscard]] bool operator==(const LimitChanges&) const = default;
};

/// What a sensor can measure: a reading outside is none.
struct Range {
  double min = 0, max = 0;
  [[nodiscard]] bool operator==(const Range&) const = default;
};

struct ChannelChange {
  std::string name;
  std::optional<std::string> unit{};
  std::optional<dsp::ChannelKind> kind{};
  std::optional<double> rate_hz{};
  std::optional<int> qos{};
  std::optional<Range> range{};
  std::optional<bool> used{};
};

struct AssetChange {
  std::optional<std::string> name{};
  std::optional<Nanos> commissioning{};
  std::optional<double> zone_c_mm_s{}, zone_d_mm_s{};
  Changes<dsp::MachineSpec, double> machine{};
  LimitChanges limits{};
  std::vector<ChannelChange> channels{};
};

/// Reads everything but who the machine is. `whole`: what has no default must be there.
[[nodiscard]] AssetChange ReadAssetChange(config::Table table, bool whole);

[[nodiscard]] bool SameMachine(const dsp::MachineSpec& a, const dsp::MachineSpec& b);
/// Everything about the machine that features are made with, for a hash.
[[nodiscard]] std::string MachineText(const dsp::MachineSpec& machine);

/// A channel that the asset has not is added after the others. kInvalid names the asset and the
/// channel: a new channel without a rate, another kind for a channel that is there, ...
[[nodiscard]] Result<void> Apply(const AssetChange& change, AssetSettings& asset);

}  // namespace millwright::agent
