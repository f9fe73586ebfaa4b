#include "wire/topics.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millwright::wire {
namespace {

TEST(TopicsTest, ReadingTopicsComeApartAsTheyWereMade) {
  const std::string topic =
      ReadingTopic(SiteId("alder"), AreaId("mixing"), AssetId("GB-301"), ChannelId("vib"));
  EXPECT_EQ(topic, "mw/alder/mixing/GB-301/vib");
  const auto address = ParseReadingTopic(topic);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->site, "alder");
  EXPECT_EQ(address->area, "mixing");
  EXPECT_EQ(address->asset, "GB-301");
  EXPECT_EQ(address->channel, "vib");
}

TEST(TopicsTest, OtherTopicsAreNoReadings) {
  for (const char* topic : {"", "mw", "mw/a/b/c", "mw/a/b/c/d/e", "x/a/b/c/d", "mw//b/c/d",
                            "mw/a/b/c/", "mw/a/b/c/decision", "mw/a/gateways/g/status"})
    EXPECT_FALSE(ParseReadingTopic(topic)) << topic;
}

TEST(TopicsTest, UplinkTopicsComeApart) {
  const std::string topic = AckTopic(DeviceId("gw-1"));
  const auto address = ParseUplinkTopic(topic);
  ASSERT_TRUE(address);
  EXPECT_EQ(address->device, "gw-1");
  EXPECT_EQ(address->kind, "ack");
  EXPECT_FALSE(ParseUplinkTopic("mw/v2/gw-1/ack"));
  EXPECT_FALSE(ParseUplinkTopic("mw/v1/gw-1/ack/more"));
}

RC_GTEST_PROP(TopicsProperty, NothingCrashesTheParsers, (const std::string& topic)) {
  (void)ParseReadingTopic(topic);
  (void)ParseUplinkTopic(topic);
}

}  // namespace
}  // namespace millwright::wire
