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
constexpr size_t kRecommissions = 64;
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

// Copies into a slot that keeps its vectors' memory.
void Copy(const Outcome& from, Outcome& to) { to = from; }

}  // namespace

Outlets::Outlets(const Plan& plan)
    : decisions(kDecisionSlots),
      alerts(kAlertSlots),
      records(kRecordSlots),
      waveforms(kWaveformSlots),
      recommission(kRecommissions) {
  const Outcome widest = WidestOutcome(plan);
  Prepare(decisions, widest, 0);
  Prepare(alerts, widest, 0);
  Prepare(records, widest, kChannelsPerSlot);
  Prepare(waveforms, plan);
}

Decider::Decider(std::unique_ptr<Crew> crew, std::span<const Restored> restored, Inbox& inbox,
                 Outlets& outlets, Exchange& exchange, os::Clock& clock,
                 std::function<void()> before_watching)
    : live_(std::move(crew)),
      inbox_(inbox),
      outlets_(outlets),
      exchange_(exchange),
      clock_(clock),
      before_watching_(std::move(before_watching)),
      silent_at_(clock.Monotonic() + kSilentAfter) {
  unscored_.reserve(live_->machines.size());
  seats_.reserve(live_->machines.size());
  for (size_t a = 0; a < live_->machines.size(); ++a) {
    Seat& seat = seats_.emplace_back(
        Seat{.coverage = Coverage(live_->plan->assets[a].periods), .pairing = {}});
    for (const Restored::Position& p : restored[a].covered)
      seat.coverage.Resume(p.channel, p.last, p.last_seq);
  }
}

bool Decider::Work(size_t items_max) {
  counts_.turns.fetch_add(1, std::memory_order_relaxed);
  TakeOrders();
  for (size_t i = 0; i < items_max; ++i) {
    const Item* item = inbox_.queue.BeginPop();
    if (item == nullptr) {
      if (!unscored_.empty()) ScoreWatched();
      return false;
    }
    Take(*item);
    inbox_.queue.CommitPop();
    counts_.items.fetch_add(1, std::memory_order_relaxed);
  }
  return true;
}

void Decider::Take(const Item& item) {
  const size_t asset = item.asset;
  const Nanos now = clock_.Monotonic();
  const std::span<const float> samples =
      item.is_block ? inbox_.ring.At(item.samples) : std::span<const float>();
  const Nanos length =
      item.is_block ? static_cast<Nanos>(static_cast<double>(samples.size()) * 1e9 / item.rate_hz)
                    : 0;
  // Of a channel that came with a configuration which went again.
  if (item.channel >= live_->plan->assets[asset].to_schema.size()) {
    if (item.is_block) inbox_.ring.Release(item.samples);
    return;
  }
  Seat& seat = seats_[asset];
  seat.coverage.Add(item.channel, item.ts, item.seq, length, item.after_drop);
  seat.coverage_due = true;
  live_->machines[asset]->Push(item, samples, now);
  const bool decided = Decide(asset, now);
  if (watching_) {
    if (decided) before_watching_();
    Watch(item, samples);
  }
  if (item.is_block) inbox_.ring.Release(item.samples);
}

bool Decider::Decide(size_t asset, Nanos began) {
  bool any = false;
  Outcome& outcome = live_->scratch;
  while (live_->machines[asset]->Next(outcome)) {
    any = true;
    outcome.decided_at = clock_.Utc();
    if (watching_)
      seats_[asset].pairing.Decided(outcome, Seconds(clock_.Monotonic() - began) * 1e3);
    if (outcome.scored) {
      counts_.decisions.fetch_add(1, std::memory_order_relaxed);
      if (outcome.decided_at - outcome.arrived_at > live_->plan->settings.latency_budget)
        counts_.slow_decisions.fetch_add(1, std::memory_order_relaxed);
    }
    Deliver(asset, outcome);
  }
  return any;
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
  if (outcome.level_changed || outcome.state_changed || outcome.learned || outcome.recommissioned)
    HandAlert(outcome);
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
  outcome.extents.clear();
  outcome.holes.clear();
  seats_[asset].coverage.Take(outcome.extents, outcome.holes);
  seats_[asset].coverage_due = false;
  Copy(outcome, *slot);
  if (coverage_only) {
    slot->plan = live_->plan;
    slot->asset = static_cast<uint16_t>(asset);
    slot->stepped = slot->scored = slot->level_changed = slot->state_changed = false;
    slot->learned.reset();
  }
  outlets_.records.CommitPush();
  return true;
}

