#include "slots/slots.h"

#include <gtest/gtest.h>

#include "os/fake_disk.h"
#include "slots/testing/life.h"

namespace millwright::slots {
namespace {

class SlotsTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    auto opened = Slots::Open(disk_, clock_, "/m", policy_);
    ASSERT_TRUE(opened) << opened.error().what;
    slots_ = std::move(*opened);
  }
  Serving Start(const std::string& boot = "boot") {
    Open();
    auto serving = slots_->BeginRun(boot);
    EXPECT_TRUE(serving) << serving.error().what;
    return *serving;
  }
  void Stage(const TestPack& pack) {
    ASSERT_TRUE(slots_->Offer(pack.bundle));
    auto staging = slots_->OpenStaging();
    ASSERT_TRUE(staging) << staging.error().what;
    for (uint32_t b = 0; b < staging->blocks(); ++b) {
      const size_t from = size_t{b} * staging->block_bytes();
      const size_t size = std::min<size_t>(staging->block_bytes(), pack.bytes.size() - from);
      ASSERT_TRUE(staging->Put(b, std::span(pack.bytes).subspan(from, size)));
    }
    ASSERT_TRUE(slots_->Apply(Event::kDownloaded));
  }
  void TakeTo(uint64_t release, Phase phase) {
    Stage(Life::Pack(release));
    const auto installed = slots_->Install();
    ASSERT_TRUE(installed) << installed.error().what;
    if (phase == Phase::kProving) return;
    ASSERT_TRUE(slots_->Apply(Event::kProved));
    if (phase == Phase::kWarmingUp) return;
    ASSERT_TRUE(slots_->Apply(Event::kWarmed));
    if (phase == Phase::kShadow) return;
    ASSERT_TRUE(slots_->Apply(Event::kSwitched));
  }
  void CommitFirst() {
    TakeTo(1, Phase::kWarmingUp);
    ASSERT_TRUE(slots_->Apply(Event::kCommitted));
  }
  void Commit(uint64_t release) {
    TakeTo(release, Phase::kProbation);
    ASSERT_TRUE(slots_->Apply(Event::kCommitted));
    ASSERT_TRUE(slots_->Prune());
  }

  os::FakeDisk disk_;
  os::FakeClock clock_;
  Policy policy_;
  std::unique_ptr<Slots> slots_;
};

TEST_F(SlotsTest, AnEmptyGatewayServesNothingAndTakesItsFirstModelWithoutComparison) {
  EXPECT_FALSE(Start().bundle);
  CommitFirst();
  const Serving serving = Start();
  ASSERT_TRUE(serving.bundle);
  EXPECT_EQ(serving.bundle->version, "1");
  EXPECT_EQ(serving.folder, "/m/bundles/" + Life::Pack(1).bundle.digest);
}

TEST_F(SlotsTest, ASecondModelIsNotCommittedWithoutComparison) {
  CommitFirst();
  TakeTo(2, Phase::kWarmingUp);
  EXPECT_EQ(slots_->Apply(Event::kCommitted).error().code, Errc::kConflict);
}

TEST_F(SlotsTest, InProbationTheCandidateDecidesAndTheOldOneWatches) {
  CommitFirst();
  TakeTo(2, Phase::kProbation);
  const Serving serving = Start();
  EXPECT_EQ(serving.bundle->version, "2");
  EXPECT_TRUE(serving.probation);
  EXPECT_EQ(serving.watching->version, "1");
}

TEST_F(SlotsTest, ARolledBackModelIsNeverTakenAgainUnlessForgiven) {
  CommitFirst();
  TakeTo(2, Phase::kProbation);
  ASSERT_TRUE(slots_->Apply(Event::kRefused, "confidence fell by 0.1"));
  EXPECT_EQ(Start().bundle->version, "1");
  EXPECT_EQ(slots_->state().history.back().result, "rolled back");
  EXPECT_EQ(slots_->state().history.back().reason, "confidence fell by 0.1");
  EXPECT_EQ(slots_->Offer(Life::Pack(2).bundle).error().code, Errc::kConflict);
  ASSERT_TRUE(slots_->Forgive(Life::Pack(2).bundle.digest));
  EXPECT_TRUE(slots_->Offer(Life::Pack(2).bundle));
}

TEST_F(SlotsTest, AWithdrawnModelMayComeAgain) {
  CommitFirst();
  TakeTo(2, Phase::kShadow);
  ASSERT_TRUE(slots_->Apply(Event::kWithdrawn, "the rollout was aborted"));
  EXPECT_TRUE(slots_->Offer(Life::Pack(2).bundle));
}

