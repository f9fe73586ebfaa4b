#include "trust/folder_repository.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "trust/testing/repository.h"
#include "trust/updater.h"

namespace millwright::trust {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TestKey;

constexpr Seconds64 kNow = testing::Repository::kNow;

// A disk that is full after so many writes.
class FillingFiles : public os::FakeFiles {
 public:
  int good_writes = 1'000;
  Result<void> WriteDurably(const std::string& path, std::span<const std::byte> bytes) override {
    if (good_writes-- <= 0) return Fail(Errc::kExhausted, "files: " + path + ": no space");
    return FakeFiles::WriteDurably(path, bytes);
  }
};

class FolderRepositoryTest : public ::testing::Test {
 protected:
  FolderRepositoryTest() {
    for (const char* role : {"root", "targets", "snapshot", "timestamp"})
      AddRoleKey(root, role, TestKey(KeyOf(role)).Public());
  }
  static int KeyOf(const std::string& role) {
    return role == "root" ? 0 : role == "targets" ? 3 : 1;  // the hub has one for both of its roles
  }
  void Init() {
    ASSERT_TRUE(repo.Stage("root", root).has_value());
    ASSERT_TRUE(repo.Stage("targets", Draft::Make("targets", kNow + 1'000)).has_value());
  }
  std::vector<std::string> Settle(std::initializer_list<int> numbers,
                                  const std::vector<std::string>& renew = {}) {
    std::vector<crypto::PrivateKey> keys;
    for (const int number : numbers) keys.push_back(TestKey(number));
    const auto said = repo.Settle(keys, renew);
    EXPECT_TRUE(said.has_value()) << said.error().what;
    return said.value_or(std::vector<std::string>{});
  }
  // Follows the repository as a device that has its first root only.
  Result<void> Follow() {
    os::FakeFiles device;
    const os::FakeClock clock(kNow * kSecond);
    FolderStore store(device, "device");
    FolderFetcher fetcher(files, "repo");
    MW_TRY(const os::Bytes first, files.Read("repo/metadata/1.root.json", 1 << 20));
    MW_TRY(Updater::Trust(store, first));
    MW_TRY(Updater updater, Updater::Open(fetcher, store, clock));
    return updater.Refresh();
  }

  FillingFiles files;
  FolderRepository repo{files, "repo", kNow, {}};
  Draft root = Draft::Make("root", kNow + 1'000);
};

TEST_F(FolderRepositoryTest, AllKeysAtOncePublishEverything) {
  Init();
  EXPECT_THAT(
      Settle({0, 1, 3}),
      ElementsAre(HasSubstr("root 1 is published"), HasSubstr("targets 1 is published"),
                  HasSubstr("snapshot 1 is published"), HasSubstr("timestamp 1 is published")));
  EXPECT_TRUE(Follow().has_value());
  EXPECT_THAT(Settle({0, 1, 3}), IsEmpty());
}

// The folder as it was in a backup, while a device has followed it on since.
TEST_F(FolderRepositoryTest, ARestoredFolderIsNewerThanWhatDevicesHaveSeen) {
  Init();
  Settle({0, 1, 3});
  const os::Bytes saved = *files.Read("repo/metadata/timestamp.json", 1 << 20);
  for (int i = 0; i < 2; ++i) Settle({1}, {"snapshot", "timestamp"});
  os::FakeFiles device;
  const os::FakeClock clock(kNow * kSecond);
  FolderStore store(device, "device");
  FolderFetcher fetcher(files, "repo");
  ASSERT_TRUE(Updater::Trust(store, *files.Read("repo/metadata/1.root.json", 1 << 20)));
  const auto refresh = [&]() -> Result<void> {
    MW_TRY(Updater updater, Updater::Open(fetcher, store, clock));
    return updater.Refresh();
  };
  ASSERT_TRUE(refresh());
  for (const char* name : {"2.snapshot.json", "3.snapshot.json"})
    ASSERT_TRUE(files.Remove(std::string("repo/metadata/") + name));
  ASSERT_TRUE(files.WriteDurably("repo/metadata/timestamp.json", saved));
  EXPECT_FALSE(refresh()) << "an older document is refused";
  Settle({1}, {"timestamp"});
  EXPECT_FALSE(refresh()) << "version 2 is too";

  ASSERT_TRUE(files.WriteDurably("repo/least_version", os::AsBytes("1795000000\n")));
  EXPECT_THAT(Settle({1}), ElementsAre(HasSubstr("snapshot 1795000000 is published"),
                                       HasSubstr("timestamp 1795000000 is published")));
  EXPECT_TRUE(refresh());
  EXPECT_THAT(Settle({1}), IsEmpty()) << "once";
  EXPECT_THAT(Settle({1}, {"timestamp"}), ElementsAre(HasSubstr("timestamp 1795000001")));
  EXPECT_TRUE(refresh());
}

TEST_F(FolderRepositoryTest, ALeastVersionThatIsNoneIsAnError) {
  Init();
  Settle({0, 1, 3});
  for (const char* text : {"", "x", "-1", "5 6", "99999999999999999999"}) {
    ASSERT_TRUE(files.WriteDurably("repo/least_version", os::AsBytes(text)));
    EXPECT_EQ(repo.SettleOnline({}).error().code, Errc::kInvalid) << text;
  }
}

TEST_F(FolderRepositoryTest, SignaturesAreCollectedOneAfterTheOther) {
  AddRoleKey(root, "root", TestKey(10).Public());
  SetThreshold(root, "root", 2);
  Init();
  EXPECT_THAT(Settle({0})[0], HasSubstr("root 1 waits in staged: root: signed by 1 of its keys"));
  EXPECT_FALSE(files.Exists("repo/metadata/1.root.json"));
  EXPECT_THAT(Settle({10})[0], HasSubstr("root 1 is published"));
  EXPECT_FALSE(files.Exists("repo/staged/root.json"));
}

TEST_F(FolderRepositoryTest, TheHubAloneMakesNoTargets) {
  Init();
  Settle({0, 1, 3});
  Draft targets = repo.Edit("targets").value();
  SetTarget(targets, "a/1", os::AsBytes("x"));
  ASSERT_TRUE(repo.Stage("targets", targets).has_value());
  EXPECT_THAT(Settle({1}), ElementsAre(HasSubstr("targets 2 waits")));
  EXPECT_THAT(Settle({3, 1}),
              ElementsAre(HasSubstr("targets 2 is published"), HasSubstr("snapshot 2 is published"),
                          HasSubstr("timestamp 2 is published")));
  EXPECT_TRUE(Follow().has_value());
}

TEST_F(FolderRepositoryTest, ARotatedRootNeedsOldAndNewKeys) {
  Init();
  Settle({0, 1, 3});
  Draft next = repo.Edit("root").value();
  const std::string old = KeyId(DescribeKey(TestKey(0).Public()));
  AddRoleKey(next, "root", TestKey(11).Public());
  ASSERT_TRUE(RemoveRoleKey(next, "root", old).has_value());
  ASSERT_TRUE(repo.Stage("root", next).has_value());
  EXPECT_THAT(Settle({11}), ElementsAre(HasSubstr("root 2 waits")));
  EXPECT_THAT(Settle({0}), ElementsAre(HasSubstr("root 2 is published")));
  EXPECT_TRUE(Follow().has_value());
  EXPECT_EQ(RemoveRoleKey(next, "root", old).error().code, Errc::kNotFound);
}

TEST_F(FolderRepositoryTest, WhatLostItsKeysIsDueAnew) {
  Init();
  Settle({0, 1, 3});
  Draft next = repo.Edit("root").value();
  for (const char* role : {"targets", "snapshot", "timestamp"}) {
    ASSERT_TRUE(
        RemoveRoleKey(next, role, KeyId(DescribeKey(TestKey(KeyOf(role)).Public()))).has_value());
    AddRoleKey(next, role, TestKey(KeyOf(role) + 20).Public());
  }
  ASSERT_TRUE(repo.Stage("root", next).has_value());
  EXPECT_THAT(
      Settle({0, 21}),
      ElementsAre(HasSubstr("root 2 is published"), HasSubstr("targets 2 waits"),
                  HasSubstr("snapshot 2 is published"), HasSubstr("timestamp 2 is published")));
  EXPECT_FALSE(Follow().has_value());
  Settle({23, 21});
  EXPECT_TRUE(Follow().has_value());
}

TEST_F(FolderRepositoryTest, ATimestampIsRenewedOnDemand) {
  Init();
  Settle({0, 1, 3});
  EXPECT_THAT(Settle({1}, {"timestamp"}), ElementsAre(HasSubstr("timestamp 2 is published")));
  EXPECT_THAT(Settle({}, {"timestamp"}), ElementsAre(HasSubstr("timestamp 3 is not made")));
  EXPECT_TRUE(Follow().has_value());
}

TEST_F(FolderRepositoryTest, EveryFaultOfTheDiskLeavesARepositoryToFollow) {
  Init();
  Settle({0, 1, 3});
  for (int good_writes = 0; good_writes < 3; ++good_writes) {
    Draft targets = repo.Edit("targets").value();
    SetTarget(targets, "a/" + std::to_string(good_writes), os::AsBytes("x"));
    ASSERT_TRUE(repo.Stage("targets", targets).has_value());
    files.good_writes = good_writes;  // targets, snapshot, timestamp: then the disk is full
    const std::vector<crypto::PrivateKey> keys = {TestKey(1), TestKey(3)};
    EXPECT_EQ(repo.Settle(keys).error().code, Errc::kExhausted);
    EXPECT_TRUE(Follow().has_value()) << good_writes;
    files.good_writes = 1'000;
    EXPECT_FALSE(Settle({1, 3}).empty());
    EXPECT_TRUE(Follow().has_value()) << good_writes;
  }
}

TEST_F(FolderRepositoryTest, ADelegatedRoleIsJudgedByTheTargets) {
  Init();
  Settle({0, 1, 3});
  Draft targets = repo.Edit("targets").value();
  const crypto::PublicKey keys[] = {TestKey(30).Public()};
  AddDelegation(targets, "north/a", keys, 1, {"north/*"}, false);
  ASSERT_TRUE(repo.Stage("targets", targets).has_value());
  ASSERT_TRUE(repo.Stage("north/a", Draft::Make("targets", kNow + 1'000)).has_value());
  EXPECT_THAT(Settle({1}), ElementsAre(HasSubstr("targets 2 waits"),
                                       HasSubstr("north/a 1 waits in staged: nobody is trusted")));
  EXPECT_THAT(Settle({3, 30, 1})[1], HasSubstr("north/a 1 is published"));
  EXPECT_TRUE(files.Exists("repo/metadata/1.north%2Fa.json"));
  EXPECT_TRUE(Follow().has_value());
}

}  // namespace
}  // namespace millwright::trust
