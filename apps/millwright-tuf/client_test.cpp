#include "client.h"

#include <gtest/gtest.h>

namespace millwright::tuf {
namespace {

TEST(TufClientTest, NamesOfTargetsStayInTheFolder) {
  EXPECT_EQ(LocalName("../../etc/passwd"), "..%2F..%2Fetc%2Fpasswd");
  EXPECT_EQ(LocalName(".."), ".%2E");
  EXPECT_EQ(LocalName("a.tmp"), "a%2Etmp");
}

}  // namespace
}  // namespace millwright::tuf
