#include "evaluation/baselines.h"

#include <algorithm>
#include <opencv2/ml.hpp>

#include "evaluation/linear.h"

namespace millwright::evaluation {
namespace {

// Scores of 1 for one class a row, 0 for the others.
std::vector<float> OneHot(std::span<const int> guesses, int classes) {
  std::vector<float> out(guesses.size() * static_cast<size_t>(classes));
  for (size_t i = 0; i < guesses.size(); ++i)
    out[i * static_cast<size_t>(classes) + static_cast<size_t>(guesses[i])] = 1;
  return out;
}

Table Labelled(const Table& all) {
  Table out{.columns = all.columns};
  for (size_t i = 0; i < all.size(); ++i) {
    if (all.labels[i] < 0) continue;
    out.values.insert(out.values.end(), all.Row(i).begin(), all.Row(i).end());
    out.labels.push_back(all.labels[i]);
    if (!all.targets.empty()) out.targets.push_back(all.targets[i]);
  }
  return out;
}

std::vector<int> Present(const Table& train, int classes) {
  std::vector<int> count(static_cast<size_t>(classes));
  for (const int label : train.labels)
    if (label >= 0) ++count[static_cast<size_t>(label)];
  return count;
}

Result<void> Check(const Table& train, const Table& test) {
  if (train.size() == 0) return Fail(Errc::kInvalid, "evaluation: no row for a baseline");
  if (train.columns != test.columns)
    return Fail(Errc::kInternal, "evaluation: a baseline's rows differ in width");
  return {};
}

cv::Mat Rows(const Table& table) {
  return {static_cast<int>(table.size()), static_cast<int>(table.columns), CV_32F,
          const_cast<float*>(table.values.data())};  // OpenCV reads only
}

Result<cv::Ptr<cv::ml::RTrees>> Grow(const Table& train, const cv::Mat& responses,
                                     const Forest& o) {
  cv::theRNG().state = o.seed * 2654435761U + 1;
  auto trees = cv::ml::RTrees::create();
  trees->setMaxDepth(o.depth);
  trees->setMinSampleCount(o.leaf);
  trees->setRegressionAccuracy(0);
  trees->setTermCriteria({cv::TermCriteria::MAX_ITER, o.trees, 0});
  try {
    if (trees->train(Rows(train), cv::ml::ROW_SAMPLE, responses)) return trees;
  } catch (const cv::Exception& e) {
    return Fail(Errc::kInternal, std::string("evaluation: forest: ") + e.what());
  }
  return Fail(Errc::kInternal, "evaluation: the forest did not grow");
}

}  // namespace

Result<std::vector<float>> Majority(const Table& train, const Table& test, int classes) {
  MW_TRY(Check(train, test));
  const std::vector<int> count = Present(train, classes);
  const auto most = static_cast<int>(std::ranges::max_element(count) - count.begin());
  return OneHot(std::vector<int>(test.size(), most), classes);
}

Result<std::vector<float>> Lda(const Table& train, const Table& test, int classes,
                               double shrinkage) {
  MW_TRY(Check(train, test));
  // Classes that do not occur are left out, then put back with a score below all others.
  const std::vector<int> count = Present(train, classes);
  std::vector<int> dense(count.size(), -1), back;
  for (size_t c = 0; c < count.size(); ++c) {
    if (count[c] == 0) continue;
    dense[c] = static_cast<int>(back.size());
    back.push_back(static_cast<int>(c));
  }
  if (back.size() < 2) return Majority(train, test, classes);
  Table mine = Labelled(train), theirs = test;
  for (int& label : mine.labels) label = dense[static_cast<size_t>(label)];
  const Scaler scaler = LearnScaler(mine);
  scaler.Apply(mine);
  scaler.Apply(theirs);
  MW_TRY(const LinearMap map, LearnLda(mine, static_cast<int>(back.size()), shrinkage));
  const std::vector<float> some = Scores(map, theirs);
  const auto width = static_cast<size_t>(classes);
  std::vector<float> out(test.size() * width, -1e30F);
  for (size_t i = 0; i < test.size(); ++i)
    for (size_t j = 0; j < back.size(); ++j)
      out[i * width + static_cast<size_t>(back[j])] = some[i * back.size() + j];
  return out;
}

Result<std::vector<float>> NearestNeighbour(const Table& train, const Table& test, int classes) {
  MW_TRY(Check(train, test));
  Table mine = Labelled(train), theirs = test;
  const Scaler scaler = LearnScaler(mine);
  scaler.Apply(mine);
  scaler.Apply(theirs);
  std::vector<int> guesses;
  for (size_t i = 0; i < theirs.size(); ++i) {
    const auto row = theirs.Row(i);
    float best = std::numeric_limits<float>::infinity();
    int label = 0;
    for (size_t j = 0; j < mine.size(); ++j) {
      const auto other = mine.Row(j);
      float sum = 0;
      for (size_t c = 0; c < row.size() && sum < best; ++c)
        sum += (row[c] - other[c]) * (row[c] - other[c]);
      if (sum >= best) continue;
      best = sum;
      label = mine.labels[j];
    }
    guesses.push_back(label);
  }
  return OneHot(guesses, classes);
}

Result<std::vector<float>> RandomForest(const Table& train, const Table& test, int classes,
                                        const Forest& options) {
  MW_TRY(Check(train, test));
  Table mine = Labelled(train);
  const std::vector<int> count = Present(mine, classes);
  if (std::ranges::count_if(count, [](int n) { return n > 0; }) < 2)
    return Majority(train, test, classes);
  const cv::Mat labels(static_cast<int>(mine.size()), 1, CV_32S, mine.labels.data());
  MW_TRY(const auto trees, Grow(mine, labels, options));
  cv::Mat votes;  // its first row names the classes
  trees->getVotes(Rows(test), votes, 0);
  const auto width = static_cast<size_t>(classes);
  std::vector<float> out(test.size() * width);
  for (size_t i = 0; i < test.size(); ++i)
    for (int j = 0; j < votes.cols; ++j)
      out[i * width + static_cast<size_t>(votes.at<int>(0, j))] =
          static_cast<float>(votes.at<int>(static_cast<int>(i) + 1, j)) /
          static_cast<float>(options.trees);
  return out;
}

Result<std::vector<float>> ForestValues(const Table& train, const Table& test,
                                        const Forest& options) {
  MW_TRY(Check(train, test));
  if (train.targets.size() != train.size())
    return Fail(Errc::kInternal, "evaluation: a row without a target");
  const cv::Mat targets(static_cast<int>(train.size()), 1, CV_32F,
                        const_cast<float*>(train.targets.data()));
  MW_TRY(const auto trees, Grow(train, targets, options));
  cv::Mat values;
  trees->predict(Rows(test), values);
  return std::vector<float>(values.begin<float>(), values.end<float>());
}

Result<std::vector<NamedScores>> AllBaselines(const Table& train, const Table& test, int classes,
                                              uint64_t seed) {
  std::vector<NamedScores> out;
  MW_TRY(auto majority, Majority(train, test, classes));
  out.push_back({"majority", std::move(majority)});
  MW_TRY(auto lda, Lda(train, test, classes));
  out.push_back({"LDA", std::move(lda)});
  MW_TRY(auto nearest, NearestNeighbour(train, test, classes));
  out.push_back({"1-NN", std::move(nearest)});
  MW_TRY(auto forest, RandomForest(train, test, classes, {.seed = seed}));
  out.push_back({"random forest", std::move(forest)});
  return out;
}

}  // namespace millwright::evaluation
