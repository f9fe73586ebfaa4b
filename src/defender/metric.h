// A value of a Device Defender metric, as behaviours compare it and as the API says it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace millwright::defender {

inline constexpr size_t kNameMax = 128;
inline constexpr size_t kElementsMax =
    1000;  // AWS: value elements of a profile; ours: of a list too

/// The members of AWS' MetricValue; exactly one is set.
enum class Kind : uint8_t { kCount, kCidrs, kPorts, kNumber, kNumbers, kStrings };

/// "count", "cidrs", "ports", "number", "numbers", "strings".
[[nodiscard]] std::string_view Name(Kind kind);

struct MetricValue {
  Kind kind = Kind::kNumber;
  double number = 0;                   // kCount (whole, >= 0), kNumber
  std::vector<double> numbers{};       // kNumbers, kPorts (whole, 0 to 65535)
  std::vector<std::string> strings{};  // kStrings, kCidrs (addresses or networks)
};
using MetricValues = std::map<std::string, MetricValue, std::less<>>;  // by metric name

/// `[a-zA-Z0-9:_-]{1,128}`: profiles, behaviours, custom metrics.
[[nodiscard]] bool IsName(std::string_view name);
/// 1 to 128 bytes of UTF-8 without control characters, '/', '+' and '#': it is a level of a topic.
[[nodiscard]] bool IsThing(std::string_view name);

/// As AWS' MetricValue, e.g. {"count":3}. kInvalid names what is wrong.
[[nodiscard]] Result<MetricValue> ReadValue(std::string_view json);
[[nodiscard]] std::string WriteValue(const MetricValue& value);
/// All of them as one object, by name: what the store keeps of a report.
[[nodiscard]] std::string WriteValues(const MetricValues& values);
[[nodiscard]] Result<MetricValues> ReadValues(std::string_view json);

}  // namespace millwright::defender
