// millwright-hub: ingest, database, API and console in one program.
#include <poll.h>
#include <sys/signalfd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "core/log.h"
#include "hub.h"
#include "hub_config.h"
#include "os/files.h"
#include "os/process.h"

namespace {

using namespace millwright;

constexpr int kExitFailure = 1;
constexpr int kExitConfig = 3;

struct Arguments {
  std::string config, listen, database, broker;
  bool check_config = false;
  bool verbose = false;
};

Result<hub::HubConfig> Configure(const Arguments& arguments) {
  std::string text;
  if (!arguments.config.empty()) {
    os::RealFiles files;
    MW_TRY(const os::Bytes bytes, files.Read(arguments.config, size_t{1} << 20));
    text = os::AsText(bytes);
  }
  MW_TRY(hub::HubConfig config, hub::ParseHubConfig(text, arguments.config));
  const auto endpoint = [](const char* flag, const std::string& value, std::string& host,
                           int& port) -> Result<void> {
    if (value.empty()) return {};
    return hub::ParseEndpoint(value, host, port).or_else([&](const Error& error) -> Result<void> {
      return Fail(error.code, std::string(flag) + " " + value + ": " + error.what);
    });
  };
  MW_TRY(endpoint("--listen", arguments.listen, config.http.host, config.http.port));
  MW_TRY(endpoint("--broker", arguments.broker, config.broker.host, config.broker.port));
  if (!arguments.database.empty()) config.database = arguments.database;
  return config;
}

void WaitForStop(int signals) {
  while (true) {
    pollfd entry{signals, POLLIN, 0};
    if (poll(&entry, 1, -1) < 0) continue;
    const int signal = os::TakeSignal(signals);
    if (signal == SIGTERM || signal == SIGINT) return;
  }
}

int Run(const hub::HubConfig& config) {
  const Result<int> signals = os::OpenStopSignals();
  if (!signals) {
    log::Failure("hub", signals.error());
    return kExitFailure;
  }
  hub::Hub hub(config, MW_VERSION);
  if (const auto started = hub.Start(); !started) {
    log::Failure("hub", started.error());
    return kExitFailure;
  }
  log::Info("hub", "started",
            {{"url", hub.url()}, {"database", config.database}, {"version", MW_VERSION}});
  os::NotifyServiceManager("READY=1\nSTATUS=Console at " + hub.url());
  WaitForStop(*signals);
  os::NotifyServiceManager("STOPPING=1");
  hub.Stop();
  log::Info("hub", "stopped");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Receives what gateways send, keeps it, and shows it: ingest, database, API and console.\n\n"
      "  millwright-hub --config hub.toml\n"
      "  millwright-hub --database hub.db --broker 127.0.0.1:1883 --listen 127.0.0.1:8080\n");
  app.add_option("--config", arguments.config, "TOML file (docs/formats/hub-config.md)")
      ->check(CLI::ExistingFile);
  app.add_option("--listen", arguments.listen,
                 "HOST:PORT of API and console; overrides http.listen");
  app.add_option("--broker", arguments.broker,
                 "HOST:PORT of the MQTT broker; overrides broker.host and port");
  app.add_option("--database", arguments.database, "The database file; overrides store.path");
  app.add_flag("--check-config", arguments.check_config,
               "Read the configuration, tell its faults, and exit");
  app.add_flag("--verbose", arguments.verbose, "Log more");
  app.set_version_flag("--version", MW_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (arguments.verbose) log::SetLevel(log::Level::kDebug);
  const Result<hub::HubConfig> config = Configure(arguments);
  if (!config) {
    std::fprintf(stderr, "%s\n", config.error().what.c_str());
    return kExitConfig;
  }
  if (!arguments.check_config) return Run(*config);
  std::puts("The configuration is right.");
  return 0;
}
