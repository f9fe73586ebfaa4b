// What ingest counts, as Prometheus sees it.
#pragma once

#include <array>
#include <cstdint>
#include <map>

#include "hub/ingest/decode.h"
#include "metrics/registry.h"

namespace millwright::hub {

/// Counted while a transaction is open, added to the meters when it is committed: a rolled back
/// group counts nothing twice.
struct IngestTally {
  uint64_t events = 0, telemetry = 0, known = 0, conflicts = 0, forgotten = 0;
  std::map<Reject, uint64_t> rejected;
};

class IngestMeters {
 public:
  explicit IngestMeters(metrics::Registry& registry);
  void Add(const IngestTally& tally);
  void Rejected(Reject reason) { rejected_[static_cast<size_t>(reason)]->Add(); }

  metrics::Counter& messages_events;
  metrics::Counter& messages_telemetry;
  metrics::Counter& messages_status;
  metrics::Counter& acks;
  metrics::Counter& acks_unsent;
  metrics::Counter& commit_failures;
  metrics::Counter& disconnects;
  metrics::Gauge& broker_connected;
  metrics::Gauge& last_commit;
  metrics::Histogram& commit_seconds;
  metrics::Histogram& group_messages;

 private:
  metrics::Counter& events_;
  metrics::Counter& telemetry_;
  metrics::Counter& known_;
  metrics::Counter& conflicts_;
  metrics::Counter& forgotten_;
  std::array<metrics::Counter*, std::size(kRejects)> rejected_{};
};

}  // namespace millwright::hub
