#include "hub/api/machine_routes.h"

#include <map>
#include <optional>

#include "hub/api/alarm_view.h"
#include "hub/api/history.h"
#include "hub/api/machine_view.h"
#include "hub/api/params.h"
#include "hub/api/words.h"
#include "wire/event.pb.h"

namespace millwright::hub {
namespace {

using http::JsonWriter;
using store::Row;

template <typename Message>
Message Parsed(store::Blob bytes) {
  Message message;
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) message.Clear();
  return message;
}

Result<wire::AssetInfo> LoadInfo(store::Database& database, const MachineView& machine) {
  wire::AssetInfo info;
  MW_TRY(database.First("SELECT info FROM assets WHERE site = $1 AND asset = $2",
                        {machine.site, machine.asset},
                        [&](const Row& row) { info = Parsed<wire::AssetInfo>(row.Bytes(0)); }));
  return info;
}

void WriteInfo(JsonWriter& json, const wire::AssetInfo& info) {
  json.Key("limits")
      .BeginObject()
      .Field("watch_from", info.watch_from())
      .Field("warning_from", info.warning_from());
  json.Field("act_from", info.act_from()).Field("zone_c_mm_s", info.zone_c_mm_s());
  json.Field("zone_d_mm_s", info.zone_d_mm_s()).EndObject();
  json.Key("channels").BeginArray();
  for (const wire::ChannelInfo& channel : info.channels())
    json.BeginObject()
        .Field("name", channel.name())
        .Field("unit", channel.unit())
        .Field("kind", channel.kind())
        .Field("rate_hz", channel.rate_hz())
        .EndObject();
  json.EndArray().Key("orders").BeginObject();
  for (const auto& [name, order] : std::map(info.orders().begin(), info.orders().end()))
    json.Field(name, order);
  json.EndObject().Field("machine_class", info.machine_class());
}

// Names and units as the newest batch has them.
Result<void> WriteSignals(JsonWriter& json, store::Database& database, const MachineView& machine) {
  json.Key("signals").BeginArray();
  MW_TRY(database.First(
      "SELECT e.payload FROM feature_batches f JOIN events e ON e.device = f.device AND e.epoch = "
      "f.epoch AND "
      "e.lane = f.lane AND e.seq = f.seq WHERE f.site = $1 AND f.asset = $2 ORDER BY f.to_ns DESC "
      "LIMIT 1",
      {machine.site, machine.asset}, [&](const Row& row) {
        const auto event = Parsed<wire::Event>(row.Bytes(0));
        const wire::FeatureBatch& batch = event.features();
        for (int i = 0; i < batch.signal_names_size(); ++i)
          json.BeginObject()
              .Field("name", batch.signal_names(i))
              .Field("unit", i < batch.signal_units_size() ? batch.signal_units(i) : std::string())
              .EndObject();
      }));
  json.EndArray();
  return {};
}

// Which spectra there are; speed and marks of the newest envelope.
Result<void> WriteSpectraSummary(JsonWriter& json, store::Database& database,
                                 const MachineView& machine) {
  wire::Spectrum envelope;
  std::vector<std::string> kinds;
  MW_TRY(
      database.Each("SELECT DISTINCT kind FROM spectra WHERE site = $1 AND asset = $2 AND baseline "
                    "= 0 ORDER BY kind",
                    {machine.site, machine.asset},
                    [&](const Row& row) { kinds.emplace_back(SpectrumWord(row.Int(0))); }));
  MW_TRY(database.First(
      "SELECT payload FROM spectra WHERE site = $1 AND asset = $2 AND kind = $3 AND baseline = 0 "
      "ORDER BY ts_ns DESC LIMIT 1",
      {machine.site, machine.asset, static_cast<int64_t>(wire::Spectrum::ENVELOPE)},
      [&](const Row& row) { envelope = Parsed<wire::Spectrum>(row.Bytes(0)); }));
  json.Key("spectra").BeginArray();
  for (const std::string& kind : kinds) json.String(kind);
  json.EndArray().Key("speed_hz");
  if (envelope.speed_hz() > 0)
    json.Float(envelope.speed_hz());
  else
    json.Null();
  json.Key("marks");
  WriteMarks(json, envelope.marks());
  return {};
}

Result<void> WriteModel(JsonWriter& json, store::Database& database, const MachineView& machine) {
  bool known = false;
  json.Key("model");
  MW_TRY(database.First(
      "SELECT model_name, model_hash FROM devices WHERE device = $1 AND model_hash <> ''",
      {machine.device}, [&](const Row& row) {
        known = true;
        json.BeginObject().Field("name", row.Text(0)).Field("hash", row.Text(1)).EndObject();
      }));
  if (!known) json.Null();
  return {};
}

Result<void> WriteOpenAlarm(JsonWriter& json, store::Database& database,
                            const MachineView& machine) {
  MW_TRY(const std::vector<AlarmView> open, LoadAlarms(database, {.open_only = true,
                                                                  .site = machine.site,
                                                                  .asset = machine.asset,
                                                                  .after = {},
                                                                  .limit = 1}));
  json.Key("steady");
  if (open.empty())
    json.Null();
  else
    json.Bool(open[0].steady);
  json.Key("alarm");
  if (open.empty())
    json.Null();
  else
    WriteAlarm(json, open[0]);
  return {};
}

Result<MachineView> Find(const ApiContext& context, store::Database& database,
                         const http::Request& request) {
  MW_TRY(auto machine, LoadMachine(database, context.freshness, context.clock.Utc(),
                                   request.PathValue("site"), request.PathValue("asset")));
  if (!machine) return Fail(Errc::kNotFound, "there is no such machine");
  return std::move(*machine);
}

Result<http::Response> Detail(const ApiContext& context, store::Database& database,
                              const http::Request& request) {
  if (auto problem = Params(request).Finish()) return *problem;
  MW_TRY(const MachineView machine, Find(context, database, request));
  MW_TRY(const wire::AssetInfo info, LoadInfo(database, machine));
  JsonWriter json;
  json.BeginObject();
  WriteMachineFields(json, machine);
  json.Field("now_ms", Milliseconds(context.clock.Utc()));
  WriteInfo(json, info);
  MW_TRY(WriteSignals(json, database, machine));
  MW_TRY(WriteSpectraSummary(json, database, machine));
  MW_TRY(WriteModel(json, database, machine));
  MW_TRY(WriteOpenAlarm(json, database, machine));
  json.Key("history");
  MW_TRY(WriteHistory(json, database, machine));
  http::Response response;
  response.body = json.EndObject().Take();
  return response;
}

struct StoredSpectrum {
  Nanos ts = 0;
  wire::Spectrum spectrum;
};

void WriteSpectrum(JsonWriter& json, const std::optional<StoredSpectrum>& stored) {
  if (!stored) {
    json.Null();
    return;
  }
  const wire::Spectrum& spectrum = stored->spectrum;
  json.BeginObject().Field("ts_ms", Milliseconds(stored->ts)).Field("unit", spectrum.unit());
  json.Field(spectrum.kind() == wire::Spectrum::WAVEFORM ? "step_s" : "step_hz",
             spectrum.step_hz());
  json.Field("speed_hz", spectrum.speed_hz()).Key("values").BeginArray();
  for (const float value : spectrum.values()) json.Float(value);
  json.EndArray().EndObject();
}

Result<http::Response> Spectrum(const ApiContext& context, store::Database& database,
                                const http::Request& request) {
  Params params(request);
  const std::string kind = params.OneOf("kind", "envelope", {"envelope", "velocity", "waveform"});
  const std::string channel = params.Text("channel", "", 64);
  if (auto problem = params.Finish()) return *problem;
  MW_TRY(const MachineView machine, Find(context, database, request));
  std::optional<StoredSpectrum> now;
  std::optional<StoredSpectrum> baseline;
  std::string found = channel;
  MW_TRY(database.Each(
      "SELECT channel, baseline, ts_ns, payload FROM spectra WHERE site = $1 AND asset = $2 AND "
      "kind = $3 AND ($4 = '' OR channel = $4) ORDER BY channel, baseline",
      {machine.site, machine.asset, SpectrumNumber(kind), channel}, [&](const Row& row) {
        if (found.empty()) found = row.Text(0);  // the first channel, where none is asked for
        if (row.Text(0) != found) return;
        auto& into = row.Int(1) != 0 ? baseline : now;
        into = StoredSpectrum{row.Int(2), Parsed<wire::Spectrum>(row.Bytes(3))};
      }));
  if (!now && !baseline)
    return Fail(Errc::kNotFound, "there is no " + kind + " of this machine yet");
  JsonWriter json;
  json.BeginObject().Field("kind", kind).Field("channel", found).Key("now");
  WriteSpectrum(json, now);
  json.Key("baseline");
  WriteSpectrum(json, baseline);
  json.Key("marks");
  WriteMarks(json, now ? now->spectrum.marks() : wire::Spectrum().marks());
  http::Response response;
  response.body = json.EndObject().Take();
  return response;
}

}  // namespace

void AddMachineRoutes(http::Router& router, const ApiContext& context) {
  AddRead(router, context, "/api/v1/machines/{site}/{asset}",
          [&context](store::Database& database, const http::Request& request) {
            return Detail(context, database, request);
          });
  AddRead(router, context, "/api/v1/machines/{site}/{asset}/spectrum",
          [&context](store::Database& database, const http::Request& request) {
            return Spectrum(context, database, request);
          });
}

}  // namespace millwright::hub
