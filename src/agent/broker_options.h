// What both connections of the agent, to its own broker and to the hub's, take from the settings.
#pragma once

#include "agent/settings.h"
#include "mqtt/client.h"

namespace millwright::agent {

/// Address, credentials and certificates of `to`; the rest as mqtt::Options has it.
[[nodiscard]] inline mqtt::Options BrokerOptions(const Endpoint& to) {
  mqtt::Options options;
  options.host = to.host;
  options.port = to.port;
  options.username = to.username;
  options.password = to.password;
  options.ca_file = to.ca_file;
  options.cert_file = to.cert_file;
  options.key_file = to.key_file;
  return options;
}

}  // namespace millwright::agent
