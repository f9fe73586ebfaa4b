// SHA-256, the one hash that names models, bundles and data sets. FIPS 180-4, computed by OpenSSL.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::crypto {

/// Hashes a stream piece by piece. Not thread-safe; movable.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void Update(std::span<const std::byte> bytes);
  void Update(std::string_view text);
  /// 64 lower-case hex digits over everything so far; starts anew afterwards.
  [[nodiscard]] std::string TakeHex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Hex digest of `bytes`.
[[nodiscard]] std::string Sha256Hex(std::span<const std::byte> bytes);
[[nodiscard]] std::string Sha256Hex(std::string_view text);

/// Hex digest of a file, read in pieces: size does not matter. kNotFound or kIo.
[[nodiscard]] Result<std::string> Sha256HexOfFile(const std::string& path);

/// True for exactly 64 lower-case hex digits.
[[nodiscard]] bool IsSha256Hex(std::string_view text);

}  // namespace millwright::crypto
