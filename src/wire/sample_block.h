// A block of evenly spaced samples (protobuf SampleBlock), read in place: nothing is copied or
// allocated until CopyTo. Equal to the generated parser for every block that this one takes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/result.h"
#include "core/time.h"

namespace millwright::wire {

inline constexpr size_t kBlockSamplesMax = 65'536;
inline constexpr double kSampleRateMax = 1e6;

struct SampleBlockHeader {
  Nanos ts = 0;        // of the first sample
  double rate_hz = 0;  // > 0
  uint64_t seq = 0;
  Nanos sent = 0;
};

/// Borrows the payload.
class SampleBlockView {
 public:
  [[nodiscard]] const SampleBlockHeader& header() const { return header_; }
  /// 1 .. kBlockSamplesMax.
  [[nodiscard]] size_t count() const { return data_.size() / (is_float_ ? 4 : 2); }
  /// `out` holds count() floats. False where a sample is not finite.
  [[nodiscard]] bool CopyTo(std::span<float> out) const;

 private:
  friend Result<SampleBlockView> DecodeSampleBlock(std::span<const std::byte> payload);
  SampleBlockHeader header_;
  bool is_float_ = true;
  float scale_ = 1;
  std::span<const std::byte> data_;
};

/// kInvalid says what is wrong: broken protobuf, no samples, a rate that is none, too many samples.
[[nodiscard]] Result<SampleBlockView> DecodeSampleBlock(std::span<const std::byte> payload);

/// Replaces `out`; its capacity is kept.
void EncodeSampleBlock(const SampleBlockHeader& header, std::span<const float> samples,
                       std::string& out);
/// Two bytes a sample: value = stored * scale.
void EncodeSampleBlock(const SampleBlockHeader& header, std::span<const int16_t> samples,
                       float scale, std::string& out);

}  // namespace millwright::wire
