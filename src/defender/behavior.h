// A behaviour of a security profile: what is normal for a metric. It is violated where its criteria
// are not met. Source: AWS IoT API reference, data types Behavior and BehaviorCriteria.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "defender/metric.h"

namespace millwright::defender {

inline constexpr size_t kBehaviorsMax = 100;  // of a profile

enum class Comparison : uint8_t {
  kLessThan,
  kLessThanEquals,
  kGreaterThan,
  kGreaterThanEquals,
  kInCidrSet,
  kNotInCidrSet,
  kInPortSet,
  kNotInPortSet,
  kInSet,
  kNotInSet
};
/// "less-than", "in-cidr-set", ...
[[nodiscard]] std::string_view Name(Comparison comparison);

struct Behavior {
  std::string name{}, metric{};
  /// Nothing: the metric is retained, never judged.
  std::optional<Comparison> comparison{};
  std::optional<MetricValue> value{};
  /// Of all devices' values within `duration`, instead of `value`.
  std::optional<double> percentile{};
  Nanos duration = 0;  // what counters are summed over; 0: the newest report alone
  int to_alarm = 1, to_clear = 1;
  bool suppress_alerts = false;
  std::string json{};  // as it was given: what violations show
};

/// The list `behaviors` of a security profile, JSON text. kInvalid names the behaviour and what is
/// wrong with it; kUnsupported for mlDetectionConfig and exportMetric, which this engine has not.
[[nodiscard]] Result<std::vector<Behavior>> ReadBehaviors(std::string_view json);
/// All that is wrong, one line per behaviour; empty where nothing is.
[[nodiscard]] std::vector<std::string> FaultsOf(std::string_view json);

/// True where the value is normal; a value that the comparison does not apply to is normal. An
/// empty list always is. `limit` stands in for the behaviour's value where it has a percentile.
[[nodiscard]] bool Conforms(const Behavior& behavior, const MetricValue& value,
                            std::optional<double> limit = std::nullopt);

/// True for metrics that count what happened since the report before: they add up over time.
[[nodiscard]] bool IsDelta(std::string_view metric);
/// Which kind of value a metric of AWS' own has; nothing for a custom one.
[[nodiscard]] std::optional<Kind> KindOf(std::string_view metric);

}  // namespace millwright::defender
