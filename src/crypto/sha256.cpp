#include "crypto/sha256.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include "core/check.h"
#include "crypto/hex.h"

namespace millwright::crypto {
namespace {

constexpr size_t kPieceBytes = size_t{1} << 20;

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  // SHA-256 is in every OpenSSL; only a process out of memory fails here.
  void Begin() { MW_CHECK(EVP_DigestInit_ex(context, EVP_sha256(), nullptr) == 1); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) { state_->Begin(); }
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::Update(std::span<const std::byte> bytes) {
  MW_CHECK(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}

void Sha256::Update(std::string_view text) { Update(std::as_bytes(std::span(text))); }

std::string Sha256::TakeHex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  MW_CHECK(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1);
  state_->Begin();
  return ToHex(std::as_bytes(std::span(digest).first(size)));
}

std::string Sha256Hex(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.Update(bytes);
  return hash.TakeHex();
}

std::string Sha256Hex(std::string_view text) { return Sha256Hex(std::as_bytes(std::span(text))); }

Result<std::string> Sha256HexOfFile(const std::string& path) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"),
                                                       &std::fclose);
  if (!file) {
    return Fail(errno == ENOENT ? Errc::kNotFound : Errc::kIo,
                "sha256: " + path + ": " + std::strerror(errno));
  }
  Sha256 hash;
  std::vector<std::byte> piece(kPieceBytes);
  while (const size_t got = std::fread(piece.data(), 1, piece.size(), file.get()))
    hash.Update(std::span(piece).first(got));
  if (std::ferror(file.get()) != 0) return Fail(Errc::kIo, "sha256: " + path + ": read error");
  return hash.TakeHex();
}

bool IsSha256Hex(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

}  // namespace millwright::crypto
