// A mutex that clang's thread-safety analysis understands: MW_GUARDED_BY(mu_) on a member is then
// proved.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MW_THREAD_ATTRIBUTE_(x) __attribute__((x))
#else
#define MW_THREAD_ATTRIBUTE_(x)
#endif
#define MW_GUARDED_BY(mutex) MW_THREAD_ATTRIBUTE_(guarded_by(mutex))
#define MW_REQUIRES(...) MW_THREAD_ATTRIBUTE_(requires_capability(__VA_ARGS__))
#define MW_EXCLUDES(...) MW_THREAD_ATTRIBUTE_(locks_excluded(__VA_ARGS__))

namespace millwright {

class MW_THREAD_ATTRIBUTE_(capability("mutex")) Mutex {
 public:
  void lock() MW_THREAD_ATTRIBUTE_(acquire_capability()) { mutex_.lock(); }
  void unlock() MW_THREAD_ATTRIBUTE_(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class MW_THREAD_ATTRIBUTE_(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) MW_THREAD_ATTRIBUTE_(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() MW_THREAD_ATTRIBUTE_(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

/// Waits on a Mutex that the caller holds.
using CondVar = std::condition_variable_any;

}  // namespace millwright
