// Every state that a power cut may leave, every failing disk: some verified model always serves.
#include <gtest/gtest.h>

#include "os/fake_disk.h"
#include "slots/testing/life.h"

namespace millwright::slots {
namespace {

TEST(SlotsCrashTest, AfterEveryCutAVerifiedModelServes) {
  os::FakeDisk disk;
  os::FakeClock clock;
  Life life(disk, clock, "/m");
  std::unordered_set<uint64_t> seen;
  size_t states = 0;
  size_t from = 0;
  Known before;
  const auto played = life.Play([&](const Known& known) {
    // Between two steps holds what was known before the first; the model in between may be proved.
    Known least = before;
    least.proved = known.proved;
    states += disk.EnumerateCuts(from, {.subsets_max = 8}, seen, [&](os::FakeDisk& cut, size_t at) {
      const Verdict v = Life::Judge(cut, clock, "/m", least);
      EXPECT_TRUE(v.good()) << "cut after change " << at << ": " << v.what;
    });
    from = disk.changes();
    before = known;
  });
  ASSERT_TRUE(played) << played.error().what;
  EXPECT_GT(states, 500U);
}

TEST(SlotsCrashTest, AGatewayIsNeverStuckAfterACut) {
  os::FakeDisk disk;
  os::FakeClock clock;
  Life life(disk, clock, "/m");
  ASSERT_TRUE(life.Play([](const Known&) {}));
  std::unordered_set<uint64_t> seen;
  size_t looked = 0;
  disk.EnumerateCuts(0, {.subsets_max = 2}, seen, [&](os::FakeDisk& cut, size_t at) {
    if (++looked % 7 != 0) return;
    const auto went_on = Life::GoOn(cut, clock, "/m");
    EXPECT_TRUE(went_on) << "cut after change " << at << ": " << went_on.error().what;
  });
}

TEST(SlotsCrashTest, AFailingDiskLosesNoModel) {
  os::FakeClock clock;
  size_t changes = 0;
  {
    os::FakeDisk disk;
    Life life(disk, clock, "/m");
    ASSERT_TRUE(life.Play([](const Known&) {}));
    changes = disk.changes();
  }
  for (size_t at = 0; at < changes; at += 3) {
    os::FakeDisk disk;
    Life life(disk, clock, "/m");
    disk.FailAt(at, at % 2 == 0 ? Errc::kIo : Errc::kExhausted, at % 5 == 0);
    Known known;
    const auto played = life.Play([&](const Known& k) { known = k; });
    EXPECT_FALSE(played) << "the fault at " << at << " was swallowed";
    disk.FailAt(~size_t{0}, Errc::kIo, false);
    known.proved.insert(Life::Pack(5).bundle.digest);
    for (uint64_t r = 1; r <= 5; ++r) known.proved.insert(Life::Pack(r).bundle.digest);
    const Verdict v = Life::Judge(disk, clock, "/m", known);
    EXPECT_TRUE(v.good()) << "fault at change " << at << ": " << v.what;
  }
}

}  // namespace
}  // namespace millwright::slots
