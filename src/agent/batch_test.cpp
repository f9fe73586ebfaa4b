#include "agent/batch.h"

#include <gtest/gtest.h>

#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

outbox::Record RecordOf(uint64_t sequence, const std::string& reason) {
  wire::Event event;
  event.set_ts_ns(1000 + static_cast<Nanos>(sequence));
  event.mutable_state()->set_asset("P-1");
  event.mutable_state()->set_reason(reason);
  outbox::Record record;
  record.lane = Lane::kHealth;
  record.sequence = sequence;
  record.payload = event.SerializeAsString();
  return record;
}

TEST(BatchTest, IsReadAsOneMessageWithEachEventsIdentity) {
  BatchWriter writer(DeviceId("gw-1"), SiteId("alder"), 77, 123'456, 4096);
  for (uint64_t sequence = 1; sequence <= 300; sequence += 299)
    ASSERT_TRUE(writer.Add(RecordOf(sequence, "a")));
  wire::EventBatch batch;
  ASSERT_TRUE(batch.ParseFromString(writer.bytes()));
  EXPECT_EQ(batch.device(), "gw-1");
  EXPECT_EQ(batch.site(), "alder");
  EXPECT_EQ(batch.epoch(), 77U);
  EXPECT_EQ(batch.sent_ns(), 123'456);
  ASSERT_EQ(batch.events_size(), 2);
  EXPECT_EQ(batch.events(1).lane(), 1U);
  EXPECT_EQ(batch.events(1).seq(), 300U);
  EXPECT_EQ(batch.events(1).ts_ns(), 1300);
  EXPECT_EQ(batch.events(1).state().reason(), "a");
}

TEST(BatchTest, TellsWhatTheDeviceNoLongerHas) {
  BatchWriter writer(DeviceId("gw-1"), SiteId("alder"), 77, 1, 4096);
  writer.AddAcked(Lane::kAlarm, 12);
  writer.AddAcked(Lane::kFeatures, uint64_t{1} << 40);
  ASSERT_TRUE(writer.Add(RecordOf(1, "a")));
  wire::EventBatch batch;
  ASSERT_TRUE(batch.ParseFromString(writer.bytes()));
  ASSERT_EQ(batch.acked_size(), 2);
  EXPECT_EQ(batch.acked(0).lane(), 0U);
  EXPECT_EQ(batch.acked(0).seq(), 12U);
  EXPECT_EQ(batch.acked(1).seq(), uint64_t{1} << 40);
  EXPECT_EQ(batch.events_size(), 1);
}

TEST(BatchTest, StaysWithinItsBytes) {
  constexpr size_t kBytesMax = 1000;
  BatchWriter writer(DeviceId("gw-1"), SiteId("alder"), 1, 1, kBytesMax);
  uint64_t sequence = 0;
  while (writer.Add(RecordOf(++sequence, std::string(90, 'x')))) {
  }
  EXPECT_GT(writer.events(), 5U);
  EXPECT_EQ(writer.events(), sequence - 1);
  EXPECT_LE(writer.bytes().size(), kBytesMax);
}

// Or it would wait for ever.
TEST(BatchTest, AnEmptyBatchTakesAnyRecord) {
  BatchWriter writer(DeviceId("gw-1"), SiteId("alder"), 1, 1, 100);
  EXPECT_TRUE(writer.Add(RecordOf(1, std::string(5000, 'x'))));
  EXPECT_FALSE(writer.Add(RecordOf(2, "x")));
  EXPECT_EQ(writer.events(), 1U);
}

}  // namespace
}  // namespace millwright::agent
