#include "trust/release.h"

#include <gtest/gtest.h>

#include "trust/testing/repository.h"
#include "trust/updater.h"

namespace millwright::trust {
namespace {

using testing::DirectFetcher;
using testing::Repository;

class ReleaseTest : public ::testing::Test {
 protected:
  ReleaseTest() {
    EXPECT_TRUE(Updater::Trust(store, repo.on_shelf("metadata/1.root.json")).has_value());
  }
  Result<Installable> Verify(const std::string& path, std::string_view content) {
    DirectFetcher fetcher(repo.shelf);
    MW_TRY(Updater updater, Updater::Open(fetcher, store, clock));
    MW_TRY(const TargetFile target, updater.Find(path));
    return updater.Verify(target, os::AsBytes(content), floors);
  }

  Repository repo;
  os::FakeFiles files;
  os::FakeClock clock{Repository::kNow * kSecond};
  FolderStore store{files, "metadata"};
  Floors floors{files, "floors.json"};
};

TEST_F(ReleaseTest, ASoundReleaseMayBeInstalled) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  SetFloor(repo.draft("targets"), "models/pump", 2);
  repo.PublishTargets();
  const auto installable = Verify("models/pump/3.tar", "weights");
  ASSERT_TRUE(installable.has_value()) << installable.error().what;
  EXPECT_EQ(installable->line, "models/pump");
  EXPECT_EQ(installable->release, 3);
  EXPECT_EQ(installable->floor, 2);
  EXPECT_EQ(installable->length, 7);
}

TEST_F(ReleaseTest, OtherBytesMayNot) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.PublishTargets();
  EXPECT_EQ(Verify("models/pump/3.tar", "weightS").error().code, Errc::kInvalid);
  EXPECT_EQ(Verify("models/pump/3.tar", "weights and more").error().code, Errc::kInvalid);
}

TEST_F(ReleaseTest, BelowASignedFloorMayNot) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  SetFloor(repo.draft("targets"), "models/pump", 4);
  repo.PublishTargets();
  const auto refused = Verify("models/pump/3.tar", "weights");
  EXPECT_EQ(refused.error().code, Errc::kConflict);
  EXPECT_EQ(refused.error().what,
            "trust: models/pump/3.tar: release 3 of models/pump is below the floor 4");
}

TEST_F(ReleaseTest, BelowACommittedFloorMayNotThoughMetadataForgotIt) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.PublishTargets();
  ASSERT_TRUE(floors.Raise("models/pump", 4).has_value());
  EXPECT_EQ(Verify("models/pump/3.tar", "weights").error().code, Errc::kConflict);
}

TEST_F(ReleaseTest, AnOlderReleaseAboveTheFloorMay) {
  // A rollout is taken back: the older release is offered again.
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.AddTarget("models/pump/4.tar", "other", Release{"models/pump", 4});
  repo.PublishTargets();
  ASSERT_TRUE(Verify("models/pump/4.tar", "other").has_value());
  EXPECT_TRUE(Verify("models/pump/3.tar", "weights").has_value());
}

TEST_F(ReleaseTest, ATargetThatIsNoReleaseMayNot) {
  repo.AddTarget("notes.txt", "hello");
  repo.PublishTargets();
  EXPECT_EQ(Verify("notes.txt", "hello").error().what,
            "trust: notes.txt: is no release of anything");
}

TEST_F(ReleaseTest, ADelegationCannotSetFloorsOrLeaveItsLine) {
  repo.Delegate("targets", "north", 70, {"north/*"});
  repo.AddTarget("north/1.tar", "weights", Release{"north", 1}, "north");
  SetFloor(repo.draft("north"), "models/pump", 1'000'000);
  repo.PublishAsIs("north");
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.PublishTargets();
  ASSERT_TRUE(Verify("north/1.tar", "weights").has_value());
  EXPECT_TRUE(Verify("models/pump/3.tar", "weights").has_value());
}

TEST_F(ReleaseTest, ExpiryAndClockStopOnlyNewInstallations) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.PublishTargets();
  const auto committed = Verify("models/pump/3.tar", "weights");
  ASSERT_TRUE(committed.has_value());
  clock.Advance(400 * Repository::kDay * kSecond);
  // No new one: everything has expired. What was committed is known by its digest alone; no
  // metadata, clock or floor is asked again.
  EXPECT_EQ(Verify("models/pump/3.tar", "weights").error().code, Errc::kUnavailable);
  ASSERT_TRUE(floors.Raise("models/pump", 99).has_value());
  EXPECT_TRUE(IsCommitted(*committed, os::AsBytes("weights")));
  EXPECT_FALSE(IsCommitted(*committed, os::AsBytes("weightS")));
}

TEST_F(ReleaseTest, FloorsOnlyRiseAndSurviveAPowerCut) {
  EXPECT_EQ(floors.Of("models/pump").value(), 0);
  ASSERT_TRUE(floors.Raise("models/pump", 5).has_value());
  ASSERT_TRUE(floors.Raise("models/fan", 1).has_value());
  ASSERT_TRUE(floors.Raise("models/pump", 3).has_value());
  files.PowerCut();
  const Floors again(files, "floors.json");
  EXPECT_EQ(again.Of("models/pump").value(), 5);
  EXPECT_EQ(again.Of("models/fan").value(), 1);
}

TEST_F(ReleaseTest, DamagedFloorsLetNothingNewIn) {
  repo.AddTarget("models/pump/3.tar", "weights", Release{"models/pump", 3});
  repo.PublishTargets();
  ASSERT_TRUE(files.WriteDurably("floors.json", os::AsBytes("{\"flo")).has_value());
  EXPECT_EQ(Verify("models/pump/3.tar", "weights").error().what,
            "trust: floors.json: damaged: no floors in it");
  EXPECT_FALSE(floors.Raise("models/pump", 3).has_value());
}

}  // namespace
}  // namespace millwright::trust
