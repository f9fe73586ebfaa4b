// Database::BackUpTo: SQLite's online backup, with its snapshot held still.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "store/database.h"

namespace millwright::store {
namespace {

constexpr int kPagesAtOnce = 4096;

Result<void> MakeEmpty(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0)
    return Fail(errno == EEXIST ? Errc::kConflict : Errc::kIo,
                "store: cannot make " + path + ": " + std::strerror(errno));
  ::close(file);
  return {};
}

}  // namespace

Result<void> Database::CopyPages(Database& to) {
  sqlite3_backup* backup = sqlite3_backup_init(to.handle_, "main", handle_, "main");
  if (backup == nullptr) return to.Failure("cannot begin a backup");
  int code = SQLITE_OK;
  while (code == SQLITE_OK) code = sqlite3_backup_step(backup, kPagesAtOnce);
  const int finished = sqlite3_backup_finish(backup);
  if (code == SQLITE_DONE && finished == SQLITE_OK) return {};
  return to.Failure("backup");
}

Result<void> Database::BackUpTo(const std::string& path) {
  MW_TRY(MakeEmpty(path));
  MW_TRY(auto to, Open(path));
  {
    // The first read takes the snapshot; without it each step would see what was committed since,
    // and begin anew.
    MW_TRY(const Transaction snapshot, BeginRead());
    MW_TRY(Each("SELECT COUNT(*) FROM sqlite_schema", {}, [](const Row&) {}));
    MW_TRY(CopyPages(*to));
  }
  // The copy is a single file from here on; whoever opens it for writing turns the log on again.
  MW_TRY(to->Execute("PRAGMA journal_mode=DELETE"));
  std::string verdict;
  MW_TRY(to->Each("PRAGMA quick_check(1)", {},
                  [&](const Row& row) { verdict = std::string(row.Text(0)); }));
  if (verdict != "ok") return Fail(Errc::kInvalid, "store: the database is damaged: " + verdict);
  return {};
}

}  // namespace millwright::store
