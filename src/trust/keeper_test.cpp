#include "trust/keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "trust/testing/repository.h"
#include "trust/updater.h"

namespace millwright::trust {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::TestKey;

constexpr Seconds64 kDay = 86'400;
constexpr Seconds64 kNow = testing::Repository::kNow;
constexpr Lifetimes kLives{};

// Root (key 0) and targets (key 3) are signed by people; the hub has key 1.
class KeeperTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* role : {"root", "targets", "snapshot", "timestamp"})
      AddRoleKey(root, role, TestKey(KeyOf(role)).Public());
    FolderRepository repo(files, "repo", kNow, kLives);
    ASSERT_TRUE(repo.Stage("root", root).has_value());
    ASSERT_TRUE(repo.Stage("targets", Draft::Make("targets", kNow + kLives.targets)).has_value());
    const crypto::PrivateKey all[] = {TestKey(0), TestKey(1), TestKey(3)};
    ASSERT_TRUE(repo.Settle(all).has_value());
    GiveKey(1);
  }
  static int KeyOf(const std::string& role) {
    return role == "root" ? 0 : role == "targets" ? 3 : 1;
  }
  void GiveKey(int number) {
    const std::string pem = TestKey(number).Pem().value();
    ASSERT_TRUE(files.WriteDurably("keys/hub.pem", os::AsBytes(pem)).has_value());
  }
  Draft Newest(const std::string& role) {
    const FolderRepository repo(files, "repo", 0, kLives);
    return Draft::Read(repo.Newest(role).value().value(), role).value();
  }
  // Follows the repository as a device that has its first root only.
  Result<void> Follow() {
    os::FakeFiles device;
    FolderStore store(device, "device");
    FolderFetcher fetcher(files, "repo");
    MW_TRY(const os::Bytes first, files.Read("repo/metadata/1.root.json", 1 << 20));
    MW_TRY(Updater::Trust(store, first));
    MW_TRY(Updater updater, Updater::Open(fetcher, store, clock));
    return updater.Refresh();
  }
  // Steps every `stride` seconds for so many days; gives how often a device could not follow.
  int Live(Keeper& keeper, int64_t days, Seconds64 stride) {
    int lost = 0;
    for (Seconds64 passed = 0; passed < days * kDay; passed += stride) {
      clock.Advance(stride * kSecond);
      keeper.Step();
      if (!Follow()) ++lost;
    }
    return lost;
  }

  os::FakeFiles files;
  os::FakeClock clock{kNow * kSecond};
  const KeeperOptions options{.repository = "repo", .key_folder = "keys", .lock_file = {}};
  Draft root = Draft::Make("root", kNow + kLives.root);
};

TEST_F(KeeperTest, FiveMonthsAloneAndEveryDeviceCanFollow) {
  Keeper keeper(files, clock, options);
  EXPECT_EQ(Live(keeper, 150, kDay / 4), 0);
  // A week's timestamp goes after a third of its life and a bit, a month's snapshot likewise.
  EXPECT_GT(Newest("timestamp").version(), 150 / 4);
  EXPECT_LT(Newest("timestamp").version(), 150 / 2);
  EXPECT_GT(Newest("snapshot").version(), 150 / 15);
  EXPECT_LT(Newest("snapshot").version(), 150 / 9);
  EXPECT_EQ(keeper.status().failures, 0U);
  EXPECT_THAT(keeper.Warnings(), ElementsAre(HasSubstr("targets expires on")));
}

TEST_F(KeeperTest, NothingIsWrittenBeforeItIsDue) {
  Keeper keeper(files, clock, options);
  Live(keeper, 2, 600);
  EXPECT_EQ(Newest("timestamp").version(), 1);
  EXPECT_EQ(keeper.status().renewals, 0U);
  EXPECT_THAT(keeper.Warnings(), IsEmpty());
}

TEST_F(KeeperTest, HubsDoNotRenewAllAtOnce) {
  std::set<Nanos> hours;
  const os::Bytes first = files.Read("repo/metadata/timestamp.json", 1 << 20).value();
  for (uint32_t seed = 0; seed < 4; ++seed) {
    ASSERT_TRUE(files.WriteDurably("repo/metadata/timestamp.json", first).has_value());
    clock.StepUtc(kNow * kSecond - clock.Utc());
    KeeperOptions mine = options;
    mine.seed = seed;
    Keeper keeper(files, clock, mine);
    clock.Advance(2 * kDay * kSecond);
    while (Newest("timestamp").version() == 1) {
      clock.Advance(600 * kSecond);
      keeper.Step();
    }
    hours.insert(clock.Utc());
  }
  EXPECT_EQ(hours.size(), 4U);
}

