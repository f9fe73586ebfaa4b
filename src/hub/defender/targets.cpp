#include "hub/defender/targets.h"

#include <algorithm>

#include "defender/metric.h"
#include "hub/defender/documents.h"

namespace millwright::hub {
namespace {

constexpr std::string_view kGroup = "thinggroup/";

}  // namespace

std::string ArnOf(std::string_view resource) {
  return "arn:aws:iot:local:000000000000:" + std::string(resource);
}

Result<std::string> TargetOf(std::string_view arn) {
  // arn:partition:iot:region:account:resource; whose region and account it says does not matter.
  size_t at = 0;
  for (int part = 0; part < 5; ++part) {
    const size_t colon = arn.find(':', at);
    if (colon == std::string_view::npos || (part == 0 && arn.substr(0, colon) != "arn") ||
        (part == 2 && arn.substr(at, colon - at) != "iot"))
      return Fail(Errc::kInvalid, "The target is no ARN of AWS IoT");
    at = colon + 1;
  }
  const std::string_view resource = arn.substr(at);
  const bool all = resource == "all/things" || resource == "all/registered-things" ||
                   resource == "all/unregistered-things";
  if (!all && !(resource.starts_with(kGroup) && defender::IsName(resource.substr(kGroup.size()))))
    return Fail(Errc::kInvalid,
                "The target is neither all/things, all/registered-things, "
                "all/unregistered-things nor thinggroup/NAME");
  return std::string(resource);
}

Result<void> TargetTable::Load(store::Database& database) {
  std::map<std::string, std::vector<std::string>, std::less<>> now;
  MW_TRY(database.Each(
      "SELECT target, profile FROM defender_targets ORDER BY target, profile", {},
      [&](const store::Row& row) { now[std::string(row.Text(0))].emplace_back(row.Text(1)); }));
  profiles_ = std::move(now);
  return {};
}

Result<std::vector<std::string>> TargetTable::ProfilesOf(store::Database& database,
                                                         std::string_view thing) const {
  std::vector<std::string> out;
  if (profiles_.empty()) return out;
  const auto add = [&](const std::string& target) {
    if (const auto found = profiles_.find(target); found != profiles_.end())
      out.insert(out.end(), found->second.begin(), found->second.end());
  };
  std::string site;
  MW_TRY(const bool registered,
         database.First("SELECT site FROM devices WHERE device = $1", {thing},
                        [&](const store::Row& row) { site = row.Text(0); }));
  add("all/things");
  add(registered ? "all/registered-things" : "all/unregistered-things");
  add(std::string(kGroup) + "thing:" + std::string(thing));
  if (registered) add(std::string(kGroup) + "plant:" + site);
  MW_TRY(database.Each(
      "SELECT thing_group FROM defender_group_members WHERE thing = $1", {thing},
      [&](const store::Row& row) { add(std::string(kGroup) + std::string(row.Text(0))); }));
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::string> TargetTable::TargetsOf(std::string_view profile) const {
  std::vector<std::string> out;
  for (const auto& [target, names] : profiles_)
    if (std::ranges::find(names, profile) != names.end()) out.push_back(target);
  return out;
}

std::vector<std::string> TargetTable::ProfilesFor(std::string_view target) const {
  const auto found = profiles_.find(target);
  return found == profiles_.end() ? std::vector<std::string>() : found->second;
}

Result<void> AttachTarget(store::Database& database, std::string_view profile,
                          std::string_view target) {
  MW_TRY(FindDocument(database, DocumentKind::kProfile, profile));
  int64_t others = 0;
  MW_TRY(database.Each("SELECT COUNT(*) FROM defender_targets WHERE target = $1 AND profile <> $2",
                       {target, profile}, [&](const store::Row& row) { others = row.Int(0); }));
  if (others >= static_cast<int64_t>(TargetTable::kProfilesPerTargetMax))
    return Fail(Errc::kExhausted, "The target has five security profiles already");
  MW_TRY(
      database.Run("INSERT INTO defender_targets (profile, target) VALUES ($1, $2)"
                   " ON CONFLICT (profile, target) DO NOTHING",
                   {profile, target}));
  return {};
}

Result<void> DetachTarget(store::Database& database, std::string_view profile,
                          std::string_view target) {
  MW_TRY(FindDocument(database, DocumentKind::kProfile, profile));
  MW_TRY(database.Run("DELETE FROM defender_targets WHERE profile = $1 AND target = $2",
                      {profile, target}));
  return {};
}

}  // namespace millwright::hub
