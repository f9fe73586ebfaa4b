#include "agent/decider.h"

#include <algorithm>
#include <cmath>

namespace millwright::agent {
namespace {

constexpr size_t kDecisionSlots = 1024;
constexpr size_t kAlertSlots = 512;
constexpr size_t kRecordSlots =
    2048;  // a quarter of a minute of 100 decisions/s while a disk stalls
constexpr size_t kWaveformSlots = 8;
constexpr size_t kChannelsPerSlot = 8;  // stretches of coverage that a step usually carries at most
constexpr Nanos kSilentAfter = 10 * kSecond;  // what a broker kept for us has arrived by then

void Prepare(OutcomeQueue& queue, const Outcome& widest, size_t channels) {
  // Once round the ring, so that each slot owns its memory before the first reading comes.
  for (size_t i = 0; i < queue.capacity(); ++i) {
    Outcome* slot = queue.BeginPush();
    slot->probabilities.reserve(widest.probabilities.capacity());
    slot->signals.reserve(widest.signals.capacity());
    slot->window.reserve(widest.window.capacity());
    slot->extents.reserve(channels);
    slot->holes.reserve(channels);
    queue.CommitPush();
  }
  while (queue.BeginPop() != nullptr) queue.CommitPop();
}

void Prepare(WaveformQueue& queue, const Plan& plan) {
  size_t samples = 0;
  for (const AssetPlan& asset : plan.assets)
    for (const dsp::ChannelSpec& channel : asset.schema.channels)
      if (channel.kind == dsp::ChannelKind::kSamples)
        samples = std::max(samples, static_cast<size_t>(std::llround(
                                        Seconds(asset.schema.sample_window) * channel.rate_hz)));
  for (size_t i = 0; i < queue.capacity(); ++i) {
    queue.BeginPush()->samples.reserve(samples);
    queue.CommitPush();
  }
  while (queue.BeginPop() != nullptr) queue.CommitPop();
}

Outcome Widest(const Plan& plan) {
  Outcome out;
  size_t signals = 0;
  for (const AssetPlan& asset : plan.assets) signals = std::max(signals, asset.signals.size());
  out.signals.reserve(signals);
  out.probabilities.reserve(plan.manifest.classes.size());
  out.window.reserve(plan.engine->input().elements());
  out.extents.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  out.holes.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  return out;
}

// Copies into a slot that keeps its vectors' memory.
void Copy(const Outcome& from, Outcome& to) { to = from; }

}  // namespace

Outlets::Outlets(const Plan& plan)
    : decisions(kDecisionSlots),
      alerts(kAlertSlots),
      records(kRecordSlots),
      waveforms(kWaveformSlots) {
  const Outcome widest = Widest(plan);
  Prepare(decisions, widest, 0);
  Prepare(alerts, widest, 0);
  Prepare(records, widest, kChannelsPerSlot);
  Prepare(waveforms, plan);
}

Decider::Decider(const Plan& plan, std::vector<std::unique_ptr<Machine>> machines, Inbox& inbox,
                 Outlets& outlets, os::Clock& clock)
    : plan_(plan),
      machines_(std::move(machines)),
      watches_(machines_.size()),
      inbox_(inbox),
      outlets_(outlets),
      clock_(clock),
      scratch_(Widest(plan)),
      silent_at_(clock.Monotonic() + kSilentAfter) {
  scratch_.extents.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  scratch_.holes.reserve(Coverage::kExtentsMax + kChannelsPerAssetMax);
  const std::vector<dsp::ChannelSpec>& channels = plan.manifest.schema.channels;
  const auto samples = std::find_if(channels.begin(), channels.end(), [](const auto& c) {
    return c.kind == dsp::ChannelKind::kSamples;
  });
  const int first = samples == channels.end() ? -1 : static_cast<int>(samples - channels.begin());
  vibration_.assign(machines_.size(), first);
}

bool Decider::Work(size_t items_max) {
  counts_.turns.fetch_add(1, std::memory_order_relaxed);
  for (size_t i = 0; i < items_max; ++i) {
    const Item* item = inbox_.queue.BeginPop();
    if (item == nullptr) return false;
    const size_t asset = item->asset;
    const std::span<const float> samples =
        item->is_block ? inbox_.ring.At(item->samples) : std::span<const float>();
    machines_[asset]->Push(*item, samples, clock_.Monotonic());
    if (item->is_block) inbox_.ring.Release(item->samples);
    inbox_.queue.CommitPop();
    counts_.items.fetch_add(1, std::memory_order_relaxed);
    Decide(asset);
  }
  return true;
}

void Decider::Decide(size_t asset) {
  watches_[asset].coverage_due = true;
  while (machines_[asset]->Next(scratch_)) {
    scratch_.decided_at = clock_.Utc();
    if (scratch_.scored) counts_.decisions.fetch_add(1, std::memory_order_relaxed);
    Deliver(asset, scratch_);
  }
}

void Decider::Deliver(size_t asset, Outcome& outcome) {
  if (Outcome* slot = outlets_.decisions.BeginPush(); slot != nullptr) {
    outcome.extents.clear();
    outcome.holes.clear();
    Copy(outcome, *slot);
    outlets_.decisions.CommitPush();
  } else {
    counts_.late_decisions.fetch_add(1, std::memory_order_relaxed);
  }
  HandWaveform(asset, outcome);
  if (outcome.level_changed || outcome.state_changed || outcome.learned) HandAlert(outcome);
  if (!Record(asset, outcome, false))
    counts_.unrecorded_steps.fetch_add(1, std::memory_order_relaxed);
}

void Decider::HandAlert(const Outcome& outcome) {
  Outcome* slot = outlets_.alerts.BeginPush();
  if (slot == nullptr) {
    counts_.lost_alerts.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  Copy(outcome, *slot);
  outlets_.alerts.CommitPush();
}

// A slot that has no room keeps the coverage with the machine: it goes out with a later one.
bool Decider::Record(size_t asset, Outcome& outcome, bool coverage_only) {
  Outcome* slot = outlets_.records.BeginPush();
  if (slot == nullptr) return false;
  machines_[asset]->TakeCoverage(outcome);
  watches_[asset].coverage_due = false;
  Copy(outcome, *slot);
  if (coverage_only) {
    slot->asset = static_cast<uint16_t>(asset);
    slot->stepped = slot->scored = slot->level_changed = slot->state_changed = false;
    slot->learned.reset();
  }
  outlets_.records.CommitPush();
  return true;
}

void Decider::HandWaveform(size_t asset, const Outcome& outcome) {
  if (vibration_[asset] < 0 || !outcome.stepped) return;
  Watch& watch = watches_[asset];
  Waveform::Why why = Waveform::Why::kPeriodic;
  if (outcome.learned) {
    why = Waveform::Why::kBaseline;
  } else if (outcome.level_changed) {
    why = Waveform::Why::kAlarm;
  } else if (watch.spectrum_taken &&
             outcome.step_end - watch.spectrum_at < plan_.settings.spectrum_period &&
             outcome.step_end >= watch.spectrum_at) {
    return;
  }
  const std::span<const float> samples = machines_[asset]->Samples(vibration_[asset]);
  if (samples.empty()) return;
  Waveform* slot = outlets_.waveforms.BeginPush();
  if (slot == nullptr) return;  // the recorder is busy; the next step tries again
  slot->asset = static_cast<uint16_t>(asset);
  slot->channel = static_cast<uint16_t>(
      plan_.assets[asset].from_schema[static_cast<size_t>(vibration_[asset])]);
  slot->why = why;
  slot->ts = outcome.step_end;
  slot->speed_hz = outcome.speed_hz;
  slot->samples.assign(samples.begin(), samples.end());
  outlets_.waveforms.CommitPush();
  watch.spectrum_at = outcome.step_end;
  watch.spectrum_taken = true;
}

void Decider::Tick() {
  counts_.turns.fetch_add(1, std::memory_order_relaxed);
  const Nanos now = clock_.Monotonic();
  if (!silent_declared_ && now >= silent_at_) {
    silent_declared_ = true;
    for (size_t a = 0; a < machines_.size(); ++a) {
      machines_[a]->coverage().DeclareSilent(clock_.Utc());
      watches_[a].coverage_due = true;
    }
  }
  for (size_t a = 0; a < machines_.size(); ++a) {
    if (machines_[a]->CheckStale(now, scratch_)) {
      scratch_.decided_at = clock_.Utc();
      if (scratch_.step_end == 0) scratch_.step_end = scratch_.decided_at;
      Deliver(a, scratch_);
    }
    if (watches_[a].coverage_due) watches_[a].coverage_due = !HandCoverage(a);
  }
}

bool Decider::HandCoverage(size_t asset) {
  if (machines_[asset]->coverage().empty()) return true;
  return Record(asset, scratch_, true);
}

bool Decider::Flush() {
  bool all = true;
  for (size_t a = 0; a < machines_.size(); ++a) all = HandCoverage(a) && all;
  return all;
}

}  // namespace millwright::agent
