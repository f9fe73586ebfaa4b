#include "store/migrations.h"

#include <string>

namespace millwright::store {
namespace {

std::string ForSqlite(std::string_view sql) {
  std::string out(sql);
  for (size_t at = out.find("BYTEA"); at != std::string::npos; at = out.find("BYTEA", at))
    out.replace(at, 5, "BLOB");
  return out;
}

Result<void> CreateLedger(Database& database) {
  return database.Execute(
      "CREATE TABLE IF NOT EXISTS schema_migrations ("
      "number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL)");
}

Result<void> CheckLedger(Database& database, std::span<const Migration> migrations) {
  Result<void> verdict;
  const auto check = [&](const Row& row) {
    const int64_t number = row.Int(0);
    if (number < 1 || number > static_cast<int64_t>(migrations.size()))
      verdict = Fail(Errc::kUnsupported,
                     "store: the database has schema " + std::to_string(number) +
                         ", this program knows up to " + std::to_string(migrations.size()));
    else if (migrations[static_cast<size_t>(number - 1)].name != row.Text(1))
      verdict = Fail(Errc::kConflict, "store: schema " + std::to_string(number) + " is '" +
                                          std::string(row.Text(1)) + "' in the database");
  };
  MW_TRY(database.Each("SELECT number, name FROM schema_migrations ORDER BY number", {}, check));
  return verdict;
}

Result<void> Apply(Database& database, const Migration& migration) {
  MW_TRY(database.Execute(ForSqlite(migration.sql)));
  return database
      .Run("INSERT INTO schema_migrations (number, name) VALUES ($1, $2)",
           {int64_t{migration.number}, migration.name})
      .transform([](int64_t) {});
}

}  // namespace

Result<int> SchemaVersion(Database& database) {
  int version = 0;
  MW_TRY(CreateLedger(database));
  MW_TRY(database.Each("SELECT MAX(number) FROM schema_migrations", {}, [&](const Row& row) {
    if (!row.IsNull(0)) version = static_cast<int>(row.Int(0));
  }));
  return version;
}

Result<void> Migrate(Database& database, std::span<const Migration> migrations) {
  MW_TRY(const int version, SchemaVersion(database));
  MW_TRY(CheckLedger(database, migrations));
  for (const Migration& migration : migrations) {
    if (migration.number <= version) continue;
    MW_TRY(Transaction transaction, database.Begin());
    MW_TRY(Apply(database, migration));
    MW_TRY(transaction.Commit());
  }
  return {};
}

}  // namespace millwright::store
