#include "crypto/password.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

#include "core/check.h"

namespace millwright::crypto {
namespace {

constexpr int kRounds = 101;  // mosquitto_passwd's own number
constexpr size_t kSaltBytes = 12;
constexpr size_t kDigestBytes = 64;

template <size_t kSize>
std::string Base64(const std::array<unsigned char, kSize>& bytes) {
  std::array<unsigned char, (kSize + 2) / 3 * 4 + 1> text{};
  const int length = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(kSize));
  return std::string(reinterpret_cast<const char*>(text.data()), static_cast<size_t>(length));
}

}  // namespace

std::string MosquittoPassword(std::string_view password) {
  std::array<unsigned char, kSaltBytes> salt{};
  std::array<unsigned char, kDigestBytes> digest{};
  MW_CHECK(RAND_bytes(salt.data(), static_cast<int>(salt.size())) == 1);
  MW_CHECK(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt.data(),
                             static_cast<int>(salt.size()), kRounds, EVP_sha512(),
                             static_cast<int>(digest.size()), digest.data()) == 1);
  return "$7$" + std::to_string(kRounds) + "$" + Base64(salt) + "$" + Base64(digest);
}

}  // namespace millwright::crypto
