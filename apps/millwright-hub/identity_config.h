// The part of hub.toml that says who may come in.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"
#include "core/result.h"
#include "core/time.h"

namespace millwright::hub {

struct IdentityConfig {
  std::string folder;              // of the authority; empty: this hub issues no certificates
  std::vector<std::string> hosts;  // that a new authority names in its servers' certificates
  Nanos life = 0;                  // of a device's certificate
  std::string broker_pid_file;     // of the Mosquitto to signal
  [[nodiscard]] bool enabled() const { return !folder.empty(); }
};

struct AccessConfig {
  bool required = false;  // false: whoever reaches the hub is an admin
  std::string first_token_file;
};

/// [identity] and [access].
void ReadIdentity(config::Table table, IdentityConfig& out);
void ReadAccess(config::Table table, const std::string& database, AccessConfig& out);
[[nodiscard]] bool IsLoopbackHost(const std::string& host);

}  // namespace millwright::hub
