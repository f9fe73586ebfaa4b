// Passwords as Mosquitto keeps them.
#pragma once

#include <string>
#include <string_view>

namespace millwright::crypto {

/// "$7$<rounds>$<salt>$<digest>": PBKDF2 with HMAC-SHA-512 and a fresh salt, as mosquitto_passwd
/// writes it. Few rounds, because the broker counts them while readings wait: only for passwords
/// that nobody could guess, from RandomHex.
[[nodiscard]] std::string MosquittoPassword(std::string_view password);

}  // namespace millwright::crypto
