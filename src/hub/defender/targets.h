// Which security profiles are for which thing. A target is an ARN whose resource is
// "all/things", "all/registered-things", "all/unregistered-things" or "thinggroup/NAME"; a group
// "plant:SITE" is the gateways of a plant and "thing:GATEWAY" one gateway, others are what their
// members table says.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "store/database.h"

namespace millwright::hub {

/// "arn:aws:iot:local:000000000000:" and the resource, as in "securityprofile/NAME".
[[nodiscard]] std::string ArnOf(std::string_view resource);
/// The resource of a target's ARN; kInvalid where it is none of the four.
[[nodiscard]] Result<std::string> TargetOf(std::string_view arn);

/// The targets of all profiles, as they were last loaded.
class TargetTable {
 public:
  static constexpr size_t kProfilesPerTargetMax = 5;  // AWS' quota

  [[nodiscard]] Result<void> Load(store::Database& database);
  /// Each profile once, by name. Two small queries.
  [[nodiscard]] Result<std::vector<std::string>> ProfilesOf(store::Database& database,
                                                            std::string_view thing) const;
  [[nodiscard]] std::vector<std::string> TargetsOf(std::string_view profile) const;
  [[nodiscard]] std::vector<std::string> ProfilesFor(std::string_view target) const;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> profiles_;  // by target
};

/// kNotFound: no such profile; kExhausted: the target has five. Twice is once.
[[nodiscard]] Result<void> AttachTarget(store::Database& database, std::string_view profile,
                                        std::string_view target);
[[nodiscard]] Result<void> DetachTarget(store::Database& database, std::string_view profile,
                                        std::string_view target);

}  // namespace millwright::hub