void Decider::HandWaveform(size_t asset, const Outcome& outcome) {
  const Machine& machine = *live_->machines[asset];
  const int vibration = machine.vibration();
  if (vibration < 0 || !outcome.stepped) return;
  Seat& seat = seats_[asset];
  Waveform::Why why = Waveform::Why::kPeriodic;
  if (outcome.learned) {
    why = Waveform::Why::kBaseline;
  } else if (outcome.level_changed) {
    why = Waveform::Why::kAlarm;
  } else if (seat.spectrum_taken &&
             outcome.step_end - seat.spectrum_at < machine.plan().settings.spectrum_period &&
             outcome.step_end >= seat.spectrum_at) {
    return;
  }
  const std::span<const float> samples = machine.Samples(vibration);
  if (samples.empty()) return;
  Waveform* slot = outlets_.waveforms.BeginPush();
  if (slot == nullptr) return;  // the recorder is busy; the next step tries again
  slot->asset = static_cast<uint16_t>(asset);
  slot->channel = static_cast<uint16_t>(
      machine.plan().assets[asset].from_schema[static_cast<size_t>(vibration)]);
  slot->why = why;
  slot->ts = outcome.step_end;
  slot->speed_hz = outcome.speed_hz;
  slot->samples.assign(samples.begin(), samples.end());
  outlets_.waveforms.CommitPush();
  seat.spectrum_at = outcome.step_end;
  seat.spectrum_taken = true;
}

void Decider::Tick() {
  counts_.turns.fetch_add(1, std::memory_order_relaxed);
  TakeOrders();
  TakeRecommissions();
  if (watching_) {
    exchange_.warm.store(AllWarm(), std::memory_order_release);
    exchange_.blind.store(FindBlind(), std::memory_order_release);
  }
  const Nanos now = clock_.Monotonic();
  if (!silent_declared_ && now >= silent_at_) {
    silent_declared_ = true;
    for (size_t a = 0; a < seats_.size(); ++a) {
      seats_[a].coverage.DeclareSilent(clock_.Utc());
      seats_[a].coverage_due = true;
    }
  }
  Outcome& outcome = live_->scratch;
  for (size_t a = 0; a < seats_.size(); ++a) {
    if (live_->machines[a]->CheckStale(now, outcome)) {
      outcome.decided_at = clock_.Utc();
      if (outcome.step_end == 0) outcome.step_end = outcome.decided_at;
      Deliver(a, outcome);
    }
    if (seats_[a].coverage_due) seats_[a].coverage_due = !HandCoverage(a);
  }
}

// A model that watches learns anew too: it may come to decide.
void Decider::TakeRecommissions() {
  while (const uint16_t* asked = outlets_.recommission.BeginPop()) {
    const size_t asset = *asked;
    outlets_.recommission.CommitPop();
    std::erase(unscored_, asset);
    Outcome& outcome = live_->scratch;
    live_->machines[asset]->Recommission(clock_.Utc(), outcome);
    outcome.decided_at = clock_.Utc();
    if (watching_) watching_->machines[asset]->Recommission(clock_.Utc(), watching_->scratch);
    Deliver(asset, outcome);
  }
}

bool Decider::HandCoverage(size_t asset) {
  if (seats_[asset].coverage.empty()) return true;
  return Record(asset, live_->scratch, true);
}

bool Decider::Flush() {
  bool all = true;
  for (size_t a = 0; a < seats_.size(); ++a) all = HandCoverage(a) && all;
  return all;
}

}  // namespace millwright::agent
