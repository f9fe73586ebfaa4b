#include "hub/identity/access.h"

#include "hub/identity/test_identity.h"

namespace millwright::hub {
namespace {

class AccessTest : public IdentityTest {
 protected:
  [[nodiscard]] MadeToken Make(Role role, Nanos life = 0) {
    const auto made = access_->Add({.name = "ana", .role = role, .life = life, .who = "test"});
    EXPECT_TRUE(made) << made.error().what;
    return *made;
  }
};

TEST_F(AccessTest, ATokenSaysWhoAndWhat) {
  const MadeToken token = Make(Role::kOperator);
  const auto caller = access_->WhoHas(token.secret);
  ASSERT_TRUE(caller && *caller);
  EXPECT_EQ((*caller)->name, "ana");
  EXPECT_EQ((*caller)->role, Role::kOperator);
  EXPECT_FALSE(*access_->WhoHas(token.secret + "0"));
  EXPECT_FALSE(*access_->WhoHas(""));
  EXPECT_FALSE(*access_->WhoHas(token.id));
}

TEST_F(AccessTest, NoSecretIsInTheDatabase) {
  const MadeToken token = Make(Role::kAdmin);
  int found = 0;
  ASSERT_TRUE(Open()->Each("SELECT hash FROM access_tokens", {}, [&](const store::Row& row) {
    ++found;
    EXPECT_EQ(token.secret.find(row.Text(0)), std::string::npos);
  }));
  EXPECT_EQ(found, 1);
}

TEST_F(AccessTest, TokensEnd) {
  const MadeToken brief = Make(Role::kViewer, kDay);
  const MadeToken revoked = Make(Role::kViewer);
  clock_.Advance(kDay);
  EXPECT_FALSE(*access_->WhoHas(brief.secret));
  EXPECT_FALSE(access_->OpenSession(brief.secret));
  ASSERT_TRUE(*access_->WhoHas(revoked.secret));
  ASSERT_TRUE(access_->Revoke(revoked.id, "test"));
  EXPECT_FALSE(*access_->WhoHas(revoked.secret));
  EXPECT_EQ(access_->Revoke(revoked.id, "test").error().code, Errc::kNotFound);
}

TEST_F(AccessTest, ASessionLivesWithItsTokenAndHalfADay) {
  const MadeToken token = Make(Role::kAdmin);
  const auto session = access_->OpenSession(token.secret);
  ASSERT_TRUE(session);
  ASSERT_TRUE(*access_->WhoseSession(*session));
  EXPECT_EQ((**access_->WhoseSession(*session)).role, Role::kAdmin);
  // Neither does for the other.
  EXPECT_FALSE(*access_->WhoHas(*session));
  EXPECT_FALSE(*access_->WhoseSession(token.secret));
  clock_.Advance(Access::kSessionLife);
  EXPECT_FALSE(*access_->WhoseSession(*session));
}

TEST_F(AccessTest, SessionsAreClosedByThemselvesAndWithTheirToken) {
  const MadeToken token = Make(Role::kViewer);
  const auto one = access_->OpenSession(token.secret), two = access_->OpenSession(token.secret);
  ASSERT_TRUE(access_->CloseSession(*one));
  EXPECT_FALSE(*access_->WhoseSession(*one));
  ASSERT_TRUE(*access_->WhoseSession(*two));
  ASSERT_TRUE(access_->Revoke(token.id, "test"));
  EXPECT_FALSE(*access_->WhoseSession(*two));
}

TEST_F(AccessTest, ListsNameTokensWithoutTheirSecrets) {
  (void)Make(Role::kAdmin);
  (void)Make(Role::kViewer, kDay);
  const auto list = access_->List();
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2U);
  for (const char* bad : {"", "a b", "-x"})
    EXPECT_FALSE(access_->Add({.name = bad, .role = Role::kAdmin})) << bad;
  EXPECT_EQ(RoleOf("operator"), Role::kOperator);
  EXPECT_FALSE(RoleOf("root"));
}

}  // namespace
}  // namespace millwright::hub
