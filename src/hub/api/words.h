// Wire numbers as the words of the API. Unknown numbers (a newer agent's) read as the careful word.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.h"

namespace millwright::hub {

[[nodiscard]] std::string_view LevelWord(int64_t level);  // none watch warning act
[[nodiscard]] std::string_view StateWord(
    int64_t state);  // unknown learning running stopped shelved out_of_service
[[nodiscard]] std::string_view LaneWord(int64_t lane);        // alarm health features raw
[[nodiscard]] int64_t LaneNumber(std::string_view word);      // -1: no lane
[[nodiscard]] std::string_view SpectrumWord(int64_t kind);    // velocity envelope waveform
[[nodiscard]] int64_t SpectrumNumber(std::string_view word);  // -1: no kind

/// What a tile shows of a machine that is current: act, warning, watch, healthy, learning, stopped,
/// shelved, unknown.
[[nodiscard]] std::string_view ShownWord(int64_t state, int64_t level);

/// "outer_race" -> "outer race".
[[nodiscard]] std::string FaultName(std::string_view code);
/// "cooling-water" -> "Cooling water".
[[nodiscard]] std::string TitleOf(std::string_view id);
/// "vib.envelope_bpfo" -> "Vibration envelope BPFO".
[[nodiscard]] std::string FeatureName(std::string_view feature);
/// 16 hex digits.
[[nodiscard]] std::string EpochText(uint64_t epoch);
/// An alarm's id in paths: "<device>~<alarm_key>".
[[nodiscard]] std::string AlarmId(std::string_view device, std::string_view key);

[[nodiscard]] constexpr int64_t Milliseconds(Nanos time) { return time / kMillisecond; }

}  // namespace millwright::hub
