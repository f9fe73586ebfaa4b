// Test harness: tells each accepted event's id to a process of its own, over a unix stream socket,
// after the fsync that made it durable: "device epoch lane seq kind\n".
#pragma once

#include <string>
#include <string_view>

#include "core/ids.h"
#include "core/time.h"

namespace millwright::agent {

class Witness {
 public:
  /// An empty path: a witness that hears nothing.
  Witness(std::string path, DeviceId device) : path_(std::move(path)), device_(std::move(device)) {}
  ~Witness();
  Witness(const Witness&) = delete;
  Witness& operator=(const Witness&) = delete;

  void Tell(uint64_t epoch, Lane lane, uint64_t sequence, std::string_view kind);
  /// Sends what was told. Where the witness is away it is kept, up to a limit, and sent later.
  /// `now` is monotonic.
  void Flush(Nanos now);

 private:
  void Connect(Nanos now);
  void Close();

  std::string path_;
  DeviceId device_;
  std::string waiting_;
  size_t sent_ = 0;  // bytes of `waiting_` that this connection has taken
  int fd_ = -1;
  Nanos try_at_ = 0;
};

}  // namespace millwright::agent
