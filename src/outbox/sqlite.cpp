#include "outbox/sqlite.h"

#include <sqlite3.h>

#include <cerrno>

namespace millwright::outbox {
namespace {

Errc CodeOf(int sqlite_code, int system_errno) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return Errc::kExhausted;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::kConflict;
    case SQLITE_NOMEM:
      return Errc::kExhausted;
    case SQLITE_ERROR:
      return Errc::kInternal;  // our statements are constants: a table or column is missing
    default:
      break;
  }
  // Growing the WAL index on a full disk is an I/O error to SQLite, but a limit to us.
  const bool no_space = system_errno == ENOSPC || system_errno == EDQUOT;
  return (sqlite_code & 0xff) == SQLITE_IOERR && no_space ? Errc::kExhausted : Errc::kIo;
}

}  // namespace

Statement::Statement(Connection& connection, sqlite3_stmt* handle)
    : connection_(&connection), handle_(handle) {}

void Statement::Finalize::operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }

Statement& Statement::Bind(int index, int64_t value) {
  sqlite3_bind_int64(handle_.get(), index, value);
  return *this;
}

Statement& Statement::BindText(int index, std::string_view text) {
  sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindBlob(int index, std::string_view bytes) {
  sqlite3_bind_blob64(handle_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::Step() {
  const int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    Reset();
    return false;
  }
  const Error error = connection_->ErrorOf(code);
  Reset();
  return tl::unexpected(error);
}

Result<void> Statement::Run() {
  MW_TRY(Step());
  Reset();
  return {};
}

void Statement::Reset() { sqlite3_reset(handle_.get()); }

int64_t Statement::Integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }

std::string_view Statement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(handle_.get(), column);
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return {static_cast<const char*>(bytes), bytes == nullptr ? 0 : static_cast<size_t>(size)};
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path,
                                                     const std::string& vfs) {
  sqlite3* handle = nullptr;
  // NOMUTEX: the outbox itself lets one thread at a time into each connection.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code =
      sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(handle, path));
  if (handle == nullptr) return Fail(Errc::kExhausted, "outbox: out of memory opening " + path);
  if (code != SQLITE_OK) return tl::unexpected(connection->ErrorOf(code));
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, 5000);
  return connection;
}

Connection::~Connection() { sqlite3_close_v2(handle_); }

Result<void> Connection::Execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(ErrorOf(code));
  return {};
}

Result<Statement> Connection::Prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return tl::unexpected(ErrorOf(code));
  return Statement(*this, statement);
}

Result<int64_t> Connection::QueryInteger(std::string_view sql) {
  MW_TRY(Statement statement, Prepare(sql));
  MW_TRY(const bool row, statement.Step());
  if (!row) return Fail(Errc::kNotFound, "outbox: no row for " + std::string(sql));
  return statement.Integer(0);
}

void Connection::Rollback() {
  if (sqlite3_get_autocommit(handle_) == 0)
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Error Connection::ErrorOf(int code) {
  const int primary = code & 0xff;
  if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB) damaged_ = true;
  return Error{CodeOf(code, sqlite3_system_errno(handle_)),
               "outbox: " + path_ + ": " + sqlite3_errmsg(handle_) + " (SQLite " +
                   std::to_string(code) + ")"};
}

}  // namespace millwright::outbox
