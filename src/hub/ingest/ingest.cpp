#include "hub/ingest/ingest.h"

#include <algorithm>

#include "core/log.h"
#include "hub/ingest/decode.h"
#include "hub/ingest/projector.h"
#include "os/files.h"
#include "wire/topics.h"

namespace millwright::hub {
namespace {

constexpr int64_t kFirstTelemetryLane = static_cast<int64_t>(Lane::kFeatures);

// Between its happening and its sending, both by the device's clock. What is older than any outbox
// keeps is a recording that is played.
constexpr Nanos kLateFrom = 10 * kSecond;
constexpr Nanos kLateMax = Nanos{90} * 24 * 3600 * kSecond;
constexpr Nanos kLatePause = 300 * kSecond;  // after such a pause it is another outage: count anew

bool IsLate(Nanos waited) { return waited >= kLateFrom && waited <= kLateMax; }

std::string AckPayload(uint64_t epoch, const std::vector<LaneMark>& marks) {
  wire::Ack ack;
  ack.set_epoch(epoch);
  for (const LaneMark& mark : marks) {
    wire::LaneAck* lane = ack.add_lanes();
    lane->set_lane(static_cast<uint32_t>(mark.lane));
    lane->set_seq(static_cast<uint64_t>(mark.contiguous));
  }
  return ack.SerializeAsString();
}

}  // namespace

Ingest::Ingest(mqtt::Client& client, store::Database& database, os::Clock& clock, ChangeFeed& feed,
               IngestMeters& meters, IngestOptions options)
    : client_(client),
      database_(database),
      clock_(clock),
      feed_(feed),
      meters_(meters),
      options_(options),
      services_(client, database, clock) {}

Result<void> Ingest::Start() {
  for (const char* filter : {"mw/v1/+/events", "mw/v1/+/telemetry", "mw/v1/+/status"})
    MW_TRY(client_.Subscribe(filter, options_.qos));
  return client_.Start(*this);
}

void Ingest::Finish() {
  Step(0);
  client_.Stop();
}

void Ingest::Step(Nanos wait_max) {
  client_.Poll(wait_max);
  const Nanos deadline = clock_.Monotonic() + options_.group_max;
  while (!group_.empty() && group_.size() < options_.group_messages_max &&
         group_bytes_ < options_.group_bytes_max) {
    const size_t before = group_.size();
    const Nanos left = deadline - clock_.Monotonic();
    if (left <= 0) break;
    client_.Poll(std::min<Nanos>(left, kMillisecond));
    if (group_.size() == before) break;  // a quiet millisecond: nobody else is coming
  }
  if (!group_.empty()) CommitGroup();
  services_.Step();
}

void Ingest::OnConnected(bool session_present) {
  meters_.broker_connected.Set(1);
  log::Info("ingest", "connected to the broker", {{"session_present", session_present}});
}

void Ingest::OnDisconnected(std::string_view reason) {
  meters_.broker_connected.Set(0);
  meters_.disconnects.Add();
  log::Warning("ingest", "lost the broker", {{"reason", reason}});
}

void Ingest::OnMessage(const mqtt::Message& message) {
  const auto address = wire::ParseUplinkTopic(message.topic);
  if (!address) return meters_.Rejected(Reject::kUnknownTopic);
  if (address->kind == "events")
    meters_.messages_events.Add();
  else if (address->kind == "telemetry")
    meters_.messages_telemetry.Add();
  else
    meters_.messages_status.Add();
  group_bytes_ += message.payload.size();
  group_.push_back({.device = std::string(address->device),
                    .kind = std::string(address->kind),
                    .payload = os::Bytes(message.payload.begin(), message.payload.end()),
                    .received = clock_.Utc(),
                    .retained = message.retain});
}

// A transaction that fails as a whole is tried again message by message, so that one message the
// database chokes on does not take the others with it. What still fails is not acked: the device
// keeps it and sends it again.
void Ingest::CommitGroup() {
  const std::vector<Incoming> group = std::exchange(group_, {});
  group_bytes_ = 0;
  const Result<void> all = CommitAll(group);
  if (all) return;
  meters_.commit_failures.Add();
  log::Failure("ingest", all.error(), {{"messages", group.size()}});
  if (all.error().code == Errc::kInternal && group.size() > 1) {
    for (const Incoming& message : group) {
      const Result<void> one = CommitAll({&message, 1});
      if (one) continue;
      meters_.commit_failures.Add();
      log::Failure("ingest", one.error(), {{"device", message.device}});
    }
    return;
  }
  clock_.SleepFor(options_.retry_after);
}

Result<void> Ingest::CommitAll(std::span<const Incoming> group) {
  const Nanos begin = clock_.Monotonic();
  Acks acks;
  Changes changes;
  IngestTally tally;
  MW_TRY(store::Transaction transaction, database_.Begin());
  for (const Incoming& message : group) {
    if (message.kind == "status")
      MW_TRY(TakeStatus(message, changes, tally));
    else
      MW_TRY(TakeBatch(message, acks, changes, tally));
  }
  MW_TRY(transaction.Commit());
  meters_.commit_seconds.Observe(Seconds(clock_.Monotonic() - begin));
  meters_.group_messages.Observe(static_cast<double>(group.size()));
  meters_.last_commit.Set(Seconds(clock_.Utc()));
  meters_.Add(tally);
  feed_.Add(changes);
  Send(acks);
  return {};
}

Result<void> Ingest::TakeBatch(const Incoming& message, Acks& acks, Changes& changes,
                               IngestTally& tally) {
  const Decoded<wire::EventBatch> batch = DecodeBatch(message.device, message.payload);
  if (!batch) {
    ++tally.rejected[batch.error()];
    log::Warning("ingest", "refused a batch",
                 {{"device", message.device},
                  {"reason", Name(batch.error())},
                  {"bytes", message.payload.size()}});
    return {};
  }
  MW_TRY(TouchDevice(*batch, message, changes));
  return TakeEvents(*batch, message, acks, changes, tally);
}

Result<void> Ingest::TakeEvents(const wire::EventBatch& batch, const Incoming& message, Acks& acks,
                                Changes& changes, IngestTally& tally) {
  Ledger ledger(database_, batch.device(), batch.epoch(), message.received);
  Projector projector(database_);
  const Origin origin{.device = batch.device(),
                      .site = batch.site(),
                      .epoch = batch.epoch(),
                      .received = message.received,
                      .sent = batch.sent_ns()};
  int64_t late = 0;
  MW_TRY(ledger.Begin());
  MW_TRY(TakeAcked(batch, message, ledger, changes, tally));
  for (const wire::Event& event : batch.events()) {
    if (const auto identity = CheckIdentity(event); !identity) {
      ++tally.rejected[identity.error()];
      continue;
    }
    const auto content = CheckContent(event);
    const std::string payload = StableBytes(event);
    MW_TRY(const Ledger::Verdict verdict,
           ledger.Insert({.lane = event.lane(),
                          .sequence = static_cast<int64_t>(event.seq()),
                          .kind = content ? KindOf(event) : "invalid",
                          .asset = content ? std::string_view(AssetOf(event)) : std::string_view(),
                          .payload = payload,
                          .ts = event.ts_ns()}));
    if (verdict == Ledger::Verdict::kConflict) {
      ++tally.conflicts;
      log::Warning("ingest", "an event came again with other content; the first stays",
                   {{"device", batch.device()}, {"lane", event.lane()}, {"seq", event.seq()}});
    }
    if (verdict == Ledger::Verdict::kKnown) ++tally.known;
    if (verdict != Ledger::Verdict::kNew) continue;
    if (IsLate(batch.sent_ns() - event.ts_ns())) ++late;
    ++(int64_t{event.lane()} < kFirstTelemetryLane ? tally.events : tally.telemetry);
    if (!content) {
      ++tally.rejected[content.error()];
      continue;
    }
    if (event.has_gap() && event.gap().seq_to() > 0)
      MW_TRY(ledger.Evict(event.gap().lane(), static_cast<int64_t>(event.gap().seq_from()),
                          static_cast<int64_t>(event.gap().seq_to())));
    MW_TRY(projector.Project(origin, event, changes));
  }
  MW_TRY(acks[Streams(batch.device(), batch.epoch())], ledger.Finish());
  return late > 0 ? CountLate(batch.device(), late, message.received) : Result<void>();
}

// A device that deleted more than is here speaks to a database that was restored from a backup. Its
// lane would stand still for ever, and its outbox fill up: the hole is declared instead.
Result<void> Ingest::TakeAcked(const wire::EventBatch& batch, const Incoming& message,
                               Ledger& ledger, Changes& changes, IngestTally& tally) {
  const int count = std::min(batch.acked_size(), static_cast<int>(kLanes));
  for (int i = 0; i < count; ++i) {
    const wire::LaneAck& acked = batch.acked(i);
    if (acked.lane() >= kLanes || acked.seq() > kSequenceMax) continue;
    const int64_t lane = acked.lane();
    MW_TRY(const auto forgotten, ledger.Forget(lane, static_cast<int64_t>(acked.seq())));
    if (!forgotten) continue;
    tally.forgotten += static_cast<uint64_t>(std::max<int64_t>(0, forgotten->missing));
    log::Warning("ingest", "a device no longer has what this database lacks: restored?",
                 {{"device", batch.device()},
                  {"lane", lane},
                  {"seq_from", forgotten->from},
                  {"seq_to", forgotten->to},
                  {"missing", forgotten->missing}});
    if (forgotten->missing <= 0) continue;
    const Nanos to = batch.sent_ns() > 0 ? batch.sent_ns() : message.received;
    const Nanos from = forgotten->after > 0 ? std::min(forgotten->after, to) : to;
    // A device's own gaps have the sequence of the event that told them, which is positive.
    MW_TRY(database_.Run(
        "INSERT INTO gaps (device, epoch, lane, seq, site, asset, channel, from_ns, to_ns, "
        "missing, cause) VALUES ($1, $2, $3, $4, $5, '', '', $6, $7, $8, 'hub_restored') "
        "ON CONFLICT (device, epoch, lane, seq) DO NOTHING",
        {batch.device(), ToSql(batch.epoch()), lane, -forgotten->from, batch.site(), from, to,
         forgotten->missing}));
    changes.devices.insert(batch.device());
  }
  return {};
}

Result<void> Ingest::CountLate(const std::string& device, int64_t events, Nanos now) {
  return database_
      .Run(
          "UPDATE devices SET late_events = $1 + CASE WHEN $2 - late_ns <= $3 THEN late_events "
          "ELSE 0 END, late_ns = $2 WHERE device = $4",
          {events, now, kLatePause, device})
      .transform([](int64_t) {});
}

Result<void> Ingest::TouchDevice(const wire::EventBatch& batch, const Incoming& message,
                                 Changes& changes) {
  // A batch says nothing of the connection now: it may have waited at the broker. Only status and
  // its last will do; a device that never told its status is taken as online by its first batch.
  int64_t known = 0;
  MW_TRY(known, database_.Run("UPDATE devices SET site = $1, last_seen_ns = $2 WHERE device = $3",
                              {batch.site(), message.received, batch.device()}));
  if (known > 0) return {};
  changes.devices.insert(batch.device());
  return database_
      .Run(
          "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
          "model_name, model_hash, "
          "health_ns, health) VALUES ($1, $2, 1, $3, $3, '', '', '', -1, $4)",
          {batch.device(), batch.site(), message.received, store::Blob()})
      .transform([](int64_t) {});
}

Result<void> Ingest::TakeStatus(const Incoming& message, Changes& changes, IngestTally& tally) {
  const auto status = DecodeStatus(message.payload);
  if (!status || !CheckIdText("device", message.device)) {
    ++tally.rejected[status ? Reject::kBadId : status.error()];
    return {};
  }
  changes.devices.insert(message.device);
  if (status->online) services_.OnHeard(message.device);
  // A retained message tells what was said last, not that the device was heard now; neither does
  // its last will.
  const Nanos heard = status->online && !message.retained ? message.received : 0;
  return database_
      .Run(
          "INSERT INTO devices (device, site, online, online_since_ns, last_seen_ns, version, "
          "model_name, model_hash, "
          "health_ns, health, hardware) VALUES ($1, $2, $3, $4, $5, $6, '', '', -1, $7, $8) ON "
          "CONFLICT (device) "
          "DO UPDATE SET "
          "online_since_ns = CASE WHEN devices.online <> excluded.online THEN "
          "excluded.online_since_ns "
          "ELSE devices.online_since_ns END, online = excluded.online, "
          "last_seen_ns = CASE WHEN excluded.last_seen_ns > devices.last_seen_ns THEN "
          "excluded.last_seen_ns "
          "ELSE devices.last_seen_ns END, "
          "site = CASE WHEN excluded.site <> '' THEN excluded.site ELSE devices.site END, "
          "version = CASE WHEN excluded.version <> '' THEN excluded.version ELSE devices.version "
          "END, hardware = CASE WHEN excluded.hardware <> '' THEN excluded.hardware ELSE "
          "devices.hardware END",
          {message.device, status->site, status->online ? 1 : 0, message.received, heard,
           status->version, store::Blob(), status->hardware})
      .transform([](int64_t) {});
}

void Ingest::Send(const Acks& acks) {
  for (const auto& [stream, marks] : acks) {
    if (marks.empty()) continue;
    const std::string payload = AckPayload(stream.second, marks);
    const auto sent =
        client_.Publish(wire::AckTopic(DeviceId(stream.first)), os::AsBytes(payload), 1, false);
    if (sent)
      meters_.acks.Add();
    else
      meters_.acks_unsent.Add();
  }
}

}  // namespace millwright::hub
