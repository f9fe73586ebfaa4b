#include "defender/cbor_shape.h"

#include <array>
#include <cstdint>
#include <optional>

namespace millwright::defender {
namespace {

constexpr uint8_t kIndefinite = 31;

class Scanner {
 public:
  explicit Scanner(std::span<const std::byte> bytes) : bytes_(bytes) {}

  Result<void> Run() {
    for (bool begun = false; !begun || depth_ > 0; begun = true) MW_TRY(Item());
    if (at_ != bytes_.size()) return Wrong("bytes follow its end");
    return {};
  }

 private:
  static tl::unexpected<Error> Wrong(const char* what) {
    return Fail(Errc::kInvalid, std::string("Malformed metrics report: the CBOR ") + what);
  }

  // The length or value that follows the first byte; nothing where the bytes end before it.
  std::optional<uint64_t> Argument(uint8_t info) {
    if (info < 24) return info;
    const size_t size = size_t{1} << (info - 24);
    if (info > 27 || bytes_.size() - at_ < size) return std::nullopt;
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i)
      value = (value << 8) | std::to_integer<uint64_t>(bytes_[at_++]);
    return value;
  }

  // One element of what is open is done, and what that completes too.
  void Done() {
    while (depth_ > 0 && left_[depth_ - 1] != kOpen && --left_[depth_ - 1] == 0) --depth_;
  }

  Result<void> Open(uint64_t elements) {
    if (elements == 0) return Done(), Result<void>();
    if (depth_ == kDepthMax) return Wrong("nests too deep");
    if (elements != kOpen && elements > bytes_.size()) return Wrong("claims more than it holds");
    left_[depth_++] = elements;
    return {};
  }

  Result<void> Item() {
    if (at_ >= bytes_.size()) return Wrong("is cut short");
    const auto first = std::to_integer<uint8_t>(bytes_[at_++]);
    const auto major = static_cast<uint8_t>(first >> 5), info = static_cast<uint8_t>(first & 31);
    if (first == 0xFF) {  // break
      if (depth_ == 0 || left_[depth_ - 1] != kOpen) return Wrong("ends what is not open");
      --depth_;
      return Done(), Result<void>();
    }
    if (info == kIndefinite) {
      if (major == 4 || major == 5) return Open(kOpen);
      return Wrong("has text in pieces");
    }
    const auto argument = Argument(info);
    if (!argument) return Wrong("is cut short");
    switch (major) {
      case 2:
      case 3:
        if (bytes_.size() - at_ < *argument) return Wrong("is cut short");
        at_ += *argument;
        break;
      case 4:
        return Open(*argument);
      case 5:
        if (*argument > bytes_.size()) return Wrong("claims more than it holds");
        return Open(*argument * 2);
      case 6:
        return Wrong("has tags");
      default:
        break;  // numbers and simple values
    }
    return Done(), Result<void>();
  }

  static constexpr uint64_t kOpen = UINT64_MAX;  // until a break
  std::span<const std::byte> bytes_;
  size_t at_ = 0, depth_ = 0;
  std::array<uint64_t, kDepthMax> left_{};  // elements still to come, per level
};

}  // namespace

Result<void> CheckCborShape(std::span<const std::byte> bytes) { return Scanner(bytes).Run(); }

}  // namespace millwright::defender
