#include "store/pool.h"

#include <chrono>

namespace millwright::store {

Result<std::unique_ptr<ReaderPool>> ReaderPool::Open(const std::string& path, int count,
                                                     const DatabaseOptions& options) {
  DatabaseOptions read_options = options;
  read_options.read_only = true;
  std::unique_ptr<ReaderPool> pool(new ReaderPool);
  const MutexLock lock(pool->mutex_);
  for (int i = 0; i < count; ++i) {
    MW_TRY(std::unique_ptr<Database> database, Database::Open(path, read_options));
    pool->idle_.push_back(std::move(database));
  }
  return pool;
}

Result<ReaderPool::Lease> ReaderPool::Take(Nanos wait_max) {
  const MutexLock lock(mutex_);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::nanoseconds(wait_max);
  while (idle_.empty())
    if (returned_.wait_until(mutex_, deadline) == std::cv_status::timeout && idle_.empty())
      return Fail(Errc::kUnavailable, "store: all reading connections are busy");
  std::unique_ptr<Database> database = std::move(idle_.back());
  idle_.pop_back();
  return Lease(*this, std::move(database));
}

void ReaderPool::GiveBack(std::unique_ptr<Database> database) {
  {
    const MutexLock lock(mutex_);
    idle_.push_back(std::move(database));
  }
  returned_.notify_one();
}

}  // namespace millwright::store
