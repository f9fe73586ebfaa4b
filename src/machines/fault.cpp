#include "machines/fault.h"

#include <algorithm>
#include <cmath>

namespace millwright::machines {
namespace {

constexpr std::array<std::string_view, kFaultKinds> kNames = {
    "outer_race", "inner_race", "ball", "unbalance", "misalignment", "cavitation", "overheating"};
constexpr double kSteepness = 4;

}  // namespace

std::string_view Name(FaultKind kind) { return kNames[static_cast<size_t>(kind)]; }

Result<FaultKind> ParseFault(std::string_view code) {
  const auto found = std::ranges::find(kNames, code);
  if (found != kNames.end()) return static_cast<FaultKind>(found - kNames.begin());
  std::string known;
  for (const std::string_view name : kNames)
    known += (known.empty() ? "" : ", ") + std::string(name);
  return Fail(Errc::kInvalid, "fault: \"" + std::string(code) + "\" is none of " + known);
}

double Severity(double since_onset_s, double wear_s) {
  const double x = std::clamp(since_onset_s / wear_s, 0.0, 1.0);
  return std::expm1(kSteepness * x) / std::expm1(kSteepness);
}

double TimeOfSeverity(double severity, double wear_s) {
  return wear_s * std::log1p(severity * std::expm1(kSteepness)) / kSteepness;
}

double Condition::worst() const { return std::ranges::max(severity); }

}  // namespace millwright::machines
