#include "core/ids.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace millwright {
namespace {

static_assert(!std::is_convertible_v<DeviceId, AssetId>, "ids must not mix");

TEST(IdsTest, TextRulesKeepIdsSafeInTopicsFilesAndLabels) {
  for (const char* good : {"P-102", "gw-alder-1", "a", "A_b.c-9"})
    EXPECT_TRUE(CheckIdText("asset", good)) << good;
  for (const char* bad : {"", "a/b", "a b", "+", "#", ".hidden", "-x", "Z\xC3\xBCrich"})
    EXPECT_FALSE(CheckIdText("asset", bad)) << bad;
  EXPECT_FALSE(CheckIdText("asset", std::string(65, 'a')));
  EXPECT_TRUE(CheckIdText("asset", std::string(64, 'a')));
}

TEST(IdsTest, EventIdsOrderByDeviceEpochLaneSequence) {
  const EventId a{DeviceId("d"), 1, Lane::kAlarm, 9};
  const EventId b{DeviceId("d"), 1, Lane::kHealth, 1};
  EXPECT_LT(a, b);
  EXPECT_EQ(Name(a.lane), "alarm");
}

}  // namespace
}  // namespace millwright
