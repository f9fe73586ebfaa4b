// Values as nodes of the JSON library: for this room's .cpp files only.
#pragma once

#include <nlohmann/json.hpp>

#include "defender/metric.h"

namespace millwright::defender {

[[nodiscard]] Result<MetricValue> ValueOf(const nlohmann::json& object);
[[nodiscard]] nlohmann::json JsonOf(const MetricValue& value);

}  // namespace millwright::defender
