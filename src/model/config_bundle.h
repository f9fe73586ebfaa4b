// The other kind of bundle: what the fleet says about its machines' channels, limits and
// thresholds. A folder of two files, like a model's: a manifest that names the other by its hash.
// What the text means is the agent's business (docs/formats/agent-config.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "os/files.h"

namespace millwright::model {

inline constexpr std::string_view kConfigFile = "config.toml";
inline constexpr size_t kConfigBytesMax = size_t{1} << 20;

struct ConfigManifest {
  std::string name, version;
  Nanos created = 0;
  std::string sha256{};  // of config.toml
  uint64_t bytes = 0;
};

/// Errors name the key. kUnsupported: another format.
[[nodiscard]] Result<ConfigManifest> ReadConfigManifest(std::span<const std::byte> bytes);
/// Equal manifests give equal bytes.
[[nodiscard]] std::string WriteConfigManifest(const ConfigManifest& manifest);

struct ConfigBundle {
  ConfigManifest manifest;
  os::Bytes text;  // config.toml
};

/// Reads `folder` and compares the text with the manifest.
[[nodiscard]] Result<ConfigBundle> LoadConfigBundle(os::Files& files, const std::string& folder);
/// Writes both files of a new one. `manifest`'s hash and length are filled in.
[[nodiscard]] Result<void> WriteConfigBundle(os::Files& files, const std::string& folder,
                                             ConfigManifest manifest,
                                             std::span<const std::byte> text);

}  // namespace millwright::model
