// What can be said of an alarm. The four states are Device Defender's verification states, the
// ratings those of Lookout for Equipment (AWS IoT and Lookout for Equipment API references).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace millwright::hub {

enum class VerificationState : uint8_t {
  kTruePositive,    // it is a fault
  kBenignPositive,  // something did change, and it is no fault
  kFalsePositive,
  kUnknown,  // looked at and not found out, or not looked at
};
[[nodiscard]] std::string_view Name(VerificationState state);  // "TRUE_POSITIVE" ...
[[nodiscard]] std::optional<VerificationState> VerificationStateOf(std::string_view name);

/// What a stretch of time is worth for training. Neutral is left out of training and of every
/// accuracy.
enum class Rating : uint8_t { kAnomaly, kNoAnomaly, kNeutral };
[[nodiscard]] std::string_view Name(Rating rating);  // "ANOMALY" ...
[[nodiscard]] std::optional<Rating> RatingOf(std::string_view name);

/// Why an alarm was rejected.
struct Reason {
  std::string_view code, words;
  VerificationState state;
  Rating rating;
};
/// In the order of their number keys, from 1.
[[nodiscard]] std::span<const Reason> Reasons();
[[nodiscard]] const Reason* FindReason(std::string_view code);  // null: there is none
inline constexpr std::string_view kDuplicate = "duplicate";
inline constexpr std::string_view kOtherReason = "other";  // needs a note

}  // namespace millwright::hub
