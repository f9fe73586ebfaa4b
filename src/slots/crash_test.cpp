// Every state that a power cut may leave, every failing disk: some verified model always serves.
#include <gtest/gtest.h>

#include "os/fake_disk.h"
#include "slots/testing/life.h"

namespace millwright::slots {
namespace {

class SlotsCrashTest : public ::testing::TestWithParam<model::BundleKind> {};

INSTANTIATE_TEST_SUITE_P(EachKind, SlotsCrashTest,
                         ::testing::Values(model::BundleKind::kModel, model::BundleKind::kConfig),
                         [](const auto& info) { return std::string(model::Name(info.param)); });

TEST_P(SlotsCrashTest, AfterEveryCutAVerifiedModelServes) {
  os::FakeDisk disk;
  os::FakeClock clock;
  Life life(disk, clock, "/m", GetParam());
  std::unordered_set<uint64_t> seen;
  size_t states = 0;
  size_t from = 0;
  Known before;
  const auto played = life.Play([&](const Known& known) {
    // Between two steps holds what was known before the first; the model in between may be proved.
    Known least = before;
    least.proved = known.proved;
    states += disk.EnumerateCuts(from, {.subsets_max = 8}, seen, [&](os::FakeDisk& cut, size_t at) {
      const Verdict v = Life::Judge(cut, clock, "/m", least, GetParam());
      EXPECT_TRUE(v.good()) << "cut after change " << at << ": " << v.what;
    });
    from = disk.changes();
    before = known;
  });
  ASSERT_TRUE(played) << played.error().what;
  EXPECT_GT(states, 500U);
}

TEST_P(SlotsCrashTest, AGatewayIsNeverStuckAfterACut) {
  os::FakeDisk disk;
  os::FakeClock clock;
  Life life(disk, clock, "/m", GetParam());
  ASSERT_TRUE(life.Play([](const Known&) {}));
  std::unordered_set<uint64_t> seen;
  size_t looked = 0;
  disk.EnumerateCuts(0, {.subsets_max = 2}, seen, [&](os::FakeDisk& cut, size_t at) {
    if (++looked % 7 != 0) return;
    const auto went_on = Life::GoOn(cut, clock, "/m", GetParam());
    EXPECT_TRUE(went_on) << "cut after change " << at << ": " << went_on.error().what;
  });
}

TEST_P(SlotsCrashTest, AFailingDiskLosesNoModel) {
  os::FakeClock clock;
  size_t changes = 0;
  {
    os::FakeDisk disk;
    Life life(disk, clock, "/m", GetParam());
    ASSERT_TRUE(life.Play([](const Known&) {}));
    changes = disk.changes();
  }
  for (size_t at = 0; at < changes; at += 3) {
    os::FakeDisk disk;
    Life life(disk, clock, "/m", GetParam());
    disk.FailAt(at, at % 2 == 0 ? Errc::kIo : Errc::kExhausted, at % 5 == 0);
    Known known;
    const auto played = life.Play([&](const Known& k) { known = k; });
    EXPECT_FALSE(played) << "the fault at " << at << " was swallowed";
    disk.FailAt(~size_t{0}, Errc::kIo, false);
    for (uint64_t r = 1; r <= 5; ++r) known.proved.insert(Life::Pack(r, GetParam()).bundle.digest);
    const Verdict v = Life::Judge(disk, clock, "/m", known, GetParam());
    EXPECT_TRUE(v.good()) << "fault at change " << at << ": " << v.what;
  }
}

}  // namespace
}  // namespace millwright::slots
