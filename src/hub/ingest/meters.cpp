#include "hub/ingest/meters.h"

#include <string>

namespace millwright::hub {
namespace {

metrics::Counter& Messages(metrics::Registry& registry, const char* kind) {
  return registry.AddCounter("millwright_hub_messages_total", "MQTT messages taken from devices.",
                             {{"kind", kind}});
}
metrics::Counter& Stored(metrics::Registry& registry, const char* kind) {
  return registry.AddCounter("millwright_hub_events_total", "Events stored, each once.",
                             {{"kind", kind}});
}

}  // namespace

IngestMeters::IngestMeters(metrics::Registry& registry)
    : messages_events(Messages(registry, "events")),
      messages_telemetry(Messages(registry, "telemetry")),
      messages_status(Messages(registry, "status")),
      acks(registry.AddCounter("millwright_hub_acks_total",
                               "Acks handed to the broker after a commit.")),
      acks_unsent(registry.AddCounter("millwright_hub_acks_unsent_total",
                                      "Acks that could not be sent; the device sends again.")),
      commit_failures(registry.AddCounter("millwright_hub_commit_failures_total",
                                          "Transactions that failed; nothing of them was acked.")),
      disconnects(registry.AddCounter("millwright_hub_broker_disconnects_total",
                                      "Connections to the broker lost.")),
      broker_connected(
          registry.AddGauge("millwright_hub_broker_connected", "1 while connected to the broker.")),
      last_commit(registry.AddGauge("millwright_hub_last_commit_timestamp_seconds",
                                    "When events were last stored.")),
      commit_seconds(registry.AddHistogram(
          "millwright_hub_commit_seconds", "From begin of a transaction to its fsync.",
          {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5})),
      group_messages(registry.AddHistogram("millwright_hub_commit_messages",
                                           "MQTT messages that shared a transaction.",
                                           {1, 2, 4, 8, 16, 32, 64, 128, 256})),
      events_(Stored(registry, "event")),
      telemetry_(Stored(registry, "telemetry")),
      known_(registry.AddCounter("millwright_hub_duplicate_events_total",
                                 "Events that came again and were already stored.")),
      conflicts_(registry.AddCounter(
          "millwright_hub_conflicting_events_total",
          "Events whose id was stored with other content; the first one stays.")),
      forgotten_(registry.AddCounter(
          "millwright_hub_forgotten_events_total",
          "Events that a hub had acked and this database, restored from a backup, lacks.")) {
  for (const Reject reason : kRejects)
    rejected_[static_cast<size_t>(reason)] = &registry.AddCounter(
        "millwright_hub_rejected_payloads_total", "Payloads or events that were refused.",
        {{"reason", std::string(Name(reason))}});
}

void IngestMeters::Add(const IngestTally& tally) {
  events_.Add(tally.events);
  telemetry_.Add(tally.telemetry);
  known_.Add(tally.known);
  conflicts_.Add(tally.conflicts);
  forgotten_.Add(tally.forgotten);
  for (const auto& [reason, count] : tally.rejected)
    rejected_[static_cast<size_t>(reason)]->Add(count);
}

}  // namespace millwright::hub
