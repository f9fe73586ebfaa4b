#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "wire/decision.h"
#include "wire/json_text.h"
#include "wire/reading.h"
#include "wire/sample.pb.h"
#include "wire/sample_block.h"

namespace millwright::wire {
namespace {

std::span<const std::byte> Bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

TEST(ReadingTest, DecodesWhatItEncodes) {
  std::string text;
  for (const double value : {0.0, -1.5, 71.25, 1e-30, 3e38, 0.1}) {
    const Reading in{.ts = 1'795'000'000'123'456'789, .value = value, .seq = 7, .sent = 5};
    EncodeReading(in, text);
    const auto out = DecodeReading(Bytes(text));
    ASSERT_TRUE(out) << out.error().what;
    EXPECT_EQ(out->ts, in.ts);
    EXPECT_EQ(out->value, in.value);
    EXPECT_EQ(out->seq, 7U);
    EXPECT_EQ(out->sent, 5);
  }
}

TEST(ReadingTest, TakesPlainJsonInAnyShape) {
  for (const char* text : {R"({"ts":1,"v":2})", "{ \"v\" : 2e0 ,\n\"ts\":1 }",
                           R"({"unit":"C \" ,}","ts":1,"ok":true,"v":2})",
                           R"({"ts":1,"v":2,"extra":null,"n":-0.5})"}) {
    const auto out = DecodeReading(Bytes(text));
    ASSERT_TRUE(out) << text << ": " << out.error().what;
    EXPECT_EQ(out->ts, 1);
    EXPECT_EQ(out->value, 2.0);
  }
}

TEST(ReadingTest, RefusesWhatIsNone) {
  struct Case {
    const char* text;
    const char* want;
  };
  for (const Case& c : {Case{"", "no JSON object"},
                        Case{"[1]", "no JSON object"},
                        Case{"{}", "ts is missing"},
                        Case{R"({"ts":1})", "v is missing"},
                        Case{R"({"v":1})", "ts is missing"},
                        Case{R"({"ts":1.5,"v":1})", "ts is no integer"},
                        Case{R"({"ts":-1,"v":1})", "ts is no integer"},
                        Case{R"({"ts":"1","v":1})", "ts is a string"},
                        Case{R"({"ts":1,"v":"2"})", "v is a string"},
                        Case{R"({"ts":1,"v":nan})", "v is no finite"},
                        Case{R"({"ts":1,"v":1e999})", "v is no finite"},
                        Case{R"({"ts":1,"v":1e300})", "beyond any sensor"},
                        Case{R"({"ts":1,"v":01})", "v is no finite"},
                        Case{R"({"ts":99999999999999999999,"v":1})", "ts is no integer"},
                        Case{R"({"ts":1,"v":1,"seq":-1})", "seq is no"},
                        Case{R"({"ts":1,"v":[1]})", "v is no finite"},
                        Case{R"({"ts":1,"v":1,"x":{"y":1}})", "a value is neither"},
                        Case{R"({"ts":1,"v":1} x)", "something follows"},
                        Case{R"({"ts":1,"v":1)", "does not end"},
                        Case{R"({"ts":1,"v":1,})", "a key"},
                        Case{R"({"ts":1 "v":1})", "does not end"}}) {
    const auto out = DecodeReading(Bytes(c.text));
    ASSERT_FALSE(out) << c.text;
    EXPECT_NE(out.error().what.find(c.want), std::string::npos)
        << c.text << ": " << out.error().what;
  }
  EXPECT_FALSE(
      DecodeReading(Bytes("{\"ts\":1,\"v\":1,\"pad\":\"" + std::string(5000, 'x') + "\"}")));
}

TEST(SampleBlockTest, EqualsTheGeneratedParser) {
  const std::vector<float> samples = {0.5F, -1.25F, 3e5F, 0.0F};
  std::string bytes;
  EncodeSampleBlock({.ts = 123, .rate_hz = 12800, .seq = 300, .sent = 456}, samples, bytes);
  SampleBlock generated;
  ASSERT_TRUE(generated.ParseFromString(bytes));
  EXPECT_EQ(generated.SerializeAsString(), bytes);
  EXPECT_EQ(generated.ts_ns(), 123);
  EXPECT_EQ(generated.f32().v_size(), 4);
  const auto view = DecodeSampleBlock(Bytes(bytes));
  ASSERT_TRUE(view) << view.error().what;
  std::vector<float> out(view->count());
  ASSERT_TRUE(view->CopyTo(out));
  EXPECT_EQ(out, samples);
  EXPECT_EQ(view->header().seq, 300U);
  EXPECT_EQ(view->header().sent, 456);
}

