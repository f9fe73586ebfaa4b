// The little of SQLite that the outbox needs, with errors as values. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millwright::outbox {

class Connection;

/// A prepared statement. Bind, step until false, Reset; parameters and columns count from 1 and 0,
/// as in SQLite.
class Statement {
 public:
  Statement() = default;
  Statement(Connection& connection, sqlite3_stmt* handle);

  Statement& Bind(int index, int64_t value);
  /// The text or bytes must live until Reset.
  Statement& BindText(int index, std::string_view text);
  Statement& BindBlob(int index, std::string_view bytes);

  /// True where a row stands; false at the end, which also resets.
  [[nodiscard]] Result<bool> Step();
  /// Steps a statement that returns no rows.
  [[nodiscard]] Result<void> Run();
  void Reset();

  [[nodiscard]] int64_t Integer(int column) const;
  [[nodiscard]] std::string_view Bytes(int column) const;  // valid until the next Step

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const;
  };
  Connection* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One connection; one thread at a time.
class Connection {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Connection>> Open(const std::string& path,
                                                                const std::string& vfs);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  [[nodiscard]] Result<void> Execute(const char* sql);
  [[nodiscard]] Result<Statement> Prepare(std::string_view sql);
  /// The single integer of a query such as "PRAGMA user_version"; kNotFound without a row.
  [[nodiscard]] Result<int64_t> QueryInteger(std::string_view sql);
  /// Undoes an open transaction, if any.
  void Rollback();

  /// SQLite has found the file damaged (or no database at all).
  [[nodiscard]] bool damaged() const { return damaged_; }
  [[nodiscard]] Error ErrorOf(int code);

 private:
  Connection(sqlite3* handle, std::string path) : handle_(handle), path_(std::move(path)) {}

  sqlite3* handle_;
  std::string path_;
  bool damaged_ = false;
};

}  // namespace millwright::outbox
