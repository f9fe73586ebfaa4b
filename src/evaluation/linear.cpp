#include "evaluation/linear.h"

#include <cmath>
#include <opencv2/core.hpp>
#include <string>

#include "core/check.h"

namespace millwright::evaluation {
namespace {

// Solves A x = B for symmetric positive definite A; the columns of B are replaced.
Result<void> Solve(const cv::Mat& a, cv::Mat& b) {
  cv::Mat x;
  if (!cv::solve(a, b, x, cv::DECOMP_CHOLESKY) && !cv::solve(a, b, x, cv::DECOMP_EIG))
    return Fail(Errc::kInvalid, "evaluation: the columns' covariance cannot be inverted");
  b = x;
  return {};
}

cv::Mat Covariance(const cv::Mat& centred) {
  cv::Mat out;
  cv::gemm(centred, centred, 1, cv::noArray(), 0, out, cv::GEMM_1_T);
  return out;
}

int Int(size_t n) { return static_cast<int>(n); }

}  // namespace

void LinearMap::Run(std::span<const float> row, std::span<double> scores) const {
  MW_CHECK(row.size() == inputs && scores.size() == outputs);
  for (size_t o = 0; o < outputs; ++o) {
    double sum = biases[o];
    const double* w = weights.data() + o * inputs;
    for (size_t i = 0; i < inputs; ++i) sum += w[i] * static_cast<double>(row[i]);
    scores[o] = sum;
  }
}

Result<LinearMap> LearnLda(const Table& train, int classes, double shrinkage) {
  const size_t d = train.columns, k = static_cast<size_t>(classes);
  cv::Mat means = cv::Mat::zeros(classes, Int(d), CV_64F);
  std::vector<double> count(k);
  for (size_t i = 0; i < train.size(); ++i) {
    if (train.labels[i] < 0) continue;
    count[static_cast<size_t>(train.labels[i])] += 1;
    for (size_t c = 0; c < d; ++c)
      means.at<double>(train.labels[i], Int(c)) += static_cast<double>(train.Row(i)[c]);
  }
  for (size_t j = 0; j < k; ++j) {
    if (count[j] == 0)
      return Fail(Errc::kInvalid,
                  "evaluation: no row of class " + std::to_string(j) + " to learn from");
    means.row(Int(j)) /= count[j];
  }
  cv::Mat centred(0, Int(d), CV_64F);
  for (size_t i = 0; i < train.size(); ++i) {
    if (train.labels[i] < 0) continue;
    cv::Mat row(1, Int(d), CV_64F);
    for (size_t c = 0; c < d; ++c)
      row.at<double>(0, Int(c)) =
          static_cast<double>(train.Row(i)[c]) - means.at<double>(train.labels[i], Int(c));
    centred.push_back(row);
  }
  cv::Mat pooled = Covariance(centred) / centred.rows;
  const double level = cv::trace(pooled)[0] / static_cast<double>(d);
  pooled =
      (1 - shrinkage) * pooled + (shrinkage * level + 1e-12) * cv::Mat::eye(Int(d), Int(d), CV_64F);
  cv::Mat weights = means.t();  // [d x k]
  MW_TRY(Solve(pooled, weights));
  LinearMap map{.inputs = d, .outputs = k};
  for (size_t j = 0; j < k; ++j) {
    double half = 0;
    for (size_t c = 0; c < d; ++c) {
      const double w = weights.at<double>(Int(c), Int(j));
      map.weights.push_back(w);
      half += w * means.at<double>(Int(j), Int(c)) / 2;
    }
    map.biases.push_back(-half);
  }
  return map;
}

Result<LinearMap> LearnRidge(const Table& train, double penalty) {
  if (train.size() == 0 || train.targets.size() != train.size())
    return Fail(Errc::kInvalid, "evaluation: no target to learn from");
  const Scaler scaler = LearnScaler(train);
  const size_t d = train.columns, n = train.size();
  double mean = 0;
  for (const float t : train.targets) mean += static_cast<double>(t) / static_cast<double>(n);
  cv::Mat x(Int(n), Int(d), CV_64F), y(Int(n), 1, CV_64F);
  for (size_t i = 0; i < n; ++i) {
    y.at<double>(Int(i), 0) = static_cast<double>(train.targets[i]) - mean;
    for (size_t c = 0; c < d; ++c)
      x.at<double>(Int(i), Int(c)) =
          (static_cast<double>(train.Row(i)[c]) - scaler.mean[c]) / scaler.deviation[c];
  }
  const cv::Mat a =
      Covariance(x) + penalty * static_cast<double>(n) * cv::Mat::eye(Int(d), Int(d), CV_64F);
  cv::Mat w = x.t() * y;
  MW_TRY(Solve(a, w));
  LinearMap map{.inputs = d, .outputs = 1, .biases = {mean}};
  for (size_t c = 0; c < d; ++c) {
    map.weights.push_back(w.at<double>(Int(c), 0) / scaler.deviation[c]);
    map.biases[0] -= map.weights[c] * scaler.mean[c];
  }
  return map;
}

Result<LinearMap> LearnWhitening(const Table& train, int components) {
  const Scaler scaler = LearnScaler(train);
  const size_t d = train.columns, n = train.size();
  cv::Mat x(Int(n), Int(d), CV_64F);
  for (size_t i = 0; i < n; ++i)
    for (size_t c = 0; c < d; ++c)
      x.at<double>(Int(i), Int(c)) =
          (static_cast<double>(train.Row(i)[c]) - scaler.mean[c]) / scaler.deviation[c];
  cv::Mat values, vectors;
  if (n < 2 || components > Int(d) ||
      !cv::eigen(Covariance(x) / static_cast<double>(n), values, vectors) ||
      values.at<double>(components - 1) < 1e-9)
    return Fail(Errc::kInvalid, "evaluation: the rows vary in fewer than " +
                                    std::to_string(components) + " directions");
  LinearMap map{.inputs = d, .outputs = static_cast<size_t>(components)};
  for (int o = 0; o < components; ++o) {
    double bias = 0;
    for (size_t c = 0; c < d; ++c) {
      const double w =
          vectors.at<double>(o, Int(c)) / std::sqrt(values.at<double>(o)) / scaler.deviation[c];
      map.weights.push_back(w);
      bias -= w * scaler.mean[c];
    }
    map.biases.push_back(bias);
  }
  return map;
}

std::vector<float> Scores(const LinearMap& map, const Table& table) {
  std::vector<float> out;
  out.reserve(table.size() * map.outputs);
  std::vector<double> one(map.outputs);
  for (size_t i = 0; i < table.size(); ++i) {
    map.Run(table.Row(i), one);
    for (const double s : one) out.push_back(static_cast<float>(s));
  }
  return out;
}

}  // namespace millwright::evaluation
