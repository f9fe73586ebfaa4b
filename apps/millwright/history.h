// What the hub still knows of a machine's past, step by step, and as a recording: what a back-test
// feeds a model. Only for .cpp files.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"
#include "model/decision_rule.h"
#include "recording/recording.h"

namespace millwright::cli {

/// Asks the hub for a path of its API (docs/formats/api.md).
using AskFunction = std::function<Result<nlohmann::json>(const std::string& path)>;

struct MachineId {
  std::string site, asset;
  [[nodiscard]] std::string text() const { return site + "/" + asset; }
};

/// Those of `named` ("alder/P-102" each), or all that the hub knows where none is named. kInvalid:
/// a text without a slash.
[[nodiscard]] Result<std::vector<MachineId>> MachinesNamed(const std::vector<std::string>& named,
                                                           const AskFunction& ask);

/// A fleet has machines of other kinds, which are left out where none was named; one that was
/// named, or a hub that is away, is a failure.
[[nodiscard]] inline bool IsLeftOut(const Error& error, const std::vector<std::string>& named) {
  return named.empty() && (error.code == Errc::kUnsupported || error.code == Errc::kNotFound);
}

/// [from, to), cut into steps.
struct HistoryRange {
  Nanos from = 0, to = 0, step = kSecond;
  [[nodiscard]] size_t steps() const {
    return to <= from ? 0 : static_cast<size_t>((to - from + step - 1) / step);
  }
};

/// An alarm as the gateway raised it.
struct LiveAlarm {
  Nanos begin = 0;
  Nanos end = 0;  // 0: open still
  model::Level level = model::Level::kNone;
  std::string fault{}, model_name{}, model_hash{};
};

struct History {
  MachineId machine;
  HistoryRange range;
  std::vector<dsp::ChannelSpec> channels{};  // the model's, at the rate at which the hub keeps them
  std::vector<float> values{};               // [steps x channels]; NaN: not kept
  std::vector<int> levels{};                 // [steps] model::Level; -1: nothing was decided
  std::vector<LiveAlarm> alarms{};           // by begin
  size_t steps_heard = 0;                    // steps of which anything is kept
  size_t steps_merged = 0;           // several of the gateway's own in one of these: their mean
  size_t minutes_averaged = 0;       // whole minutes of which nothing but their means is left
  std::vector<size_t> missing{};     // [channels] heard steps without a value of the channel
  std::vector<std::string> notes{};  // whole sentences about what is coarser than it was
};

/// The channels of `schema` as the hub keeps them of the machine: one reading a step at most.
/// kUnsupported names the channel that the hub does not keep (samples: the hub has figures of the
/// waveform only), that the machine has not, or that has another unit. kNotFound: no such machine.
[[nodiscard]] Result<std::vector<dsp::ChannelSpec>> KeptChannels(const AskFunction& ask,
                                                                 const MachineId& machine,
                                                                 const dsp::Schema& schema);

/// Reads the range in pages. kUnsupported: a step that the API cannot give (under 10 ms, over an
/// hour, or no whole number of milliseconds). Steps begin at `range.from`; what the gateway told
/// within one counts as told at its begin.
[[nodiscard]] Result<History> ReadHistory(const AskFunction& ask, const MachineId& machine,
                                          const dsp::Schema& schema, const HistoryRange& range);

/// Writes a recording (docs/formats/recording.md) that starts at the range's begin. Without
/// `labels` nobody has judged the live alarms: their time is labelled NEUTRAL, so that no model
/// learns it as healthy. kConflict: the folder holds one already.
[[nodiscard]] Result<void> WriteHistory(const History& history, const std::string& folder,
                                        double shaft_hz,
                                        const std::vector<recording::Label>* labels = nullptr);

/// "none", "watch", "warning", "act"; a word that is not known is as grave as the gravest.
[[nodiscard]] model::Level LevelOf(std::string_view word);

}  // namespace millwright::cli
