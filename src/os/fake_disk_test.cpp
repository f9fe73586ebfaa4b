#include "os/fake_disk.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "os/files.h"

namespace millwright::os {
namespace {

// What a file may hold after a cut anywhere within `work`, as texts; "-" where it does not exist.
std::set<std::string> AfterCuts(FakeDisk& disk, const std::string& path,
                                const std::function<void()>& work) {
  const size_t from = disk.changes();
  work();
  std::set<std::string> texts;
  std::unordered_set<uint64_t> seen;
  disk.EnumerateCuts(from, {}, seen, [&](FakeDisk& cut, size_t) {
    const auto bytes = cut.Read(path, 1 << 20);
    texts.insert(bytes ? std::string(AsText(*bytes)) : "-");
  });
  return texts;
}

TEST(FakeDiskTest, ADurableReplacementLeavesTheOldOrTheNewOne) {
  FakeDisk disk;
  ASSERT_TRUE(disk.MakeFolder("/d"));
  ASSERT_TRUE(ReplaceDurably(disk, "/d/f", AsBytes("old")));
  disk.Settle();
  EXPECT_EQ(
      AfterCuts(disk, "/d/f", [&] { EXPECT_TRUE(ReplaceDurably(disk, "/d/f", AsBytes("new"))); }),
      (std::set<std::string>{"old", "new"}));
}

TEST(FakeDiskTest, AReplacementWithoutSyncMayLeaveAnEmptyFile) {
  FakeDisk disk;
  ASSERT_TRUE(disk.MakeFolder("/d"));
  ASSERT_TRUE(ReplaceDurably(disk, "/d/f", AsBytes("old")));
  disk.Settle();
  const auto texts = AfterCuts(disk, "/d/f", [&] {
    EXPECT_TRUE(disk.Create("/d/t"));
    EXPECT_TRUE(disk.WriteAt("/d/t", 0, AsBytes("new")));
    EXPECT_TRUE(disk.Rename("/d/t", "/d/f"));
  });
  EXPECT_EQ(texts, (std::set<std::string>{"old", "", "new"}));
}

TEST(FakeDiskTest, LongWritesAreTornAtSectors) {
  FakeDisk disk;
  ASSERT_TRUE(disk.MakeFolder("/d"));
  const auto texts = AfterCuts(disk, "/d/f", [&] {
    EXPECT_TRUE(disk.Create("/d/f"));
    EXPECT_TRUE(disk.WriteAt("/d/f", 0, AsBytes(std::string(8192, 'x'))));
  });
  EXPECT_TRUE(texts.contains(std::string(512, 'x')));
  EXPECT_TRUE(texts.contains(std::string(4096, 'x')));
  EXPECT_TRUE(texts.contains("-"));
}

TEST(FakeDiskTest, AFolderMovesWithWhatIsInIt) {
  FakeDisk disk;
  ASSERT_TRUE(disk.MakeFolder("/a"));
  ASSERT_TRUE(disk.MakeFolder("/a/b"));
  ASSERT_TRUE(disk.Create("/a/b/f"));
  ASSERT_TRUE(disk.Rename("/a/b", "/c"));
  EXPECT_FALSE(disk.Exists("/a/b/f"));
  EXPECT_TRUE(disk.Exists("/c/f"));
  ASSERT_TRUE(RemoveTree(disk, "/c"));
  EXPECT_FALSE(disk.Exists("/c"));
}

TEST(FakeDiskTest, FaultsComeOnceOrLast) {
  FakeDisk disk;
  disk.FailAt(0, Errc::kExhausted, false);
  EXPECT_EQ(disk.Create("/f").error().code, Errc::kExhausted);
  EXPECT_TRUE(disk.Create("/f"));
  disk.FailAt(disk.changes(), Errc::kIo, true);
  EXPECT_FALSE(disk.WriteAt("/f", 0, AsBytes("x")));
  EXPECT_FALSE(disk.WriteAt("/f", 0, AsBytes("x")));
}

// The real one and the fake one agree on what a program can see.
TEST(DiskTest, TheRealDiskBehavesAsTheFakeOne) {
  const std::string root = testing::TempDir() + "mw_disk_" + std::to_string(::getpid());
  std::filesystem::create_directories(root);
  RealDisk real;
  FakeDisk fake;
  ASSERT_TRUE(MakeFoldersDurably(fake, root));
  for (Disk* disk : {static_cast<Disk*>(&real), static_cast<Disk*>(&fake)}) {
    EXPECT_TRUE(*disk->MakeFolder(root + "/d"));
    EXPECT_FALSE(*disk->MakeFolder(root + "/d"));
    EXPECT_EQ(disk->Create(root + "/none/f").error().code, Errc::kNotFound);
    ASSERT_TRUE(ReplaceDurably(*disk, root + "/d/f", AsBytes("abc")));
    ASSERT_TRUE(disk->WriteAt(root + "/d/f", 5, AsBytes("z")));
    EXPECT_EQ(AsText(*disk->Read(root + "/d/f", 10)), std::string_view("abc\0\0z", 6));
    EXPECT_EQ(disk->Read(root + "/d/f", 5).error().code, Errc::kExhausted);
    EXPECT_EQ(disk->WriteAt(root + "/d/g", 0, AsBytes("z")).error().code, Errc::kNotFound);
    EXPECT_EQ(*disk->List(root + "/d"), std::vector<std::string>{"f"});
    EXPECT_FALSE(disk->Remove(root + "/d")) << "not empty";
    ASSERT_TRUE(disk->Rename(root + "/d", root + "/e"));
    EXPECT_TRUE(disk->Exists(root + "/e/f"));
    ASSERT_TRUE(RemoveTree(*disk, root + "/e"));
    EXPECT_TRUE(disk->Remove(root + "/e")) << "removing twice is no error";
    EXPECT_EQ(disk->List(root + "/e").error().code, Errc::kNotFound);
  }
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace millwright::os
