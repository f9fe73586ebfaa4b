// Takes what devices send, commits it, then acks. One thread owns the MQTT connection and the
// writing database connection; several messages share one transaction.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "hub/ingest/changes.h"
#include "hub/ingest/ledger.h"
#include "hub/ingest/meters.h"
#include "hub/ingest/service_sender.h"
#include "mqtt/client.h"
#include "os/clock.h"
#include "os/files.h"
#include "store/database.h"
#include "wire/event.pb.h"

namespace millwright::hub {

struct IngestOptions {
  int qos = 1;  // of the subscriptions
  Nanos group_max =
      5 * kMillisecond;  // a message waits at most this long for others to share its transaction
  size_t group_messages_max = 256;
  size_t group_bytes_max = size_t{8} << 20;
  Nanos retry_after = 200 * kMillisecond;  // after a commit that failed
};

class Ingest : private mqtt::Listener {
 public:
  /// Borrows everything; all outlive the Ingest. `database` is the writing connection, its schema
  /// is up to date.
  Ingest(mqtt::Client& client, store::Database& database, os::Clock& clock, ChangeFeed& feed,
         IngestMeters& meters, IngestOptions options = {});

  /// Subscribes and begins to connect.
  [[nodiscard]] Result<void> Start();
  /// Waits up to `wait_max` for messages, commits what came, acks. The owner calls it in a loop.
  void Step(Nanos wait_max);
  /// At the end: commits and acks what is at hand, and disconnects.
  void Finish();

 private:
  struct Incoming {
    std::string device, kind;
    os::Bytes payload;
    Nanos received;
    bool retained;
  };
  using Streams = std::pair<std::string, uint64_t>;  // device, epoch
  using Acks = std::map<Streams, std::vector<LaneMark>>;

  void OnMessage(const mqtt::Message& message) override;
  void OnConnected(bool session_present) override;
  void OnDisconnected(std::string_view reason) override;

  void CommitGroup();
  [[nodiscard]] Result<void> CommitAll(std::span<const Incoming> group);
  [[nodiscard]] Result<void> TakeBatch(const Incoming& message, Acks& acks, Changes& changes,
                                       IngestTally& tally);
  [[nodiscard]] Result<void> TakeAcked(const wire::EventBatch& batch, const Incoming& message,
                                       Ledger& ledger, Changes& changes, IngestTally& tally);
  [[nodiscard]] Result<void> CountLate(const std::string& device, int64_t events, Nanos now);
  [[nodiscard]] Result<void> TakeEvents(const wire::EventBatch& batch, const Incoming& message,
                                        Acks& acks, Changes& changes, IngestTally& tally);
  [[nodiscard]] Result<void> TakeStatus(const Incoming& message, Changes& changes,
                                        IngestTally& tally);
  [[nodiscard]] Result<void> TouchDevice(const wire::EventBatch& batch, const Incoming& message,
                                         Changes& changes);
  void Send(const Acks& acks);

  mqtt::Client& client_;
  store::Database& database_;
  os::Clock& clock_;
  ChangeFeed& feed_;
  IngestMeters& meters_;
  const IngestOptions options_;
  std::vector<Incoming> group_;
  size_t group_bytes_ = 0;
  ServiceSender services_;
};

}  // namespace millwright::hub
