#include "hub/labels/labels.h"

#include <algorithm>
#include <set>

#include "core/ids.h"
#include "crypto/sha256.h"
#include "hub/labels/standing.h"

namespace millwright::hub {
namespace {

constexpr size_t kActIdMin = 8;

std::string ContentOf(const std::vector<AlarmRef>& alarms,
                      std::initializer_list<std::string_view> more) {
  std::string out;
  for (const AlarmRef& alarm : alarms) out += alarm.device + "~" + alarm.key + "\n";
  for (const std::string_view part : more) out.append("\n").append(part);
  return out;
}

Result<void> CheckAct(const Act& act) {
  MW_TRY(CheckIdText("id", act.id));
  if (act.id.size() < kActIdMin)
    return Fail(Errc::kInvalid, "id must have at least 8 characters: it tells one act from others");
  return {};
}

Result<void> CheckAlarms(const std::vector<AlarmRef>& alarms) {
  if (alarms.empty()) return Fail(Errc::kInvalid, "alarms must name at least one");
  if (alarms.size() > Labels::kAlarmsMax)
    return Fail(Errc::kInvalid,
                "alarms must be at most " + std::to_string(Labels::kAlarmsMax) + " at once");
  if (std::set<AlarmRef>(alarms.begin(), alarms.end()).size() != alarms.size())
    return Fail(Errc::kInvalid, "alarms names one twice");
  return {};
}

Result<void> CheckNote(std::string_view note) {
  if (note.size() <= Labels::kNoteMax) return {};
  return Fail(Errc::kInvalid, "note must have at most 1000 bytes");
}

Result<void> CheckVerdict(const VerdictAct& act) {
  MW_TRY(CheckAct(act.act));
  MW_TRY(CheckAlarms(act.alarms));
  MW_TRY(CheckNote(act.note));
  if (act.state == VerificationState::kTruePositive) {
    if (!act.reason.empty()) return Fail(Errc::kInvalid, "reason is for a rejection");
    return CheckIdText("fault", act.fault);
  }
  if (!act.fault.empty()) return Fail(Errc::kInvalid, "fault is for a confirmation");
  if (act.state == VerificationState::kUnknown && act.reason.empty()) return {};
  if (FindReason(act.reason) == nullptr)
    return Fail(Errc::kInvalid, "reason \"" + act.reason + "\" is none");
  if (act.reason == kOtherReason && act.note.empty())
    return Fail(Errc::kInvalid, "note must say what the other reason is");
  return {};
}

Result<void> CheckRange(const RangeAct& act) {
  MW_TRY(CheckAct(act.act));
  MW_TRY(CheckNote(act.note));
  if (!act.fault.empty()) MW_TRY(CheckIdText("fault", act.fault));
  if (act.rating == Rating::kAnomaly && act.fault.empty())
    return Fail(Errc::kInvalid, "fault must name what an ANOMALY was");
  if (act.rating != Rating::kAnomaly && !act.fault.empty())
    return Fail(Errc::kInvalid, "fault is for a range that is an ANOMALY");
  if (act.to <= act.from) return Fail(Errc::kInvalid, "a range ends after it begins");
  if (act.to - act.from > Labels::kRangeMax)
    return Fail(Errc::kInvalid, "a range is at most 366 days");
  return {};
}

}  // namespace

struct Labels::Subject {
  std::string site, asset, said_fault, model_name, model_hash;
  int64_t level = 0;
  double score = 0;
  Nanos raised = 0, arrived = 0;
};

Result<Labels::Subject> Labels::Find(const AlarmRef& alarm) {
  Subject subject;
  MW_TRY(const bool found,
         database_->First(
             "SELECT site, asset, fault, model_name, model_hash, level, score, raised_ns, "
             "arrived_ns FROM alarms WHERE device = $1 AND alarm_key = $2",
             {alarm.device, alarm.key}, [&](const store::Row& row) {
               subject = {.site = std::string(row.Text(0)),
                          .asset = std::string(row.Text(1)),
                          .said_fault = std::string(row.Text(2)),
                          .model_name = std::string(row.Text(3)),
                          .model_hash = std::string(row.Text(4)),
                          .level = row.Int(5),
                          .score = row.Real(6),
                          .raised = row.Int(7),
                          .arrived = row.Int(8)};
             }));
  if (found) return subject;
  return Fail(Errc::kNotFound, "there is no alarm " + alarm.device + "~" + alarm.key);
}

Result<bool> Labels::Begin(const Doing& doing) {
  const Act& act = doing.act;
  const std::string kind(doing.kind);
  const std::string digest = crypto::Sha256Hex(kind + "\n" + act.who + "\n" + doing.content);
  std::optional<std::string> before;
  MW_TRY(database_->First("SELECT digest FROM acts WHERE id = $1", {act.id},
                          [&](const store::Row& row) { before = std::string(row.Text(0)); }));
  if (before && *before != digest)
    return Fail(Errc::kConflict, "the id " + act.id + " stands for another act");
  if (before) return true;
  MW_TRY(
      database_->Run("INSERT INTO acts (id, digest, kind, who, at_ns) VALUES ($1, $2, $3, $4, "
                     "$5)",
                     {act.id, digest, kind, act.who, doing.now}));
  return false;
}

Result<std::string> Labels::DeviceOf(const std::string& site, const std::string& asset) {
  std::string device;
  MW_TRY(const bool found,
         database_->First("SELECT device FROM assets WHERE site = $1 AND asset = $2", {site, asset},
                          [&](const store::Row& row) { device = row.Text(0); }));
  if (!found) return Fail(Errc::kNotFound, "there is no machine " + asset + " at " + site);
  return device;
}

Result<Acted> Labels::Once(const Doing& doing, const Write& write) {
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  Acted acted{.labels = doing.labels};
  MW_TRY(acted.known, Begin(doing));
  if (acted.known) return acted;
  MW_TRY(write(acted));
  for (const AlarmRef& alarm : acted.changed) MW_TRY(Restand(alarm));
  MW_TRY(transaction.Commit());
  return acted;
}

// A duplicate takes what was said of the alarm that it doubles: the newest judged one of its
// machine.
Result<void> Labels::AddLabel(const VerdictAct& act, const AlarmRef& alarm, int64_t number,
                              Nanos now) {
  MW_TRY(const Subject subject, Find(alarm));
  VerificationState state = act.state;
  Rating rating = state == VerificationState::kTruePositive ? Rating::kAnomaly : Rating::kNeutral;
  std::string fault = act.fault;
  if (const Reason* reason = FindReason(act.reason); reason != nullptr) {
    state = reason->state;
    rating = reason->rating;
  }
  if (act.reason == kDuplicate)
    MW_TRY(database_->First(
        "SELECT j.verdict, j.rating, j.fault FROM judgements j JOIN alarms l ON l.device = "
        "j.device AND l.alarm_key = j.alarm_key WHERE l.site = $1 AND l.asset = $2 AND j.verdict "
        "<> '' AND NOT (j.device = $3 AND j.alarm_key = $4) ORDER BY j.at_ns DESC LIMIT 1",
        {subject.site, subject.asset, alarm.device, alarm.key}, [&](const store::Row& row) {
          state = VerificationStateOf(row.Text(0)).value_or(state);
          rating = RatingOf(row.Text(1)).value_or(rating);
          fault = row.Text(2);
        }));
  MW_TRY(database_->Run(
      "INSERT INTO labels (act, number, site, asset, device, alarm_key, start_ns, end_ns, rating, "
      "verdict, fault, reason, note, source, said_fault, said_level, score, model_name, "
      "model_hash, who, arrived_ns, at_ns) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL, $8, $9, $10, "
      "$11, $12, 'alarm', $13, $14, $15, $16, $17, $18, $19, $20)",
      {act.act.id,         number,        subject.site,    subject.asset,
       alarm.device,       alarm.key,     subject.raised,  Name(rating),
       Name(state),        fault,         act.reason,      act.note,
       subject.said_fault, subject.level, subject.score,   subject.model_name,
       subject.model_hash, act.act.who,   subject.arrived, now}));
  return {};
}

Result<Acted> Labels::Judge(const VerdictAct& act) {
  MW_TRY(CheckVerdict(act));
  const Doing doing{
      .act = act.act,
      .kind = "verdict",
      .content = ContentOf(act.alarms, {Name(act.state), act.fault, act.reason, act.note}),
      .now = clock_.Utc(),
      .labels = static_cast<int64_t>(act.alarms.size())};
  return Once(doing, [&](Acted& acted) MW_REQUIRES(mutex_) -> Result<void> {
    for (size_t i = 0; i < act.alarms.size(); ++i)
      MW_TRY(AddLabel(act, act.alarms[i], static_cast<int64_t>(i), doing.now));
    acted.changed = act.alarms;
    return {};
  });
}

Result<Acted> Labels::Shelve(const ShelveAct& act) {
  MW_TRY(CheckAct(act.act));
  MW_TRY(CheckAlarms(act.alarms));
  MW_TRY(CheckNote(act.reason));
  if (act.life < 0 || act.life > kShelveMax)
    return Fail(Errc::kInvalid, "an alarm is shelved for at most 90 days");
  const Doing doing{.act = act.act,
                    .kind = "shelve",
                    .content = ContentOf(act.alarms, {std::to_string(act.life), act.reason}),
                    .now = clock_.Utc(),
                    .labels = static_cast<int64_t>(act.alarms.size())};
  const store::Value until =
      act.life == 0 ? store::Value(nullptr) : store::Value(doing.now + act.life);
  return Once(doing, [&](Acted& acted) MW_REQUIRES(mutex_) -> Result<void> {
    for (const AlarmRef& alarm : act.alarms) {
      MW_TRY(Find(alarm));
      MW_TRY(database_->Run(
          "INSERT INTO shelvings (act, device, alarm_key, until_ns, reason, who, at_ns) VALUES "
          "($1, $2, $3, $4, $5, $6, $7)",
          {act.act.id, alarm.device, alarm.key, until, act.reason, act.act.who, doing.now}));
    }
    acted.changed = act.alarms;
    return {};
  });
}

Result<Acted> Labels::Ask(const QuestionAct& act) {
  MW_TRY(CheckAct(act.act));
  MW_TRY(CheckAlarms(act.alarms));
  MW_TRY(CheckNote(act.note));
  const Doing doing{.act = act.act,
                    .kind = "question",
                    .content = ContentOf(act.alarms, {act.note}),
                    .now = clock_.Utc(),
                    .labels = static_cast<int64_t>(act.alarms.size())};
  return Once(doing, [&](Acted& acted) MW_REQUIRES(mutex_) -> Result<void> {
    for (const AlarmRef& alarm : act.alarms) {
      MW_TRY(Find(alarm));
      MW_TRY(
          database_->Run("INSERT INTO questions (act, device, alarm_key, note, who, at_ns) VALUES "
                         "($1, $2, $3, $4, $5, $6)",
                         {act.act.id, alarm.device, alarm.key, act.note, act.act.who, doing.now}));
    }
    acted.changed = act.alarms;
    return {};
  });
}

Result<Acted> Labels::Mark(const RangeAct& act) {
  MW_TRY(CheckRange(act));
  const Doing doing{
      .act = act.act,
      .kind = act.source,
      .content = ContentOf({}, {act.site, act.asset, std::to_string(act.from),
                                std::to_string(act.to), Name(act.rating), act.fault, act.note}),
      .now = clock_.Utc(),
      .labels = 1};
  const std::string_view verdict =
      act.rating == Rating::kAnomaly ? Name(VerificationState::kTruePositive) : "";
  return Once(doing, [&](Acted&) MW_REQUIRES(mutex_) -> Result<void> {
    MW_TRY(const std::string device, DeviceOf(act.site, act.asset));
    MW_TRY(database_->Run(
        "INSERT INTO labels (act, number, site, asset, device, alarm_key, start_ns, end_ns, "
        "rating, verdict, fault, reason, note, source, said_fault, said_level, score, model_name, "
        "model_hash, who, arrived_ns, at_ns) VALUES ($1, 0, $2, $3, $4, '', $5, $6, $7, $8, $9, "
        "'', $10, $11, '', 0, 0, '', '', $12, $13, $13)",
        {act.act.id, act.site, act.asset, device, act.from, act.to, Name(act.rating), verdict,
         act.fault, act.note, act.source, act.act.who, doing.now}));
    return {};
  });
}

Result<Acted> Labels::Undo(const std::string& id, const std::string& who) {
  const Nanos now = clock_.Utc();
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  std::string by;
  bool undone = false;
  MW_TRY(const bool found, database_->First("SELECT who, undone_ns FROM acts WHERE id = $1", {id},
                                            [&](const store::Row& row) {
                                              by = row.Text(0);
                                              undone = !row.IsNull(1);
                                            }));
  if (!found) return Fail(Errc::kNotFound, "there is no act " + id);
  if (by != who)
    return Fail(Errc::kConflict, "this was done by " + by + ", who alone can take it back");
  Acted acted{.known = undone};
  if (undone) return acted;
  MW_TRY(database_->Run("UPDATE acts SET undone_ns = $1 WHERE id = $2", {now, id}));
  for (const std::string table : {"labels", "shelvings", "questions"}) {
    MW_TRY(database_->Each("SELECT device, alarm_key FROM " + table + " WHERE act = $1", {id},
                           [&](const store::Row& row) {
                             acted.changed.push_back({.device = std::string(row.Text(0)),
                                                      .key = std::string(row.Text(1))});
                           }));
    MW_TRY(const int64_t count,
           database_->Run("UPDATE " + table + " SET undone_ns = $1 WHERE act = $2", {now, id}));
    acted.labels += count;
  }
  std::erase_if(acted.changed, [](const AlarmRef& alarm) { return alarm.key.empty(); });
  for (const AlarmRef& alarm : acted.changed) MW_TRY(Restand(alarm));
  MW_TRY(transaction.Commit());
  return acted;
}

Result<void> Labels::Restand(const AlarmRef& alarm) {
  MW_TRY(const Standing standing, WorkOutStanding(*database_, alarm.device, alarm.key));
  return SaveStanding(*database_, alarm.device, alarm.key, standing);
}

Result<std::vector<std::string>> Labels::SitesOf(const std::vector<AlarmRef>& alarms) {
  MW_TRY(CheckAlarms(alarms));
  const MutexLock lock(mutex_);
  std::set<std::string> sites;
  for (const AlarmRef& alarm : alarms) {
    MW_TRY(const Subject subject, Find(alarm));
    sites.insert(subject.site);
  }
  return std::vector<std::string>(sites.begin(), sites.end());
}

Result<std::vector<std::string>> Labels::SitesOfAct(const std::string& id) {
  const MutexLock lock(mutex_);
  std::vector<std::string> sites;
  MW_TRY(database_->Each(
      "SELECT DISTINCT site FROM labels WHERE act = $1 UNION SELECT l.site FROM shelvings s JOIN "
      "alarms l ON l.device = s.device AND l.alarm_key = s.alarm_key WHERE s.act = $1 UNION SELECT "
      "l.site FROM questions q JOIN alarms l ON l.device = q.device AND l.alarm_key = q.alarm_key "
      "WHERE q.act = $1",
      {id}, [&](const store::Row& row) { sites.emplace_back(row.Text(0)); }));
  return sites;
}

}  // namespace millwright::hub
