// What a process that answers on the nucleus' socket may send: frames, in pieces and with right
// checksums, then the message, then its JSON. What decodes must encode to the same bytes.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/check.h"
#include "greengrass/component.h"
#include "greengrass/rpc.h"

namespace {

using namespace millwright;
using namespace millwright::greengrass;

void PutNumber(os::Bytes& at, size_t where, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) at[where + i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

// A fuzzer does not find checksums by itself: here the input's are made right.
void Mend(os::Bytes& bytes) {
  if (bytes.size() < kFrameOverhead) return;
  PutNumber(bytes, 0, static_cast<uint32_t>(bytes.size()));
  PutNumber(bytes, 8, Crc32(std::span(bytes).first(8)));
  PutNumber(bytes, bytes.size() - 4, Crc32(std::span(bytes).first(bytes.size() - 4)));
}

void Feed(std::span<const std::byte> bytes, size_t piece) {
  FrameDecoder decoder;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    decoder.Push(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    while (true) {
      const auto frame = decoder.Next();
      if (!frame) return;
      if (!*frame) break;
      const auto again = EncodeFrame(**frame);
      if (again) {
        FrameDecoder second;
        second.Push(*again);
        const auto back = second.Next();
        MW_CHECK(back && *back && **back == **frame);
      }
      const auto message = FromFrame(**frame);
      if (message) static_cast<void>(ReadComponentSettings(message->payload).has_value());
    }
    MW_CHECK(decoder.buffered() <= kFrameBytesMax + piece);
  }
}

}  // namespace

// The input: how large the pieces are, whether the checksums are mended, then the stream.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const auto* first = reinterpret_cast<const std::byte*>(data) + 2;
  os::Bytes bytes(first, first + (size - 2));
  if ((data[1] & 1) != 0) Mend(bytes);
  Feed(bytes, size_t{data[0]} + 1);
  return 0;
}
