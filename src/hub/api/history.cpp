#include "hub/api/history.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "hub/api/alarm_view.h"
#include "hub/api/words.h"
#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

struct Entry {
  Nanos at = 0;
  std::string_view kind;
  std::string text, alarm_id, fault_name;
  std::string_view level, state;  // empty: does not apply
  std::optional<double> score;
  std::optional<Nanos> to;
};

// "4 min", "12 s", "3 h".
std::string Lasting(Nanos length) {
  const int64_t seconds = length / kSecond;
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 7200) return std::to_string(seconds / 60) + " min";
  return std::to_string(seconds / 3600) + " h";
}

std::string GapPhrase(std::string_view channel, std::string_view cause) {
  const std::string what = channel.empty() ? "Readings" : "Readings of " + std::string(channel);
  if (cause == "not_received") return what + " did not arrive";
  if (cause == "agent_down") return what + " missed: the gateway was down";
  if (cause == "dropped_overload") return what + " dropped: the gateway was overloaded";
  if (cause == "evicted") return "Telemetry gave way to newer: the gateway's store was full";
  if (cause == "hub_restored") return "Events lost: the hub was restored from an older backup";
  if (cause == "sensor_stuck") return what + " stood still: the sensor is stuck";
  return what + " missing (" + FaultName(cause) + ")";
}

std::string StatePhrase(int64_t from, int64_t to, std::string_view reason) {
  if (from == wire::STATE_LEARNING && to == wire::STATE_RUNNING)
    return "Commissioned: its healthy baseline is learned";
  std::string text;
  switch (to) {
    case wire::STATE_LEARNING:
      text = "Learning its healthy baseline";
      break;
    case wire::STATE_RUNNING:
      text = "Running";
      break;
    case wire::STATE_STOPPED:
      text = "Stopped";
      break;
    case wire::STATE_SHELVED:
      text = "Shelved";
      break;
    case wire::STATE_OUT_OF_SERVICE:
      text = "Out of service";
      break;
    default:
      text = "Not known";
      break;
  }
  return reason.empty() ? text : text + ": " + std::string(reason);
}

Result<void> AddAlarms(std::vector<Entry>& entries, store::Database& database,
                       const MachineView& machine) {
  MW_TRY(const std::vector<AlarmView> alarms,
         LoadAlarms(
             database,
             {.site = machine.site, .asset = machine.asset, .after = {}, .limit = kHistoryMax}));
  for (const AlarmView& alarm : alarms) {
    const std::string id = AlarmId(alarm.device, alarm.key);
    const std::string fault = FaultName(alarm.fault);
    const std::string text =
        "Raised" + (fault.empty() ? std::string() : ": " + fault) + ". " + WhyOf(alarm);
    entries.push_back({.at = alarm.raised,
                       .kind = "alarm",
                       .text = text,
                       .alarm_id = id,
                       .fault_name = fault,
                       .level = LevelWord(alarm.level),
                       .state = {},
                       .score = alarm.score,
                       .to = {}});
    if (!alarm.cleared) continue;
    entries.push_back({.at = alarm.cleared_at,
                       .kind = "alarm",
                       .text = "Cleared after " + Lasting(alarm.cleared_at - alarm.raised),
                       .alarm_id = id,
                       .fault_name = fault,
                       .level = "none",
                       .state = {},
                       .score = {},
                       .to = {}});
  }
  return {};
}

Result<void> AddStates(std::vector<Entry>& entries, store::Database& database,
                       const MachineView& machine) {
  return database.Each(
      "SELECT ts_ns, from_state, to_state, reason FROM state_changes WHERE site = $1 AND asset = "
      "$2 "
      "ORDER BY ts_ns DESC LIMIT $3",
      {machine.site, machine.asset, kHistoryMax}, [&](const store::Row& row) {
        const bool learned =
            row.Int(1) == wire::STATE_LEARNING && row.Int(2) == wire::STATE_RUNNING;
        entries.push_back({.at = row.Int(0),
                           .kind = learned ? "commissioned" : "state",
                           .text = StatePhrase(row.Int(1), row.Int(2), row.Text(3)),
                           .alarm_id = {},
                           .fault_name = {},
                           .level = {},
                           .state = StateWord(row.Int(2)),
                           .score = {},
                           .to = {}});
      });
}

Result<void> AddGaps(std::vector<Entry>& entries, store::Database& database,
                     const MachineView& machine) {
  const auto take = [&](const store::Row& row) {
    entries.push_back({.at = row.Int(0),
                       .kind = "gap",
                       .text = GapPhrase(row.Text(2), row.Text(3)),
                       .alarm_id = {},
                       .fault_name = {},
                       .level = {},
                       .state = {},
                       .score = {},
                       .to = row.Int(1)});
  };
  MW_TRY(database.Each(
      "SELECT from_ns, to_ns, channel, cause FROM gaps WHERE site = $1 AND asset = $2 "
      "ORDER BY to_ns DESC LIMIT $3",
      {machine.site, machine.asset, kHistoryMax}, take));
  return database.Each(
      "SELECT from_ns, to_ns, channel, cause FROM gaps WHERE device = $1 AND asset = '' "
      "ORDER BY to_ns DESC LIMIT $2",
      {machine.device, kHistoryMax}, take);
}

void WriteEntry(http::JsonWriter& json, const Entry& entry) {
  json.BeginObject()
      .Field("ts_ms", Milliseconds(entry.at))
      .Field("kind", entry.kind)
      .Field("text", entry.text);
  if (!entry.level.empty()) json.Field("level", entry.level);
  if (!entry.state.empty()) json.Field("state", entry.state);
  if (!entry.fault_name.empty()) json.Field("fault_name", entry.fault_name);
  if (!entry.alarm_id.empty()) json.Field("alarm_id", entry.alarm_id);
  if (entry.score) json.Field("score", static_cast<float>(*entry.score));
  if (entry.to) json.Field("to_ms", Milliseconds(*entry.to));
  json.EndObject();
}

}  // namespace

Result<void> WriteHistory(http::JsonWriter& json, store::Database& database,
                          const MachineView& machine) {
  std::vector<Entry> entries;
  MW_TRY(AddAlarms(entries, database, machine));
  MW_TRY(AddStates(entries, database, machine));
  MW_TRY(AddGaps(entries, database, machine));
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return a.at > b.at; });
  if (entries.size() > kHistoryMax) entries.resize(kHistoryMax);
  json.BeginArray();
  for (const Entry& entry : entries) WriteEntry(json, entry);
  json.EndArray();
  return {};
}

}  // namespace millwright::hub
