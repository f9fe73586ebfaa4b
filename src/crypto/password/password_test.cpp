#include "crypto/password/password.h"

#include <gtest/gtest.h>

namespace millwright::crypto {
namespace {

TEST(PasswordTest, FitsItselfAndNothingElse) {
  const auto kept = HashPassword("correct horse battery");
  ASSERT_TRUE(kept);
  EXPECT_TRUE(kept->starts_with("$argon2id$"));
  EXPECT_TRUE(PasswordFits(*kept, "correct horse battery"));
  EXPECT_FALSE(PasswordFits(*kept, "correct horse batterx"));
  EXPECT_FALSE(PasswordFits(*kept, ""));
  EXPECT_FALSE(PasswordFits("", "correct horse battery"));
  EXPECT_FALSE(PasswordFits("no hash", "correct horse battery"));
}

TEST(PasswordTest, TheSameTwiceIsKeptDifferently) {
  EXPECT_NE(*HashPassword("correct horse battery"), *HashPassword("correct horse battery"));
}

TEST(PasswordTest, TooShortAndTooLongAreRefused) {
  EXPECT_FALSE(HashPassword("short"));
  EXPECT_FALSE(HashPassword(std::string(kPasswordMax + 1, 'x')));
  EXPECT_TRUE(CheckPassword(std::string(kPasswordMax, 'x')));
}

}  // namespace
}  // namespace millwright::crypto
