#include "hub/api/event_routes.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/ids.h"
#include "http/json_writer.h"
#include "hub/api/params.h"
#include "hub/api/words.h"
#include "hub/ingest/ledger.h"
#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using store::Row;

#define MW_EVENT_COLUMNS \
  "SELECT device, epoch, lane, seq, kind, asset, ts_ns, received_ns FROM events "
constexpr std::string_view kAllEvents = MW_EVENT_COLUMNS
    "WHERE (device, epoch, lane, seq) > ($1, $2, $3, $4) AND ($5 < 0 OR lane = $5) "
    "ORDER BY device, epoch, lane, seq LIMIT $6";
constexpr std::string_view kEventsOfDevice = MW_EVENT_COLUMNS
    "WHERE device = $1 AND (epoch, lane, seq) > ($2, $3, $4) AND ($5 < 0 OR lane = $5) "
    "ORDER BY epoch, lane, seq LIMIT $6";
#undef MW_EVENT_COLUMNS

// Where a page ends: "<device>~<epoch>~<lane>~<seq>" of its last event.
struct Place {
  std::string device;
  int64_t epoch = INT64_MIN, lane = -1, sequence = 0;
};

std::optional<Place> ParsePlace(std::string_view text) {
  Place place;
  std::string_view parts[4];
  for (size_t i = 0; i < 4; ++i) {
    const size_t tilde = text.find('~');
    if ((tilde == std::string_view::npos) != (i == 3)) return std::nullopt;
    parts[i] = text.substr(0, tilde);
    text.remove_prefix(i == 3 ? text.size() : tilde + 1);
  }
  place.device = parts[0];
  const auto read = [](std::string_view digits, auto& into, int base) {
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), into, base);
    return error == std::errc{} && end == digits.data() + digits.size();
  };
  uint64_t epoch = 0;
  if (!read(parts[1], epoch, 16) || !read(parts[2], place.lane, 10) ||
      !read(parts[3], place.sequence, 10))
    return std::nullopt;
  place.epoch = ToSql(epoch);
  return place;
}

Result<http::Response> Events(store::Database& database, const http::Request& request) {
  Params params(request);
  const std::string device = params.Text("device", "", 64);
  const std::string lane = params.OneOf("lane", "", {"alarm", "health", "features", "raw", ""});
  const int64_t limit = params.Integer("limit", 100, 1, 5000);
  const std::string after = params.Text("after", "", 200);
  std::optional<Place> place = Place{};
  if (!after.empty() && !(place = ParsePlace(after)))
    params.Fault("after", "is none that this hub gave");
  if (auto problem = params.Finish()) return *problem;
  JsonWriter json;
  json.BeginObject().Key("events").BeginArray();
  int64_t count = 0;
  std::string last;
  const auto write = [&](const Row& row) {
    const std::string epoch = EpochText(FromSql(row.Int(1)));
    json.BeginObject()
        .Field("device", row.Text(0))
        .Field("epoch", epoch)
        .Field("lane", LaneWord(row.Int(2)));
    json.Field("seq", row.Int(3)).Field("kind", row.Text(4)).Field("asset", row.Text(5));
    json.Field("ts_ms", Milliseconds(row.Int(6)))
        .Field("received_ms", Milliseconds(row.Int(7)))
        .EndObject();
    ++count;
    last = std::string(row.Text(0)) + "~" + epoch + "~" + std::to_string(row.Int(2)) + "~" +
           std::to_string(row.Int(3));
  };
  const int64_t lane_number = lane.empty() ? -1 : LaneNumber(lane);
  if (device.empty())
    MW_TRY(database.Each(
        kAllEvents, {place->device, place->epoch, place->lane, place->sequence, lane_number, limit},
        write));
  else
    MW_TRY(database.Each(kEventsOfDevice,
                         {device, place->epoch, place->lane, place->sequence, lane_number, limit},
                         write));
  json.EndArray().Key("next");
  // A cursor also for the last page: whoever follows asks from there again.
  if (count > 0)
    json.String(last);
  else if (!after.empty())
    json.String(after);
  else
    json.Null();
  json.Field("more", count == limit);
  http::Response response;
  response.body = json.EndObject().Take();
  return response;
}

