#include "crypto/random.h"

#include <openssl/rand.h>

#include <vector>

#include "core/check.h"
#include "crypto/hex.h"

namespace millwright::crypto {

std::string RandomHex(size_t bytes) {
  std::vector<std::byte> raw(bytes);
  MW_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(raw.data()), static_cast<int>(bytes)) == 1);
  return ToHex(raw);
}

}  // namespace millwright::crypto
