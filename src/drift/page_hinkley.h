// Page-Hinkley: has the mean of a stream moved?
#pragma once

#include <cstdint>

namespace millwright::drift {

struct PageHinkleyOptions {
  int min_values = 30;
  double delta = 0.005;   // a move up to here does not count
  double threshold = 50;  // in units of the signal: normalise it first
  double forgetting = 0.9999;
};

/// Both directions. Source: Page 1954, "Continuous inspection schemes"; as river 0.26 computes it,
/// which begins anew with the value after an alarm.
class PageHinkley {
 public:
  explicit PageHinkley(PageHinkleyOptions options = {});
  /// Takes one value; true at an alarm. A value that is not finite is not taken.
  bool Push(double value);

 private:
  void Reset();
  PageHinkleyOptions options_;
  int64_t count_ = 0;
  double mean_ = 0, up_ = 0, down_ = 0, lowest_ = 0, highest_ = 0;
  bool alarm_ = false;
};

}  // namespace millwright::drift
