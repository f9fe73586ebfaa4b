// A fixed number of read-only connections, lent to threads that answer requests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"
#include "store/database.h"

namespace millwright::store {

/// Thread-safe. A lease returns its connection when it ends.
class ReaderPool {
 public:
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<Database> database)
        : pool_(&pool), database_(std::move(database)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (database_ != nullptr) pool_->GiveBack(std::move(database_));
    }
    Database& operator*() const { return *database_; }
    Database* operator->() const { return database_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<Database> database_;
  };

  /// Opens `count` connections to an existing database.
  [[nodiscard]] static Result<std::unique_ptr<ReaderPool>> Open(
      const std::string& path, int count, const DatabaseOptions& options = {});
  /// Waits up to `wait_max` for a free connection; kUnavailable after that.
  [[nodiscard]] Result<Lease> Take(Nanos wait_max = 2 * kSecond);

 private:
  ReaderPool() = default;
  void GiveBack(std::unique_ptr<Database> database);

  Mutex mutex_;
  CondVar returned_;
  std::vector<std::unique_ptr<Database>> idle_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::store