TEST_F(KeeperTest, NewTargetsGetTheirSnapshotWithoutPeopleHavingTheHubsKey) {
  Keeper keeper(files, clock, options);
  keeper.Step();
  FolderRepository repo(files, "repo", kNow, kLives);
  Draft targets = repo.Edit("targets").value();
  SetTarget(targets, "a/1", os::AsBytes("x"));
  ASSERT_TRUE(repo.Stage("targets", targets).has_value());
  const crypto::PrivateKey theirs[] = {TestKey(3)};
  ASSERT_TRUE(repo.Settle(theirs).has_value());
  EXPECT_EQ(Newest("snapshot").version(), 1);
  Live(keeper, 1, kDay);
  EXPECT_EQ(Newest("snapshot").version(), 2);
  EXPECT_TRUE(Follow().has_value());
}

TEST_F(KeeperTest, AWrongKeyIsToldAndTriedAgainEverMoreSeldom) {
  GiveKey(7);
  Keeper keeper(files, clock, options);
  Live(keeper, 6, 600);
  EXPECT_EQ(Newest("timestamp").version(), 1);
  const uint64_t failures = keeper.status().failures;
  EXPECT_GT(failures, 3 * 24U / 2);
  EXPECT_LT(failures, 6 * 25U);
  EXPECT_THAT(keeper.Warnings(),
              ElementsAre(HasSubstr("timestamp expires on"), HasSubstr("is not made")));
  GiveKey(1);  // mended while it runs
  EXPECT_EQ(Live(keeper, 1, 600), 0);
  EXPECT_GT(Newest("timestamp").version(), 1);
  EXPECT_THAT(keeper.Warnings(), IsEmpty());
}

TEST_F(KeeperTest, AFullDiskDelaysAndHarmsNothing) {
  Keeper keeper(files, clock, options);
  Live(keeper, 1, kDay);
  clock.Advance(3 * kDay * kSecond);
  files.FailNext(1, Errc::kExhausted);
  keeper.Step();
  EXPECT_EQ(keeper.status().failures, 1U);
  EXPECT_TRUE(Follow().has_value());
  EXPECT_EQ(Live(keeper, 1, 600), 0);
  EXPECT_EQ(Newest("timestamp").version(), 2);
}

TEST_F(KeeperTest, APowerCutBetweenTheTwoDocumentsIsMended) {
  FolderRepository repo(files, "repo", kNow, kLives);
  const os::Bytes old = files.Read("repo/metadata/timestamp.json", 1 << 20).value();
  const crypto::PrivateKey hub[] = {TestKey(1)};
  ASSERT_TRUE(repo.SettleOnline(hub, {"snapshot"}).has_value());
  ASSERT_TRUE(files.WriteDurably("repo/metadata/timestamp.json", old).has_value());
  ASSERT_TRUE(Follow().has_value());  // the old pair is still whole
  Keeper keeper(files, clock, options);
  keeper.Step();
  EXPECT_EQ(Newest("timestamp").version(), 2);
  EXPECT_TRUE(Follow().has_value());
}

TEST_F(KeeperTest, AClockThatIsWrongSignsNothing) {
  Keeper keeper(files, clock, options);
  clock.StepUtc(-kDay * kSecond);
  keeper.Step();
  EXPECT_THAT(keeper.Warnings(), ElementsAre(HasSubstr("the clock is behind")));
  clock.StepUtc((kLives.root + 2 * kDay) * kSecond);
  clock.Advance(600 * kSecond);
  keeper.Step();
  EXPECT_THAT(keeper.Warnings(), ::testing::Contains(HasSubstr("root expired on")));
  EXPECT_EQ(Newest("timestamp").version(), 1);
}

TEST_F(KeeperTest, WithoutKeysItWatches) {
  KeeperOptions watching = options;
  watching.key_folder.clear();
  Keeper keeper(files, clock, watching);
  Live(keeper, 5, kDay);
  EXPECT_EQ(Newest("timestamp").version(), 1);
  EXPECT_EQ(keeper.status().expires.at("timestamp"), kNow + kLives.timestamp);
  EXPECT_THAT(keeper.Warnings(), ElementsAre(HasSubstr("timestamp expires on")));
}

TEST_F(KeeperTest, AnEmptyFolderIsNoTrouble) {
  KeeperOptions empty = options;
  empty.repository = "nothing";
  Keeper keeper(files, clock, empty);
  keeper.Step();
  EXPECT_THAT(keeper.Warnings(), IsEmpty());
}

}  // namespace
}  // namespace millwright::trust
