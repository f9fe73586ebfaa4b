#include "trainer/detection.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millwright::trainer {
namespace {

// One letter a second: h healthy, a anomalous, n neutral; capitals carry an alarm.
Verdicts Said(const std::string& text) {
  Verdicts run{.run = text};
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const char small = static_cast<char>(c | 0x20);
    run.moments.push_back({.ts = FromSeconds(static_cast<double>(i)),
                           .truth = small == 'h'   ? Truth::kHealthy
                                    : small == 'a' ? Truth::kAnomaly
                                                   : Truth::kNeutral,
                           .alarm = c < 'a'});
  }
  return run;
}

TEST(Detection, CountsMomentsAsTheySpeak) {
  const std::vector<Verdicts> runs = {Said("hhHHhaaAAhh")};
  const Detection d = MeasureDetection(runs);
  EXPECT_DOUBLE_EQ(d.far, 2.0 / 7);
  EXPECT_DOUBLE_EQ(d.mar, 2.0 / 4);  // found late: the two moments before stay missed
  EXPECT_EQ(d.events_total, 1);
  EXPECT_EQ(d.events_found, 1);
  EXPECT_DOUBLE_EQ(d.delay_s_median, 2);
  EXPECT_EQ(d.false_alarms, 1);
}

TEST(Detection, NeutralMomentsCountForNothing) {
  const std::vector<Verdicts> runs = {Said("hhnNNaAhh")};
  const Detection d = MeasureDetection(runs);
  EXPECT_DOUBLE_EQ(d.far, 0);
  EXPECT_DOUBLE_EQ(d.mar, 0.5);
  EXPECT_EQ(d.false_alarms, 0);
  EXPECT_DOUBLE_EQ(d.healthy_moments, 4);
}

TEST(Detection, SeparatesEventsAndRuns) {
  const std::vector<Verdicts> runs = {Said("aahhAA"), Said("haA")};
  const Detection d = MeasureDetection(runs);
  EXPECT_EQ(d.events_total, 3);
  EXPECT_EQ(d.events_found, 2);
  EXPECT_DOUBLE_EQ(d.delay_s_median, 0.5);  // 0 and 1
}

TEST(Detection, NothingFoundHasNoDelay) {
  const std::vector<Verdicts> runs = {Said("hhaaa")};
  const Detection d = MeasureDetection(runs);
  EXPECT_DOUBLE_EQ(d.mar, 1);
  EXPECT_EQ(d.events_found, 0);
  EXPECT_TRUE(std::isnan(d.delay_s_median));
}

}  // namespace
}  // namespace millwright::trainer