TEST_F(SlotsTest, OneStepBackNeedsNoNetworkAndKeepsBoth) {
  CommitFirst();
  Commit(2);
  ASSERT_TRUE(slots_->Apply(Event::kUndone, "by hand"));
  ASSERT_TRUE(slots_->Prune());
  EXPECT_EQ(Start().bundle->version, "1");
  EXPECT_EQ(slots_->state().previous->version, "2");
}

TEST_F(SlotsTest, TheFloorStopsInstallationsAndNothingElse) {
  CommitFirst();
  TakeTo(2, Phase::kShadow);
  ASSERT_TRUE(slots_->RaiseFloor(5));
  EXPECT_EQ(slots_->Apply(Event::kSwitched).error().code, Errc::kConflict);
  ASSERT_TRUE(slots_->Apply(Event::kWithdrawn));
  EXPECT_EQ(slots_->Offer(Life::Pack(3).bundle).error().code, Errc::kInvalid);
  EXPECT_EQ(Start().bundle->version, "1") << "a committed model always loads";
  ASSERT_TRUE(slots_->RaiseFloor(2));
  EXPECT_EQ(slots_->state().floor, 5U) << "it never falls";
}

TEST_F(SlotsTest, CrashesWithoutProgressTakeTheModelBack) {
  CommitFirst();
  TakeTo(2, Phase::kProbation);
  Start();
  for (int i = 1; i < policy_.crashes_max; ++i) EXPECT_EQ(Start().bundle->version, "2") << i;
  const Serving serving = Start();
  EXPECT_EQ(serving.bundle->version, "1");
  EXPECT_EQ(serving.taken_back, "crash loop: 3 crashes without progress");
}

TEST_F(SlotsTest, CleanRestartsProgressAndPowerCutsAreNoCrashLoop) {
  CommitFirst();
  TakeTo(2, Phase::kProbation);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Start().bundle->version, "2");
    ASSERT_TRUE(slots_->EndRun());
  }
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Start().bundle->version, "2");
    ASSERT_TRUE(slots_->NoteProgress());
  }
  for (int i = 0; i < 5; ++i)
    EXPECT_EQ(Start("boot" + std::to_string(i)).bundle->version, "2") << "power cuts";
}

TEST_F(SlotsTest, AModelThatBringsTheMachineDownIsTakenBackToo) {
  CommitFirst();
  TakeTo(2, Phase::kProbation);
  std::string version = "2";
  for (int i = 0; i <= policy_.power_cuts_max; ++i)
    version = Start("boot" + std::to_string(i)).bundle->version;
  EXPECT_EQ(version, "1");
}

TEST_F(SlotsTest, ACandidateThatCrashesTheAgentWhileItIsTriedIsRefused) {
  CommitFirst();
  TakeTo(2, Phase::kProving);
  Start();
  Start();
  const Serving serving = Start();
  EXPECT_EQ(serving.bundle->version, "1");
  EXPECT_EQ(slots_->state().phase, Phase::kIdle);
  EXPECT_EQ(slots_->state().history.back().result, "refused");
}

TEST_F(SlotsTest, ACommittedModelThatCrashesGivesWayToThePreviousOne) {
  CommitFirst();
  Commit(2);
  for (int i = 0; i < policy_.crashes_max; ++i) EXPECT_EQ(Start().bundle->version, "2");
  EXPECT_EQ(Start().bundle->version, "1");
}

TEST_F(SlotsTest, WithNothingToGoBackToItGoesOnTrying) {
  CommitFirst();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(Start().bundle->version, "1");
}

TEST_F(SlotsTest, ADamagedModelGivesWayToThePreviousOne) {
  CommitFirst();
  Commit(2);
  const std::string file = slots_->FolderOf(*slots_->state().committed) + "/model.tflite";
  ASSERT_TRUE(disk_.WriteAt(file, 100, os::Bytes(1, std::byte{0xff})));
  const Serving serving = Start();
  EXPECT_EQ(serving.bundle->version, "1");
  EXPECT_NE(serving.taken_back.find("damaged"), std::string::npos);
}

TEST_F(SlotsTest, ADamagedStateIsRebuiltFromTheBundlesThatAreWhole) {
  CommitFirst();
  Commit(2);
  for (const char* file : {"/m/state.0", "/m/state.1"})
    ASSERT_TRUE(disk_.WriteAt(file, 20, os::Bytes(1, std::byte{0xff})));
  EXPECT_EQ(Start().bundle->version, "2");
  EXPECT_EQ(slots_->state().history.back().result, "rebuilt");
}

TEST_F(SlotsTest, OneDamagedCopyOfTheStateCostsOneStepAtMost) {
  CommitFirst();
  const std::string newest = slots_->state().generation % 2 == 0 ? "/m/state.0" : "/m/state.1";
  ASSERT_TRUE(disk_.WriteAt(newest, 20, os::Bytes(1, std::byte{0xff})));
  Open();
  EXPECT_EQ(slots_->state().phase, Phase::kWarmingUp);
}

