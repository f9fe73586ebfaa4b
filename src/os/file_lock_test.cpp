#include "os/file_lock.h"

#include <gtest/gtest.h>

namespace millwright::os {
namespace {

TEST(FileLockTest, OneAtATime) {
  const std::string path = ::testing::TempDir() + "/file_lock_test.lock";
  {
    const auto first = FileLock::Take(path, 0);
    ASSERT_TRUE(first.has_value()) << first.error().what;
    const auto second = FileLock::Take(path, 0);
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Errc::kConflict);
  }
  EXPECT_TRUE(FileLock::Take(path, 0).has_value());
}

TEST(FileLockTest, AMissingFolderIsAnErrorThatNamesTheFile) {
  const auto lock = FileLock::Take("/nowhere/at/all/.lock", 0);
  ASSERT_FALSE(lock.has_value());
  EXPECT_NE(lock.error().what.find("/nowhere/at/all/.lock"), std::string::npos);
}

}  // namespace
}  // namespace millwright::os
