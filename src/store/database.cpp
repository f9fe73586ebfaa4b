#include "store/database.h"

#include <sqlite3.h>

#include "core/check.h"

namespace millwright::store {
namespace {

// Programs use a fixed set of statements; a number beyond this means that one builds SQL from data.
constexpr size_t kStatementsMax = 256;

Errc CodeOf(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_CONSTRAINT:
      return Errc::kConflict;
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
    case SQLITE_NOMEM:
      return Errc::kExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kUnavailable;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Errc::kInvalid;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_IOERR:
      return Errc::kIo;
    default:
      return Errc::kInternal;
  }
}

struct Binder {
  sqlite3_stmt* statement;
  int index;

  int operator()(std::nullptr_t) const { return sqlite3_bind_null(statement, index); }
  int operator()(int64_t number) const { return sqlite3_bind_int64(statement, index, number); }
  int operator()(double number) const { return sqlite3_bind_double(statement, index, number); }
  int operator()(std::string_view text) const {
    return sqlite3_bind_text64(statement, index, text.empty() ? "" : text.data(), text.size(),
                               SQLITE_STATIC, SQLITE_UTF8);
  }
  int operator()(Blob blob) const {
    if (blob.empty()) return sqlite3_bind_zeroblob(statement, index, 0);
    return sqlite3_bind_blob64(statement, index, blob.data(), blob.size(), SQLITE_STATIC);
  }
};

// A cached statement goes back without its borrowed parameters, however its use ends.
class Lease {
 public:
  explicit Lease(sqlite3_stmt* statement) : statement_(statement) {}
  ~Lease() {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

 private:
  sqlite3_stmt* statement_;
};

}  // namespace

bool Row::IsNull(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
int64_t Row::Int(int column) const { return sqlite3_column_int64(statement_, column); }
double Row::Real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view Row::Text(int column) const {
  const void* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) return {};
  return {static_cast<const char*>(text),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Blob Row::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_, column);
  if (bytes == nullptr) return {};
  return {static_cast<const std::byte*>(bytes),
          static_cast<size_t>(sqlite3_column_bytes(statement_, column))};
}

Transaction::~Transaction() {
  if (database_ == nullptr) return;
  // SQLite may have rolled back by itself (full disk); a second rollback is then an error of no
  // meaning.
  if (sqlite3_get_autocommit(database_->handle_) == 0)
    sqlite3_exec(database_->handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::Commit() {
  MW_CHECK(database_ != nullptr);
  MW_TRY(database_->Execute("COMMIT"));
  database_ = nullptr;
  return {};
}

Result<std::unique_ptr<Database>> Database::Open(const std::string& path,
                                                 const DatabaseOptions& options) {
  sqlite3* handle = nullptr;
  const int mode =
      options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(
      path.c_str(), &handle, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_URI,
      options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> database(new Database(handle));
  if (code != SQLITE_OK) return database->Failure("cannot open " + path);
  sqlite3_busy_timeout(handle, options.busy_timeout_ms);
  MW_TRY(database->Execute("PRAGMA cache_size=-" + std::to_string(options.cache_kib)));
  if (options.read_only) return database;
  // FULL: a commit returns after fsync of the log. The hub acks a device only then, and the device
  // deletes.
  MW_TRY(database->Execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=67108864"));
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

tl::unexpected<Error> Database::Failure(std::string_view what) const {
  const int code = handle_ == nullptr ? SQLITE_NOMEM : sqlite3_extended_errcode(handle_);
  const char* reason = handle_ == nullptr ? "out of memory" : sqlite3_errmsg(handle_);
  return Fail(CodeOf(code), "store: " + std::string(what) + ": " + reason);
}

Result<void> Database::Execute(const std::string& sql) {
  if (sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
    return Failure(sql.substr(0, 60));
  return {};
}

Result<sqlite3_stmt*> Database::Prepare(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second;
  MW_CHECK(statements_.size() < kStatementsMax);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                         SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK)
    return Failure(sql);
  statements_.emplace(sql, statement);
  return statement;
}

Result<sqlite3_stmt*> Database::Bound(std::string_view sql, std::span<const Value> values) {
  MW_TRY(sqlite3_stmt * statement, Prepare(sql));
  MW_CHECK(sqlite3_bind_parameter_count(statement) == static_cast<int>(values.size()));
  // A statement that is still running belongs to an outer call: its SQL may not be used inside its
  // own callback.
  MW_CHECK(sqlite3_stmt_busy(statement) == 0);
  int index = 1;
  for (const Value& value : values)
    if (std::visit(Binder{statement, index++}, value.v) != SQLITE_OK) return Failure("bind");
  return statement;
}

Result<int64_t> Database::Run(std::string_view sql, Values values) {
  return Run(sql, std::span(values.begin(), values.size()));
}

Result<int64_t> Database::Run(std::string_view sql, std::span<const Value> values) {
  MW_TRY(sqlite3_stmt * statement, Bound(sql, values));
  const Lease lease(statement);
  int code = sqlite3_step(statement);
  while (code == SQLITE_ROW) code = sqlite3_step(statement);
  if (code != SQLITE_DONE) return Failure(sql.substr(0, 60));
  return sqlite3_changes64(handle_);
}

Result<void> Database::Each(std::string_view sql, Values values, const RowFunction& each) {
  return Each(sql, std::span(values.begin(), values.size()), each);
}

Result<void> Database::Each(std::string_view sql, std::span<const Value> values,
                            const RowFunction& each) {
  MW_TRY(sqlite3_stmt * statement, Bound(sql, values));
  const Lease lease(statement);
  const Row row(statement);
  int code = sqlite3_step(statement);
  for (; code == SQLITE_ROW; code = sqlite3_step(statement)) each(row);
  if (code != SQLITE_DONE) return Failure(sql.substr(0, 60));
  return {};
}

Result<bool> Database::First(std::string_view sql, Values values, const RowFunction& first) {
  MW_TRY(sqlite3_stmt * statement, Bound(sql, std::span(values.begin(), values.size())));
  const Lease lease(statement);
  const int code = sqlite3_step(statement);
  if (code == SQLITE_DONE) return false;
  if (code != SQLITE_ROW) return Failure(sql.substr(0, 60));
  first(Row(statement));
  return true;
}

Result<Transaction> Database::Begin() {
  // IMMEDIATE: the write lock now, so that no later statement of the transaction fails for it.
  MW_TRY(Execute("BEGIN IMMEDIATE"));
  return Transaction(*this);
}

Result<Transaction> Database::BeginRead() {
  MW_TRY(Execute("BEGIN"));
  return Transaction(*this);
}

Result<int64_t> Database::BytesUsed() {
  int64_t pages = 0;
  int64_t free_pages = 0;
  int64_t page_bytes = 0;
  const auto read = [](int64_t& into) { return [&into](const Row& row) { into = row.Int(0); }; };
  MW_TRY(Each("PRAGMA page_count", {}, read(pages)));
  MW_TRY(Each("PRAGMA freelist_count", {}, read(free_pages)));
  MW_TRY(Each("PRAGMA page_size", {}, read(page_bytes)));
  return (pages - free_pages) * page_bytes;
}

}  // namespace millwright::store
