#include "output.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace millwright::cli {
namespace {

TEST(FlatJsonTest, IsOneObjectOfPlainValuesAndArraysOfThem) {
  FlatJson json;
  json.Set("text", "a \"quoted\" word\n").Set("flag", true).Count("count", 3).Set("share", 0.02);
  json.Set("names", std::vector<std::string>{"x", "y"})
      .Set("flags", std::vector<bool>{true, false});
  json.Set("large", int64_t{1795000000000000000});
  const auto parsed = nlohmann::json::parse(json.Text());
  EXPECT_EQ(parsed["text"], "a \"quoted\" word\n");
  EXPECT_EQ(parsed["share"], 0.02);
  EXPECT_EQ(parsed["flags"][1], false);
  EXPECT_EQ(parsed["large"], 1795000000000000000);
  EXPECT_EQ(parsed["ok"], true);
  EXPECT_TRUE(parsed["not_measured"].empty());
  EXPECT_EQ(json.Text().find('\n'), std::string::npos) << "it is the last line";
}

TEST(FlatJsonTest, KeepsAnOkThatWasSet) {
  EXPECT_EQ(nlohmann::json::parse(FlatJson().Set("ok", false).Text())["ok"], false);
}

TEST(FlatJsonTest, StaysJsonForNumbersThatJsonDoesNotHave) {
  FlatJson json;
  json.Set("a", std::numeric_limits<double>::infinity());
  EXPECT_TRUE(nlohmann::json::accept(json.Text()));
}

TEST(TextTableTest, AlignsByCharactersAndPaintsOnlyWhenAsked) {
  TextTable table({"A", "B"});
  table.Add({{"m\xc3\xbcller", Tone::kBad}, {"1"}});
  table.Add({{"x"}, {"2"}});
  EXPECT_EQ(table.Text(false), "A       B\nm\xc3\xbcller  1\nx       2\n");
  EXPECT_NE(table.Text(true).find("\x1b[1;31mm"), std::string::npos);
}

TEST(AgeTest, UsesTheUnitAPersonWould) {
  struct Case {
    int64_t then_ms;
    const char* want;
  };
  constexpr int64_t kNow = 1'795'000'000'000;
  for (const Case& c : {Case{kNow - 5'000, "5 s"},
                        {kNow - 600'000, "10 min"},
                        {kNow - 7'200'000, "2 h"},
                        {kNow - 5 * 86'400'000LL, "5 d"},
                        {kNow + 9'000, "0 s"},
                        {0, "-"}}) {
    EXPECT_EQ(Age(kNow, c.then_ms), c.want);
  }
}

TEST(ExitCodeTest, TellsUnavailableFromNotFound) {
  EXPECT_EQ(ExitCodeOf(Errc::kUnavailable), 69);
  EXPECT_EQ(ExitCodeOf(Errc::kNotFound), 4);
  EXPECT_EQ(ExitCodeOf(Errc::kIo), 1);
}

}  // namespace
}  // namespace millwright::cli
