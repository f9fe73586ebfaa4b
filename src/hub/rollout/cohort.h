// Which gateways a rollout or a schedule is for.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "hub/rollout/policy.h"
#include "store/database.h"

namespace millwright::hub {

/// A gateway belongs to it where each list that is not empty names it.
struct Cohort {
  std::vector<std::string> sites{};
  std::vector<std::string> devices{};
  std::vector<std::string> hardware{};         // its hardware begins so: "Raspberry Pi 4"
  std::vector<std::string> machine_classes{};  // one of its machines is of such a class
};

/// The keys that ReadCohort knows.
inline constexpr std::string_view kCohortKeys[] = {"sites", "devices", "hardware",
                                                   "machine_classes"};

/// From those keys of a JSON object; others do not matter. kInvalid names the key.
[[nodiscard]] Result<Cohort> ReadCohort(const nlohmann::json& object);
/// As JSON object; lists that are empty are left out.
[[nodiscard]] std::string WriteCohort(const Cohort& cohort);
/// The text that WriteCohort made; what cannot be read is an empty cohort.
[[nodiscard]] Cohort ParseCohort(std::string_view text);

/// The gateways of a cohort, by name. kNotFound where a device is named that does not exist, or
/// none belongs to it; kExhausted beyond 200,000.
[[nodiscard]] Result<std::vector<FleetMember>> LoadCohort(store::Database& database,
                                                          const Cohort& cohort);

}  // namespace millwright::hub
