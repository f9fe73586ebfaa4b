// What belongs to a hub, read from its hub.toml: database, authority, signed releases and the keys
// that lie elsewhere. The same table puts the paths of a restored folder into a new hub.toml.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/backup/manifest.h"

namespace millwright::hub {

inline constexpr std::string_view kDatabaseEntry = "hub.db";
inline constexpr std::string_view kConfigEntry = "hub.toml";

enum class PlaceKind : uint8_t { kDatabase, kFolder, kFile };

struct Belonging {
  PlaceKind kind = PlaceKind::kFile;
  Place place;
  bool inside = false;  // of a folder that is copied anyway
};

/// The belongings that hub.toml names; the database always. `folder` is where the hub runs: paths
/// that are not absolute count from it. `database` overrides store.path where it is not empty, as
/// millwright-hub's own option does. kInvalid: no TOML, or a path that is no text.
[[nodiscard]] Result<std::vector<Belonging>> ReadLayout(std::string_view toml,
                                                        std::string_view name,
                                                        const std::string& folder,
                                                        const std::string& database);

/// The same configuration with each place beneath `folder`. Comments are lost: TOML is written
/// anew.
[[nodiscard]] Result<std::string> MoveLayout(std::string_view toml,
                                             const std::vector<Place>& places,
                                             const std::string& folder);

}  // namespace millwright::hub
