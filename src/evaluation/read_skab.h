// SKAB: a folder of runs, each a CSV file with `;` between columns: datetime, sensors, anomaly,
// changepoint. A file without the last two is one without anomalies.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/read_table.h"

namespace millwright::evaluation {

struct SkabRun {
  std::string name;              // path below the folder
  TextTable table{};             // the sensors' columns come first
  std::vector<int> anomalous{};  // [rows] 0 or 1
  bool labelled = false;
};

/// All *.csv and *.csv.gz below `folder`, by name. kInvalid names file and column; kNotFound where
/// there is none.
[[nodiscard]] Result<std::vector<SkabRun>> ReadSkab(const std::filesystem::path& folder);

}  // namespace millwright::evaluation
