#include "store/database.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "store/pool.h"
#include "store/test_folder.h"

namespace millwright::store {
namespace {

std::unique_ptr<Database> OpenOrDie(const std::string& path, DatabaseOptions options = {}) {
  auto database = Database::Open(path, options);
  EXPECT_TRUE(database.has_value()) << database.error().what;
  return std::move(*database);
}

TEST(DatabaseTest, KeepsEveryTypeThroughARoundTrip) {
  const TestFolder folder;
  auto database = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(database->Execute("CREATE TABLE t (i BIGINT, r DOUBLE PRECISION, s TEXT, b BLOB)"));
  const std::byte bytes[] = {std::byte{0}, std::byte{255}, std::byte{7}};
  ASSERT_TRUE(database->Run("INSERT INTO t VALUES ($1, $2, $3, $4)",
                            {INT64_MIN, 0.5, std::string("a\0b", 3), Blob(bytes)}));
  int rows = 0;
  ASSERT_TRUE(database->Each("SELECT i, r, s, b, NULL FROM t", {}, [&](const Row& row) {
    ++rows;
    EXPECT_EQ(row.Int(0), INT64_MIN);
    EXPECT_EQ(row.Real(1), 0.5);
    EXPECT_EQ(row.Text(2), std::string("a\0b", 3));
    EXPECT_EQ(row.Bytes(3).size(), 3u);
    EXPECT_TRUE(row.IsNull(4));
  }));
  EXPECT_EQ(rows, 1);
}

TEST(DatabaseTest, BrokenConstraintIsAConflict) {
  const TestFolder folder;
  auto database = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(database->Execute("CREATE TABLE t (i BIGINT NOT NULL PRIMARY KEY)"));
  ASSERT_TRUE(database->Run("INSERT INTO t VALUES ($1)", {1}));
  const auto again = database->Run("INSERT INTO t VALUES ($1)", {1});
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, Errc::kConflict);
}

TEST(DatabaseTest, TransactionWithoutCommitLeavesNothing) {
  const TestFolder folder;
  auto database = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(database->Execute("CREATE TABLE t (i BIGINT)"));
  {
    auto transaction = database->Begin();
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database->Run("INSERT INTO t VALUES ($1)", {1}));
  }
  EXPECT_FALSE(*database->First("SELECT i FROM t", {}, [](const Row&) {}));
}

TEST(DatabaseTest, FileThatIsNoDatabaseIsAnError) {
  const TestFolder folder;
  std::ofstream(folder.File("a.db")) << std::string(5000, 'x');
  const auto database = Database::Open(folder.File("a.db"));
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().code, Errc::kInvalid);
}

TEST(DatabaseTest, MissingFolderIsAnError) {
  EXPECT_FALSE(Database::Open("/nonexistent-folder/a.db"));
}

TEST(DatabaseTest, ReadOnlyConnectionRefusesToWrite) {
  const TestFolder folder;
  auto writer = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (i BIGINT)"));
  auto reader = OpenOrDie(folder.File("a.db"), {.read_only = true});
  EXPECT_FALSE(reader->Run("INSERT INTO t VALUES ($1)", {1}));
}

TEST(DatabaseTest, ReadTransactionSeesOneState) {
  const TestFolder folder;
  auto writer = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (i BIGINT)"));
  auto reader = OpenOrDie(folder.File("a.db"), {.read_only = true});
  const auto count = [&] {
    int64_t rows = -1;
    EXPECT_TRUE(reader->Each("SELECT COUNT(*) FROM t", {}, [&](const Row& r) { rows = r.Int(0); }));
    return rows;
  };
  {
    auto transaction = reader->BeginRead();
    ASSERT_TRUE(transaction);
    EXPECT_EQ(count(), 0);
    ASSERT_TRUE(writer->Run("INSERT INTO t VALUES ($1)", {1}));
    EXPECT_EQ(count(), 0);
  }
  EXPECT_EQ(count(), 1);
}

TEST(DatabaseTest, ABackupIsOneInstantInASingleFile) {
  const TestFolder folder;
  auto writer = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (i BIGINT)"));
  ASSERT_TRUE(writer->Run("INSERT INTO t VALUES ($1)", {1}));
  auto source = Database::Open(folder.File("a.db"), {.read_only = true});
  ASSERT_TRUE(source);
  ASSERT_TRUE((*source)->BackUpTo(folder.File("copy.db")));
  ASSERT_TRUE(writer->Run("INSERT INTO t VALUES ($1)", {2}));
  EXPECT_FALSE(std::filesystem::exists(folder.File("copy.db-wal")));
  EXPECT_EQ(std::filesystem::status(folder.File("copy.db")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  auto copy = OpenOrDie(folder.File("copy.db"));
  int64_t sum = 0;
  ASSERT_TRUE(copy->Each("SELECT SUM(i) FROM t", {}, [&](const Row& row) { sum = row.Int(0); }));
  EXPECT_EQ(sum, 1);
  EXPECT_EQ((*source)->BackUpTo(folder.File("copy.db")).error().code, Errc::kConflict);
}

TEST(DatabaseTest, ABackupOfADamagedDatabaseIsRefused) {
  const TestFolder folder;
  {
    auto writer = OpenOrDie(folder.File("a.db"));
    ASSERT_TRUE(writer->Execute("CREATE TABLE t (i BIGINT, filling TEXT)"));
    for (int i = 0; i < 400; ++i)
      ASSERT_TRUE(writer->Run("INSERT INTO t VALUES ($1, $2)", {i, std::string(500, 'x')}));
  }
  {
    std::fstream file(folder.File("a.db"), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20 * 4096);
    file << std::string(4096, '\xff');
  }
  auto source = Database::Open(folder.File("a.db"), {.read_only = true});
  ASSERT_TRUE(source);
  EXPECT_EQ((*source)->BackUpTo(folder.File("copy.db")).error().code, Errc::kInvalid);
}

TEST(ReaderPoolTest, LendsEachConnectionOnceAndTakesItBack) {
  const TestFolder folder;
  auto writer = OpenOrDie(folder.File("a.db"));
  ASSERT_TRUE(writer->Execute("CREATE TABLE t (i BIGINT)"));
  auto pool = ReaderPool::Open(folder.File("a.db"), 1);
  ASSERT_TRUE(pool);
  {
    const auto lease = (*pool)->Take();
    ASSERT_TRUE(lease);
    const auto second = (*pool)->Take(kMillisecond);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Errc::kUnavailable);
  }
  EXPECT_TRUE((*pool)->Take(kMillisecond));
}

}  // namespace
}  // namespace millwright::store
