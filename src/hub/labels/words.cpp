#include "hub/labels/words.h"

#include <algorithm>

namespace millwright::hub {
namespace {

constexpr std::string_view kStates[] = {"TRUE_POSITIVE", "BENIGN_POSITIVE", "FALSE_POSITIVE",
                                        "UNKNOWN"};
constexpr std::string_view kRatings[] = {"ANOMALY", "NO_ANOMALY", "NEUTRAL"};

// A sensor that lies and a machine that is being worked on are no pictures of health: neutral. A
// changed process is: the model has to learn it.
constexpr Reason kReasons[] = {
    {"sensor_fault", "Sensor fault", VerificationState::kFalsePositive, Rating::kNeutral},
    {"process_change", "Process change", VerificationState::kBenignPositive, Rating::kNoAnomaly},
    {"known_work", "Known work", VerificationState::kBenignPositive, Rating::kNeutral},
    {kDuplicate, "Duplicate", VerificationState::kUnknown, Rating::kNeutral},
    {"not_a_fault", "Not a fault", VerificationState::kFalsePositive, Rating::kNoAnomaly},
    {kOtherReason, "Other, with a note", VerificationState::kFalsePositive, Rating::kNoAnomaly},
};

template <typename E, size_t N>
std::optional<E> Find(const std::string_view (&names)[N], std::string_view name) {
  const auto* at = std::ranges::find(names, name);
  if (at == std::end(names)) return std::nullopt;
  return static_cast<E>(at - std::begin(names));
}

}  // namespace

std::string_view Name(VerificationState state) { return kStates[static_cast<size_t>(state)]; }
std::optional<VerificationState> VerificationStateOf(std::string_view name) {
  return Find<VerificationState>(kStates, name);
}

std::string_view Name(Rating rating) { return kRatings[static_cast<size_t>(rating)]; }
std::optional<Rating> RatingOf(std::string_view name) { return Find<Rating>(kRatings, name); }

std::span<const Reason> Reasons() { return kReasons; }
const Reason* FindReason(std::string_view code) {
  const auto* at = std::ranges::find(kReasons, code, &Reason::code);
  return at == std::end(kReasons) ? nullptr : at;
}

}  // namespace millwright::hub
