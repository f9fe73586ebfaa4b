#include "dsp/tracks.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace millwright::dsp {
namespace {

constexpr int kStuckRunMin = 20;    // readings; shorter runs are never judged
constexpr int kStuckRunFactor = 8;  // times the longest run that ended by itself
constexpr int kStuckRunsMin = 3;    // finished runs before anything is judged

size_t RingSize(double rate_hz, Nanos window) {
  return static_cast<size_t>(std::ceil(2 * rate_hz * Seconds(window))) + 16;
}

}  // namespace

void StuckDetector::Push(float value) {
  if (run_ > 0 && value == value_) {
    if (run_ < 1'000'000'000) ++run_;
    return;
  }
  if (run_ > 0) {
    // A run that was judged stuck says nothing about what is natural.
    if (!stuck()) run_max_ = std::max(run_max_, run_);
    if (runs_ < kStuckRunsMin) ++runs_;
  }
  value_ = value;
  run_ = 1;
}

bool StuckDetector::stuck() const {
  return runs_ >= kStuckRunsMin && run_ >= kStuckRunMin && run_ > kStuckRunFactor * run_max_;
}

ReadingTrack::ReadingTrack(double rate_hz, Nanos window)
    : period_(FromSeconds(1 / rate_hz)), ring_(RingSize(rate_hz, window)) {}

bool ReadingTrack::Push(Nanos ts, float value) {
  if (count_ > 0 && ts < last_ns_) return false;
  ring_[next_] = {ts, value};
  next_ = (next_ + 1) % ring_.size();
  count_ = std::min(count_ + 1, ring_.size());
  last_ns_ = ts;
  stuck_.Push(value);
  return true;
}

void ReadingTrack::Clear() {
  count_ = 0;
  stuck_.Reset();
}

Nanos ReadingTrack::LatestAt(Nanos until, bool& found) const {
  for (size_t back = 0; back < count_; ++back) {
    if (Newest(back).ts > until) continue;
    found = true;
    return Newest(back).ts;
  }
  found = false;
  return 0;
}

ReadingTrack::Stats ReadingTrack::Over(Nanos window, Nanos until, bool& found) const {
  Stats stats;
  double sum = 0, square = 0, sum_t = 0, sum_tt = 0, sum_tv = 0;
  double origin = 0;  // the newest value: sums of differences keep their digits
  found = false;
  for (size_t back = 0; back < count_; ++back) {
    const Reading& reading = Newest(back);
    if (reading.ts > until) continue;
    const double value = static_cast<double>(reading.value);
    if (!found) {
      stats.last = stats.min = stats.max = stats.mean = origin = value;
      found = true;
    }
    if (reading.ts <= until - window) break;
    const double v = value - origin;
    const double t = Seconds(reading.ts - until);
    ++stats.count;
    sum += v;
    square += v * v;
    sum_t += t;
    sum_tt += t * t;
    sum_tv += t * v;
    stats.min = std::min(stats.min, value);
    stats.max = std::max(stats.max, value);
  }
  if (stats.count == 0) return stats;
  const double n = stats.count;
  stats.mean = origin + sum / n;
  stats.std = std::sqrt(std::max(0.0, square / n - (sum / n) * (sum / n)));
  const double spread = n * sum_tt - sum_t * sum_t;
  if (stats.count >= 3 && spread > 1e-12) stats.slope = (n * sum_tv - sum_t * sum) / spread;
  return stats;
}

SampleTrack::SampleTrack(double rate_hz, size_t keep_samples)
    : rate_hz_(rate_hz), keep_(keep_samples), buffer_(2 * keep_samples) {}

void SampleTrack::Append(Nanos ts, std::span<const float> samples, Nanos tolerance) {
  MW_CHECK(samples.size() <= keep_);
  const bool continues = size_ > 0 && ts - end_ns_ <= tolerance && end_ns_ - ts <= tolerance;
  if (!continues) size_ = 0;
  if (size_ + samples.size() > buffer_.size()) {
    const size_t kept = keep_ - samples.size();
    std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(size_ - kept),
              buffer_.begin() + static_cast<std::ptrdiff_t>(size_), buffer_.begin());
    size_ = kept;
  }
  std::ranges::copy(samples, buffer_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += samples.size();
  end_ns_ =
      ts + static_cast<Nanos>(std::llround(static_cast<double>(samples.size()) * 1e9 / rate_hz_));
}

std::span<const float> SampleTrack::Window(Nanos end, size_t count) const {
  if (size_ == 0) return {};
  const double beyond = std::max(0.0, Seconds(end_ns_ - end) * rate_hz_);
  const size_t after = static_cast<size_t>(std::llround(beyond));
  if (after + count > size_) return {};
  return std::span<const float>(buffer_).subspan(size_ - after - count, count);
}

}  // namespace millwright::dsp
