#include "agent/events.h"

#include <algorithm>
#include <cmath>

#include "wire/event.pb.h"

namespace millwright::agent {
namespace {

const AssetSettings& SettingsOf(const Plan& plan, size_t asset) {
  return *plan.assets[asset].settings;
}

Event Finish(const wire::Event& event, Lane lane, const char* kind) {
  return {{lane, event.ts_ns(), event.SerializeAsString()}, kind};
}

template <typename Message>
void NameAsset(const Plan& plan, size_t asset, Message& out) {
  out.set_asset(SettingsOf(plan, asset).id.value());
  out.set_area(SettingsOf(plan, asset).area.value());
}

template <typename Message>
void AddMarks(std::span<const Mark> marks, Message& out) {
  for (const Mark& mark : marks) {
    wire::Mark& m = *out.add_marks();
    m.set_name(mark.name);
    m.set_expected_hz(mark.expected_hz);
    m.set_found_hz(mark.found_hz);
    m.set_times_baseline(mark.times_baseline);
  }
}

wire::Alarm::Kind KindOf(const Outcome& outcome) {
  if (outcome.level == model::Level::kNone) return wire::Alarm::CLEARED;
  return outcome.level_before == model::Level::kNone ? wire::Alarm::RAISED
                                                     : wire::Alarm::LEVEL_CHANGED;
}

}  // namespace

Event AlarmEvent(const Plan& plan, const Outcome& outcome, const OpenAlarm& open,
                 std::span<const Contribution> contributions, std::span<const Mark> marks,
                 double decision_ms) {
  const AssetPlan& asset = plan.assets[outcome.asset];
  wire::Event event;
  event.set_ts_ns(outcome.step_end);
  wire::Alarm& alarm = *event.mutable_alarm();
  NameAsset(plan, outcome.asset, alarm);
  alarm.set_alarm_key(open.key);
  alarm.set_kind(KindOf(outcome));
  alarm.set_level(static_cast<wire::Level>(outcome.level));
  if (outcome.fault >= 0) {
    const model::FaultClass& fault = plan.manifest.classes[static_cast<size_t>(outcome.fault)];
    alarm.set_fault(fault.code);
    alarm.set_action(fault.action);
  }
  if (outcome.scored) alarm.set_score(outcome.score);
  alarm.set_fault_probability(outcome.fault_probability);
  alarm.set_model_hash(plan.manifest.model.sha256);
  alarm.set_model_name(plan.manifest.name);
  for (const float p : outcome.probabilities) alarm.add_probabilities(p);
  if (outcome.scored) {
    alarm.set_window(outcome.window.data(), outcome.window.size());
    alarm.set_window_from_ns(outcome.step_end - asset.schema.steps * asset.schema.step);
    alarm.set_window_to_ns(outcome.step_end);
  }
  for (const Contribution& c : contributions) {
    wire::Contribution& out = *alarm.add_contributions();
    out.set_feature(asset.schema.features[c.feature].name);
    out.set_share(c.share);
  }
  AddMarks(marks, alarm);
  alarm.set_speed_hz(outcome.speed_hz);
  alarm.set_steady(outcome.steady);
  alarm.set_cause_id(open.key);
  alarm.set_decision_ms(static_cast<float>(decision_ms));
  return Finish(event, Lane::kAlarm, "alarm");
}

Event StateEvent(const Plan& plan, const Outcome& outcome) {
  wire::Event event;
  event.set_ts_ns(outcome.step_end);
  wire::StateChange& state = *event.mutable_state();
  NameAsset(plan, outcome.asset, state);
  state.set_from(static_cast<wire::MachineState>(outcome.state_before));
  state.set_to(static_cast<wire::MachineState>(outcome.state));
  Describe(plan.assets[outcome.asset], outcome.reason, outcome.reason_channels,
           *state.mutable_reason());
  return Finish(event, Lane::kHealth, "state");
}

Event GapEvent(const Plan& plan, size_t asset, const Hole& hole) {
  wire::Event event;
  event.set_ts_ns(hole.to);
  wire::Gap& gap = *event.mutable_gap();
  gap.set_asset(SettingsOf(plan, asset).id.value());
  gap.set_channel(SettingsOf(plan, asset).channels[hole.channel].spec.name);
  gap.set_from_ns(hole.from);
  gap.set_to_ns(hole.to);
  gap.set_count(hole.count);
  gap.set_cause(std::string(Name(hole.cause)));
  return Finish(event, Lane::kHealth, "gap");
}

Event DeviceGapEvent(Nanos from, Nanos to, uint64_t count) {
  wire::Event event;
  event.set_ts_ns(to);
  wire::Gap& gap = *event.mutable_gap();
  gap.set_from_ns(from);
  gap.set_to_ns(to);
  gap.set_count(count);
  gap.set_cause(std::string(Name(GapCause::kOverload)));
  return Finish(event, Lane::kHealth, "gap");
}

Event HealthEvent(const Plan& plan, const HealthFigures& f, Nanos ts) {
  wire::Event event;
  event.set_ts_ns(ts);
  wire::Health& health = *event.mutable_health();
  health.set_uptime_s(f.uptime_s);
  health.set_rss_bytes(f.rss_bytes);
  health.set_decisions(f.decisions);
  health.set_decision_ms_p50(static_cast<float>(f.decision_ms_p50));
  health.set_decision_ms_p99(static_cast<float>(f.decision_ms_p99));
  health.set_decision_ms_p999(static_cast<float>(f.decision_ms_p999));
  health.set_decision_ms_max(static_cast<float>(f.decision_ms_max));
  health.set_outbox_records(f.outbox_records);
  health.set_outbox_bytes(f.outbox_bytes);
  health.set_evicted_records(f.evicted_records);
  health.set_dropped_readings(f.dropped_readings);
  health.set_rejected_payloads(f.rejected_payloads);
  health.set_priority(f.priority);
  health.set_update(std::string(f.update));
  health.set_certificate(std::string(f.certificate));
  health.set_certificate_until_ns(f.certificate_until);
  health.set_agent_version(f.version);
  health.set_model_hash(plan.manifest.model.sha256);
  health.set_model_name(plan.manifest.name);
  health.set_config_hash(plan.settings.hash);
  return Finish(event, Lane::kHealth, "health");
}

Event BaselineEvent(const Plan& plan, size_t asset, const BaselineFile& baseline, Nanos ts) {
  wire::Event event;
  event.set_ts_ns(ts);
  wire::Baseline& out = *event.mutable_baseline();
  out.set_asset(SettingsOf(plan, asset).id.value());
  out.set_file(std::string(baseline.name));
  out.set_learned_ns(baseline.learned_at);
  out.set_document(std::string(baseline.document));
  return Finish(event, Lane::kHealth, "baseline");
}

Event RecommissionedEvent(const Plan& plan, size_t asset, const std::string& service, Nanos ts) {
  wire::Event event;
  event.set_ts_ns(ts);
  wire::Recommissioned& out = *event.mutable_recommissioned();
  NameAsset(plan, asset, out);
  out.set_service(service);
  return Finish(event, Lane::kHealth, "recommissioned");
}

Event AssetInfoEvent(const Plan& plan, size_t asset, Nanos ts) {
  const AssetSettings& settings = SettingsOf(plan, asset);
  wire::Event event;
  event.set_ts_ns(ts);
  wire::AssetInfo& info = *event.mutable_asset_info();
  NameAsset(plan, asset, info);
  info.set_name(settings.name);
  info.set_machine_class(settings.machine_class);
  for (const ChannelSettings& channel : settings.channels) {
    if (!channel.used) continue;
    wire::ChannelInfo& out = *info.add_channels();
    out.set_name(channel.spec.name);
    out.set_unit(channel.spec.unit);
    out.set_kind(channel.spec.kind == dsp::ChannelKind::kSamples ? "samples" : "reading");
    out.set_rate_hz(channel.spec.rate_hz);
  }
  const dsp::MachineSpec& machine = settings.machine;
  for (const auto& [name, order] :
       {std::pair{"bpfo", machine.bpfo}, std::pair{"bpfi", machine.bpfi},
        std::pair{"bsf", machine.bsf}, std::pair{"ftf", machine.ftf}})
    if (order > 0) (*info.mutable_orders())[name] = static_cast<float>(order);
  for (const dsp::FeatureSpec& feature : plan.manifest.schema.features)
    info.add_features(feature.name);
  for (const model::FaultClass& c : plan.manifest.classes) info.add_classes(c.code);
  const model::DecisionLimits& limits = plan.assets[asset].limits;
  info.set_watch_from(static_cast<float>(limits.watch_from));
  info.set_warning_from(static_cast<float>(limits.warning_from));
  info.set_act_from(static_cast<float>(limits.act_from));
  info.set_zone_c_mm_s(static_cast<float>(settings.zone_c_mm_s));
  info.set_zone_d_mm_s(static_cast<float>(settings.zone_d_mm_s));
  return Finish(event, Lane::kHealth, "asset");
}

Event SpectrumEvent(const Plan& plan, const Waveform& waveform, SpectrumKind kind,
                    std::span<const float> values, float step_hz, std::string unit,
                    std::span<const Mark> marks) {
  const AssetSettings& settings = SettingsOf(plan, waveform.asset);
  wire::Event event;
  event.set_ts_ns(waveform.ts);
  wire::Spectrum& out = *event.mutable_spectrum();
  out.set_asset(settings.id.value());
  out.set_channel(settings.channels[waveform.channel].spec.name);
  out.set_kind(static_cast<wire::Spectrum::Kind>(kind));
  out.set_step_hz(step_hz);
  out.mutable_values()->Add(values.begin(), values.end());
  out.set_unit(std::move(unit));
  out.set_baseline(waveform.why == Waveform::Why::kBaseline);
  out.set_speed_hz(waveform.speed_hz);
  AddMarks(marks, out);
  return Finish(event, Lane::kRaw, "spectrum");
}

void Telemetry::AddStep(const Outcome& outcome) {
  ts_.push_back(outcome.step_end);
  score_.push_back(outcome.score);
  level_.push_back(static_cast<uint32_t>(outcome.level));
  state_.push_back(static_cast<uint32_t>(outcome.state));
  // Of an alarm whose fault is unknown: a class that there is not.
  const auto none = outcome.level == model::Level::kNone
                        ? static_cast<uint32_t>(plan_.manifest.healthy_class())
                        : static_cast<uint32_t>(plan_.manifest.classes.size());
  fault_.push_back(outcome.fault >= 0 ? static_cast<uint32_t>(outcome.fault) : none);
  signals_.insert(signals_.end(), outcome.signals.begin(), outcome.signals.end());
  learning_left_s_ = std::max(outcome.learning_left_s, 0.0F);
}

void Telemetry::AddCoverage(std::span<const Extent> extents, std::span<const Hole> holes) {
  open_.resize(SettingsOf(plan_, asset_).channels.size(), -1);
  // A stretch continues its channel's open one unless a hole of that channel lies between them.
  for (const Extent& extent : extents) {
    int& open = open_[extent.channel];
    bool broken = open < 0;
    for (const Hole& hole : holes)
      broken = broken || (hole.channel == extent.channel && hole.to < extent.first &&
                          hole.from > extents_[static_cast<size_t>(open)].last);
    if (broken) {
      open = static_cast<int>(extents_.size());
      extents_.push_back(extent);
      continue;
    }
    Extent& whole = extents_[static_cast<size_t>(open)];
    whole.last = extent.last;
    whole.last_seq = extent.last_seq;
    whole.count += extent.count;
  }
}

Event Telemetry::Take(Nanos now) {
  const AssetPlan& asset = plan_.assets[asset_];
  wire::Event event;
  event.set_ts_ns(ts_.empty() ? now : ts_.back());
  wire::FeatureBatch& batch = *event.mutable_features();
  NameAsset(plan_, asset_, batch);
  batch.mutable_ts_ns()->Add(ts_.begin(), ts_.end());
  batch.mutable_score()->Add(score_.begin(), score_.end());
  batch.mutable_level()->Add(level_.begin(), level_.end());
  batch.mutable_state()->Add(state_.begin(), state_.end());
  batch.mutable_fault()->Add(fault_.begin(), fault_.end());
  batch.mutable_signals()->Add(signals_.begin(), signals_.end());
  for (const Signal& signal : asset.signals) {
    batch.add_signal_names(signal.name);
    batch.add_signal_units(signal.unit);
  }
  if (!ts_.empty()) batch.set_learning_left_s(learning_left_s_);
  for (const Extent& extent : extents_) {
    wire::Coverage& out = *batch.add_coverage();
    out.set_channel(asset.settings->channels[extent.channel].spec.name);
    out.set_first_ns(extent.first);
    out.set_last_ns(extent.last);
    out.set_count(extent.count);
  }
  ts_.clear();
  score_.clear();
  signals_.clear();
  level_.clear();
  state_.clear();
  fault_.clear();
  extents_.clear();
  open_.clear();
  return Finish(event, Lane::kFeatures, "features");
}

}  // namespace millwright::agent
