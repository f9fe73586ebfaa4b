// OpenSSL's objects behind sign.h; included by this room's .cpp files only.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

#include "crypto/sign.h"

namespace millwright::crypto {

struct PublicKey::Handle {
  EVP_PKEY* key = nullptr;
  explicit Handle(EVP_PKEY* taken) : key(taken) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() { EVP_PKEY_free(key); }
};

template <auto kFree>
struct Freed {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX_free>>;

/// What the rest of the room may do with keys: reach OpenSSL's object, and wrap one.
struct KeyAccess {
  [[nodiscard]] static EVP_PKEY* Of(const PublicKey& key) { return key.handle_->key; }
  [[nodiscard]] static EVP_PKEY* Of(const PrivateKey& key) { return key.handle_->key; }
  /// Takes the key over, of the scheme that its kind signs with by default.
  [[nodiscard]] static Result<PublicKey> Take(EVP_PKEY* key);
};

/// What OpenSSL said last; its error queue is empty afterwards.
[[nodiscard]] std::string LastOpenSslError();
/// A BIO that reads `text`, which must outlive it.
[[nodiscard]] Bio ReadingBio(std::string_view text);
[[nodiscard]] std::string TakeText(BIO* bio);

/// The scheme that a key of this kind signs with by default; kUnsupported where there is none.
[[nodiscard]] Result<Scheme> DefaultScheme(EVP_PKEY* key);
/// kInvalid where the key is of another kind or size than the scheme asks for.
[[nodiscard]] Result<void> CheckFits(EVP_PKEY* key, Scheme scheme);
/// Prepares signing (or verifying) with the scheme's digest and padding; false where OpenSSL
/// refuses.
[[nodiscard]] bool Prepare(EVP_MD_CTX* context, EVP_PKEY* key, Scheme scheme, bool sign);

}  // namespace millwright::crypto
