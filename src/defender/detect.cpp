#include "defender/detect.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace millwright::defender {
namespace {

constexpr size_t kPointsMax = 64;  // an hour of reports a minute apart

}  // namespace

std::string_view Name(Change change) {
  constexpr std::array<std::string_view, 3> kNames = {"in-alarm", "alarm-cleared",
                                                      "alarm-invalidated"};
  return kNames[static_cast<size_t>(change)];
}

void Detect::SetProfile(const std::string& name, std::vector<Behavior> behaviors) {
  Profile& before = profiles_[name];
  Profile now;
  for (Behavior& behavior : behaviors) {
    const auto same = std::ranges::find_if(
        before, [&](const Watched& w) { return w.behavior.json == behavior.json; });
    if (same != before.end()) {
      now.push_back(std::move(*same));
      before.erase(same);
    } else {
      now.push_back({.behavior = std::move(behavior)});
    }
  }
  for (const Watched& gone : before) states_ -= gone.states.size();
  before = std::move(now);
}

void Detect::DropProfile(std::string_view name) {
  const auto found = profiles_.find(name);
  if (found == profiles_.end()) return;
  for (const Watched& gone : found->second) states_ -= gone.states.size();
  profiles_.erase(found);
}

void Detect::Restore(const std::string& thing, std::string_view profile, std::string_view behavior,
                     Nanos seen) {
  const auto found = profiles_.find(profile);
  if (found == profiles_.end() || states_ >= limits_.states_max) return;
  for (Watched& watched : found->second) {
    if (watched.behavior.name != behavior) continue;
    const auto [at, is_new] = watched.states.try_emplace(thing);
    states_ += is_new ? 1 : 0;
    at->second.in_alarm = true;
    at->second.seen = seen;
  }
}

MetricValue Detect::Summed(const Behavior& behavior, State& state, Nanos at,
                           const MetricValue& value) {
  if (behavior.duration == 0 || !IsDelta(behavior.metric)) return value;
  std::deque<Point>& points = state.points;
  points.push_back({.at = at, .value = value.number});
  while (points.size() > kPointsMax || points.front().at <= at - behavior.duration)
    points.pop_front();
  MetricValue out = value;
  out.number = 0;
  for (const Point& point : points) out.number += point.value;
  return out;
}

// Nearest rank over what all devices said within the duration, this value included. Source: NIST
// Handbook of Statistical Methods, 7.2.6.2, without interpolation.
std::optional<double> Detect::Percentile(Watched& watched, Nanos at, double value) const {
  std::deque<Point>& fleet = watched.fleet;
  fleet.push_back({.at = at, .value = value});
  while (fleet.size() > limits_.fleet_points_max ||
         fleet.front().at <= at - watched.behavior.duration)
    fleet.pop_front();
  if (fleet.size() < limits_.fleet_points_min) return std::nullopt;
  std::vector<double> sorted;
  sorted.reserve(fleet.size());
  for (const Point& point : fleet) sorted.push_back(point.value);
  const double share = *watched.behavior.percentile / 100 * static_cast<double>(sorted.size());
  const auto rank = static_cast<size_t>(std::max(1.0, std::ceil(share)));
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(rank - 1);
  std::ranges::nth_element(sorted, nth);
  return *nth;
}

std::optional<Change> Detect::Step(const Behavior& behavior, State& state, bool conforms) {
  state.violated = conforms ? 0 : state.violated + 1;
  state.conforming = conforms ? state.conforming + 1 : 0;
  if (!state.in_alarm && state.violated >= behavior.to_alarm) {
    state.in_alarm = true;
    return Change::kInAlarm;
  }
  if (state.in_alarm && state.conforming >= behavior.to_clear) {
    state.in_alarm = false;
    return Change::kCleared;
  }
  return std::nullopt;
}

Result<std::vector<ViolationChange>> Detect::Take(std::string_view thing, Nanos at,
                                                  const MetricValues& values,
                                                  std::span<const std::string> profiles) {
  std::vector<ViolationChange> out;
  for (const std::string& name : profiles) {
    const auto profile = profiles_.find(name);
    if (profile == profiles_.end()) continue;
    for (Watched& watched : profile->second) {
      const Behavior& behavior = watched.behavior;
      const auto value = values.find(behavior.metric);
      if (value == values.end() || !behavior.comparison) continue;
      auto state = watched.states.find(thing);
      if (state == watched.states.end()) {
        if (states_ >= limits_.states_max)
          return Fail(Errc::kExhausted, "defender: " + std::to_string(states_) +
                                            " device behaviours are watched, no more fit");
        state = watched.states.try_emplace(std::string(thing)).first;
        ++states_;
      }
      if (at < state->second.seen) continue;
      state->second.seen = at;
      MetricValue judged = Summed(behavior, state->second, at, value->second);
      std::optional<double> limit;
      if (behavior.percentile) {
        limit = Percentile(watched, at, judged.number);
        if (!limit) continue;
      }
      const auto change = Step(behavior, state->second, Conforms(behavior, judged, limit));
      if (!change) continue;
      out.push_back({.change = *change,
                     .thing = std::string(thing),
                     .profile = name,
                     .behavior = &behavior,
                     .value = std::move(judged),
                     .at = at});
    }
  }
  return out;
}

std::vector<ViolationChange> Detect::Forget(Nanos now) {
  std::vector<ViolationChange> out;
  for (auto& [name, profile] : profiles_)
    for (Watched& watched : profile)
      for (auto state = watched.states.begin(); state != watched.states.end();) {
        if (state->second.seen > now - limits_.forgotten_after) {
          ++state;
          continue;
        }
        if (state->second.in_alarm)
          out.push_back({.change = Change::kInvalidated,
                         .thing = state->first,
                         .profile = name,
                         .behavior = &watched.behavior,
                         .at = now});
        state = watched.states.erase(state);
        --states_;
      }
  return out;
}

}  // namespace millwright::defender
