// The socket seam: bytes to and from a nucleus, without waiting.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"
#include "core/time.h"

namespace millwright::greengrass {

class Channel {
 public:
  virtual ~Channel() = default;
  /// How many bytes came; 0: none now. kUnavailable: the other side has closed.
  [[nodiscard]] virtual Result<size_t> Read(std::span<std::byte> into) = 0;
  /// How many bytes were taken; 0: none now.
  [[nodiscard]] virtual Result<size_t> Write(std::span<const std::byte> bytes) = 0;
  /// Until there is something to read (or room to write, where `to_write`), or `wait_max` is over.
  virtual void Wait(Nanos wait_max, bool to_write) = 0;
};
using OpenChannel = std::function<Result<std::unique_ptr<Channel>>()>;

/// Connects to a stream socket in the file system. kInvalid: the path is longer than a socket's may
/// be; kUnavailable: nobody listens there.
[[nodiscard]] Result<std::unique_ptr<Channel>> OpenUnixChannel(const std::string& path);

}  // namespace millwright::greengrass
