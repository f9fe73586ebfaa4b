#include "dsp/grid_pipeline.h"

#include <algorithm>
#include <cmath>

#include "dsp/bearing_kinds.h"

namespace millwright::dsp {
namespace {

constexpr size_t kReadyMax = 256;  // finished steps that wait for Pop; beyond it the oldest goes
constexpr double kRateTolerance = 0.005;

Nanos Absolute(Nanos length) { return length < 0 ? -length : length; }

Nanos Length(size_t samples, double rate_hz) {
  return static_cast<Nanos>(std::llround(static_cast<double>(samples) * 1e9 / rate_hz));
}

}  // namespace

GridPipeline::GridPipeline(const Schema& schema, const MachineSpec& machine,
                           std::vector<Feature> features, std::vector<Channel> channels)
    : schema_(schema),
      machine_(machine),
      features_(std::move(features)),
      channels_(std::move(channels)),
      ready_(kReadyMax) {
  for (Step& step : ready_) step.features.resize(features_.size());
  if (const auto orders = OrdersOf(machine_)) orders_ = *orders;
  Nanos fastest = schema_.step;
  bool any_samples = false;
  for (size_t c = 0; c < channels_.size(); ++c) {
    const Channel& channel = channels_[c];
    any_samples = any_samples || channel.samples.has_value();
    if (channel.readings) fastest = std::min(fastest, channel.readings->period());
    if (channel.spec.name == "speed" && channel.readings) {
      speed_channel_ = static_cast<int>(c);
      speed_factor_ = channel.spec.unit == "Hz" ? 1 : 1.0 / 60;
    }
  }
  tolerance_ = (any_samples ? schema_.step : fastest) / 4;
  reading_slack_ = any_samples ? 0 : tolerance_;
}

Channel* GridPipeline::Find(int channel, ChannelKind kind) {
  if (channel < 0 || static_cast<size_t>(channel) >= channels_.size()) return nullptr;
  Channel& found = channels_[static_cast<size_t>(channel)];
  return found.spec.kind == kind ? &found : nullptr;
}

// Decides whether data at `ts` belong to the present. A single datum far away is a wrong clock or a
// leftover and is dropped; several in a row mean that time itself has moved (a hole, or a clock
// that was set), and the grid follows.
bool GridPipeline::Admit(Nanos ts, const PendingReading* reading) {
  const bool present = !anchored_ || Absolute(ts - now_) <= schema_.hold_max;
  if (present || Absolute(ts - stray_ts_) > schema_.hold_max) {
    late_ += static_cast<uint64_t>(pending_count_);  // they were strays indeed
    pending_count_ = 0;
    strays_ = 0;
  }
  if (present) return true;
  stray_ts_ = ts;
  if (++strays_ >= kStraysToRestart) {
    Restart();
    return true;
  }
  if (reading != nullptr) {
    pending_[pending_count_++] = *reading;
  } else {
    ++late_;
  }
  return false;
}

// Forgets all data but not the slow means, which age by the clock. Readings that announced the new
// time come back.
void GridPipeline::Restart() {
  for (Channel& channel : channels_) {
    if (channel.readings) channel.readings->Clear();
    if (channel.samples) channel.samples->Clear();
  }
  anchored_ = anchored_by_block_ = closed_any_ = false;
  strays_ = 0;
  const size_t count = pending_count_;
  pending_count_ = 0;
  for (size_t i = 0; i < count; ++i) Accept(pending_[i].channel, pending_[i].ts, pending_[i].value);
}

void GridPipeline::Anchor(Nanos end, bool by_block) {
  const bool again = anchored_ && by_block && !anchored_by_block_ && !closed_any_;
  if (anchored_ && !again) return;
  if (!anchored_) now_ = end;
  if (followed_ != 0 && end > followed_)
    end = followed_ + (end - followed_ + schema_.step - 1) / schema_.step * schema_.step;
  anchored_ = true;
  anchored_by_block_ = by_block;
  origin_ = next_end_ = end;
}

void GridPipeline::PushReading(int channel, Nanos ts, float value) {
  const PendingReading reading = {channel, ts, value};
  if (Find(channel, ChannelKind::kReading) == nullptr || !std::isfinite(value)) {
    ++late_;
    return;
  }
  if (Admit(ts, &reading)) Accept(channel, ts, value);
}

void GridPipeline::Accept(int channel, Nanos ts, float value) {
  Channel& c = channels_[static_cast<size_t>(channel)];
  if (!c.readings->Push(ts, value)) {
    ++late_;
    return;
  }
  Anchor(ts, false);
  Advance(ts);
}

void GridPipeline::PushBlock(int channel, Nanos ts, double rate_hz,
                             std::span<const float> samples) {
  Channel* c = Find(channel, ChannelKind::kSamples);
  const auto finite = [](float v) { return std::isfinite(v); };
  if (c == nullptr || samples.empty() ||
      !(std::abs(rate_hz / c->spec.rate_hz - 1) <= kRateTolerance) ||
      !std::ranges::all_of(samples, finite)) {
    ++late_;
    return;
  }
  const double rate = c->spec.rate_hz;
  const Nanos length = Length(samples.size(), rate);
  if (!Admit(ts + length, nullptr)) return;
  // Block stamps jitter; a lost block does not look like jitter.
  const Nanos jitter = std::min(length / 2, std::max(Length(2, rate), 5 * kMillisecond));
  if (!c->samples->empty() && ts + jitter < c->samples->end_ns()) {
    ++late_;  // sent again, or overlapping what is there
    return;
  }
  c->block = length;
  Anchor(ts + std::min(length, schema_.step), true);
  // Long blocks go in step by step, so that no step sees more of the future than of any other
  // channel.
  const size_t chunk =
      std::max<size_t>(1, static_cast<size_t>(std::llround(Seconds(schema_.step) * rate)));
  for (size_t at = 0; at < samples.size(); at += chunk) {
    const std::span<const float> part = samples.subspan(at, std::min(chunk, samples.size() - at));
    const Nanos part_ts = ts + Length(at, rate);
    c->samples->Append(part_ts, part, jitter);
    Advance(part_ts + Length(part.size(), rate));
  }
}

void GridPipeline::Advance(Nanos until) {
  now_ = std::max(now_, until);
  while (now_ + tolerance_ >= next_end_) {
    const bool timed_out = now_ >= next_end_ + schema_.late_max;
    const auto waits = [&](const Channel& channel) { return Waits(channel, next_end_); };
    if (!timed_out && std::ranges::any_of(channels_, waits)) return;
    CloseStep();
  }
}

bool GridPipeline::Waits(const Channel& channel, Nanos end) const {
  const bool seen = channel.samples ? !channel.samples->empty() : !channel.readings->empty();
  const Nanos last = !seen             ? origin_
                     : channel.samples ? channel.samples->end_ns()
                                       : channel.readings->last_ns();
  if (end - last > schema_.hold_max) return false;  // missing: nobody waits for it
  if (!seen) return true;
  if (channel.samples) return last + std::min(schema_.step, channel.block) / 4 < end;
  if (channel.pacer) return last + tolerance_ < end;
  return last + channel.readings->period() * 5 / 4 < end;
}

float GridPipeline::SpeedAt(Nanos end) const {
  if (speed_channel_ >= 0) {
    const ReadingTrack& track = *channels_[static_cast<size_t>(speed_channel_)].readings;
    bool found = false;
    const Nanos at = track.LatestAt(end + reading_slack_, found);
    if (found && end - at <= schema_.hold_max) {
      const ReadingTrack::Stats stats = track.Over(1, end + reading_slack_, found);
      return static_cast<float>(std::abs(stats.last) * speed_factor_);
    }
  }
  return static_cast<float>(machine_.shaft_hz);
}

// The mean over the window of samples that ends here: a bearing's lines lie where the shaft has
// turned, not where it turns now.
double GridPipeline::SpeedOver(Nanos end) const {
  if (speed_channel_ >= 0) {
    const ReadingTrack& track = *channels_[static_cast<size_t>(speed_channel_)].readings;
    bool found = false;
    const Nanos at = track.LatestAt(end + reading_slack_, found);
    if (found && end - at <= schema_.hold_max)
      return std::abs(track.Over(schema_.sample_window, end + reading_slack_, found).mean) *
             speed_factor_;
  }
  return machine_.shaft_hz;
}

const BearingFeatures* GridPipeline::Describe(Channel& channel, std::span<const float> window,
                                              Nanos end) {
  if (!channel.describer) return nullptr;
  const auto made = channel.describer->Describe(window, SpeedOver(end), orders_);
  if (!made) return nullptr;  // stands still, or turns too slowly for this window
  described_ = *made;
  return &described_;
}

void GridPipeline::CloseStep() {
  if (ready_count_ == ready_.size()) {
    ready_first_ = (ready_first_ + 1) % ready_.size();
    --ready_count_;
    ++late_;
  }
  Step& step = ready_[(ready_first_ + ready_count_) % ready_.size()];
  const Nanos end = next_end_;
  step.end_ns = end;
  step.missing = step.stuck = 0;
  step.speed_hz = SpeedAt(end);
  step.stopped =
      schema_.speed_min_hz > 0 && static_cast<double>(step.speed_hz) < schema_.speed_min_hz;
  RunSamples(step, end);
  RunReadings(step, end);
  step.complete = step.missing == 0;
  ++ready_count_;
  followed_ = 0;  // what follows a restart of the grid finds its own beginning
  closed_any_ = true;
  next_end_ += schema_.step;
}

void GridPipeline::Store(Step& step, size_t feature, double value, double speed_ratio) {
  const Feature& f = features_[feature];
  const float finished = f.Finish(value, speed_ratio);
  const bool usable = std::isfinite(finished);
  step.features[feature] = usable ? finished : 0;
  if (!usable) step.missing |= 1U << f.channel;
}

void GridPipeline::RunSamples(Step& step, Nanos end) {
  const double speed = static_cast<double>(step.speed_hz);
  const double ratio = machine_.shaft_hz > 0 ? speed / machine_.shaft_hz : 1;
  for (size_t c = 0; c < channels_.size(); ++c) {
    Channel& channel = channels_[c];
    if (!channel.samples) continue;
    // A track that ends long before the step has nothing to say about it.
    const bool fresh = !channel.samples->empty() &&
                       end - channel.samples->end_ns() <= std::min(schema_.step, channel.block) / 4;
    const std::span<const float> window =
        fresh ? channel.samples->Window(end, channel.window_samples) : std::span<const float>();
    const BearingFeatures* bearing = nullptr;
    if (window.empty()) {
      step.missing |= 1U << c;
    } else {
      const auto [lowest, highest] = std::ranges::minmax(window);
      if (lowest == highest) step.stuck |= 1U << c;
      if (channel.analysed) channel.analyzer->Load(window);
      bearing = Describe(channel, window, end);
    }
    for (size_t f = 0; f < features_.size(); ++f) {
      const Feature& feature = features_[f];
      if (static_cast<size_t>(feature.channel) != c) continue;
      // Where the shaft stands still nothing is missing.
      if (window.empty() || (feature.kind->needs_bearing && bearing == nullptr && step.stopped)) {
        step.features[f] = 0;
        continue;
      }
      const SampleView view = {.analyzer = *channel.analyzer,
                               .machine = machine_,
                               .speed_hz = speed,
                               .to_m_s2 = AccelerationFactor(channel.spec.unit),
                               .band = feature.band,
                               .bearing = bearing};
      Store(step, f, feature.kind->sample(view, feature.params), ratio);
    }
  }
}

void GridPipeline::RunReadings(Step& step, Nanos end) {
  const double speed = static_cast<double>(step.speed_hz);
  const double ratio = machine_.shaft_hz > 0 ? speed / machine_.shaft_hz : 1;
  const Nanos until = end + reading_slack_;
  for (size_t c = 0; c < channels_.size(); ++c) {
    const Channel& channel = channels_[c];
    if (!channel.readings) continue;
    bool found = false;
    const Nanos latest = channel.readings->LatestAt(until, found);
    if (!found || end - latest > schema_.hold_max) step.missing |= 1U << c;
    if (channel.readings->stuck()) step.stuck |= 1U << c;
  }
  for (size_t f = 0; f < features_.size(); ++f) {
    Feature& feature = features_[f];
    const Channel& channel = channels_[static_cast<size_t>(feature.channel)];
    if (!channel.readings) continue;
    if ((step.missing >> feature.channel & 1U) != 0) {
      step.features[f] = 0;
      continue;
    }
    bool found = false;
    const ReadingTrack::Stats stats = channel.readings->Over(feature.window, until, found);
    const ReadingView view = {
        .stats = stats, .now_ns = end, .step = schema_.step, .ema = feature.ema};
    Store(step, f, feature.kind->reading(view, feature.params), ratio);
  }
}

bool GridPipeline::Pop(Step& out) {
  if (ready_count_ == 0) return false;
  const Step& step = ready_[ready_first_];
  out.end_ns = step.end_ns;
  out.complete = step.complete;
  out.stopped = step.stopped;
  out.missing = step.missing;
  out.stuck = step.stuck;
  out.speed_hz = step.speed_hz;
  out.features.assign(step.features.begin(), step.features.end());
  ready_first_ = (ready_first_ + 1) % ready_.size();
  --ready_count_;
  return true;
}

std::span<const float> GridPipeline::Samples(int channel) const {
  if (channel < 0 || static_cast<size_t>(channel) >= channels_.size()) return {};
  const Channel& c = channels_[static_cast<size_t>(channel)];
  if (!c.samples || c.samples->empty()) return {};
  return c.samples->Window(c.samples->end_ns(), c.window_samples);
}

void GridPipeline::Reset() {
  pending_count_ = 0;
  Restart();
  ready_first_ = ready_count_ = 0;
  late_ = 0;
  for (Feature& feature : features_) feature.ema = {};
}

}  // namespace millwright::dsp
