#include "plant.h"

#include <algorithm>

#include "store/database.h"
#include "store/migrations.h"
#include "wire/reading.h"
#include "wire/sample_block.h"

namespace millwright::replays {
namespace {

constexpr double kVibRate = 1000;
constexpr size_t kTemperature = 1;  // in machines::kChannelNames
constexpr uint64_t kTicksPerReading = 5;
constexpr uint64_t kTicksPerLook = 25;
constexpr Nanos kStart = 1'795'000'000 * kSecond;
constexpr machines::FaultKind kFaults[] = {machines::FaultKind::kUnbalance,
                                           machines::FaultKind::kMisalignment,
                                           machines::FaultKind::kCavitation};

std::string ConfigOf(const std::string& device, int number, int machines, const std::string& folder,
                     const std::string& bundle) {
  std::string out = "[device]\nid = \"" + device + "\"\nsite = \"alder\"\n[paths]\nstate = \"" +
                    folder + "\"\n[model]\nbundle = \"" + bundle +
                    "\"\n[health]\nperiod_s = 60\nspectrum_period_s = 3600\n";
  for (int m = 0; m < machines; ++m)
    out += "[[asset]]\nid = \"P-" + std::to_string(number) + "-" + std::to_string(m) +
           "\"\narea = \"hall\"\ncommissioning_s = 20\n"
           "  [[asset.channel]]\n  name = \"vib\"\n  unit = \"m/s2\"\n  kind = \"samples\"\n"
           "  rate_hz = 1000\n"
           "  [[asset.channel]]\n  name = \"temperature\"\n  unit = \"degC\"\n  rate_hz = 1\n";
  return out;
}

}  // namespace

Result<UnluckyMachine> UnluckyMachine::Make(const std::string& asset, uint64_t seed) {
  machines::MachineConfig config;
  config.asset = asset;
  config.area = "hall";
  config.vib_rate_hz = kVibRate;
  MW_TRY(machines::Machine machine, machines::Machine::Make(config, seed));
  return UnluckyMachine(std::move(machine), seed * 7919);
}

uint64_t UnluckyMachine::Between(uint64_t low, uint64_t high) {
  return low + luck_.Next() % (high - low + 1);
}

Result<void> UnluckyMachine::Fate() {
  if (ticks_ < change_at_) return {};
  broken_ = !broken_;
  change_at_ = ticks_ + (broken_ ? Between(25, 60) : Between(20, 50));
  if (!broken_) {
    machine_.Repair();
    return {};
  }
  const double wear_s = 0.1 * static_cast<double>(Between(10, 60));
  return machine_.Inject(kFaults[luck_.Next() % std::size(kFaults)], wear_s);
}

Result<void> UnluckyMachine::Tick(mqtt::FakeBroker& broker, Nanos now) {
  MW_TRY(Fate());
  machine_.AdvanceTo(static_cast<double>(++ticks_) * Seconds(kTick));
  const std::string topic = "mw/alder/hall/" + machine_.config().asset + "/";
  std::string payload;
  wire::EncodeSampleBlock({.ts = now - kTick, .rate_hz = kVibRate, .seq = ++vib_seq_, .sent = now},
                          machine_.TakeVibration(), payload);
  broker.Publish(topic + "vib", payload, 2);
  if (ticks_ % kTicksPerReading != 0) return {};
  const auto value = static_cast<double>(machine_.ReadSensor(kTemperature));
  wire::EncodeReading({.ts = now, .value = value, .seq = ++temperature_seq_, .sent = now}, payload);
  broker.Publish(topic + "temperature", payload, 2);
  return {};
}

Result<std::unique_ptr<Gateway>> Gateway::Make(int number, int machines, const std::string& folder,
                                               const std::string& bundle, mqtt::FakeBroker& hub,
                                               Nanos utc, uint64_t seed) {
  std::unique_ptr<Gateway> gateway(new Gateway(utc));
  const std::string device = "gw-" + std::to_string(number);
  MW_TRY(agent::Settings settings,
         agent::ReadSettings(ConfigOf(device, number, machines, folder, bundle), device));
  Gateway& g = *gateway;
  agent::Environment environment = {
      .clock = g.clock_,
      .files = g.files_,
      .make_client =
          [&g, &hub](mqtt::Options options) {
            const bool up = options.client_id.starts_with("mw-uplink");
            return (up ? hub : g.local_).MakeClient(std::move(options));
          },
      .version = "replays"};
  MW_TRY(g.agent_, agent::Agent::Make(std::move(settings), std::move(environment)));
  for (int m = 0; m < machines; ++m) {
    const auto own = seed * 1'000'000 + static_cast<uint64_t>(number * 1000 + m + 1);
    MW_TRY(UnluckyMachine machine,
           UnluckyMachine::Make("P-" + std::to_string(number) + "-" + std::to_string(m), own));
    g.machines_.push_back(std::move(machine));
  }
  MW_TRY(g.agent_->StartStepped());
  return gateway;
}

Result<void> Gateway::Tick(bool measure) {
  clock_.Advance(kTick);
  if (measure)
    for (UnluckyMachine& machine : machines_) MW_TRY(machine.Tick(local_, clock_.Utc()));
  agent_->Step();
  agent_->Step();
  return {};
}

Result<PlantFigures> RunPlant(const PlantOptions& options, const std::string& database,
                              int64_t alarms) {
  mqtt::FakeBroker broker;
  os::FakeClock clock(kStart);
  metrics::Registry registry;
  hub::IngestMeters meters(registry);
  hub::ChangeFeed feed;
  MW_TRY(const auto store, store::Database::Open(database));
  MW_TRY(store::Migrate(*store));
  const auto client = broker.MakeClient({.client_id = "hub"});
  hub::Ingest ingest(*client, *store, clock, feed, meters);
  MW_TRY(ingest.Start());
  std::vector<std::unique_ptr<Gateway>> gateways;
  for (int g = 0; g < options.gateways; ++g) {
    MW_TRY(auto gateway,
           Gateway::Make(g, options.machines, options.folder + "/gw-" + std::to_string(g),
                         options.bundles[static_cast<size_t>(g) % options.bundles.size()], broker,
                         kStart, options.seed));
    gateways.push_back(std::move(gateway));
  }
  PlantFigures figures;
  const auto tick = [&](bool measure) -> Result<void> {
    clock.Advance(kTick);
    for (const auto& gateway : gateways) MW_TRY(gateway->Tick(measure));
    ingest.Step(0);
    (void)feed.Take();
    return {};
  };
  // An alarm takes a machine some 80 steps.
  const int64_t machines = int64_t{options.gateways} * options.machines;
  const auto ticks_max = static_cast<uint64_t>(100 * (80 * alarms / machines + 300));
  uint64_t ticks = 0;
  while (figures.alarms < alarms) {
    if (++ticks > ticks_max) return Fail(Errc::kExhausted, "replays: the alarms do not come");
    MW_TRY(tick(true));
    if (ticks % kTicksPerLook != 0) continue;
    MW_TRY(store->Each("SELECT COUNT(*) FROM alarms", {},
                       [&](const store::Row& row) { figures.alarms = row.Int(0); }));
    if (ticks % 1000 == 0)
      std::fprintf(stderr, "%lld of %lld alarms\n", static_cast<long long>(figures.alarms),
                   static_cast<long long>(alarms));
  }
  const auto drained = [&] {
    return std::all_of(gateways.begin(), gateways.end(),
                       [](const auto& g) { return g->drained(); });
  };
  for (int i = 0; i < 500 && !drained(); ++i) MW_TRY(tick(false));
  if (!drained()) return Fail(Errc::kUnavailable, "replays: the gateways keep events");
  for (const auto& gateway : gateways) figures.decisions += gateway->decisions();
  figures.virtual_hours = Seconds(static_cast<Nanos>(ticks) * kTick) / 3600;
  return figures;
}

}  // namespace millwright::replays
