#include "trainer/schema_choice.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>

namespace millwright::trainer {
namespace {

using dsp::ChannelKind;
using dsp::ChannelSpec;
using dsp::FeatureSpec;
using recording::RecordingInfo;

constexpr double kVibrationRateMinHz = 500;

const ChannelSpec* Find(const RecordingInfo& info, const std::string& name) {
  const auto it = std::ranges::find(info.channels, name, &ChannelSpec::name);
  return it == info.channels.end() ? nullptr : &*it;
}

bool Contains(const std::vector<std::string>& list, const std::string& name) {
  return std::ranges::find(list, name) != list.end();
}

bool IsTemperature(const ChannelSpec& channel) {
  std::string text = channel.name;
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return channel.unit == "degC" || channel.unit == "C" || channel.unit == "degF" ||
         channel.unit == "K" || text.find("temp") != std::string::npos ||
         text.find("thermo") != std::string::npos;
}

bool HasBearing(std::span<const RecordingInfo> recordings) {
  return std::ranges::all_of(recordings, [](const RecordingInfo& r) {
    return r.machine.bpfo > 0 && r.machine.bpfi > 0 && r.machine.bsf > 0;
  });
}

// The channels that all recordings have, in the order of the first one.
Result<std::vector<ChannelSpec>> CommonChannels(std::span<const RecordingInfo> recordings,
                                                const TrainOptions& o,
                                                std::vector<std::string>& notes) {
  for (const std::string& name : o.channels)
    for (const RecordingInfo& r : recordings)
      if (Find(r, name) == nullptr)
        return Fail(Errc::kInvalid, "trainer: recording \"" + r.id + "\" has no channel \"" + name +
                                        "\", which data.channels asks for");
  std::vector<ChannelSpec> out;
  for (const ChannelSpec& channel : recordings.front().channels) {
    if (Contains(o.exclude, channel.name)) continue;
    if (!o.channels.empty() && !Contains(o.channels, channel.name)) continue;
    const auto lacking = std::ranges::find_if(recordings, [&](const RecordingInfo& r) {
      const ChannelSpec* other = Find(r, channel.name);
      return other == nullptr || other->kind != channel.kind;
    });
    if (lacking == recordings.end())
      out.push_back(channel);
    else
      notes.push_back("channel " + channel.name + " left out: recording " + lacking->id +
                      " lacks it");
  }
  if (out.empty())
    return Fail(Errc::kInvalid, "trainer: the " + std::to_string(recordings.size()) +
                                    " recordings have no channel in common that is not excluded");
  return out;
}

void AddVibration(const ChannelSpec& c, bool bearing, bool shaft, std::vector<FeatureSpec>& out) {
  const auto add = [&](const std::string& suffix, const char* kind,
                       std::map<std::string, double> params) {
    out.push_back({.name = c.name + "." + suffix,
                   .channel = c.name,
                   .kind = kind,
                   .params = std::move(params)});
  };
  const double top = c.rate_hz * 0.45;
  add("rms", "rms", {{"log", 2}});
  add("kurtosis", "kurtosis", {{"log", 2}});
  add("crest", "crest", {{"log", 2}});
  if (c.unit == "m/s2" || c.unit == "g") add("velocity_rms", "velocity_rms", {{"log", 2}});
  // Octave-wide bands: cavitation fills the high ones, bearing resonances lift one.
  for (double hi = top; hi > 600 && hi > top / 20; hi /= 2)
    add("band_" + std::to_string(std::lround(hi / 2)), "band_rms",
        {{"lo_hz", hi / 2}, {"hi_hz", hi}, {"log", 2}});
  if (shaft)
    for (const int order : {1, 2, 3})
      add("order_" + std::to_string(order), "order_amplitude", {{"order", order}, {"log", 2}});
  if (bearing)
    for (const char* kind : {"envelope_bpfo", "envelope_bpfi", "envelope_bsf2"})
      add(kind, kind, {{"log", 2}});
}

bool IsLoad(const ChannelSpec& c) { return c.unit == "A" || c.unit == "kW" || c.unit == "W"; }

// A process value beside vibration. Current and speed as logarithms: a tenth more is the same for
// every machine. Housings warm slowly: a temperature is judged beside the load of the time that its
// heat took to arrive.
void AddProcessValue(const ChannelSpec& c, std::vector<FeatureSpec>& out) {
  constexpr double kThermalLagS = 15;
  std::map<std::string, double> params;
  if (IsLoad(c) || c.name == "speed") params["log"] = 2;
  out.push_back({.name = c.name + ".mean", .channel = c.name, .kind = "mean", .params = params});
  if (!IsLoad(c)) return;
  params["tau_s"] = kThermalLagS;
  out.push_back({.name = c.name + ".ema", .channel = c.name, .kind = "ema", .params = params});
}

// Levels smoothed over 5 and 15 readings, the difference to a slow mean, which forgets drift, and
// how restless the channel is: faults stir a flow or a current before they move its mean.
void AddReading(const ChannelSpec& c, std::vector<FeatureSpec>& out) {
  const double period = 1 / c.rate_hz;
  const auto add = [&](const std::string& suffix, const char* kind,
                       std::map<std::string, double> params) {
    out.push_back({.name = c.name + "." + suffix,
                   .channel = c.name,
                   .kind = kind,
                   .params = std::move(params)});
  };
  add("ema5", "ema", {{"tau_s", 5 * period}});
  add("ema15", "ema", {{"tau_s", 15 * period}});
  add("ema15_150", "ema_difference", {{"fast_s", 15 * period}, {"slow_s", 150 * period}});
  add("restless20", "ema_deviation", {{"tau_s", 20 * period}, {"log", 2}});
}

void ChooseSampled(SchemaChoice& choice, std::span<const RecordingInfo> recordings) {
  dsp::Schema& s = choice.schema;
  const bool bearing = HasBearing(recordings);
  const bool shaft = std::ranges::all_of(
      recordings, [](const RecordingInfo& r) { return r.machine.shaft_hz > 0; });
  for (const ChannelSpec& c : s.channels) {
    if (c.kind == ChannelKind::kSamples)
      AddVibration(c, bearing, shaft, s.features);
    else
      AddProcessValue(c, s.features);
  }
  // A machine drifts with load and weather far beyond what one commissioning shows.
  choice.floor_share = 1;
  // A bearing defect lifts neighbouring envelope features too, by ten deviations and more: only
  // beyond that do they tell races and balls apart.
  s.clip = 16;
  if (std::ranges::any_of(s.channels, [](const ChannelSpec& c) { return c.name == "speed"; }))
    s.speed_min_hz = 2;
}

void ChooseReadings(SchemaChoice& choice) {
  dsp::Schema& s = choice.schema;
  double rate = 0;
  for (const ChannelSpec& c : s.channels) rate = std::max(rate, c.rate_hz);
  std::erase_if(s.channels, [&](const ChannelSpec& c) {
    const bool drop = IsTemperature(c) && s.channels.size() > 1;
    if (drop)
      choice.notes.push_back("channel " + c.name +
                             " left out: temperature levels drift and do not return");
    return drop;
  });
  for (const ChannelSpec& c : s.channels) AddReading(c, s.features);
  s.step = FromSeconds(2 / rate);
  s.steps = 24;
  s.late_max = s.step;
  s.hold_max = FromSeconds(10 / rate);
  choice.commissioning_s = 100 / rate;
  // Such data sets have few runs: one net in one split learns more of the split than of the
  // machine.
  choice.folds = 5;
  // A hundred readings of commissioning tell a level well and its spread badly: levels are judged
  // by a mean of the machine's own spread and that of all machines. How restless a channel is has a
  // spread of its own, and a floor is enough.
  choice.floor_share = 1;
  s.log_squash = true;
}

}  // namespace

Result<SchemaChoice> ChooseSchema(std::span<const RecordingInfo> recordings,
                                  const TrainOptions& o) {
  if (recordings.empty()) return Fail(Errc::kInvalid, "trainer: no recording to train on");
  SchemaChoice choice;
  MW_TRY(choice.schema.channels, CommonChannels(recordings, o, choice.notes));
  choice.sampled = std::ranges::any_of(choice.schema.channels, [](const ChannelSpec& c) {
    return c.kind == ChannelKind::kSamples && c.rate_hz >= kVibrationRateMinHz;
  });
  if (choice.sampled)
    ChooseSampled(choice, recordings);
  else
    ChooseReadings(choice);

  dsp::Schema& s = choice.schema;
  s.step = o.step.value_or(s.step);
  s.sample_window = o.sample_window.value_or(s.sample_window);
  s.late_max = o.late_max.value_or(s.late_max);
  s.hold_max = o.hold_max.value_or(s.hold_max);
  s.steps = o.steps.value_or(s.steps);
  s.clip = o.clip.value_or(s.clip);
  s.speed_min_hz = o.speed_min_hz.value_or(s.speed_min_hz);
  choice.commissioning_s = o.commissioning_s.value_or(choice.commissioning_s);
  choice.floor_share = o.floor_share.value_or(choice.floor_share);
  choice.folds = o.folds.value_or(choice.folds);
  if (!o.features.empty()) s.features = o.features;
  if (s.log_squash)
    for (const int group : MirrorGroups(s)) choice.pooled.push_back(group >= 0 ? 1 : 0);
  return choice;
}

std::vector<int> MirrorGroups(const dsp::Schema& schema) {
  constexpr std::array kLevels = {"mean", "last", "ema", "ema_difference", "slope"};
  std::vector<int> groups;
  for (const FeatureSpec& f : schema.features) {
    const auto channel = std::ranges::find(schema.channels, f.channel, &ChannelSpec::name);
    const bool level = std::ranges::find(kLevels, f.kind) != kLevels.end();
    groups.push_back(level ? static_cast<int>(channel - schema.channels.begin()) : -1);
  }
  return groups;
}

dsp::Schema SchemaFor(const dsp::Schema& schema, const RecordingInfo& recording) {
  dsp::Schema out = schema;
  for (ChannelSpec& channel : out.channels)
    if (const ChannelSpec* own = Find(recording, channel.name)) channel.rate_hz = own->rate_hz;
  return out;
}

}  // namespace millwright::trainer
