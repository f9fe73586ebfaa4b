// A year of monthly releases on a virtual clock: real agents with real slots, the hub's own ingest,
// rollouts and delivery, a signed repository; brokers and clocks are of this process.
//
//   mw-year FOLDER      the folder must not hold an earlier run; figures as one JSON object at the
//   end
#include <chrono>
#include <cstdio>
#include <string_view>

#include "core/log.h"
#include "fleet.h"
#include "os/process.h"

int main(int argc, char** argv) {
  using namespace millwright;
  const std::string_view first = argc > 1 ? argv[1] : "";
  if (first == "--help" || first == "-h") {
    std::puts(
        "usage: mw-year FOLDER\n\nTwelve 30-day cycles of a fleet on a virtual clock; its files go "
        "below FOLDER,\nthe figures are one JSON object.");
    return 0;
  }
  if (argc != 2 || first.starts_with("-")) {
    std::fprintf(stderr, "usage: mw-year FOLDER\n");
    return 2;
  }
  const auto began = std::chrono::steady_clock::now();
  year::Fleet fleet({}, argv[1]);
  const auto figures = fleet.Run();
  if (!figures) {
    std::fprintf(stderr, "mw-year: %s\n", figures.error().what.c_str());
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf(
      "{\"cycles\": %d, \"devices\": %d, \"devices_current\": %d, \"stuck\": %d, "
      "\"updates_committed\": %lld, \"rollouts_scheduled\": %lld, \"rollouts_superseded\": %lld, "
      "\"clock_behind_years_max\": %.1f, \"decisions\": %llu, \"virtual_days\": %.1f, "
      "\"seconds\": %.1f}\n",
      figures->cycles, figures->devices, figures->devices_current, figures->stuck,
      static_cast<long long>(figures->updates), static_cast<long long>(figures->scheduled),
      static_cast<long long>(figures->superseded), figures->epoch_years_max,
      static_cast<unsigned long long>(figures->decisions), figures->virtual_days, took.count());
  return 0;
}
