// The whole board in one answer.
#pragma once

#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "hub/api/alarm_view.h"
#include "hub/api/context.h"
#include "hub/api/machine_view.h"

namespace millwright::hub {

struct SiteView {
  std::string site;
  int64_t gateways = 0, online = 0;
  Nanos last_seen = 0;      // of any of its gateways
  Nanos online_since = 0;   // the oldest of those that are online
  Nanos late_at = 0;        // when the last event came that had waited for the link; 0: long ago
  int64_t late_events = 0;  // how many had waited
  bool link_up = false;
};
/// Sites by name. A link is lost when none of the site's gateways is heard.
[[nodiscard]] Result<std::vector<SiteView>> LoadSites(store::Database& database,
                                                      const Freshness& freshness, Nanos now);
/// When any gateway was last heard; 0: never.
[[nodiscard]] Result<Nanos> LastHeard(store::Database& database);

/// The board's JSON. Built at most twice a second however many ask.
class Board {
 public:
  [[nodiscard]] Result<std::string> Json(store::Database& database, const ApiContext& context);
  /// The next Json builds anew.
  void Forget();

 private:
  Mutex mutex_;
  std::string cached_ MW_GUARDED_BY(mutex_);
  Nanos built_ MW_GUARDED_BY(mutex_) = INT64_MIN;
};

/// One board, not cached.
[[nodiscard]] Result<std::string> BuildBoard(store::Database& database, const Freshness& freshness,
                                             Nanos now);

void AddBoardRoutes(http::Router& router, const ApiContext& context, Board& board);

}  // namespace millwright::hub
