#include "hub/api/device_routes.h"

#include <map>
#include <vector>

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

Result<std::vector<DeviceRow>> Load(store::Database& database, std::string_view device) {
  std::vector<DeviceRow> rows;
  MW_TRY(database.Each(
      "SELECT device, site, online, online_since_ns, last_seen_ns, version, model_name, "
      "model_hash, health, "
      "(SELECT COUNT(*) FROM assets a WHERE a.device = d.device), hardware FROM devices d WHERE $1 "
      "= '' OR "
      "device = $1 "
      "ORDER BY site, device",
      {device}, [&](const Row& row) {
        DeviceRow& out = rows.emplace_back();
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
      }));
  for (DeviceRow& row : rows)
    MW_TRY(database.Each(
        "SELECT epoch, lane, contiguous FROM lanes WHERE device = $1 ORDER BY epoch, lane",
        {row.device}, [&](const Row& lane) {
          row.lanes.push_back({EpochText(FromSql(lane.Int(0))), lane.Int(1), lane.Int(2)});
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
  for (const DeviceRow& row : rows)
    WriteDevice(json, row, row.online && now - row.seen <= freshness.link_max());
  return {};
}

void AddDeviceRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/devices",
          [&context](store::Database& database, const http::Request& request) {
            return Devices(context, database, request);
          });
  AddRead(router, context, "/api/v1/models", Models);
}

}  // namespace millwright::hub
