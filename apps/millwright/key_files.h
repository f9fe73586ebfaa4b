// Key files on a stick or on the hub: PEM, private (PKCS #8, encrypted or not) or public.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/result.h"
#include "crypto/sign.h"

namespace millwright::cli {

struct KeyFile {
  std::string path;
  crypto::PublicKey open;
  std::optional<crypto::PrivateKey> secret;  // where the file holds one

  [[nodiscard]] std::string Id() const;
};

/// The first line of `passphrase_file`; "" where no file is named. kInvalid for an empty one.
[[nodiscard]] Result<std::string> ReadPassphrase(const std::string& passphrase_file);

/// Errors name the file.
[[nodiscard]] Result<KeyFile> ReadKeyFile(const std::string& path, const std::string& passphrase);
[[nodiscard]] Result<std::vector<KeyFile>> ReadKeyFiles(const std::vector<std::string>& paths,
                                                        const std::string& passphrase);

/// Writes `path` (only its owner may read it) and `path`.pub. kConflict where one is there already.
[[nodiscard]] Result<KeyFile> MakeKeyFile(const std::string& path, crypto::Scheme scheme,
                                          const std::string& passphrase);

}  // namespace millwright::cli
