#include "model/pack.h"

#include <gtest/gtest.h>

#include "model/manifest.h"
#include "model/testing/test_bundle.h"

namespace millwright::model {
namespace {

os::Bytes BytesOf(std::string_view text) {
  const auto bytes = os::AsBytes(text);
  return {bytes.begin(), bytes.end()};
}

TEST(PackTest, GivesBackWhatWasPackedWithTheManifestFirst) {
  const os::Bytes a = BytesOf("alpha"), m = BytesOf("{}"), z = BytesOf(std::string(512, 'z'));
  const auto pack = WritePack({{"a.bin", a}, {"z.bin", z}, {"manifest.json", m}, {"empty", {}}});
  ASSERT_TRUE(pack) << pack.error().what;
  const auto files = ReadPack(*pack);
  ASSERT_TRUE(files) << files.error().what;
  ASSERT_EQ(files->size(), 4U);
  EXPECT_EQ((*files)[0].name, "manifest.json");
  EXPECT_EQ((*files)[1].name, "a.bin");
  EXPECT_EQ(os::AsText((*files)[1].bytes), "alpha");
  EXPECT_EQ((*files)[2].bytes.size(), 0U);
  EXPECT_EQ((*files)[3].bytes.size(), 512U);
}

TEST(PackTest, TheOrderOfTheFilesChangesNothing) {
  const os::Bytes a = BytesOf("a"), b = BytesOf("b");
  EXPECT_EQ(*WritePack({{"a", a}, {"b", b}}), *WritePack({{"b", b}, {"a", a}}));
}

TEST(PackTest, RefusesNamesThatLeaveTheFolderOrComeTwice) {
  for (const char* name : {"../x", "/x", "a/b", ".hidden", "", "a b", "a\nb"})
    EXPECT_EQ(WritePack({{name, {}}}).error().code, Errc::kInvalid) << name;
  EXPECT_EQ(WritePack({{"a", {}}, {"a", {}}}).error().code, Errc::kInvalid);
  std::vector<PackedFile> many;
  for (size_t i = 0; i <= kPackFilesMax; ++i) many.push_back({"f" + std::to_string(i), {}});
  EXPECT_EQ(WritePack(many).error().code, Errc::kExhausted);
}

TEST(PackTest, EveryTruncationAndEveryFlippedByteIsSeen) {
  const os::Bytes a = BytesOf("alpha"), m = BytesOf("{\"k\":1}");
  const os::Bytes pack = *WritePack({{"a.bin", a}, {"manifest.json", m}});
  for (size_t size = 0; size < pack.size(); size += 7)
    EXPECT_FALSE(ReadPack(std::span(pack).first(size))) << size;
  for (size_t at = 0; at < pack.size(); ++at) {
    os::Bytes changed = pack;
    changed[at] ^= std::byte{1};
    const auto files = ReadPack(changed);
    if (!files) continue;
    // Only the contents themselves may differ unnoticed: their hashes are the manifest's business.
    const bool in_manifest = at >= 512 && at < 512 + m.size();
    const bool in_a = at >= 1536 && at < 1536 + a.size();
    EXPECT_TRUE(in_manifest || in_a) << at;
  }
}

TEST(PackTest, PacksABundleThatLoads) {
  os::FakeFiles files;
  ASSERT_TRUE(WriteTestBundle(files, "/b"));
  const auto pack = PackBundle(files, "/b");
  ASSERT_TRUE(pack) << pack.error().what;
  const auto packed = ReadPack(*pack);
  ASSERT_TRUE(packed);
  for (const PackedFile& file : *packed)
    ASSERT_TRUE(files.WriteDurably("/copy/" + file.name, file.bytes));
  EXPECT_TRUE(LoadBundle(files, "/copy"));
  EXPECT_FALSE(PackBundle(files, "/none"));
}

}  // namespace
}  // namespace millwright::model
