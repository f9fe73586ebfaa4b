// Alarms as the API shows them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "http/json_writer.h"
#include "hub/ingest/spark.h"
#include "hub/labels/standing.h"
#include "store/database.h"
#include "wire/event.pb.h"

namespace millwright::hub {

struct AlarmView {
  std::string device, key, site, area, asset, name;
  int64_t level = 0;
  std::string fault, action;
  double score = 0;
  std::string model_name, model_hash, cause_id;
  double speed_hz = 0, decision_ms = 0;
  bool steady = false;
  bool cleared = false;
  Nanos raised = 0, updated = 0, cleared_at = 0, arrived = 0;
  Spark spark;
  wire::Alarm evidence;              // contributions, marks, window
  Standing standing;                 // what people said of it
  int64_t baseline_version = 1;      // that it was judged by
  std::string closed_by, closed_as;  // by a service: who, "repaired" or "replaced"
};

struct AlarmPlace {  // where a page ends: the last alarm's own order
  Nanos raised = 0;
  std::string device, key;
};
struct AlarmFilter {
  bool open_only = false;
  std::string site, asset;  // empty: all
  std::optional<AlarmPlace> after;
  int limit = 50;
};

/// Newest first.
[[nodiscard]] Result<std::vector<AlarmView>> LoadAlarms(store::Database& database,
                                                        const AlarmFilter& filter);
/// Open ones, worst first, then newest.
[[nodiscard]] Result<std::vector<AlarmView>> LoadWorstAlarms(store::Database& database, int limit);
[[nodiscard]] Result<std::optional<AlarmView>> LoadAlarm(store::Database& database,
                                                         std::string_view device,
                                                         std::string_view key);
struct AlarmCounts {
  int64_t all = 0, open = 0;
  std::optional<Nanos> oldest_open;
};
[[nodiscard]] Result<AlarmCounts> CountAlarms(store::Database& database);

/// One phrase on why it was raised, from its evidence.
[[nodiscard]] std::string WhyOf(const AlarmView& alarm);
/// ALARM of docs/formats/api.md.
void WriteAlarm(http::JsonWriter& json, const AlarmView& alarm);
/// Its part that people wrote: verdict, shelving, question.
void WriteStanding(http::JsonWriter& json, const Standing& standing);
/// An alarm's id in paths and bodies, taken apart; nothing where it is none.
[[nodiscard]] std::optional<std::pair<std::string, std::string>> SplitAlarmId(std::string_view id);
void WriteMarks(http::JsonWriter& json,
                const google::protobuf::RepeatedPtrField<wire::Mark>& marks);

}  // namespace millwright::hub
