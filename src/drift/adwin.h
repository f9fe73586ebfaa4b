// ADWIN: a window over a stream of values that drops its older part as soon as the means of two of
// its parts differ by more than chance allows.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

namespace millwright::drift {

struct AdwinOptions {
  double delta = 0.002;  // confidence of one comparison
  int clock = 32;        // looks at every so many values
  int max_buckets = 5;   // of one size
  int min_window = 5;    // values on either side of a cut
  int grace = 10;        // no look before the window is longer
  bool restart = true;   // empty with the value after an alarm, as river's; the paper's goes on
};

/// Source: Bifet & Gavalda 2007, "Learning from time-changing data with adaptive windowing";
/// options and moments of looking as river 0.26 has them, so that both name the same value. Memory
/// grows with the logarithm of the window.
class Adwin {
 public:
  explicit Adwin(AdwinOptions options = {});

  /// Takes one value; true where the window was cut at it. A value that is not finite is not taken.
  bool Push(double value);

  [[nodiscard]] double mean() const { return width_ > 0 ? total_ / width_ : 0; }
  [[nodiscard]] double variance() const { return width_ > 0 ? variance_ / width_ : 0; }
  [[nodiscard]] int64_t width() const { return static_cast<int64_t>(width_); }

 private:
  struct Bucket {
    double total = 0;
    double variance = 0;  // sum of squared deviations
  };
  using Row = std::vector<Bucket>;  // buckets of one size, the oldest first

  void Compress();
  [[nodiscard]] bool FindCut() const;
  void DropOldest();
  [[nodiscard]] bool Differ(double n0, double n1, double difference) const;

  AdwinOptions options_;
  std::deque<Row> rows_{1};  // row i holds buckets of 2^i values
  double width_ = 0, total_ = 0, variance_ = 0;
  int64_t pushed_ = 0;
  bool restart_ = false;
};

}  // namespace millwright::drift
