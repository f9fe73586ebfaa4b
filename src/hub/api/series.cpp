#include "hub/api/series.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "hub/api/machine_view.h"
#include "hub/api/params.h"
#include "hub/api/words.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using store::Row;

constexpr Nanos kBatchRangeMax =
    2 * 3600 * kSecond;  // two hours of one machine's batches: about 100 ms to decode
constexpr size_t kSignalsMax = 64;
constexpr int64_t kRangeMsMax = int64_t{400} * 24 * 3600 * 1000;

// Of the states a minute saw, the one to draw: what was scored first, then what says why nothing
// was.
int8_t DrawnState(uint8_t seen) {
  constexpr std::array kOrder = {wire::STATE_RUNNING,        wire::STATE_LEARNING,
                                 wire::STATE_STOPPED,        wire::STATE_SHELVED,
                                 wire::STATE_OUT_OF_SERVICE, wire::STATE_UNKNOWN};
  for (const auto state : kOrder)
    if ((seen & (1u << state)) != 0) return static_cast<int8_t>(state);
  return wire::STATE_UNKNOWN;
}

template <typename Pick>
void WriteColumn(JsonWriter& json, std::string_view key, const std::vector<MinuteSeries>& buckets,
                 Pick pick) {
  json.Key(key).BeginArray();
  for (const MinuteSeries& bucket : buckets) {
    if (bucket.count == 0)
      json.Null();
    else
      json.Float(pick(bucket));
  }
  json.EndArray();
}

}  // namespace

SeriesRange PlanRange(Nanos from, Nanos to, int64_t points) {
  const bool minutes = to - from > kBatchRangeMax;
  // First the start, which may make the range longer, then the width that this length needs.
  SeriesRange range{.from = minutes ? from / kMinute * kMinute : from, .to = to};
  range.bucket = std::max<Nanos>((to - range.from + points - 1) / points, 10 * kMillisecond);
  if (minutes) range.bucket = (range.bucket + kMinute - 1) / kMinute * kMinute;
  return range;
}

bool FromMinutes(const SeriesRange& range) {
  return range.bucket % kMinute == 0 && range.to - range.from > kBatchRangeMax;
}

SeriesBuckets::SeriesBuckets(const SeriesRange& range, std::vector<std::string> wanted)
    : range_(range),
      all_(wanted.empty()),
      state_(range.buckets(), -1),
      level_(range.buckets(), -1),
      state_at_(range.buckets(), -1) {
  for (std::string& name : wanted) columns_[std::move(name)].buckets.resize(range.buckets());
}

int64_t SeriesBuckets::BucketOf(Nanos ts) const {
  if (ts < range_.from || ts >= range_.to) return -1;
  return (ts - range_.from) / range_.bucket;
}

SeriesBuckets::Column* SeriesBuckets::Find(std::string_view name, std::string_view unit) {
  auto found = columns_.find(name);
  if (found == columns_.end()) {
    if (!all_ || columns_.size() >= kSignalsMax) return nullptr;
    found = columns_.emplace(name, Column{}).first;
    found->second.buckets.resize(range_.buckets());
  }
  if (found->second.unit.empty()) found->second.unit = unit;
  return &found->second;
}

void SeriesBuckets::Add(const wire::FeatureBatch& batch) {
  const int names = batch.signal_names_size();
  std::vector<Column*> columns;
  columns.reserve(static_cast<size_t>(names));
  for (int k = 0; k < names; ++k)
    columns.push_back(
        Find(batch.signal_names(k), k < batch.signal_units_size() ? batch.signal_units(k) : ""));
  Column* score = Find("score", "");
  const auto add = [](Column* column, size_t at, float value) {
    if (column != nullptr && std::isfinite(value)) column->buckets[at].Add(value);
  };
  for (int i = 0; i < batch.ts_ns_size(); ++i) {
    const int64_t bucket = BucketOf(batch.ts_ns(i));
    if (bucket < 0) continue;
    const auto at = static_cast<size_t>(bucket);
    add(score, at, batch.score(i));
    for (int k = 0; k < names; ++k)
      add(columns[static_cast<size_t>(k)], at, batch.signals(i * names + k));
    level_[at] = std::max(level_[at], static_cast<int8_t>(std::min<uint32_t>(batch.level(i), 3)));
    if (batch.ts_ns(i) < state_at_[at]) continue;
    state_at_[at] = batch.ts_ns(i);
    state_[at] = static_cast<int8_t>(std::min<uint32_t>(batch.state(i), 7));
  }
}

void SeriesBuckets::Add(int64_t minute_number, const Minute& minute) {
  const int64_t bucket = BucketOf(minute_number * kMinute);
  if (bucket < 0) return;
  const auto at = static_cast<size_t>(bucket);
  for (const auto& [name, series] : minute.series) {
    Column* column = Find(name, series.unit);
    if (column == nullptr || series.count == 0) continue;
    MinuteSeries& sum = column->buckets[at];
    sum.least = sum.count == 0 ? series.least : std::min(sum.least, series.least);
    sum.greatest = sum.count == 0 ? series.greatest : std::max(sum.greatest, series.greatest);
    sum.sum += series.sum;
    sum.count += series.count;
  }
  level_[at] = std::max(level_[at], static_cast<int8_t>(minute.level_max));
  if (minute.states != 0) state_[at] = DrawnState(minute.states);
}

