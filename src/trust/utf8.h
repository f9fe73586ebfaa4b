// UTF-8, strictly: no overlong forms, no surrogates, nothing beyond U+10FFFF (RFC 3629).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace millwright::trust {

/// The code point that begins at `at`, which moves behind it; nullopt where it is malformed.
[[nodiscard]] std::optional<char32_t> NextCodePoint(std::string_view text, size_t& at);

void AppendUtf8(char32_t code_point, std::string& out);

}  // namespace millwright::trust
