#include "history.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "core/text.h"
#include "hub_query.h"
#include "recording/recording.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

// A page is drawn from the steps themselves while it is no longer than this (the hub's own limit).
constexpr Nanos kPageMax = 2 * 3600 * kSecond;
constexpr Nanos kStepMin = 10 * kMillisecond;
constexpr int64_t kPointsMax = 5000;
constexpr Nanos kMinute = 60 * kSecond;
constexpr int kAlarmPage = 500;
constexpr float kAbsent = std::numeric_limits<float>::quiet_NaN();

std::string PathOf(const MachineId& machine) {
  return "/api/v1/machines/" + PercentEncode(machine.site) + "/" + PercentEncode(machine.asset);
}

std::string SeriesPath(const MachineId& machine, Nanos from, Nanos to, int64_t points,
                       std::span<const dsp::ChannelSpec> channels) {
  std::string names;
  for (const dsp::ChannelSpec& channel : channels)
    names += (names.empty() ? "" : ",") + PercentEncode(channel.name);
  return PathOf(machine) + "/series?from_ms=" + std::to_string(from / kMillisecond) +
         "&to_ms=" + std::to_string(to / kMillisecond) + "&points=" + std::to_string(points) +
         "&signals=" + names;
}

// The array `key` of `object`, or an empty one.
const json& ArrayOf(const json& object, const char* key) {
  static const json empty = json::array();
  const auto found = object.find(key);
  return found != object.end() && found->is_array() ? *found : empty;
}

std::optional<float> FloatAt(const json& array, size_t i) {
  if (i >= array.size() || !array[i].is_number()) return std::nullopt;
  return array[i].get<float>();
}

std::string_view WordAt(const json& array, size_t i) {
  if (i >= array.size() || !array[i].is_string()) return {};
  return array[i].get_ref<const std::string&>();
}

// Takes one page's answer into the steps from `first` on. False where it is not what was asked for.
bool TakePage(const json& page, size_t first, size_t count, History& history) {
  const json& times = ArrayOf(page, "t_ms");
  if (times.size() != count) return false;
  const json& states = ArrayOf(page, "state");
  const json& levels = ArrayOf(page, "level");
  const size_t channels = history.channels.size();
  std::vector<bool> merged(count);
  for (const json& series : ObjectsOf(page, "series")) {
    const auto channel =
        std::ranges::find(history.channels, TextOf(series, "name"), &dsp::ChannelSpec::name);
    if (channel == history.channels.end()) continue;
    const auto c = static_cast<size_t>(channel - history.channels.begin());
    const json &mean = ArrayOf(series, "mean"), &least = ArrayOf(series, "min"),
               &greatest = ArrayOf(series, "max");
    for (size_t i = 0; i < count; ++i) {
      const auto value = FloatAt(mean, i);
      if (!value) continue;
      history.values[(first + i) * channels + c] = *value;
      if (FloatAt(least, i) != FloatAt(greatest, i)) merged[i] = true;
    }
  }
  for (size_t i = 0; i < count; ++i) {
    const std::string_view state = WordAt(states, i);
    if (state.empty()) continue;
    ++history.steps_heard;
    if (merged[i]) ++history.steps_merged;
    const std::string_view level = WordAt(levels, i);
    if (state == "running" && !level.empty())
      history.levels[first + i] = static_cast<int>(LevelOf(level));
    for (size_t c = 0; c < channels; ++c)
      if (std::isnan(history.values[(first + i) * channels + c])) ++history.missing[c];
  }
  return true;
}

Result<void> ReadSteps(const AskFunction& ask, History& history) {
  const HistoryRange& range = history.range;
  const auto page = static_cast<size_t>(std::clamp<int64_t>(kPageMax / range.step, 1, kPointsMax));
  for (size_t first = 0; first < range.steps(); first += page) {
    const size_t count = std::min(page, range.steps() - first);
    const Nanos from = range.from + static_cast<Nanos>(first) * range.step;
    const Nanos to = from + static_cast<Nanos>(count) * range.step;
    MW_TRY(const json answer, ask(SeriesPath(history.machine, from, to, static_cast<int64_t>(count),
                                             history.channels)));
    if (!TakePage(answer, first, count, history))
      return Fail(Errc::kUnsupported,
                  "backtest: the hub answers a series of other steps than were "
                  "asked for");
  }
  return {};
}

