// mosquitto-config: writes what a broker needs to refuse everybody who has no business there.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <memory>

#include "commands.h"
#include "crypto/password.h"
#include "crypto/random.h"
#include "mosquitto_config.h"
#include "os/files.h"
#include "output.h"

namespace millwright::cli {
namespace {

constexpr size_t kPasswordBytes = 20;
constexpr size_t kAccountsBytesMax = 1 << 20;

using Accounts = std::map<std::string, std::string>;  // name -> password

// Those that were given before stay: sensors have them already.
Accounts ReadAccounts(os::Files& files, const std::string& path) {
  Accounts accounts;
  const auto bytes = files.Read(path, kAccountsBytesMax);
  if (!bytes) return accounts;
  std::string_view text = os::AsText(*bytes);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (const size_t blank = line.find(' '); blank != std::string_view::npos)
      accounts.emplace(line.substr(0, blank), line.substr(blank + 1));
  }
  return accounts;
}

Result<void> WriteAccounts(os::Files& files, const GatewayBroker& broker) {
  const std::string path = broker.files.folder + "/accounts";
  Accounts known = ReadAccounts(files, path);
  std::vector<std::string> names{std::string(kAgentAccount)};
  names.insert(names.end(), broker.sensors.begin(), broker.sensors.end());
  names.insert(names.end(), broker.readers.begin(), broker.readers.end());
  std::string plain, hashed;
  for (const std::string& name : names) {
    std::string& password = known[name];
    if (password.empty()) password = crypto::RandomHex(kPasswordBytes);
    plain += name + " " + password + "\n";
    hashed += name + ":" + crypto::MosquittoPassword(password) + "\n";
  }
  MW_TRY(os::WriteSecret(files, path, os::AsBytes(plain)));
  return os::WriteSecret(files, broker.files.folder + "/passwords", os::AsBytes(hashed));
}

Result<void> WriteTexts(os::Files& files, const std::string& folder, const std::string& config,
                        const std::string& acl) {
  MW_TRY(files.MakeFolders(folder));
  MW_TRY(files.WriteDurably(folder + "/acl", os::AsBytes(acl)));
  return files.WriteDurably(folder + "/mosquitto.conf", os::AsBytes(config));
}

void SayWritten(Context& context, const Result<void>& done, const std::string& folder) {
  if (!done) return FailWith(context, done.error());
  const std::string config = folder + "/mosquitto.conf";
  if (context.json)
    FlatJson().Set("config", config).Print();
  else
    std::printf("%s\n", config.c_str());
}

Result<void> WriteGateway(const GatewayBroker& broker) {
  os::RealFiles files;
  MW_TRY(CheckGatewayBroker(broker));
  MW_TRY(WriteTexts(files, broker.files.folder, GatewayBrokerConfig(broker),
                    GatewayBrokerAcl(broker)));
  return WriteAccounts(files, broker);
}

void AddBrokerFiles(CLI::App& command, BrokerFiles& files) {
  command.add_option("--out", files.folder, "Where the files go; absolute, the broker reads them")
      ->required();
  command.add_option("--user", files.user, "What a broker started as root becomes");
  command.add_option("--persistence", files.persistence, "Folder for what the broker keeps");
}

CLI::Validator Port() { return CLI::Range(1, 65'535); }

}  // namespace

void ConfigureMosquitto(CLI::App& command, Context& context) {
  command.require_subcommand(1);
  const auto hub = std::make_shared<HubBroker>();
  CLI::App* for_hub = command.add_subcommand("hub", "TLS 1.3, a certificate for each gateway");
  AddBrokerFiles(*for_hub, hub->files);
  for_hub->add_option("--identity", hub->files.identity, "The hub's identity.folder")->required();
  for_hub->add_option("--listen", hub->host, "Address to listen on")->capture_default_str();
  for_hub->add_option("--port", hub->port, "Port to listen on")
      ->check(Port())
      ->capture_default_str();
  for_hub->add_option("--prefix", hub->prefix, "The hub's delivery.prefix")->capture_default_str();
  for_hub->callback([&context, hub] {
    os::RealFiles files;
    SayWritten(context,
               WriteTexts(files, hub->files.folder, HubBrokerConfig(*hub), HubBrokerAcl(*hub)),
               hub->files.folder);
  });

  const auto gateway = std::make_shared<GatewayBroker>();
  CLI::App* for_gateway = command.add_subcommand(
      "gateway", "Accounts with passwords; `accounts`, mode 0600, tells them");
  AddBrokerFiles(*for_gateway, gateway->files);
  for_gateway->add_option("--site", gateway->site, "The gateway's site")->required();
  for_gateway->add_option("--port", gateway->port, "Port on the loopback")
      ->check(Port())
      ->capture_default_str();
  for_gateway->add_option("--lan", gateway->lan_host, "Address on the plant's network: TLS 1.3");
  for_gateway->add_option("--lan-port", gateway->lan_port, "Port there")
      ->check(Port())
      ->capture_default_str();
  for_gateway->add_option("--identity", gateway->files.identity,
                          "Folder of the authority that vouches for it there");
  for_gateway->add_option("--sensor", gateway->sensors, "Account that publishes readings; several");
  for_gateway->add_option("--reader", gateway->readers, "Account that reads decisions; several");
  for_gateway->callback(
      [&context, gateway] { SayWritten(context, WriteGateway(*gateway), gateway->files.folder); });
}

}  // namespace millwright::cli
