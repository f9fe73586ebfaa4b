// Little-endian numbers out of hostile bytes: reading beyond the end gives zeros and is remembered,
// so that a structure is read in one go and judged once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace millwright::importer {

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes, uint64_t at = 0) : bytes_(bytes) { Seek(at); }

  void Seek(uint64_t at) {
    ok_ = ok_ && at <= bytes_.size();
    at_ = ok_ ? static_cast<size_t>(at) : bytes_.size();
  }
  void Skip(uint64_t count) { (void)Take(count); }
  /// Empty where fewer are left.
  [[nodiscard]] std::span<const std::byte> Take(uint64_t count) {
    ok_ = ok_ && count <= bytes_.size() - at_;
    if (!ok_) {
      at_ = bytes_.size();  // so that whoever reads on while something is left comes to an end
      return {};
    }
    const auto out = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return out;
  }
  /// `width` is 1 to 8 bytes.
  [[nodiscard]] uint64_t Number(size_t width) {
    uint64_t out = 0;
    unsigned shift = 0;
    for (const std::byte b : Take(width)) {
      out |= std::to_integer<uint64_t>(b) << shift;
      shift += 8;
    }
    return out;
  }
  [[nodiscard]] bool TakeText(std::string_view text) {
    const auto got = Take(text.size());
    return std::string_view(reinterpret_cast<const char*>(got.data()), got.size()) == text;
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] size_t at() const { return at_; }
  [[nodiscard]] size_t left() const { return bytes_.size() - at_; }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace millwright::importer
