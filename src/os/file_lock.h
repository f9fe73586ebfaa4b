// A lock between processes: who changes a folder that others change too holds it meanwhile.
#pragma once

#include <string>
#include <utility>

#include "core/result.h"
#include "core/time.h"

namespace millwright::os {

/// Held until destruction; a process that dies lets go of it. Not between threads of one object.
class FileLock {
 public:
  /// Makes the file where it is missing; its folder must be there. Waits at most `wait`, then
  /// kConflict: somebody else holds it.
  [[nodiscard]] static Result<FileLock> Take(const std::string& path, Nanos wait);

  ~FileLock();
  FileLock(FileLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileLock& operator=(FileLock&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace millwright::os
