// The gateway's agent as a program: arguments, signals, service manager; everything else is
// src/agent.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <string>

#include "agent/agent.h"
#include "agent/settings.h"
#include "agent/watchdog.h"
#include "component.h"
#include "core/log.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/process.h"
#include "renewal.h"

namespace millwright {
namespace {

constexpr int kExitFailure = 1;
constexpr int kExitConfig = 3;
constexpr size_t kConfigBytesMax = size_t{16} << 20;
constexpr Nanos kStatusEvery = 5 * kSecond;

struct Arguments {
  std::string config;
  std::string models_from;
  bool check = false;
  bool verbose = false;
  double drain_s = 5;
};

Result<agent::Settings> Load(const std::string& path, os::Files& files) {
  MW_TRY(const os::Bytes bytes, files.Read(path, kConfigBytesMax));
  return agent::ReadSettings(os::AsText(bytes), path);
}

// The configuration alone, and where its bundle is at hand, whether the two fit.
int CheckConfig(const std::string& path, os::Files& files) {
  auto settings = Load(path, files);
  if (!settings) {
    std::fprintf(stderr, "%s\n", settings.error().what.c_str());
    return kExitConfig;
  }
  const size_t assets = settings->assets.size();
  const auto plan = agent::MakePlan(std::move(*settings), files);
  if (!plan) {
    std::fprintf(stderr, "%s: %s\n", path.c_str(), plan.error().what.c_str());
    return kExitConfig;
  }
  std::printf("%s: good: %zu assets, model %s\n", path.c_str(), assets,
              (*plan)->manifest.name.c_str());
  return 0;
}

// SIGHUP: says whether the file on disk would be taken; a running agent keeps what it started with.
void Revalidate(const std::string& path, os::Files& files) {
  auto settings = Load(path, files);
  Result<void> fits{};
  if (!settings) {
    fits = tl::unexpected(settings.error());
  } else if (auto plan = agent::MakePlan(std::move(*settings), files); !plan) {
    fits = tl::unexpected(plan.error());
  }
  if (fits)
    log::Info("agent", "configuration is good; restart to use it", {{"file", path}});
  else
    log::Failure("agent", fits.error(), {{"file", path}});
}

// "", or what to say of a certificate that is not simply good.
std::string CertificateWords(const agent::AgentFigures& f) {
  if (f.certificate == identity::Standing::kNotKept || f.certificate == identity::Standing::kGood)
    return "";
  return ", certificate " + std::string(identity::Name(f.certificate));
}

std::string StatusLine(const agent::Agent& agent, const agent::AgentFigures& f) {
  char text[256];
  std::snprintf(
      text, sizeof text,
      "STATUS=%zu machines, %llu decisions, p99.9 %.2f ms, %llu records wait, broker %s, hub %s%s",
      agent.plan().assets.size(), static_cast<unsigned long long>(f.decisions), f.decision_ms_p999,
      static_cast<unsigned long long>(f.waiting_records), f.broker_connected ? "up" : "away",
      f.uplink_connected ? "up" : "away", CertificateWords(f).c_str());
  return text;
}

int Serve(const Arguments& arguments, int signals, os::Files& files, os::Clock& clock) {
  auto settings = Load(arguments.config, files);
  if (!settings) {
    std::fprintf(stderr, "%s\n", settings.error().what.c_str());
    return kExitConfig;
  }
  auto component = ComponentSide::Open(arguments.models_from, *settings, files, clock);
  if (!component) {
    std::fprintf(stderr, "%s\n", component.error().what.c_str());
    return kExitConfig;
  }
  auto made =
      agent::Agent::Make(std::move(*settings), {clock, files, component->Clients(), MW_VERSION});
  if (!made) {
    log::Failure("agent", made.error());
    component->Failed();
    return made.error().code == Errc::kInvalid ? kExitConfig : kExitFailure;
  }
  agent::Agent& agent = **made;
  if (auto started = agent.Start(); !started) {
    log::Failure("agent", started.error());
    component->Failed();
    return kExitFailure;
  }
  component->Running();
  Renewal renewal(agent.plan().settings.identity, agent, files, clock);
  os::NotifyServiceManager("READY=1");
  log::Info("agent", "ready",
            {{"machines", agent.plan().assets.size()}, {"model", agent.plan().manifest.name}});
  agent::Watchdog watchdog(os::WatchdogPeriod());
  Nanos status_at = 0;
  while (true) {
    pollfd waiting{signals, POLLIN, 0};
    if (::poll(&waiting, 1, 200) > 0) {
      const int signal = os::TakeSignal(signals);
      if (signal == SIGTERM || signal == SIGINT) break;
      if (signal == SIGHUP) Revalidate(arguments.config, files);
    }
    const agent::AgentFigures figures = agent.figures();
    const Nanos now = clock.Monotonic();
    if (watchdog.Feeds(figures, now)) os::NotifyServiceManager("WATCHDOG=1");
    component->Tell(figures);
    if (now < status_at) continue;
    status_at = now + kStatusEvery;
    os::NotifyServiceManager(StatusLine(agent, figures));
  }
  os::NotifyServiceManager("STOPPING=1");
  agent.Stop(FromSeconds(arguments.drain_s));
  const agent::AgentFigures last = agent.figures();
  log::Info("agent", "stopped",
            {{"decisions", last.decisions},
             {"decision_ms_p50", last.decision_ms_p50},
             {"decision_ms_p999", last.decision_ms_p999},
             {"transport_ms_p999", last.transport_ms_p999},
             {"decide_ms_p999", last.decide_ms_p999},
             {"publish_ms_p999", last.publish_ms_p999},
             {"waiting_records", last.waiting_records}});
  return 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app(
      "Watches machines: readings in from the gateway's broker, decisions out, events to the "
      "hub.\n\n"
      "Examples:\n"
      "  millwright-agent --config /etc/millwright/agent.toml --check-config\n"
      "  millwright-agent --config /etc/millwright/agent.toml\n\n"
      "Exit status: 0 stopped by a signal, 1 failure, 2 usage, 3 configuration or bundle is wrong.",
      "millwright-agent");
  app.add_option("--config,-c", arguments.config, "Configuration (docs/formats/agent-config.md)")
      ->required();
  app.add_flag("--check-config", arguments.check,
               "Read configuration and bundle, name every fault by file, line and key, and end");
  app.add_option("--models-from", arguments.models_from,
                 "As a Greengrass component: folder that the model component fills "
                 "(docs/formats/aws.md)");
  app.add_option("--drain-seconds", arguments.drain_s,
                 "How long a stop may deliver what waits (default 5)")
      ->check(CLI::Range(0.0, 3600.0));
  app.add_flag("--verbose,-v", arguments.verbose, "Log debug lines too");
  app.set_version_flag("--version", std::string("millwright-agent ") + MW_VERSION);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (arguments.verbose) log::SetLevel(log::Level::kDebug);
  os::RealFiles files;
  os::RealClock clock;
  if (arguments.check) return CheckConfig(arguments.config, files);
  const auto signals = os::OpenStopSignals();
  if (!signals) {
    log::Failure("agent", signals.error());
    return kExitFailure;
  }
  return Serve(arguments, *signals, files, clock);
}

}  // namespace
}  // namespace millwright

int main(int argc, char** argv) { return millwright::Main(argc, argv); }
