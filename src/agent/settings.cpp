#include "agent/settings.h"

#include <map>

#include "config/config.h"
#include "crypto/sha256.h"
#include "slots/staging.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

using config::Table;

// A block travels in a message of 128 KiB at most, with its envelope.
constexpr size_t kHardwareMax = 128;
constexpr int64_t kPackBlockBytesMax = 96 * 1024;

Nanos Milliseconds(Table table, std::string_view key, int64_t fallback, int64_t min, int64_t max) {
  return table.Integer(key, {.fallback = fallback, .min = min, .max = max}) * kMillisecond;
}

Nanos SecondsOf(Table table, std::string_view key, double fallback, double min, double max) {
  return FromSeconds(table.Number(key, {.fallback = fallback, .min = min, .max = max}));
}

Endpoint ReadEndpoint(Table table, int64_t port) {
  Endpoint out;
  out.host = table.String("host", "127.0.0.1");
  out.port = static_cast<int>(table.Integer("port", {.fallback = port, .min = 1, .max = 65535}));
  out.username = table.String("username", "");
  out.password = table.String("password", "");
  out.ca_file = table.String("ca_file", "");
  out.cert_file = table.String("cert_file", "");
  out.key_file = table.String("key_file", "");
  if (out.host.empty()) table.Fault("host", "is empty");
  if (out.ca_file.empty() && !out.cert_file.empty())
    table.Fault("cert_file", "a certificate needs ca_file beside it");
  if (out.cert_file.empty() != out.key_file.empty())
    table.Fault(out.cert_file.empty() ? "key_file" : "cert_file",
                "cert_file and key_file come together");
  return out;
}

