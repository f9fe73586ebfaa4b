// The Tennessee Eastman process (simulated) as Braatz's files have it: 52 variables, a row every
// three minutes, one file a state: d00 is normal, d01 to d21 are faults.
#pragma once

#include <filesystem>
#include <vector>

#include "core/result.h"
#include "evaluation/read_table.h"

namespace millwright::evaluation {

inline constexpr int kTepStates = 22;
inline constexpr size_t kTepVariables = 52;
inline constexpr double kTepSeconds = 180;
/// Of the official test files: the fault is there from this row on, counted from 0.
inline constexpr size_t kTepOnset = 160;

struct TepRun {
  int state = 0;
  size_t onset = 0;  // rows before are normal
  std::string name;  // of the file
  TextTable rows{};
};

/// Every d??.dat and d??_te.dat of a folder, plain or .gz, by state. A file of 52 rows whose width
/// is not 52 is stored transposed. kNotFound: no such file; kInvalid names one of another width.
[[nodiscard]] Result<std::vector<TepRun>> ReadTep(const std::filesystem::path& folder);

}  // namespace millwright::evaluation
