// What a commit changed: the way from ingest and rollouts to those who watch (the API's event
// stream).
#pragma once

#include <set>
#include <string>
#include <utility>

#include "core/mutex.h"

namespace millwright::hub {

struct Changes {
  std::set<std::pair<std::string, std::string>> machines{};  // site, asset
  std::set<std::pair<std::string, std::string>> alarms{};    // device, alarm_key
  std::set<std::string> devices{};
  std::set<std::string> rollouts{};  // ids

  void Merge(const Changes& other) {
    machines.insert(other.machines.begin(), other.machines.end());
    alarms.insert(other.alarms.begin(), other.alarms.end());
    devices.insert(other.devices.begin(), other.devices.end());
    rollouts.insert(other.rollouts.begin(), other.rollouts.end());
  }
};

/// Thread-safe. Holds names only, each once, so it never grows beyond the fleet (and the alarms
/// between two Takes).
class ChangeFeed {
 public:
  void Add(const Changes& changes) {
    const MutexLock lock(mutex_);
    waiting_.Merge(changes);
  }
  /// What changed since the last Take.
  [[nodiscard]] Changes Take() {
    const MutexLock lock(mutex_);
    return std::exchange(waiting_, {});
  }

 private:
  Mutex mutex_;
  Changes waiting_ MW_GUARDED_BY(mutex_);
};

}  // namespace millwright::hub