void ReadUplink(Table table, Settings& out) {
  out.uplink = ReadEndpoint(table, 1893);
  out.uplink_qos = static_cast<int>(table.Integer("qos", {.fallback = 1, .min = 1, .max = 2}));
  out.batch_bytes_max = static_cast<size_t>(
      table.Integer("batch_bytes_max", {.fallback = int64_t{wire::kBatchBytesMax},
                                        .min = 16'384,
                                        .max = int64_t{wire::kBatchBytesMax}}));
  out.telemetry_flush = Milliseconds(table, "telemetry_flush_ms", 1000, 50, 60'000);
  out.resend_after = Milliseconds(table, "resend_after_ms", 5000, 200, 600'000);
}

void ReadOutbox(Table table, Settings& out) {
  constexpr const char* kKeys[kLanes] = {"alarm_bytes_max", "health_bytes_max",
                                         "features_bytes_max", "raw_bytes_max"};
  for (size_t lane = 0; lane < kLanes; ++lane) {
    uint64_t& limit = out.outbox.bytes_max[lane];
    limit = static_cast<uint64_t>(table.Integer(
        kKeys[lane],
        {.fallback = static_cast<int64_t>(limit), .min = 1 << 20, .max = int64_t{1} << 40}));
  }
  // A record travels in a batch together with its envelope.
  out.outbox.record_bytes_max = out.batch_bytes_max - 1024;
}

void ReadDecision(Table table, Settings& out) {
  out.heartbeat = SecondsOf(table, "heartbeat_s", 2, 0.1, 3600);
  out.valid = SecondsOf(table, "valid_s", 6, 0.2, 36'000);
  if (out.valid <= out.heartbeat)
    table.Fault("valid_s", "a decision must stay valid for longer than heartbeat_s");
}

AssetSettings ReadAsset(Table table) {
  AssetSettings out;
  out.id = AssetId(table.Id("id"));
  out.area = AreaId(table.Id("area"));
  if (out.area.value() == "gateways")
    table.Fault("area", "\"gateways\" is no area: status topics lie there");
  out.name = out.id.value();
  out.machine_class = table.String("class", "");
  const AssetChange change = ReadAssetChange(table, true);
  if (change.channels.empty()) table.Fault("", "has no [[asset.channel]]");
  if (change.channels.size() > kChannelsPerAssetMax)
    table.Fault("", "has more than " + std::to_string(kChannelsPerAssetMax) + " channels");
  else if (const auto applied = Apply(change, out); !applied)
    table.Fault("", applied.error().what);
  return out;
}

void ReadAssets(Table root, Settings& out) {
  std::map<std::string, std::string> areas;
  std::vector<Table> assets = root.List("asset");
  if (assets.empty()) root.Fault("asset", "there is no [[asset]]: nothing to watch");
  if (assets.size() > kAssetsMax)
    root.Fault("asset", "more than " + std::to_string(kAssetsMax) + " assets on one gateway");
  for (Table& table : assets) {
    AssetSettings asset = ReadAsset(table);
    const auto [first, fresh] = areas.emplace(asset.id.value(), asset.area.value());
    if (!asset.id.value().empty() && !fresh)
      table.Fault("id", "a second asset has the id \"" + asset.id.value() + "\"");
    out.assets.push_back(std::move(asset));
  }
}

void ReadTrial(Table table, slots::TrialOptions& out) {
  out.windows_min =
      table.Integer("windows_min", {.fallback = out.windows_min, .min = 1, .max = 1'000'000});
  out.time_min = SecondsOf(table, "time_min_s", Seconds(out.time_min), 0, 30 * 86'400.0);
  out.alpha = table.Number("alpha", {.fallback = out.alpha, .min = 1e-9, .max = 0.5});
  out.confidence_loss =
      table.Number("confidence_loss", {.fallback = out.confidence_loss, .min = 0, .max = 0.5});
  out.missed_share =
      table.Number("missed_share", {.fallback = out.missed_share, .min = 0, .max = 0.99});
  out.alarming_share =
      table.Number("alarming_share", {.fallback = out.alarming_share, .min = 0, .max = 0.99});
  out.confused_share =
      table.Number("confused_share", {.fallback = out.confused_share, .min = 0, .max = 0.99});
  out.latency_budget_ms = table.Number(
      "latency_budget_ms", {.fallback = out.latency_budget_ms, .min = 0.1, .max = 60'000});
}

void ReadDelivery(Table table, Settings& out) {
  DeliverySettings& delivery = out.delivery;
  delivery.enabled = table.Boolean("enabled", false);
  delivery.prefix = table.String("prefix", delivery.prefix);
  if (delivery.prefix.empty() || delivery.prefix.find_first_of("+#") != std::string::npos ||
      delivery.prefix.ends_with('/'))
    table.Fault("prefix",
                "is no head of a topic: not empty, without '+', '#' and a '/' at its end");
  delivery.root_file = table.String("root", "");
  if (delivery.enabled && delivery.root_file.empty())
    table.Fault("root", "delivery needs the TUF root that models are signed under");
  delivery.block_bytes =
      static_cast<uint32_t>(table.Integer("block_bytes", {.fallback = int64_t{delivery.block_bytes},
                                                          .min = int64_t{slots::kBlockBytesMin},
                                                          .max = kPackBlockBytesMax}));
  ReadTrial(table, delivery.trial);
  out.latency_budget = FromSeconds(delivery.trial.latency_budget_ms / 1e3);
}

// The uplink uses the identity that is kept here, so nobody writes its paths twice.
void ReadIdentity(Table table, Settings& out) {
  if (!table.present()) return;
  IdentitySettings& identity = out.identity;
  identity.folder = table.String("folder");
  identity.hub = table.String("hub", "");
  identity.ca_file = table.String("ca_file", identity.folder + "/ca.pem");
  const bool sheltered = identity.hub.starts_with("https://") ||
                         identity.hub.starts_with("http://127.0.0.1:") ||
                         identity.hub.starts_with("http://localhost:");
  if (!identity.hub.empty() && !sheltered)
    table.Fault("hub", "the hub's address must begin with https://");
  const std::string own = identity.folder + "/identity.pem";
  Endpoint& uplink = out.uplink;
  if (uplink.ca_file.empty()) uplink.ca_file = identity.folder + "/ca.pem";
  if (uplink.cert_file.empty()) uplink.cert_file = uplink.key_file = own;
  if (uplink.cert_file != own || uplink.key_file != own)
    table.Fault("folder", "uplink.cert_file and key_file are not this folder's identity.pem");
}

}  // namespace

Result<Settings> ReadSettings(std::string_view text, std::string_view file) {
  MW_TRY(config::File parsed, config::File::Parse(text, file));
  Table root = parsed.root();
  Settings out;
  Table device = root.Section("device");
  out.device = DeviceId(device.Id("id"));
  out.site = SiteId(device.Id("site"));
  out.hardware = device.String("hardware", "");
  if (out.hardware.size() > kHardwareMax)
    device.Fault("hardware", "is longer than " + std::to_string(kHardwareMax) + " bytes");
  out.broker = ReadEndpoint(root.OptionalSection("broker"), 1883);
  ReadUplink(root.OptionalSection("uplink"), out);
  ReadIdentity(root.OptionalSection("identity"), out);
  out.state_folder = root.Section("paths").String("state");
  out.bundle_folder = root.Section("model").String("bundle");
  ReadOutbox(root.OptionalSection("outbox"), out);
  ReadDecision(root.OptionalSection("decision"), out);
  Table health = root.OptionalSection("health");
  out.health_period = SecondsOf(health, "period_s", 10, 0.5, 86'400);
  out.spectrum_period = SecondsOf(health, "spectrum_period_s", 10, 1, 86'400);
  ReadDelivery(root.OptionalSection("delivery"), out);
  Table witness = root.OptionalSection("witness");
  out.witness_socket = witness.String("socket", "");
  ReadAssets(root, out);
  MW_TRY(parsed.Finish());
  out.hash = crypto::Sha256Hex(text);
  return out;
}

}  // namespace millwright::agent
