#include "hub/defender/defender.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/log.h"

namespace millwright::hub {
namespace {

constexpr Nanos kForgetEvery = 60 * kSecond;
constexpr Nanos kPurgeEvery = 10 * kSecond;
constexpr int kPurgeAtOnce = 5000;  // rows: the lock is others' too

Result<std::vector<defender::Behavior>> BehaviorsOf(const std::string& body) {
  const auto tree = nlohmann::json::parse(body, nullptr, false);
  if (!tree.is_object()) return Fail(Errc::kInvalid, "The security profile is no object");
  const auto behaviors = tree.find("behaviors");
  if (behaviors == tree.end()) return std::vector<defender::Behavior>();
  return defender::ReadBehaviors(behaviors->dump());
}

std::vector<std::string> NamesOf(const std::vector<defender::Behavior>& behaviors) {
  std::vector<std::string> out;
  out.reserve(behaviors.size());
  for (const auto& behavior : behaviors) out.push_back(behavior.name);
  return out;
}

}  // namespace

Defender::Defender(std::unique_ptr<store::Database> database, os::Clock& clock,
                   DefenderOptions options)
    : database_(std::move(database)), clock_(clock), options_(options), detect_(options.detect) {}

Result<void> Defender::Load() {
  const MutexLock lock(mutex_);
  MW_TRY(LoadProfiles());
  return targets_.Load(*database_);
}

Result<void> Defender::LoadProfiles() {
  std::vector<Document> profiles;
  MW_TRY(const DocumentPage page, ListDocuments(*database_, DocumentKind::kProfile, "", 1000));
  for (const Document& profile : page.items) {
    detect_.DropProfile(profile.name);
    MW_TRY(auto behaviors, BehaviorsOf(profile.body));
    detect_.SetProfile(profile.name, std::move(behaviors));
  }
  return database_->Each(
      "SELECT thing, profile, behavior, began_ns FROM defender_violations WHERE ended_ns IS NULL",
      {}, [this](const store::Row& row) MW_REQUIRES(mutex_) {
        detect_.Restore(std::string(row.Text(0)), row.Text(1), row.Text(2), row.Int(3));
      });
}

Result<std::vector<ReportAnswer>> Defender::TakeReports(std::span<const IncomingReport> reports) {
  const MutexLock lock(mutex_);
  Judged out;
  MW_TRY(store::Transaction transaction, database_->Begin());
  Result<void> done;
  for (const IncomingReport& report : reports)
    if (done = TakeOne(report, out); !done) break;
  if (done) done = transaction.Commit();
  if (!done) {
    // Detect has seen what the database has not: it begins anew from there.
    { const store::Transaction undone = std::move(transaction); }
    MW_TRY(LoadProfiles());
    return tl::unexpected(done.error());
  }
  counts_.accepted += out.accepted;
  counts_.malformed += out.malformed;
  counts_.throttled += out.throttled;
  counts_.begun += out.begun;
  counts_.ended += out.ended;
  return std::move(out.answers);
}

Result<void> Defender::TakeOne(const IncomingReport& report, Judged& out) {
  const Nanos now = clock_.Utc();
  defender::Answer answer{.thing = report.thing, .at_ms = now / kMillisecond};
  const auto refuse = [&](const Error& error) {
    (error.code == Errc::kInvalid ? out.malformed : out.throttled) += 1;
    out.answers.push_back({.payload = WriteRejected(answer, error, report.encoding)});
  };
  const auto read = defender::ReadReport(report.payload, report.encoding);
  if (!read) return refuse(read.error()), Result<void>();
  answer.report_id = read->id;
  Nanos last = 0;
  int64_t last_id = 0;
  MW_TRY(
      database_->First("SELECT at_ns, report_id FROM defender_reports WHERE thing = $1"
                       " ORDER BY at_ns DESC LIMIT 1",
                       {report.thing}, [&](const store::Row& row) {
                         last = row.Int(0);
                         last_id = row.Int(1);
                       }));
  // The broker may deliver twice: that is the same report, and was judged.
  const bool again = last != 0 && last_id == read->id;
  if (!again && last != 0 && now - last < options_.period_min && now >= last)
    return refuse({Errc::kExhausted, "Reports come too fast: at least " +
                                         std::to_string(options_.period_min / kSecond) +
                                         " seconds between two"}),
           Result<void>();
  if (!again) MW_TRY(Keep(report, *read, now, out));
  ++out.accepted;
  out.answers.push_back({.accepted = true, .payload = WriteAccepted(answer, report.encoding)});
  return {};
}

Result<void> Defender::Keep(const IncomingReport& report, const defender::Report& read, Nanos now,
                            Judged& out) {
  const defender::MetricValues values = defender::Values(read);
  MW_TRY(
      database_->Run("INSERT INTO defender_reports (thing, at_ns, report_id, body)"
                     " VALUES ($1, $2, $3, $4) ON CONFLICT (thing, at_ns) DO NOTHING",
                     {report.thing, now, read.id, defender::WriteValues(values)}));
  MW_TRY(const auto profiles, targets_.ProfilesOf(*database_, report.thing));
  const auto changes = detect_.Take(report.thing, now, values, profiles);
  if (!changes) {  // it is kept; that it was not judged must be seen
    log::Failure("defender", changes.error(), {{"thing", report.thing}});
    return {};
  }
  for (const defender::ViolationChange& change : *changes) {
    MW_TRY(StoreChange(*database_, change));
    (change.change == defender::Change::kInAlarm ? out.begun : out.ended) += 1;
  }
  return {};
}

Result<void> Defender::Step() {
  const MutexLock lock(mutex_);
  const Nanos now = clock_.Monotonic();
  if (now >= next_forget_) {
    next_forget_ = now + kForgetEvery;
    const auto gone = detect_.Forget(clock_.Utc());
    MW_TRY(store::Transaction transaction, database_->Begin());
    for (const auto& change : gone) MW_TRY(StoreChange(*database_, change));
    MW_TRY(transaction.Commit());
    counts_.ended += gone.size();
  }
  if (now < next_purge_) return {};
  next_purge_ = now + kPurgeEvery;
  return LetGo(clock_.Utc());
}

Result<void> Defender::LetGo(Nanos now) {
  MW_TRY(store::Transaction transaction, database_->Begin());
  // A row number of SQLite's would be shorter, and is no PostgreSQL.
  Nanos before = now - options_.reports_kept;
  int64_t rows = 0;
  MW_TRY(database_->Each("SELECT COUNT(*) FROM (SELECT 1 FROM defender_reports LIMIT $1) AS some",
                         {options_.reports_max + 1},
                         [&](const store::Row& row) { rows = row.Int(0); }));
  if (rows > options_.reports_max)
    MW_TRY(database_->Each(
        "SELECT MAX(at_ns) FROM (SELECT at_ns FROM defender_reports"
        " ORDER BY at_ns LIMIT $1) AS oldest",
        {kPurgeAtOnce}, [&](const store::Row& row) { before = std::max(before, row.Int(0) + 1); }));
  MW_TRY(database_->Run("DELETE FROM defender_reports WHERE at_ns < $1", {before}));
  const Nanos ended = now - options_.violations_kept;
  MW_TRY(
      database_->Run("DELETE FROM defender_violation_events WHERE violation IN (SELECT id FROM"
                     " defender_violations WHERE ended_ns IS NOT NULL AND ended_ns < $1)",
                     {ended}));
  MW_TRY(database_->Run(
      "DELETE FROM defender_violations WHERE ended_ns IS NOT NULL AND ended_ns < $1", {ended}));
  return transaction.Commit();
}

Result<void> Defender::Change(const Work& work) {
  const MutexLock lock(mutex_);
  MW_TRY(store::Transaction transaction, database_->Begin());
  MW_TRY(work(*database_));
  return transaction.Commit();
}

Result<void> Defender::Ask(const Work& work) {
  const MutexLock lock(mutex_);
  return work(*database_);
}

Result<Document> Defender::CreateProfile(const Document& profile) {
  MW_TRY(auto behaviors, BehaviorsOf(profile.body));
  Document made;
  MW_TRY(Change([&](store::Database& database) -> Result<void> {
    MW_TRY(made, CreateDocument(database, DocumentKind::kProfile, profile));
    return {};
  }));
  const MutexLock lock(mutex_);
  detect_.SetProfile(profile.name, std::move(behaviors));
  return made;
}

Result<Document> Defender::UpdateProfile(const Document& profile, std::optional<int64_t> expected) {
  MW_TRY(auto behaviors, BehaviorsOf(profile.body));
  const std::vector<std::string> names = NamesOf(behaviors);
  Document made;
  MW_TRY(Change([&](store::Database& database) -> Result<void> {
    MW_TRY(made, UpdateDocument(database, DocumentKind::kProfile, profile, expected));
    return EndOthers(database, profile.name, names, clock_.Utc());
  }));
  const MutexLock lock(mutex_);
  detect_.SetProfile(profile.name, std::move(behaviors));
  return made;
}

Result<void> Defender::DeleteProfile(const std::string& name, std::optional<int64_t> expected) {
  MW_TRY(Change([&](store::Database& database) -> Result<void> {
    MW_TRY(DeleteDocument(database, DocumentKind::kProfile, name, expected));
    MW_TRY(database.Run("DELETE FROM defender_targets WHERE profile = $1", {name}));
    return EndOthers(database, name, {}, clock_.Utc());
  }));
  const MutexLock lock(mutex_);
  detect_.DropProfile(name);
  return targets_.Load(*database_);
}

Result<void> Defender::Attach(const std::string& profile, const std::string& target) {
  MW_TRY(Change([&](store::Database& db) { return AttachTarget(db, profile, target); }));
  const MutexLock lock(mutex_);
  return targets_.Load(*database_);
}

Result<void> Defender::Detach(const std::string& profile, const std::string& target) {
  MW_TRY(Change([&](store::Database& db) { return DetachTarget(db, profile, target); }));
  const MutexLock lock(mutex_);
  return targets_.Load(*database_);
}

std::vector<std::string> Defender::TargetsOf(std::string_view profile) {
  const MutexLock lock(mutex_);
  return targets_.TargetsOf(profile);
}

std::vector<std::string> Defender::ProfilesFor(std::string_view target) {
  const MutexLock lock(mutex_);
  return targets_.ProfilesFor(target);
}

Result<Page<MetricDatum>> Defender::MetricValues(const std::string& thing,
                                                 const std::string& metric, Nanos begin, Nanos end,
                                                 const std::string& after, int limit) {
  Nanos before = end;
  const char* const last = after.data() + after.size();
  if (!after.empty()) {
    if (std::from_chars(after.data(), last, before).ptr != last)
      return Fail(Errc::kInvalid, "nextToken is none of ours");
    before = std::min(before - 1, end);
  }
  Page<MetricDatum> out;
  int rows = 0;
  Nanos last_at = 0;
  const MutexLock lock(mutex_);
  MW_TRY(database_->Each(
      "SELECT at_ns, body FROM defender_reports WHERE thing = $1 AND at_ns >= $2 AND at_ns <= $3"
      " ORDER BY at_ns DESC LIMIT $4",
      {thing, begin, before, limit + 1}, [&](const store::Row& row) {
        if (++rows > limit) return void(out.next = std::to_string(last_at));
        last_at = row.Int(0);
        const auto values = defender::ReadValues(row.Text(1));
        if (!values) return;  // ours to write: never
        if (const auto found = values->find(metric); found != values->end())
          out.items.push_back({.at = last_at, .value = found->second});
      }));
  return out;
}

Result<std::map<std::string, int64_t>> Defender::ActiveByProfile() {
  const MutexLock lock(mutex_);
  std::map<std::string, int64_t> out;
  MW_TRY(database_->Each(
      "SELECT d.name, COUNT(v.id) FROM defender_documents d"
      " LEFT JOIN defender_violations v ON v.profile = d.name"
      " AND v.ended_ns IS NULL WHERE d.kind = 'profile' GROUP BY d.name",
      {}, [&](const store::Row& row) { out[std::string(row.Text(0))] = row.Int(1); }));
  return out;
}

}  // namespace millwright::hub
