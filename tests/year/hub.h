// The hub's side of the year: ingest, rollouts and delivery on one broker in this process, a signed
// repository beside it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "crypto/sign.h"
#include "hub/ingest/ingest.h"
#include "hub/rollout/delivery.h"
#include "hub/rollout/schedules.h"
#include "mqtt/fake.h"
#include "os/clock.h"
#include "os/files.h"

namespace millwright::year {

class YearHub {
 public:
  [[nodiscard]] static Result<std::unique_ptr<YearHub>> Make(const std::string& folder,
                                                             mqtt::FakeBroker& broker, Nanos utc);

  /// Signs the bundle in `bundle` as release `number`, good for as long as releases are by default;
  /// the path of its target.
  [[nodiscard]] Result<std::string> Sign(const std::string& bundle, int64_t number);
  void Work();
  void Sleep(Nanos length) { clock_.Advance(length); }

  /// The hub's own schedule: from `first` on the newest release every `days`.
  [[nodiscard]] Result<void> Schedule(Nanos first, int days, const hub::RolloutPolicy& policy);
  /// As it stands: when it is due next, and how many rollouts it has begun.
  [[nodiscard]] Result<Nanos> NextDue();
  [[nodiscard]] int64_t scheduled();
  [[nodiscard]] std::string root_file() const { return repository_ + "/metadata/1.root.json"; }
  [[nodiscard]] int64_t superseded();

 private:
  YearHub(std::string folder, mqtt::FakeBroker& broker, Nanos utc, crypto::PrivateKey key);
  [[nodiscard]] Result<void> MakeRepository();
  [[nodiscard]] Result<void> Open(const std::string& database);
  [[nodiscard]] int64_t Count(std::string_view condition);

  const std::string repository_;
  os::FakeClock clock_;
  os::RealFiles files_;
  std::vector<crypto::PrivateKey> keys_;
  metrics::Registry registry_;
  hub::IngestMeters meters_{registry_};
  hub::ChangeFeed feed_;
  hub::Releases releases_;
  std::unique_ptr<mqtt::Client> ingest_client_, delivery_client_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<hub::Ingest> ingest_;
  std::unique_ptr<hub::Rollouts> rollouts_;
  Zones zones_{files_};
  std::unique_ptr<hub::Schedules> schedules_;
  std::unique_ptr<hub::Delivery> delivery_;
};

}  // namespace millwright::year
