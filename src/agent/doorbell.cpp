#include "agent/doorbell.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "core/check.h"

namespace millwright::agent {

Doorbell::Doorbell() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) { MW_CHECK(fd_ >= 0); }

Doorbell::~Doorbell() { ::close(fd_); }

void Doorbell::Ring() {
  rung_.store(true);
  if (!sleeping_.exchange(false)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t wrote = ::write(fd_, &one, sizeof one);
}

void Doorbell::Wait(Nanos wait_max) {
  sleeping_.store(true);
  // Looked at after `sleeping_` is visible: a ring in between is seen here or wakes the poll.
  if (!rung_.load()) {
    pollfd waiting{fd_, POLLIN, 0};
    const Nanos wait = std::max<Nanos>(wait_max, 0);
    const timespec timeout{wait / kSecond, wait % kSecond};
    ppoll(&waiting, 1, &timeout, nullptr);
  }
  sleeping_.store(false);
  rung_.store(false);
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd_, &count, sizeof count);
}

}  // namespace millwright::agent