void SeriesBuckets::Write(JsonWriter& json) const {
  json.Key("t_ms").BeginArray();
  for (size_t i = 0; i < range_.buckets(); ++i)
    json.Integer(Milliseconds(range_.from + static_cast<Nanos>(i) * range_.bucket));
  json.EndArray().Key("series").BeginArray();
  for (const auto& [name, column] : columns_) {
    json.BeginObject().Field("name", name).Field("unit", column.unit);
    WriteColumn(json, "mean", column.buckets,
                [](const MinuteSeries& b) { return static_cast<float>(b.sum / b.count); });
    WriteColumn(json, "min", column.buckets, [](const MinuteSeries& b) { return b.least; });
    WriteColumn(json, "max", column.buckets, [](const MinuteSeries& b) { return b.greatest; });
    json.EndObject();
  }
  json.EndArray().Key("state").BeginArray();
  for (const int8_t state : state_) {
    if (state < 0)
      json.Null();
    else
      json.String(StateWord(state));
  }
  json.EndArray().Key("level").BeginArray();
  for (const int8_t level : level_) {
    if (level < 0)
      json.Null();
    else
      json.String(LevelWord(level));
  }
  json.EndArray();
}

namespace {

Result<void> Fill(SeriesBuckets& buckets, store::Database& database, const http::Request& request,
                  const SeriesRange& range) {
  const std::string_view site = request.PathValue("site");
  const std::string_view asset = request.PathValue("asset");
  if (FromMinutes(range))
    return database.Each(
        "SELECT minute, data FROM feature_minutes WHERE site = $1 AND asset = $2 AND minute >= $3 "
        "AND minute < $4",
        {site, asset, range.from / kMinute, (range.to + kMinute - 1) / kMinute},
        [&](const Row& row) { buckets.Add(row.Int(0), Minute::Unpack(row.Bytes(1))); });
  return database.Each(
      "SELECT e.payload FROM feature_batches f JOIN events e ON e.device = f.device AND e.epoch = "
      "f.epoch AND "
      "e.lane = f.lane AND e.seq = f.seq WHERE f.site = $1 AND f.asset = $2 AND f.to_ns >= $3 AND "
      "f.from_ns < $4",
      {site, asset, range.from, range.to}, [&](const Row& row) {
        wire::Event event;
        const store::Blob payload = row.Bytes(0);
        if (event.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
          buckets.Add(event.features());
      });
}

Result<void> WriteGaps(JsonWriter& json, store::Database& database, const http::Request& request,
                       const SeriesRange& range) {
  json.Key("gaps").BeginArray();
  MW_TRY(
      database.Each("SELECT g.from_ns, g.to_ns, g.cause, g.channel FROM gaps g WHERE g.to_ns >= $1 "
                    "AND g.from_ns <= $2 AND "
                    "((g.site = $3 AND g.asset = $4) OR (g.asset = '' AND g.device IN (SELECT "
                    "a.device FROM assets a WHERE "
                    "a.site = $3 AND a.asset = $4))) ORDER BY g.from_ns LIMIT 500",
                    {range.from, range.to, request.PathValue("site"), request.PathValue("asset")},
                    [&](const Row& row) {
                      json.BeginObject()
                          .Field("from_ms", Milliseconds(row.Int(0)))
                          .Field("to_ms", Milliseconds(row.Int(1)));
                      json.Field("cause", row.Text(2)).Field("channel", row.Text(3)).EndObject();
                    }));
  json.EndArray();
  return {};
}

Result<http::Response> Series(const ApiContext& context, store::Database& database,
                              const http::Request& request) {
  Params params(request);
  const Nanos now = context.clock.Utc();
  const int64_t to_ms = params.Integer("to_ms", Milliseconds(now), 1, int64_t{4'000'000'000'000});
  const int64_t from_ms = params.Integer("from_ms", std::max<int64_t>(0, to_ms - 3'600'000), 0,
                                         int64_t{4'000'000'000'000});
  const int64_t points = params.Integer("points", 600, 1, 5000);
  std::vector<std::string> signals = params.List("signals", kSignalsMax, 128);
  if (from_ms >= to_ms)
    params.Fault("from_ms", "must lie before to_ms");
  else if (to_ms - from_ms > kRangeMsMax)
    params.Fault("from_ms", "must lie at most 400 days before to_ms");
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const auto machine, LoadMachine(database, context.freshness, now,
                                         request.PathValue("site"), request.PathValue("asset")));
  if (!machine) return Fail(Errc::kNotFound, "there is no such machine");

  const SeriesRange range = PlanRange(from_ms * kMillisecond, to_ms * kMillisecond, points);
  SeriesBuckets buckets(range, std::move(signals));
  MW_TRY(Fill(buckets, database, request, range));
  JsonWriter json;
  json.BeginObject()
      .Field("from_ms", Milliseconds(range.from))
      .Field("to_ms", Milliseconds(range.to));
  json.Field("bucket_ms", static_cast<double>(range.bucket) / 1e6);
  buckets.Write(json);
  MW_TRY(WriteGaps(json, database, request, range));
  http::Response response;
  response.body = json.EndObject().Take();
  return response;
}

}  // namespace

void AddSeriesRoute(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/machines/{site}/{asset}/series",
          [&context](store::Database& database, const http::Request& request) {
            return Series(context, database, request);
          });
}

}  // namespace millwright::hub
