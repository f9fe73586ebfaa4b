#include "core/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace millwright {
namespace {

TEST(TimeTest, ParsesWhatRecordingsContain) {
  EXPECT_EQ(*ParseUtc("1970-01-01T00:00:01Z"), kSecond);
  EXPECT_EQ(*ParseUtc("2020-03-09 10:14:33"), 1'583'748'873 * kSecond);
  EXPECT_EQ(*ParseUtc("2020-03-09T11:14:33.5+01:00"), 1'583'748'873 * kSecond + kSecond / 2);
  EXPECT_EQ(*ParseUtc("1970-01-02"), 86'400 * kSecond);
}

TEST(TimeTest, RefusesWhatIsNoTime) {
  for (const char* bad :
       {"", "yesterday", "2020-13-01", "2020-02-30", "2020-01-01T25:00:00Z", "2020-01-01T10",
        "2020-01-01T10:00:00X", "2020-01-01T10:00:00+1", "1700-01-01"})
    EXPECT_FALSE(ParseUtc(bad)) << bad;
}

RC_GTEST_PROP(TimeProperty, ParseReversesFormat, ()) {
  const Nanos utc = *rc::gen::inRange<Nanos>(0, 4'000'000'000 * kSecond);
  RC_ASSERT(*ParseUtc(FormatUtc(utc)) == utc);
}

RC_GTEST_PROP(TimeProperty, ParseNeverCrashes, (const std::string& text)) { (void)ParseUtc(text); }

}  // namespace
}  // namespace millwright
