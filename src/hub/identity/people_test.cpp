// People: passwords, roles by plant, sessions that end when they should.
#include "hub/identity/people.h"

#include "hub/identity/test_identity.h"

namespace millwright::hub {
namespace {

class PeopleTest : public IdentityTest {
 protected:
  PeopleTest() : people_(Open(), clock_) {
    const auto added = people_.Add({.name = "ana",
                                    .display = "Ana",
                                    .password = kPassword,
                                    .roles = {{"alder", Role::kOperator}, {"*", Role::kViewer}},
                                    .who = "test"});
    EXPECT_TRUE(added) << added.error().what;
  }
  static constexpr const char* kPassword = "a long enough word";
  People people_;
};

TEST_F(PeopleTest, APasswordOpensASessionWithItsRoles) {
  const auto session = people_.OpenSession("ana", kPassword);
  ASSERT_TRUE(session) << session.error().what;
  const auto caller = access_->WhoseSession(*session);
  ASSERT_TRUE(caller && *caller);
  EXPECT_EQ((*caller)->name, "ana");
  EXPECT_TRUE((*caller)->is_person);
  EXPECT_EQ((*caller)->role, Role::kOperator);
  EXPECT_TRUE((*caller)->MayAt("alder", Role::kOperator));
  EXPECT_FALSE((*caller)->MayAt("birch", Role::kOperator));
  EXPECT_TRUE((*caller)->MayAt("birch", Role::kViewer));
  clock_.Advance(Access::kSessionLife + 1);
  EXPECT_FALSE(*access_->WhoseSession(*session));
}

TEST_F(PeopleTest, WrongOnesLookAlikeAndAreLimitedByName) {
  EXPECT_EQ(people_.OpenSession("nobody", kPassword).error().code, Errc::kNotFound);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(people_.OpenSession("ana", "wrong, every time").error().code, Errc::kNotFound);
  EXPECT_EQ(people_.OpenSession("ana", kPassword).error().code, Errc::kExhausted);
  ASSERT_TRUE(people_.Add(
      {.name = "ben", .password = kPassword, .roles = {{"*", Role::kAdmin}}, .who = "test"}));
  EXPECT_TRUE(people_.OpenSession("ben", kPassword));  // another name notices nothing
  clock_.Advance(31 * kSecond);
  EXPECT_TRUE(people_.OpenSession("ana", kPassword));
}

TEST_F(PeopleTest, DisablingANewPasswordAndNewRolesCountAtOnce) {
  auto session = people_.OpenSession("ana", kPassword);
  ASSERT_TRUE(people_.SetRoles("ana", {{"birch", Role::kViewer}}, "test"));
  EXPECT_FALSE((*access_->WhoseSession(*session))->MayAt("alder", Role::kViewer));
  ASSERT_TRUE(people_.SetPassword("ana", "another long word", "test"));
  EXPECT_FALSE(*access_->WhoseSession(*session));
  EXPECT_FALSE(people_.OpenSession("ana", kPassword));
  session = people_.OpenSession("ana", "another long word");
  ASSERT_TRUE(session);
  ASSERT_TRUE(people_.SetDisabled("ana", true, "test"));
  EXPECT_FALSE(*access_->WhoseSession(*session));
  EXPECT_FALSE(people_.OpenSession("ana", "another long word"));
  ASSERT_TRUE(people_.SetDisabled("ana", false, "test"));
  EXPECT_TRUE(people_.OpenSession("ana", "another long word"));
}

TEST_F(PeopleTest, WhatIsWrongIsRefused) {
  const auto add = [&](const std::string& name, const std::string& password, SiteRoles roles) {
    return people_.Add(
        {.name = name, .password = password, .roles = std::move(roles), .who = "test"});
  };
  EXPECT_EQ(add("ana", kPassword, {{"*", Role::kAdmin}}).error().code, Errc::kConflict);
  EXPECT_EQ(add("ben", "short", {{"*", Role::kAdmin}}).error().code, Errc::kInvalid);
  EXPECT_EQ(add("ben", kPassword, {}).error().code, Errc::kInvalid);
  EXPECT_EQ(add("ben", kPassword, {{"a/b", Role::kAdmin}}).error().code, Errc::kInvalid);
  EXPECT_EQ(people_.SetDisabled("carl", true, "test").error().code, Errc::kNotFound);
  const auto list = people_.List();
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().roles.size(), 2U);
  EXPECT_EQ(Count("SELECT COUNT(*) FROM people WHERE hash LIKE '%long%'"), 0);
}

TEST_F(PeopleTest, NamesThatWereTriedDoNotPileUp) {
  NameLimit limit(clock_);
  for (size_t i = 0; i < 3 * NameLimit::kNamesMax; ++i) {
    limit.Failed("name" + std::to_string(i));
    clock_.Advance(kMillisecond);
  }
  EXPECT_TRUE(limit.MayTry("name1"));
}

}  // namespace
}  // namespace millwright::hub
