#include "os/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace millwright::os {
namespace {

class FilesTest : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (GetParam()) {
      files_ = std::make_unique<RealFiles>();
      folder_ = testing::TempDir() + "mw_files_" + std::to_string(::getpid());
      std::filesystem::remove_all(folder_);
    } else {
      files_ = std::make_unique<FakeFiles>();
      folder_ = "/fake";
    }
    ASSERT_TRUE(files_->MakeFolders(folder_));
  }
  void TearDown() override {
    if (GetParam()) std::filesystem::remove_all(folder_);
  }

  std::unique_ptr<Files> files_;
  std::string folder_;
};

TEST_P(FilesTest, ReadsWhatWasWritten) {
  const std::string path = folder_ + "/a";
  ASSERT_TRUE(files_->WriteDurably(path, AsBytes("one")));
  ASSERT_TRUE(files_->WriteFast(path, AsBytes("two")));
  const auto bytes = files_->Read(path, 100);
  ASSERT_TRUE(bytes);
  EXPECT_EQ(AsText(*bytes), "two");
  EXPECT_EQ(*files_->List(folder_), std::vector<std::string>{"a"});
}

TEST_P(FilesTest, LimitsAndMissingFilesAreErrors) {
  const std::string path = folder_ + "/big";
  ASSERT_TRUE(files_->WriteFast(path, AsBytes(std::string(10'000, 'x'))));
  EXPECT_EQ(files_->Read(path, 9'999).error().code, Errc::kExhausted);
  EXPECT_EQ(files_->Read(path, 10'000)->size(), 10'000U);
  ASSERT_TRUE(files_->Remove(path));
  EXPECT_TRUE(files_->Remove(path)) << "removing twice is no error";
  EXPECT_EQ(files_->Read(path, 10).error().code, Errc::kNotFound);
  EXPECT_FALSE(files_->Exists(path));
}

INSTANTIATE_TEST_SUITE_P(Kinds, FilesTest, testing::Bool(),
                         [](const auto& info) { return info.param ? "real" : "fake"; });

TEST(FakeFilesTest, PowerCutForgetsWhatWasNotSynced) {
  FakeFiles files;
  ASSERT_TRUE(files.WriteDurably("/a", AsBytes("durable")));
  ASSERT_TRUE(files.WriteFast("/a", AsBytes("fast")));
  ASSERT_TRUE(files.WriteFast("/b", AsBytes("fast")));
  files.PowerCut();
  EXPECT_EQ(AsText(*files.Read("/a", 100)), "durable");
  EXPECT_FALSE(files.Exists("/b"));
}

TEST(FakeFilesTest, FaultsComeAsOrdered) {
  FakeFiles files;
  files.FailNext(1, Errc::kExhausted);
  EXPECT_EQ(files.WriteDurably("/a", AsBytes("x")).error().code, Errc::kExhausted);
  EXPECT_TRUE(files.WriteDurably("/a", AsBytes("x")));
}

TEST(RealFilesTest, ErrorsNameThePath) {
  RealFiles files;
  const auto missing = files.Read("/no/such/file", 10);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().what.find("/no/such/file"), std::string::npos);
  EXPECT_EQ(files.Read("/", 10).error().code, Errc::kInvalid);
}

}  // namespace
}  // namespace millwright::os
