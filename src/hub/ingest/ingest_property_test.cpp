// Any order, repeats, losses and crashes give the same database, and an ack never covers what is
// not on disk.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <random>

#include "hub/ingest/test_hub.h"
#include "outbox/testing/power_cut_vfs.h"

namespace millwright::hub {
namespace {

// A machine's small life: telemetry, two alarms, an evicted stretch of the features lane.
std::vector<wire::Event> Life() {
  std::vector<wire::Event> events;
  for (uint64_t i = 1; i <= 12; ++i) {
    if (i >= 5 && i <= 7) continue;  // evicted
    events.push_back(FeaturesEvent(i, kTestStart + static_cast<Nanos>(i) * kSecond, i > 8 ? 2 : 0,
                                   0.0625f * static_cast<float>(i)));
  }
  events.push_back(GapEvent(1, 2, 5, 7));
  events.push_back(AlarmEvent(1, kTestStart + 9 * kSecond, wire::Alarm::RAISED, wire::LEVEL_WATCH));
  events.push_back(
      AlarmEvent(2, kTestStart + 10 * kSecond, wire::Alarm::LEVEL_CHANGED, wire::LEVEL_WARNING));
  events.push_back(
      AlarmEvent(3, kTestStart + 20 * kSecond, wire::Alarm::CLEARED, wire::LEVEL_NONE));
  events.push_back(
      AlarmEvent(4, kTestStart + 30 * kSecond, wire::Alarm::RAISED, wire::LEVEL_ACT, "P-1-2"));
  return events;
}

std::string Reference() {
  TestHub hub;
  EXPECT_TRUE(hub.Boot());
  for (const wire::Event& event : Life()) hub.Send(BatchOf({event}));
  return hub.Picture();
}

RC_GTEST_PROP(IngestPropertyTest, AnyOrderAndRepeatsGiveTheSameDatabase, (uint64_t seed)) {
  static const std::string want = Reference();
  std::mt19937_64 random(seed);
  std::vector<wire::Event> events = Life();
  const std::vector<wire::Event> once = events;
  for (const wire::Event& event : once)
    if (random() % 2 == 0) events.push_back(event);
  std::shuffle(events.begin(), events.end(), random);
  TestHub hub;
  RC_ASSERT(hub.Boot());
  for (size_t at = 0; at < events.size();) {
    const size_t count = std::min<size_t>(1 + random() % 5, events.size() - at);
    hub.Send(BatchOf({events.begin() + static_cast<std::ptrdiff_t>(at),
                      events.begin() + static_cast<std::ptrdiff_t>(at + count)}));
    at += count;
    if (random() % 4 == 0) {
      hub.Kill();
      RC_ASSERT(hub.Boot());
    }
  }
  RC_ASSERT(hub.Picture() == want);
  RC_ASSERT(hub.Mark(7, 2) == 12u);
  RC_ASSERT(hub.Mark(7, 0) == 4u);
}

// Every event up to an acked mark is in the database (the evicted stretch apart).
void CheckAcked(TestHub& hub) {
  for (const auto& [key, mark] : hub.acks.marks) {
    const int64_t evicted =
        key.second == 2 ? std::clamp<int64_t>(static_cast<int64_t>(mark) - 4, 0, 3) : 0;
    const int64_t stored =
        hub.Number("SELECT COUNT(*) FROM events WHERE lane = " + std::to_string(key.second) +
                   " AND seq <= " + std::to_string(mark));
    EXPECT_EQ(stored + evicted, static_cast<int64_t>(mark)) << "lane " << key.second;
  }
}

// The power goes after each write or sync in turn; the device then sends again all that was not
// acked.
TEST(IngestPowerCutTest, NothingAckedIsLostAndNothingIsTwice) {
  const std::string want = Reference();
  for (int64_t cut = 1; cut < 120; cut += 3) {
    SCOPED_TRACE("power cut after operation " + std::to_string(cut));
    const std::string name = "hub-cut-" + std::to_string(cut);
    ::millwright::testing::PowerCutDisk disk(name);
    TestHub hub(name);
    disk.CutAfter(cut);
    if (hub.Boot())
      for (const wire::Event& event : Life()) hub.Send(BatchOf({event}));
    hub.Kill();
    disk.CutNow();
    disk.Restore(static_cast<uint64_t>(cut) * 7919);
    ASSERT_TRUE(hub.Boot());
    CheckAcked(hub);
    for (const wire::Event& event : Life())
      if (event.seq() > hub.Mark(7, event.lane())) hub.Send(BatchOf({event}));
    EXPECT_EQ(hub.Picture(), want);
  }
}

}  // namespace
}  // namespace millwright::hub
