#include "crypto/sign.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "crypto/hex.h"
#include "crypto/sha512.h"

namespace millwright::crypto {
namespace {

constexpr Scheme kAll[] = {Scheme::kEd25519, Scheme::kEcdsaP256, Scheme::kEcdsaP384,
                           Scheme::kRsaPss, Scheme::kRsaPkcs1};

std::vector<std::byte> Hex(std::string_view text) { return FromHex(text).value(); }

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// RSA keys take long to make: one for each scheme, and only where a test asks.
const PrivateKey& KeyFor(Scheme scheme) {
  static std::map<Scheme, PrivateKey> keys;
  const auto found = keys.find(scheme);
  if (found != keys.end()) return found->second;
  return keys.emplace(scheme, PrivateKey::Generate(scheme).value()).first->second;
}

TEST(SignTest, Ed25519IsThatOfRfc8032) {
  // RFC 8032, section 7.1, tests 1 and 2.
  const auto empty = PublicKey::FromEd25519(
                         Hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
                         .value();
  EXPECT_TRUE(
      empty.Verify({}, Hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
                           "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100"
                           "b")));
  const auto one = PublicKey::FromEd25519(
                       Hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
                       .value();
  EXPECT_TRUE(
      one.Verify(Hex("72"), Hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223eb"
                                "db69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d2"
                                "91612bb0c00")));
  EXPECT_FALSE(one.Verify({}, Hex("92a009a9")));
}

// Made by PyPI securesystemslib 1.6.0 (CryptoSigner.generate_ecdsa, generate_rsa), message below.
constexpr char kMessage[] = "the bearing of pump 4 is worn";

TEST(SignTest, EcdsaIsThatOfSecuresystemslib) {
  const auto key = PublicKey::FromPem(R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEo9K+ZAxGEyyQB2i6Mw/fGDoYH8e4
KeJcZq92lIHa15EAuWB98iRMAYLWAtSk93FozeR6t+6//Zww/yBVmVQR3w==
-----END PUBLIC KEY-----
)")
                       .value();
  EXPECT_EQ(key.scheme(), Scheme::kEcdsaP256);
  EXPECT_TRUE(
      key.Verify(Bytes(kMessage), Hex("304502206c2366d2d7ea52956d9f4e71aaf88e67cf354d617a411bcfd6df"
                                      "c74d449f26c10221009585359b86125f026554cf1d69d4ae77f4db6c30dd"
                                      "439bc8e9afff78154ac47b")));
}

TEST(SignTest, RsaPssIsThatOfSecuresystemslib) {
  const auto key = PublicKey::FromPem(R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtnPseiOoOBa9BZ9sm3CW
hHI+mpmqxsRWe8g9fJUxtooh5sP0aPblIwr0AXw40iwhJ5Jeo/gls/J+LNIHvpX4
ppTmyIBBQ4HVI6Q1T3iJi5nkwYDrNkJ5pc9XVpAyf0euJLTT1PyE5H8tPmholxMY
nAP47jqT05E/wcFOkzQHmOqqzj/EcsHu+G2AQy05a8X7xG5qUebxhAc7BQRRr8Ms
V4//V7HGp27ged4A10AKSibHlaLMMh2KskHZeHgPoQ1Cy0RhL7I3FVKqleXZT3nE
jmoxYt1zobMDGQ0JSgIQ9Nk2A426sa0pidqdKYf7oDCP5sXSvS7CUxo4+zSoww92
3wIDAQAB
-----END PUBLIC KEY-----
)")
                       .value();
  EXPECT_EQ(key.scheme(), Scheme::kRsaPss);
  EXPECT_TRUE(key.Verify(
      Bytes(kMessage),
      Hex("20de6168d2b46e907b027ade4b2db2081b38281273eb652579f4977b498504ba9efc917eb6faacf54d27902b"
          "68965b4964868e1d317930fb829172ded0dda8d2b69db984423ac9b00f4b28b51b890bc32fdaabbdb4d586a4"
          "a282d60871000c7b82294ea97c7c0d39f132e8724e0a8b3bda2fdbb0d63a4f7b4406fe87d144f8695cd44674"
          "1a865fc648c7aefbe6667502c5c3e1c886b2c2d472bae8fe62cead86cdb785295302eb64cde9a4e77ab712ef"
          "77c91bc649d7e4e9ec990fe0447012d6a3bf849db4310863dcbdab757a8bd113ea1d07525ccce8a732ea4b14"
          "2c1309255c5f5ff752e150d9ed2017988cb302f4db026d69a70c4b1a878f4955e03bad6d")));
}

TEST(SignTest, EverySchemeVerifiesWhatItSignedAndNothingElse) {
  for (const Scheme scheme : kAll) {
    SCOPED_TRACE(Name(scheme));
    const PrivateKey& key = KeyFor(scheme);
    const PublicKey open = key.Public();
    auto signature = key.Sign(Bytes(kMessage)).value();
    EXPECT_TRUE(open.Verify(Bytes(kMessage), signature));
    EXPECT_FALSE(open.Verify(Bytes("the bearing of pump 5 is worn"), signature));
    EXPECT_FALSE(open.Verify(Bytes(kMessage), {}));
    signature.back() ^= std::byte{1};
    EXPECT_FALSE(open.Verify(Bytes(kMessage), signature));
    const auto other = PrivateKey::Generate(Scheme::kEd25519).value();
    EXPECT_FALSE(other.Public().Verify(Bytes(kMessage), key.Sign(Bytes(kMessage)).value()));
  }
}

TEST(SignTest, KeysGoThroughPemAndBack) {
  for (const Scheme scheme : kAll) {
    SCOPED_TRACE(Name(scheme));
    const PrivateKey& key = KeyFor(scheme);
    const auto again = PrivateKey::FromPem(key.Pem().value()).value();
    EXPECT_TRUE(again.Public().SameKey(key.Public()));
    const auto open = PublicKey::FromPem(key.Public().Pem(), scheme).value();
    EXPECT_TRUE(open.Verify(Bytes(kMessage), key.Sign(Bytes(kMessage)).value()));
    EXPECT_TRUE(open.SameKey(key.Public()));
  }
}

TEST(SignTest, APassphraseGuardsAPrivateKey) {
  const std::string pem = KeyFor(Scheme::kEd25519).Pem("open sesame").value();
  EXPECT_NE(pem.find("BEGIN ENCRYPTED PRIVATE KEY"), std::string::npos);
  EXPECT_TRUE(PrivateKey::FromPem(pem, "open sesame").has_value());
  EXPECT_EQ(PrivateKey::FromPem(pem, "sesame").error().what,
            "private key: wrong passphrase or damaged");
  EXPECT_EQ(PrivateKey::FromPem(pem).error().what,
            "private key: encrypted, and no passphrase was given");
}

TEST(SignTest, AKeyOfAnotherKindIsRefused) {
  const std::string pem = KeyFor(Scheme::kEcdsaP256).Public().Pem();
  EXPECT_FALSE(PublicKey::FromPem(pem, Scheme::kEcdsaP384).has_value());
  EXPECT_FALSE(PublicKey::FromPem(pem, Scheme::kRsaPss).has_value());
  EXPECT_FALSE(PublicKey::FromPem("no key", Scheme::kRsaPss).has_value());
  EXPECT_FALSE(PublicKey::FromEd25519(Hex("00")).has_value());
  EXPECT_FALSE(PrivateKey::FromPem(pem).has_value());
}

TEST(SignTest, AShortRsaKeyIsRefused) {
  // openssl genrsa 1024 | openssl rsa -pubout
  const auto key = PublicKey::FromPem(R"(-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQC0dogr5icP9oxx9qrg7cutVg9R
r0YW0brtKHwZsudsoidBwlYpijBsRTe0a50wvQwsGtDKnzgdlBBwfZ8Y18mx/Pis
uCE4llhkDOqDSfZCc75Z6mzRAtlWbnfEmJ98gW11nNFj+z4x9QY8qgsY2XEPgcaj
8C6ezhbdT1OZWjCf/wIDAQAB
-----END PUBLIC KEY-----
)");
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().what, "key: 1024 bits; an RSA key has 2048 to 8192");
}

TEST(SignTest, SchemesHaveTheNamesOfTuf) {
  for (const Scheme scheme : kAll) EXPECT_EQ(SchemeOf(Name(scheme)), scheme);
  EXPECT_EQ(SchemeOf("rsa"), std::nullopt);
}

TEST(HexTest, GoesBothWays) {
  EXPECT_EQ(ToHex(Hex("00ff7E")), "00ff7e");
  EXPECT_FALSE(FromHex("0").has_value());
  EXPECT_FALSE(FromHex("0g").has_value());
}

TEST(Sha512Test, MatchesFipsExample) {
  EXPECT_EQ(
      Sha512Hex(Bytes("abc")),
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a"
      "3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

}  // namespace
}  // namespace millwright::crypto
