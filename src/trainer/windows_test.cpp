#include "trainer/windows.h"

#include <gtest/gtest.h>

namespace millwright::trainer {
namespace {

Series Steps(size_t n) {
  Series s;
  s.id = s.asset = "a";
  s.features = 1;
  for (size_t i = 0; i < n; ++i) {
    s.end_ns.push_back(static_cast<Nanos>(i + 1) * kSecond);
    s.rows.push_back(static_cast<float>(i));
    s.labels.push_back(0);
    s.usable.push_back(1);
    s.learning.push_back(0);
  }
  return s;
}

TEST(Windows, LeaveOutHolesStopsCommissioningAndNeutralSteps) {
  std::vector<Series> all = {Steps(12)};
  Series& s = all.front();
  s.learning[2] = 1;                                       // a window that ends there is not scored
  s.usable[5] = 0;                                         // no window may hold it
  for (size_t i = 9; i < 12; ++i) s.end_ns[i] += kSecond;  // a hole before step 9
  s.labels[11] = kNeutral;
  const Windows w = MakeWindows(all, 3, kSecond, 1);
  std::vector<uint32_t> last;
  for (const WindowPlace& place : w.places) last.push_back(place.last);
  EXPECT_EQ(last, (std::vector<uint32_t>{3, 4, 8}));
  EXPECT_EQ(w.set.first.front(), 1U);
  EXPECT_EQ(MakeWindows(all, 3, kSecond, 1, true).places.back().last, 11U);
}

TEST(Windows, RowsLieOnTheInputGrid) {
  std::vector<Series> all = {Steps(1)};
  all[0].rows[0] = 0.37F;
  EXPECT_FLOAT_EQ(MakeWindows(all, 1, kSecond, 0.25F).rows[0], 0.25F);
}

TEST(Windows, ThinKeepsAtMostTheLimit) {
  std::vector<Series> all = {Steps(100)};
  Windows w = MakeWindows(all, 1, kSecond, 1);
  Thin(w, 30);
  EXPECT_EQ(w.set.size(), 25U);
  EXPECT_EQ(w.places[1].last, 4U);
}

TEST(Windows, ClassWeightsAreMeanOneOverClassesPresent) {
  const std::vector<float> w = ClassWeights(std::vector<int>{0, 0, 0, 0, 1}, 3);
  EXPECT_NEAR(w[0] * 2, w[1], 1e-6);
  EXPECT_NEAR(w[0] + w[1], 2, 1e-6);
  EXPECT_EQ(w[2], 0);
}

}  // namespace
}  // namespace millwright::trainer
