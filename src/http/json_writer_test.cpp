#include "http/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "http/gzip.h"

namespace millwright::http {
namespace {

TEST(JsonWriterTest, PutsCommasBetweenValuesOnly) {
  JsonWriter json;
  json.BeginObject()
      .Field("a", 1)
      .Key("b")
      .BeginArray()
      .Integer(1)
      .BeginObject()
      .EndObject()
      .Null()
      .EndArray();
  json.Field("c", "x").Field("d", true).EndObject();
  EXPECT_EQ(json.text(), R"({"a":1,"b":[1,{},null],"c":"x","d":true})");
}

TEST(JsonWriterTest, EscapesTextAndReplacesWhatIsNoUtf8) {
  JsonWriter json;
  json.BeginArray()
      .String("a\"b\\\n\x01")
      .String(
          "\xff"
          "z")
      .EndArray();
  EXPECT_EQ(json.text(), "[\"a\\\"b\\\\\\n\\u0001\",\"\xEF\xBF\xBDz\"]");
}

TEST(JsonWriterTest, NumbersReadBackTheSameAndNanIsNull) {
  JsonWriter json;
  json.BeginArray()
      .Number(0.1)
      .Float(0.1f)
      .Number(NAN)
      .Float(INFINITY)
      .Integer(INT64_MIN)
      .EndArray();
  EXPECT_EQ(json.text(), "[0.1,0.1,null,null,-9223372036854775808]");
}

TEST(GzipTest, UnpacksWhatItPackedAndRefusesTheRest) {
  const std::string plain(100'000, 'a');
  const auto packed = Gzip(plain);
  ASSERT_TRUE(packed);
  EXPECT_LT(packed->size(), 1000u);
  EXPECT_EQ(*Gunzip(*packed), plain);
  EXPECT_EQ(Gunzip("not gzip").error().code, Errc::kInvalid);
  EXPECT_EQ(Gunzip(*packed, 1000).error().code, Errc::kExhausted);
  EXPECT_EQ(Gunzip(packed->substr(0, 20)).error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace millwright::http
