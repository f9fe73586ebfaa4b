#include "hub/api/device_routes.h"

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "hub/api/machine_view.h"
#include "hub/api/params.h"
#include "hub/api/words.h"
#include "hub/ingest/ledger.h"
#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using store::Row;

struct LaneRow {
  std::string epoch;
  int64_t lane, contiguous;
};
struct DeviceRow {
  std::string device, site, version, model_name, model_hash, hardware;
  bool online = false;
  Nanos since = 0, seen = 0;
  wire::Health health;
  int64_t machines = 0;
  std::vector<LaneRow> lanes;
};

void WriteHealth(JsonWriter& json, const wire::Health& health) {
  json.Field("uptime_s", health.uptime_s())
      .Field("rss_mb", static_cast<double>(health.rss_bytes()) / 1e6);
  json.Field("decisions", health.decisions()).Field("decision_ms_p50", health.decision_ms_p50());
  json.Field("decision_ms_p99", health.decision_ms_p99())
      .Field("decision_ms_p999", health.decision_ms_p999());
  json.Field("decision_ms_max", health.decision_ms_max())
      .Field("outbox_records", health.outbox_records());
  json.Field("outbox_bytes", health.outbox_bytes())
      .Field("dropped_readings", health.dropped_readings());
  json.Field("rejected_payloads", health.rejected_payloads())
      .Field("evicted_records", health.evicted_records());
  json.Field("priority", health.priority()).Field("update", health.update());
  json.Field("certificate", health.certificate())
      .Field("certificate_until_ms", Milliseconds(health.certificate_until_ns()));
}

bool IsHeard(const DeviceRow& device, const Freshness& freshness, Nanos now) {
  return device.online && now - device.seen <= freshness.link_max();
}

void WriteDevice(JsonWriter& json, const DeviceRow& device, bool heard) {
  json.BeginObject()
      .Field("site", device.site)
      .Field("device", device.device)
      .Field("online", heard);
  json.Field("last_seen_ms", Milliseconds(device.seen));
  json.Field("since_ms", Milliseconds(heard || !device.online ? device.since : device.seen));
  json.Field("version", device.version)
      .Field("model_name", device.model_name)
      .Field("model_hash", device.model_hash);
  json.Field("hardware", device.hardware).Field("machines", device.machines);
  WriteHealth(json, device.health);
  json.Key("lanes").BeginArray();
  for (const LaneRow& lane : device.lanes)
    json.BeginObject()
        .Field("lane", LaneWord(lane.lane))
        .Field("epoch", lane.epoch)
        .Field("contiguous", lane.contiguous)
        .EndObject();
  json.EndArray().EndObject();
}

constexpr std::string_view kDevices =
    "SELECT device, site, online, online_since_ns, last_seen_ns, version, model_name, model_hash, "
    "health, (SELECT COUNT(*) FROM assets a WHERE a.device = d.device), hardware FROM devices d ";
constexpr std::string_view kLanes = "SELECT device, epoch, lane, contiguous FROM lanes ";

// Of one device, or of all where it is empty.
Result<void> Ask(store::Database& database, std::string_view select, std::string_view order,
                 std::string_view device, const std::function<void(const Row&)>& each) {
  const std::string sql = std::string(select) + (device.empty() ? "" : "WHERE device = $1 ");
  if (device.empty()) return database.Each(sql + std::string(order), {}, each);
  return database.Each(sql + std::string(order), {device}, each);
}

DeviceRow DeviceFrom(const Row& row) {
  DeviceRow out;
  out.device = row.Text(0);
  out.site = row.Text(1);
  out.online = row.Int(2) != 0;
  out.since = row.Int(3);
  out.seen = row.Int(4);
  out.version = row.Text(5);
  out.model_name = row.Text(6);
  out.model_hash = row.Text(7);
  const store::Blob health = row.Bytes(8);
  if (!out.health.ParseFromArray(health.data(), static_cast<int>(health.size())))
    out.health.Clear();
  out.machines = row.Int(9);
  out.hardware = row.Text(10);
  return out;
}

Result<std::vector<DeviceRow>> Load(store::Database& database, std::string_view device) {
  std::map<std::string, std::vector<LaneRow>> lanes;
  MW_TRY(Ask(database, kLanes, "ORDER BY device, epoch, lane", device, [&](const Row& row) {
    lanes[std::string(row.Text(0))].push_back(
        {EpochText(FromSql(row.Int(1))), row.Int(2), row.Int(3)});
  }));
  std::vector<DeviceRow> rows;
  MW_TRY(Ask(database, kDevices, "ORDER BY site, device", device, [&](const Row& row) {
    rows.push_back(DeviceFrom(row));
    rows.back().lanes = std::move(lanes[rows.back().device]);
  }));
  return rows;
}

Result<http::Response> Devices(const ApiContext& context, store::Database& database,
                               const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  const Nanos now = context.clock.Utc();
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Key("devices").BeginArray();
  MW_TRY(WriteDevices(json, database, context.freshness, now, ""));
  http::Response response;
  response.body = json.EndArray().EndObject().Take();
  return response;
}

// One gateway and what it watches: what a fleet's dashboards lead to.
Result<http::Response> DeviceDetail(const ApiContext& context, store::Database& database,
                                    const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  const std::string device(request.PathValue("device"));
  const Nanos now = context.clock.Utc();
  MW_TRY(const std::vector<DeviceRow> rows, Load(database, device));
  if (rows.empty()) return Fail(Errc::kNotFound, "there is no gateway \"" + device + "\"");
  MW_TRY(const std::vector<MachineView> machines,
         LoadMachinesOf(database, context.freshness, now, device));
  JsonWriter json;
  json.BeginObject().Field("now_ms", Milliseconds(now)).Key("device");
  WriteDevice(json, rows.front(), IsHeard(rows.front(), context.freshness, now));
  json.Key("machines").BeginArray();
  for (const MachineView& machine : machines) {
    json.BeginObject();
    WriteMachineFields(json, machine);
    json.EndObject();
  }
  http::Response response;
  response.body = json.EndArray().EndObject().Take();
  return response;
}

Result<http::Response> Models(store::Database& database, const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  JsonWriter json;
  json.BeginObject().Key("models").BeginArray();
  MW_TRY(database.Each(
      "SELECT d.model_name, d.model_hash, COUNT(DISTINCT d.device), COUNT(a.asset) FROM devices d "
      "LEFT JOIN assets a ON a.device = d.device WHERE d.model_hash <> '' "
      "GROUP BY d.model_name, d.model_hash ORDER BY d.model_name, d.model_hash",
      {}, [&](const Row& row) {
        json.BeginObject().Field("name", row.Text(0)).Field("hash", row.Text(1));
        json.Field("devices", row.Int(2)).Field("assets", row.Int(3)).EndObject();
      }));
  http::Response response;
  response.body = json.EndArray().EndObject().Take();
  return response;
}

}  // namespace

Result<void> WriteDevices(JsonWriter& json, store::Database& database, const Freshness& freshness,
                          Nanos now, std::string_view device) {
  MW_TRY(const std::vector<DeviceRow> rows, Load(database, device));
  for (const DeviceRow& row : rows) WriteDevice(json, row, IsHeard(row, freshness, now));
  return {};
}

void AddDeviceRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/devices",
          [&context](store::Database& database, const http::Request& request) {
            return Devices(context, database, request);
          });
  AddRead(router, context, "/api/v1/devices/{device}",
          [&context](store::Database& database, const http::Request& request) {
            return DeviceDetail(context, database, request);
          });
  AddRead(router, context, "/api/v1/models", Models);
}

}  // namespace millwright::hub
