// What a person has to look at, worst first, and how the looking goes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "hub/labels/labels.h"
#include "store/database.h"

namespace millwright::hub {

enum class InboxView : uint8_t { kToJudge, kShelved, kJudged, kOpinion, kAll };
[[nodiscard]] std::string_view Name(InboxView view);  // judge shelved judged opinion all
[[nodiscard]] std::optional<InboxView> InboxViewOf(std::string_view name);

struct InboxQuery {
  InboxView view = InboxView::kToJudge;
  std::string site{};  // empty: all plants
  int limit = 200;
};
/// Worst first, then newest; what was judged: the newest verdict first. An alarm whose colleague is
/// asked waits under kOpinion and not under kToJudge.
[[nodiscard]] Result<std::vector<AlarmRef>> LoadInbox(store::Database& database,
                                                      const InboxQuery& query, Nanos now);

struct InboxCounts {
  int64_t judge = 0, shelved = 0, judged_today = 0, opinion = 0, all = 0;  // today: 24 h
};
[[nodiscard]] Result<InboxCounts> CountInbox(store::Database& database, std::string_view site,
                                             Nanos now);

/// How the alarms and the judging go. Shares over the last 90 days; unknown ones count on neither
/// side.
struct InboxFigures {
  double alarms_per_hour = 0;         // of the last 24 h
  std::optional<Nanos> to_verdict{};  // median from an alarm's arrival to its first verdict
  int64_t real = 0, known = 0;        // TRUE_POSITIVE of all that are not UNKNOWN
  int64_t twice = 0, agreed = 0;      // judged by several, and alike
};
[[nodiscard]] Result<InboxFigures> LoadFigures(store::Database& database, std::string_view site,
                                               Nanos now);

/// Judged alarms of the same fault on machines of the same class, newest first.
struct Similar {
  AlarmRef alarm;
  std::string asset, name, verdict, fault, reason;
  Nanos raised = 0;
};
struct SimilarAlarms {
  int64_t real = 0, known = 0;
  std::vector<Similar> newest{};
};
[[nodiscard]] Result<SimilarAlarms> LoadSimilar(store::Database& database, const AlarmRef& alarm,
                                                int limit);

}  // namespace millwright::hub
