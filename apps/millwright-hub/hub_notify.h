// The part of the hub that reaches people: a connection of its own to the database and one thread.
#pragma once

#include <memory>
#include <stop_token>
#include <thread>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/api/label_routes.h"
#include "hub/notify/notifier.h"
#include "hub_config.h"
#include "metrics/registry.h"
#include "os/clock.h"
#include "os/files.h"
#include "zone/time_zone.h"

namespace millwright::hub {

class HubNotify {
 public:
  /// The database is migrated already. Borrows the clock. Fails where a secret or a zone is
  /// missing.
  [[nodiscard]] static Result<std::unique_ptr<HubNotify>> Make(const HubConfig& config,
                                                               os::Clock& clock);
  ~HubNotify() { Stop(); }
  HubNotify(const HubNotify&) = delete;
  HubNotify& operator=(const HubNotify&) = delete;

  void Start();
  /// Waits for an attempt that is under way, at most for its timeout.
  void Stop();
  [[nodiscard]] notify::Notifier& notifier() { return *notifier_; }
  /// Ends escalation of what was judged, and lets a confirmed alarm become a work order.
  [[nodiscard]] OnVerdict VerdictTeller();
  /// The queue as metrics; before each scrape.
  static void Refresh(store::Database& reader, metrics::Registry& registry);

 private:
  HubNotify() = default;
  void Run(const std::stop_token& stop);

  os::RealFiles files_;
  Zones zones_{files_};
  std::unique_ptr<notify::Sender> sender_;
  std::unique_ptr<notify::Notifier> notifier_;
  Mutex idle_mutex_;
  CondVar idle_;
  std::jthread thread_;
};

}  // namespace millwright::hub
