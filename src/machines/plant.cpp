#include "machines/plant.h"

#include <algorithm>
#include <cmath>

namespace millwright::machines {
namespace {

constexpr auto kLater = [](const auto& a, const auto& b) {
  // Equal times: in a fixed order, so that a seed always tells the same story.
  return std::tie(a.due_ns, a.machine, a.channel) > std::tie(b.due_ns, b.machine, b.channel);
};

}  // namespace

std::string_view Name(TruthEvent::Kind kind) {
  switch (kind) {
    case TruthEvent::Kind::kOnset:
      return "onset";
    case TruthEvent::Kind::kFailure:
      return "failure";
    case TruthEvent::Kind::kRepair:
      return "repair";
    case TruthEvent::Kind::kSensor:
      return "sensor";
  }
  return "onset";
}

Result<Plant> Plant::Make(const PlantConfig& config, Nanos start_ns) {
  std::vector<Machine> machines;
  for (const MachineConfig& machine : config.machines) {
    MW_TRY(Machine made, Machine::Make(machine, config.seed));
    machines.push_back(std::move(made));
  }
  if (machines.empty()) return Fail(Errc::kInvalid, "plant: there is no machine");
  return Plant(config, start_ns, std::move(machines));
}

Plant::Plant(PlantConfig config, Nanos start_ns, std::vector<Machine> machines)
    : config_(std::move(config)),
      start_ns_(start_ns),
      now_ns_(start_ns),
      machines_(std::move(machines)),
      losses_(MixText(config_.seed, "losses")) {
  for (size_t m = 0; m < machines_.size(); ++m) {
    Random random(MixText(config_.seed ^ 0x5c5cU, machines_[m].config().asset));
    const Nanos phase = FromSeconds(random.Uniform() * config_.block_ms * 1e-3);
    phases_.push_back(phase);
    told_.emplace_back(machines_[m].faults().size(), 0);
    AddSlots(m, phase, random);
  }
  std::ranges::make_heap(heap_, kLater);
}

void Plant::AddSlots(size_t machine, Nanos phase, Random& random) {
  const std::vector<dsp::ChannelSpec>& channels = machines_[machine].channels();
  for (size_t c = 0; c < channels.size(); ++c) {
    const Nanos period =
        c == kVib ? config_.block_ms * kMillisecond : FromSeconds(1 / channels[c].rate_hz);
    // A block is due when it is full; readings anywhere in their period.
    const Nanos first = c == kVib ? period : FromSeconds(random.Uniform() * Seconds(period));
    Slot slot = {.machine = machine,
                 .channel = c,
                 .origin_ns = start_ns_ + phase + first,
                 .period_ns = period};
    slot.due_ns = slot.origin_ns;
    heap_.push_back(slot);
  }
}

Nanos Plant::NextDue() const { return heap_.front().due_ns; }

std::optional<Emission> Plant::Next() {
  std::ranges::pop_heap(heap_, kLater);
  Slot& slot = heap_.back();
  const Nanos due = slot.due_ns;
  ++slot.count;
  slot.due_ns = slot.origin_ns +
                static_cast<Nanos>(slot.count) * slot.period_ns;  // from the origin: no drift
  Emission emission = {
      .machine = slot.machine, .channel = slot.channel, .ts_ns = due, .due_ns = due, .samples = {}};
  const Nanos period = slot.period_ns;
  std::ranges::push_heap(heap_, kLater);
  now_ns_ = due;

  Machine& machine = machines_[emission.machine];
  machine.AdvanceTo(Seconds(due - start_ns_ - phases_[emission.machine]));
  NoteTruth(emission.machine, due);
  if (emission.channel == kVib) {
    emission.is_block = true;
    emission.ts_ns = due - period;
    emission.samples = machine.TakeVibration();
  } else {
    emission.value = machine.ReadSensor(emission.channel);
  }
  const bool lost = config_.reading_loss > 0 && losses_.Uniform() < config_.reading_loss;
  const bool silent = machine.sensor_mode(emission.channel) == SensorMode::kDropout;
  if (lost || silent) return std::nullopt;
  return emission;
}

void Plant::NoteTruth(size_t machine, Nanos now) {
  const std::vector<Fault>& faults = machines_[machine].faults();
  std::vector<int>& told = told_[machine];
  for (size_t f = 0; f < faults.size(); ++f) {
    const double severity = machines_[machine].SeverityOf(faults[f]);
    const auto note = [&](TruthEvent::Kind kind) {
      truth_.push_back({kind, now, machine, std::string(Name(faults[f].kind)), severity});
      ++told[f];
    };
    if (told[f] == 0 && machines_[machine].now_s() >= faults[f].onset_s)
      note(TruthEvent::Kind::kOnset);
    if (told[f] == 1 && severity >= 1) note(TruthEvent::Kind::kFailure);
  }
}

std::vector<TruthEvent> Plant::TakeTruth() { return std::exchange(truth_, {}); }

Result<size_t> Plant::Find(std::string_view asset) const {
  for (size_t m = 0; m < machines_.size(); ++m)
    if (machines_[m].config().asset == asset) return m;
  return Fail(Errc::kNotFound,
              "plant " + config_.site + ": there is no machine \"" + std::string(asset) + "\"");
}

Result<void> Plant::Inject(std::string_view asset, std::string_view fault,
                           std::optional<double> wear_s) {
  MW_TRY(const size_t m, Find(asset));
  MW_TRY(const FaultKind kind, ParseFault(fault));
  MW_TRY(machines_[m].Inject(kind, wear_s.value_or(config_.wear_s)));
  told_[m].push_back(0);
  NoteTruth(m, now_ns_);
  return {};
}

Result<void> Plant::Repair(std::string_view asset) {
  MW_TRY(const size_t m, Find(asset));
  for (const Fault& fault : machines_[m].faults())
    if (machines_[m].SeverityOf(fault) > 0)
      truth_.push_back({TruthEvent::Kind::kRepair, now_ns_, m, std::string(Name(fault.kind)),
                        machines_[m].SeverityOf(fault)});
  machines_[m].Repair();
  told_[m].clear();
  return {};
}

Result<void> Plant::SetSensor(std::string_view asset, std::string_view channel,
                              std::string_view mode) {
  MW_TRY(const size_t m, Find(asset));
  MW_TRY(const SensorMode parsed, ParseSensorMode(mode));
  MW_TRY(machines_[m].SetSensor(channel, parsed));
  truth_.push_back(
      {TruthEvent::Kind::kSensor, now_ns_, m, std::string(channel) + " " + std::string(mode), 0});
  return {};
}

}  // namespace millwright::machines
