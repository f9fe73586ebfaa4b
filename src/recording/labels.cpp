#include <algorithm>

#include "recording/recording.h"

namespace millwright::recording {

std::string_view Name(Rating rating) {
  switch (rating) {
    case Rating::kNoAnomaly:
      return "NO_ANOMALY";
    case Rating::kNeutral:
      return "NEUTRAL";
    case Rating::kAnomaly:
      return "ANOMALY";
  }
  return "NO_ANOMALY";
}

const Label* LabelAt(const RecordingInfo& info, Nanos ts) {
  const double at = Seconds(ts - info.start_ns);
  const auto after = std::ranges::upper_bound(info.labels, at, {}, &Label::start_s);
  if (after == info.labels.begin()) return nullptr;
  const Label& label = *(after - 1);
  return at < label.end_s ? &label : nullptr;
}

Rating RatingAt(const RecordingInfo& info, Nanos ts) {
  const Label* label = LabelAt(info, ts);
  return label == nullptr ? Rating::kNoAnomaly : label->rating;
}

}  // namespace millwright::recording
