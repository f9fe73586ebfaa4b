// What the gateway says about a machine on its own broker, as a PLC and the demo's observer read
// it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/time.h"

namespace millwright::wire {

struct NamedSignal {
  std::string_view name;
  float value = 0;  // NaN is written as null
};

/// Borrows its texts and spans. Texts are raw; the encoder quotes them.
struct Decision {
  Nanos ts = 0;
  uint64_t seq = 0;
  std::string_view asset;
  Nanos valid_until = 0;
  std::string_view state;  // "learning", "running", "stopped", "unknown", ...
  std::string_view level;  // "none", "watch", "warning", "act"
  std::string_view fault;  // class code, "" where none
  std::string_view fault_name;
  float score = 0;        // NaN: none was due
  float probability = 0;  // of `fault`
  std::span<const float> probabilities;
  std::string_view quality;   // "good", or why not: "missing: temperature"
  std::string_view reason{};  // why the state is not running; omitted where empty
  std::string_view model;
  std::string_view model_hash;
  Nanos step_end = 0;
  Nanos sensor_ts = 0;
  double decision_ms = 0;
  bool heartbeat = false;
  double learning_left_s = -1;  // omitted where negative
  std::span<const NamedSignal> signals;
};

/// Replaces `out`; allocates nothing once `out` has grown to its size.
void EncodeDecision(const Decision& decision, std::string& out);

}  // namespace millwright::wire
