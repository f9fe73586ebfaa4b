// millwright-sim: a plant of rotating machines, over MQTT or into recordings.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>
#include <string>

#include "core/log.h"
#include "live.h"
#include "machines/plant.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/process.h"
#include "recorder.h"

namespace millwright::sim {
namespace {

constexpr int kExitFailed = 1;
constexpr int kExitConfig = 3;

constexpr const char* kFooter = R"(
Commands, one JSON object a line on standard input:
  {"do":"inject","asset":"P-102","fault":"outer_race","wear_s":60}
  {"do":"repair","asset":"P-102"}
  {"do":"sensor","asset":"P-102","channel":"temperature","mode":"stuck"}     stuck, dropout, ok
  {"do":"stop"}                                                          so does the end of input
Faults: outer_race inner_race ball unbalance misalignment cavitation overheating

Examples:
  millwright-sim --config plant.toml --truth truth.jsonl --published published.jsonl
  millwright-sim --config plant.toml --record build/recordings --seconds 120
  millwright-sim --fleet 24 --seed 5 --record build/train --seconds 150 --wear-s 60

Exit status: 0 done, 1 failed, 3 the configuration is wrong.)";

struct Arguments {
  std::string config, truth, published, record, host;
  std::optional<uint64_t> seed;
  double seconds = 0, wear_s = 0, faulty_share = 0.75;
  int fleet = 0, port = 0;
  bool json = false, ignore_input = false;
};

void Declare(CLI::App& app, Arguments& a) {
  app.set_version_flag("--version", MW_VERSION);
  app.footer(kFooter);
  auto* config =
      app.add_option("--config", a.config, "The plant (TOML, docs/formats/plant-config.md)");
  auto* fleet = app.add_option("--fleet", a.fleet,
                               "Draw a plant of this many machines from the seed instead");
  fleet->check(CLI::Range(1, 10'000))->excludes(config);
  app.add_option("--faulty-share", a.faulty_share,
                 "Of a drawn fleet, how many get one fault (default 0.75)")
      ->check(CLI::Range(0.0, 1.0))
      ->needs(fleet);
  app.add_option("--seed", a.seed, "Overrides the plant's seed: other machines, other noise");
  app.add_option("--wear-s", a.wear_s,
                 "Overrides the seconds from a fault's onset to its functional failure")
      ->check(CLI::Range(1.0, 1e7));
  auto* record = app.add_option("--record", a.record,
                                "Write labelled recordings into this folder, as fast as it goes");
  auto* seconds = app.add_option("--seconds", a.seconds, "Stop after this much time")
                      ->check(CLI::Range(0.1, 1e7));
  record->needs(seconds);
  app.add_option("--truth", a.truth, "JSON lines of what really happens (\"-\": standard output)");
  app.add_option("--published", a.published, "One JSON line per message the broker acknowledged")
      ->excludes(record);
  app.add_option("--host", a.host, "Overrides the broker's host")->excludes(record);
  app.add_option("--port", a.port, "Overrides the broker's port")
      ->check(CLI::Range(1, 65535))
      ->excludes(record);
  app.add_flag("--ignore-input", a.ignore_input,
               "Take no commands and go on when standard input ends");
  app.add_flag("--json", a.json, "Print the figures of the run as one JSON object at the end");
}

Result<machines::PlantConfig> LoadPlant(const Arguments& a) {
  if (a.fleet > 0) {
    const double seconds = a.seconds > 0 ? a.seconds : 180;
    return machines::DrawFleet(a.fleet, a.seed.value_or(1), seconds, a.wear_s > 0 ? a.wear_s : 60,
                               a.faulty_share);
  }
  if (a.config.empty())
    return Fail(Errc::kInvalid, "millwright-sim: give --config FILE or --fleet N");
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(a.config, size_t{16} << 20));
  MW_TRY(machines::PlantConfig plant, machines::ReadPlantConfig(os::AsText(bytes), a.config));
  if (a.seed) plant.seed = *a.seed;
  if (a.wear_s > 0) {
    for (machines::MachineConfig& machine : plant.machines)
      for (machines::Fault& fault : machine.faults) fault.wear_s = a.wear_s;
    plant.wear_s = a.wear_s;
  }
  return plant;
}

int FailedWith(const Error& error, int status) {
  std::fprintf(stderr, "millwright-sim: %s\n", error.what.c_str());
  return status;
}

void PrintFigures(const Arguments& a, const std::string& figures) {
  if (a.json) std::printf("{\"ok\":true,%s,\"not_measured\":[]}\n", figures.c_str());
}

int Record(const Arguments& a, const machines::PlantConfig& config, JsonLines& truth) {
  Result<machines::Plant> plant = machines::Plant::Make(config, RecordedStart(config.seed));
  if (!plant) return FailedWith(plant.error(), kExitConfig);
  os::RealClock clock;
  const Nanos began = clock.Monotonic();
  const Result<void> done = RecordPlant(*plant, a.record, a.seconds, truth);
  if (!done) return FailedWith(done.error(), kExitFailed);
  const double took_s = Seconds(clock.Monotonic() - began);
  char figures[160];
  std::snprintf(figures, sizeof figures, "\"machines\":%zu,\"recorded_s\":%.6g,\"took_s\":%.4g",
                config.machines.size(), a.seconds, took_s);
  PrintFigures(a, figures);
  return 0;
}

mqtt::Options ConnectionOptions(const machines::PlantConfig& config) {
  mqtt::Options options;
  options.host = config.broker_host;
  options.port = config.broker_port;
  options.username = config.broker_username;
  options.password = config.broker_password;
  options.client_id = "millwright-sim-" + config.site + "-" + std::to_string(getpid());
  options.clean_session = true;  // it subscribes to nothing
  options.reconnect_max = kSecond;
  return options;
}

int Live(const Arguments& a, const machines::PlantConfig& config, JsonLines& truth) {
  const Result<int> signals = os::OpenStopSignals();
  if (!signals) return FailedWith(signals.error(), kExitFailed);
  Result<JsonLines> published = JsonLines::Open(a.published);
  if (!published) return FailedWith(published.error(), kExitFailed);
  os::RealClock clock;
  Result<machines::Plant> plant = machines::Plant::Make(config, clock.Utc());
  if (!plant) return FailedWith(plant.error(), kExitConfig);
  const std::unique_ptr<mqtt::Client> client = mqtt::MakeClient(ConnectionOptions(config));
  const LiveOptions options = {.seconds = a.seconds,
                               .command_fd = a.ignore_input ? -1 : STDIN_FILENO,
                               .until_end_of_input = !a.ignore_input,
                               .stop_fd = *signals};
  const Result<PublishCounts> counts = RunLive(*plant, *client, clock, truth, *published, options);
  if (!counts) return FailedWith(counts.error(), kExitFailed);
  const uint64_t handed_over = counts->made - counts->dropped;
  log::Info("sim", "stopped",
            {{"made", counts->made},
             {"acknowledged", counts->acknowledged},
             {"dropped", counts->dropped}});
  PrintFigures(a, "\"messages\":" + std::to_string(counts->made) +
                      ",\"acknowledged\":" + std::to_string(counts->acknowledged) +
                      ",\"dropped\":" + std::to_string(counts->dropped) +
                      ",\"unacknowledged\":" + std::to_string(handed_over - counts->acknowledged));
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "Simulates a plant of rotating machines whose faults grow, over MQTT or into labelled "
      "recordings.",
      "millwright-sim");
  Arguments a;
  Declare(app, a);
  CLI11_PARSE(app, argc, argv);
  Result<machines::PlantConfig> config = LoadPlant(a);
  if (!config) return FailedWith(config.error(), kExitConfig);
  if (!a.host.empty()) config->broker_host = a.host;
  if (a.port > 0) config->broker_port = a.port;
  Result<JsonLines> truth = JsonLines::Open(a.truth);
  if (!truth) return FailedWith(truth.error(), kExitFailed);
  return a.record.empty() ? Live(a, *config, *truth) : Record(a, *config, *truth);
}

}  // namespace
}  // namespace millwright::sim

int main(int argc, char** argv) { return millwright::sim::Main(argc, argv); }
