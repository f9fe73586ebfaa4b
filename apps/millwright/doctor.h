// What `millwright doctor` looks at. Each check says what it found and, where something is wrong,
// what to do.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hub_client.h"

namespace millwright::cli {

enum class Health : uint8_t { kGood, kAttention, kBad, kSkipped };

/// "ok", "look", "bad", "skipped".
[[nodiscard]] std::string_view Name(Health health);

struct Finding {
  std::string check;
  Health health = Health::kGood;
  std::string what;
  std::string fix;  // what to do; empty where nothing is
};

[[nodiscard]] Finding CheckPrograms(const std::string& program_folder);
[[nodiscard]] Finding CheckMosquitto();
[[nodiscard]] Finding CheckClock();
/// Whether an agent started by this user may put its decisions before other work.
[[nodiscard]] Finding CheckPriority();
/// Free space and writability of a folder.
[[nodiscard]] Finding CheckDisk(const std::string& folder);
/// Connects as a client would and leaves again.
[[nodiscard]] Finding CheckBroker(const std::string& host, int port);
[[nodiscard]] Finding CheckHub(const std::string& url, const HubTrust& trust);
/// How long the certificate that the hub shows is good; kSkipped for one without TLS.
[[nodiscard]] Finding CheckHubCertificate(const std::string& url);
struct RoleExpiry {
  std::string role;
  int64_t days = 0;  // whole ones that are left; negative: since it expired
};
/// From the text of the hub's metrics, which reckons by its own clock.
[[nodiscard]] std::vector<RoleExpiry> RolesIn(std::string_view metrics);
/// How long each document is good that says what may be installed.
[[nodiscard]] Finding CheckTrust(const std::string& url, const HubTrust& trust);
/// A gateway's certificate, as `millwright enroll` keeps it.
[[nodiscard]] Finding CheckIdentity(const std::string& folder);
/// Loads the bundle, runs its golden vectors and compares the bytes.
[[nodiscard]] Finding CheckBundle(const std::string& folder);

}  // namespace millwright::cli
