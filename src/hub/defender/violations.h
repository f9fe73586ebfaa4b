// Violations in the database: begun, ended, judged by people.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "defender/detect.h"
#include "store/database.h"

namespace millwright::hub {

struct Violation {
  std::string id, thing, profile, behavior;
  std::string criteria;  // the behaviour as it was then, JSON
  std::string value;     // MetricValue as JSON
  Nanos began = 0;
  std::string verification, note;
};
struct ViolationEvent {
  int64_t number = 0;
  Violation violation;  // `value` is the event's
  std::string type;     // "in-alarm", "alarm-cleared", "alarm-invalidated"
  Nanos at = 0;
};

/// Empty: any. Pages go by `after` and `limit`.
struct ViolationQuery {
  std::string thing{}, profile{}, verification{};
  std::string after{};  // of active ones: an id; of events: a number
  int limit = 100;
};
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;  // empty: the last one
};

/// In the caller's transaction. A change that ends nothing that is known is left out.
[[nodiscard]] Result<void> StoreChange(store::Database& database,
                                       const defender::ViolationChange& change);
[[nodiscard]] Result<Page<Violation>> ListActive(store::Database& database,
                                                 const ViolationQuery& query);
/// Oldest first, from `begin` up to and with `end`.
[[nodiscard]] Result<Page<ViolationEvent>> ListEvents(store::Database& database,
                                                      const ViolationQuery& query, Nanos begin,
                                                      Nanos end);
/// `state` is one of AWS' four; the note has at most 1000 characters. kNotFound, kInvalid.
[[nodiscard]] Result<void> Verify(store::Database& database, std::string_view id,
                                  std::string_view state, std::string_view note);
/// Of a profile that goes, or a behaviour that it no longer has: ends them as invalidated.
[[nodiscard]] Result<void> EndOthers(store::Database& database, std::string_view profile,
                                     const std::vector<std::string>& behaviors_left, Nanos at);

}  // namespace millwright::hub