// The hub lets steps go after a while and keeps a minute's mean for longer. Such minutes cannot be
// played, and must not look as if nothing had been measured.
Result<void> CountAveraged(const AskFunction& ask, History& history) {
  const HistoryRange& range = history.range;
  const size_t channels = history.channels.size();
  std::vector<bool> heard(static_cast<size_t>((range.to - range.from) / kMinute) + 2);
  const Nanos origin = range.from / kMinute * kMinute;
  for (size_t i = 0; i < history.range.steps(); ++i) {
    bool any = history.levels[i] >= 0;
    for (size_t c = 0; c < channels; ++c) any |= !std::isnan(history.values[i * channels + c]);
    const Nanos at = range.from + static_cast<Nanos>(i) * range.step - origin;
    if (any && static_cast<size_t>(at / kMinute) < heard.size())
      heard[static_cast<size_t>(at / kMinute)] = true;
  }
  if (std::ranges::find(heard, false) == heard.end()) return {};
  // A page must be long enough for the hub to take it from the minutes.
  constexpr Nanos kPage = kPointsMax * kMinute;
  for (Nanos from = origin; from < range.to; from += kPage) {
    const Nanos span =
        std::clamp((range.to - from + kMinute - 1) / kMinute * kMinute, kPageMax + kMinute, kPage);
    MW_TRY(const json answer,
           ask(SeriesPath(history.machine, from, from + span, span / kMinute, history.channels)));
    const json& states = ArrayOf(answer, "state");
    for (size_t m = 0; m < states.size(); ++m) {
      const Nanos at = from + static_cast<Nanos>(m) * kMinute;
      const auto place = static_cast<size_t>((at - origin) / kMinute);
      const bool within = at >= range.from && at + kMinute <= range.to;
      if (within && !heard[place] && states[m].is_string()) ++history.minutes_averaged;
    }
  }
  return {};
}

Result<void> ReadAlarms(const AskFunction& ask, History& history) {
  const auto time = [](const json& alarm, const char* key) {
    return IntegerOf(alarm, key) * kMillisecond;
  };
  std::string cursor;
  do {
    MW_TRY(const json page, ask("/api/v1/alarms?state=all&limit=" + std::to_string(kAlarmPage) +
                                (cursor.empty() ? "" : "&cursor=" + PercentEncode(cursor))));
    for (const json& alarm : ObjectsOf(page, "alarms")) {
      const LiveAlarm live{.begin = time(alarm, "raised_ms"),
                           .end = time(alarm, "cleared_ms"),
                           .level = LevelOf(TextOf(alarm, "level")),
                           .fault = TextOf(alarm, "fault"),
                           .model_name = TextOf(alarm, "model_name"),
                           .model_hash = TextOf(alarm, "model_hash")};
      const bool ours = TextOf(alarm, "site") == history.machine.site &&
                        TextOf(alarm, "asset") == history.machine.asset;
      const bool over = live.end != 0 && live.end < history.range.from;
      if (ours && !over && live.begin < history.range.to) history.alarms.push_back(live);
    }
    cursor = TextOf(page, "next");
  } while (!cursor.empty());
  std::ranges::stable_sort(history.alarms, {}, &LiveAlarm::begin);
  return {};
}

Result<std::vector<json>> AskChannels(const AskFunction& ask, const MachineId& machine) {
  MW_TRY(const json detail, ask(PathOf(machine)));
  return ObjectsOf(detail, "channels");
}

// Spans of the alarms as seconds of the recording, without overlaps.
std::vector<recording::Label> NeutralSpans(const History& history) {
  std::vector<recording::Label> labels;
  const HistoryRange& range = history.range;
  for (const LiveAlarm& alarm : history.alarms) {
    const Nanos end = alarm.end == 0 ? range.to : std::min(alarm.end, range.to);
    const double from = Seconds(std::max<Nanos>(alarm.begin - range.from, 0));
    const double to = Seconds(end - range.from);
    if (to <= from) continue;
    if (!labels.empty() && from <= labels.back().end_s) {
      labels.back().end_s = std::max(labels.back().end_s, to);
      continue;
    }
    labels.push_back(
        {.start_s = from, .end_s = to, .rating = recording::Rating::kNeutral, .fault = {}});
  }
  return labels;
}

}  // namespace

model::Level LevelOf(std::string_view word) {
  for (const auto level : {model::Level::kNone, model::Level::kWatch, model::Level::kWarning})
    if (word == model::Name(level)) return level;
  return model::Level::kAct;
}

Result<std::vector<dsp::ChannelSpec>> KeptChannels(const AskFunction& ask, const MachineId& machine,
                                                   const dsp::Schema& schema) {
  MW_TRY(const std::vector<json> have, AskChannels(ask, machine));
  std::vector<dsp::ChannelSpec> out;
  for (const dsp::ChannelSpec& wanted : schema.channels) {
    const std::string where = "backtest: " + machine.text() + ": channel \"" + wanted.name + "\" ";
    if (wanted.kind == dsp::ChannelKind::kSamples)
      return Fail(Errc::kUnsupported,
                  where + "is a waveform to this model, and the hub keeps none of it");
    const auto found = std::ranges::find_if(
        have, [&](const json& channel) { return TextOf(channel, "name") == wanted.name; });
    if (found == have.end())
      return Fail(Errc::kUnsupported, where + "is needed by this model, and the machine has none");
    if (const std::string unit = TextOf(*found, "unit"); unit != wanted.unit)
      return Fail(Errc::kUnsupported,
                  where + "is in \"" + unit + "\", and the model wants \"" + wanted.unit + "\"");
    if (TextOf(*found, "kind") != "reading")
      return Fail(Errc::kUnsupported,
                  where + "is a waveform on this machine, and the hub keeps none of it");
    dsp::ChannelSpec kept = wanted;
    if (const double rate = NumberOf(*found, "rate_hz"); rate > 0) kept.rate_hz = rate;
    out.push_back(std::move(kept));
  }
  return out;
}

