#include "core/log.h"

#include <gtest/gtest.h>

namespace millwright {
namespace {

TEST(JsonQuoteTest, EscapesAndReplacesBrokenText) {
  EXPECT_EQ(JsonQuote("a\"b\\c\n"), R"("a\"b\\c\n")");
  EXPECT_EQ(JsonQuote(std::string_view("\x01", 1)), R"("\u0001")");
  EXPECT_EQ(JsonQuote("\xC3\xBC"), "\"\xC3\xBC\"");
  EXPECT_EQ(JsonQuote("\xC3"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(JsonQuote("\xED\xA0\x80").size(), 2 + 3 * 3U) << "a surrogate is no UTF-8";
}

TEST(LogTest, LinesAreJsonAndLevelsFilter) {
  testing::internal::CaptureStderr();
  log::Info("test", "hello \"you\"", {{"n", 3}, {"x", 0.5}, {"ok", true}, {"s", "t"}});
  log::Debug("test", "unseen");
  const std::string line = testing::internal::GetCapturedStderr();
  EXPECT_NE(
      line.find(
          R"("level":"info","component":"test","msg":"hello \"you\"","n":3,"x":0.5,"ok":true,"s":"t"})"),
      std::string::npos)
      << line;
  EXPECT_EQ(line.find("unseen"), std::string::npos);
}

}  // namespace
}  // namespace millwright
