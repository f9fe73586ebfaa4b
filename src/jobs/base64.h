// Base64 as JSON carries bytes: RFC 4648, section 4, with padding.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millwright::jobs {

[[nodiscard]] std::string ToBase64(std::span<const std::byte> bytes);
/// Nothing where a character or the padding is wrong.
[[nodiscard]] std::optional<std::vector<std::byte>> FromBase64(std::string_view text);

}  // namespace millwright::jobs
