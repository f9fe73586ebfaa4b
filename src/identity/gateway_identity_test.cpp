#include "identity/gateway_identity.h"

#include <gtest/gtest.h>

namespace millwright::identity {
namespace {

class GatewayIdentityTest : public ::testing::Test {
 protected:
  GatewayIdentityTest()
      : authority_(*crypto::Authority::Make(
            {.name = "fleet", .purpose = crypto::Purpose::kAuthority, .until = kSecond})) {}
  [[nodiscard]] crypto::Certificate CertificateFor(const crypto::PrivateKey& key) const {
    return *authority_.Issue(key.Public(), {.name = "gw-1", .until = kSecond});
  }

  os::FakeFiles files_;
  GatewayIdentity identity_{files_, "identity"};
  crypto::Authority authority_;
};

TEST_F(GatewayIdentityTest, AnInterruptedRequestIsRepeatedWithTheSameKey) {
  const auto first = identity_.NextKey();
  files_.PowerCut();
  const auto second = identity_.NextKey();
  ASSERT_TRUE(first && second);
  EXPECT_TRUE(first->Public().SameKey(second->Public()));
}

TEST_F(GatewayIdentityTest, KeyAndCertificateChangeTogether) {
  EXPECT_EQ(identity_.Read().error().code, Errc::kNotFound);
  for (int i = 0; i < 2; ++i) {
    const auto key = identity_.NextKey();
    const auto certificate = CertificateFor(*key);
    ASSERT_TRUE(identity_.Adopt(*key, certificate));
    files_.PowerCut();
    const auto read = identity_.Read();
    ASSERT_TRUE(read) << read.error().what;
    EXPECT_EQ(read->certificate.Serial(), certificate.Serial());
    EXPECT_TRUE(read->key.Public().SameKey(key->Public()));
    // The cut may have brought the file of the request back: its key is in use by now.
    EXPECT_FALSE(identity_.NextKey()->Public().SameKey(key->Public()));
  }
}

TEST_F(GatewayIdentityTest, ACertificateForAnotherKeyIsNotTaken) {
  const auto key = identity_.NextKey();
  const auto other = crypto::PrivateKey::Generate(crypto::Scheme::kEcdsaP256);
  EXPECT_EQ(identity_.Adopt(*key, CertificateFor(*other)).error().code, Errc::kInvalid);
  EXPECT_FALSE(files_.Exists(identity_.IdentityFile()));
}

TEST_F(GatewayIdentityTest, AFailingDiskLeavesTheOldIdentity) {
  const auto key = identity_.NextKey();
  ASSERT_TRUE(identity_.Adopt(*key, CertificateFor(*key)));
  const auto next = identity_.NextKey();
  files_.FailNext(1, Errc::kExhausted);
  EXPECT_FALSE(identity_.Adopt(*next, CertificateFor(*next)));
  EXPECT_TRUE(identity_.Read()->key.Public().SameKey(key->Public()));
  EXPECT_TRUE(identity_.NextKey()->Public().SameKey(next->Public()));
}

}  // namespace
}  // namespace millwright::identity
