#include "hub/rollout/policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace millwright::hub {
namespace {

std::vector<FleetMember> Fleet(int count, int sites) {
  std::vector<FleetMember> fleet;
  for (int i = 0; i < count; ++i)
    fleet.push_back({.device = "gw-" + std::to_string(i),
                     .site = "site-" + std::to_string(i % sites),
                     .online = i % 3 != 0});
  return fleet;
}

std::map<int, int> Sizes(const std::vector<Placed>& placed) {
  std::map<int, int> sizes;
  for (const Placed& p : placed) ++sizes[p.wave];
  return sizes;
}

TEST(PolicyTest, IsItsOwnInverse) {
  const auto policy = ReadPolicy(
      R"({"waves":[0.5,1],"success_share":1,"failure_share":0.2,"failures_min":2,"wave_min_s":5,)"
      R"("approval":false,"windows_min":30,"time_min_s":1.5})");
  ASSERT_TRUE(policy) << policy.error().what;
  EXPECT_EQ(WritePolicy(*ReadPolicy(WritePolicy(*policy))), WritePolicy(*policy));
  EXPECT_EQ(policy->wave_min, 5 * kSecond);
  EXPECT_FALSE(policy->approval);
}

TEST(PolicyTest, FaultsNameTheKey) {
  for (const char* text :
       {R"({"waves":[]})", R"({"waves":[0.5]})", R"({"waves":[1,0.5]})", R"({"waves":"all"})",
        R"({"success_share":2})", R"({"approval":1})", R"({"failures_min":0})", R"({"tempo":1})"}) {
    const auto policy = ReadPolicy(text);
    ASSERT_FALSE(policy) << text;
    EXPECT_TRUE(policy.error().what.starts_with("policy.")) << policy.error().what;
  }
  EXPECT_FALSE(ReadPolicy("[]"));
}

TEST(PolicyTest, EveryGatewayHasOnePlaceAndWavesGrow) {
  for (const int count : {1, 2, 3, 7, 40, 1000}) {
    const auto placed = PlanWaves({}, Fleet(count, 1), "r");
    std::set<std::string> devices;
    for (const Placed& p : placed) devices.insert(p.device);
    EXPECT_EQ(devices.size(), static_cast<size_t>(count));
    EXPECT_EQ(placed.size(), static_cast<size_t>(count));
  }
  EXPECT_EQ(Sizes(PlanWaves({}, Fleet(1000, 1), "r")),
            (std::map<int, int>{{0, 10}, {1, 90}, {2, 400}, {3, 500}}));
  EXPECT_EQ(Sizes(PlanWaves({}, Fleet(505, 1), "r")),
            (std::map<int, int>{{0, 5}, {1, 45}, {2, 202}, {3, 253}}))
      << "a share is a limit";
  EXPECT_EQ(Sizes(PlanWaves({}, Fleet(3, 1), "r")), (std::map<int, int>{{0, 1}, {1, 1}, {2, 1}}));
}

TEST(PolicyTest, TheCanaryKeepsToItsShareSpreadsOverSitesAndPrefersThoseThatAreThere) {
  const auto placed = PlanWaves({}, Fleet(300, 5), "r");
  std::set<std::string> sites;
  int canaries = 0;
  for (const Placed& p : placed) {
    if (p.wave != 0) continue;
    ++canaries;
    sites.insert(p.site);
  }
  EXPECT_EQ(canaries, 3);
  EXPECT_EQ(sites.size(), 3U);
  EXPECT_EQ(Sizes(PlanWaves({}, Fleet(2, 2), "r")), (std::map<int, int>{{0, 1}, {1, 1}}))
      << "two plants with a gateway each: one goes first";
  const auto fleet = Fleet(300, 5);
  for (const Placed& p : placed) {
    if (p.wave != 0) continue;
    EXPECT_NE(std::stoi(p.device.substr(3)) % 3, 0) << p.device << " is offline";
  }
}

TEST(PolicyTest, PlacesFollowFromFleetAndSeedAlone) {
  auto fleet = Fleet(50, 2);
  const auto first = PlanWaves({}, fleet, "r");
  std::reverse(fleet.begin(), fleet.end());
  const auto again = PlanWaves({}, fleet, "r");
  const auto names = [](const std::vector<Placed>& placed) {
    std::vector<std::string> out;
    for (const Placed& p : placed) out.push_back(p.device);
    return out;
  };
  EXPECT_EQ(names(first), names(again));
  EXPECT_NE(names(first), names(PlanWaves({}, fleet, "another")));
}

TEST(PolicyTest, GoesOnWaitsAsksAndStops) {
  const RolloutPolicy policy;
  const Nanos old = policy.wave_min;
  const auto verdict = [&](const Progress& p, bool next_is_last = false) {
    return Judge(policy, p, next_is_last).verdict;
  };
  EXPECT_EQ(verdict({.in_wave = 10, .succeeded = 5, .pending = 5, .wave_age = old}),
            Verdict::kWait);
  EXPECT_EQ(verdict({.in_wave = 10, .succeeded = 9, .pending = 1, .wave_age = old}),
            Verdict::kNextWave);
  EXPECT_EQ(verdict({.in_wave = 10, .succeeded = 10, .wave_age = old - 1}), Verdict::kWait)
      << "too early";
  EXPECT_EQ(verdict({.in_wave = 10, .succeeded = 10, .wave_age = old}, true),
            Verdict::kAskApproval);
  EXPECT_EQ(verdict({.in_wave = 10, .succeeded = 10, .wave_age = old, .approved = true}, true),
            Verdict::kNextWave);
  EXPECT_EQ(verdict({.in_wave = 1, .failed = 1}), Verdict::kHalt) << "one bad canary is enough";
  EXPECT_EQ(verdict({.in_wave = 100, .succeeded = 95, .failed = 4, .pending = 1, .wave_age = old}),
            Verdict::kNextWave);
  EXPECT_EQ(verdict({.in_wave = 9, .succeeded = 9, .last_wave = true}), Verdict::kDone);
  EXPECT_EQ(verdict({.in_wave = 9, .succeeded = 8, .pending = 1, .last_wave = true}),
            Verdict::kWait)
      << "the late ones converge";
}

}  // namespace
}  // namespace millwright::hub
