#include "hub/rollout/windows.h"

#include <gtest/gtest.h>

#include "zone/test_zones.h"

namespace millwright::hub {
namespace {

constexpr Nanos kHour = 3600 * kSecond;
constexpr Nanos kMinute = 60 * kSecond;

Nanos At(std::string_view text) { return *ParseUtc(text); }

Calendar CalendarOf(std::string_view windows, const std::string& rule = kBerlinRule) {
  auto read = ReadWindows(windows);
  EXPECT_TRUE(read) << read.error().what;
  return {*read, std::make_shared<const TimeZone>(TestZone(rule))};
}

TEST(WindowsTest, AreTheirOwnInverse) {
  const std::string text =
      R"({"zone":"Europe/Berlin","windows":[{"days":["mon","fri"],"from":"22:00","to":"04:30"},)"
      R"({"days":["sun"],"from":"00:00","to":"24:00"}]})";
  const auto windows = ReadWindows(text);
  ASSERT_TRUE(windows) << windows.error().what;
  EXPECT_EQ(WriteWindows(*windows), text);
}

TEST(WindowsTest, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "no JSON object"},
      {R"({"windows":[]})", "zone"},
      {R"({"zone":"UTC"})", "windows"},
      {R"({"zone":"UTC","windows":[],"site":"a"})", "site"},
      {R"({"zone":"UTC","windows":[1]})", "object"},
      {R"({"zone":"UTC","windows":[{"days":[],"from":"01:00","to":"02:00"}]})", "days"},
      {R"({"zone":"UTC","windows":[{"days":["Mo"],"from":"01:00","to":"02:00"}]})", "Mo"},
      {R"({"zone":"UTC","windows":[{"days":["mon"],"from":"1:00","to":"02:00"}]})", "1:00"},
      {R"({"zone":"UTC","windows":[{"days":["mon"],"from":"01:00","to":"24:01"}]})", "24:01"},
      {R"({"zone":"UTC","windows":[{"days":["mon"],"from":"24:00","to":"02:00"}]})", "24:00"},
      {R"({"zone":"UTC","windows":[{"days":["mon"],"from":"02:00","to":"02:00"}]})", "same"},
      {R"({"zone":"UTC","windows":[{"days":["mon"],"from":"02:00"}]})", "to"},
  };
  for (const auto& [text, word] : cases) {
    const auto windows = ReadWindows(text);
    ASSERT_FALSE(windows) << text;
    EXPECT_NE(windows.error().what.find(word), std::string::npos) << windows.error().what;
  }
}

TEST(CalendarTest, AWindowMaySpanMidnight) {
  const Calendar night =
      CalendarOf(R"({"zone":"x","windows":[{"days":["sat"],"from":"22:00","to":"04:00"}]})");
  // 16 January 2027 is a Saturday; Berlin is an hour ahead.
  EXPECT_FALSE(night.IsOpen(At("2027-01-16T20:59:59Z")));
  EXPECT_TRUE(night.IsOpen(At("2027-01-16T21:00:00Z")));
  EXPECT_TRUE(night.IsOpen(At("2027-01-17T02:59:59Z"))) << "Sunday morning, still Saturday's";
  EXPECT_FALSE(night.IsOpen(At("2027-01-17T03:00:00Z")));
  EXPECT_FALSE(night.IsOpen(At("2027-01-16T02:00:00Z"))) << "Friday has none";
  EXPECT_EQ(night.NextOpen(At("2027-01-11T12:00:00Z")), At("2027-01-16T21:00:00Z"));
  EXPECT_EQ(night.NextClose(At("2027-01-16T22:00:00Z")), At("2027-01-17T03:00:00Z"));
  EXPECT_EQ(night.NextOpen(At("2027-01-16T22:00:00Z")), At("2027-01-16T22:00:00Z"));
  EXPECT_EQ(night.NextOpen(At("2027-01-17T03:00:00Z")), At("2027-01-23T21:00:00Z"));
}

