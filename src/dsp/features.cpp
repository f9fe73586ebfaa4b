#include "dsp/features.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "dsp/bearing_kinds.h"
#include "dsp/line_limits.h"

namespace millwright::dsp {
namespace {

constexpr double kRequired = std::numeric_limits<double>::quiet_NaN();
constexpr double kByRate = std::numeric_limits<double>::quiet_NaN();
constexpr double kSpeedMinHz = 0.5;  // below it orders mean nothing

// Samples.

double Rms(const SampleView& v, const Params&) { return v.analyzer.moments().rms; }
double Peak(const SampleView& v, const Params&) { return v.analyzer.moments().peak; }
double Crest(const SampleView& v, const Params&) {
  const Moments& m = v.analyzer.moments();
  return m.rms > 1e-12 ? m.peak / m.rms : 0;
}
double Kurtosis(const SampleView& v, const Params&) { return v.analyzer.moments().kurtosis; }
double Skewness(const SampleView& v, const Params&) { return v.analyzer.moments().skewness; }
double BandRms(const SampleView& v, const Params& p) {
  return std::sqrt(v.analyzer.BandPower(p[0], p[1]));
}
double VelocityRms(const SampleView& v, const Params& p) {
  return 1e3 * v.to_m_s2 * std::sqrt(v.analyzer.VelocityPower(p[0], p[1]));
}

struct LineBand {
  double lo_hz, hi_hz;
};
// Half the width of a line's band: a share of its frequency, but at least the two lines of a Hann
// lobe.
LineBand AroundOrder(const SampleView& v, const Params& p) {
  const double hz = p[0] * v.speed_hz;
  const double half = std::max(p[1] * hz, 2 * v.analyzer.line_hz());
  return {hz - half, hz + half};
}
double OrderAmplitude(const SampleView& v, const Params& p) {
  if (v.speed_hz < kSpeedMinHz) return 0;
  const LineBand band = AroundOrder(v, p);
  return std::sqrt(2 * v.analyzer.BandPower(band.lo_hz, band.hi_hz));
}
double OrderVelocity(const SampleView& v, const Params& p) {
  if (v.speed_hz < kSpeedMinHz) return 0;
  const LineBand band = AroundOrder(v, p);
  return 1e3 * v.to_m_s2 * std::sqrt(v.analyzer.VelocityPower(band.lo_hz, band.hi_hz));
}

// The mean peak-to-floor ratio of an order and its harmonics in the envelope spectrum.
double EnvelopeLines(const SampleView& v, double order, double harmonics) {
  if (v.speed_hz < kSpeedMinHz) return 1;
  double sum = 0;
  const int count = static_cast<int>(harmonics);
  for (int h = 1; h <= count; ++h)
    sum += v.analyzer.PeakToFloor(v.band, h * order * v.speed_hz, kSlip);
  return sum / count;
}
double EnvelopeOrder(const SampleView& v, const Params& p) { return EnvelopeLines(v, p[3], p[2]); }
double EnvelopeBpfo(const SampleView& v, const Params& p) {
  return EnvelopeLines(v, v.machine.bpfo, p[2]);
}
double EnvelopeBpfi(const SampleView& v, const Params& p) {
  return EnvelopeLines(v, v.machine.bpfi, p[2]);
}
double EnvelopeBsf2(const SampleView& v, const Params& p) {
  return EnvelopeLines(v, 2 * v.machine.bsf, p[2]);
}
double EnvelopeFtf(const SampleView& v, const Params& p) {
  return EnvelopeLines(v, v.machine.ftf, p[2]);
}
double EnvelopeKurtosis(const SampleView& v, const Params&) {
  return v.analyzer.EnvelopeKurtosis(v.band);
}

// Readings.

double Mean(const ReadingView& v, const Params&) { return v.stats.mean; }
double Min(const ReadingView& v, const Params&) { return v.stats.min; }
double Max(const ReadingView& v, const Params&) { return v.stats.max; }
double Std(const ReadingView& v, const Params&) { return v.stats.std; }
double Last(const ReadingView& v, const Params&) { return v.stats.last; }
double Slope(const ReadingView& v, const Params&) { return v.stats.slope; }

// Exponential means in the data's own time: after a hole they forget as much as the time demands.
void Advance(const ReadingView& v, double fast_s, double slow_s) {
  EmaState& ema = v.ema;
  if (!ema.started) {
    ema = {.fast = v.stats.mean, .slow = v.stats.mean, .last_ns = v.now_ns, .started = true};
    return;
  }
  const Nanos elapsed = v.now_ns > ema.last_ns ? v.now_ns - ema.last_ns : v.step;
  ema.last_ns = v.now_ns;
  ema.fast += (1 - std::exp(-Seconds(elapsed) / fast_s)) * (v.stats.mean - ema.fast);
  ema.slow += (1 - std::exp(-Seconds(elapsed) / slow_s)) * (v.stats.mean - ema.slow);
}
double Ema(const ReadingView& v, const Params& p) {
  Advance(v, p[0], p[0]);
  return v.ema.fast;
}
double EmaDifference(const ReadingView& v, const Params& p) {
  Advance(v, p[0], p[1]);
  return v.ema.fast - v.ema.slow;
}

// The deviation of the steps' means round their exponential mean. Until the time constant has
// passed, each step weighs the same: a beginning is no calm. Where readings come in whole numbers
// a channel may stand still; its deviation is then floor_share of its level, so that a logarithm
// of it stays sane.
double EmaDeviation(const ReadingView& v, const Params& p) {
  EmaState& ema = v.ema;
  const double x = v.stats.mean;
  if (!ema.started) {
    ema = {.fast = x, .count = 1, .last_ns = v.now_ns, .started = true};
  } else {
    const Nanos elapsed = v.now_ns > ema.last_ns ? v.now_ns - ema.last_ns : v.step;
    ema.last_ns = v.now_ns;
    double share = 1 - std::exp(-Seconds(elapsed) / p[0]);
    if (ema.count > 0) {
      ++ema.count;
      if (share * ema.count < 1)
        share = 1.0 / ema.count;
      else
        ema.count = 0;  // the time constant has passed
    }
    const double distance = x - ema.fast;
    ema.fast += share * distance;
    ema.square = (1 - share) * (ema.square + share * distance * distance);
  }
  const double floor = p[1] * ema.fast;
  return std::sqrt(ema.square + floor * floor);
}

constexpr ParamSpec kLo = {"lo_hz", kByRate, 0.1, 1e6};
constexpr ParamSpec kHi = {"hi_hz", kByRate, 0.1, 1e6};
constexpr ParamSpec kHarmonics = {"harmonics", 3, 1, 10};
constexpr ParamSpec kWindow = {"window_s", kByRate, 1e-3, 1e5};
constexpr ChannelKind kSamples = ChannelKind::kSamples;
constexpr ChannelKind kReading = ChannelKind::kReading;

constexpr FeatureKind Sample(std::string_view name, SampleFunction run,
                             std::array<ParamSpec, kParamsMax> params = {}) {
  return {.name = name, .from = kSamples, .sample = run, .params = params};
}
constexpr FeatureKind Acceleration(std::string_view name, SampleFunction run,
                                   std::array<ParamSpec, kParamsMax> params) {
  return {
      .name = name, .from = kSamples, .sample = run, .params = params, .needs_acceleration = true};
}
constexpr FeatureKind Envelope(std::string_view name, SampleFunction run,
                               double MachineSpec::*order, ParamSpec extra = {}) {
  return {.name = name,
          .from = kSamples,
          .sample = run,
          .params = {kLo, kHi, kHarmonics, extra},
          .needs_envelope = true,
          .order = order};
}
constexpr FeatureKind Reading(std::string_view name, ReadingFunction run,
                              std::array<ParamSpec, kParamsMax> params = {kWindow}) {
  return {.name = name, .from = kReading, .reading = run, .params = params};
}

constexpr std::array kKinds = {
    Sample("rms", Rms),
    Sample("peak", Peak),
    Sample("crest", Crest),
    Sample("kurtosis", Kurtosis),
    Sample("skewness", Skewness),
    Sample("band_rms", BandRms, {{{"lo_hz", kRequired, 0, 1e6}, {"hi_hz", kRequired, 0.1, 1e6}}}),
    Acceleration("velocity_rms", VelocityRms,
                 {{{"lo_hz", 10, 0.1, 1e6}, {"hi_hz", 1000, 0.2, 1e6}}}),
    Sample("order_amplitude", OrderAmplitude,
           {{{"order", kRequired, 0.01, 1e4}, {"width", 0.03, 0, 0.5}}}),
    Acceleration("order_velocity", OrderVelocity,
                 {{{"order", kRequired, 0.01, 1e4}, {"width", 0.03, 0, 0.5}}}),
    Envelope("envelope_order", EnvelopeOrder, nullptr, {"order", kRequired, 0.01, 1e4}),
    Envelope("envelope_bpfo", EnvelopeBpfo, &MachineSpec::bpfo),
    Envelope("envelope_bpfi", EnvelopeBpfi, &MachineSpec::bpfi),
    Envelope("envelope_bsf2", EnvelopeBsf2, &MachineSpec::bsf),
    Envelope("envelope_ftf", EnvelopeFtf, &MachineSpec::ftf),
    Envelope("envelope_kurtosis", EnvelopeKurtosis, nullptr),
    Reading("mean", Mean),
    Reading("min", Min),
    Reading("max", Max),
    Reading("std", Std),
    Reading("last", Last),
    Reading("slope", Slope),
    Reading("ema", Ema, {{{"tau_s", kRequired, 1e-3, 1e7}}}),
    Reading("ema_difference", EmaDifference,
            {{{"fast_s", kRequired, 1e-3, 1e7}, {"slow_s", kRequired, 1e-3, 1e7}}}),
    Reading("ema_deviation", EmaDeviation,
            {{{"tau_s", kRequired, 1e-3, 1e7}, {"floor_share", 0.001, 0, 1}}}),
};

std::string Where(const FeatureSpec& spec) { return "schema: feature \"" + spec.name + "\""; }

Result<const FeatureKind*> FindKind(const FeatureSpec& spec, ChannelKind from) {
  std::string known;
  for (const FeatureKind& kind : FeatureKinds()) {
    if (kind.name == spec.kind) {
      if (kind.from == from) return &kind;
      return Fail(Errc::kInvalid, Where(spec) + ": kind \"" + spec.kind + "\" needs a channel of " +
                                      (kind.from == kSamples ? "samples" : "readings") + ", \"" +
                                      spec.channel + "\" has " +
                                      (from == kSamples ? "samples" : "readings"));
    }
    if (kind.from == from && !kind.needs_bearing)
      known += (known.empty() ? "" : ", ") + std::string(kind.name);
  }
  if (from == kSamples) known += ", bearing_... (docs/formats/features.md)";
  return Fail(Errc::kInvalid,
              Where(spec) + ": unknown kind \"" + spec.kind + "\"; known here: " + known);
}

Result<double> Checked(const FeatureSpec& spec, std::string_view name, double value, double min,
                       double max) {
  if (std::isfinite(value) && value >= min && value <= max) return value;
  return Fail(Errc::kInvalid, Where(spec) + ": " + std::string(name) + " = " +
                                  std::to_string(value) + " is not within " + std::to_string(min) +
                                  " .. " + std::to_string(max));
}

Result<void> CheckParamNames(const FeatureSpec& spec, const FeatureKind& kind) {
  for (const auto& [name, value] : spec.params) {
    if (name == "log" || name == "speed_power") continue;
    const auto matches = [&name = name](const ParamSpec& param) {
      return !param.name.empty() && param.name == name;
    };
    if (std::ranges::any_of(kind.params, matches)) continue;
    std::string known = "log, speed_power";
    for (const ParamSpec& param : kind.params)
      if (!param.name.empty()) known += ", " + std::string(param.name);
    return Fail(Errc::kInvalid, Where(spec) + ": kind \"" + spec.kind + "\" takes no \"" + name +
                                    "\", only " + known);
  }
  return {};
}

// What a parameter is where the schema is silent; NaN: it must speak.
double Standard(const FeatureKind& kind, const ParamSpec& param, const ChannelSpec& channel,
                Nanos step) {
  if (!std::isnan(param.standard)) return param.standard;
  if (param.name == "window_s") return Seconds(step);
  if (kind.needs_envelope && param.name == "lo_hz") return kEnvelopeLoShare * channel.rate_hz;
  if (kind.needs_envelope && param.name == "hi_hz") return kEnvelopeHiShare * channel.rate_hz;
  return kRequired;
}

Result<Params> ResolveParams(const FeatureSpec& spec, const FeatureKind& kind,
                             const ChannelSpec& channel, Nanos step) {
  MW_TRY(CheckParamNames(spec, kind));
  Params params = {};
  for (size_t i = 0; i < kParamsMax; ++i) {
    const ParamSpec& param = kind.params[i];
    if (param.name.empty()) continue;
    const auto given = spec.params.find(std::string(param.name));
    const double value =
        given != spec.params.end() ? given->second : Standard(kind, param, channel, step);
    if (std::isnan(value) && given == spec.params.end())
      return Fail(Errc::kInvalid, Where(spec) + ": kind \"" + spec.kind + "\" needs \"" +
                                      std::string(param.name) + "\"");
    MW_TRY(params[i], Checked(spec, param.name, value, param.min, param.max));
  }
  return params;
}

// A band ends above its beginning and below half the sampling rate.
Result<void> CheckBand(const FeatureSpec& spec, const FeatureKind& kind, const ChannelSpec& channel,
                       Params& params) {
  if (kind.params[0].name != "lo_hz") return {};
  const double nyquist = channel.rate_hz / 2;
  // The velocity band of ISO 20816 is asked for on slow channels too: there it ends where the data
  // end.
  if (spec.kind == "velocity_rms" && !spec.params.contains("hi_hz"))
    params[1] = std::min(params[1], 0.999 * nyquist);
  if (params[0] < params[1] && params[1] <= nyquist) return {};
  return Fail(Errc::kInvalid, Where(spec) + ": the band " + std::to_string(params[0]) + " .. " +
                                  std::to_string(params[1]) +
                                  " Hz must rise and end below half the rate, " +
                                  std::to_string(nyquist) + " Hz");
}

Result<void> CheckNeeds(const FeatureSpec& spec, const FeatureKind& kind,
                        const ChannelSpec& channel, const MachineSpec& machine) {
  if (kind.needs_acceleration && AccelerationFactor(channel.unit) == 0)
    return Fail(Errc::kInvalid, Where(spec) + ": kind \"" + spec.kind +
                                    "\" needs an acceleration (m/s2, g or mm/s2), \"" +
                                    channel.name + "\" is in \"" + channel.unit + "\"");
  if (kind.order != nullptr && machine.*kind.order <= 0)
    return Fail(Errc::kInvalid, Where(spec) + ": kind \"" + spec.kind +
                                    "\" needs the machine's bearing order (" +
                                    spec.kind.substr(std::string_view("envelope_").size(), 4) +
                                    "), which is not known");
  if (kind.needs_bearing)
    if (const auto orders = OrdersOf(machine); !orders)
      return Fail(Errc::kInvalid,
                  Where(spec) + ": kind \"" + spec.kind +
                      "\" needs the machine's bearing orders: " + orders.error().what);
  return {};
}

std::vector<FeatureKind> AllKinds() {
  std::vector<FeatureKind> all(kKinds.begin(), kKinds.end());
  const auto first_reading = std::ranges::find(all, kReading, &FeatureKind::from);
  const std::vector<FeatureKind> bearing = BearingKinds();
  all.insert(first_reading, bearing.begin(), bearing.end());
  return all;
}

}  // namespace

std::span<const FeatureKind> FeatureKinds() {
  static const std::vector<FeatureKind> kinds = AllKinds();
  return kinds;
}

float Feature::Finish(double value, double speed_ratio) const {
  if (speed_power != 0 && speed_ratio > 0) value /= std::pow(speed_ratio, speed_power);
  if (log == 1) value = std::copysign(std::log1p(std::abs(value)), value);
  if (log == 2) value = std::log(std::max(value, 1e-9));
  return static_cast<float>(value);
}

Result<Feature> ResolveFeature(const FeatureSpec& spec, const Schema& schema,
                               const MachineSpec& machine) {
  const auto channel = std::ranges::find(schema.channels, spec.channel, &ChannelSpec::name);
  if (channel == schema.channels.end())
    return Fail(Errc::kInvalid, Where(spec) + ": there is no channel \"" + spec.channel + "\"");
  Feature feature;
  feature.channel = static_cast<int>(channel - schema.channels.begin());
  MW_TRY(feature.kind, FindKind(spec, channel->kind));
  MW_TRY(feature.params, ResolveParams(spec, *feature.kind, *channel, schema.step));
  MW_TRY(CheckBand(spec, *feature.kind, *channel, feature.params));
  MW_TRY(CheckNeeds(spec, *feature.kind, *channel, machine));
  if (feature.kind->from == kReading)
    feature.window =
        feature.kind->params[0].name == "window_s" ? FromSeconds(feature.params[0]) : schema.step;
  if (const auto log = spec.params.find("log"); log != spec.params.end()) {
    MW_TRY(const double value, Checked(spec, "log", log->second, 0, 2));
    feature.log = static_cast<int>(value);
  }
  if (const auto power = spec.params.find("speed_power"); power != spec.params.end()) {
    MW_TRY(feature.speed_power, Checked(spec, "speed_power", power->second, -4, 4));
  }
  return feature;
}

}  // namespace millwright::dsp
