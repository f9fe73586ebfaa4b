#include "agent/fleet_config.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "config/config.h"
#include "crypto/sha256.h"

namespace millwright::agent {
namespace {

using config::Table;

// agent.toml's other sections: who the gateway is, its brokers, its keys, its disk.
constexpr std::array<const char*, 11> kLocal{"device",   "broker",  "uplink",   "paths",
                                             "model",    "outbox",  "decision", "health",
                                             "delivery", "witness", "identity"};

void RefuseLocal(Table& root) {
  for (const char* key : kLocal)
    if (root.Has(key))
      root.Fault(key,
                 "belongs to the gateway alone: it stays in its agent.toml, and no bundle from "
                 "the fleet may name it");
}

using Named = std::vector<std::pair<std::string, AssetChange>>;

// [[class]] by "name", [[asset]] by "id".
void ReadNamed(std::vector<Table> tables, const char* key, Named& out) {
  std::set<std::string> seen;
  for (Table& table : tables) {
    const bool by_class = std::string_view(key) == "name";
    std::string who = by_class ? table.String(key) : table.Id(key);
    if (by_class && who.empty()) table.Fault(key, "names no class");
    if (!who.empty() && !seen.insert(who).second)
      table.Fault(key, "\"" + who + "\" is named twice");
    if (table.Has("area") || table.Has("class"))
      table.Fault(table.Has("area") ? "area" : "class",
                  "belongs to the gateway alone: where a machine stands and what it is, its "
                  "agent.toml says");
    AssetChange change = ReadAssetChange(table, false);
    if (by_class) change.name.reset();  // the class's own
    out.emplace_back(std::move(who), std::move(change));
  }
}

// What features mean has changed where the machine or the rate of a channel has: what was learned
// under the gateway's own values does not fit then.
void NoteRetuned(const AssetSettings& base, AssetSettings& asset) {
  asset.retuned = !SameMachine(asset.machine, base.machine);
  for (ChannelSettings& channel : asset.channels) {
    const auto own = std::ranges::find(base.channels, channel.spec.name,
                                       [](const ChannelSettings& c) { return c.spec.name; });
    channel.retuned =
        own == base.channels.end() || std::fabs(own->spec.rate_hz - channel.spec.rate_hz) > 0;
  }
}

// So that an index means one channel as long as the agent runs, whichever configuration decides.
Result<void> KeepPlaces(const AssetSettings& places, AssetSettings& asset) {
  std::vector<ChannelSettings> ordered;
  for (const ChannelSettings& known : places.channels) {
    const auto name = [](const ChannelSettings& c) { return c.spec.name; };
    const auto same = std::ranges::find(asset.channels, known.spec.name, name);
    if (same == asset.channels.end()) {
      ordered.push_back(known);
      ordered.back().used = false;
    } else if (same->spec.kind != known.spec.kind) {
      return Fail(Errc::kInvalid, "asset \"" + asset.id.value() + "\": channel \"" +
                                      known.spec.name +
                                      "\": is there with another kind; name a new one");
    } else {
      ordered.push_back(std::move(*same));
      asset.channels.erase(same);
    }
  }
  ordered.insert(ordered.end(), asset.channels.begin(), asset.channels.end());
  if (ordered.size() > kChannelsPerAssetMax)
    return Fail(Errc::kInvalid, "asset \"" + asset.id.value() + "\": has more than " +
                                    std::to_string(kChannelsPerAssetMax) +
                                    " channels, with those it had since the agent started");
  asset.channels = std::move(ordered);
  return {};
}

}  // namespace

Result<FleetConfig> ReadFleetConfig(std::string_view text, std::string_view file) {
  MW_TRY(config::File parsed, config::File::Parse(text, file));
  Table root = parsed.root();
  FleetConfig out;
  RefuseLocal(root);
  ReadNamed(root.List("class"), "name", out.by_class);
  ReadNamed(root.List("asset"), "id", out.by_id);
  if (out.by_class.empty() && out.by_id.empty())
    root.Fault("asset", "there is neither a [[class]] nor an [[asset]]: it says nothing");
  MW_TRY(parsed.Finish());
  return out;
}

Result<Settings> Overlay(const FleetConfig& config, const Settings& base, const Settings& places) {
  Settings out = base;
  for (size_t a = 0; a < out.assets.size(); ++a) {
    AssetSettings& asset = out.assets[a];
    for (const auto& [name, change] : config.by_class)
      if (name == asset.machine_class) MW_TRY(Apply(change, asset));
    for (const auto& [id, change] : config.by_id)
      if (id == asset.id.value()) MW_TRY(Apply(change, asset));
    if (asset.zone_d_mm_s < asset.zone_c_mm_s)
      return Fail(Errc::kInvalid,
                  "asset \"" + asset.id.value() + "\": zone_d_mm_s is below zone_c_mm_s");
    NoteRetuned(base.assets[a], asset);
    MW_TRY(KeepPlaces(places.assets[a], asset));
  }
  return out;
}

size_t CountConcerned(const FleetConfig& config, const Settings& settings) {
  const auto names = [](const Named& all, const std::string& who) {
    return std::ranges::any_of(all, [&](const auto& entry) { return entry.first == who; });
  };
  return static_cast<size_t>(std::ranges::count_if(settings.assets, [&](const AssetSettings& a) {
    return names(config.by_class, a.machine_class) || names(config.by_id, a.id.value());
  }));
}

}  // namespace millwright::agent
