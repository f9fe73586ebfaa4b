// Secrets: random bytes from the system's source, as text.
#pragma once

#include <cstddef>
#include <string>

namespace millwright::crypto {

/// Lower-case hex digits of `bytes` fresh random bytes. A system without randomness ends the
/// program: nothing it could go on with would be secret.
[[nodiscard]] std::string RandomHex(size_t bytes);

}  // namespace millwright::crypto
