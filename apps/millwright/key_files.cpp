#include "key_files.h"

#include "os/files.h"
#include "trust/key.h"

namespace millwright::cli {
namespace {

constexpr size_t kKeyBytesMax = 65'536;

auto FailNamed(const std::string& path, const Error& error) {
  return Fail(error.code, path + ": " + error.what);
}

}  // namespace

std::string KeyFile::Id() const { return trust::KeyId(trust::DescribeKey(open)); }

Result<std::string> ReadPassphrase(const std::string& passphrase_file) {
  if (passphrase_file.empty()) return std::string();
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(passphrase_file, kKeyBytesMax));
  const std::string_view text = os::AsText(bytes);
  std::string line(text.substr(0, text.find_first_of("\r\n")));
  if (line.empty()) return Fail(Errc::kInvalid, passphrase_file + ": its first line is empty");
  return line;
}

Result<KeyFile> ReadKeyFile(const std::string& path, const std::string& passphrase) {
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(path, kKeyBytesMax));
  const std::string_view pem = os::AsText(bytes);
  if (pem.find("PRIVATE KEY") == std::string_view::npos) {
    auto open = crypto::PublicKey::FromPem(pem);
    if (!open) return FailNamed(path, open.error());
    return KeyFile{.path = path, .open = std::move(*open), .secret = std::nullopt};
  }
  auto secret = crypto::PrivateKey::FromPem(pem, passphrase);
  if (!secret) return FailNamed(path, secret.error());
  auto open = secret->Public();
  return KeyFile{.path = path, .open = std::move(open), .secret = std::move(*secret)};
}

Result<std::vector<KeyFile>> ReadKeyFiles(const std::vector<std::string>& paths,
                                          const std::string& passphrase) {
  std::vector<KeyFile> keys;
  for (const std::string& path : paths) {
    MW_TRY(KeyFile key, ReadKeyFile(path, passphrase));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<KeyFile> MakeKeyFile(const std::string& path, crypto::Scheme scheme,
                            const std::string& passphrase) {
  os::RealFiles files;
  for (const std::string& each : {path, path + ".pub"})
    if (files.Exists(each)) return Fail(Errc::kConflict, each + ": is there already");
  MW_TRY(crypto::PrivateKey key, crypto::PrivateKey::Generate(scheme));
  MW_TRY(const std::string pem, key.Pem(passphrase));
  MW_TRY(os::WriteSecret(files, path, os::AsBytes(pem)));
  MW_TRY(files.WriteDurably(path + ".pub", os::AsBytes(key.Public().Pem())));
  auto open = key.Public();
  return KeyFile{.path = path, .open = std::move(open), .secret = std::move(key)};
}

}  // namespace millwright::cli
