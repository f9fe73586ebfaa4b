// Wakes one sleeping thread. Ringing a thread that is awake costs one atomic exchange.
#pragma once

#include <atomic>

#include "core/time.h"

namespace millwright::agent {

class Doorbell {
 public:
  Doorbell();
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  /// Any thread. What was written before is seen by the waiter after Wait.
  void Ring();
  /// The owner only. Returns after `wait_max` at the latest, at once where it was rung since the
  /// last Wait.
  void Wait(Nanos wait_max);

 private:
  int fd_;
  std::atomic<bool> rung_{false};
  std::atomic<bool> sleeping_{false};
};

}  // namespace millwright::agent
