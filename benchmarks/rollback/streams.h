// Streams of paired scores, drawn as two models' scores on real windows behave: how the differences
// are spread, how much neighbours share, how often the old model alarms, how often the new one does
// not agree. And what a trial makes of them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "core/result.h"
#include "slots/trial.h"

namespace millwright::bench {

/// Stands for the number of windows until a fault is caught, where none was.
constexpr int64_t kNever = 1'000'000;

/// Fitted to recorded pairs by run.py.
struct StreamModel {
  std::vector<double> quantiles;  // of new - old confidence, evenly spaced, mean 0
  double neighbours = 0;          // correlation of a difference with the next one of its machine
  double alarm_share = 0.1;       // of windows that the old model alarms on
  double alarm_stays = 0.9;       // an alarm is followed by an alarm
  double missed = 0;              // of those, the new model is silent on
  double alarming = 0;            // of the others, the new model alarms on
  double confused = 0;            // of common alarms, another fault is named
  double old_confidence = 0.9;
};

/// nlohmann's text of the members above.
[[nodiscard]] Result<StreamModel> ReadStreamModel(const std::string& json);

/// How the new model is wrong.
enum class Wrong : uint8_t { kNot, kAllHealthy, kOneFault, kAtRandom, kOtherFaults };

struct Injected {
  double confidence = 0;  // added to the mean
  Wrong wrong = Wrong::kNot;
};

/// Makes the new model's part of a pair sure of itself and wrong. `share`: how often it alarms
/// where it does so at random.
void GoWrong(slots::Pair& pair, Wrong wrong, double share, std::mt19937_64& random);

/// The pairs of one gateway, its machines in turn.
class Stream {
 public:
  Stream(const StreamModel& model, Injected injected, int machines, uint64_t seed);
  [[nodiscard]] slots::Pair Next();

 private:
  struct Machine {
    double difference = 0, disagreement = 0;  // latent, standard normal
    bool alarms = false;
  };
  double Move(double& latent);

  const StreamModel& model_;
  const Injected injected_;
  std::mt19937_64 random_;
  std::normal_distribution<double> normal_;
  std::uniform_real_distribution<double> uniform_;
  std::vector<Machine> machines_;
  size_t turn_ = 0;
  Nanos now_ = 0;
};

/// The trial's word after at most `windows` of them, and how many it took.
struct Ended {
  slots::TrialVerdict verdict = slots::TrialVerdict::kGoOn;
  int64_t windows = 0;
  std::string reason;
};

/// `through`: to the last window, whatever was good enough before.
[[nodiscard]] Ended RunTrial(const slots::TrialOptions& options,
                             const std::function<slots::Pair()>& next, int64_t windows,
                             bool through);

}  // namespace millwright::bench
