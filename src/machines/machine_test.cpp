#include "machines/machine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "dsp/analyzer.h"
#include "machines/plant.h"

namespace millwright::machines {
namespace {

constexpr size_t kWindow = 8192;  // 640 ms at 12.8 kHz

MachineConfig Pump(const std::string& asset) {
  MachineConfig config;
  config.asset = asset;
  config.area = "hall";
  return config;
}

Machine Make(const MachineConfig& config, uint64_t seed = 7) {
  Result<Machine> made = Machine::Make(config, seed);
  EXPECT_TRUE(made.has_value()) << made.error().what;
  return std::move(*made);
}

// The last window before `t_s`, analysed.
class Probe {
 public:
  explicit Probe(const Machine& machine)
      : orders_(machine.spec()), analyzer_(12800, kWindow, {{.lo_hz = 2000, .hi_hz = 5700}}) {}
  void Look(Machine& machine, double t_s) {
    machine.AdvanceTo(t_s - 0.64);
    (void)machine.TakeVibration();
    machine.AdvanceTo(t_s);
    const std::span<const float> samples = machine.TakeVibration();
    ASSERT_NEAR(static_cast<double>(samples.size()), kWindow, 1);
    window_.assign(samples.begin(), samples.end());
    window_.resize(kWindow);
    analyzer_.Load(window_);
  }
  [[nodiscard]] double velocity() const {
    return 1e3 * std::sqrt(analyzer_.VelocityPower(10, 1000));
  }
  [[nodiscard]] double line(double order) const {
    double sum = 0;
    for (int h = 1; h <= 3; ++h)
      sum += analyzer_.PeakToFloor(0, h * order * orders_.shaft_hz, 0.02);
    return sum / 3;
  }
  [[nodiscard]] double one_x() const {
    return 1e3 *
           std::sqrt(analyzer_.VelocityPower(0.95 * orders_.shaft_hz, 1.05 * orders_.shaft_hz));
  }
  [[nodiscard]] double two_x() const {
    return 1e3 *
           std::sqrt(analyzer_.VelocityPower(1.95 * orders_.shaft_hz, 2.05 * orders_.shaft_hz));
  }
  [[nodiscard]] const dsp::Analyzer& analyzer() const { return analyzer_; }

