// plant.toml, and plants drawn from a seed.
#include <algorithm>
#include <cmath>
#include <set>

#include "config/config.h"
#include "machines/plant.h"

namespace millwright::machines {
namespace {

const std::vector<std::string> kKindNames = {"pump", "fan", "gearbox", "spindle", "compressor"};
const std::vector<std::string> kLoadNames = {"steady", "daily", "cyclic", "start-stop"};

template <typename Enum>
Enum IndexOf(const std::vector<std::string>& names, const std::string& name) {
  return static_cast<Enum>(
      std::max<std::ptrdiff_t>(0, std::ranges::find(names, name) - names.begin()) %
      static_cast<std::ptrdiff_t>(names.size()));
}

std::vector<std::string> FaultNames() {
  std::vector<std::string> names;
  names.reserve(kFaultKinds);
  for (int f = 0; f < kFaultKinds; ++f) names.emplace_back(Name(static_cast<FaultKind>(f)));
  return names;
}

dsp::BearingGeometry ReadBearing(config::Table table) {
  const dsp::BearingGeometry standard = MachineConfig().bearing;
  if (!table.present()) return standard;
  dsp::BearingGeometry bearing;
  bearing.elements = static_cast<int>(table.Integer("n", {.min = 3, .max = 200}));
  bearing.ball = table.Number("ball_mm", {.min = 0.1, .max = 1000});
  bearing.pitch = table.Number("pitch_mm", {.min = 1, .max = 10'000});
  bearing.angle_deg = table.Number("angle_deg", {.fallback = 0, .min = 0, .max = 89});
  if (const auto orders = dsp::Orders(bearing); !orders) table.Fault("", orders.error().what);
  return bearing;
}

Fault ReadFault(config::Table& table, MachineKind kind, double wear_s) {
  static const std::vector<std::string> kNames = FaultNames();
  Fault fault;
  fault.kind = IndexOf<FaultKind>(kNames, table.OneOf("kind", kNames));
  fault.onset_s = table.Number("onset_s", {.min = 0, .max = 1e7});
  fault.wear_s = table.Number("wear_s", {.fallback = wear_s, .min = 1, .max = 1e7});
  if (fault.kind == FaultKind::kCavitation && kind != MachineKind::kPump)
    table.Fault("kind", "only a pump can cavitate");
  return fault;
}

MachineConfig ReadMachine(config::Table& table, double wear_s) {
  MachineConfig machine;
  machine.asset = table.Id("asset");
  machine.area = table.Id("area");
  machine.name = table.String("name", machine.asset);
  machine.kind = IndexOf<MachineKind>(kKindNames, table.OneOf("kind", kKindNames, "pump"));
  machine.shaft_hz = table.Number("shaft_hz", {.min = 1, .max = 500});
  machine.rated_kw = table.Number("rated_kw", {.fallback = 30, .min = 0.01, .max = 1e5});
  machine.bearing = ReadBearing(table.OptionalSection("bearing"));
  machine.vib_rate_hz = table.Number("vib_rate_hz", {.fallback = 12800, .min = 1000, .max = 25600});
  machine.load = IndexOf<LoadProfile>(kLoadNames, table.OneOf("load", kLoadNames, "steady"));
  for (config::Table& fault : table.List("fault"))
    machine.faults.push_back(ReadFault(fault, machine.kind, wear_s));
  return machine;
}

// Deep-groove and angular-contact bearings of common sizes, geometry as their catalogues give it.
constexpr std::array<dsp::BearingGeometry, 5> kBearings = {{
    {.elements = 9, .ball = 7.94, .pitch = 39.04, .angle_deg = 0},
    {.elements = 8, .ball = 6.75, .pitch = 28.5, .angle_deg = 0},
    {.elements = 8, .ball = 15.08, .pitch = 65.0, .angle_deg = 0},
    {.elements = 12, .ball = 12.7, .pitch = 70.0, .angle_deg = 15},
    {.elements = 10, .ball = 9.53, .pitch = 50.0, .angle_deg = 0},
}};

MachineConfig DrawMachine(int index, Random& random) {
  MachineConfig machine;
  char asset[16];
  std::snprintf(asset, sizeof asset, "M-%03d", index + 1);
  machine.asset = asset;
  machine.area = "hall";
  machine.kind = static_cast<MachineKind>(random.Integer(0, 4));
  machine.name = std::string(Name(machine.kind)) + " " + std::to_string(index + 1);
  machine.shaft_hz = random.Uniform(16, 50);
  machine.rated_kw = random.Uniform(11, 90);
  machine.bearing = kBearings[static_cast<size_t>(random.Integer(0, 4))];
  machine.load = static_cast<LoadProfile>(random.Integer(0, 3));
  return machine;
}

}  // namespace

Result<PlantConfig> ReadPlantConfig(std::string_view text, std::string_view file_name) {
  MW_TRY(config::File file, config::File::Parse(text, file_name));
  PlantConfig plant;
  config::Table head = file.root().Section("plant");
  plant.site = head.Id("site");
  plant.seed = static_cast<uint64_t>(head.Integer("seed", {.fallback = 1, .min = 0}));
  plant.wear_s = head.Number("wear_s", {.fallback = 60, .min = 1, .max = 1e7});
  plant.block_ms =
      static_cast<int>(head.Integer("block_ms", {.fallback = 200, .min = 10, .max = 10'000}));
  plant.reading_loss = head.Number("reading_loss", {.fallback = 0, .min = 0, .max = 1});
  config::Table broker = file.root().OptionalSection("broker");
  plant.broker_host = broker.String("host", "127.0.0.1");
  plant.broker_port =
      static_cast<int>(broker.Integer("port", {.fallback = 1883, .min = 1, .max = 65535}));
  plant.broker_username = broker.String("username", "");
  plant.broker_password = broker.String("password", "");
  plant.qos = static_cast<int>(broker.Integer("qos", {.fallback = 2, .min = 0, .max = 2}));
  std::set<std::string> assets;
  for (config::Table& table : file.root().List("machine")) {
    plant.machines.push_back(ReadMachine(table, plant.wear_s));
    if (!assets.insert(plant.machines.back().asset).second)
      table.Fault("asset", "two machines are named \"" + plant.machines.back().asset + "\"");
  }
  if (plant.machines.empty())
    file.root().Fault("machine", "a plant needs at least one [[machine]]");
  MW_TRY(file.Finish());
  return plant;
}

PlantConfig DrawFleet(int count, uint64_t seed, double seconds, double wear_s,
                      double faulty_share) {
  PlantConfig plant;
  plant.site = "fleet-" + std::to_string(seed);
  plant.seed = seed;
  plant.wear_s = wear_s;
  Random random(MixText(seed, "fleet"));
  double owed = 0;  // spreads the faulty machines evenly, whatever their number
  int next_kind = random.Integer(0, kFaultKinds - 1);
  for (int i = 0; i < count; ++i) {
    MachineConfig machine = DrawMachine(i, random);
    owed += faulty_share;
    if (owed >= 1 - 1e-9) {
      owed -= 1;
      const auto kind = static_cast<FaultKind>(next_kind);
      next_kind = (next_kind + 1) % kFaultKinds;
      if (kind == FaultKind::kCavitation) machine.kind = MachineKind::kPump;
      const double onset = seconds * random.Uniform(0.4, 0.6);
      machine.faults.push_back({.kind = kind, .onset_s = onset, .wear_s = wear_s});
    }
    plant.machines.push_back(std::move(machine));
  }
  return plant;
}

}  // namespace millwright::machines
