#include "hub/rollout/policy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "crypto/sha256.h"

namespace millwright::hub {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr size_t kWavesMax = 20;
constexpr double kWaveSecondsMax = 90 * 86400.0;

tl::unexpected<Error> Wrong(const std::string& key, const std::string& what) {
  return Fail(Errc::kInvalid, "policy." + key + ": " + what);
}

Result<double> Number(const json& policy, const char* key, double otherwise, double low,
                      double high) {
  const auto found = policy.find(key);
  if (found == policy.end()) return otherwise;
  if (!found->is_number()) return Wrong(key, "is no number");
  const double value = *found;
  if (!(value >= low && value <= high))
    return Wrong(key, "is not between " + std::to_string(low) + " and " + std::to_string(high));
  return value;
}

Result<bool> Flag(const json& policy, const char* key, bool otherwise) {
  const auto found = policy.find(key);
  if (found == policy.end()) return otherwise;
  if (!found->is_boolean()) return Wrong(key, "is neither true nor false");
  return found->get<bool>();
}

Result<std::vector<double>> ReadWaves(const json& policy, std::vector<double> otherwise) {
  const auto found = policy.find("waves");
  if (found == policy.end()) return otherwise;
  if (!found->is_array() || found->empty() || found->size() > kWavesMax)
    return Wrong("waves", "is no list of 1 to 20 shares");
  std::vector<double> waves;
  for (const json& share : *found) {
    if (!share.is_number()) return Wrong("waves", "is no list of numbers");
    waves.push_back(share);
    const double before = waves.size() > 1 ? waves[waves.size() - 2] : 0;
    if (!(waves.back() > before && waves.back() <= 1)) return Wrong("waves", "does not rise to 1");
  }
  if (waves.back() < 1) return Wrong("waves", "does not end with 1");
  return waves;
}

}  // namespace

Result<RolloutPolicy> ReadPolicy(std::string_view text) {
  const json policy = text.empty() ? json::object() : json::parse(text, nullptr, false);
  if (!policy.is_object()) return Fail(Errc::kInvalid, "policy: is no JSON object");
  static const std::set<std::string> kKnown{"waves",        "success_share", "failure_share",
                                            "failures_min", "wave_min_s",    "approval",
                                            "windows_min",  "time_min_s",    "reverse_on_halt"};
  for (const auto& [key, value] : policy.items())
    if (!kKnown.contains(key)) return Wrong(key, "is no known key");
  RolloutPolicy out;
  MW_TRY(out.waves, ReadWaves(policy, out.waves));
  MW_TRY(out.success_share, Number(policy, "success_share", out.success_share, 0, 1));
  MW_TRY(out.failure_share, Number(policy, "failure_share", out.failure_share, 0, 1));
  MW_TRY(const double failures, Number(policy, "failures_min", out.failures_min, 1, 1e6));
  out.failures_min = static_cast<int>(failures);
  MW_TRY(const double wave_s,
         Number(policy, "wave_min_s", Seconds(out.wave_min), 0, kWaveSecondsMax));
  out.wave_min = FromSeconds(wave_s);
  MW_TRY(const double windows, Number(policy, "windows_min", 0, 0, 1e9));
  out.windows_min = static_cast<int64_t>(windows);
  MW_TRY(out.time_min_s, Number(policy, "time_min_s", -1, -1, kWaveSecondsMax));
  MW_TRY(out.approval, Flag(policy, "approval", out.approval));
  MW_TRY(out.reverse_on_halt, Flag(policy, "reverse_on_halt", out.reverse_on_halt));
  return out;
}

std::string WritePolicy(const RolloutPolicy& policy) {
  return ordered_json{{"waves", policy.waves},
                      {"success_share", policy.success_share},
                      {"failure_share", policy.failure_share},
                      {"failures_min", policy.failures_min},
                      {"wave_min_s", Seconds(policy.wave_min)},
                      {"approval", policy.approval},
                      {"reverse_on_halt", policy.reverse_on_halt},
                      {"windows_min", policy.windows_min},
                      {"time_min_s", policy.time_min_s}}
      .dump();
}

std::vector<Placed> PlanWaves(const RolloutPolicy& policy, std::vector<FleetMember> fleet,
                              std::string_view seed) {
  // A fair order that nobody chooses: by the hash of seed and name. Those that are there come
  // first, so that a canary is one that can answer.
  std::map<std::string, std::string> order;
  for (const FleetMember& m : fleet)
    order[m.device] = crypto::Sha256Hex(std::string(seed) + "/" + m.device);
  std::ranges::sort(fleet, [&](const FleetMember& a, const FleetMember& b) {
    return a.online != b.online ? a.online : order[a.device] < order[b.device];
  });
  // One of each site to the front, so that a wave sees as many sites as it has places. Those that
  // are not heard stay behind: a canary that does not answer tells nothing.
  std::set<std::string> sites;
  std::stable_partition(fleet.begin(), fleet.end(), [&](const FleetMember& m) {
    return m.online && sites.insert(m.site).second;
  });
  std::vector<Placed> placed;
  const double count = static_cast<double>(fleet.size());
  size_t from = 0;
  for (size_t wave = 0; wave < policy.waves.size(); ++wave) {
    // A share is a limit: 1 % of 505 gateways are 5.
    const auto share = static_cast<size_t>(std::floor(policy.waves[wave] * count + 1e-9));
    const size_t to = std::min(fleet.size(), std::max(share, from + 1));
    for (; from < to; ++from) placed.push_back({fleet[from], static_cast<int>(wave)});
  }
  return placed;
}

bool TooManyFailed(const RolloutPolicy& policy, const Progress& p) {
  const int64_t ended = p.succeeded + p.failed;
  return p.failed >= policy.failures_min &&
         static_cast<double>(p.failed) > policy.failure_share * static_cast<double>(ended);
}

bool EnoughTook(const RolloutPolicy& policy, const Progress& p) {
  if (p.last_wave) return p.pending == 0;
  const double needed = policy.success_share * static_cast<double>(p.in_wave);
  return static_cast<double>(p.succeeded) >= needed - 1e-9;
}

Judgement Judge(const RolloutPolicy& policy, const Progress& p, bool next_is_last) {
  if (TooManyFailed(policy, p))
    return {Verdict::kHalt, std::to_string(p.failed) + " of " +
                                std::to_string(p.succeeded + p.failed) +
                                " gateways that tried the model refused it or went back"};
  const bool enough = EnoughTook(policy, p);
  // Late and offline devices keep their job; the rollout ends with the last of them.
  if (p.last_wave) return {enough ? Verdict::kDone : Verdict::kWait, ""};
  if (!enough || p.wave_age < policy.wave_min) return {};
  if (next_is_last && policy.approval && !p.approved)
    return {Verdict::kAskApproval, "a person must approve the last wave"};
  return {Verdict::kNextWave, ""};
}

}  // namespace millwright::hub
