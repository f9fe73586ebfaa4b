// What a pipeline remembers of one channel: the latest samples without a hole, or the latest
// readings. All memory is taken in the constructors.
#pragma once

#include <span>
#include <vector>

#include "core/time.h"

namespace millwright::dsp {

/// Tells a stuck sensor from a quiet one: the run of equal readings is compared with the longest
/// runs that ended by themselves before. A channel that never varied is not judged.
class StuckDetector {
 public:
  void Push(float value);
  [[nodiscard]] bool stuck() const;
  void Reset() { *this = StuckDetector(); }

 private:
  float value_ = 0;
  int run_ = 0;      // equal readings in a row, the latest included
  int run_max_ = 0;  // the longest finished run
  int runs_ = 0;     // finished runs
};

class ReadingTrack {
 public:
  /// Remembers `window` and one reading before it, at up to twice the nominal rate.
  ReadingTrack(double rate_hz, Nanos window);

  /// False, and ignored, where `ts` is older than the last one.
  [[nodiscard]] bool Push(Nanos ts, float value);
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] Nanos last_ns() const { return last_ns_; }
  [[nodiscard]] Nanos period() const { return period_; }
  [[nodiscard]] bool stuck() const { return stuck_.stuck(); }
  void Clear();

  struct Stats {
    double mean = 0, min = 0, max = 0, std = 0, last = 0;
    double slope = 0;  // per second, least squares; 0 with fewer than 3 readings
    int count = 0;     // readings inside the window; 0: the values are the held one's
  };
  /// Over (until - window, until]. Without a reading in it, the last one before is held. `found`
  /// false: none at all.
  [[nodiscard]] Stats Over(Nanos window, Nanos until, bool& found) const;
  /// The latest reading's time at or before `until`; `found` false: none.
  [[nodiscard]] Nanos LatestAt(Nanos until, bool& found) const;

 private:
  struct Reading {
    Nanos ts;
    float value;
  };
  [[nodiscard]] const Reading& Newest(size_t back) const {
    return ring_[(next_ + ring_.size() - 1 - back) % ring_.size()];
  }

  Nanos period_;
  std::vector<Reading> ring_;
  size_t next_ = 0;
  size_t count_ = 0;
  Nanos last_ns_ = 0;
  StuckDetector stuck_;
};

class SampleTrack {
 public:
  /// Keeps at least `keep_samples` of the latest samples in one piece of memory.
  SampleTrack(double rate_hz, size_t keep_samples);

  /// Appends samples that begin at `ts`. Within `tolerance` of the end of what is there they
  /// continue it (and the track takes over their time); otherwise the run starts anew. At most
  /// `keep_samples` at once.
  void Append(Nanos ts, std::span<const float> samples, Nanos tolerance);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] Nanos end_ns() const { return end_ns_; }  // one period after the last sample
  /// The `count` samples that end at `end`, or at the track's own end where that is earlier; empty
  /// where the run is shorter than that.
  [[nodiscard]] std::span<const float> Window(Nanos end, size_t count) const;
  [[nodiscard]] double rate_hz() const { return rate_hz_; }
  void Clear() { size_ = 0; }

 private:
  double rate_hz_;
  size_t keep_;
  std::vector<float> buffer_;  // twice keep_: the rear half moves to the front when it is full
  size_t size_ = 0;            // the run is buffer_[0, size_)
  Nanos end_ns_ = 0;
};

}  // namespace millwright::dsp
