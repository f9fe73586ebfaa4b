// What the configuration and the bundle mean together: which channel of an asset feeds which input
// of the model, and which signals people are shown. Made once; everything after trusts it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/outcome.h"
#include "agent/settings.h"
#include "core/result.h"
#include "model/manifest.h"
#include "nn/engine.h"

namespace millwright::agent {

/// A physical value per step: a feature, turned back into its unit, or a channel's latest reading.
struct Signal {
  std::string name;  // "vib.velocity_rms", "temperature"
  std::string unit;
  int feature = -1;  // index into the schema's features, or
  int channel = -1;  // index into the asset's channels
  int log = 0;       // as the feature table's `log`
  double speed_power = 0;
};

struct AssetPlan {
  const AssetSettings* settings = nullptr;
  dsp::Schema schema;          // the bundle's, with this asset's rates
  std::vector<int> to_schema;  // by the asset's channel: index in schema.channels, -1: not an input
  std::vector<int> from_schema;  // the inverse
  std::vector<Nanos> periods;    // between readings by the asset's channel; 0 for blocks
  std::vector<Signal> signals;
  Nanos commissioning = 0;
  model::DecisionLimits limits;  // the bundle's, with what the configuration changes
  std::string tuning;  // of what was learned: empty for agent.toml's own machine and rates
  std::string decision_topic;
};

struct Plan {
  Settings settings;
  model::Manifest manifest;
  std::shared_ptr<const nn::Engine> engine;
  std::string digest;       // sha256 of the bundle's manifest: the bundle's identity
  std::string schema_hash;  // baselines learned under another schema are not used
  std::string config_digest{}, config_name{}, config_version{};  // the fleet's; empty: none
  std::vector<AssetPlan> assets;
};

/// Loads the bundle and the model, replays its golden vectors, and binds each asset. Errors name
/// the asset and the channel, and what the model wants.
[[nodiscard]] Result<std::unique_ptr<Plan>> MakePlan(Settings settings, os::Files& files);

/// The same model under other settings, without loading it again.
[[nodiscard]] Result<std::unique_ptr<Plan>> Rebind(const Plan& plan, Settings settings);

/// "missing: temperature, vib" for a state's reason, "" for none, into `out`, which keeps its
/// memory.
void Describe(const AssetPlan& asset, Reason reason, uint32_t channels, std::string& out);

/// The physical value of a signal that comes from a feature.
[[nodiscard]] float SignalValue(const Signal& signal, float feature, double speed_ratio);

}  // namespace millwright::agent
