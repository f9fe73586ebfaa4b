#include "agent/local_link.h"

#include <algorithm>

#include "agent/broker_options.h"
#include "core/log.h"
#include "os/files.h"
#include "wire/json_text.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

constexpr Nanos kPauseStep = 200 * kMicrosecond;
// How long the socket may be left alone: well below the keepalive, after which the broker would
// drop us. Past it readings are dropped, counted and declared.
constexpr Nanos kPauseMax = 3 * kSecond;
constexpr Nanos kRenewEvery = 100 * kMillisecond;  // how often heartbeats are looked after
constexpr size_t kDecisionBytes = 4096;
constexpr size_t kReasonBytes = kChannelsPerAssetMax * (64 + 2) + 16;  // each channel by name

mqtt::Options LocalOptions(const Settings& settings) {
  mqtt::Options options = BrokerOptions(settings.broker);
  options.client_id = "mw-agent-" + settings.device.value();
  options.clean_session = false;  // the broker keeps readings for us while we are away
  options.inflight_max = 200;     // decisions go with QoS 1, which brokers take in any number
  options.reconnect_max = kSecond;
  std::string will = "{\"online\":false,\"device\":";
  wire::AppendText(will, settings.device.value());
  options.will = mqtt::Will{.topic = wire::LocalStatusTopic(settings.site, settings.device),
                            .payload = will + "}"};
  return options;
}

}  // namespace

LocalLink::LocalLink(const Plan& plan, Inbox& inbox, Outlets& outlets, const DeciderCounts& decider,
                     const std::atomic<slots::Phase>& phase, Doorbell& decider_bell,
                     const ClientFactory& make_client, os::Clock& clock, std::string version)
    : plan_(plan),
      outlets_(outlets),
      decider_(decider),
      phase_(phase),
      decider_bell_(decider_bell),
      clock_(clock),
      version_(std::move(version)),
      ingest_(plan, inbox, clock),
      client_(make_client(LocalOptions(plan.settings))),
      current_(plan.assets.size()) {
  text_.reserve(kDecisionBytes);
  reason_.reserve(kReasonBytes);
  size_t signals = 0;
  for (const AssetPlan& asset : plan.assets) signals = std::max(signals, asset.signals.size());
  signals_.reserve(signals);
  for (Current& current : current_) {
    current.outcome.signals.reserve(signals);
    current.outcome.probabilities.reserve(plan.manifest.classes.size());
    current.outcome.window.reserve(plan.engine->input().elements());
  }
}

Result<void> LocalLink::Start() {
  for (const auto& [topic, qos] : ingest_.Topics()) MW_TRY(client_->Subscribe(topic, qos));
  turned_at_ = clock_.Monotonic();
  return client_->Start(*this);
}

void LocalLink::OnConnected(bool session_present) {
  counts_.connected.store(true, std::memory_order_relaxed);
  log::Info("agent", "connected to the gateway's broker", {{"session_kept", session_present}});
  PublishStatus(true);
  renew_at_ = 0;
  for (Current& current : current_) current.told_at = 0;
}

void LocalLink::OnDisconnected(std::string_view reason) {
  counts_.connected.store(false, std::memory_order_relaxed);
  log::Warning("agent", "the gateway's broker is away", {{"why", reason}});
}

void LocalLink::OnMessage(const mqtt::Message& message) { ingest_.Take(message); }

void LocalLink::PublishStatus(bool online) {
  const Settings& settings = plan_.settings;
  std::string text = online ? "{\"online\":true,\"ts\":" : "{\"online\":false,\"ts\":";
  text += std::to_string(clock_.Utc()) + ",\"device\":";
  wire::AppendText(text, settings.device.value());
  text += online ? ",\"state\":\"ready\",\"model\":" : ",\"state\":\"stopped\",\"model\":";
  const model::Manifest& manifest = (serving_ ? *serving_ : plan_).manifest;
  wire::AppendText(text, manifest.name);
  text += ",\"model_hash\":";
  wire::AppendText(text, manifest.model.sha256);
  const Plan& decides = serving_ ? *serving_ : plan_;
  if (!decides.config_digest.empty()) {
    text += ",\"config\":";
    wire::AppendText(text, decides.config_name + " " + decides.config_version);
  }
  text += ",\"update\":";
  wire::AppendText(text, slots::Name(told_phase_));
  text += ",\"version\":";
  wire::AppendText(text, version_);
  text += ",\"assets\":" + std::to_string(plan_.assets.size()) + "}";
  const std::string topic = wire::LocalStatusTopic(settings.site, settings.device);
  if (auto sent = client_->Publish(topic, os::AsBytes(text), 1, true); !sent)
    log::Failure("agent", sent.error());
}