TEST_F(SlotsTest, ADownloadGoesOnWhereItStopped) {
  policy_.block_bytes = 1024;
  Open();
  const TestPack& pack = Life::Pack(1);
  ASSERT_TRUE(slots_->Offer(pack.bundle));
  auto staging = slots_->OpenStaging();
  ASSERT_TRUE(staging->Put(2, std::span(pack.bytes).subspan(2048, 1024)));
  Open();
  staging = slots_->OpenStaging();
  EXPECT_EQ(staging->received(), 1U);
  EXPECT_EQ(staging->Missing(3), (std::vector<uint32_t>{0, 1, 3}));
  EXPECT_EQ(staging->Put(0, std::span(pack.bytes).first(100)).error().code, Errc::kInvalid);
  EXPECT_EQ(staging->Put(99'999, {}).error().code, Errc::kInvalid);
}

TEST_F(SlotsTest, OffersWithoutHashesOrTooLargeAreRefused) {
  BundleRef bundle = Life::Pack(1).bundle;
  bundle.pack_bytes = policy_.pack_bytes_max + 1;
  EXPECT_EQ(slots_->Offer(bundle).error().code, Errc::kInvalid);
  bundle = Life::Pack(1).bundle;
  bundle.digest = "../../etc";
  EXPECT_EQ(slots_->Offer(bundle).error().code, Errc::kInvalid);
}

TEST(TableTest, EveryPhaseEndsAndOnlyOneCandidateIsOnItsWay) {
  for (int p = 1; p <= static_cast<int>(Phase::kProbation); ++p) {
    const auto phase = static_cast<Phase>(p);
    EXPECT_EQ(Next(phase, Event::kRefused), Phase::kIdle) << Name(phase);
    EXPECT_EQ(Next(phase, Event::kWithdrawn), Phase::kIdle) << Name(phase);
    EXPECT_FALSE(Next(phase, Event::kOffered)) << Name(phase);
    EXPECT_EQ(PhaseByName(Name(phase)), phase);
  }
}

class ConfigSlotsTest : public SlotsTest {
 protected:
  void SetUp() override {
    policy_.kind = model::BundleKind::kConfig;
    policy_.base_beneath = true;
    Open();
  }
  void Probation(uint64_t release) {
    Stage(Life::Pack(release, model::BundleKind::kConfig));
    ASSERT_TRUE(slots_->Install());
    for (const Event event : {Event::kProved, Event::kWarmed, Event::kSwitched})
      ASSERT_TRUE(slots_->Apply(event));
  }
};

TEST_F(ConfigSlotsTest, BeneathTheFirstConfigurationLiesTheGatewaysOwn) {
  EXPECT_FALSE(slots_->CanUndo());
  Probation(1);
  EXPECT_EQ(ServingOf(slots_->state())->version, "1");
  ASSERT_TRUE(slots_->Apply(Event::kCommitted));
  ASSERT_TRUE(slots_->Apply(Event::kUndone, "warns too early"));
  EXPECT_FALSE(Start().bundle);
  EXPECT_EQ(slots_->Apply(Event::kUndone).error().code, Errc::kConflict);
  Probation(2);
  ASSERT_TRUE(slots_->Apply(Event::kCommitted));
  EXPECT_EQ(Start().bundle->version, "2");
}

TEST_F(ConfigSlotsTest, CrashesTakeTheFirstConfigurationBack) {
  Probation(1);
  ASSERT_TRUE(slots_->Apply(Event::kCommitted));
  for (int crash = 0; crash < 3; ++crash) EXPECT_TRUE(Start().bundle);
  const Serving last = Start();
  EXPECT_FALSE(last.bundle);
  EXPECT_NE(last.taken_back.find("crash loop"), std::string::npos) << last.taken_back;
}

TEST_F(ConfigSlotsTest, CrashesThatAreOthersFaultAreNotCounted) {
  Probation(1);
  ASSERT_TRUE(slots_->Apply(Event::kCommitted));
  for (int crash = 0; crash < 5; ++crash) {
    Open();
    EXPECT_TRUE(slots_->BeginRun("boot", Suspect::kOther)->bundle);
  }
}

TEST_F(ConfigSlotsTest, AModelIsNoConfiguration) {
  Stage(Life::Pack(1));
  const auto installed = slots_->Install();
  ASSERT_FALSE(installed);
  EXPECT_EQ(installed.error().code, Errc::kInvalid);
  EXPECT_NE(installed.error().what.find("is a model, wanted is a config"), std::string::npos)
      << installed.error().what;
}

}  // namespace
}  // namespace millwright::slots