 private:
  dsp::MachineSpec orders_;
  dsp::Analyzer analyzer_;
  std::vector<float> window_;
};

TEST(SeverityTest, GrowsSlowlyAndThenAllAtOnce) {
  EXPECT_DOUBLE_EQ(Severity(0, 60), 0);
  EXPECT_DOUBLE_EQ(Severity(60, 60), 1);
  EXPECT_DOUBLE_EQ(Severity(90, 60), 1);
  EXPECT_LT(Severity(30, 60), 0.13);
  for (const double severity : {0.01, 0.15, 0.5, 1.0})
    EXPECT_NEAR(Severity(TimeOfSeverity(severity, 60), 60), severity, 1e-12);
}

TEST(MachineTest, IsItsSeed) {
  Machine a = Make(Pump("P-1")), b = Make(Pump("P-1")), c = Make(Pump("P-2"));
  a.AdvanceTo(1.3);
  b.AdvanceTo(0.4);
  const std::span<const float> first = b.TakeVibration();
  std::vector<float> samples(first.begin(), first.end());
  b.AdvanceTo(1.3);
  const std::span<const float> rest = b.TakeVibration();
  samples.insert(samples.end(), rest.begin(), rest.end());
  const std::span<const float> whole = a.TakeVibration();
  EXPECT_EQ(samples.size(), whole.size());
  c.AdvanceTo(1.3);
  EXPECT_FALSE(std::ranges::equal(c.TakeVibration(), whole));
  Machine again = Make(Pump("P-1"));
  again.AdvanceTo(1.3);
  EXPECT_TRUE(std::ranges::equal(again.TakeVibration(), whole));
}

TEST(MachineTest, HealthyOnesStayInZonesAAndB) {
  for (int i = 0; i < 12; ++i) {
    MachineConfig config = Pump("H-" + std::to_string(i));
    config.kind = static_cast<MachineKind>(i % 5);
    config.load = static_cast<LoadProfile>(i % 3);
    Machine machine = Make(config);
    Probe probe(machine);
    for (double t = 2; t < 30; t += 3) {
      probe.Look(machine, t);
      EXPECT_GT(probe.velocity(), 0.3);
      EXPECT_LT(probe.velocity(), 2.3) << config.asset << " at " << t;
      for (const double order : {machine.spec().bpfo, machine.spec().bpfi, 2 * machine.spec().bsf})
        EXPECT_LT(probe.line(order), 4.5) << config.asset << " order " << order;
    }
  }
}

TEST(MachineTest, EveryFaultFailsInZoneD) {
  for (int f = 0; f < kFaultKinds; ++f) {
    for (int i = 0; i < 3; ++i) {
      MachineConfig config = Pump("F-" + std::to_string(i));
      config.shaft_hz = 18 + 12 * i;
      config.faults = {{.kind = static_cast<FaultKind>(f), .onset_s = 2, .wear_s = 20}};
      Machine machine = Make(config);
      Probe probe(machine);
      probe.Look(machine, 1.9);
      const double before = probe.velocity();
      probe.Look(machine, 24);
      EXPECT_GT(probe.velocity(), 7.1) << Name(static_cast<FaultKind>(f));
      EXPECT_GT(probe.velocity(), 3 * before);
      EXPECT_LT(probe.velocity(), 40);
    }
  }
}

TEST(MachineTest, BearingDefectsShowAtTheirOrdersWhenDeveloped) {
  const std::map<FaultKind, double dsp::MachineSpec::*> kOrders = {
      {FaultKind::kOuterRace, &dsp::MachineSpec::bpfo},
      {FaultKind::kInnerRace, &dsp::MachineSpec::bpfi},
      {FaultKind::kBall, &dsp::MachineSpec::bsf}};
  for (const auto& [kind, member] : kOrders) {
    MachineConfig config = Pump("B-1");
    config.faults = {{.kind = kind, .onset_s = 0, .wear_s = 100}};
    Machine machine = Make(config);
    Probe probe(machine);
    probe.Look(machine, TimeOfSeverity(kDevelopedSeverity, 100));
    const double order = machine.spec().*member * (kind == FaultKind::kBall ? 2 : 1);
    EXPECT_GT(probe.line(order), 8) << Name(kind);
    EXPECT_GT(probe.analyzer().EnvelopeKurtosis(0), 2.5) << Name(kind);
    EXPECT_LT(probe.velocity(), 2.8) << Name(kind) << ": the plain threshold is still quiet";
  }
}

TEST(MachineTest, UnbalanceRaisesOneXAndMisalignmentTwoX) {
  MachineConfig config = Pump("U-1");
  config.faults = {{.kind = FaultKind::kUnbalance, .onset_s = 2, .wear_s = 20}};
  Machine unbalanced = Make(config);
  Probe probe(unbalanced);
  probe.Look(unbalanced, 1.9);
  const double one = probe.one_x(), two = probe.two_x();
  probe.Look(unbalanced, 22);
  EXPECT_GT(probe.one_x(), one + 8);
  EXPECT_LT(probe.two_x(), two + 1.5);

  config.faults = {{.kind = FaultKind::kMisalignment, .onset_s = 2, .wear_s = 20}};
  Machine misaligned = Make(config);
  Probe second(misaligned);
  second.Look(misaligned, 22);
  EXPECT_GT(second.two_x(), two + 5);
  EXPECT_GT(second.two_x(), second.one_x());
}

TEST(MachineTest, OverheatsBeforeItShakes) {
  MachineConfig config = Pump("T-1");
  config.faults = {{.kind = FaultKind::kOverheating, .onset_s = 0, .wear_s = 60}};
  Machine machine = Make(config);
  machine.AdvanceTo(0.1);
  const float cool = machine.ReadSensor(1), current = machine.ReadSensor(2);
  machine.AdvanceTo(50);
  EXPECT_GT(machine.ReadSensor(1), cool + 8);
  machine.AdvanceTo(75);
  EXPECT_GT(machine.ReadSensor(1), cool + 25);
  EXPECT_GT(machine.ReadSensor(2), current * 1.08F);
}

TEST(MachineTest, CavitationTakesThePressure) {
  MachineConfig config = Pump("C-1");
  config.faults = {{.kind = FaultKind::kCavitation, .onset_s = 1, .wear_s = 20}};
  Machine machine = Make(config);
  machine.AdvanceTo(1);
  const float pressure = machine.ReadSensor(4);
  machine.AdvanceTo(22);
  EXPECT_LT(machine.ReadSensor(4), 0.8F * pressure);
  config.kind = MachineKind::kFan;
  EXPECT_EQ(Machine::Make(config, 1).error().what, "machine C-1: only a pump can cavitate");
}

TEST(MachineTest, StopsAndStartsByItsProfile) {
  MachineConfig config = Pump("S-1");
  config.load = LoadProfile::kStartStop;
  Machine machine = Make(config);
  Probe probe(machine);
  float slowest = 1e9F, fastest = 0;
  double quietest = 1e9;
  for (double t = 1; t < 90; t += 1) {
    probe.Look(machine, t);
    slowest = std::min(slowest, machine.ReadSensor(3));
    fastest = std::max(fastest, machine.ReadSensor(3));
    quietest = std::min(quietest, probe.analyzer().moments().rms);
  }
  EXPECT_NEAR(slowest, 0, 2);
  EXPECT_NEAR(fastest, 60 * 24.7, 20);
  EXPECT_LT(quietest, 0.06);
}

TEST(MachineTest, SensorsStickAndFail) {
  Machine machine = Make(Pump("P-1"));
  machine.AdvanceTo(1);
  ASSERT_TRUE(machine.SetSensor("temperature", SensorMode::kStuck).has_value());
  const float shown = machine.ReadSensor(1);
  machine.AdvanceTo(20);
  EXPECT_EQ(machine.ReadSensor(1), shown);
  EXPECT_EQ(machine.SetSensor("temprature", SensorMode::kOk).error().code, Errc::kNotFound);
  ASSERT_TRUE(machine.SetSensor("vib", SensorMode::kStuck).has_value());
  (void)machine.TakeVibration();
  machine.AdvanceTo(21);
  const auto [lowest, highest] = std::ranges::minmax(machine.TakeVibration());
  EXPECT_EQ(lowest, highest);
}

TEST(PlantTest, EmitsInOrderAndTellsTheTruth) {
  PlantConfig config;
  config.machines = {Pump("P-1"), Pump("P-2")};
  config.machines[1].faults = {{.kind = FaultKind::kBall, .onset_s = 1, .wear_s = 2}};
  Result<Plant> plant = Plant::Make(config, 1000 * kSecond);
  ASSERT_TRUE(plant.has_value());
  std::map<std::pair<size_t, size_t>, Nanos> block_end;
  std::map<size_t, int> count;
  Nanos last = 0;
  while (plant->NextDue() <= 1005 * kSecond) {
    const auto emission = plant->Next();
    ASSERT_TRUE(emission.has_value());
    EXPECT_GE(emission->due_ns, last);
    last = emission->due_ns;
    ++count[emission->channel];
    if (!emission->is_block) continue;
    EXPECT_EQ(emission->samples.size(), 2560U);
    Nanos& end = block_end[{emission->machine, emission->channel}];
    EXPECT_TRUE(end == 0 || emission->ts_ns == end);
    end = emission->due_ns;
  }
  EXPECT_NEAR(count[kVib], 50, 2);
  EXPECT_NEAR(count[1], 10, 2);
  const std::vector<TruthEvent> truth = plant->TakeTruth();
  ASSERT_EQ(truth.size(), 2U);
  EXPECT_EQ(truth[0].what, "ball");
  EXPECT_EQ(Name(truth[1].kind), "failure");

  ASSERT_TRUE(plant->Inject("P-1", "unbalance", std::nullopt).has_value());
  EXPECT_EQ(plant->Inject("P-1", "unbalance", std::nullopt).error().code, Errc::kConflict);
  EXPECT_EQ(plant->Inject("P-9", "unbalance", std::nullopt).error().code, Errc::kNotFound);
  EXPECT_EQ(plant->Inject("P-1", "rust", std::nullopt).error().code, Errc::kInvalid);
  ASSERT_TRUE(plant->Repair("P-2").has_value());
  ASSERT_TRUE(plant->SetSensor("P-1", "vib", "dropout").has_value());
  EXPECT_EQ(plant->TakeTruth().size(), 3U);
  for (int i = 0; i < 100; ++i) {
    const auto emission = plant->Next();
    EXPECT_FALSE(emission && emission->machine == 0 && emission->channel == kVib);
  }
}

TEST(PlantConfigTest, ReadsTheExample) {
  const auto plant = ReadPlantConfig(R"(
[plant]
site = "alder"
seed = 7
wear_s = 50
[broker]
port = 1999
[[machine]]
asset = "P-102"
area = "cooling-water"
shaft_hz = 24.7
bearing = { n = 9, ball_mm = 7.94, pitch_mm = 39.0, angle_deg = 0.0 }
load = "start-stop"
  [[machine.fault]]
  kind = "outer_race"
  onset_s = 45
)",
                                     "plant.toml");
  ASSERT_TRUE(plant.has_value()) << plant.error().what;
  EXPECT_EQ(plant->site, "alder");
  EXPECT_EQ(plant->broker_port, 1999);
  ASSERT_EQ(plant->machines.size(), 1U);
  EXPECT_EQ(plant->machines[0].name, "P-102");
  EXPECT_EQ(plant->machines[0].load, LoadProfile::kStartStop);
  ASSERT_EQ(plant->machines[0].faults.size(), 1U);
  EXPECT_DOUBLE_EQ(plant->machines[0].faults[0].wear_s, 50);
}

TEST(PlantConfigTest, NamesFileLineAndKey) {
  const auto plant = ReadPlantConfig(R"(
[plant]
site = "alder"
sed = 7
[[machine]]
asset = "F-1"
area = "hall"
kind = "fan"
shaft_hz = 0.2
bearing = { n = 90, ball_mm = 7.94, pitch_mm = 39.0 }
  [[machine.fault]]
  kind = "outer_rase"
  onset_s = 45
)",
                                     "plant.toml");
  ASSERT_FALSE(plant.has_value());
  for (const char* part : {"plant.toml:4", "did you mean \"seed\"", "plant.toml:9", "do not fit",
                           "plant.toml:12", "outer_race"})
    EXPECT_NE(plant.error().what.find(part), std::string::npos) << part << " in\n"
                                                                << plant.error().what;
}

TEST(PlantConfigTest, DrawsFleetsWithFaultsOfEveryKind) {
  const PlantConfig fleet = DrawFleet(28, 3, 150, 60, 0.75);
  std::map<FaultKind, int> kinds;
  int healthy = 0;
  for (const MachineConfig& machine : fleet.machines) {
    healthy += machine.faults.empty();
    for (const Fault& fault : machine.faults) ++kinds[fault.kind];
    EXPECT_TRUE(Machine::Make(machine, fleet.seed).has_value());
  }
  EXPECT_EQ(healthy, 7);
  EXPECT_EQ(kinds.size(), static_cast<size_t>(kFaultKinds));
}

}  // namespace
}  // namespace millwright::machines
