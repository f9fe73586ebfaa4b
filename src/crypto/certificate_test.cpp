#include "crypto/certificate.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace millwright::crypto {
namespace {

constexpr Nanos kNow = 1'800'000'000 * kSecond;
constexpr Nanos kDay = 86'400 * kSecond;

CertificateTerms Terms(const std::string& name, Purpose purpose) {
  return {.name = name, .purpose = purpose, .from = 0, .until = kNow + 30 * kDay};
}

Authority MakeAuthority(const std::string& name) {
  auto made = Authority::Make(Terms(name, Purpose::kAuthority));
  EXPECT_TRUE(made) << made.error().what;
  return *made;
}

PrivateKey MakeKey() { return *PrivateKey::Generate(Scheme::kEcdsaP256); }

TEST(CertificateTest, SaysWhatItWasMadeOf) {
  const Authority authority = MakeAuthority("fleet");
  const PrivateKey key = MakeKey();
  CertificateTerms terms = Terms("gw-1", Purpose::kClient);
  terms.from = kNow - kDay;
  const auto made = authority.Issue(key.Public(), terms);
  ASSERT_TRUE(made) << made.error().what;
  const auto read = Certificate::FromPem(made->Pem());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->Name(), "gw-1");
  EXPECT_EQ(read->From(), kNow - kDay);
  EXPECT_EQ(read->Until(), kNow + 30 * kDay);
  EXPECT_EQ(read->Serial().size(), 32U);
  EXPECT_EQ(read->Fingerprint(), made->Fingerprint());
  EXPECT_TRUE(read->Key()->SameKey(key.Public()));
  EXPECT_TRUE(read->IssuedBy(authority.certificate()));
}

TEST(CertificateTest, ReachesFromTheFirstSecondToFarAway) {
  CertificateTerms terms = Terms("fleet", Purpose::kAuthority);
  terms.until = kNow + 30 * 365 * kDay;  // past 2050, where the encoding changes
  const auto made = Authority::Make(terms);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->certificate().From(), 0);
  EXPECT_EQ(made->certificate().Until(), terms.until);
}

TEST(CertificateTest, AnotherAuthorityOfTheSameNameIsNotTheIssuer) {
  const Authority ours = MakeAuthority("fleet");
  const Authority theirs = MakeAuthority("fleet");
  const auto made = theirs.Issue(MakeKey().Public(), Terms("gw-1", Purpose::kClient));
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->IssuedBy(ours.certificate()));
}

TEST(CertificateTest, AnAuthorityOpensWithItsOwnKeyOnly) {
  const Authority authority = MakeAuthority("fleet");
  EXPECT_TRUE(Authority::Open(authority.certificate(), authority.key()));
  EXPECT_FALSE(Authority::Open(authority.certificate(), MakeKey()));
}

TEST(CertificateTest, ARequestProvesItsKey) {
  const PrivateKey key = MakeKey();
  const auto made = CertificateRequest::Make(key);
  ASSERT_TRUE(made);
  const auto read = CertificateRequest::FromPem(made->Pem());
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_TRUE(read->Key().SameKey(key.Public()));

  std::string changed = made->Pem();
  char& digit = changed[changed.size() / 2];
  digit = digit == 'A' ? 'B' : 'A';
  EXPECT_FALSE(CertificateRequest::FromPem(changed));
  EXPECT_FALSE(CertificateRequest::FromPem(""));
  EXPECT_FALSE(CertificateRequest::FromPem(std::string(100'000, 'x')));
}

TEST(CertificateTest, ARequestWithAnotherKindOfKeyIsRefused) {
  const auto made = CertificateRequest::Make(*PrivateKey::Generate(Scheme::kEcdsaP384));
  ASSERT_TRUE(made);
  const auto read = CertificateRequest::FromPem(made->Pem());
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("P-256"), std::string::npos);
}

// What OpenSSL's own program says about all of it, where it is installed.
class ByOpenSslTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("openssl version >/dev/null 2>&1") != 0) GTEST_SKIP() << "openssl is missing";
    std::string pattern = (std::filesystem::temp_directory_path() / "mw_x509_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  [[nodiscard]] bool OpenSsl(const std::string& arguments) const {
    const std::string line =
        "cd " + folder_.string() + " && openssl " + arguments + " >/dev/null 2>&1";
    return std::system(line.c_str()) == 0;
  }
  std::filesystem::path folder_;
};

TEST_F(ByOpenSslTest, ServersAndClientsAreGoodForWhatTheyAreFor) {
  const Authority authority = MakeAuthority("fleet");
  CertificateTerms terms = Terms("hub", Purpose::kServer);
  terms.hosts = {"127.0.0.1", "hub.example"};
  Write("ca.pem", authority.certificate().Pem());
  Write("server.pem", authority.Issue(MakeKey().Public(), terms)->Pem());
  Write("client.pem", authority.Issue(MakeKey().Public(), Terms("gw-1", Purpose::kClient))->Pem());
  const std::string verify = "verify -x509_strict -CAfile ca.pem ";
  EXPECT_TRUE(OpenSsl(verify + "-purpose sslserver -verify_ip 127.0.0.1 server.pem"));
  EXPECT_TRUE(OpenSsl(verify + "-purpose sslserver -verify_hostname hub.example server.pem"));
  EXPECT_FALSE(OpenSsl(verify + "-purpose sslserver -verify_ip 127.0.0.2 server.pem"));
  EXPECT_TRUE(OpenSsl(verify + "-purpose sslclient client.pem"));
  EXPECT_FALSE(OpenSsl(verify + "-purpose sslserver client.pem"));
  EXPECT_FALSE(OpenSsl(verify + "-purpose sslclient server.pem"));
}

TEST_F(ByOpenSslTest, TheListTakesBackWhatItNames) {
  const Authority authority = MakeAuthority("fleet");
  const auto good = authority.Issue(MakeKey().Public(), Terms("gw-1", Purpose::kClient));
  const auto bad = authority.Issue(MakeKey().Public(), Terms("gw-2", Purpose::kClient));
  const auto list =
      authority.RevocationList({{bad->Serial(), kNow - kDay}}, 7, 0, kNow + 30 * kDay);
  ASSERT_TRUE(list) << list.error().what;
  Write("ca.pem", authority.certificate().Pem());
  Write("good.pem", good->Pem());
  Write("bad.pem", bad->Pem());
  Write("crl.pem", *list);
  EXPECT_TRUE(OpenSsl("verify -CAfile ca.pem -crl_check -CRLfile crl.pem good.pem"));
  EXPECT_FALSE(OpenSsl("verify -CAfile ca.pem -crl_check -CRLfile crl.pem bad.pem"));
}

}  // namespace
}  // namespace millwright::crypto
