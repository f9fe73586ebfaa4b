#include "mosquitto_config.h"

#include <algorithm>

#include "core/ids.h"
#include "hub/identity/authority_folder.h"

namespace millwright::cli {
namespace {

// A queue of a client that is away lies in the broker's memory: minutes of a plant's readings.
constexpr std::string_view kLimits =
    "set_tcp_nodelay true\n"  // or Nagle's rule and delayed acks make tails of 40 ms
    "max_inflight_messages 200\n"
    "max_queued_messages 100000\n"
    "max_queued_bytes 536870912\n"
    "max_packet_size 4194304\n";

std::string Common(const BrokerFiles& files) {
  std::string text = "pid_file " + files.folder + "/mosquitto.pid\n";
  if (!files.user.empty()) text += "user " + files.user + "\n";
  if (files.persistence.empty())
    text += "persistence false\n";
  else
    text += "persistence true\npersistence_location " + files.persistence + "/\n";
  text += "log_dest stdout\nlog_type error\nlog_type warning\nlog_type notice\n";
  return text + std::string(kLimits);
}

std::string TlsLines(const std::string& identity) {
  return "cafile " + identity + "/ca.pem\ncertfile " + identity + "/broker.pem\nkeyfile " +
         identity + "/broker.key\ntls_version tlsv1.3\n";
}

}  // namespace

std::string HubBrokerConfig(const HubBroker& broker) {
  return "# The hub's broker: TLS 1.3, a certificate each, nobody without a name.\n"
         "# Reads crl.pem again on SIGHUP.\n"
         "listener " +
         std::to_string(broker.port) + " " + broker.host + "\n" + TlsLines(broker.files.identity) +
         "crlfile " + broker.files.identity +
         "/crl.pem\nrequire_certificate true\nuse_identity_as_username true\n"
         "allow_anonymous false\nacl_file " +
         broker.files.folder + "/acl\n" + Common(broker.files);
}

std::string HubBrokerAcl(const HubBroker& broker) {
  const std::string things = broker.prefix + "/%u/";
  std::string text = "# %u is the name in the certificate.\n";
  for (const char* kind : {"events", "telemetry", "status"})
    text += std::string("pattern write mw/v1/%u/") + kind + "\n";
  for (const char* kind : {"ack", "service"})
    text += std::string("pattern read mw/v1/%u/") + kind + "\n";
  text += "pattern readwrite " + things + "jobs/#\n";
  text += "pattern readwrite " + things + "streams/#\n";
  for (const char* encoding : {"json", "cbor"})
    text += "pattern write " + things + "defender/metrics/" + encoding + "\n";
  text += "pattern read " + things + "defender/metrics/+/+\n";
  text += "\nuser " + std::string(hub::kHubName) + "\n";
  text += "topic readwrite mw/v1/#\n";
  text += "topic readwrite " + broker.prefix + "/#\n";
  return text + "topic read $SYS/#\n";
}

Result<void> CheckGatewayBroker(const GatewayBroker& broker) {
  MW_TRY(CheckIdText("site", broker.site));
  std::vector<std::string> names{std::string(kAgentAccount)};
  for (const auto* list : {&broker.sensors, &broker.readers})
    for (const std::string& name : *list) {
      MW_TRY(CheckIdText("account", name));
      if (std::find(names.begin(), names.end(), name) != names.end())
        return Fail(Errc::kConflict, "account " + name + " is there twice");
      names.push_back(name);
    }
  if (!broker.lan_host.empty() && broker.files.identity.empty())
    return Fail(Errc::kInvalid,
                "a listener on the plant's network needs TLS: --identity names a folder that "
                "millwright ca init made");
  return {};
}

std::string GatewayBrokerConfig(const GatewayBroker& broker) {
  std::string text =
      "# The gateway's broker: an account with a password each. Plain text on the loopback only.\n"
      "listener " +
      std::to_string(broker.port) + " 127.0.0.1\n";
  if (!broker.lan_host.empty())
    text += "listener " + std::to_string(broker.lan_port) + " " + broker.lan_host + "\n" +
            TlsLines(broker.files.identity);
  return text + "allow_anonymous false\npassword_file " + broker.files.folder +
         "/passwords\nacl_file " + broker.files.folder + "/acl\n" + Common(broker.files);
}

std::string GatewayBrokerAcl(const GatewayBroker& broker) {
  const std::string site = "mw/" + broker.site + "/";
  std::string text = "user " + std::string(kAgentAccount) + "\ntopic readwrite " + site + "#\n";
  for (const std::string& name : broker.sensors)
    text += "\nuser " + name + "\ntopic deny " + site + "+/+/decision\ntopic deny " + site +
            "gateways/#\ntopic write " + site + "+/+/+\n";
  for (const std::string& name : broker.readers)
    text += "\nuser " + name + "\ntopic read " + site + "+/+/decision\ntopic read " + site +
            "gateways/+/status\n";
  return text;
}

}  // namespace millwright::cli
