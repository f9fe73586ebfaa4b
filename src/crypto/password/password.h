// Passwords of people, as argon2id (RFC 9106, by libsodium).
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::crypto {

inline constexpr size_t kPasswordMin = 12;  // NIST SP 800-63B asks for 8; long ones need no rules
inline constexpr size_t kPasswordMax = 256;

/// kInvalid: too short or too long. What else is in it is a person's own matter.
[[nodiscard]] Result<void> CheckPassword(std::string_view password);
/// A text that holds cost, salt and digest. kExhausted where there is no memory for it (64 MiB).
[[nodiscard]] Result<std::string> HashPassword(std::string_view password);
/// Takes the same time whether it fits or not; false also for a text that is no hash.
[[nodiscard]] bool PasswordFits(const std::string& kept, std::string_view password);

}  // namespace millwright::crypto
