#include "wire/sample_block.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <string_view>

namespace millwright::wire {
namespace {

// The layout is read and written byte by byte below; floats are copied as they lie.
static_assert(std::endian::native == std::endian::little, "sample blocks are little endian");

enum WireType : uint32_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

tl::unexpected<Error> BadBlock(std::string_view what) {
  return Fail(Errc::kInvalid, "sample block: " + std::string(what));
}

// Reads protobuf's wire format (protobuf.dev, "Encoding"). Every take fails at the end of the
// bytes.
class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : rest_(bytes) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }

  bool Varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      const auto byte = static_cast<uint64_t>(rest_[0]);
      rest_ = rest_.subspan(1);
      if (shift == 63 && byte > 1) return false;
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  template <typename T>
  bool Fixed(T& value) {
    if (rest_.size() < sizeof value) return false;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_ = rest_.subspan(sizeof value);
    return true;
  }
  bool Bytes(std::span<const std::byte>& bytes) {
    uint64_t length = 0;
    if (!Varint(length) || length > rest_.size()) return false;
    bytes = rest_.first(static_cast<size_t>(length));
    rest_ = rest_.subspan(static_cast<size_t>(length));
    return true;
  }
  bool Tag(uint32_t& field, uint32_t& type) {
    uint64_t tag = 0;
    if (!Varint(tag) || tag > 0xFFFFFFFF || (tag >> 3) == 0) return false;
    field = static_cast<uint32_t>(tag >> 3);
    type = static_cast<uint32_t>(tag & 7);
    return true;
  }
  bool Skip(uint32_t type) {
    uint64_t number = 0;
    uint32_t word = 0;
    std::span<const std::byte> bytes;
    if (type == kVarint) return Varint(number);
    if (type == kFixed64) return Fixed(number);
    if (type == kLength) return Bytes(bytes);
    return type == kFixed32 && Fixed(word);  // groups are not proto3
  }

 private:
  std::span<const std::byte> rest_;
};

// Float32Samples and Int16Samples: field 1 holds the values, field 2 the scale. The values must
// come in one piece.
Result<void> ReadSamples(std::span<const std::byte> message, bool is_float,
                         std::span<const std::byte>& data, float& scale) {
  Cursor cursor(message);
  while (!cursor.empty()) {
    uint32_t field = 0;
    uint32_t type = 0;
    if (!cursor.Tag(field, type)) return BadBlock("a tag is broken");
    if (field == 1 && type == kLength) {
      if (!data.empty()) return BadBlock("its values come in several pieces");
      if (!cursor.Bytes(data)) return BadBlock("its values are cut off");
    } else if (field == 1) {
      return BadBlock("its values are not packed");
    } else if (field == 2 && type == kFixed32 && !is_float) {
      if (!cursor.Fixed(scale)) return BadBlock("its scale is cut off");
    } else if (!cursor.Skip(type)) {
      return BadBlock("a field is broken");
    }
  }
  return {};
}

void PutVarint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  out.push_back(static_cast<char>(value));
}

template <typename T>
void PutFixed(std::string& out, uint32_t field, T value) {
  PutVarint(out, (field << 3) | (sizeof value == 8 ? kFixed64 : kFixed32));
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void PutHeader(std::string& out, const SampleBlockHeader& header) {
  out.clear();
  PutFixed(out, 1, header.ts);
  PutFixed(out, 2, header.rate_hz);
}

void PutTrailer(std::string& out, const SampleBlockHeader& header) {
  if (header.seq != 0) {
    PutVarint(out, (5U << 3) | kVarint);
    PutVarint(out, header.seq);
  }
  if (header.sent != 0) PutFixed(out, 6, header.sent);
}

size_t VarintLength(uint64_t value) {
  return 1 + static_cast<size_t>((std::bit_width(value | 1) - 1) / 7);
}

}  // namespace

