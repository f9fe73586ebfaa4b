// Bytes as lower-case hex digits and back.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millwright::crypto {

[[nodiscard]] std::string ToHex(std::span<const std::byte> bytes);
/// Digits of either case; nullopt for an odd number of digits or anything else.
[[nodiscard]] std::optional<std::vector<std::byte>> FromHex(std::string_view text);

}  // namespace millwright::crypto
