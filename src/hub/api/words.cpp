#include "hub/api/words.h"

#include <algorithm>
#include <array>

#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

constexpr std::array<std::string_view, 4> kLevels = {"none", "watch", "warning", "act"};
constexpr std::array<std::string_view, 6> kStates = {"unknown", "learning", "running",
                                                     "stopped", "shelved",  "out_of_service"};
constexpr std::array<std::string_view, 4> kLaneWords = {"alarm", "health", "features", "raw"};
constexpr std::array<std::string_view, 3> kSpectra = {"velocity", "envelope", "waveform"};

template <size_t N>
std::string_view Pick(const std::array<std::string_view, N>& words, int64_t index,
                      size_t otherwise) {
  return words[index >= 0 && index < static_cast<int64_t>(N) ? static_cast<size_t>(index)
                                                             : otherwise];
}

template <size_t N>
int64_t Find(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto found = std::find(words.begin(), words.end(), word);
  return found == words.end() ? -1 : found - words.begin();
}

}  // namespace

// A level above those we know is at least as grave as the gravest.
std::string_view LevelWord(int64_t level) { return Pick(kLevels, level, 3); }
std::string_view StateWord(int64_t state) { return Pick(kStates, state, 0); }
std::string_view LaneWord(int64_t lane) { return Pick(kLaneWords, lane, 3); }
int64_t LaneNumber(std::string_view word) { return Find(kLaneWords, word); }
std::string_view SpectrumWord(int64_t kind) { return Pick(kSpectra, kind, 0); }
int64_t SpectrumNumber(std::string_view word) { return Find(kSpectra, word); }

std::string_view ShownWord(int64_t state, int64_t level) {
  switch (state) {
    case wire::STATE_LEARNING:
      return "learning";
    case wire::STATE_STOPPED:
      return "stopped";
    case wire::STATE_SHELVED:
    case wire::STATE_OUT_OF_SERVICE:
      return "shelved";
    case wire::STATE_RUNNING:
      return level == wire::LEVEL_NONE ? "healthy" : LevelWord(level);
    default:
      return "unknown";
  }
}

std::string FaultName(std::string_view code) {
  std::string name(code);
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

std::string TitleOf(std::string_view id) {
  std::string title(id);
  std::replace_if(
      title.begin(), title.end(), [](char c) { return c == '-' || c == '_'; }, ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z')
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  return title;
}

std::string FeatureName(std::string_view feature) {
  // Words of the field that are written in capitals, or differently.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kWords = {
      {{"vib", "vibration"},
       {"rms", "RMS"},
       {"bpfo", "BPFO"},
       {"bpfi", "BPFI"},
       {"bsf2", "2xBSF"},
       {"ftf", "FTF"},
       {"hz", "Hz"}}};
  std::string name;
  while (!feature.empty()) {
    const size_t end = std::min(feature.find_first_of("._-"), feature.size());
    const std::string_view part = feature.substr(0, end);
    const auto known = std::find_if(kWords.begin(), kWords.end(),
                                    [&](const auto& word) { return word.first == part; });
    if (!name.empty() && !part.empty()) name += ' ';
    name += known == kWords.end() ? part : known->second;
    feature.remove_prefix(std::min(end + 1, feature.size()));
  }
  return TitleOf(name);
}

std::string EpochText(uint64_t epoch) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  for (size_t i = 0; i < 16; ++i) text[15 - i] = kDigits[(epoch >> (4 * i)) & 15];
  return text;
}

std::string AlarmId(std::string_view device, std::string_view key) {
  return std::string(device) + "~" + std::string(key);
}

}  // namespace millwright::hub
