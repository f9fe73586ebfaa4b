#include "drift/adwin.h"

#include <cmath>

namespace millwright::drift {
namespace {

// What joining two groups adds to their sums of squared deviations.
double Between(double n, double mean, double m, double other_mean) {
  return n * m * (mean - other_mean) * (mean - other_mean) / (n + m);
}

}  // namespace

Adwin::Adwin(AdwinOptions options) : options_(options) {}

bool Adwin::Push(double value) {
  if (!std::isfinite(value)) return false;
  if (restart_) *this = Adwin(options_);
  if (width_ > 0) variance_ += Between(1, value, width_, total_ / width_);
  rows_.front().push_back({.total = value});
  width_ += 1;
  total_ += value;
  Compress();
  ++pushed_;
  if (pushed_ % options_.clock != 0 || width_ <= options_.grace) return false;
  bool cut = false;
  while (FindCut()) {
    DropOldest();
    cut = true;
  }
  restart_ = cut && options_.restart;
  return cut;
}

// A row that is too long gives its two oldest buckets, as one, to the next row.
void Adwin::Compress() {
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (rows_[i].size() != static_cast<size_t>(options_.max_buckets) + 1) return;
    if (i + 1 == rows_.size()) rows_.emplace_back();
    Row& row = rows_[i];
    const double n = std::ldexp(1.0, static_cast<int>(i));
    const Bucket a = row[0], b = row[1];
    rows_[i + 1].push_back(
        {.total = a.total + b.total,
         .variance = a.variance + b.variance + Between(n, a.total / n, n, b.total / n)});
    row.erase(row.begin(), row.begin() + 2);
  }
}

// Cuts lie between buckets, from the oldest on; after the newest one there is nothing to compare.
bool Adwin::FindCut() const {
  double n0 = 0, n1 = width_, u0 = 0, u1 = total_;
  for (size_t i = rows_.size(); i-- > 0;) {
    const double n = std::ldexp(1.0, static_cast<int>(i));
    for (size_t k = 0; k < rows_[i].size(); ++k) {
      if (i == 0 && k + 1 == rows_[i].size()) break;
      n0 += n;
      n1 -= n;
      u0 += rows_[i][k].total;
      u1 -= rows_[i][k].total;
      if (n1 >= options_.min_window && n0 >= options_.min_window &&
          Differ(n0, n1, u0 / n0 - u1 / n1))
        return true;
    }
  }
  return false;
}

bool Adwin::Differ(double n0, double n1, double difference) const {
  const double confidence = std::log(2 * std::log(width_) / options_.delta);
  const double shares = 1 / (n0 - options_.min_window + 1) + 1 / (n1 - options_.min_window + 1);
  const double limit =
      std::sqrt(2 * shares * (variance_ / width_) * confidence) + 2.0 / 3 * confidence * shares;
  return std::abs(difference) > limit;
}

void Adwin::DropOldest() {
  Row& row = rows_.back();
  const double n = std::ldexp(1.0, static_cast<int>(rows_.size()) - 1);
  const Bucket oldest = row.front();
  width_ -= n;
  total_ -= oldest.total;
  variance_ -= oldest.variance + Between(n, oldest.total / n, width_, total_ / width_);
  row.erase(row.begin());
  if (row.empty() && rows_.size() > 1) rows_.pop_back();
}

}  // namespace millwright::drift
