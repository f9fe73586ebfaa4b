#include <gtest/gtest.h>

#include <map>

#include "doctor.h"
#include "metrics/registry.h"

namespace millwright::cli {
namespace {

TEST(DoctorExpiryTest, ReadsTheDaysOfEachRoleFromTheHubsMetrics) {
  metrics::Registry registry;
  const auto set = [&](const char* role, double seconds) {
    registry.AddGauge("millwright_trust_expires_seconds", "Until.", {{"role", role}}).Set(seconds);
  };
  set("root", 365 * 86'400.0);
  set("snapshot", 86'399);
  set("timestamp", -1);
  registry.AddGauge("millwright_other", "Else.", {{"role", "root"}}).Set(1);
  std::map<std::string, int64_t> days;
  for (const RoleExpiry& role : RolesIn(registry.Text())) days[role.role] = role.days;
  EXPECT_EQ(days,
            (std::map<std::string, int64_t>{{"root", 365}, {"snapshot", 0}, {"timestamp", -1}}));
}

TEST(DoctorExpiryTest, WhatIsNoMetricsTextHasNoRoles) {
  for (const char* text : {"", "millwright_trust_expires_seconds{role=\"",
                           "millwright_trust_expires_seconds{role=\"x\"}",
                           "millwright_trust_expires_seconds{role=\"x\"} soon\n"})
    EXPECT_TRUE(RolesIn(text).empty()) << text;
}

}  // namespace
}  // namespace millwright::cli
