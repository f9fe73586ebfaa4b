#include "hub/labels/inbox.h"

#include <algorithm>

namespace millwright::hub {
namespace {

using store::Row;

constexpr std::string_view kViews[] = {"judge", "shelved", "judged", "opinion", "all"};
constexpr Nanos kDayLong = int64_t{86'400} * kSecond;
constexpr Nanos kFiguresOver = 90 * kDayLong;

// $1 now, $2 site, named in this order. COALESCE: an alarm that nobody has touched has no row.
#define MW_STANDS                                                                   \
  " FROM alarms l LEFT JOIN judgements j ON j.device = l.device AND j.alarm_key = " \
  "l.alarm_key WHERE $1 > 0 AND ($2 = '' OR l.site = $2) "
#define MW_IS_JUDGED "COALESCE(j.verdict, '') <> ''"
#define MW_IS_SHELVED "COALESCE(j.shelved_until_ns, 0) > $1"
#define MW_IS_ASKED "COALESCE(j.asked_ns, 0) > 0"
#define MW_TO_JUDGE "NOT " MW_IS_JUDGED " AND NOT " MW_IS_SHELVED " AND NOT " MW_IS_ASKED
#define MW_WORST_FIRST " ORDER BY l.level DESC, l.raised_ns DESC, l.device, l.alarm_key LIMIT $3"

std::string_view QueryOf(InboxView view) {
  switch (view) {
    case InboxView::kToJudge:
      return "SELECT l.device, l.alarm_key" MW_STANDS "AND " MW_TO_JUDGE MW_WORST_FIRST;
    case InboxView::kShelved:
      return "SELECT l.device, l.alarm_key" MW_STANDS "AND NOT " MW_IS_JUDGED
             " AND " MW_IS_SHELVED MW_WORST_FIRST;
    case InboxView::kJudged:
      return "SELECT l.device, l.alarm_key" MW_STANDS "AND " MW_IS_JUDGED
             " ORDER BY j.at_ns DESC, l.device, l.alarm_key LIMIT $3";
    case InboxView::kOpinion:
      return "SELECT l.device, l.alarm_key" MW_STANDS "AND " MW_IS_ASKED MW_WORST_FIRST;
    case InboxView::kAll:
      break;
  }
  return "SELECT l.device, l.alarm_key" MW_STANDS
         "ORDER BY l.raised_ns DESC, l.device, l.alarm_key LIMIT $3";
}

AlarmRef RefFrom(const Row& row) {
  return {.device = std::string(row.Text(0)), .key = std::string(row.Text(1))};
}

}  // namespace

std::string_view Name(InboxView view) { return kViews[static_cast<size_t>(view)]; }
std::optional<InboxView> InboxViewOf(std::string_view name) {
  const auto* at = std::ranges::find(kViews, name);
  if (at == std::end(kViews)) return std::nullopt;
  return static_cast<InboxView>(at - std::begin(kViews));
}

Result<std::vector<AlarmRef>> LoadInbox(store::Database& database, const InboxQuery& query,
                                        Nanos now) {
  std::vector<AlarmRef> alarms;
  MW_TRY(database.Each(QueryOf(query.view), {now, query.site, query.limit},
                       [&](const Row& row) { alarms.push_back(RefFrom(row)); }));
  return alarms;
}

Result<InboxCounts> CountInbox(store::Database& database, std::string_view site, Nanos now) {
  InboxCounts counts;
  MW_TRY(database.Each("SELECT COALESCE(SUM(CASE WHEN " MW_TO_JUDGE " THEN 1 ELSE 0 END), 0), "
                       "COALESCE(SUM(CASE WHEN NOT " MW_IS_JUDGED " AND " MW_IS_SHELVED
                       " THEN 1 ELSE 0 END), 0), "
                       "COALESCE(SUM(CASE WHEN " MW_IS_JUDGED
                       " AND j.at_ns >= $1 - 86400000000000 THEN 1 ELSE 0 END), 0), "
                       "COALESCE(SUM(CASE WHEN " MW_IS_ASKED
                       " THEN 1 ELSE 0 END), 0), COUNT(*)" MW_STANDS,
                       {now, site}, [&](const Row& row) {
                         counts = {.judge = row.Int(0),
                                   .shelved = row.Int(1),
                                   .judged_today = row.Int(2),
                                   .opinion = row.Int(3),
                                   .all = row.Int(4)};
                       }));
  return counts;
}

Result<InboxFigures> LoadFigures(store::Database& database, std::string_view site, Nanos now) {
  InboxFigures figures;
  MW_TRY(database.Each(
      "SELECT COUNT(*) FROM alarms WHERE raised_ns >= $1 AND ($2 = '' OR site = $2)",
      {now - kDayLong, site},
      [&](const Row& row) { figures.alarms_per_hour = static_cast<double>(row.Int(0)) / 24; }));
  MW_TRY(database.Each(
      "SELECT COALESCE(SUM(CASE WHEN j.verdict = 'TRUE_POSITIVE' THEN 1 ELSE 0 END), 0), "
      "COALESCE(SUM(CASE WHEN j.verdict IN ('', 'UNKNOWN') THEN 0 ELSE 1 END), 0), "
      "COALESCE(SUM(CASE WHEN j.opinions > 1 THEN 1 ELSE 0 END), 0), "
      "COALESCE(SUM(CASE WHEN j.opinions > 1 AND j.agreed = 1 THEN 1 ELSE 0 END), 0) "
      "FROM judgements j JOIN alarms l ON l.device = j.device AND l.alarm_key = j.alarm_key "
      "WHERE j.at_ns >= $1 AND ($2 = '' OR l.site = $2)",
      {now - kFiguresOver, site}, [&](const Row& row) {
        figures.real = row.Int(0);
        figures.known = row.Int(1);
        figures.twice = row.Int(2);
        figures.agreed = row.Int(3);
      }));
  std::vector<Nanos> took;
  MW_TRY(database.Each(
      "SELECT MIN(at_ns) - MIN(arrived_ns) FROM labels WHERE alarm_key <> '' AND undone_ns IS NULL "
      "AND at_ns >= $1 AND ($2 = '' OR site = $2) GROUP BY device, alarm_key LIMIT 20000",
      {now - kFiguresOver, site}, [&](const Row& row) { took.push_back(row.Int(0)); }));
  if (took.empty()) return figures;
  const auto middle = took.begin() + static_cast<std::ptrdiff_t>(took.size() / 2);
  std::nth_element(took.begin(), middle, took.end());
  figures.to_verdict = *middle;
  return figures;
}

Result<SimilarAlarms> LoadSimilar(store::Database& database, const AlarmRef& alarm, int limit) {
  SimilarAlarms out;
  std::string fault, machine_class;
  MW_TRY(database.First(
      "SELECT l.fault, COALESCE(a.machine_class, '') FROM alarms l LEFT JOIN assets a ON a.site = "
      "l.site AND a.asset = l.asset WHERE l.device = $1 AND l.alarm_key = $2",
      {alarm.device, alarm.key}, [&](const Row& row) {
        fault = row.Text(0);
        machine_class = row.Text(1);
      }));
  const auto take = [&](const Row& row) {
    const std::string verdict(row.Text(4));
    out.known += verdict == "UNKNOWN" ? 0 : 1;
    out.real += verdict == "TRUE_POSITIVE" ? 1 : 0;
    if (out.newest.size() >= static_cast<size_t>(limit)) return;
    out.newest.push_back({.alarm = RefFrom(row),
                          .asset = std::string(row.Text(2)),
                          .name = std::string(row.Text(3)),
                          .verdict = verdict,
                          .fault = std::string(row.Text(5)),
                          .reason = std::string(row.Text(6)),
                          .raised = row.Int(7)});
  };
  MW_TRY(database.Each(
      "SELECT l.device, l.alarm_key, l.asset, COALESCE(a.name, l.asset), j.verdict, j.fault, "
      "j.reason, l.raised_ns FROM judgements j JOIN alarms l ON l.device = j.device AND "
      "l.alarm_key = j.alarm_key LEFT JOIN assets a ON a.site = l.site AND a.asset = l.asset WHERE "
      "j.verdict <> '' AND l.fault = $1 AND COALESCE(a.machine_class, '') = $2 AND NOT (l.device = "
      "$3 AND l.alarm_key = $4) ORDER BY l.raised_ns DESC LIMIT 500",
      {fault, machine_class, alarm.device, alarm.key}, take));
  return out;
}

}  // namespace millwright::hub
