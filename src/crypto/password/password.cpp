#include "crypto/password/password.h"

#include <sodium.h>

#include <array>

namespace millwright::crypto {

Result<void> CheckPassword(std::string_view password) {
  if (password.size() < kPasswordMin)
    return Fail(Errc::kInvalid,
                "a password must have at least " + std::to_string(kPasswordMin) + " characters");
  if (password.size() > kPasswordMax)
    return Fail(Errc::kInvalid,
                "a password must have at most " + std::to_string(kPasswordMax) + " bytes");
  return {};
}

Result<std::string> HashPassword(std::string_view password) {
  MW_TRY(CheckPassword(password));
  if (sodium_init() < 0) return Fail(Errc::kInternal, "libsodium does not start");
  std::array<char, crypto_pwhash_STRBYTES> out{};
  if (crypto_pwhash_str(out.data(), password.data(), password.size(),
                        crypto_pwhash_OPSLIMIT_INTERACTIVE,
                        crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
    return Fail(Errc::kExhausted, "no memory to hash a password");
  return std::string(out.data());
}

bool PasswordFits(const std::string& kept, std::string_view password) {
  if (sodium_init() < 0 || password.size() > kPasswordMax) return false;
  return crypto_pwhash_str_verify(kept.c_str(), password.data(), password.size()) == 0;
}

}  // namespace millwright::crypto
