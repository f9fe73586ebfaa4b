#include "hub/ingest/spark.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace millwright::hub {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

float Larger(float a, float b) { return std::isnan(a) || b > a ? b : a; }

int64_t FloorDiv(int64_t a, int64_t b) {
  return a / b - (a % b != 0 && (a % b < 0) != (b < 0) ? 1 : 0);
}

}  // namespace

void Spark::Add(Nanos ts, float score) {
  if (std::isnan(score)) return;
  if (values_.empty()) {
    first_ = ts / width_;
    values_.push_back(score);
    return;
  }
  constexpr auto kMax = static_cast<int64_t>(kBucketsMax);
  while (ts / width_ - first_ >= kMax && width_ < kWidthMax) Widen();
  const int64_t bucket = ts / width_;
  if (bucket < first_) {  // late: room to the left only while the curve is not full
    const int64_t more = first_ - bucket;
    if (static_cast<int64_t>(values_.size()) + more > kMax) return;
    values_.insert(values_.begin(), static_cast<size_t>(more), kNone);
    first_ = bucket;
  }
  const int64_t end = first_ + static_cast<int64_t>(values_.size());
  if (bucket >= end + kMax) values_.clear();
  if (values_.empty()) first_ = bucket;
  while (first_ + static_cast<int64_t>(values_.size()) <= bucket) values_.push_back(kNone);
  if (values_.size() > kBucketsMax) {
    const auto surplus = static_cast<std::ptrdiff_t>(values_.size() - kBucketsMax);
    values_.erase(values_.begin(), values_.begin() + surplus);
    first_ += surplus;
  }
  float& value = values_[static_cast<size_t>(bucket - first_)];
  value = Larger(value, score);
}

void Spark::Widen() {
  const int64_t first = FloorDiv(first_, 2);
  std::vector<float> wide;
  for (size_t i = 0; i < values_.size(); ++i) {
    const auto at = static_cast<size_t>(FloorDiv(first_ + static_cast<int64_t>(i), 2) - first);
    if (at >= wide.size()) wide.resize(at + 1, kNone);
    wide[at] = std::isnan(values_[i]) ? wide[at] : Larger(wide[at], values_[i]);
  }
  values_ = std::move(wide);
  first_ = first;
  width_ *= 2;
}

// width, first, then the values; little endian, as all machines that run the hub are.
std::string Spark::Pack() const {
  std::string out(2 * sizeof(int64_t) + values_.size() * sizeof(float), '\0');
  std::memcpy(out.data(), &width_, sizeof width_);
  std::memcpy(out.data() + sizeof width_, &first_, sizeof first_);
  if (!values_.empty())
    std::memcpy(out.data() + 2 * sizeof(int64_t), values_.data(), values_.size() * sizeof(float));
  return out;
}

Spark Spark::Unpack(std::span<const std::byte> bytes) {
  Spark spark;
  const size_t head = 2 * sizeof(int64_t);
  if (bytes.size() < head || (bytes.size() - head) % sizeof(float) != 0) return spark;
  const size_t count = (bytes.size() - head) / sizeof(float);
  Nanos width = 0;
  std::memcpy(&width, bytes.data(), sizeof width);
  if (count > kBucketsMax || width < kWidthMin || width > kWidthMax) return spark;
  spark.width_ = width;
  std::memcpy(&spark.first_, bytes.data() + sizeof width, sizeof spark.first_);
  spark.values_.resize(count);
  if (count > 0) std::memcpy(spark.values_.data(), bytes.data() + head, count * sizeof(float));
  return spark;
}

}  // namespace millwright::hub
