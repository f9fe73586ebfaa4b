#include "greengrass/frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "greengrass/rpc.h"

namespace millwright::greengrass {
namespace {

os::Bytes FromHex(std::string_view hex) {
  os::Bytes out;
  for (size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

// What AWS's device SDK for Python (awscrt 0.36.1) wrote to a socket that tests/aws/nucleus.py
// recorded: its connect, and its call of UpdateState.
constexpr std::string_view kConnect =
    "0000007900000048e9e79475083a76657273696f6e070005302e312e300d3a6d6573736167652d74797065040000"
    "00040e3a6d6573736167652d666c61677304000000000a3a73747265616d2d696404000000007b2261757468546f"
    "6b656e223a202230313233343536373839414243444546227d4b8397bd";
constexpr std::string_view kCall =
    "000000da000000b68465ae280d3a636f6e74656e742d747970650700106170706c69636174696f6e2f6a736f6e12"
    "736572766963652d6d6f64656c2d747970650700216177732e677265656e67726173732355706461746553746174"
    "65526571756573740d3a6d6573736167652d7479706504000000000e3a6d6573736167652d666c61677304000000"
    "000a3a73747265616d2d69640400000001096f7065726174696f6e07001a6177732e677265656e67726173732355"
    "706461746553746174657b227374617465223a202252554e4e494e47227d3619550a";

Result<std::optional<Frame>> DecodeAll(std::span<const std::byte> bytes) {
  FrameDecoder decoder;
  decoder.Push(bytes);
  return decoder.Next();
}

TEST(FrameTest, ChecksumIsTheWellKnownOne) {
  EXPECT_EQ(Crc32(os::AsBytes("123456789")), 0xCBF43926U);
  EXPECT_EQ(Crc32(os::AsBytes("6789"), Crc32(os::AsBytes("12345"))), 0xCBF43926U);
}

TEST(FrameTest, ReadsWhatTheDeviceSdkWroteAndWritesTheSameBytes) {
  for (const std::string_view hex : {kConnect, kCall}) {
    const os::Bytes bytes = FromHex(hex);
    const auto frame = DecodeAll(bytes);
    ASSERT_TRUE(frame && *frame) << hex;
    EXPECT_EQ(*EncodeFrame(**frame), bytes);
  }
  const auto call = FromFrame(**DecodeAll(FromHex(kCall)));
  ASSERT_TRUE(call);
  EXPECT_EQ(call->operation, "aws.greengrass#UpdateState");
  EXPECT_EQ(call->shape, "aws.greengrass#UpdateStateRequest");
  EXPECT_EQ(call->stream, 1);
  EXPECT_EQ(call->payload, R"({"state": "RUNNING"})");
}

TEST(FrameTest, EachTypeOfHeaderComesBack) {
  Uuid uuid;
  uuid.fill(std::byte{7});
  const Frame frame = {.headers = {{"t", true},
                                   {"f", false},
                                   {"byte", int8_t{-1}},
                                   {"short", int16_t{-2}},
                                   {"int", int32_t{-3}},
                                   {"long", int64_t{-4}},
                                   {"bytes", FromHex("00ff")},
                                   {"text", std::string("x")},
                                   {"time", Timestamp{1'700'000'000'123}},
                                   {"uuid", uuid}},
                       .payload = FromHex("cafe")};
  const auto back = DecodeAll(*EncodeFrame(frame));
  ASSERT_TRUE(back && *back);
  EXPECT_EQ(**back, frame);
}

RC_GTEST_PROP(Frame, ComesBackInWhateverPiecesItArrives,
              (const std::vector<std::pair<std::string, std::string>>& texts,
               const std::string& payload, uint8_t piece)) {
  Frame frame;
  for (const auto& [name, value] : texts)
    if (!name.empty() && name.size() < 256 && frame.headers.size() < kHeadersMax)
      frame.headers.push_back({name, value});
  const auto body = os::AsBytes(payload);
  frame.payload.assign(body.begin(), body.end());
  const auto one = EncodeFrame(frame);
  RC_ASSERT(one.has_value());
  os::Bytes two = *one;
  two.insert(two.end(), one->begin(), one->end());
  FrameDecoder decoder;
  int frames = 0;
  const size_t step = piece + size_t{1};
  for (size_t at = 0; at < two.size(); at += step) {
    decoder.Push(std::span(two).subspan(at, std::min(step, two.size() - at)));
    while (true) {
      const auto next = decoder.Next();
      RC_ASSERT(next.has_value());
      if (!*next) break;
      RC_ASSERT(**next == frame);
      ++frames;
    }
  }
  RC_ASSERT(frames == 2);
  RC_ASSERT(decoder.buffered() == 0U);
}

// The first damage is seen, wherever it is: in lengths, headers, payload or checksums.
TEST(FrameTest, NoSingleBitGoesUnseen) {
  const os::Bytes good = FromHex(kConnect);
  for (size_t bit = 0; bit < good.size() * 8; ++bit) {
    os::Bytes bad = good;
    bad[bit / 8] ^= static_cast<std::byte>(1U << (bit % 8));
    EXPECT_FALSE(DecodeAll(bad)) << "bit " << bit;
  }
}

struct Hostile {
  const char* name;
  uint32_t total, headers;
  std::string body;  // headers and payload
};

os::Bytes Build(const Hostile& h) {
  os::Bytes out;
  const auto put = [&out](uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::byte>(value >> shift));
  };
  put(h.total);
  put(h.headers);
  put(Crc32(out));
  const auto body = os::AsBytes(h.body);
  out.insert(out.end(), body.begin(), body.end());
  put(Crc32(out));
  return out;
}

class HostileTest : public ::testing::TestWithParam<Hostile> {};

// Checksums are right here: an attacker computes them too.
TEST_P(HostileTest, IsRefused) {
  const auto frame = DecodeAll(Build(GetParam()));
  ASSERT_FALSE(frame);
  EXPECT_EQ(frame.error().code, Errc::kInvalid);
}

INSTANTIATE_TEST_SUITE_P(Frame, HostileTest,
                         ::testing::Values(Hostile{"shorter_than_its_frame", 15, 0, ""},
                                           Hostile{"without_end", 0xFFFFFFFF, 0, ""},
                                           Hostile{"beyond_the_limit", kFrameBytesMax + 1, 0, ""},
                                           Hostile{"headers_longer_than_all", 16, 1, ""},
                                           Hostile{"headers_wrap_around", 16, 0xFFFFFFFF, ""},
                                           Hostile{"name_beyond_the_end", 18, 2,
                                                   std::string("\xFF"
                                                               "a",
                                                               2)},
                                           Hostile{"name_of_nothing", 18, 2,
                                                   std::string("\0\0", 2)},
                                           Hostile{"no_type", 18, 2,
                                                   "\x01"
                                                   "a"},
                                           Hostile{"unknown_type", 19, 3,
                                                   "\x01"
                                                   "a\x0A"},
                                           Hostile{"number_cut_off", 21, 5,
                                                   std::string("\x01"
                                                               "a\x04\0\0",
                                                               5)},
                                           Hostile{"text_beyond_the_end", 21, 5,
                                                   std::string("\x01"
                                                               "a\x07\0\x01",
                                                               5)}),
                         [](const auto& tested) { return tested.param.name; });

TEST(FrameTest, TooManyHeadersAreRefusedOnBothSides) {
  Frame frame;
  frame.headers.assign(kHeadersMax + 1, {"a", true});
  EXPECT_FALSE(EncodeFrame(frame));
  std::string body;
  for (size_t i = 0; i <= kHeadersMax; ++i)
    body += std::string(
        "\x01"
        "a\x00",
        3);
  const auto size = static_cast<uint32_t>(body.size());
  EXPECT_FALSE(DecodeAll(Build({"many", size + 16, size, body})));
}

TEST(FrameTest, WhatDoesNotFitIsNotWritten) {
  EXPECT_FALSE(EncodeFrame({.headers = {{"", true}}, .payload = {}}));
  EXPECT_FALSE(EncodeFrame({.headers = {{std::string(256, 'n'), true}}, .payload = {}}));
  EXPECT_FALSE(EncodeFrame({.headers = {{"n", std::string(40'000, 'x')}}, .payload = {}}));
  const auto large = EncodeFrame({.headers = {}, .payload = os::Bytes(kFrameBytesMax)});
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().code, Errc::kExhausted);
}

TEST(RpcTest, AMessageWithoutItsHeadersIsRefused) {
  Frame frame = ToFrame({.stream = 3, .operation = "o", .shape = "s", .payload = "{}"});
  ASSERT_TRUE(FromFrame(frame));
  for (size_t i = 0; i < 3; ++i) {
    Frame without = frame;
    without.headers.erase(without.headers.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_FALSE(FromFrame(without)) << frame.headers[i].name;
    Frame other = frame;
    other.headers[i].value = std::string("0");
    EXPECT_FALSE(FromFrame(other)) << frame.headers[i].name;
  }
  frame.headers[0].value = int32_t{8};
  EXPECT_FALSE(FromFrame(frame));
}

}  // namespace
}  // namespace millwright::greengrass
