// Rules Detect: which devices do not behave as their security profiles say. Values of reports come
// in, violations that begin and end go out; the time is the caller's.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "defender/behavior.h"

namespace millwright::defender {

struct DetectLimits {
  size_t states_max = 1'000'000;   // a state is a device's standing by one behaviour
  size_t fleet_points_max = 4096;  // of one behaviour, for percentiles: the newest ones
  size_t fleet_points_min = 20;    // before there is a percentile
  Nanos forgotten_after = 2LL * 86'400 * kSecond;  // without a report: AWS invalidates then
};

enum class Change : uint8_t { kInAlarm, kCleared, kInvalidated };
/// AWS' violationEventType: "in-alarm", "alarm-cleared", "alarm-invalidated".
[[nodiscard]] std::string_view Name(Change change);

struct ViolationChange {
  Change change = Change::kInAlarm;
  std::string thing{}, profile{};
  const Behavior* behavior = nullptr;  // valid until the next SetProfile or DropProfile
  MetricValue value{};                 // empty numbers where it is invalidated
  Nanos at = 0;
};

/// Not thread-safe. Memory is bounded by DetectLimits; a state costs some 200 bytes, and up to 12
/// points where counters are summed over an hour.
class Detect {
 public:
  explicit Detect(DetectLimits limits = {}) : limits_(limits) {}

  /// A behaviour that stays as it was keeps its states; of one that changed they begin anew.
  void SetProfile(const std::string& name, std::vector<Behavior> behaviors);
  void DropProfile(std::string_view name);
  /// What was in alarm before a restart is so again, without an event.
  void Restore(const std::string& thing, std::string_view profile, std::string_view behavior,
               Nanos seen);

  /// Judges one report by the profiles that apply to the device. Values older than what is known of
  /// the device are not judged. kExhausted where states_max is reached: what was known is judged
  /// all the same.
  [[nodiscard]] Result<std::vector<ViolationChange>> Take(std::string_view thing, Nanos at,
                                                          const MetricValues& values,
                                                          std::span<const std::string> profiles);
  /// Ends what has had no report for too long. Every minute or so.
  [[nodiscard]] std::vector<ViolationChange> Forget(Nanos now);

  [[nodiscard]] size_t states() const { return states_; }

 private:
  struct Point {
    Nanos at;
    double value;
  };
  struct State {
    int violated = 0, conforming = 0;  // in a row
    bool in_alarm = false;
    Nanos seen = 0;
    std::deque<Point> points{};  // of a counter that is summed
  };
  struct Watched {
    Behavior behavior;
    std::map<std::string, State, std::less<>> states{};  // by thing
    std::deque<Point> fleet{};                           // of all devices, oldest first
  };
  using Profile = std::vector<Watched>;

  [[nodiscard]] static MetricValue Summed(const Behavior& behavior, State& state, Nanos at,
                                          const MetricValue& value);
  [[nodiscard]] std::optional<double> Percentile(Watched& watched, Nanos at, double value) const;
  [[nodiscard]] static std::optional<Change> Step(const Behavior& behavior, State& state,
                                                  bool conforms);

  const DetectLimits limits_;
  std::map<std::string, Profile, std::less<>> profiles_;
  size_t states_ = 0;
};

}  // namespace millwright::defender
