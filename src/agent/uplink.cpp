#include "agent/uplink.h"

#include <algorithm>

#include "agent/batch.h"
#include "agent/broker_options.h"
#include "core/log.h"
#include "os/files.h"
#include "os/process.h"
#include "wire/event.pb.h"
#include "wire/json_text.h"
#include "wire/topics.h"

namespace millwright::agent {
namespace {

// Batches that the broker has not acknowledged: little, so that an alarm never queues behind much
// telemetry in the socket.
constexpr size_t kBatchesInFlight = 4;
// Sent, but not yet acked by the hub, by lane.
constexpr size_t kUnderWayBytesMax = size_t{1} << 20;
constexpr int kResendDoublingsMax = 4;

std::string BirthText(const Settings& settings, uint64_t epoch, Nanos now,
                      const std::string& version) {
  std::string out = "{\"online\":true,\"device\":";
  wire::AppendText(out, settings.device.value());
  out += ",\"site\":";
  wire::AppendText(out, settings.site.value());
  out += ",\"ts\":" + std::to_string(now) + ",\"epoch\":" + std::to_string(epoch) + ",\"version\":";
  wire::AppendText(out, version);
  out += ",\"hardware\":";
  wire::AppendText(out, settings.hardware.empty() ? os::HardwareName() : settings.hardware);
  return out + "}";
}

mqtt::Options UplinkOptions(const Settings& settings) {
  mqtt::Options options = BrokerOptions(settings.uplink);
  options.client_id = "mw-uplink-" + settings.device.value();
  options.clean_session =
      true;  // everything is sent again from the outbox; a session would repeat it
  options.will = mqtt::Will{.topic = wire::UplinkStatusTopic(settings.device),
                            .payload = "{\"online\":false}"};
  return options;
}

}  // namespace

Uplink::Uplink(const Settings& settings, outbox::Outbox& outbox, ServiceQueue& services,
               const ClientFactory& make_client, os::Clock& clock, std::string version)
    : settings_(settings),
      outbox_(outbox),
      services_(services),
      clock_(clock),
      version_(std::move(version)),
      client_(make_client(UplinkOptions(settings))) {}

Result<void> Uplink::Start() {
  BeginEpoch();
  MW_TRY(client_->Subscribe(wire::AckTopic(settings_.device), 1));
  MW_TRY(client_->Subscribe(wire::ServiceTopic(settings_.device), 1));
  return client_->Start(*this);
}

void Uplink::OnConnected(bool /*session_present*/) {
  counts_.connected.store(true, std::memory_order_relaxed);
  const std::string birth = BirthText(settings_, outbox_.epoch(), clock_.Utc(), version_);
  (void)client_->Publish(wire::UplinkStatusTopic(settings_.device), os::AsBytes(birth), 1, true);
  for (LaneState& lane : lanes_) Rewind(lane);
  log::Info("uplink", "connected",
            {{"host", settings_.uplink.host}, {"port", settings_.uplink.port}});
}

void Uplink::OnDisconnected(std::string_view reason) {
  counts_.connected.store(false, std::memory_order_relaxed);
  log::Info("uplink", "link lost: events wait in the outbox", {{"why", reason}});
}

void Uplink::OnMessage(const mqtt::Message& message) {
  if (message.topic == wire::AckTopic(settings_.device)) TakeAck(message.payload);
  if (message.topic == wire::ServiceTopic(settings_.device)) TakeServices(message.payload);
}

void Uplink::TakeAck(std::span<const std::byte> payload) {
  wire::Ack ack;
  if (!ack.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    counts_.bad_acks.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  counts_.acks.fetch_add(1, std::memory_order_relaxed);
  const outbox::OutboxStats stats = outbox_.stats();
  for (const wire::LaneAck& one : ack.lanes()) {
    if (one.lane() >= kLanes) continue;
    LaneState& lane = lanes_[one.lane()];
    // Never beyond what was given out: a hub that is wrong must not make us delete the future.
    if (ack.epoch() != outbox_.epoch() || one.seq() > stats.lanes[one.lane()].last_sequence)
      continue;
    if (auto done = outbox_.Ack(ack.epoch(), static_cast<Lane>(one.lane()), one.seq()); !done) {
      log::Failure("uplink", done.error());
      continue;
    }
    if (one.seq() <= lane.acked) continue;
    lane.acked = one.seq();
    lane.sent = std::max(lane.sent, lane.acked);
    lane.silent_resends = 0;
    lane.sent_at = clock_.Monotonic();
    while (!lane.under_way.empty() && lane.under_way.front().first <= lane.acked) {
      lane.bytes -= lane.under_way.front().second;
      lane.under_way.pop_front();
    }
  }
}

// The hub sends them until it hears that they are done: what is lost here costs a while, no more.
void Uplink::TakeServices(std::span<const std::byte> payload) {
  wire::ServiceOrders orders;
  if (payload.size() > wire::kBatchBytesMax ||
      !orders.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    counts_.bad_acks.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  for (const wire::ServiceOrder& order : orders.orders()) {
    if (!CheckIdText("service", order.service()) || order.at_ns() <= 0) continue;
    if (!services_.TryPush({order.service(), order.asset(), order.at_ns()})) return;
  }
}

void Uplink::Reconnect() {
  reconnect_.store(true);
  Wake();
}

void Uplink::Work(Nanos wait_max) {
  if (reconnect_.exchange(false)) client_->Reconnect();
  client_->Poll(wait_max);
  if (!client_->connected()) return;
  ResendSilent();
  Pump();
}

// At the start, and when a damaged outbox was replaced while we run: its sequences count from 1
// again, and what was acked before says nothing of them.
void Uplink::BeginEpoch() {
  epoch_ = outbox_.epoch();
  const outbox::OutboxStats stats = outbox_.stats();
  for (size_t lane = 0; lane < kLanes; ++lane) {
    lanes_[lane] = {};
    lanes_[lane].acked = stats.lanes[lane].acked_sequence;
  }
}

void Uplink::Pump() {
  if (outbox_.epoch() != epoch_) BeginEpoch();
  // After each batch the most urgent lane has its turn again: a new alarm overtakes any backlog.
  for (size_t lane = 0; lane < kLanes;) {
    if (client_->unacked() >= kBatchesInFlight) return;
    lane = SendLane(static_cast<Lane>(lane)) ? 0 : lane + 1;
  }
}

bool Uplink::SendLane(Lane name) {
  LaneState& lane = lanes_[static_cast<size_t>(name)];
  if (lane.bytes >= kUnderWayBytesMax) return false;
  const auto epoch = outbox_.ReadUnacked(name, std::max(lane.sent, lane.acked),
                                         settings_.batch_bytes_max, records_);
  if (!epoch) {
    log::Failure("uplink", epoch.error());
    return false;
  }
  if (records_.empty() || *epoch != epoch_) return false;
  BatchWriter batch(settings_.device, settings_.site, *epoch, clock_.Utc(),
                    settings_.batch_bytes_max);
  const bool event = name == Lane::kAlarm || name == Lane::kHealth;
  // A hub that was restored from a backup may have acked more than it now has: it learns here what
  // nobody can send again, and does not wait for it. Health reports tell of all lanes in time.
  for (size_t i = 0; event && i < kLanes; ++i)
    if (lanes_[i].acked > 0) batch.AddAcked(static_cast<Lane>(i), lanes_[i].acked);
  uint64_t last = 0;
  for (const outbox::Record& record : records_) {
    if (!batch.Add(record)) break;
    last = record.sequence;
  }
  const std::string topic =
      event ? wire::EventsTopic(settings_.device) : wire::TelemetryTopic(settings_.device);
  if (!client_->Publish(topic, os::AsBytes(batch.bytes()), settings_.uplink_qos, false))
    return false;
  if (lane.under_way.empty()) lane.sent_at = clock_.Monotonic();
  lane.sent = last;
  lane.under_way.emplace_back(last, batch.bytes().size());
  lane.bytes += batch.bytes().size();
  counts_.batches.fetch_add(1, std::memory_order_relaxed);
  counts_.events.fetch_add(batch.events(), std::memory_order_relaxed);
  return true;
}

// The hub acks within milliseconds of its commit. Silence means that batch or ack was lost, or that
// the hub is down: send again, less and less often.
void Uplink::ResendSilent() {
  const Nanos now = clock_.Monotonic();
  for (LaneState& lane : lanes_) {
    if (lane.under_way.empty()) continue;
    if (now - lane.sent_at < (settings_.resend_after << lane.silent_resends)) continue;
    lane.silent_resends = std::min(lane.silent_resends + 1, kResendDoublingsMax);
    counts_.resends.fetch_add(1, std::memory_order_relaxed);
    Rewind(lane);
  }
}

void Uplink::Rewind(LaneState& lane) {
  lane.sent = lane.acked;
  lane.under_way.clear();
  lane.bytes = 0;
}

bool Uplink::Drained() const { return outbox_.stats().records() == 0; }

void Uplink::Stop() {
  if (client_->connected())
    (void)client_->Publish(wire::UplinkStatusTopic(settings_.device),
                           os::AsBytes("{\"online\":false}"), 1, true);
  client_->Stop();
}

}  // namespace millwright::agent
