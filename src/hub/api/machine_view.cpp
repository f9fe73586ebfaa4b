#include "hub/api/machine_view.h"

#include <cmath>

#include "hub/api/words.h"

namespace millwright::hub {
namespace {

#define MW_MACHINE_COLUMNS                                                                     \
  "SELECT a.site, a.area, a.asset, a.name, a.device, a.watch_from, d.online, d.last_seen_ns, " \
  "m.device, m.state, "                                                                        \
  "m.level, m.fault, m.score, m.value, m.value_name, m.value_unit, m.ts_ns, m.as_of_ns, "      \
  "m.since_ns, m.spark, m.learning_left_s "                                                    \
  "FROM assets a LEFT JOIN machine_state m ON m.site = a.site AND m.asset = a.asset "          \
  "LEFT JOIN devices d ON d.device = COALESCE(m.device, a.device) "

constexpr std::string_view kAll = MW_MACHINE_COLUMNS "ORDER BY a.site, a.area, a.asset";
constexpr std::string_view kOfDevice =
    MW_MACHINE_COLUMNS "WHERE a.device = $1 ORDER BY a.area, a.asset";
constexpr std::string_view kOne = MW_MACHINE_COLUMNS "WHERE a.site = $1 AND a.asset = $2";
#undef MW_MACHINE_COLUMNS

MachineView FromRow(const store::Row& row) {
  MachineView view;
  view.site = row.Text(0);
  view.area = row.Text(1);
  view.asset = row.Text(2);
  view.name = row.Text(3);
  view.device = row.Text(4);
  view.watch_from = row.Real(5);
  view.device_online = !row.IsNull(6) && row.Int(6) != 0;
  view.device_seen = row.Int(7);
  view.known = !row.IsNull(8);
  if (!view.known) return view;
  view.device = row.Text(8);
  view.row.state = row.Int(9);
  view.row.level = row.Int(10);
  view.row.fault = row.Text(11);
  view.row.score = row.Real(12);
  if (!row.IsNull(13)) view.row.value = row.Real(13);
  view.row.value_name = row.Text(14);
  view.row.value_unit = row.Text(15);
  view.row.ts = row.Int(16);
  view.row.as_of = row.Int(17);
  view.row.since = row.Int(18);
  view.row.spark = Spark::Unpack(row.Bytes(19));
  if (!row.IsNull(20)) view.row.learning_left_s = row.Real(20);
  return view;
}

}  // namespace

void Judge(MachineView& view, const Freshness& freshness, Nanos now) {
  view.current = view.known && view.device_online &&
                 now - view.row.as_of <= freshness.machine_max() &&
                 now - view.device_seen <= freshness.link_max();
  const std::string_view last =
      view.known ? ShownWord(view.row.state, view.row.level) : std::string_view();
  view.shown = view.current ? last : "unknown";
  view.was = view.current || last == "unknown" ? std::string_view() : last;
}

Result<std::vector<MachineView>> LoadMachines(store::Database& database, const Freshness& freshness,
                                              Nanos now) {
  std::vector<MachineView> views;
  MW_TRY(database.Each(kAll, {}, [&](const store::Row& row) {
    views.push_back(FromRow(row));
    Judge(views.back(), freshness, now);
  }));
  return views;
}

Result<std::vector<MachineView>> LoadMachinesOf(store::Database& database,
                                                const Freshness& freshness, Nanos now,
                                                std::string_view device) {
  std::vector<MachineView> views;
  MW_TRY(database.Each(kOfDevice, {device}, [&](const store::Row& row) {
    views.push_back(FromRow(row));
    Judge(views.back(), freshness, now);
  }));
  return views;
}

Result<std::optional<MachineView>> LoadMachine(store::Database& database,
                                               const Freshness& freshness, Nanos now,
                                               std::string_view site, std::string_view asset) {
  std::optional<MachineView> view;
  MW_TRY(database.First(kOne, {site, asset}, [&](const store::Row& row) {
    view = FromRow(row);
    Judge(*view, freshness, now);
  }));
  return view;
}

void WriteSpark(http::JsonWriter& json, const Spark& spark) {
  json.BeginArray();
  for (const float value : spark.values()) json.Float(std::round(value * 1000.0f) / 1000.0f);
  json.EndArray();
}

void WriteMachineFields(http::JsonWriter& json, const MachineView& view) {
  json.Field("site", view.site)
      .Field("area", view.area)
      .Field("asset", view.asset)
      .Field("name", view.name);
  json.Field("device", view.device).Field("state", StateWord(view.row.state));
  json.Field("level", LevelWord(view.row.level)).Field("shown", view.shown);
  json.Field("fault", view.row.fault).Field("fault_name", FaultName(view.row.fault));
  json.Key("score");
  if (view.known)
    json.Float(static_cast<float>(view.row.score));
  else
    json.Null();
  json.Key("value");
  if (view.row.value)
    json.Float(static_cast<float>(*view.row.value));
  else
    json.Null();
  json.Field("value_name", view.row.value_name).Field("value_unit", view.row.value_unit);
  // A machine is unknown since its last word, and in its state since that began.
  json.Key("since_ms");
  if (view.known)
    json.Integer(Milliseconds(view.current ? view.row.since : view.row.as_of));
  else
    json.Null();
  json.Key("last_data_ms");
  if (view.known)
    json.Integer(Milliseconds(view.row.as_of));
  else
    json.Null();
  json.Field("current", view.current).Key("was");
  if (view.was.empty())
    json.Null();
  else
    json.String(view.was);
  json.Key("learning_left_s");
  if (view.shown == "learning" && view.row.learning_left_s)
    json.Float(static_cast<float>(*view.row.learning_left_s));
  else
    json.Null();
  json.Key("spark");
  WriteSpark(json, view.row.spark);
  json.Field("watch_from", static_cast<float>(view.watch_from));
}

}  // namespace millwright::hub
