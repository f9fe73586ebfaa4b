#include "agent/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace millwright::agent {
namespace {

TEST(HistogramTest, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.QuantileMs(0.999), 0);
  EXPECT_EQ(histogram.max_ms(), 0);
}

// Never below the true quantile, and above it by a bucket's width at most.
TEST(HistogramTest, QuantilesAreTrueWithinABucket) {
  Histogram histogram;
  std::vector<Nanos> lengths;
  uint64_t random = 1;
  for (int i = 0; i < 20'000; ++i) {
    random = random * 6364136223846793005U + 1442695040888963407U;
    const int doublings = static_cast<int>(random >> 60);  // 1 us to a minute, evenly by doublings
    lengths.push_back(static_cast<Nanos>((random >> 33) % 1000 + 1000) << doublings);
    histogram.Add(lengths.back());
  }
  std::sort(lengths.begin(), lengths.end());
  for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<size_t>(share * static_cast<double>(lengths.size() - 1));
    const double exact = Seconds(lengths[rank]) * 1e3;
    EXPECT_GE(histogram.QuantileMs(share), exact - 1e-3) << share;  // a microsecond is the unit
    EXPECT_LE(histogram.QuantileMs(share), exact * 1.016 + 1e-3) << share;
  }
  EXPECT_EQ(histogram.count(), lengths.size());
  EXPECT_NEAR(histogram.max_ms(), Seconds(lengths.back()) * 1e3, 1e-3);
}

TEST(HistogramTest, TakesWhatNoClockShouldSay) {
  Histogram histogram;
  histogram.Add(-kSecond);
  EXPECT_EQ(histogram.QuantileMs(1), 0);
  histogram.Add(INT64_MAX);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_GT(histogram.QuantileMs(1), 60'000);
}

}  // namespace
}  // namespace millwright::agent
