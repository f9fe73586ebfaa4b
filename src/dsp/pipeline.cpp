// Checks a schema and makes the pipeline from it.
#include "dsp/pipeline.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "dsp/grid_pipeline.h"

namespace millwright::dsp {
namespace {

Result<void> CheckTiming(const Schema& schema) {
  const auto fail = [](const std::string& what) { return Fail(Errc::kInvalid, "schema: " + what); };
  if (schema.step < kMillisecond || schema.step > 24 * 3600 * kSecond)
    return fail("step_ms is not within 1 .. a day");
  if (schema.steps < 1 || schema.steps > 10'000) return fail("steps is not within 1 .. 10000");
  if (schema.late_max < 0 || schema.late_max > 3600 * kSecond)
    return fail("late_max_ms is not within 0 .. an hour");
  if (schema.hold_max < schema.step) return fail("hold_max_ms is shorter than a step");
  if (schema.hold_max > 7 * 24 * 3600 * kSecond) return fail("hold_max_ms is longer than a week");
  if (!(schema.clip > 0 && schema.clip <= 1e6)) return fail("clip is not within 0 .. 1e6");
  if (!(schema.speed_min_hz >= 0 && schema.speed_min_hz < 1e4))
    return fail("speed_min_hz is not within 0 .. 10000");
  if (schema.channels.empty() || schema.channels.size() > 32)
    return fail("there must be 1 to 32 channels");
  if (schema.features.empty() || schema.features.size() > 4096)
    return fail("there must be 1 to 4096 features");
  return {};
}

Result<void> CheckChannel(const Schema& schema, const ChannelSpec& spec) {
  const std::string where = "schema: channel \"" + spec.name + "\"";
  if (spec.name.empty()) return Fail(Errc::kInvalid, "schema: a channel has no name");
  if (!(spec.rate_hz >= 1e-5 && spec.rate_hz <= 200'000))
    return Fail(Errc::kInvalid, where + ": rate_hz " + std::to_string(spec.rate_hz) +
                                    " is not within 0.00001 .. 200000");
  if (spec.kind == ChannelKind::kReading) {
    if (Seconds(schema.hold_max) * spec.rate_hz >= 1 - 1e-9) return {};
    return Fail(Errc::kInvalid, where + ": hold_max_ms is shorter than its period");
  }
  if (schema.sample_window < schema.step)
    return Fail(Errc::kInvalid, where + ": sample_window_ms is shorter than a step");
  const double samples = Seconds(schema.sample_window) * spec.rate_hz;
  if (samples >= 16 && samples <= 4e6) return {};
  return Fail(Errc::kInvalid, where + ": a window of " + std::to_string(samples) +
                                  " samples is not within 16 .. 4000000");
}

Result<Channel> MakeChannel(const Schema& schema, const ChannelSpec& spec, Nanos window,
                            const std::vector<Band>& bands) {
  MW_TRY(CheckChannel(schema, spec));
  Channel channel;
  channel.spec = spec;
  if (spec.kind == ChannelKind::kReading) {
    // Also what waits for a late channel must be remembered.
    channel.readings.emplace(spec.rate_hz, window + schema.late_max + 2 * schema.step);
    channel.pacer = Seconds(schema.step) * spec.rate_hz >= 1 - 1e-9;
    return channel;
  }
  channel.pacer = true;
  channel.window_samples =
      static_cast<size_t>(std::llround(Seconds(schema.sample_window) * spec.rate_hz));
  const double waiting = Seconds(schema.late_max + 3 * schema.step) * spec.rate_hz;
  channel.samples.emplace(spec.rate_hz, channel.window_samples + static_cast<size_t>(waiting) + 16);
  channel.analyzer.emplace(spec.rate_hz, channel.window_samples, bands);
  return channel;
}

Result<std::vector<Feature>> ResolveFeatures(const Schema& schema, const MachineSpec& machine) {
  std::vector<Feature> features;
  std::set<std::string> names;
  for (const FeatureSpec& spec : schema.features) {
    if (!names.insert(spec.name).second)
      return Fail(Errc::kInvalid, "schema: two features are named \"" + spec.name + "\"");
    MW_TRY(features.emplace_back(), ResolveFeature(spec, schema, machine));
  }
  return features;
}

// The different envelope bands of one channel; each feature learns which is its own.
std::vector<Band> CollectBands(std::vector<Feature>& features, size_t channel) {
  std::vector<Band> bands;
  for (Feature& feature : features) {
    if (static_cast<size_t>(feature.channel) != channel || !feature.kind->needs_envelope) continue;
    const Band band = {.lo_hz = feature.params[0], .hi_hz = feature.params[1]};
    const auto known = std::ranges::find(bands, band);
    feature.band = static_cast<size_t>(known - bands.begin());
    if (known == bands.end()) bands.push_back(band);
  }
  return bands;
}

// What of a channel's window is computed: only what a feature looks at.
Result<void> AddDescriber(const std::vector<Feature>& features, size_t index, Channel& channel) {
  if (!channel.samples) return {};
  bool bearing = false;
  for (const Feature& feature : features) {
    if (static_cast<size_t>(feature.channel) != index) continue;
    bearing = bearing || feature.kind->needs_bearing;
    channel.analysed = channel.analysed || !feature.kind->needs_bearing;
  }
  if (!bearing) return {};
  if (channel.window_samples < 256)
    return Fail(Errc::kInvalid, "schema: channel \"" + channel.spec.name + "\": a window of " +
                                    std::to_string(channel.window_samples) +
                                    " samples is too short for bearing features (256)");
  channel.describer.emplace(channel.window_samples, channel.spec.rate_hz);
  return {};
}

}  // namespace

Result<std::unique_ptr<Pipeline>> Pipeline::Make(const Schema& schema, const MachineSpec& machine) {
  MW_TRY(CheckTiming(schema));
  std::set<std::string> names;
  for (const ChannelSpec& spec : schema.channels) {
    MW_TRY(CheckChannel(schema, spec));
    if (!names.insert(spec.name).second)
      return Fail(Errc::kInvalid, "schema: two channels are named \"" + spec.name + "\"");
  }
  MW_TRY(std::vector<Feature> features, ResolveFeatures(schema, machine));
  std::vector<Channel> channels;
  const bool any_bearing =
      std::ranges::any_of(features, [](const Feature& f) { return f.kind->needs_bearing; });
  bool paced = false;
  for (size_t c = 0; c < schema.channels.size(); ++c) {
    const ChannelSpec& spec = schema.channels[c];
    // Of the speed, the mean over a window of samples is asked for.
    Nanos window = any_bearing && spec.name == "speed" ? std::max(schema.step, schema.sample_window)
                                                       : schema.step;
    for (const Feature& f : features)
      if (static_cast<size_t>(f.channel) == c) window = std::max(window, f.window);
    MW_TRY(channels.emplace_back(), MakeChannel(schema, spec, window, CollectBands(features, c)));
    MW_TRY(AddDescriber(features, c, channels.back()));
    paced = paced || channels.back().pacer;
  }
  const bool any_samples =
      std::ranges::any_of(channels, [](const Channel& c) { return c.samples.has_value(); });
  double fastest = 0;
  for (const Channel& channel : channels) fastest = std::max(fastest, channel.spec.rate_hz);
  for (Channel& channel : channels) {
    if (channel.samples) continue;
    if (any_samples) channel.pacer = false;
    if (!any_samples && !paced) channel.pacer = channel.spec.rate_hz > 0.99 * fastest;
  }
  std::unique_ptr<Pipeline> made =
      std::make_unique<GridPipeline>(schema, machine, std::move(features), std::move(channels));
  return made;
}

}  // namespace millwright::dsp
