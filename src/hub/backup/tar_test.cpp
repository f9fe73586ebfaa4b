#include "hub/backup/tar.h"

#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>

namespace millwright::hub {
namespace {

TEST(TarTest, ReadsWhatItWrote) {
  const std::string deep = "repository/targets/models/pump/" + std::string(64, 'a') + ".12.tar";
  const TarEntry cases[] = {
      {.path = "hub.db", .bytes = 0, .mode = 0600, .time_s = 1'795'000'000},
      {.path = deep, .bytes = 77, .mode = 0644, .time_s = 0},
      {.path = std::string(150, 'd') + "/" + std::string(100, 'n'), .bytes = 1, .mode = 0755},
      {.path = "big", .bytes = (uint64_t{1} << 33) - 1},
      {.path = "bigger", .bytes = uint64_t{1} << 33},
      {.path = "biggest", .bytes = uint64_t{1} << 50},
  };
  for (const TarEntry& want : cases) {
    const auto block = EncodeTarHeader(want);
    ASSERT_TRUE(block) << block.error().what;
    const auto entry = DecodeTarHeader(*block);
    ASSERT_TRUE(entry && *entry) << want.path;
    EXPECT_EQ((*entry)->path, want.path);
    EXPECT_EQ((*entry)->bytes, want.bytes) << want.path;
    EXPECT_EQ((*entry)->mode, want.mode) << want.path;
    EXPECT_EQ((*entry)->time_s, want.time_s) << want.path;
  }
}

TEST(TarTest, APathThatLeadsElsewhereIsRefused) {
  for (const std::string path : {"", "/etc/passwd", "../x", "a/../b", "a/..", "a//b", "./a", "a/.",
                                 "a/", "a\\b", "a\nb", "a\x7f"})
    EXPECT_EQ(CheckEntryPath(path).error().code, Errc::kInvalid) << path;
  for (const std::string path : {"a", "a/b.c", "..a/b..", "a b/%2F+@", "caf\xc3\xa9"})
    EXPECT_TRUE(CheckEntryPath(path)) << path;
  EXPECT_EQ(EncodeTarHeader({.path = "../x"}).error().code, Errc::kInvalid);
  EXPECT_EQ(EncodeTarHeader({.path = std::string(101, 'x')}).error().code, Errc::kUnsupported);
}

TEST(TarTest, ALinkAFolderAndADeviceAreRefused) {
  for (const char type : {'1', '2', '3', '5', 'L', 'x'}) {
    TarBlock block = *EncodeTarHeader({.path = "a"});
    block[156] = static_cast<std::byte>(type);
    // The checksum follows, so that the type alone is what is wrong.
    for (size_t i = 148; i < 156; ++i) block[i] = std::byte{' '};
    unsigned sum = 0;
    for (const std::byte one : block) sum += std::to_integer<unsigned>(one);
    for (size_t i = 154; i-- > 148; sum >>= 3) block[i] = static_cast<std::byte>('0' + (sum & 7));
    block[154] = std::byte{0};
    const auto entry = DecodeTarHeader(block);
    ASSERT_FALSE(entry) << type;
    EXPECT_NE(entry.error().what.find("plain file"), std::string::npos) << entry.error().what;
  }
}

TEST(TarTest, ABlockOfZerosEndsTheArchive) {
  const auto end = DecodeTarHeader(TarBlock{});
  ASSERT_TRUE(end);
  EXPECT_FALSE(*end);
}

RC_GTEST_PROP(TarTest, AnyDamagedByteIsNoticed, (uint8_t with)) {
  const TarBlock good = *EncodeTarHeader({.path = "identity/ca.key", .bytes = 227});
  const auto at = *rc::gen::inRange<size_t>(0, good.size());
  RC_PRE(with != 0 && !(at >= 148 && at < 156));
  TarBlock bad = good;
  bad[at] ^= static_cast<std::byte>(with);
  RC_ASSERT(!DecodeTarHeader(bad));
}

RC_GTEST_PROP(TarTest, ArbitraryBytesNeverGiveAPathThatLeadsElsewhere,
              (std::vector<uint8_t> bytes)) {
  TarBlock block{};
  for (size_t i = 0; i < bytes.size() && i < block.size(); ++i)
    block[i] = static_cast<std::byte>(bytes[i]);
  const auto entry = DecodeTarHeader(block);
  if (entry && *entry) RC_ASSERT(CheckEntryPath((*entry)->path).has_value());
}

}  // namespace
}  // namespace millwright::hub
