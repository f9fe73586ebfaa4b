#include "crypto/hmac.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <span>

#include "core/check.h"
#include "crypto/hex.h"

namespace millwright::crypto {

std::string HmacSha256Hex(std::string_view key, std::string_view message) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  MW_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                digest.data(), &size) != nullptr);
  return ToHex(std::as_bytes(std::span(digest).first(size)));
}

}  // namespace millwright::crypto
