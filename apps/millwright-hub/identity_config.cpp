#include "identity_config.h"

namespace millwright::hub {
namespace {

constexpr Nanos kIdentityDay = 86'400 * kSecond;

}  // namespace

void ReadIdentity(config::Table table, IdentityConfig& out) {
  out.life = 90 * kIdentityDay;
  out.hosts = {"127.0.0.1", "localhost"};
  if (!table.present()) return;
  out.folder = table.String("folder", "");
  if (table.Has("hosts")) out.hosts = table.Strings("hosts");
  if (out.hosts.empty()) table.Fault("hosts", "names no address that gateways could use");
  // Parts of a day too: certificates of hours are an answer to gateways that may be carried off.
  out.life = static_cast<Nanos>(
      table.Number("certificate_days", {.fallback = 90, .min = 1e-4, .max = 3650}) *
      static_cast<double>(kIdentityDay));
  out.broker_pid_file = table.String("broker_pid_file", "");
}

void ReadAccess(config::Table table, const std::string& database, AccessConfig& out) {
  out.first_token_file = database + ".first-admin-token";
  if (!table.present()) return;
  out.required = table.Boolean("required", false);
  out.first_token_file = table.String("first_token_file", out.first_token_file);
}

bool IsLoopbackHost(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

}  // namespace millwright::hub
