// The event stream: tells every open console what changed, at most once a second for each machine.
#pragma once

#include <map>
#include <set>
#include <stop_token>
#include <string>

#include "core/result.h"
#include "core/time.h"
#include "http/server.h"
#include "hub/api/context.h"
#include "hub/ingest/changes.h"
#include "store/database.h"

namespace millwright::hub {

/// Owned by one thread. Borrows everything; all outlive it.
class Live {
 public:
  Live(const ApiContext& context, ChangeFeed& feed, http::Server& server)
      : context_(context), feed_(feed), server_(server) {}

  /// Until the stop; looks four times a second.
  void Run(const std::stop_token& stop);
  /// One look: alarms at once; machines, devices, rollouts and the tick when their second has come.
  [[nodiscard]] Result<void> Step(store::Database& database);

 private:
  [[nodiscard]] Result<void> SendAlarms(store::Database& database);
  [[nodiscard]] Result<void> SendMachines(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> SendDevices(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> SendRollouts(store::Database& database, Nanos now);
  [[nodiscard]] Result<void> SendTick(store::Database& database, Nanos now);

  struct Told {
    bool online = false;
    Nanos at = 0;  // monotonic
  };

  const ApiContext& context_;
  ChangeFeed& feed_;
  http::Server& server_;
  Changes waiting_;
  Nanos next_second_ = 0;                        // monotonic
  std::map<std::string, std::string> machines_;  // "site/asset" -> the entry told last
  std::map<std::string, Told> devices_;
};

/// /api/v1/stream
void AddStreamRoute(http::Router& router, const ApiContext& context);

}  // namespace millwright::hub
