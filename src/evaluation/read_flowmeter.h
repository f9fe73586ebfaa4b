// Ultrasonic flowmeters: one file a meter, one line a diagnostic snapshot, its class at the end.
#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "evaluation/read_table.h"

namespace millwright::evaluation {

/// What meters of every kind have in common, as far as each has it.
inline constexpr size_t kFlowmeterGroups = 6;
inline constexpr const char* kFlowmeterGroupNames[kFlowmeterGroups] = {
    "profile", "velocity", "sound", "gain", "signal", "transit"};
inline constexpr size_t kFlowmeterCommissioning = 10;

struct Flowmeter {
  std::string name;                    // of the file
  TextTable rows{};                    // the last column is the class
  std::vector<std::string> classes{};  // "healthy", "installation", "gas", "waxing"
  [[nodiscard]] size_t size() const { return classes.size(); }
  [[nodiscard]] bool healthy(size_t i) const { return classes[i] == "healthy"; }
};

/// Every .txt or .txt.gz with a meter's name, by name. kInvalid names a file that is like none of
/// the three kinds of meter (36, 51 or 43 columns and the class), and the line of a foreign class.
[[nodiscard]] Result<std::vector<Flowmeter>> ReadFlowmeters(const std::filesystem::path& folder);

/// For each row and group, log(1 + the largest |z|) against the rows named as commissioning; 0 for
/// a group that the meter does not have. Deviations have floors: much of a healthy meter is still.
[[nodiscard]] std::vector<std::array<float, kFlowmeterGroups>> FlowmeterDeviations(
    const Flowmeter& meter, std::span<const size_t> commissioning);

}  // namespace millwright::evaluation
