// mw-swap-bench: what a change of model costs the windows around it. The agent runs as it ships,
// threads and all; sensors, hub and brokers are in this process, the disk is the folder given.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "agent/testing/tuned_models.h"
#include "conductor.h"
#include "core/log.h"

namespace millwright::bench {
namespace {

constexpr double kWarmUpS = 6;

struct Arguments {
  GatewayOptions gateway;
  Turns turns;
};

int Run(const Arguments& arguments) {
  log::SetLevel(log::Level::kError);
  const GatewayOptions& options = arguments.gateway;
  os::RealFiles files;
  FastClock clock(trust::testing::Repository::kNow * kSecond, options.times);
  Gateway gateway(options, clock);
  agent::testing::DeliveryHub hub(gateway.remote(), clock);
  Acker acker(gateway.remote());
  Plant plant(gateway.local(), clock, options.machines);
  Ledger ledger(plant);
  const auto prepare = [&]() -> Result<void> {
    MW_TRY(agent::testing::WriteTuned(files, options.folder + "/bundle", "1",
                                      agent::testing::Steady(3)));
    MW_TRY(files.WriteFast(options.folder + "/root.json",
                           hub.repository.on_shelf("metadata/1.root.json")));
    MW_TRY(acker.Start());
    return gateway.Start(ledger);
  };
  if (const auto ready = prepare(); !ready) {
    std::fprintf(stderr, "%s\n", ready.error().what.c_str());
    return 1;
  }
  Conductor conductor(options.folder, gateway, plant, ledger, hub, acker);
  plant.Start();
  conductor.Live(kWarmUpS);
  if (!ledger.AllRunning()) {
    std::fprintf(stderr, "not every machine has been decided about after %.0f s\n", kWarmUpS);
    return 1;
  }
  StallProbe probe;
  probe.Start();
  const Nanos began = RealNow();
  const TurnFigures turns = conductor.Run(arguments.turns);
  const double took_s = Seconds(RealNow() - began);
  const double stall_ms = probe.StopAndTell(0.999);
  plant.Stop();
  conductor.Live(1);
  gateway.Stop();
  ledger.Read();
  const LedgerFigures windows = ledger.Close(plant.last_end());
  nlohmann::ordered_json out = {
      {"swaps", turns.swaps},
      {"rollbacks", turns.rollbacks},
      {"refused", turns.refused},
      {"undone", turns.undone},
      {"out_of_time", turns.out_of_time},
      {"windows", windows.windows},
      {"windows_missed", windows.missed},
      {"windows_scored_twice", windows.twice},
      {"windows_near_swap", windows.near},
      {"windows_far", windows.far},
      {"near_ms_p50", windows.near_ms_p50},
      {"far_ms_p50", windows.far_ms_p50},
      {"near_ms_p99", windows.near_ms_p99},
      {"far_ms_p99", windows.far_ms_p99},
      {"near_ms_p999", windows.near_ms_p999},
      {"far_ms_p999", windows.far_ms_p999},
      {"near_ms_max", windows.near_ms_max},
      {"far_ms_max", windows.far_ms_max},
      {"machines", options.machines},
      {"model_changes_seen", windows.changes},
      {"clock_times_real", options.times},
      {"windows_per_s", static_cast<double>(windows.windows) / (took_s + kWarmUpS)},
      {"cycle_s_p50", turns.cycle_s_p50},
      {"took_s", took_s},
      {"stall_ms_p999", stall_ms},
      {"last_reason", turns.reason}};
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Swaps models under a running agent and measures the windows around each swap.");
  app.add_option("--folder", arguments.gateway.folder, "Scratch folder, best on a tmpfs")
      ->required();
  app.add_option("--cycles", arguments.turns.cycles, "Swaps, each with its rollback");
  app.add_option("--machines", arguments.gateway.machines, "Machines, each a window a step");
  app.add_option("--times", arguments.gateway.times, "How much faster the agent's clock runs");
  app.add_option("--rest-seconds", arguments.turns.rest_s, "Quiet time after each ten cycles");
  app.add_option("--limit-seconds", arguments.turns.limit_s, "Ends after so long");
  CLI11_PARSE(app, argc, argv);
  return Run(arguments);
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) { return millwright::bench::Main(argc, argv); }
