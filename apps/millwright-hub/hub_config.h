// hub.toml (docs/formats/hub-config.md).
#pragma once

#include <string>
#include <string_view>

#include "core/result.h"
#include "http/server.h"
#include "hub/api/context.h"
#include "hub/defender/defender.h"
#include "hub/ingest/ingest.h"
#include "hub/ingest/retention.h"
#include "hub/notify/options.h"
#include "hub/retrain/loop.h"
#include "identity_config.h"
#include "mqtt/client.h"
#include "trust/folder_repository.h"

namespace millwright::hub {

/// Models for gateways (docs/formats/delivery.md).
struct DeliveryConfig {
  std::string repository;  // folder of the signed releases; empty: this hub delivers nothing
  std::string prefix = "$aws/things";
  std::string online_keys;  // folder of the keys that sign timestamp and snapshot; empty: others do
  trust::Lifetimes lifetimes;  // of what this hub signs
  [[nodiscard]] bool enabled() const { return !repository.empty(); }
};

/// Device Defender (docs/formats/defender.md).
struct DefenderConfig {
  bool on = true;
  std::string prefix = "$aws/things";
  DefenderOptions options;
};

struct HubConfig {
  std::string database = "hub.db";
  int readers = 8;
  mqtt::Options broker;
  IngestOptions ingest;
  http::ServerOptions http;
  Freshness freshness;
  RetentionOptions retention;
  DeliveryConfig delivery;
  IdentityConfig identity;
  AccessConfig access;
  notify::Options notify;
  DefenderConfig defender;
  retrain::Options retrain;
};

/// Every fault in one Error, each with file, line and key. A file may leave everything out.
[[nodiscard]] Result<HubConfig> ParseHubConfig(std::string_view text, std::string_view name);

/// "host:port", "[::1]:port" or ":port" (loopback) into host and port. kInvalid where it is none.
[[nodiscard]] Result<void> ParseEndpoint(std::string_view text, std::string& host, int& port);

}  // namespace millwright::hub
