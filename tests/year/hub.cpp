#include "hub.h"

#include "model/pack.h"
#include "store/migrations.h"
#include "trust/draft.h"
#include "trust/folder_repository.h"

namespace millwright::year {
namespace {

constexpr const char* kLine = "models/pump";

trust::Seconds64 SecondsOf(const os::Clock& clock) { return clock.Utc() / kSecond; }

}  // namespace

YearHub::YearHub(std::string folder, mqtt::FakeBroker& broker, Nanos utc, crypto::PrivateKey key)
    : repository_(std::move(folder) + "/repository"),
      clock_(utc),
      keys_{std::move(key)},
      releases_(files_, repository_),
      ingest_client_(broker.MakeClient({.client_id = "hub"})),
      delivery_client_(broker.MakeClient({.client_id = "hub-delivery", .clean_session = true})) {}

Result<std::unique_ptr<YearHub>> YearHub::Make(const std::string& folder, mqtt::FakeBroker& broker,
                                               Nanos utc) {
  MW_TRY(crypto::PrivateKey key, crypto::PrivateKey::Generate(crypto::Scheme::kEd25519));
  std::unique_ptr<YearHub> hub(new YearHub(folder, broker, utc, std::move(key)));
  MW_TRY(hub->MakeRepository());
  MW_TRY(hub->Open(folder + "/hub.db"));
  return hub;
}

Result<void> YearHub::MakeRepository() {
  const trust::Lifetimes lifetimes;
  trust::FolderRepository repository(files_, repository_, SecondsOf(clock_), lifetimes);
  auto root = trust::Draft::Make(trust::kRootRole, SecondsOf(clock_) + lifetimes.root);
  for (const char* role : {"root", "targets", "snapshot", "timestamp"})
    trust::AddRoleKey(root, role, keys_.front().Public());
  MW_TRY(repository.Stage("root", root));
  MW_TRY(repository.Stage(
      "targets", trust::Draft::Make(trust::kTargetsRole, SecondsOf(clock_) + lifetimes.targets)));
  MW_TRY(repository.Settle(keys_));
  return {};
}

Result<void> YearHub::Open(const std::string& database) {
  MW_TRY(database_, store::Database::Open(database));
  MW_TRY(store::Migrate(*database_));
  MW_TRY(auto second, store::Database::Open(database));
  ingest_ = std::make_unique<hub::Ingest>(*ingest_client_, *database_, clock_, feed_, meters_);
  rollouts_ = std::make_unique<hub::Rollouts>(std::move(second), releases_, clock_);
  MW_TRY(auto third, store::Database::Open(database));
  schedules_ = std::make_unique<hub::Schedules>(std::move(third), *rollouts_, zones_, clock_);
  delivery_ = std::make_unique<hub::Delivery>(*delivery_client_, *rollouts_, clock_, "$aws/things");
  MW_TRY(ingest_->Start());
  return delivery_->Start();
}

Result<std::string> YearHub::Sign(const std::string& bundle, int64_t number) {
  MW_TRY(const os::Bytes pack, model::PackBundle(files_, bundle));
  const std::string target = std::string(kLine) + "/" + std::to_string(number) + ".tar";
  trust::FolderRepository repository(files_, repository_, SecondsOf(clock_), {});
  MW_TRY(trust::Draft targets, repository.Edit("targets"));
  trust::SetTarget(targets, target, pack, trust::Release{.line = kLine, .number = number});
  MW_TRY(repository.PutTarget(target, pack));
  MW_TRY(repository.Stage("targets", targets));
  MW_TRY(repository.Settle(keys_));
  return target;
}

void YearHub::Work() {
  ingest_->Step(0);
  delivery_->Step(0);
  schedules_->Step();
}

Result<void> YearHub::Schedule(Nanos first, int days, const hub::RolloutPolicy& policy) {
  const Nanos day = first / kOneDay * kOneDay;
  return schedules_
      ->Set({.name = "monthly",
             .line = kLine,
             .policy = policy,
             .first_day = day,
             .time_min = static_cast<int>((first - day) / (60 * kSecond)),
             .every_days = days},
            "a person")
      .transform([](const hub::Schedule&) {});
}

Result<Nanos> YearHub::NextDue() {
  MW_TRY(const std::vector<hub::Schedule> all, schedules_->List());
  return all.empty() ? Fail(Errc::kNotFound, "year: no schedule") : Result<Nanos>(all[0].next);
}

int64_t YearHub::Count(std::string_view condition) {
  int64_t count = 0;
  const auto read = database_->Each("SELECT COUNT(*) FROM rollouts WHERE " + std::string(condition),
                                    {}, [&](const store::Row& row) { count = row.Int(0); });
  return read ? count : -1;
}

int64_t YearHub::superseded() { return Count("state = 'done' AND reason LIKE '%not heard%'"); }

int64_t YearHub::scheduled() { return Count("created_by = 'schedule monthly'"); }

}  // namespace millwright::year
