#include "evaluation/curves.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace millwright::evaluation {
namespace {

struct Series {
  std::vector<uint8_t> labels = std::vector<uint8_t>(1200);
  std::vector<float> scores{};
};

// Four anomalies, one at the end, two whose buffers meet; scores with many ties.
Series Made() {
  Series out;
  for (const auto& [first, last] : {std::pair{100, 140}, {150, 180}, {700, 760}, {1190, 1200}})
    for (int i = first; i < last; ++i) out.labels[static_cast<size_t>(i)] = 1;
  uint64_t x = 1;
  for (const uint8_t label : out.labels) {
    x = (x * 1103515245 + 12345) % (uint64_t{1} << 31);
    const uint64_t whole = x >> 25U;
    out.scores.push_back(static_cast<float>(whole) / 64 + (label != 0 ? 0.375F : 0));
  }
  return out;
}

// RangeAUC_volume_opt of PyPI vus 0.0.6 on the same series.
TEST(VusPr, IsThatOfItsAuthors) {
  const Series s = Made();
  EXPECT_NEAR(VusPr(s.labels, s.scores, 0), 0.5749909226375356, 1e-9);
  EXPECT_NEAR(VusPr(s.labels, s.scores, 1), 0.5749909226375356, 1e-9);
  EXPECT_NEAR(VusPr(s.labels, s.scores, 20), 0.594125006388194, 1e-9);
  EXPECT_NEAR(VusPr(s.labels, s.scores, 100), 0.6443239624784436, 1e-9);
}

TEST(VusPr, OfThePerfectScoreIsOne) {
  const Series s = Made();
  const std::vector<float> perfect(s.labels.begin(), s.labels.end());
  EXPECT_NEAR(VusPr(s.labels, perfect, 20), 1, 1e-9);
}

TEST(VusPr, WithoutABufferScoresThatKnowNothingGetTheShareOfAnomalies) {
  const Series s = Made();
  const std::vector<float> same(s.labels.size(), 0.5F);
  EXPECT_NEAR(VusPr(s.labels, same, 0), 140.0 / 1200, 1e-9);
}

TEST(VusPr, IsNoNumberWhereThereIsNothingToTellApart) {
  const std::vector<float> scores = {1, 2, 3};
  EXPECT_TRUE(std::isnan(VusPr(std::vector<uint8_t>{0, 0, 0}, scores, 4)));
  EXPECT_TRUE(std::isnan(VusPr(std::vector<uint8_t>{1, 1, 1}, scores, 4)));
  EXPECT_TRUE(std::isnan(VusPr({}, {}, 4)));
}

}  // namespace
}  // namespace millwright::evaluation
