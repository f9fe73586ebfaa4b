#include "core/text.h"

#include <gtest/gtest.h>

namespace millwright {
namespace {

TEST(TextTest, MarkupHasNoOpenEnds) {
  EXPECT_EQ(EscapeMarkup("a < b & \"c\" > d"), "a &lt; b &amp; &quot;c&quot; &gt; d");
  EXPECT_EQ(EscapeMarkup("Größe'"), "Größe'");
}

TEST(TextTest, OnlyUnreservedCharactersStayThemselvesInAUrl) {
  EXPECT_EQ(PercentEncode("gw-1~P_1.a"), "gw-1~P_1.a");
  EXPECT_EQ(PercentEncode("../a?b#c d%"), "..%2Fa%3Fb%23c%20d%25");
  EXPECT_EQ(PercentEncode("\xC3\xB6\n"), "%C3%B6%0A");
}

}  // namespace
}  // namespace millwright
