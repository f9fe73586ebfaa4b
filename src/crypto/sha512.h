// SHA-512, which some TUF repositories name their files by. FIPS 180-4, computed by OpenSSL.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace millwright::crypto {

/// 128 lower-case hex digits.
[[nodiscard]] std::string Sha512Hex(std::span<const std::byte> bytes);

}  // namespace millwright::crypto
