#include "hub/api/alarm_view.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "hub/api/machine_view.h"
#include "hub/api/words.h"
#include "hub/labels/baselines.h"
#include "hub/labels/words.h"

namespace millwright::hub {
namespace {

using store::Row;

#define MW_ALARM_COLUMNS                                                                        \
  "SELECT l.device, l.alarm_key, l.site, l.area, l.asset, a.name, l.level, l.fault, l.action, " \
  "l.score, l.model_name, "                                                                     \
  "l.model_hash, l.cause_id, l.speed_hz, l.steady, l.decision_ms, l.raised_ns, l.updated_ns, "  \
  "l.cleared_ns, "                                                                              \
  "l.arrived_ns, m.spark, e.payload, " MW_BASELINE_VERSION(                                     \
      "l", "l.raised_ns") ", COALESCE(s.who, ''), COALESCE(s.kind, ''), " MW_STANDING_COLUMNS   \
                          "FROM alarms l LEFT JOIN judgements j ON j.device = l.device AND "    \
                          "j.alarm_key = l.alarm_key "                                          \
                          "LEFT JOIN services s ON s.id = l.closed_by "                         \
                          "LEFT JOIN assets a ON a.site = l.site AND "                          \
                          "a.asset = l.asset "                                                  \
                          "LEFT JOIN machine_state m ON m.site = l.site AND m.asset = l.asset " \
                          "LEFT JOIN events e ON e.device = l.device AND e.epoch = "            \
                          "l.evidence_epoch AND e.lane = "                                      \
                          "l.evidence_lane "                                                    \
                          "AND e.seq = l.evidence_seq "

constexpr std::string_view kOne = MW_ALARM_COLUMNS "WHERE l.device = $1 AND l.alarm_key = $2";
constexpr std::string_view kWorst = MW_ALARM_COLUMNS
    "WHERE l.cleared_ns IS NULL ORDER BY l.level DESC, l.raised_ns DESC, l.device, l.alarm_key "
    "LIMIT $1";
constexpr std::string_view kNewest = MW_ALARM_COLUMNS
    "WHERE (l.raised_ns, l.device, l.alarm_key) < ($1, $2, $3) AND ($4 = 0 OR l.cleared_ns IS "
    "NULL) "
    "ORDER BY l.raised_ns DESC, l.device DESC, l.alarm_key DESC LIMIT $5";
constexpr std::string_view kNewestOfMachine = MW_ALARM_COLUMNS
    "WHERE l.site = $1 AND l.asset = $2 AND (l.raised_ns, l.device, l.alarm_key) < ($3, $4, $5) "
    "AND ($6 = 0 OR l.cleared_ns IS NULL) ORDER BY l.raised_ns DESC, l.device DESC, l.alarm_key "
    "DESC LIMIT $7";
#undef MW_ALARM_COLUMNS

AlarmView FromRow(const Row& row) {
  AlarmView view;
  view.device = row.Text(0);
  view.key = row.Text(1);
  view.site = row.Text(2);
  view.area = row.Text(3);
  view.asset = row.Text(4);
  view.name = row.IsNull(5) ? row.Text(4) : row.Text(5);
  view.level = row.Int(6);
  view.fault = row.Text(7);
  view.action = row.Text(8);
  view.score = row.Real(9);
  view.model_name = row.Text(10);
  view.model_hash = row.Text(11);
  view.cause_id = row.Text(12);
  view.speed_hz = row.Real(13);
  view.steady = row.Int(14) != 0;
  view.decision_ms = row.Real(15);
  view.raised = row.Int(16);
  view.updated = row.Int(17);
  view.cleared = !row.IsNull(18);
  view.cleared_at = row.Int(18);
  view.arrived = row.Int(19);
  view.spark = Spark::Unpack(row.Bytes(20));
  const store::Blob payload = row.Bytes(21);
  wire::Event event;
  if (!payload.empty() && event.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
    view.evidence = std::move(*event.mutable_alarm());
  view.baseline_version = row.Int(22);
  view.closed_by = row.Text(23);
  view.closed_as = row.Text(24);
  view.standing = StandingFromRow(row, 25);
  return view;
}

std::string Printed(const char* format, double a, double b) {
  char text[160];
  std::snprintf(text, sizeof text, format, a, b);
  return text;
}

// Of which spectrum a mark's line is: multiples of the shaft's speed ("1x") stand in the
// velocity's.
std::string LineOf(std::string_view mark) { return mark.ends_with('x') ? "Velocity" : "Envelope"; }

}  // namespace

Result<std::vector<AlarmView>> LoadAlarms(store::Database& database, const AlarmFilter& filter) {
  std::vector<AlarmView> views;
  const auto take = [&](const Row& row) { views.push_back(FromRow(row)); };
  const AlarmPlace after =
      filter.after.value_or(AlarmPlace{.raised = INT64_MAX, .device = {}, .key = {}});
  const int open_only = filter.open_only ? 1 : 0;
  if (filter.asset.empty())
    MW_TRY(database.Each(kNewest, {after.raised, after.device, after.key, open_only, filter.limit},
                         take));
  else
    MW_TRY(database.Each(
        kNewestOfMachine,
        {filter.site, filter.asset, after.raised, after.device, after.key, open_only, filter.limit},
        take));
  return views;
}

Result<std::vector<AlarmView>> LoadWorstAlarms(store::Database& database, int limit) {
  std::vector<AlarmView> views;
  MW_TRY(database.Each(kWorst, {limit}, [&](const Row& row) { views.push_back(FromRow(row)); }));
  return views;
}

Result<std::optional<AlarmView>> LoadAlarm(store::Database& database, std::string_view device,
                                           std::string_view key) {
  std::optional<AlarmView> view;
  MW_TRY(database.First(kOne, {device, key}, [&](const Row& row) { view = FromRow(row); }));
  return view;
}

Result<AlarmCounts> CountAlarms(store::Database& database) {
  AlarmCounts counts;
  MW_TRY(database.Each("SELECT COUNT(*) FROM alarms", {},
                       [&](const Row& row) { counts.all = row.Int(0); }));
  MW_TRY(database.Each("SELECT COUNT(*), MIN(raised_ns) FROM alarms WHERE cleared_ns IS NULL", {},
                       [&](const Row& row) {
                         counts.open = row.Int(0);
                         if (!row.IsNull(1)) counts.oldest_open = row.Int(1);
                       }));
  return counts;
}

std::string WhyOf(const AlarmView& alarm) {
  const auto& marks = alarm.evidence.marks();
  const auto mark =
      std::max_element(marks.begin(), marks.end(), [](const wire::Mark& a, const wire::Mark& b) {
        return a.times_baseline() < b.times_baseline();
      });
  if (mark != marks.end() && mark->found_hz() > 0 && mark->times_baseline() >= 2)
    return LineOf(mark->name()) +
           Printed(" line at %.1f Hz (", static_cast<double>(mark->found_hz()), 0) + mark->name() +
           ") is " +
           Printed("%.0f times its baseline.", static_cast<double>(mark->times_baseline()), 0);
  const auto& parts = alarm.evidence.contributions();
  const auto part = std::max_element(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
    return a.share() < b.share();
  });
  if (part != parts.end() && part->share() > 0)
    return FeatureName(part->feature()) + Printed(" moved the score most (%.0f %% of it).",
                                                  100.0 * static_cast<double>(part->share()), 0);
  return Printed("The score reached %.2f.", alarm.score, 0);
}

void WriteMarks(http::JsonWriter& json,
                const google::protobuf::RepeatedPtrField<wire::Mark>& marks) {
  json.BeginArray();
  for (const wire::Mark& mark : marks) {
    json.BeginObject()
        .Field("name", mark.name())
        .Field("expected_hz", mark.expected_hz())
        .Key("found_hz");
    if (mark.found_hz() > 0)
      json.Float(mark.found_hz());
    else
      json.Null();
    json.Field("times_baseline", mark.times_baseline()).EndObject();
  }
  json.EndArray();
}

void WriteAlarm(http::JsonWriter& json, const AlarmView& alarm) {
  json.BeginObject().Field("id", AlarmId(alarm.device, alarm.key)).Field("alarm_key", alarm.key);
  json.Field("site", alarm.site)
      .Field("area", alarm.area)
      .Field("asset", alarm.asset)
      .Field("name", alarm.name);
  json.Field("device", alarm.device)
      .Field("level", LevelWord(alarm.level))
      .Field("fault", alarm.fault);
  json.Field("fault_name", FaultName(alarm.fault)).Field("action", alarm.action);
  json.Field("score", static_cast<float>(alarm.score))
      .Field("state", alarm.cleared ? "cleared" : "open");
  json.Field("raised_ms", Milliseconds(alarm.raised))
      .Field("updated_ms", Milliseconds(alarm.updated));
  json.Key("cleared_ms");
  if (alarm.cleared)
    json.Integer(Milliseconds(alarm.cleared_at));
  else
    json.Null();
  json.Field("model_name", alarm.model_name)
      .Field("model_hash", alarm.model_hash)
      .Field("why", WhyOf(alarm));
  json.Field("speed_hz", static_cast<float>(alarm.speed_hz)).Field("steady", alarm.steady);
  json.Key("contributions").BeginArray();
  for (const wire::Contribution& part : alarm.evidence.contributions())
    json.BeginObject().Field("feature", part.feature()).Field("share", part.share()).EndObject();
  json.EndArray().Key("marks");
  WriteMarks(json, alarm.evidence.marks());
  json.Field("cause_id", alarm.cause_id).Key("spark");
  WriteSpark(json, alarm.spark);
  json.Field("decision_ms", static_cast<float>(alarm.decision_ms));
  json.Field("arrived_ms", Milliseconds(alarm.arrived));
  json.Field("baseline_version", alarm.baseline_version);
  json.Field("closed_by", alarm.closed_by).Field("closed_as", alarm.closed_as);
  WriteStanding(json, alarm.standing);
  json.EndObject();
}

void WriteStanding(http::JsonWriter& json, const Standing& s) {
  json.Key("verdict");
  if (s.judged()) {
    json.BeginObject().Field("state", s.verdict).Field("rating", s.rating);
    json.Field("fault", s.fault).Field("fault_name", FaultName(s.fault));
    const Reason* reason = FindReason(s.reason);
    json.Field("reason", s.reason)
        .Field("reason_words", reason == nullptr ? std::string_view() : reason->words);
    json.Field("note", s.note).Field("who", s.who).Field("at_ms", Milliseconds(s.at));
    json.Field("act", s.act).Field("opinions", s.opinions).Field("agreed", s.agreed).EndObject();
  } else {
    json.Null();
  }
  json.Key("shelved");  // until_ms null: until the machine is repaired
  if (s.shelved_until != 0) {
    json.BeginObject().Key("until_ms");
    if (s.shelved_until == Standing::kUntilRepaired)
      json.Null();
    else
      json.Integer(Milliseconds(s.shelved_until));
    json.Field("who", s.shelved_by).EndObject();
  } else {
    json.Null();
  }
  json.Key("asked");
  if (s.asked != 0)
    json.BeginObject()
        .Field("at_ms", Milliseconds(s.asked))
        .Field("who", s.asked_by)
        .Field("note", s.question)
        .EndObject();
  else
    json.Null();
}

// Device ids hold no '~'.
std::optional<std::pair<std::string, std::string>> SplitAlarmId(std::string_view id) {
  const size_t tilde = id.find('~');
  if (tilde == std::string_view::npos) return std::nullopt;
  return std::pair(std::string(id.substr(0, tilde)), std::string(id.substr(tilde + 1)));
}

}  // namespace millwright::hub