Result<http::Response> Stats(store::Database& database, const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  int64_t events = 0;
  int64_t telemetry = 0;
  std::string device;
  std::string epoch;
  JsonWriter list;
  list.BeginArray();
  const auto close = [&] {
    if (!device.empty()) list.EndArray().EndObject();
  };
  MW_TRY(database.Each(
      "SELECT device, epoch, lane, stored, contiguous, max_seq FROM lanes ORDER BY device, epoch, "
      "lane",
      {}, [&](const Row& row) {
        (row.Int(2) < static_cast<int64_t>(Lane::kFeatures) ? events : telemetry) += row.Int(3);
        const std::string row_epoch = EpochText(FromSql(row.Int(1)));
        if (device != row.Text(0) || epoch != row_epoch) {
          close();
          device = row.Text(0);
          epoch = row_epoch;
          list.BeginObject()
              .Field("device", device)
              .Field("epoch", epoch)
              .Key("lanes")
              .BeginArray();
        }
        list.BeginObject().Field("lane", LaneWord(row.Int(2))).Field("count", row.Int(3));
        list.Field("contiguous", row.Int(4)).Field("max", row.Int(5)).EndObject();
      }));
  close();
  JsonWriter json;
  json.BeginObject().Field("events", events).Field("telemetry", telemetry).Key("devices");
  json.Raw(list.EndArray().text()).EndObject();
  http::Response response;
  response.body = json.Take();
  return response;
}

// Nanoseconds do not fit a JavaScript number: they are text here.
void WriteStretch(JsonWriter& json, int64_t from_ns, int64_t to_ns, int64_t count) {
  json.BeginObject()
      .Field("from_ns", std::to_string(from_ns))
      .Field("to_ns", std::to_string(to_ns));
  json.Field("count", count);
}

Result<void> WriteReceived(JsonWriter& json, store::Database& database,
                           const http::Request& request, int64_t from_ns, int64_t to_ns,
                           int64_t limit) {
  json.Key("received").BeginArray();
  MW_TRY(
      database.Each("SELECT e.payload FROM feature_batches f JOIN events e ON e.device = f.device "
                    "AND e.epoch = f.epoch AND "
                    "e.lane = f.lane AND e.seq = f.seq WHERE f.site = $1 AND f.asset = $2 AND "
                    "f.to_ns >= $3 AND f.from_ns <= $4 "
                    "ORDER BY f.to_ns LIMIT $5",
                    {request.PathValue("site"), request.PathValue("asset"), from_ns, to_ns, limit},
                    [&](const Row& row) {
                      wire::Event event;
                      const store::Blob payload = row.Bytes(0);
                      if (!event.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
                        return;
                      for (const wire::Coverage& coverage : event.features().coverage()) {
                        WriteStretch(json, coverage.first_ns(), coverage.last_ns(),
                                     static_cast<int64_t>(coverage.count()));
                        json.Field("channel", coverage.channel()).EndObject();
                      }
                    }));
  json.EndArray();
  return {};
}

Result<http::Response> Coverage(const ApiContext& context, store::Database& database,
                                const http::Request& request) {
  Params params(request);
  const int64_t now_ms = Milliseconds(context.clock.Utc());
  const int64_t to_ms = params.Integer("to_ms", now_ms, 0, INT64_MAX / kMillisecond);
  const int64_t from_ms = params.Integer("from_ms", std::max<int64_t>(0, to_ms - 3'600'000), 0,
                                         INT64_MAX / kMillisecond);
  const int64_t limit = params.Integer("limit", 3600, 1, 20'000);
  if (from_ms > to_ms) params.Fault("from_ms", "must not lie after to_ms");
  if (auto problem = params.Finish()) return *problem;
  JsonWriter json;
  json.BeginObject();
  MW_TRY(
      WriteReceived(json, database, request, from_ms * kMillisecond, to_ms * kMillisecond, limit));
  json.Key("gaps").BeginArray();
  MW_TRY(
      database.Each("SELECT g.channel, g.from_ns, g.to_ns, g.missing, g.cause FROM gaps g WHERE "
                    "g.to_ns >= $1 AND g.from_ns <= $2 AND "
                    "((g.site = $3 AND g.asset = $4) OR (g.asset = '' AND g.device IN (SELECT "
                    "a.device FROM assets a WHERE "
                    "a.site = $3 AND a.asset = $4))) ORDER BY g.from_ns LIMIT 20000",
                    {from_ms * kMillisecond, to_ms * kMillisecond, request.PathValue("site"),
                     request.PathValue("asset")},
                    [&](const Row& row) {
                      WriteStretch(json, row.Int(1), row.Int(2), row.Int(3));
                      json.Field("channel", row.Text(0)).Field("cause", row.Text(4)).EndObject();
                    }));
  http::Response response;
  response.body = json.EndArray().EndObject().Take();
  return response;
}

}  // namespace

void AddEventRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/events", Events);
  AddRead(router, context, "/api/v1/stats", Stats);
  AddRead(router, context, "/api/v1/machines/{site}/{asset}/coverage",
          [&context](store::Database& database, const http::Request& request) {
            return Coverage(context, database, request);
          });
}

}  // namespace millwright::hub