TEST(CalendarTest, AnHourThatIsSkippedOrComesTwice) {
  const Calendar early =
      CalendarOf(R"({"zone":"x","windows":[{"days":["sun"],"from":"02:30","to":"05:00"}]})");
  EXPECT_EQ(early.NextOpen(At("2027-03-27T12:00:00Z")), At("2027-03-28T01:00:00Z"))
      << "02:00 becomes 03:00, which is inside";
  EXPECT_EQ(early.NextOpen(At("2027-10-30T12:00:00Z")), At("2027-10-31T00:30:00Z"));
  EXPECT_EQ(early.NextClose(At("2027-10-31T00:30:00Z")), At("2027-10-31T01:00:00Z"))
      << "03:00 becomes 02:00, which is outside ...";
  EXPECT_EQ(early.NextOpen(At("2027-10-31T01:00:00Z")), At("2027-10-31T01:30:00Z"))
      << "... until it is 02:30 again";
  const Calendar skipped =
      CalendarOf(R"({"zone":"x","windows":[{"days":["sun"],"from":"02:00","to":"03:00"}]})");
  EXPECT_EQ(skipped.NextOpen(At("2027-03-27T12:00:00Z")), At("2027-04-04T00:00:00Z"))
      << "a week later";
}

TEST(CalendarTest, NoWindowAtAllNeverOpens) {
  const Calendar none = CalendarOf(R"({"zone":"x","windows":[]})");
  EXPECT_EQ(none.NextOpen(At("2027-01-01T00:00:00Z")), kNever);
  const Calendar always =
      CalendarOf(R"({"zone":"x","windows":[{"days":["mon","tue","wed","thu","fri","sat","sun"],)"
                 R"("from":"00:00","to":"24:00"}]})");
  EXPECT_EQ(always.NextClose(At("2027-01-01T00:00:00Z")), kNever);
}

// Over a year, minute by minute: what Next says is what the wall says.
TEST(CalendarTest, NextIsTheFirstMinuteThatDiffers) {
  for (const char* rule : {kBerlinRule, "AEST-10AEDT,M10.1.0,M4.1.0/3", "<+0545>-5:45",
                           "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"}) {
    const Calendar calendar = CalendarOf(
        R"({"zone":"x","windows":[{"days":["tue","sat"],"from":"22:15","to":"04:00"},)"
        R"({"days":["sun"],"from":"01:30","to":"02:15"},{"days":["sun"],"from":"03:00","to":"03:30"}]})",
        rule);
    const Nanos end = At("2028-01-01T00:00:00Z");
    bool open = calendar.IsOpen(At("2027-01-01T00:00:00Z"));
    Nanos since = At("2027-01-01T00:00:00Z");
    Nanos foretold = open ? calendar.NextClose(since) : calendar.NextOpen(since);
    int changes = 0;
    for (Nanos utc = since; utc < end; utc += kMinute) {
      if (calendar.IsOpen(utc) == open) continue;
      ASSERT_EQ(foretold, utc) << rule << ": " << FormatUtc(utc) << ", told "
                               << FormatUtc(foretold);
      open = !open;
      ++changes;
      foretold = open ? calendar.NextClose(utc) : calendar.NextOpen(utc);
      ASSERT_LT(utc - since, 8 * 24 * kHour);
      since = utc;
    }
    EXPECT_GT(changes, 200);
  }
}

TEST(CalendarsTest, ASiteWithoutWindowsIsAlwaysOpen) {
  Calendars calendars;
  calendars.emplace("birch", CalendarOf(R"({"zone":"x","windows":[]})"));
  EXPECT_TRUE(IsOpen(calendars, "alder", 5));
  EXPECT_FALSE(IsOpen(calendars, "birch", 5));
  EXPECT_EQ(NextOpen(calendars, "alder", 5), 5);
}

}  // namespace
}  // namespace millwright::hub
