// A configuration from the fleet: what a config bundle's text says about machines, by their class
// or by their id, laid over the gateway's own agent.toml. Who the gateway is, whom it talks to and
// where it keeps things is never in it. docs/formats/bundle.md.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/asset_change.h"
#include "agent/settings.h"
#include "core/result.h"
#include "slots/state.h"

namespace millwright::agent {

struct FleetConfig {
  // In order of the text; a machine's class first, then what is said about it alone.
  std::vector<std::pair<std::string, AssetChange>> by_class, by_id;
};

/// Every fault at once, with file, line and key; what belongs to the gateway alone is one of them.
[[nodiscard]] Result<FleetConfig> ReadFleetConfig(std::string_view text, std::string_view file);

/// `base` with the configuration laid over it. Channels keep the places that they have in `places`
/// (the settings that run, or `base`): new ones come after those, what is gone stays, unused.
/// kInvalid names the asset and what is wrong with it.
[[nodiscard]] Result<Settings> Overlay(const FleetConfig& config, const Settings& base,
                                       const Settings& places);

/// How many of the gateway's machines it speaks of.
[[nodiscard]] size_t CountConcerned(const FleetConfig& config, const Settings& settings);

}  // namespace millwright::agent
