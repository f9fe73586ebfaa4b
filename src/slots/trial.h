// Old and new model on the same windows: is the new one worse, is there enough to go on? In shadow
// the old one decides, in probation the new one; the questions are the same.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "slots/paired.h"

namespace millwright::slots {

struct TrialOptions {
  double alpha = 0.001;            // a model that is no worse is called worse, over the whole trial
  double confidence_loss = 0.005;  // mean loss of calibrated confidence that does not count
  double missed_share = 0.2;       // of the windows that the old model alarms on
  double alarming_share = 0.02;    // of the windows that the old model calls healthy
  double confused_share = 0.3;     // of the windows that both alarm on: another fault is named
  int64_t windows_min = 400;       // pairs before anything good is said
  Nanos time_min = 10 * 60 * kSecond;
  double latency_budget_ms = 50;  // of the new model's decision
  int latency_strikes_max = 5;    // decisions in a row beyond it
};

/// Names the option that is out of range.
[[nodiscard]] Result<void> CheckTrialOptions(const TrialOptions& options);

/// What both models said about one window.
struct Pair {
  Nanos at = 0;                                  // the window's end, data time
  float old_confidence = 0, new_confidence = 0;  // calibrated probability of the class they chose
  bool old_alarms = false, new_alarms = false;   // that class is not the healthy one
  bool same_class = true;                        // both chose the same one
  double latency_ms = 0;                         // of the new model's decision
};

enum class TrialVerdict : uint8_t { kGoOn, kWorse, kPassed };

/// How near one test is to its verdict: it is "worse" where the evidence reaches the limit.
struct Standing {
  double log10_e = 0;      // wealth against "no worse", log10; 0 says nothing either way
  double log10_limit = 0;  // log10(1 / alpha) of that test
};

/// Not thread-safe. Push does not allocate.
class Trial {
 public:
  [[nodiscard]] static Result<Trial> Make(const TrialOptions& options);

  /// Pairs of windows that do not overlap, in order of time.
  void Push(const Pair& pair);
  /// kWorse stays. kPassed: long and often enough, and nothing points at worse; that lets a model
  /// go on to the next step, it never proves it better. Where something does point at worse, but
  /// is no proof yet, the trial goes on until it is one or has gone away.
  [[nodiscard]] TrialVerdict verdict() const;
  /// In words with the figures: "confidence fell by 0.062 over 212 windows".
  [[nodiscard]] std::string reason() const;

  [[nodiscard]] int64_t count() const { return confidence_.count(); }
  [[nodiscard]] double confidence_change() const { return confidence_.mean(); }
  /// Of the test that is nearest to its limit.
  [[nodiscard]] Standing standing() const;
  /// Share of all windows on which one alarms and the other does not.
  [[nodiscard]] double disagreement() const;

 private:
  Trial(const TrialOptions& options, PairedTest confidence, PairedTest missed, PairedTest alarming,
        PairedTest confused)
      : options_(options),
        confidence_(confidence),
        missed_(missed),
        alarming_(alarming),
        confused_(confused) {}
  [[nodiscard]] bool doubted() const;

  TrialOptions options_;
  PairedTest confidence_;  // new - old
  PairedTest missed_;      // of windows with an old alarm: -1 where the new model is silent
  PairedTest alarming_;    // of windows without: -1 where the new model alarms
  PairedTest confused_;    // of windows with both alarms: -1 where they name different faults
  int64_t disagreements_ = 0;
  int strikes_ = 0;
  bool too_slow_ = false;
  double slowest_ms_ = 0;
  Nanos first_ = 0, last_ = 0;
};

}  // namespace millwright::slots
