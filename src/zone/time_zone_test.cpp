#include "zone/time_zone.h"

#include <gtest/gtest.h>

#include "zone/posix_rule.h"
#include "zone/test_zones.h"

namespace millwright {
namespace {

constexpr Nanos kHour = 3600 * kSecond;

Nanos At(std::string_view text) { return *ParseUtc(text); }

TEST(PosixRuleTest, DaysFollowFromTheRule) {
  const auto berlin = ReadPosixRule("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(berlin) << berlin.error().what;
  EXPECT_EQ(berlin->standard_s, 3600);
  EXPECT_EQ(berlin->summer_s, 7200);
  EXPECT_EQ(berlin->begin.In(2027) * kSecond, At("2027-03-28T02:00:00Z"));
  EXPECT_EQ(berlin->end.In(2027) * kSecond, At("2027-10-31T03:00:00Z"));
  const auto tokyo = ReadPosixRule("JST-9");
  EXPECT_TRUE(tokyo && !tokyo->has_summer && tokyo->standard_s == 9 * 3600);
  const auto odd = ReadPosixRule("<-03>3<-0230>2:30,J60/0,300/-1:30");
  ASSERT_TRUE(odd) << odd.error().what;
  EXPECT_EQ(odd->summer_s, -9000);
  EXPECT_EQ(odd->begin.In(2028) * kSecond, At("2028-03-01T00:00:00Z"))
      << "J never counts a leap day";
  EXPECT_EQ(odd->end.In(2028) * kSecond, At("2028-10-26T22:30:00Z"));
  for (const char* text : {"", "CE-1", "CET", "CET-1CEST", "CET-1CEST,M13.1.0,M10.5.0", "CET-1,",
                           "CET-1CEST,M3.5.0,M10.5.0/3 "})
    EXPECT_FALSE(ReadPosixRule(text)) << text;
}

TEST(TimeZoneTest, FollowsTheClockOnTheWall) {
  const TimeZone berlin = TestZone(kBerlinRule);
  EXPECT_EQ(berlin.OffsetAt(At("2027-03-28T00:59:59Z")), kHour);
  EXPECT_EQ(berlin.OffsetAt(At("2027-03-28T01:00:00Z")), 2 * kHour);
  EXPECT_EQ(berlin.NextChange(At("2027-03-28T01:00:00Z")), At("2027-10-31T01:00:00Z"));
  EXPECT_EQ(berlin.Local(At("2027-10-31T01:00:00Z")), At("2027-10-31T02:00:00Z"));
  EXPECT_EQ(berlin.NextChange(At("2101-01-01T00:00:00Z")), kNever);
  EXPECT_EQ(TimeZone::Utc().NextChange(0), kNever);
}

TEST(TimeZoneTest, ATimeOnTheWallComesOnceTwiceOrNever) {
  const TimeZone berlin = TestZone(kBerlinRule);
  const auto instants = [&](std::string_view local) { return berlin.InstantsOf(At(local)); };
  EXPECT_EQ(instants("2027-07-01T12:00:00Z"), std::vector{At("2027-07-01T10:00:00Z")});
  EXPECT_EQ(instants("2027-10-31T02:30:00Z"),
            (std::vector{At("2027-10-31T00:30:00Z"), At("2027-10-31T01:30:00Z")}));
  EXPECT_TRUE(instants("2027-03-28T02:30:00Z").empty());
  EXPECT_EQ(berlin.FirstInstantOf(At("2027-03-28T02:30:00Z")), At("2027-03-28T01:00:00Z"));
  EXPECT_EQ(berlin.FirstInstantOf(At("2027-10-31T02:30:00Z")), At("2027-10-31T00:30:00Z"));
}

TEST(TimeZoneTest, TheSouthHasItsSummerOverTheNewYear) {
  const TimeZone sydney = TestZone("AEST-10AEDT,M10.1.0,M4.1.0/3");
  EXPECT_EQ(sydney.OffsetAt(At("2027-01-15T00:00:00Z")), 11 * kHour);
  EXPECT_EQ(sydney.OffsetAt(At("2027-07-15T00:00:00Z")), 10 * kHour);
}

TEST(TimeZoneTest, DamagedFilesAreRefused) {
  const std::string whole = TestZoneFile(kBerlinRule);
  ASSERT_TRUE(TimeZone::Parse(os::AsBytes(whole)));
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(TimeZone::Parse(os::AsBytes(whole.substr(0, length)))) << length;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = '\xff';
    (void)TimeZone::Parse(os::AsBytes(changed));  // under the sanitizers: reads nothing else
  }
}

TEST(ZonesTest, AreFoundByName) {
  os::FakeFiles files;
  ASSERT_TRUE(files.WriteDurably("/zones/Europe/Berlin", os::AsBytes(TestZoneFile(kBerlinRule))));
  Zones zones(files, "/zones");
  EXPECT_TRUE(zones.Find("UTC"));
  EXPECT_TRUE(zones.Find("Europe/Berlin"));
  for (const char* name : {"Europe/Berlino", "", "../zones/Europe/Berlin", "/zones", "a b"}) {
    const auto zone = zones.Find(name);
    ASSERT_FALSE(zone) << name;
    EXPECT_EQ(zone.error().code, Errc::kInvalid);
  }
}

// The database of the system, where there is one: what it lists and what its rule says must meet.
TEST(ZonesTest, TheSystemsZonesAreRead) {
  os::RealFiles files;
  if (!files.Exists("/usr/share/zoneinfo/Europe/Berlin")) GTEST_SKIP() << "no tzdata here";
  Zones zones(files);
  const auto berlin = zones.Find("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().what;
  const TimeZone rule = TestZone(kBerlinRule);
  for (Nanos utc = At("2000-01-01T00:00:00Z"); utc < At("2090-01-01T00:00:00Z"); utc += 7 * kHour)
    ASSERT_EQ((*berlin)->OffsetAt(utc), rule.OffsetAt(utc)) << FormatUtc(utc);
  for (const char* name : {"America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Etc/UTC",
                           "America/Sao_Paulo", "Africa/Casablanca", "Pacific/Chatham"})
    EXPECT_TRUE(zones.Find(name)) << name;
  EXPECT_EQ((*zones.Find("Asia/Kolkata"))->OffsetAt(At("2026-01-01T00:00:00Z")),
            5 * kHour + kHour / 2);
}

}  // namespace
}  // namespace millwright
