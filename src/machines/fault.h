// What can go wrong with a machine, and how fast.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace millwright::machines {

enum class FaultKind : uint8_t {
  kOuterRace,
  kInnerRace,
  kBall,
  kUnbalance,
  kMisalignment,
  kCavitation,
  kOverheating,
};
inline constexpr int kFaultKinds = 7;

/// "outer_race", "inner_race", ...: the codes that labels, commands and models use.
[[nodiscard]] std::string_view Name(FaultKind kind);
/// kInvalid lists the codes there are.
[[nodiscard]] Result<FaultKind> ParseFault(std::string_view code);

/// A defect grows like damage does, slowly and then all at once: 0 at its onset, 1 at functional
/// failure `wear_s` later, (e^(4x) - 1) / (e^4 - 1) in between. It stays at 1 from there.
[[nodiscard]] double Severity(double since_onset_s, double wear_s);
/// When the severity reaches `severity`, in seconds after the onset. The inverse of Severity on (0,
/// 1].
[[nodiscard]] double TimeOfSeverity(double severity, double wear_s);

/// From here a defect is physically developed: recordings are labelled ANOMALY, before that
/// NEUTRAL.
inline constexpr double kDevelopedSeverity = 0.15;

struct Fault {
  FaultKind kind = FaultKind::kOuterRace;
  double onset_s = 0;  // since the machine's start
  double wear_s = 60;
};

/// Severities of all kinds at one time; 0: not there.
struct Condition {
  std::array<double, kFaultKinds> severity = {};
  [[nodiscard]] double of(FaultKind kind) const { return severity[static_cast<size_t>(kind)]; }
  [[nodiscard]] double worst() const;
};

}  // namespace millwright::machines
