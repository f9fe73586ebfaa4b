#include "agent/recorder.h"

#include <algorithm>

#include "core/log.h"

namespace millwright::agent {
namespace {

constexpr size_t kGroupRecords = 100;            // group commit: so many records ...
constexpr Nanos kGroupWait = 50 * kMillisecond;  // ... or so long
constexpr size_t kCommitRecordsMax = 500;        // one transaction's size, however much waits
constexpr Nanos kRecordAgainAfter = kSecond;     // after a full or broken disk
constexpr size_t kPendingBytesMax = size_t{8} << 20;
constexpr Nanos kWindowsPeriod = kSecond;
constexpr size_t kRowsPerRecord = 600;  // replays run faster than the flush period
constexpr size_t kExtentsPerRecord = 256;
constexpr size_t kContributions = 8;
constexpr size_t kWaveformSamplesMax = 4096;  // what a screen can show, and 16 KiB

}  // namespace

Recorder::Recorder(std::shared_ptr<const Plan> plan, Memory memory, Outlets& outlets,
                   ServiceQueue& services, outbox::Outbox& outbox, os::Files& files,
                   os::Clock& clock, HealthSources sources, std::function<void()> on_commit)
    : plan_(std::move(plan)),
      outlets_(outlets),
      services_(services),
      outbox_(outbox),
      files_(files),
      clock_(clock),
      sources_(std::move(sources)),
      on_commit_(std::move(on_commit)),
      witness_(plan_->settings.witness_socket, plan_->settings.device),
      started_at_(clock.Monotonic()) {
  assets_.reserve(plan_->assets.size());
  for (size_t a = 0; a < plan_->assets.size(); ++a) {
    Asset& asset = assets_.emplace_back(plan_, a);
    const Restored& machine = memory.machines[a];
    asset.positions.resize(plan_->assets[a].settings->channels.size());
    for (size_t c = 0; c < asset.positions.size(); ++c) asset.positions[c].channel = c;
    for (const Restored::Position& p : machine.covered) asset.positions[p.channel] = p;
    asset.window = {machine.step_end, machine.filled, machine.window, machine.history};
    asset.amplitudes = std::move(memory.amplitudes[a]);
    asset.alarm = std::move(memory.alarms[a]);
    Pend(AssetInfoEvent(*plan_, a, clock_.Utc()));
    if (memory.untold[a]) TellBaseline(*plan_, a, *memory.untold[a]);
    // A machine that learns anew cannot say whether the old alarm still holds.
    const bool relearns = plan_->manifest.standardiser.per_asset && !machine.baseline;
    if (relearns && asset.alarm.level != model::Level::kNone) {
      Outcome cleared;
      cleared.asset = static_cast<uint16_t>(a);
      cleared.level_before = asset.alarm.level;
      cleared.step_end = clock_.Utc();
      cleared.level_changed = true;
      OnAlert(cleared);
    }
  }
  telemetry_at_ = started_at_ + plan_->settings.telemetry_flush;
  health_at_ = started_at_ + plan_->settings.health_period;
  windows_at_ = started_at_ + kWindowsPeriod;
}

Nanos Recorder::Work() {
  TakeWaveforms();  // before the alerts that they explain
  TakeAlerts();
  TakeServices();
  TakeRecords();
  const Nanos now = clock_.Monotonic();
  SaveBaselines();
  TakeTelemetry(now, false);
  MakeHealth(now);
  while (CommitDue(now)) {
    const size_t before = pending_.size();
    Commit(now);
    if (pending_.size() >= before) break;
  }
  SaveWindows(now);
  witness_.Flush(now);
  return outlets_.records.size() > 0 ? 0 : kGroupWait / 2;
}

void Recorder::Finish() {
  const Nanos now = clock_.Monotonic();
  (void)Work();
  TakeTelemetry(now, true);
  SaveBaselines();
  retry_at_ = 0;
  while (!pending_.empty() || !pending_marks_.empty()) {
    const size_t before = pending_.size() + pending_marks_.size();
    Commit(now);
    if (pending_.size() + pending_marks_.size() >= before) break;
  }
  windows_at_ = 0;
  SaveWindows(now);
  witness_.Flush(now);
}

void Recorder::TakeAlerts() {
  while (const Outcome* outcome = outlets_.alerts.BeginPop()) {
    OnAlert(*outcome);
    outlets_.alerts.CommitPop();
  }
}

void Recorder::TakeRecords() {
  // Bounded, so that a flood of steps does not keep an alarm from its commit.
  for (size_t i = 0; i < kCommitRecordsMax; ++i) {
    const Outcome* outcome = outlets_.records.BeginPop();
    if (outcome == nullptr) return;
    OnRecord(*outcome);
    outlets_.records.CommitPop();
  }
}

void Recorder::OnAlert(const Outcome& outcome) {
  Asset& asset = assets_[outcome.asset];
  if (outcome.recommissioned) OnRecommissioned(outcome);
  const std::shared_ptr<const Plan> plan = outcome.plan ? outcome.plan : asset.plan;
  const AssetSettings& settings = *plan->assets[outcome.asset].settings;
  if (outcome.state_changed) Pend(StateEvent(*plan, outcome));
  if (outcome.learned) {
    asset.baseline = Baseline{*outcome.learned, outcome.step_end, asset.amplitudes};
    asset.learned_by = plan;
  }
  if (!outcome.level_changed) return;
  if (asset.alarm.level == model::Level::kNone)
    asset.alarm.key = settings.id.value() + "-" + std::to_string(outcome.step_end);
  asset.alarm.level = outcome.level;
  std::vector<Contribution> contributions;
  if (outcome.scored && outcome.level != model::Level::kNone)
    contributions = EvidenceOf(outcome.asset, plan).Explain(outcome.window, kContributions);
  const double decision_ms =
      outcome.sensor_ts == 0 ? 0 : Seconds(outcome.decided_at - outcome.sensor_ts) * 1e3;
  Pend(AlarmEvent(*plan, outcome, asset.alarm, contributions, asset.marks, decision_ms));
  PendMark(AlarmKey(settings), EncodeAlarm(asset.alarm));
  urgent_ = true;
}

// Another model decides from here on: what was gathered goes out under the old one's names.
void Recorder::Follow(size_t index, const Outcome& outcome) {
  Asset& asset = assets_[index];
  if (!outcome.plan || outcome.plan == asset.plan) return;
  if (!asset.telemetry->empty()) PendTelemetry(index);
  asset.telemetry.reset();  // it refers to the plan
  plan_ = asset.plan = outcome.plan;
  asset.telemetry.emplace(*asset.plan, index);
  asset.window = {};
  const size_t channels = asset.plan->assets[index].settings->channels.size();
  for (size_t c = asset.positions.size(); c < channels; ++c)
    asset.positions.push_back({.channel = c});
  asset.positions.resize(channels);
  Pend(AssetInfoEvent(*asset.plan, index, clock_.Utc()));
}

Evidence& Recorder::EvidenceOf(size_t index, const std::shared_ptr<const Plan>& plan) {
  Asset& asset = assets_[index];
  if (asset.explains != plan) {
    asset.evidence.reset();
    asset.explains = plan;
    asset.evidence.emplace(*plan, index);
  }
  return *asset.evidence;
}

void Recorder::PendTelemetry(size_t index) {
  Asset& asset = assets_[index];
  Pend(asset.telemetry->Take(clock_.Utc()));
  if (!asset.moved) return;
  const AssetSettings& settings = *asset.plan->assets[index].settings;
  PendMark(CoverageKey(settings), EncodePositions(settings, asset.positions));
  asset.moved = false;
}

void Recorder::OnRecord(const Outcome& outcome) {
  Asset& asset = assets_[outcome.asset];
  Follow(outcome.asset, outcome);
  if (outcome.stepped || outcome.state_changed) asset.telemetry->AddStep(outcome);
  asset.telemetry->AddCoverage(outcome.extents, outcome.holes);
  for (const Extent& extent : outcome.extents) {
    asset.positions[extent.channel] = {extent.channel, extent.last, extent.last_seq};
    asset.moved = true;
  }
  for (const Hole& hole : outcome.holes) Pend(GapEvent(*asset.plan, outcome.asset, hole));
  if (outcome.stepped) RememberWindow(asset, outcome);
}

void Recorder::RememberWindow(Asset& asset, const Outcome& outcome) {
  WindowState& window = asset.window;
  window.step_end = outcome.step_end;
  window.filled = outcome.filled;
  window.window = outcome.window;
  const model::DecisionLimits& limits = asset.plan->assets[outcome.asset].limits;
  const size_t classes = asset.plan->manifest.classes.size();
  const auto rows = static_cast<size_t>(std::max(limits.of, limits.clear_after));
  window.history.insert(window.history.end(), outcome.probabilities.begin(),
                        outcome.probabilities.end());
  if (window.history.size() > 2 * rows * classes)
    window.history.erase(window.history.begin(),
                         window.history.end() - static_cast<std::ptrdiff_t>(rows * classes));
}

void Recorder::TakeWaveforms() {
  while (const Waveform* waveform = outlets_.waveforms.BeginPop()) {
    Asset& asset = assets_[waveform->asset];
    const dsp::ChannelSpec& spec =
        asset.plan->assets[waveform->asset].settings->channels[waveform->channel].spec;
    SpectraOf spectra = EvidenceOf(waveform->asset, asset.plan)
                            .Analyse(waveform->channel, waveform->samples,
                                     static_cast<double>(waveform->speed_hz), asset.amplitudes);
    if (waveform->why == Waveform::Why::kBaseline) asset.amplitudes = spectra.amplitudes;
    asset.marks = std::move(spectra.marks);
    Pend(SpectrumEvent(*asset.plan, *waveform, SpectrumKind::kVelocity, spectra.velocity,
                       spectra.line_hz, "mm/s", asset.marks));
    Pend(SpectrumEvent(*asset.plan, *waveform, SpectrumKind::kEnvelope, spectra.envelope,
                       spectra.line_hz, spec.unit, asset.marks));
    const std::span<const float> shown =
        std::span(waveform->samples).last(std::min(waveform->samples.size(), kWaveformSamplesMax));
    Pend(SpectrumEvent(*asset.plan, *waveform, SpectrumKind::kWaveform, shown,
                       static_cast<float>(1 / spec.rate_hz), spec.unit, {}));
    outlets_.waveforms.CommitPop();
  }
}

void Recorder::TakeTelemetry(Nanos now, bool all) {
  const bool due = all || now >= telemetry_at_;
  for (size_t a = 0; a < assets_.size(); ++a) {
    Asset& asset = assets_[a];
    const bool big = asset.telemetry->rows() >= kRowsPerRecord ||
                     asset.telemetry->extents() >= kExtentsPerRecord;
    if (asset.telemetry->empty() || (!due && !big)) continue;
    PendTelemetry(a);
  }
  if (!due) return;
  telemetry_at_ = now + plan_->settings.telemetry_flush;
  urgent_ = urgent_ || !pending_.empty();  // one commit for all machines of this second
}

void Recorder::MakeHealth(Nanos now) {
  if (now < health_at_) return;
  health_at_ = now + plan_->settings.health_period;
  const outbox::OutboxStats stats = outbox_.stats();
  HealthFigures figures;
  figures.uptime_s = Seconds(now - started_at_);
  figures.rss_bytes = os::ResidentBytes();
  figures.decisions = sources_.decider.decisions.load(std::memory_order_relaxed);
  figures.decision_ms_p50 = sources_.latency.QuantileMs(0.5);
  figures.decision_ms_p99 = sources_.latency.QuantileMs(0.99);
  figures.decision_ms_p999 = sources_.latency.QuantileMs(0.999);
  figures.decision_ms_max = sources_.latency.max_ms();
  figures.outbox_records = stats.records();
  figures.outbox_bytes = stats.bytes();
  figures.evicted_records = stats.evicted();
  figures.dropped_readings = sources_.ingest.dropped.load(std::memory_order_relaxed);
  figures.rejected_payloads = sources_.ingest.rejected.load(std::memory_order_relaxed);
  figures.version = sources_.version;
  figures.priority = os::Name(sources_.urgency.load(std::memory_order_relaxed));
  figures.update = slots::Name(sources_.phase.load(std::memory_order_relaxed));
  figures.certificate =
      identity::Name(sources_.certificate.standing.load(std::memory_order_relaxed));
  figures.certificate_until = sources_.certificate.until.load(std::memory_order_relaxed);
  Pend(HealthEvent(*plan_, figures, clock_.Utc()));
}

void Recorder::SaveBaselines() {
  for (size_t a = 0; a < assets_.size(); ++a) {
    if (!assets_[a].baseline) continue;
    assets_[a].baseline->amplitudes = assets_[a].amplitudes;
    if (auto saved = SaveBaseline(*assets_[a].learned_by, a, *assets_[a].baseline, files_); !saved)
      log::Failure("agent", saved.error(), {{"asset", plan_->assets[a].settings->id.value()}});
    TellBaseline(*assets_[a].learned_by, a,
                 CopyOf(*assets_[a].learned_by, a, *assets_[a].baseline));
    assets_[a].baseline.reset();
  }
}

void Recorder::TellBaseline(const Plan& plan, size_t index, const BaselineCopy& copy) {
  const BaselineFile file{copy.file, copy.document, copy.learned_at};
  Pend(BaselineEvent(plan, index, file, clock_.Utc()));
  PendMark(BaselineKey(copy), std::to_string(copy.learned_at));
}

void Recorder::SaveWindows(Nanos now) {
  if (now < windows_at_) return;
  windows_at_ = now + kWindowsPeriod;
  std::vector<WindowState> windows;
  windows.reserve(assets_.size());
  for (const Asset& asset : assets_)
    windows.push_back(asset.plan == plan_ ? asset.window : WindowState{});
  // Worth a second of refilling, no more: a failure only costs that.
  (void)files_.WriteFast(WindowsPath(*plan_), os::AsBytes(EncodeWindows(*plan_, windows)));
}

void Recorder::Pend(Event event) {
  if (event.record.payload.size() > plan_->settings.outbox.record_bytes_max) {
    counts_.refused.fetch_add(1, std::memory_order_relaxed);
    log::Warning("agent", "a record is larger than a batch and is left out",
                 {{"kind", event.kind}, {"bytes", event.record.payload.size()}});
    return;
  }
  if (pending_.empty()) pending_since_ = clock_.Monotonic();
  pending_bytes_ += event.record.payload.size();
  pending_.push_back(std::move(event));
  if (pending_bytes_ > kPendingBytesMax) Shed();
}

void Recorder::PendMark(std::string key, std::string value) {
  pending_marks_[std::move(key)] = std::move(value);
}

bool Recorder::CommitDue(Nanos now) const {
  if (pending_.empty() || now < retry_at_) return false;
  return urgent_ || pending_.size() >= kGroupRecords || now - pending_since_ >= kGroupWait;
}

void Recorder::Commit(Nanos now) {
  // Alarms first: they must not wait behind telemetry that fills the transaction.
  std::stable_sort(pending_.begin(), pending_.end(), [](const Event& a, const Event& b) {
    return (a.record.lane == Lane::kAlarm) > (b.record.lane == Lane::kAlarm);
  });
  const size_t count = std::min(pending_.size(), kCommitRecordsMax);
  std::vector<outbox::NewRecord> records;
  records.reserve(count);
  for (size_t i = 0; i < count; ++i) records.push_back(pending_[i].record);
  // Marks say what the records cover: they may only stand once all of these are in.
  std::vector<outbox::Mark> marks;
  if (count == pending_.size())
    for (const auto& [key, value] : pending_marks_) marks.push_back({key, value});
  const auto sequences = outbox_.AppendBatch(records, marks);
  if (!sequences) {
    counts_.failed_commits.fetch_add(1, std::memory_order_relaxed);
    log::Failure("agent", sequences.error(), {{"waiting", pending_.size()}});
    retry_at_ = now + kRecordAgainAfter;
    return;
  }
  if (count == pending_.size()) pending_marks_.clear();
  const uint64_t epoch = outbox_.epoch();
  for (size_t i = 0; i < count; ++i) {
    pending_bytes_ -= pending_[i].record.payload.size();
    const uint64_t sequence = (*sequences)[i];
    if (sequence != 0) witness_.Tell(epoch, pending_[i].record.lane, sequence, pending_[i].kind);
    (sequence != 0 ? counts_.accepted : counts_.refused).fetch_add(1, std::memory_order_relaxed);
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(count));
  urgent_ = urgent_ && !pending_.empty();
  pending_since_ = now;
  witness_.Flush(now);
  on_commit_();
}

// The disk has failed for long. The oldest telemetry goes, and a gap says so; events stay.
void Recorder::Shed() {
  Nanos from = 0;
  Nanos to = 0;
  uint64_t count = 0;
  for (auto it = pending_.begin(); it != pending_.end() && pending_bytes_ > kPendingBytesMax / 2;) {
    if (it->record.lane != Lane::kRaw && it->record.lane != Lane::kFeatures) {
      ++it;
      continue;
    }
    pending_bytes_ -= it->record.payload.size();
    // A record's time is that of its last row; it covers what came since the flush before.
    const Nanos begin = it->record.ts - 2 * plan_->settings.telemetry_flush;
    from = count == 0 ? begin : std::min(from, begin);
    to = std::max(to, it->record.ts);
    ++count;
    it = pending_.erase(it);
  }
  if (count == 0) return;
  counts_.dropped_telemetry.fetch_add(count, std::memory_order_relaxed);
  Pend(DeviceGapEvent(from, to, count));
}

}  // namespace millwright::agent
