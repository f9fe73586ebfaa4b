#include "trust/json.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millwright::trust {
namespace {

std::string Fault(std::string_view text, const JsonLimits& limits = {}) {
  const auto json = ReadJson(text, limits);
  return json ? "" : json.error().what;
}

TEST(JsonTest, CanonicalFormIsSortedAndBare) {
  // As securesystemslib.formats.encode_canonical gives it.
  const auto json =
      ReadJson("{ \"b\" : [1, -2, true, null], \"a\": {\"z\\\"\": \"\\\\ \\u00fc\\n\"}}");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(Canonical(*json), "{\"a\":{\"z\\\"\":\"\\\\ \xc3\xbc\n\"},\"b\":[1,-2,true,null]}");
}

TEST(JsonTest, KeysAreSortedByCodePoint) {
  const auto json = ReadJson("{\"\\ud83d\\ude00\":1,\"\\uffff\":2,\"z\":3}");
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(Canonical(*json), "{\"z\":3,\"\xef\xbf\xbf\":2,\"\xf0\x9f\x98\x80\":1}");
}

TEST(JsonTest, WhatParsersDisagreeAboutIsRefused) {
  struct Case {
    std::string_view text, fault;
  };
  const Case cases[] = {
      {"{\"a\":1,\"a\":2}", "json: byte 10: the key \"a\" is there twice"},
      {"{\"a\":1,\"\\u0061\":2}", "json: byte 15: the key \"a\" is there twice"},
      {"1.0", "json: byte 0: not a whole number"},
      {"1e3", "json: byte 0: not a whole number"},
      {"9223372036854775808", "json: byte 0: a number beyond 64 bits"},
      {"01", "json: byte 0: a number with leading zeros"},
      {"NaN", "json: byte 0: not a value"},
      {"[1,]", "json: byte 3: not a value"},
      {"{} x", "json: byte 3: something after the end"},
      {"", "json: byte 0: ends too early"},
      {"\"\xc3\x28\"", "json: byte 1: not UTF-8"},
      {"\"\xc0\xaf\"", "json: byte 1: not UTF-8"},
      {"\"\xed\xa0\x80\"", "json: byte 1: not UTF-8"},
      {"\"\\ud800\"", "json: byte 7: half of a surrogate pair"},
      {"\"\\ud800\\u0041\"", "json: byte 13: half of a surrogate pair"},
      {"\"\\u12x4\"", "json: byte 1: an escape without four hex digits"},
      {"\"\\x\"", "json: byte 1: an unknown escape"},
      {"\"a\nb\"", "json: byte 2: a control character in a string"},
      {"\"a", "json: byte 2: a string without end"},
      {"\xef\xbb\xbf{}", "json: byte 0: not a value"},
      {"// no\n{}", "json: byte 0: not a value"},
      {"{'a':1}", "json: byte 1: expected a key"},
      {"tru", "json: byte 0: not a value"},
  };
  for (const Case& c : cases) EXPECT_EQ(Fault(c.text), c.fault) << c.text;
}

TEST(JsonTest, DepthAndNumberOfValuesAreBounded) {
  EXPECT_EQ(Fault(std::string(33, '[') + std::string(33, ']')), "");
  EXPECT_EQ(ReadJson(std::string(100'000, '[')).error().code, Errc::kExhausted);
  EXPECT_EQ(ReadJson("[1,2,3]", {.depth = 4, .values = 3}).error().code, Errc::kExhausted);
}

TEST(JsonTest, MembersAreFoundChangedAndRemoved) {
  Json json = Json::EmptyObject();
  json["b"]["c"] = "text";
  json["a"] = 7;
  EXPECT_EQ(*json.Find("b")->Find("c")->AsText(), "text");
  EXPECT_EQ(json.Find("c"), nullptr);
  EXPECT_EQ(json.Find("a")->Find("x"), nullptr);
  json.Remove("b");
  EXPECT_EQ(Canonical(json), "{\"a\":7}");
}

Json Anything(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return Json(*rc::gen::arbitrary<bool>());
    case 1:
      return Json(*rc::gen::arbitrary<int64_t>());
    case 2:
      return Json(*rc::gen::string<std::string>());
    case 3:
      return Json();
    case 4: {
      Json::List list;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) list.push_back(Anything(depth - 1));
      return Json(std::move(list));
    }
    default: {
      Json object = Json::EmptyObject();
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i)
        object[*rc::gen::string<std::string>()] = Anything(depth - 1);
      return object;
    }
  }
}

RC_GTEST_PROP(JsonProperty, WhatIsWrittenReadsBackTheSame, ()) {
  const Json json = Anything(4);
  const auto pretty = ReadJson(Pretty(json));
  // Arbitrary strings are not all UTF-8; those that are must survive.
  if (!pretty) {
    RC_ASSERT(pretty.error().what.find("UTF-8") != std::string::npos);
    return;
  }
  RC_ASSERT(*pretty == json);
  RC_ASSERT(Canonical(*pretty) == Canonical(json));
}

}  // namespace
}  // namespace millwright::trust
