// What a hostile sensor may publish: the first byte picks the decoder, the rest is the payload.
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/check.h"
#include "os/files.h"
#include "wire/reading.h"
#include "wire/sample_block.h"
#include "wire/topics.h"

namespace {

using namespace millwright;

void ReadReading(std::span<const std::byte> payload) {
  const auto reading = wire::DecodeReading(payload);
  if (!reading) return;
  MW_CHECK(std::isfinite(reading->value));
  std::string again;
  wire::EncodeReading(*reading, again);
  MW_CHECK(wire::DecodeReading(os::AsBytes(again)).has_value());
}

void ReadBlock(std::span<const std::byte> payload) {
  const auto block = wire::DecodeSampleBlock(payload);
  if (!block) return;
  MW_CHECK(block->count() >= 1 && block->count() <= wire::kBlockSamplesMax);
  std::vector<float> samples(block->count());
  if (!block->CopyTo(samples)) return;
  for (const float sample : samples) MW_CHECK(std::isfinite(sample));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::span payload(reinterpret_cast<const std::byte*>(data) + 1, size - 1);
  switch (data[0] % 3) {
    case 0:
      ReadReading(payload);
      break;
    case 1:
      ReadBlock(payload);
      break;
    default:
      if (const auto address = wire::ParseReadingTopic(os::AsText(payload)))
        MW_CHECK(address->channel != "decision");
  }
  return 0;
}
