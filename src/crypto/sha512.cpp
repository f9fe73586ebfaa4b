#include "crypto/sha512.h"

#include <openssl/evp.h>

#include <array>

#include "core/check.h"
#include "crypto/hex.h"

namespace millwright::crypto {

std::string Sha512Hex(std::span<const std::byte> bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  MW_CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha512(), nullptr) ==
           1);
  return ToHex(std::as_bytes(std::span(digest).first(size)));
}

}  // namespace millwright::crypto
