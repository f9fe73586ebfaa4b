// A thin face over SQLite: one connection, cached statements, errors as values. The caller sees no
// SQLite type, so that a PostgreSQL connection can take its place; statements use $1, $2 ... in the
// order of their first appearance, which both understand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millwright::store {

using Blob = std::span<const std::byte>;

/// One bound parameter. Texts and blobs are borrowed until the call returns.
struct Value {
  std::variant<std::nullptr_t, int64_t, double, std::string_view, Blob> v;

  Value(std::nullptr_t) : v(nullptr) {}
  template <typename T>
  requires std::is_integral_v<T> Value(T number) : v(static_cast<int64_t>(number)) {}
  Value(double number) : v(number) {}
  Value(std::string_view text) : v(text) {}
  Value(const std::string& text) : v(std::string_view(text)) {}
  Value(const char* text) : v(std::string_view(text)) {}
  Value(Blob blob) : v(blob) {}
};
using Values = std::initializer_list<Value>;

/// The current row of a query; texts and blobs live until the callback returns.
class Row {
 public:
  explicit Row(sqlite3_stmt* statement) : statement_(statement) {}
  [[nodiscard]] bool IsNull(int column) const;
  [[nodiscard]] int64_t Int(int column) const;
  [[nodiscard]] double Real(int column) const;
  [[nodiscard]] std::string_view Text(int column) const;
  [[nodiscard]] Blob Bytes(int column) const;

 private:
  sqlite3_stmt* statement_;
};
using RowFunction = std::function<void(const Row&)>;

class Database;

/// Rolls back unless Commit succeeded. At most one at a time on a Database.
class Transaction {
 public:
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  ~Transaction();
  /// Returns only after the data are on disk (synchronous=FULL). After an error everything is
  /// rolled back.
  [[nodiscard]] Result<void> Commit();

 private:
  friend class Database;
  explicit Transaction(Database& database) : database_(&database) {}
  Database* database_;
};

struct DatabaseOptions {
  bool read_only = false;
  int busy_timeout_ms = 5000;
  std::string
      vfs{};  // empty: the operating system's; tests name one that loses what was not synced
  int64_t cache_kib = 8192;
};

/// Not thread-safe: a connection belongs to one thread at a time. Many connections may read while
/// one writes (WAL).
class Database {
 public:
  /// Opens or (unless read_only) creates the file: WAL, synchronous=FULL. kIo, or kInvalid for a
  /// file that is not a database.
  [[nodiscard]] static Result<std::unique_ptr<Database>> Open(const std::string& path,
                                                              const DatabaseOptions& options = {});
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Statements without parameters, separated by ';'. Not cached: for schemas and pragmas.
  [[nodiscard]] Result<void> Execute(const std::string& sql);
  /// Runs a changing statement; the number of rows it changed. kConflict on a broken constraint,
  /// kExhausted on a full disk.
  [[nodiscard]] Result<int64_t> Run(std::string_view sql, Values values);
  [[nodiscard]] Result<int64_t> Run(std::string_view sql, std::span<const Value> values);
  /// Calls `each` for every row.
  [[nodiscard]] Result<void> Each(std::string_view sql, Values values, const RowFunction& each);
  [[nodiscard]] Result<void> Each(std::string_view sql, std::span<const Value> values,
                                  const RowFunction& each);
  /// Calls `first` for the first row only; false where there is none.
  [[nodiscard]] Result<bool> First(std::string_view sql, Values values, const RowFunction& first);

  [[nodiscard]] Result<Transaction> Begin();
  /// A read transaction: all queries until its end see one state of the database.
  [[nodiscard]] Result<Transaction> BeginRead();

  /// Copies the database as of this instant into a new file (mode 0600), while others read and
  /// write: one state, no log beside it, checked with quick_check. Until it ends SQLite keeps every
  /// later change in its log. kConflict where the file is there; kInvalid where the copy shows that
  /// the database is damaged. Source: sqlite.org/backup.html.
  [[nodiscard]] Result<void> BackUpTo(const std::string& path);

  /// Bytes of the database file that hold data (pages in use x page size).
  [[nodiscard]] Result<int64_t> BytesUsed();

 private:
  friend class Transaction;
  explicit Database(sqlite3* handle) : handle_(handle) {}
  [[nodiscard]] Result<sqlite3_stmt*> Prepare(std::string_view sql);
  [[nodiscard]] Result<sqlite3_stmt*> Bound(std::string_view sql, std::span<const Value> values);
  [[nodiscard]] Result<void> CopyPages(Database& to);
  [[nodiscard]] tl::unexpected<Error> Failure(std::string_view what) const;

  sqlite3* handle_;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

}  // namespace millwright::store
