#include "hub_config.h"

#include <charconv>

#include "config/config.h"
#include "notify_config.h"
#include "retrain_config.h"

namespace millwright::hub {
namespace {

constexpr Nanos kDay = 86'400 * kSecond;
constexpr int64_t kMebibyte = 1 << 20;

void ReadBroker(config::Table table, HubConfig& out) {
  out.broker.client_id = "millwright-hub";
  if (!table.present()) return;
  out.broker.host = table.String("host", out.broker.host);
  out.broker.port =
      static_cast<int>(table.Integer("port", {.fallback = 1883, .min = 1, .max = 65535}));
  out.broker.client_id = table.String("client_id", out.broker.client_id);
  out.broker.username = table.String("username", "");
  out.broker.password = table.String("password", "");
  out.broker.ca_file = table.String("ca_file", "");
  out.broker.cert_file = table.String("cert_file", "");
  out.broker.key_file = table.String("key_file", "");
  out.ingest.qos = static_cast<int>(table.Integer("qos", {.fallback = 1, .min = 1, .max = 2}));
  if (out.broker.client_id.empty())
    table.Fault("client_id", "must not be empty: the broker keeps its queue by it");
  if (out.broker.cert_file.empty() != out.broker.key_file.empty())
    table.Fault(out.broker.cert_file.empty() ? "key_file" : "cert_file",
                "cert_file and key_file go together");
}

void ReadHttp(config::Table table, HubConfig& out) {
  out.http.port = 8080;
  if (!table.present()) return;
  const std::string listen = table.String("listen", "127.0.0.1:8080");
  if (const auto parsed = ParseEndpoint(listen, out.http.host, out.http.port); !parsed)
    table.Fault("listen", parsed.error().what);
  out.http.workers =
      static_cast<int>(table.Integer("workers", {.fallback = 8, .min = 1, .max = 256}));
  out.http.connections.connections_max = static_cast<int>(
      table.Integer("connections_max", {.fallback = 2048, .min = 1, .max = 100'000}));
  out.http.connections.streams_max =
      static_cast<int>(table.Integer("streams_max", {.fallback = 1024, .min = 0, .max = 100'000}));
  if (table.Has("hosts")) out.http.hosts = table.Strings("hosts");
  out.http.tls.certificate = table.String("cert_file", "");
  out.http.tls.key = table.String("key_file", "");
  if (out.http.tls.certificate.empty() != out.http.tls.key.empty())
    table.Fault(out.http.tls.certificate.empty() ? "key_file" : "cert_file",
                "cert_file and key_file go together");
}

void ReadStore(config::Table table, HubConfig& out) {
  if (!table.present()) return;
  out.database = table.String("path", out.database);
  out.readers = static_cast<int>(table.Integer("readers", {.fallback = 8, .min = 1, .max = 64}));
  if (out.database.empty()) table.Fault("path", "must not be empty");
}

void ReadFreshness(config::Table table, HubConfig& out) {
  if (!table.present()) return;
  out.freshness.telemetry_period =
      FromSeconds(table.Number("telemetry_period_s", {.fallback = 1, .min = 0.1, .max = 3600}));
}

void ReadRetention(config::Table table, HubConfig& out) {
  if (!table.present()) return;
  RetentionOptions& keep = out.retention;
  keep.telemetry_max =
      table.Integer("telemetry_days", {.fallback = 30, .min = 1, .max = 3650}) * kDay;
  keep.health_max = table.Integer("health_days", {.fallback = 90, .min = 1, .max = 3650}) * kDay;
  keep.minutes_max = table.Integer("minutes_days", {.fallback = 400, .min = 1, .max = 3650}) * kDay;
  keep.database_bytes_max =
      table.Integer("database_mib_max", {.fallback = 20480, .min = 64, .max = 1 << 24}) * kMebibyte;
}

void CheckPrefix(config::Table& table, const std::string& prefix) {
  if (prefix.empty() || prefix.find_first_of("+#") != std::string::npos || prefix.ends_with('/'))
    table.Fault("prefix",
                "is no head of a topic: not empty, without '+', '#' and a '/' at its end");
}

void ReadDelivery(config::Table table, HubConfig& out) {
  if (!table.present()) return;
  DeliveryConfig& delivery = out.delivery;
  delivery.repository = table.String("repository", "");
  delivery.prefix = table.String("prefix", delivery.prefix);
  delivery.online_keys = table.String("online_keys", "");
  delivery.lifetimes.timestamp =
      table.Integer("timestamp_days", {.fallback = 7, .min = 1, .max = 365}) * (kDay / kSecond);
  delivery.lifetimes.snapshot =
      table.Integer("snapshot_days", {.fallback = 30, .min = 1, .max = 365}) * (kDay / kSecond);
  if (!delivery.online_keys.empty() && !delivery.enabled())
    table.Fault("online_keys", "keys without a repository to sign: set repository too");
  CheckPrefix(table, delivery.prefix);
}

void ReadDefender(config::Table table, HubConfig& out) {
  if (!table.present()) return;
  DefenderConfig& defender = out.defender;
  defender.on = table.Boolean("on", true);
  defender.prefix = table.String("prefix", defender.prefix);
  DefenderOptions& options = defender.options;
  options.period_min =
      FromSeconds(table.Number("period_min_s", {.fallback = 10, .min = 0, .max = 86'400}));
  options.reports_kept =
      table.Integer("reports_days", {.fallback = 14, .min = 1, .max = 3650}) * kDay;
  options.violations_kept =
      table.Integer("violations_days", {.fallback = 30, .min = 1, .max = 3650}) * kDay;
  options.reports_max =
      table.Integer("reports_max", {.fallback = 5'000'000, .min = 1000, .max = int64_t{1} << 40});
  CheckPrefix(table, defender.prefix);
}

}  // namespace

Result<void> ParseEndpoint(std::string_view text, std::string& host, int& port) {
  const size_t colon = text.rfind(':');
  const std::string_view digits =
      colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  int number = -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool good = error == std::errc{} && end == digits.data() + digits.size() && number >= 0 &&
                    number <= 65535;
  if (digits.empty() || !good)
    return Fail(Errc::kInvalid, "must be HOST:PORT, e.g. 127.0.0.1:8080");
  std::string_view name = text.substr(0, colon);
  if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
  host = name.empty() ? std::string("127.0.0.1") : std::string(name);
  port = number;
  return {};
}

Result<HubConfig> ParseHubConfig(std::string_view text, std::string_view name) {
  HubConfig out;
  MW_TRY(config::File file, config::File::Parse(text, name));
  config::Table root = file.root();
  ReadBroker(root.OptionalSection("broker"), out);
  ReadHttp(root.OptionalSection("http"), out);
  ReadStore(root.OptionalSection("store"), out);
  ReadFreshness(root.OptionalSection("freshness"), out);
  ReadRetention(root.OptionalSection("retention"), out);
  ReadDelivery(root.OptionalSection("delivery"), out);
  ReadIdentity(root.OptionalSection("identity"), out.identity);
  ReadAccess(root.OptionalSection("access"), out.database, out.access);
  ReadNotify(root.OptionalSection("notify"), out.notify);
  ReadDefender(root.OptionalSection("defender"), out);
  ReadRetrain(root.OptionalSection("retrain"), out.retrain);
  if (out.retrain.enabled() && !out.delivery.enabled())
    root.OptionalSection("retrain").Fault(
        "folder", "is of no use without delivery.repository: no model could be let out");
  if (!out.access.required && !IsLoopbackHost(out.http.host))
    root.OptionalSection("http").Fault(
        "listen",
        "is not on the loopback: set access.required = true, so that not everybody may "
        "change everything");
  MW_TRY(file.Finish());
  return out;
}

}  // namespace millwright::hub
