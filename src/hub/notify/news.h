// What there is to tell, and what of it was considered before: read from the hub's own tables. What
// was considered is noted in the transaction that writes its deliveries, so a kill between two
// loses nothing and tells nothing twice.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/notify/options.h"
#include "store/database.h"

namespace millwright::hub::notify {

struct News {
  Kind kind = Kind::kRaised;
  Level level = Level::kWarning;
  Level before = Level::kNone;  // of an alarm that was told of already
  std::string cause{};          // what has one cause is one message
  std::string subject{};        // "device~alarm_key", a device, a rollout
  std::vector<std::string> sites{};
  std::string device{}, alarm_key{}, asset{}, name{}, fault{}, action{};
  double score = 0;
  Nanos at = 0;
  bool cleared = false;
  std::string words{};           // of a rollout: why it halted; of a work order: who, and the note
  std::string escalated_from{};  // the route on which nobody judged it in time

  [[nodiscard]] const std::string& site() const;  // the first; empty: none
};

/// Alarms that are higher than what was considered of them, those that arrived first coming first.
[[nodiscard]] Result<std::vector<News>> LoadAlarmNews(store::Database& database, int64_t limit);
[[nodiscard]] Result<void> MarkAlarm(store::Database& database, const News& news);
/// One alarm as it is now. kNotFound.
[[nodiscard]] Result<News> LoadAlarm(store::Database& database, std::string_view device,
                                     std::string_view key);
/// Gateways last heard before `heard_before` that were not told of since they were heard.
[[nodiscard]] Result<std::vector<News>> LoadSilentGateways(store::Database& database,
                                                           Nanos heard_before, int64_t limit);
/// Rollouts that halted after `since` and were not told of.
[[nodiscard]] Result<std::vector<News>> LoadHaltedRollouts(store::Database& database, Nanos since,
                                                           int64_t limit);
/// Notes what was told about a subject that is no alarm.
[[nodiscard]] Result<void> MarkTold(store::Database& database, std::string_view kind,
                                    std::string_view subject, int64_t mark, Nanos now);
/// The mark; `fallback` where there is none.
[[nodiscard]] Result<int64_t> MarkOf(store::Database& database, std::string_view kind,
                                     std::string_view subject, int64_t fallback);

/// A JSON array of news, and back; what cannot be read is left out.
[[nodiscard]] std::string WriteNews(const std::vector<News>& news);
[[nodiscard]] std::vector<News> ReadNews(std::string_view json);

}  // namespace millwright::hub::notify
