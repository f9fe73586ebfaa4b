#include "core/result.h"

#include <gtest/gtest.h>

namespace millwright {
namespace {

Result<int> Half(int n) {
  if (n % 2 != 0) return Fail(Errc::kInvalid, "half: " + std::to_string(n) + " is odd");
  return n / 2;
}

Result<void> Check(int n) {
  MW_TRY(Half(n));
  return {};
}

Result<int> Quarter(int n) {
  MW_TRY(const int half, Half(n));
  MW_TRY(int quarter, Half(half));
  return quarter;
}

TEST(ResultTest, TryYieldsTheValueOrReturnsTheError) {
  EXPECT_EQ(*Quarter(8), 2);
  const auto failed = Quarter(6);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Errc::kInvalid);
  EXPECT_EQ(failed.error().what, "half: 3 is odd");
}

TEST(ResultTest, TryWorksForVoid) {
  EXPECT_TRUE(Check(2));
  EXPECT_FALSE(Check(3));
}

TEST(ResultTest, EveryCodeHasAName) {
  for (int code = 0; code <= static_cast<int>(Errc::kInternal); ++code)
    EXPECT_FALSE(Name(static_cast<Errc>(code)).empty());
}

}  // namespace
}  // namespace millwright
