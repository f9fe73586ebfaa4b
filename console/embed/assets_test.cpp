#include "console/assets.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <string>

namespace millwright::console {
namespace {

std::string Unpack(std::span<const unsigned char> gzip) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);  // 16: expect a gzip frame
  stream.next_in = const_cast<unsigned char*>(gzip.data());
  stream.avail_in = static_cast<uInt>(gzip.size());
  std::string out;
  int rc = Z_OK;
  while (rc == Z_OK) {
    char chunk[16384];
    stream.next_out = reinterpret_cast<unsigned char*>(chunk);
    stream.avail_out = sizeof chunk;
    rc = inflate(&stream, Z_NO_FLUSH);
    out.append(chunk, sizeof chunk - stream.avail_out);
  }
  EXPECT_EQ(rc, Z_STREAM_END) << "also fails where the CRC is wrong";
  inflateEnd(&stream);
  return out;
}

TEST(ConsoleAssets, EveryFileUnpacksAndIsNamedOnce) {
  std::string last;
  for (const Asset& asset : Assets()) {
    EXPECT_FALSE(Unpack(asset.gzip).empty()) << asset.path;
    EXPECT_LT(last, asset.path) << "sorted and without a double";
    EXPECT_TRUE(asset.etag.starts_with('"') && asset.etag.ends_with('"')) << asset.etag;
    EXPECT_FALSE(asset.mime.empty());
    last = asset.path;
  }
}

TEST(ConsoleAssets, IndexPageNamesOnlyFilesThatAreThere) {
  const auto assets = Assets();
  const auto index = std::find_if(assets.begin(), assets.end(),
                                  [](const Asset& a) { return a.path == "/index.html"; });
  ASSERT_NE(index, assets.end());
  EXPECT_FALSE(index->immutable) << "a browser must ask for it again after an update";
  const std::string page = Unpack(index->gzip);
  for (const Asset& asset : assets) {
    if (asset.immutable) {
      EXPECT_NE(page.find(asset.path.substr(1)), std::string::npos) << asset.path;
    }
  }
}

// The hub sends a policy that forbids both, so a page that had them would be broken.
TEST(ConsoleAssets, IndexPageHasNoInlineScriptOrStyle) {
  for (const Asset& asset : Assets()) {
    if (asset.path != "/index.html") continue;
    const std::string page = Unpack(asset.gzip);
    EXPECT_EQ(page.find("<style"), std::string::npos);
    EXPECT_EQ(page.find(" style="), std::string::npos);
    EXPECT_EQ(page.find("<script>"), std::string::npos);
  }
}

}  // namespace
}  // namespace millwright::console
