#include "hub/rollout/cohort.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace millwright::hub {
namespace {

using nlohmann::json;

constexpr size_t kNamesMax = 10'000;
constexpr size_t kDevicesMax = 200'000;

Result<std::vector<std::string>> Names(const json& object, std::string_view key) {
  std::vector<std::string> names;
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return names;
  if (!found->is_array() || found->size() > kNamesMax)
    return Fail(Errc::kInvalid, std::string(key) + ": is no list of at most " +
                                    std::to_string(kNamesMax) + " names");
  for (const json& name : *found) {
    if (!name.is_string()) return Fail(Errc::kInvalid, std::string(key) + ": is no list of names");
    names.push_back(name);
  }
  return names;
}

bool Holds(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

bool BeginsLikeOne(const std::vector<std::string>& names, std::string_view hardware) {
  return std::ranges::any_of(names,
                             [&](const std::string& name) { return hardware.starts_with(name); });
}

// Gateways with a machine of one of these classes.
Result<std::set<std::string, std::less<>>> WithClass(store::Database& database,
                                                     const std::vector<std::string>& classes) {
  std::set<std::string, std::less<>> devices;
  MW_TRY(database.Each("SELECT DISTINCT device, machine_class FROM assets", {},
                       [&](const store::Row& row) {
                         if (Holds(classes, std::string(row.Text(1)))) devices.emplace(row.Text(0));
                       }));
  return devices;
}

}  // namespace

Result<Cohort> ReadCohort(const json& object) {
  Cohort out;
  MW_TRY(out.sites, Names(object, "sites"));
  MW_TRY(out.devices, Names(object, "devices"));
  MW_TRY(out.hardware, Names(object, "hardware"));
  MW_TRY(out.machine_classes, Names(object, "machine_classes"));
  return out;
}

std::string WriteCohort(const Cohort& cohort) {
  json object = json::object();
  const auto put = [&](std::string_view key, const std::vector<std::string>& names) {
    if (!names.empty()) object[std::string(key)] = names;
  };
  put("sites", cohort.sites);
  put("devices", cohort.devices);
  put("hardware", cohort.hardware);
  put("machine_classes", cohort.machine_classes);
  return object.dump();
}

Cohort ParseCohort(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  return object.is_object() ? ReadCohort(object).value_or(Cohort{}) : Cohort{};
}

Result<std::vector<FleetMember>> LoadCohort(store::Database& database, const Cohort& cohort) {
  std::vector<FleetMember> fleet;
  std::set<std::string> unknown(cohort.devices.begin(), cohort.devices.end());
  std::set<std::string, std::less<>> of_class;
  if (!cohort.machine_classes.empty()) {
    MW_TRY(of_class, WithClass(database, cohort.machine_classes));
  }
  MW_TRY(database.Each(
      "SELECT device, site, online, last_seen_ns, hardware FROM devices ORDER BY device", {},
      [&](const store::Row& row) {
        FleetMember m{.device = std::string(row.Text(0)),
                      .site = std::string(row.Text(1)),
                      .online = row.Int(2) != 0,
                      .last_seen = row.Int(3)};
        if (!cohort.devices.empty() && unknown.erase(m.device) == 0) return;
        if (!cohort.sites.empty() && !Holds(cohort.sites, m.site)) return;
        if (!cohort.hardware.empty() && !BeginsLikeOne(cohort.hardware, row.Text(4))) return;
        if (!cohort.machine_classes.empty() && !of_class.contains(m.device)) return;
        fleet.push_back(std::move(m));
      }));
  if (!unknown.empty())
    return Fail(Errc::kNotFound, "rollout: there is no gateway \"" + *unknown.begin() + "\"");
  if (fleet.empty()) return Fail(Errc::kNotFound, "rollout: no gateway is known there");
  if (fleet.size() > kDevicesMax)
    return Fail(Errc::kExhausted,
                "rollout: more than " + std::to_string(kDevicesMax) + " gateways");
  return fleet;
}

}  // namespace millwright::hub
