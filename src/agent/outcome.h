// What travels between the agent's threads. Slots of bounded queues: filled in place, their vectors
// keep their capacity, so that nothing is allocated once the queues have been prepared.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

#include "agent/coverage.h"
#include "agent/sample_ring.h"
#include "core/spsc_queue.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "model/decision_rule.h"

namespace millwright::agent {

struct Plan;

/// A reading or a block on its way to the decision thread.
struct Item {
  uint16_t asset = 0;
  uint16_t channel = 0;
  bool is_block = false;
  bool after_drop = false;  // readings of this channel were dropped just before this one
  float value = 0;
  Nanos ts = 0;
  Nanos sensor_ts = 0;   // `sent`, or when it arrived here
  Nanos arrived_at = 0;  // UTC
  double rate_hz = 0;
  uint64_t seq = 0;
  SampleRing::Place samples;
};

struct Inbox {
  Inbox(size_t items, size_t samples) : queue(items), ring(samples) {}
  SpscQueue<Item> queue;
  SampleRing ring;
};

/// Values as wire::MachineState.
enum class State : uint8_t { kUnknown = 0, kLearning = 1, kRunning = 2, kStopped = 3 };
[[nodiscard]] std::string_view Name(State state);

/// Why a machine is not running: at most one reason and the channels it is about (bits).
enum class Reason : uint8_t { kNone, kNoData, kMissing, kStuck, kRefilling };

/// One finished step of one machine, or a change of its state without one.
struct Outcome {
  static constexpr float kNoScore = std::numeric_limits<float>::quiet_NaN();

  std::shared_ptr<const Plan> plan;  // whose classes, signals and window these are
  uint16_t asset = 0;
  bool stepped = false;        // a step was closed: score, features and signals are its
  bool scored = false;         // the model ran
  bool level_changed = false;  // or, at the same level, an unknown fault got its name
  bool state_changed = false;
  State state = State::kUnknown;
  State state_before = State::kUnknown;
  Reason reason = Reason::kNone;
  uint32_t reason_channels = 0;  // bits of the asset's channels
  model::Level level = model::Level::kNone;
  model::Level level_before = model::Level::kNone;
  int fault = -1;
  float score = kNoScore;
  float fault_probability = 0;
  float speed_hz = 0;
  bool steady = false;
  float learning_left_s = -1;
  uint64_t seq = 0;  // scored windows of this asset since the agent started
  Nanos step_end = 0;
  Nanos sensor_ts = 0;
  Nanos arrived_at = 0;              // UTC; of the reading that closed the step
  Nanos decided_at = 0;              // UTC
  int filled = 0;                    // steps in `window`
  std::vector<float> probabilities;  // [classes]
  std::vector<float> signals;        // [plan's signals], NaN where unknown
  std::vector<int8_t> window;        // [steps x features], the model's input
  std::vector<Extent> extents;
  std::vector<Hole> holes;
  std::shared_ptr<const dsp::Standardizer> learned;  // set once, when commissioning ended
  bool recommissioned = false;  // what was learned is void from here on; no step was closed
};

using OutcomeQueue = SpscQueue<Outcome>;

/// A waveform for the spectra that are worked out off the decision thread.
struct Waveform {
  enum class Why : uint8_t { kBaseline, kPeriodic, kAlarm };
  uint16_t asset = 0;
  uint16_t channel = 0;
  Why why = Why::kPeriodic;
  Nanos ts = 0;
  float speed_hz = 0;
  std::vector<float> samples;
};

using WaveformQueue = SpscQueue<Waveform>;

}  // namespace millwright::agent
