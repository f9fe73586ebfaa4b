// Many devices are looked at every day: what would be rare on one of them happens somewhere. The
// fleet's layer keeps the share of false accusations, asks for confirmation, and rests after an
// alarm.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace millwright::drift {

/// Which hypotheses to reject so that at most `rate` of the rejections are false on average, for
/// p-values that are independent or positively dependent. Source: Benjamini & Hochberg 1995.
[[nodiscard]] std::vector<size_t> BenjaminiHochberg(std::span<const double> p_values, double rate);

/// The same for e-values (means of at most 1 under no change), however dependent. Source: Wang &
/// Ramdas 2022, "False discovery rate control with e-values".
[[nodiscard]] std::vector<size_t> EBenjaminiHochberg(std::span<const double> e_values, double rate);

/// True while at least k of the last n looks were hits.
class Confirmation {
 public:
  Confirmation(int k, int n) : k_(k), n_(n) {}
  bool Push(bool hit);
  void Reset() { history_ = 0; }

 private:
  int k_, n_;  // n at most 64
  uint64_t history_ = 0;
};

/// Lets one alarm through, then none until `rest` looks have passed.
class CoolDown {
 public:
  explicit CoolDown(int rest) : rest_(rest) {}
  bool Push(bool alarm);

 private:
  int rest_;
  int left_ = 0;
};

}  // namespace millwright::drift