TEST(SampleBlockTest, CarriesTwoByteSamples) {
  const std::vector<int16_t> samples = {1, -2, 32767, -32768};
  std::string bytes;
  EncodeSampleBlock({.ts = 1, .rate_hz = 100}, samples, 0.5F, bytes);
  SampleBlock generated;
  ASSERT_TRUE(generated.ParseFromString(bytes));
  EXPECT_EQ(generated.SerializeAsString(), bytes);
  const auto view = DecodeSampleBlock(Bytes(bytes));
  ASSERT_TRUE(view) << view.error().what;
  std::vector<float> out(view->count());
  ASSERT_TRUE(view->CopyTo(out));
  EXPECT_EQ(out, (std::vector<float>{0.5F, -1.0F, 16383.5F, -16384.0F}));
}

TEST(SampleBlockTest, SkipsFieldsOfLaterVersions) {
  std::string bytes;
  EncodeSampleBlock({.ts = 1, .rate_hz = 100}, std::vector<float>{1, 2}, bytes);
  bytes += std::string("\x48\x05", 2);  // field 9, varint
  bytes += std::string(
      "\x52\x03"
      "abc",
      5);                                           // field 10, bytes
  bytes += std::string("\x5d\x01\x02\x03\x04", 5);  // field 11, fixed32
  EXPECT_TRUE(DecodeSampleBlock(Bytes(bytes)));
}

TEST(SampleBlockTest, RefusesWhatIsNone) {
  std::string good;
  EncodeSampleBlock({.ts = 1, .rate_hz = 100}, std::vector<float>{1, 2}, good);
  for (size_t cut = 0; cut < good.size(); ++cut)
    EXPECT_FALSE(DecodeSampleBlock(Bytes(good.substr(0, cut))));
  std::string bytes;
  for (const double rate : {0.0, -1.0, 1e9, std::nan("")}) {
    EncodeSampleBlock({.ts = 1, .rate_hz = rate}, std::vector<float>{1}, bytes);
    EXPECT_FALSE(DecodeSampleBlock(Bytes(bytes))) << rate;
  }
  EncodeSampleBlock({.ts = 1, .rate_hz = 1}, std::vector<float>(kBlockSamplesMax + 1), bytes);
  EXPECT_FALSE(DecodeSampleBlock(Bytes(bytes)));
  for (const float bad : {std::numeric_limits<float>::infinity(), std::nanf("")}) {
    EncodeSampleBlock({.ts = 1, .rate_hz = 1}, std::vector<float>{1, bad, 2}, bytes);
    const auto view = DecodeSampleBlock(Bytes(bytes));
    ASSERT_TRUE(view);
    std::vector<float> out(3);
    EXPECT_FALSE(view->CopyTo(out));
  }
}

TEST(DecisionTest, WritesTheDocumentedShape) {
  const std::vector<float> probabilities = {0.125F, 0.875F};
  const std::vector<NamedSignal> signals = {{"vib.rms", 4.5F}, {"temperature", std::nanf("")}};
  std::string out;
  EncodeDecision({.ts = 9,
                  .seq = 2,
                  .asset = "P-1",
                  .valid_until = 10,
                  .state = "running",
                  .level = "watch",
                  .fault = "outer_race",
                  .fault_name = "Outer \"race\"",
                  .score = 0.875F,
                  .probability = 0.875F,
                  .probabilities = probabilities,
                  .quality = "good",
                  .model = "demo",
                  .model_hash = "ab",
                  .step_end = 8,
                  .sensor_ts = 7,
                  .decision_ms = 0.5,
                  .signals = signals},
                 out);
  EXPECT_EQ(
      out,
      R"({"ts":9,"seq":2,"asset":"P-1","valid_until":10,"state":"running","level":"watch",)"
      R"("fault":"outer_race","fault_name":"Outer \"race\"","score":0.875,"probability":0.875,)"
      R"("probabilities":[0.125,0.875],"quality":"good","model":"demo","model_hash":"ab","step_end":8,)"
      R"("sensor_ts":7,"decision_ms":0.5,"heartbeat":false,"signals":{"vib.rms":4.5,"temperature":null}})");
}

TEST(JsonTextTest, EscapesAndReplacesWhatIsNoUtf8) {
  std::string out;
  AppendText(out, "a\n\x01\xff\xc3\xa9\xed\xa0\x80");
  EXPECT_EQ(out, "\"a\\u000a\\u0001\xEF\xBF\xBD\xc3\xa9\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace millwright::wire
