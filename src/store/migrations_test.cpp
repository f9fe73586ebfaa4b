#include "store/migrations.h"

#include <gtest/gtest.h>

#include "store/test_folder.h"

namespace millwright::store {
namespace {

TEST(MigrationsTest, AreNumberedFromOneWithoutHoles) {
  int want = 1;
  for (const Migration& migration : EmbeddedMigrations()) EXPECT_EQ(migration.number, want++);
  EXPECT_GT(want, 1);
}

// PostgreSQL runs the same files: no word that only SQLite knows.
TEST(MigrationsTest, UseNoDialect) {
  for (const Migration& migration : EmbeddedMigrations())
    for (const char* word :
         {"AUTOINCREMENT", "WITHOUT ROWID", "BLOB", "INTEGER PRIMARY", "PRAGMA", "STRICT"})
      EXPECT_EQ(migration.sql.find(word), std::string_view::npos) << migration.name << ": " << word;
}

TEST(MigrationsTest, RunOnceAndAgainWithoutEffect) {
  const TestFolder folder;
  auto database = *Database::Open(folder.File("a.db"));
  ASSERT_TRUE(Migrate(*database));
  ASSERT_TRUE(database->Run("INSERT INTO epochs (device, epoch, first_seen_ns) VALUES ($1, $2, $3)",
                            {"d", 1, 2}));
  const auto again = Migrate(*database);
  ASSERT_TRUE(again) << again.error().what;
  EXPECT_EQ(*SchemaVersion(*database), static_cast<int>(EmbeddedMigrations().size()));
  EXPECT_TRUE(*database->First("SELECT device FROM epochs", {}, [](const Row&) {}));
}

TEST(MigrationsTest, RefuseADatabaseOfANewerProgram) {
  const TestFolder folder;
  auto database = *Database::Open(folder.File("a.db"));
  ASSERT_TRUE(Migrate(*database));
  ASSERT_TRUE(database->Run("INSERT INTO schema_migrations (number, name) VALUES ($1, $2)",
                            {9999, "9999_future"}));
  const auto result = Migrate(*database);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::kUnsupported);
}

TEST(MigrationsTest, FailingMigrationLeavesTheOlderSchema) {
  const TestFolder folder;
  auto database = *Database::Open(folder.File("a.db"));
  const Migration steps[] = {{1, "0001_a", "CREATE TABLE a (i BIGINT)"},
                             {2, "0002_b", "CREATE TABLE b (i BIGINT); CREATE TABLE a (i BIGINT)"}};
  EXPECT_FALSE(Migrate(*database, steps));
  EXPECT_EQ(*SchemaVersion(*database), 1);
  EXPECT_FALSE(database->Run("INSERT INTO b VALUES ($1)", {1}));
}

}  // namespace
}  // namespace millwright::store
