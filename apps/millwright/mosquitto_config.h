// Mosquitto's configuration for a hub's broker and for a gateway's, as texts.
#pragma once

#include <string>
#include <vector>

#include "core/result.h"

namespace millwright::cli {

/// What both need.
struct BrokerFiles {
  std::string folder{};       // where the texts will lie
  std::string identity{};     // folder of an authority (millwright ca init)
  std::string user{};         // that a broker started as root becomes; empty: mosquitto
  std::string persistence{};  // folder of its database; empty: nothing is kept
};

struct HubBroker {
  BrokerFiles files{};
  std::string host = "0.0.0.0";
  int port = 8883;
  std::string prefix = "$aws/things";  // of jobs and streams, as [delivery] has it
};

/// The agent's own account has this name.
inline constexpr std::string_view kAgentAccount = "agent";

struct GatewayBroker {
  BrokerFiles files{};
  std::string site{};
  int port = 1883;         // on the loopback
  std::string lan_host{};  // empty: nothing listens beyond the loopback
  int lan_port = 8883;
  std::vector<std::string> sensors{};  // accounts that publish readings
  std::vector<std::string> readers{};  // accounts that read decisions
};

[[nodiscard]] std::string HubBrokerConfig(const HubBroker& broker);
/// A device does what it has to under its own name, the certificate's; the hub does everything.
[[nodiscard]] std::string HubBrokerAcl(const HubBroker& broker);

[[nodiscard]] Result<void> CheckGatewayBroker(const GatewayBroker& broker);
[[nodiscard]] std::string GatewayBrokerConfig(const GatewayBroker& broker);
/// Sensors publish readings and no decisions, readers read decisions and publish nothing.
[[nodiscard]] std::string GatewayBrokerAcl(const GatewayBroker& broker);

}  // namespace millwright::cli
