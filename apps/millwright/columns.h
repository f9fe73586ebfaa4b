// The columns of a list, told once: what --json gives, and what a person reads. Only for .cpp
// files.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <vector>

#include "output.h"

namespace millwright::cli {

enum class ColumnKind : uint8_t {
  kText,  // numbers too, as they are written
  kInteger,
  kNumber,
  kFlag,
  kLength,  // how many entries an array has; a number stands for itself
};

struct Column {
  const char* key;  // of the field in the hub's answer, and of the array in --json
  ColumnKind kind;
  const char* title = nullptr;  // over the table's column; null: in --json alone
  /// How a person reads it; null: as it is. `answer` is the whole answer (it knows the hub's time).
  TextTable::Cell (*show)(const nlohmann::json& row, const nlohmann::json& answer) = nullptr;
};

/// Adds one array a column. What is missing, null or of another type is "", 0 or false.
void AddColumns(FlatJson& json, const std::vector<nlohmann::json>& rows,
                std::span<const Column> columns);

[[nodiscard]] TextTable TableOf(const nlohmann::json& answer,
                                const std::vector<nlohmann::json>& rows,
                                std::span<const Column> columns);

}  // namespace millwright::cli
