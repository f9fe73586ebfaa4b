// Payloads of the gateway's own broker: readings and sample blocks. Whatever arrives is an error or
// a value that keeps the decoders' promises.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "wire/reading.h"
#include "wire/sample.pb.h"
#include "wire/sample_block.h"
#include "wire/topics.h"

namespace {

using namespace millwright;

void Require(bool promise) {
  if (!promise) std::abort();
}

void TryReading(std::span<const std::byte> payload) {
  const auto reading = wire::DecodeReading(payload);
  if (!reading) return;
  Require(std::isfinite(static_cast<float>(reading->value)) && reading->ts >= 0 &&
          reading->sent >= 0);
  std::string again;
  wire::EncodeReading(*reading, again);
  const auto copy =
      wire::DecodeReading({reinterpret_cast<const std::byte*>(again.data()), again.size()});
  Require(copy && copy->ts == reading->ts && copy->value == reading->value);
}

void TryBlock(std::span<const std::byte> payload) {
  const auto block = wire::DecodeSampleBlock(payload);
  if (!block) return;
  Require(block->count() >= 1 && block->count() <= wire::kBlockSamplesMax);
  std::vector<float> samples(block->count());
  const bool finite = block->CopyTo(samples);
  for (const float s : samples) Require(!finite || std::isfinite(s));
  // Where the generated parser takes the block too, both read the same.
  wire::SampleBlock generated;
  if (!generated.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) return;
  Require(generated.ts_ns() == block->header().ts && generated.seq() == block->header().seq);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const std::byte> payload(reinterpret_cast<const std::byte*>(data), size);
  TryReading(payload);
  TryBlock(payload);
  (void)wire::ParseReadingTopic({reinterpret_cast<const char*>(data), size});
  return 0;
}
