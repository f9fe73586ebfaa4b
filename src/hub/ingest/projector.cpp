#include "hub/ingest/projector.h"

#include <algorithm>
#include <map>

#include "hub/ingest/decode.h"
#include "hub/ingest/ledger.h"
#include "hub/ingest/machine_row.h"
#include "hub/ingest/minute.h"
#include "os/files.h"

namespace millwright::hub {
namespace {

Result<void> Done(Result<int64_t> changed) {
  return std::move(changed).transform([](int64_t) {});
}

}  // namespace

using store::Row;

Nanos AsOf(const Origin& origin, Nanos ts) {
  const Nanos device_now = origin.sent != 0 ? origin.sent : origin.received;
  return origin.received - std::max<Nanos>(0, device_now - ts);
}

Result<void> Projector::Project(const Origin& origin, const wire::Event& event, Changes& changes) {
  switch (event.body_case()) {
    case wire::Event::kAlarm:
      MW_TRY(OnAlarm(origin, event, changes));
      break;
    case wire::Event::kState:
      MW_TRY(OnState(origin, event));
      break;
    case wire::Event::kGap:
      MW_TRY(OnGap(origin, event));
      break;
    case wire::Event::kHealth:
      MW_TRY(OnHealth(origin, event));
      break;
    case wire::Event::kFeatures:
      MW_TRY(OnFeatures(origin, event));
      break;
    case wire::Event::kSpectrum:
      return OnSpectrum(origin, event);
    case wire::Event::kAssetInfo:
      MW_TRY(OnAssetInfo(origin, event));
      break;
    case wire::Event::kBaseline:
      return OnBaseline(origin, event);
    case wire::Event::kRecommissioned:
      MW_TRY(OnRecommissioned(origin, event));
      break;
    case wire::Event::BODY_NOT_SET:
      return {};  // a newer agent's: kept, not understood
  }
  if (event.body_case() == wire::Event::kHealth)
    changes.devices.insert(origin.device);
  else if (!AssetOf(event).empty())
    changes.machines.emplace(origin.site, AssetOf(event));
  return {};
}

// An alarm's row holds the newest level and evidence by event time, whatever order its events
// arrive in. Equal times go by sequence. A clear is final: keys are never used twice.
Result<void> Projector::OnAlarm(const Origin& origin, const wire::Event& event, Changes& changes) {
  const wire::Alarm& alarm = event.alarm();
  const bool cleared = alarm.kind() == wire::Alarm::CLEARED;
  const bool raised = alarm.kind() == wire::Alarm::RAISED;
  MW_TRY(EnsureAsset(origin, alarm.asset(), alarm.area()));
  // The key's own time stands in for the raise until that event arrives.
  MW_TRY(
      database_.Run("INSERT INTO alarms (device, alarm_key, site, area, asset, level, fault, "
                    "action, score, model_name, model_hash, "
                    "cause_id, speed_hz, steady, decision_ms, raised_ns, updated_ns, cleared_ns, "
                    "arrived_ns, evidence_ns, "
                    "evidence_epoch, evidence_lane, evidence_seq) VALUES ($1, $2, $3, $4, $5, 0, "
                    "'', '', 0, '', '', '', 0, 0, 0, "
                    "$6, 0, NULL, $7, -1, 0, 0, 0) ON CONFLICT (device, alarm_key) DO NOTHING",
                    {origin.device, alarm.alarm_key(), origin.site, alarm.area(), alarm.asset(),
                     event.ts_ns(), origin.received}));
  MW_TRY(database_.Run(
      "UPDATE alarms SET raised_ns = CASE WHEN $1 = 1 OR $2 < raised_ns THEN $2 ELSE raised_ns "
      "END, "
      "updated_ns = CASE WHEN $2 > updated_ns THEN $2 ELSE updated_ns END, "
      "cleared_ns = CASE WHEN $3 = 1 THEN $2 ELSE cleared_ns END "
      "WHERE device = $4 AND alarm_key = $5",
      {raised ? 1 : 0, event.ts_ns(), cleared ? 1 : 0, origin.device, alarm.alarm_key()}));
  changes.alarms.emplace(origin.device, alarm.alarm_key());
  // What a clear says of level and score is "over"; the list goes on showing what it was.
  if (!cleared)
    MW_TRY(database_.Run(
        "UPDATE alarms SET level = $1, fault = $2, action = $3, score = $4, model_name = $5, "
        "model_hash = $6, "
        "cause_id = $7, speed_hz = $8, steady = $9, decision_ms = $10, evidence_ns = $11, "
        "evidence_epoch = $12, "
        "evidence_lane = $13, evidence_seq = $14 WHERE device = $15 AND alarm_key = $16 AND "
        "(evidence_ns < $11 OR (evidence_ns = $11 AND evidence_seq < $14))",
        {static_cast<int64_t>(alarm.level()), alarm.fault(), alarm.action(),
         static_cast<double>(alarm.score()), alarm.model_name(), alarm.model_hash(),
         alarm.cause_id(), static_cast<double>(alarm.speed_hz()), alarm.steady() ? 1 : 0,
         static_cast<double>(alarm.decision_ms()), event.ts_ns(), ToSql(origin.epoch), event.lane(),
         event.seq(), origin.device, alarm.alarm_key()}));
  return AlarmToMachine(origin, event);
}

Result<void> Projector::AlarmToMachine(const Origin& origin, const wire::Event& event) {
  const wire::Alarm& alarm = event.alarm();
  MW_TRY(MachineRow row, LoadMachine(database_, origin.site, alarm.asset()));
  if (event.ts_ns() < row.ts) return {};
  const bool cleared = alarm.kind() == wire::Alarm::CLEARED;
  const int64_t state = row.ts < 0 ? int64_t{wire::STATE_RUNNING} : row.state;
  row.Become(state, cleared ? int64_t{wire::LEVEL_NONE} : int64_t{alarm.level()}, event.ts_ns(),
             event.ts_ns(), AsOf(origin, event.ts_ns()));
  row.device = origin.device;
  row.fault = cleared ? "" : alarm.fault();
  row.score = static_cast<double>(alarm.score());
  return SaveMachine(database_, origin.site, alarm.asset(), row);
}

Result<void> Projector::OnState(const Origin& origin, const wire::Event& event) {
  const wire::StateChange& change = event.state();
  MW_TRY(EnsureAsset(origin, change.asset(), change.area()));
  MW_TRY(
      database_.Run("INSERT INTO state_changes (device, epoch, lane, seq, site, asset, ts_ns, "
                    "from_state, to_state, "
                    "reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
                    "ON CONFLICT (device, epoch, lane, seq) DO NOTHING",
                    {origin.device, ToSql(origin.epoch), event.lane(), event.seq(), origin.site,
                     change.asset(), event.ts_ns(), static_cast<int64_t>(change.from()),
                     static_cast<int64_t>(change.to()), change.reason()}));
  MW_TRY(MachineRow row, LoadMachine(database_, origin.site, change.asset()));
  if (event.ts_ns() < row.ts) return {};
  row.device = origin.device;
  row.Become(change.to(), row.level, event.ts_ns(), event.ts_ns(), AsOf(origin, event.ts_ns()));
  return SaveMachine(database_, origin.site, change.asset(), row);
}

Result<void> Projector::OnGap(const Origin& origin, const wire::Event& event) {
  const wire::Gap& gap = event.gap();
  return Done(database_.Run(
      "INSERT INTO gaps (device, epoch, lane, seq, site, asset, channel, from_ns, to_ns, missing, "
      "cause) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (device, epoch, lane, "
      "seq) DO NOTHING",
      {origin.device, ToSql(origin.epoch), event.lane(), event.seq(), origin.site, gap.asset(),
       gap.channel(), gap.from_ns(), gap.to_ns(), ToSql(gap.count()), gap.cause()}));
}

Result<void> Projector::OnHealth(const Origin& origin, const wire::Event& event) {
  const wire::Health& health = event.health();
  const std::string bytes = health.SerializeAsString();
  return Done(database_.Run(
      "UPDATE devices SET health_ns = $1, health = $2, version = $3, model_name = $4, "
      "model_hash = $5 WHERE device = $6 AND health_ns <= $1",
      {event.ts_ns(), os::AsBytes(bytes), health.agent_version(), health.model_name(),
       health.model_hash(), origin.device}));
}

Result<void> Projector::OnFeatures(const Origin& origin, const wire::Event& event) {
  const wire::FeatureBatch& batch = event.features();
  const int newest = NewestStep(batch);
  if (newest < 0) return {};
  MW_TRY(EnsureAsset(origin, batch.asset(), batch.area()));
  MW_TRY(IndexBatch(origin, event));
  MW_TRY(AddMinutes(origin, batch));
  MW_TRY(MachineRow row, LoadMachine(database_, origin.site, batch.asset()));
  std::string fault;
  if (batch.level(newest) > 0) {
    MW_TRY(fault, FaultCode(origin, batch.asset(), batch.fault(newest)));
  }
  if (batch.ts_ns(newest) >= row.ts) row.device = origin.device;
  ApplyFeatures(row, batch, fault, AsOf(origin, batch.ts_ns(newest)));
  return SaveMachine(database_, origin.site, batch.asset(), row);
}

Result<void> Projector::IndexBatch(const Origin& origin, const wire::Event& event) {
  const auto [first, last] =
      std::minmax_element(event.features().ts_ns().begin(), event.features().ts_ns().end());
  return Done(
      database_.Run("INSERT INTO feature_batches (device, epoch, lane, seq, site, asset, from_ns, "
                    "to_ns, received_ns) "
                    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (device, epoch, lane, "
                    "seq) DO NOTHING",
                    {origin.device, ToSql(origin.epoch), event.lane(), event.seq(), origin.site,
                     event.features().asset(), *first, *last, origin.received}));
}

Result<void> Projector::AddMinutes(const Origin& origin, const wire::FeatureBatch& batch) {
  constexpr size_t kMinutesMax =
      4096;  // a batch spans seconds; one that claims years does not get rows for them
  std::map<int64_t, Minute> minutes;
  const int names = batch.signal_names_size();
  for (int i = 0; i < batch.ts_ns_size(); ++i) {
    if (minutes.size() >= kMinutesMax) break;
    Minute& minute = minutes[batch.ts_ns(i) / kMinute];
    minute.Add("score", "", batch.score(i));
    for (int k = 0; k < names; ++k)
      minute.Add(batch.signal_names(k),
                 k < batch.signal_units_size() ? batch.signal_units(k) : std::string(),
                 batch.signals(i * names + k));
    minute.states =
        static_cast<uint8_t>(minute.states | (1u << std::min<uint32_t>(batch.state(i), 7)));
    minute.level_max = static_cast<uint8_t>(
        std::max<uint32_t>(minute.level_max, std::min<uint32_t>(batch.level(i), 3)));
  }
  for (auto& [number, minute] : minutes) {
    MW_TRY(database_.First(
        "SELECT data FROM feature_minutes WHERE site = $1 AND asset = $2 AND minute = $3",
        {origin.site, batch.asset(), number},
        [&minute = minute](const Row& row) { minute.Merge(Minute::Unpack(row.Bytes(0))); }));
    const std::string packed = minute.Pack();
    MW_TRY(database_.Run(
        "INSERT INTO feature_minutes (site, asset, minute, data) VALUES ($1, $2, $3, $4) "
        "ON CONFLICT (site, asset, minute) DO UPDATE SET data = excluded.data",
        {origin.site, batch.asset(), number, os::AsBytes(packed)}));
  }
  return {};
}

// Class codes come with AssetInfo, which may arrive after the first steps: then the fault has no
// name yet.
Result<std::string> Projector::FaultCode(const Origin& origin, const std::string& asset,
                                         uint32_t index) {
  std::string code;
  MW_TRY(database_.First("SELECT classes FROM assets WHERE site = $1 AND asset = $2",
                         {origin.site, asset}, [&](const Row& row) {
                           std::string_view rest = row.Text(0);
                           for (uint32_t i = 0; i < index && !rest.empty(); ++i) {
                             const size_t comma = rest.find(',');
                             rest = comma == std::string_view::npos ? std::string_view()
                                                                    : rest.substr(comma + 1);
                           }
                           code = rest.substr(0, rest.find(','));
                         }));
  return code;
}

Result<void> Projector::OnSpectrum(const Origin& origin, const wire::Event& event) {
  const wire::Spectrum& spectrum = event.spectrum();
  const std::string bytes = spectrum.SerializeAsString();
  return Done(database_.Run(
      "INSERT INTO spectra (site, asset, channel, kind, baseline, ts_ns, payload) VALUES ($1, $2, "
      "$3, $4, $5, $6, $7) "
      "ON CONFLICT (site, asset, channel, kind, baseline) DO UPDATE SET ts_ns = excluded.ts_ns, "
      "payload = excluded.payload WHERE excluded.ts_ns >= spectra.ts_ns",
      {origin.site, spectrum.asset(), spectrum.channel(), static_cast<int64_t>(spectrum.kind()),
       spectrum.baseline() ? 1 : 0, event.ts_ns(), os::AsBytes(bytes)}));
}

// A machine has one for each feature schema that its gateway's models had; the oldest go.
Result<void> Projector::OnBaseline(const Origin& origin, const wire::Event& event) {
  const wire::Baseline& baseline = event.baseline();
  MW_TRY(database_.Run(
      "INSERT INTO baseline_history (device, file, learned_ns, site, asset, document) VALUES ($1, "
      "$2, $3, $4, $5, $6) ON CONFLICT (device, file, learned_ns) DO NOTHING",
      {origin.device, baseline.file(), baseline.learned_ns(), origin.site, baseline.asset(),
       os::AsBytes(baseline.document())}));
  MW_TRY(database_.Run(
      "DELETE FROM baseline_history WHERE site = $1 AND asset = $2 AND learned_ns < COALESCE(("
      "SELECT learned_ns FROM baseline_history WHERE site = $1 AND asset = $2 ORDER BY learned_ns "
      "DESC LIMIT 1 OFFSET 63), 0)",
      {origin.site, baseline.asset()}));
  // One from before a repair that comes late: a gateway that takes this one's place must not get
  // it.
  bool outdated = false;
  MW_TRY(database_.First(
      "SELECT id FROM services WHERE site = $1 AND asset = $2 AND done_ns > $3 LIMIT 1",
      {origin.site, baseline.asset(), baseline.learned_ns()},
      [&](const Row& /*row*/) { outdated = true; }));
  if (outdated) return {};
  MW_TRY(database_.Run(
      "INSERT INTO baselines (device, file, asset, learned_ns, document) VALUES ($1, $2, $3, $4, "
      "$5) ON CONFLICT (device, file) DO UPDATE SET asset = excluded.asset, learned_ns = "
      "excluded.learned_ns, document = excluded.document WHERE excluded.learned_ns >= "
      "baselines.learned_ns",
      {origin.device, baseline.file(), baseline.asset(), baseline.learned_ns(),
       os::AsBytes(baseline.document())}));
  return Done(database_.Run(
      "DELETE FROM baselines WHERE device = $1 AND asset = $2 AND file NOT IN (SELECT file FROM "
      "baselines WHERE device = $1 AND asset = $2 ORDER BY learned_ns DESC, file LIMIT 4)",
      {origin.device, baseline.asset()}));
}

// A gateway that lost its disk may do it again: the first time counts.
Result<void> Projector::OnRecommissioned(const Origin& origin, const wire::Event& event) {
  const wire::Recommissioned& done = event.recommissioned();
  MW_TRY(database_.Run(
      "UPDATE services SET done_ns = CASE WHEN done_ns IS NULL OR $1 < done_ns THEN $1 ELSE "
      "done_ns END WHERE id = $2 AND site = $3 AND asset = $4",
      {event.ts_ns(), done.service(), origin.site, done.asset()}));
  return Done(
      database_.Run("DELETE FROM baselines WHERE device = $1 AND asset = $2 AND learned_ns < $3",
                    {origin.device, done.asset(), event.ts_ns()}));
}

Result<void> Projector::OnAssetInfo(const Origin& origin, const wire::Event& event) {
  const wire::AssetInfo& info = event.asset_info();
  std::string classes;
  for (const std::string& code : info.classes()) classes += (classes.empty() ? "" : ",") + code;
  const std::string bytes = info.SerializeAsString();
  return Done(database_.Run(
      "INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, classes, "
      "ts_ns, info) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (site, asset) DO UPDATE SET "
      "area = excluded.area, name = excluded.name, device = excluded.device, machine_class = "
      "excluded.machine_class, "
      "watch_from = excluded.watch_from, classes = excluded.classes, ts_ns = excluded.ts_ns, info "
      "= excluded.info "
      "WHERE excluded.ts_ns >= assets.ts_ns",
      {origin.site, info.asset(), info.area(), info.name().empty() ? info.asset() : info.name(),
       origin.device, info.machine_class(), static_cast<double>(info.watch_from()), classes,
       event.ts_ns(), os::AsBytes(bytes)}));
}

// A machine that speaks before its AssetInfo came is shown by its id; ts -1 lets any AssetInfo
// replace this.
Result<void> Projector::EnsureAsset(const Origin& origin, const std::string& asset,
                                    const std::string& area) {
  return Done(database_.Run(
      "INSERT INTO assets (site, asset, area, name, device, machine_class, watch_from, classes, "
      "ts_ns, info) "
      "VALUES ($1, $2, $3, $2, $4, '', 0, '', -1, $5) ON CONFLICT (site, asset) DO NOTHING",
      {origin.site, asset, area, origin.device, store::Blob()}));
}

}  // namespace millwright::hub