void LocalLink::Work(Nanos wait_max) {
  PublishDecisions();
  const Nanos now = clock_.Monotonic();
  if (ingest_.HasRoom() || (paused_since_ != 0 && now - paused_since_ > kPauseMax)) {
    paused_since_ = ingest_.HasRoom() ? 0 : paused_since_;
    client_->Poll(wait_max);
  } else {
    // Not reading is back-pressure: the socket fills, the broker queues, nothing is lost.
    if (paused_since_ == 0) paused_since_ = std::max<Nanos>(now, 1);
    counts_.pauses.fetch_add(1, std::memory_order_relaxed);
    decider_bell_.Ring();
    if (wait_max > 0) clock_.SleepFor(kPauseStep);
  }
  const uint64_t handed = ingest_.counts().readings.load(std::memory_order_relaxed);
  if (handed != handed_) decider_bell_.Ring();
  handed_ = handed;
  PublishDecisions();
  Renew();
}

void LocalLink::PublishDecisions() {
  while (const Outcome* outcome = outlets_.decisions.BeginPop()) {
    Current& current = current_[outcome->asset];
    current.outcome = *outcome;
    current.known = true;
    outlets_.decisions.CommitPop();
    Tell(current, false);
    if (current.outcome.plan == serving_) continue;
    const bool first = !serving_ && current.outcome.plan.get() == &plan_;
    serving_ = current.outcome.plan;
    if (first) continue;
    for (const auto& [topic, qos] : ingest_.Follow(*serving_))
      if (const auto asked = client_->Subscribe(topic, qos); !asked)
        log::Failure("agent", asked.error(), {{"topic", topic}});
    if (client_->connected()) PublishStatus(true);
  }
}

void LocalLink::Measure(const Outcome& outcome, Nanos now) {
  latency_.total.Add(now - outcome.sensor_ts);
  latency_.transport.Add(outcome.arrived_at - outcome.sensor_ts);
  latency_.decide.Add(outcome.decided_at - outcome.arrived_at);
  latency_.publish.Add(now - outcome.decided_at);
}

void LocalLink::Tell(Current& current, bool heartbeat) {
  const Outcome& o = current.outcome;
  const Plan& plan = o.plan ? *o.plan : plan_;
  const AssetPlan& asset = plan.assets[o.asset];
  const Nanos now = clock_.Utc();
  const Nanos took = o.sensor_ts == 0 ? 0 : now - o.sensor_ts;
  if (!heartbeat && o.scored) Measure(o, now);
  Describe(asset, o.reason, o.reason_channels, reason_);
  signals_.clear();
  for (size_t i = 0; i < o.signals.size() && i < asset.signals.size(); ++i)
    signals_.push_back({asset.signals[i].name, o.signals[i]});
  wire::Decision decision;
  decision.ts = now;
  decision.seq = o.seq;
  decision.asset = asset.settings->id.value();
  decision.valid_until = now + plan_.settings.valid;
  decision.state = Name(o.state);
  decision.level = model::Name(o.level);
  if (o.fault >= 0) {
    const model::FaultClass& fault = plan.manifest.classes[static_cast<size_t>(o.fault)];
    decision.fault = fault.code;
    decision.fault_name = fault.name;
  }
  decision.score = o.score;
  decision.probability = o.fault_probability;
  decision.probabilities = o.probabilities;
  decision.quality = reason_.empty() ? std::string_view("good") : reason_;
  decision.reason = reason_;
  decision.model = plan.manifest.name;
  decision.model_hash = plan.manifest.model.sha256;
  decision.step_end = o.step_end;
  decision.sensor_ts = o.sensor_ts;
  decision.decision_ms = Seconds(took) * 1e3;
  decision.heartbeat = heartbeat;
  if (o.learning_left_s >= 0) decision.learning_left_s = static_cast<double>(o.learning_left_s);
  decision.signals = signals_;
  wire::EncodeDecision(decision, text_);
  const bool sent = client_->Publish(asset.decision_topic, os::AsBytes(text_), 1, true).has_value();
  (sent ? counts_.published : counts_.not_published).fetch_add(1, std::memory_order_relaxed);
  if (sent) current.told_at = std::max<Nanos>(clock_.Monotonic(), 1);
}

// A heartbeat promises that this machine is still being decided about, so it needs a decision
// thread that turns: without it decisions run out by themselves.
bool LocalLink::DeciderLives() {
  const uint64_t turns = decider_.turns.load(std::memory_order_relaxed);
  const Nanos now = clock_.Monotonic();
  if (turns != turns_seen_) turned_at_ = now;
  turns_seen_ = turns;
  return now - turned_at_ < plan_.settings.heartbeat;
}

void LocalLink::Renew() {
  const Nanos now = clock_.Monotonic();
  if (now < renew_at_) return;
  renew_at_ = now + kRenewEvery;
  TellPhase();
  if (!DeciderLives() || !client_->connected()) return;
  for (Current& current : current_)
    if (current.known &&
        (current.told_at == 0 || now - current.told_at >= plan_.settings.heartbeat))
      Tell(current, true);
}

void LocalLink::TellPhase() {
  const slots::Phase phase = phase_.load(std::memory_order_relaxed);
  if (phase == told_phase_) return;
  told_phase_ = phase;
  if (client_->connected()) PublishStatus(true);
}

void LocalLink::Stop() {
  if (client_->connected()) PublishStatus(false);
  client_->Stop();
}

}  // namespace millwright::agent
