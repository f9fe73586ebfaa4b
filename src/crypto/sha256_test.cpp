#include "crypto/sha256.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

namespace millwright::crypto {
namespace {

// FIPS 180-4 example values.
constexpr char kEmpty[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
constexpr char kAbc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

TEST(Sha256Test, MatchesFipsExamples) {
  EXPECT_EQ(Sha256Hex(""), kEmpty);
  EXPECT_EQ(Sha256Hex("abc"), kAbc);
}

TEST(Sha256Test, PiecesGiveTheSameDigestAndTakeStartsAnew) {
  Sha256 hash;
  hash.Update("a");
  hash.Update("bc");
  EXPECT_EQ(hash.TakeHex(), kAbc);
  EXPECT_EQ(hash.TakeHex(), kEmpty);
}

TEST(Sha256Test, HashesAFileLargerThanOnePiece) {
  const std::string path = testing::TempDir() + "/sha256_test.bin";
  const std::string content((size_t{3} << 20) + 17, 'x');
  std::FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
  ASSERT_EQ(std::fclose(file), 0);
  EXPECT_EQ(Sha256HexOfFile(path).value(), Sha256Hex(content));
  std::remove(path.c_str());
}

TEST(Sha256Test, AMissingFileIsNotFoundAndNamed) {
  const auto digest = Sha256HexOfFile("/nonexistent/file");
  ASSERT_FALSE(digest);
  EXPECT_EQ(digest.error().code, Errc::kNotFound);
  EXPECT_NE(digest.error().what.find("/nonexistent/file"), std::string::npos);
}

TEST(Sha256Test, TellsDigestsFromOtherText) {
  EXPECT_TRUE(IsSha256Hex(kAbc));
  EXPECT_FALSE(IsSha256Hex("abc"));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'G')));
}

}  // namespace
}  // namespace millwright::crypto
