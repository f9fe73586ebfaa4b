// The agent's configuration: docs/formats/agent-config.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/asset_change.h"
#include "core/ids.h"
#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "outbox/outbox.h"
#include "slots/trial.h"

namespace millwright::agent {

/// One broker and how to get in.
struct Endpoint {
  std::string host = "127.0.0.1";
  int port = 1883;
  std::string username{}, password{};
  std::string ca_file{}, cert_file{}, key_file{};
};

struct ChannelSettings {
  dsp::ChannelSpec spec;
  int qos = 2;
  std::optional<Range> range{};  // a reading outside is none
  bool used = true;              // false: counted when it comes, not looked at
  bool retuned = false;          // its rate is not agent.toml's own
};

struct AssetSettings {
  AssetId id;
  AreaId area;
  std::string name;
  std::string machine_class;
  std::optional<Nanos> commissioning;  // none: the bundle's
  double zone_c_mm_s = 0;              // ISO 20816 boundaries, 0: none
  double zone_d_mm_s = 0;
  dsp::MachineSpec machine;
  LimitChanges limits;   // of the model's
  bool retuned = false;  // `machine` is not agent.toml's own
  std::vector<ChannelSettings> channels;
};

/// The gateway's certificate, which the agent renews in time (docs/formats/identity.md).
struct IdentitySettings {
  std::string hub;      // its API, https://HOST:PORT; empty: nobody renews here
  std::string folder;   // as `millwright enroll` wrote it
  std::string ca_file;  // who vouches for the hub; empty: the folder's own
};

/// How new models come (docs/formats/delivery.md) and how they have to prove themselves.
struct DeliverySettings {
  bool enabled = false;  // false: the configured bundle decides, and nothing replaces it
  std::string prefix = "$aws/things";
  std::string root_file;  // the TUF root that the gateway was set up with
  uint32_t block_bytes = 32768;
  slots::TrialOptions trial;  // of shadow and of probation, each
};

struct Settings {
  DeviceId device;
  SiteId site;
  std::string hardware;  // what the gateway runs on, for cohorts of rollouts
  Endpoint broker;
  Endpoint uplink;
  int uplink_qos = 1;
  size_t batch_bytes_max = size_t{128} << 10;
  Nanos telemetry_flush = kSecond;
  Nanos resend_after = 5 * kSecond;
  std::string state_folder;
  std::string bundle_folder;
  outbox::OutboxOptions outbox;
  Nanos heartbeat = 2 * kSecond;
  Nanos valid = 6 * kSecond;
  Nanos health_period = 10 * kSecond;
  Nanos spectrum_period = 10 * kSecond;
  Nanos latency_budget = 50 * kMillisecond;  // of a decision, from the reading's arrival
  std::string witness_socket;                // empty: none
  DeliverySettings delivery;
  IdentitySettings identity;
  std::vector<AssetSettings> assets;
  std::string hash;  // sha256 of the text, hex: health reports name it
};

inline constexpr size_t kAssetsMax = 1000;
inline constexpr size_t kChannelsPerAssetMax = 32;  // dsp::Step's masks have a bit each

/// Every fault of the text at once, with file, line and key; unknown keys with the nearest valid
/// one.
[[nodiscard]] Result<Settings> ReadSettings(std::string_view text, std::string_view file);

}  // namespace millwright::agent