bool SampleBlockView::CopyTo(std::span<float> out) const {
  if (is_float_) {
    std::memcpy(out.data(), data_.data(), data_.size());
  } else {
    for (size_t i = 0; i < count(); ++i) {
      int16_t stored = 0;
      std::memcpy(&stored, data_.data() + 2 * i, 2);
      out[i] = static_cast<float>(stored) * scale_;
    }
  }
  // A sum over the exponents' all-ones pattern: one branch for the block instead of one per sample.
  uint32_t bad = 0;
  for (size_t i = 0; i < count(); ++i)
    bad |= static_cast<uint32_t>((std::bit_cast<uint32_t>(out[i]) & 0x7F800000U) == 0x7F800000U);
  return bad == 0;
}

Result<SampleBlockView> DecodeSampleBlock(std::span<const std::byte> payload) {
  SampleBlockView block;
  Cursor cursor(payload);
  while (!cursor.empty()) {
    uint32_t field = 0;
    uint32_t type = 0;
    if (!cursor.Tag(field, type)) return BadBlock("a tag is broken");
    bool whole = true;
    if (field == 1 && type == kFixed64) {
      whole = cursor.Fixed(block.header_.ts);
    } else if (field == 2 && type == kFixed64) {
      whole = cursor.Fixed(block.header_.rate_hz);
    } else if ((field == 3 || field == 4) && type == kLength) {
      std::span<const std::byte> message;
      if (!block.data_.empty()) return BadBlock("two sets of samples");
      if (!cursor.Bytes(message)) return BadBlock("its samples are cut off");
      block.is_float_ = field == 3;
      block.scale_ = block.is_float_ ? 1.0F : 0.0F;  // proto3: an absent scale is 0
      MW_TRY(ReadSamples(message, block.is_float_, block.data_, block.scale_));
    } else if (field == 5 && type == kVarint) {
      whole = cursor.Varint(block.header_.seq);
    } else if (field == 6 && type == kFixed64) {
      whole = cursor.Fixed(block.header_.sent);
    } else {
      whole = cursor.Skip(type);
    }
    if (!whole) return BadBlock("field " + std::to_string(field) + " is cut off or broken");
  }
  const SampleBlockHeader& header = block.header_;
  if (header.ts < 0 || header.sent < 0) return BadBlock("a time before 1970");
  if (!(header.rate_hz > 0) || header.rate_hz > kSampleRateMax) return BadBlock("rate_hz is none");
  if (block.data_.empty() || block.data_.size() % (block.is_float_ ? 4 : 2) != 0)
    return BadBlock("no whole samples");
  if (block.count() > kBlockSamplesMax) return BadBlock("too many samples");
  if (!std::isfinite(block.scale_)) return BadBlock("scale is not finite");
  return block;
}

void EncodeSampleBlock(const SampleBlockHeader& header, std::span<const float> samples,
                       std::string& out) {
  const size_t bytes = samples.size_bytes();
  PutHeader(out, header);
  PutVarint(out, (3U << 3) | kLength);
  PutVarint(out, 1 + VarintLength(bytes) + bytes);
  PutVarint(out, (1U << 3) | kLength);
  PutVarint(out, bytes);
  out.append(reinterpret_cast<const char*>(samples.data()), bytes);
  PutTrailer(out, header);
}

void EncodeSampleBlock(const SampleBlockHeader& header, std::span<const int16_t> samples,
                       float scale, std::string& out) {
  const size_t bytes = samples.size_bytes();
  PutHeader(out, header);
  PutVarint(out, (4U << 3) | kLength);
  PutVarint(out, 1 + VarintLength(bytes) + bytes + 5);
  PutVarint(out, (1U << 3) | kLength);
  PutVarint(out, bytes);
  out.append(reinterpret_cast<const char*>(samples.data()), bytes);
  PutFixed(out, 2, scale);
  PutTrailer(out, header);
}

}  // namespace millwright::wire
