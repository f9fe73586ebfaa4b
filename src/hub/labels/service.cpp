#include <algorithm>

#include "core/ids.h"
#include "hub/labels/labels.h"
#include "store/audit.h"

namespace millwright::hub {
namespace {

Result<void> CheckService(const ServiceAct& act, Nanos now) {
  constexpr size_t kActIdMin = 8;
  constexpr Nanos kAheadMax = 86'400 * kSecond;
  MW_TRY(CheckIdText("id", act.act.id));
  if (act.act.id.size() < kActIdMin)
    return Fail(Errc::kInvalid, "id must have at least 8 characters: it tells one act from others");
  if (act.note.size() > Labels::kNoteMax)
    return Fail(Errc::kInvalid, "note must have at most 1000 bytes");
  if (act.to <= act.from) return Fail(Errc::kInvalid, "a service ends after it begins");
  if (act.to - act.from > Labels::kRangeMax)
    return Fail(Errc::kInvalid, "a service takes at most 366 days");
  if (act.to > now + kAheadMax)
    return Fail(Errc::kInvalid, "a service is told when it is done: to lies ahead");
  return {};
}

}  // namespace

// The gateway tells old orders from new ones by their time, whatever happens to this clock.
Result<Nanos> Labels::NextServiceAt(const ServiceAct& act, Nanos now) {
  Nanos at = now;
  MW_TRY(database_->First(
      "SELECT at_ns FROM services WHERE site = $1 AND asset = $2 ORDER BY at_ns DESC LIMIT 1",
      {act.site, act.asset}, [&](const store::Row& row) { at = std::max(at, row.Int(0) + 1); }));
  return at;
}

Result<std::vector<AlarmRef>> Labels::CloseAlarms(const ServiceAct& act, Nanos now) {
  std::vector<AlarmRef> closed;
  MW_TRY(database_->Each(
      "SELECT device, alarm_key FROM alarms WHERE site = $1 AND asset = $2 AND "
      "cleared_ns IS NULL",
      {act.site, act.asset}, [&](const store::Row& row) {
        closed.push_back({.device = std::string(row.Text(0)), .key = std::string(row.Text(1))});
      }));
  MW_TRY(
      database_->Run("UPDATE alarms SET cleared_ns = CASE WHEN $1 < raised_ns THEN raised_ns "
                     "ELSE $1 END, closed_by = $2 WHERE site = $3 AND asset = $4 AND cleared_ns "
                     "IS NULL",
                     {now, act.act.id, act.site, act.asset}));
  return closed;
}

Result<Acted> Labels::Service(const ServiceAct& act) {
  const Nanos now = clock_.Utc();
  MW_TRY(CheckService(act, now));
  const std::string kind = act.replaced ? "replaced" : "repaired";
  const Doing doing{.act = act.act,
                    .kind = "service",
                    .content = kind + "\n" + act.site + "\n" + act.asset + "\n" +
                               std::to_string(act.from) + "\n" + std::to_string(act.to) + "\n" +
                               act.note,
                    .now = now,
                    .labels = 1};
  return Once(doing, [&](Acted& acted) MW_REQUIRES(mutex_) -> Result<void> {
    MW_TRY(const std::string device, DeviceOf(act.site, act.asset));
    MW_TRY(const Nanos at, NextServiceAt(act, now));
    MW_TRY(acted.changed, CloseAlarms(act, now));
    const auto closed = static_cast<int64_t>(acted.changed.size());
    MW_TRY(database_->Run(
        "INSERT INTO services (id, site, asset, device, kind, from_ns, to_ns, note, who, at_ns, "
        "closed, done_ns) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, NULL)",
        {act.act.id, act.site, act.asset, device, kind, act.from, act.to, act.note, act.act.who, at,
         closed}));
    MW_TRY(database_->Run(
        "INSERT INTO labels (act, number, site, asset, device, alarm_key, start_ns, end_ns, "
        "rating, verdict, fault, reason, note, source, said_fault, said_level, score, model_name, "
        "model_hash, who, arrived_ns, at_ns) VALUES ($1, 0, $2, $3, $4, '', $5, $6, $7, '', '', "
        "'', $8, 'service', '', 0, 0, '', '', $9, $10, $10)",
        {act.act.id, act.site, act.asset, device, act.from, act.to, Name(Rating::kNeutral),
         act.note, act.act.who, now}));
    return store::WriteAudit(*database_, now,
                             {.who = act.act.who,
                              .what = kind,
                              .subject = act.site + "/" + act.asset,
                              .detail = std::to_string(closed) + " alarms closed; " + act.note});
  });
}

}  // namespace millwright::hub
