// Turns new events into what the API reads: alarms, current state, assets, spectra, gaps, minutes.
// Runs in the transaction that stores the events, once for each, in any order of arrival.
#pragma once

#include <cstdint>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "hub/ingest/changes.h"
#include "store/database.h"
#include "wire/event.pb.h"

namespace millwright::hub {

/// Where an event came from and when.
struct Origin {
  std::string device, site;
  uint64_t epoch = 0;
  Nanos received = 0;
  Nanos sent = 0;  // device clock when the batch was handed to MQTT; 0: not told
};

/// When, by the hub's clock, something with device time `ts` was true: arrival minus its age when
/// it was sent. A wrong device clock cancels out; a batch out of a backlog stays as old as it is.
/// Without `sent` both clocks are taken as one.
[[nodiscard]] Nanos AsOf(const Origin& origin, Nanos ts);

class Projector {
 public:
  explicit Projector(store::Database& database) : database_(database) {}

  /// For an event that passed CheckContent and was new to the ledger.
  [[nodiscard]] Result<void> Project(const Origin& origin, const wire::Event& event,
                                     Changes& changes);

 private:
  [[nodiscard]] Result<void> OnAlarm(const Origin& origin, const wire::Event& event,
                                     Changes& changes);
  [[nodiscard]] Result<void> OnState(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnGap(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnHealth(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnFeatures(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnSpectrum(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnAssetInfo(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> OnBaseline(const Origin& origin, const wire::Event& event);

  [[nodiscard]] Result<void> OnRecommissioned(const Origin& origin, const wire::Event& event);

  [[nodiscard]] Result<void> IndexBatch(const Origin& origin, const wire::Event& event);
  [[nodiscard]] Result<void> AddMinutes(const Origin& origin, const wire::FeatureBatch& batch);
  [[nodiscard]] Result<std::string> FaultCode(const Origin& origin, const std::string& asset,
                                              uint32_t index);
  [[nodiscard]] Result<void> EnsureAsset(const Origin& origin, const std::string& asset,
                                         const std::string& area);
  [[nodiscard]] Result<void> AlarmToMachine(const Origin& origin, const wire::Event& event);

  store::Database& database_;
};

}  // namespace millwright::hub
