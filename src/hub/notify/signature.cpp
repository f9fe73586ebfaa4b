#include "hub/notify/signature.h"

#include "crypto/hmac.h"

namespace millwright::hub::notify {

std::string SignatureOf(std::string_view secret, Nanos now, std::string_view body) {
  const std::string seconds = std::to_string(now / kSecond);
  return "t=" + seconds + ",v1=" + crypto::HmacSha256Hex(secret, seconds + "." + std::string(body));
}

}  // namespace millwright::hub::notify
