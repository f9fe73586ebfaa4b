// A reading as sensors publish it: JSON {"ts":1795000000000000000,"v":71.25,"seq":7,"sent":...}.
// Decoding allocates nothing: it is on the sample path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "core/time.h"

namespace millwright::wire {

struct Reading {
  Nanos ts = 0;      // when it was measured
  double value = 0;  // in the channel's unit; finite
  uint64_t seq = 0;  // from 1 per channel and publisher start; 0: the publisher has none
  Nanos sent = 0;    // when the publisher handed it to MQTT; 0: unknown
};

inline constexpr size_t kReadingBytesMax = 4096;

/// kInvalid names the key or the place. Unknown keys with plain values are skipped, so that a
/// publisher may say more; nested values are refused. `value` fits a float.
[[nodiscard]] Result<Reading> DecodeReading(std::span<const std::byte> payload);

/// Replaces `out`; its capacity is kept.
void EncodeReading(const Reading& reading, std::string& out);

}  // namespace millwright::wire