Result<History> ReadHistory(const AskFunction& ask, const MachineId& machine,
                            const dsp::Schema& schema, const HistoryRange& range) {
  if (range.step < kStepMin || range.step > 3600 * kSecond || range.step % kMillisecond != 0)
    return Fail(Errc::kUnsupported, "backtest: the hub gives no steps of " +
                                        std::to_string(range.step / kMillisecond) + " ms");
  if (range.from % kMillisecond != 0 || range.steps() == 0)
    return Fail(Errc::kInvalid, "backtest: the range is empty, or not in whole milliseconds");
  History history{.machine = machine, .range = range};
  MW_TRY(history.channels, KeptChannels(ask, machine, schema));
  const double kept_hz = 1 / Seconds(range.step);
  for (dsp::ChannelSpec& channel : history.channels) {
    if (channel.rate_hz <= kept_hz * 1.01) continue;
    char text[160];
    std::snprintf(text, sizeof text,
                  "channel \"%s\" was measured %g times a second, of which one reading each %g s "
                  "is kept",
                  channel.name.c_str(), channel.rate_hz, Seconds(range.step));
    history.notes.emplace_back(text);
    channel.rate_hz = kept_hz;
  }
  history.values.assign(range.steps() * history.channels.size(), kAbsent);
  history.levels.assign(range.steps(), -1);
  history.missing.assign(history.channels.size(), 0);
  MW_TRY(ReadSteps(ask, history));
  MW_TRY(CountAveraged(ask, history));
  MW_TRY(ReadAlarms(ask, history));
  return history;
}

Result<void> WriteHistory(const History& history, const std::string& folder, double shaft_hz,
                          const std::vector<recording::Label>* labels) {
  const HistoryRange& range = history.range;
  recording::RecordingInfo info;
  info.name = history.machine.text();
  info.site = history.machine.site;
  info.asset = history.machine.asset;
  info.source = "the hub's history";
  info.start_ns = range.from;
  info.machine.shaft_hz = shaft_hz;
  std::vector<recording::WriterChannel> channels;
  for (const dsp::ChannelSpec& channel : history.channels) channels.push_back({.spec = channel});
  MW_TRY(auto writer, recording::Writer::Create(folder, info, channels));
  const size_t width = history.channels.size();
  std::vector<float> last(width, kAbsent);
  std::vector<Nanos> last_at(width, range.from - 3600 * kSecond);
  for (size_t i = 0; i < range.steps(); ++i) {
    const Nanos at = range.from + static_cast<Nanos>(i) * range.step;
    for (size_t c = 0; c < width; ++c) {
      const float value = history.values[i * width + c];
      if (std::isnan(value)) continue;
      // Of a slow channel each step repeats the latest reading: as fresh ones they would look like
      // a sensor that hangs.
      const Nanos period = FromSeconds(1 / history.channels[c].rate_hz);
      if (value == last[c] && at - last_at[c] + range.step / 2 < period) continue;
      MW_TRY(writer->Reading(static_cast<int>(c), at, value));
      last[c] = value;
      last_at[c] = at;
    }
  }
  return writer->Finish(labels == nullptr ? NeutralSpans(history) : *labels);
}

Result<std::vector<MachineId>> MachinesNamed(const std::vector<std::string>& named,
                                             const AskFunction& ask) {
  std::vector<MachineId> out;
  for (const std::string& text : named) {
    const size_t slash = text.find('/');
    if (slash == std::string::npos)
      return Fail(Errc::kInvalid, "\"" + text + "\" is no machine such as alder/P-102");
    out.push_back({.site = text.substr(0, slash), .asset = text.substr(slash + 1)});
  }
  if (!out.empty()) return out;
  MW_TRY(const json board, ask("/api/v1/board"));
  for (const json& site : ObjectsOf(board, "sites"))
    for (const json& area : ObjectsOf(site, "areas"))
      for (const json& machine : ObjectsOf(area, "machines"))
        out.push_back({.site = TextOf(machine, "site"), .asset = TextOf(machine, "asset")});
  return out;
}

}  // namespace millwright::cli
