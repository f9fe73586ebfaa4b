// HMAC-SHA256: a message's seal under a secret that both sides know. RFC 2104, computed by OpenSSL.
#pragma once

#include <string>
#include <string_view>

namespace millwright::crypto {

/// 64 lower-case hex digits. `key` may be of any length; RFC 2104 asks for 32 bytes or more.
[[nodiscard]] std::string HmacSha256Hex(std::string_view key, std::string_view message);

}  // namespace millwright::crypto
