// The agent's configuration: any text is an error that says something, or settings that keep the
// rules that everything after relies on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/settings.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace millwright;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = agent::ReadSettings(text, "agent.toml");
  if (!settings) {
    if (settings.error().what.empty()) std::abort();
    return 0;
  }
  const bool good = !settings->device.value().empty() && !settings->assets.empty() &&
                    settings->assets.size() <= agent::kAssetsMax && settings->broker.port > 0 &&
                    settings->valid > settings->heartbeat;
  if (!good) std::abort();
  for (const agent::AssetSettings& asset : settings->assets)
    if (asset.channels.empty() || asset.channels.size() > agent::kChannelsPerAssetMax) std::abort();
  return 0;
}
