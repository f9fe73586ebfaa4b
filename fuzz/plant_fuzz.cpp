// A simulator's plant.toml: any text is an error that says something, or a plant that runs: data in
// order of time, every value finite.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "machines/plant.h"

namespace {

using namespace millwright;

constexpr int kEmissions = 40;
constexpr size_t kMachines = 8;  // more take longer and tell nothing new

void Require(bool promise) {
  if (!promise) std::abort();
}

void Run(machines::Plant& plant) {
  Nanos before = 0;
  for (int i = 0; i < kEmissions; ++i) {
    const Nanos due = plant.NextDue();
    Require(due >= before);
    before = due;
    const auto emission = plant.Next();
    if (!emission) continue;
    Require(emission->machine < plant.machines().size() && emission->ts_ns <= emission->due_ns);
    Require(std::isfinite(emission->value));
    for (const float sample : emission->samples) Require(std::isfinite(sample));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = machines::ReadPlantConfig(text, "plant.toml");
  if (!config) {
    Require(!config.error().what.empty());
    return 0;
  }
  Require(!config->machines.empty() && !config->site.empty());
  if (config->machines.size() > kMachines) return 0;
  auto plant = machines::Plant::Make(*config, 1'795'000'000 * kSecond);
  if (!plant) {
    Require(!plant.error().what.empty());
    return 0;
  }
  Run(*plant);
  return 0;
}
