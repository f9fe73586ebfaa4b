// For tests: a database with the schema, an authority, a clock that is ticked by hand.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "hub/identity/access.h"
#include "hub/identity/enrolment.h"
#include "identity/renewal.h"
#include "os/files.h"
#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {

/// A gateway's key and the request for it.
struct TestKey {
  crypto::PrivateKey key = *crypto::PrivateKey::Generate(crypto::Scheme::kEcdsaP256);
  std::string request = crypto::CertificateRequest::Make(key)->Pem();
};

class IdentityTest : public ::testing::Test {
 protected:
  IdentityTest() {
    auto database = Open();
    EXPECT_TRUE(store::Migrate(*database));
    auto authority = crypto::Authority::Make({.name = "fleet",
                                              .purpose = crypto::Purpose::kAuthority,
                                              .until = clock_.Utc() + 7000 * kDay});
    enrolment_ = std::make_unique<Enrolment>(std::move(database), *authority, clock_);
    access_ = std::make_unique<Access>(Open(), clock_);
  }
  [[nodiscard]] std::unique_ptr<store::Database> Open() const {
    auto database = store::Database::Open(folder_.File("hub.db"));
    EXPECT_TRUE(database) << database.error().what;
    return std::move(*database);
  }
  [[nodiscard]] std::string Token(const std::string& device, bool replace = false) {
    const auto token = enrolment_->MakeToken({.device = device, .replace = replace, .who = "test"});
    EXPECT_TRUE(token) << token.error().what;
    return token ? token->secret : "";
  }
  [[nodiscard]] std::string EnrolOk(const std::string& device, const TestKey& key,
                                    bool replace = false) {
    const auto issued = enrolment_->Enrol(Token(device, replace), key.request);
    EXPECT_TRUE(issued) << issued.error().what;
    return issued ? issued->certificate : "";
  }
  [[nodiscard]] static RenewalRequest RenewalOf(const std::string& certificate, const TestKey& old,
                                                const TestKey& fresh) {
    const auto read = crypto::Certificate::FromPem(certificate);
    return {.certificate = certificate,
            .request = fresh.request,
            .proof = *old.key.Sign(os::AsBytes(identity::RenewalText(*read, fresh.request)))};
  }
  [[nodiscard]] int64_t Count(const char* sql) const {
    int64_t count = -1;
    EXPECT_TRUE(Open()->First(sql, {}, [&](const store::Row& row) { count = row.Int(0); }));
    return count;
  }

  store::TestFolder folder_;
  os::FakeClock clock_;
  std::unique_ptr<Enrolment> enrolment_;
  std::unique_ptr<Access> access_;
};

}  // namespace millwright::hub
