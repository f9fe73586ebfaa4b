// The device's half of MQTT file streams: asks for the blocks that are missing until none is. What
// has arrived is the sink's business; it survives link loss and power cuts there.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/stream_message.h"
#include "os/clock.h"

namespace millwright::jobs {

/// Where blocks go.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  [[nodiscard]] virtual uint32_t block_bytes() const = 0;
  [[nodiscard]] virtual std::vector<uint32_t> Missing(size_t count) const = 0;
  /// Durable when it returns. kInvalid: not a block of this file; other errors end the download for
  /// now.
  [[nodiscard]] virtual Result<void> Put(uint32_t block, std::span<const std::byte> bytes) = 0;
};

struct DownloadOptions {
  std::string prefix, thing, stream;
  int64_t file = 0;
  Encoding encoding = Encoding::kCbor;
  size_t window = 8;  // blocks asked for at once: bounded by what a slow link holds
  Nanos patience =
      10 * kSecond;  // without a block, then it asks again; doubles up to 16 times this
};

enum class DownloadState : uint8_t { kRunning, kDone, kFailed };

/// Not thread-safe; polled by the thread that owns the connection.
class StreamDownload {
 public:
  using Publish = std::function<bool(const std::string& topic, std::span<const std::byte> payload)>;

  /// Borrows sink and clock.
  StreamDownload(DownloadOptions options, BlockSink& sink, os::Clock& clock, Publish publish);

  /// What to subscribe to before Ask.
  [[nodiscard]] std::vector<std::string> Filters() const;
  /// At the start and after each reconnect.
  void Ask();
  bool OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// Every second or so: asks again where an answer is overdue.
  void Tick();

  [[nodiscard]] DownloadState state() const { return state_; }
  /// Why it failed, in words.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] uint64_t blocks_taken() const { return taken_; }
  [[nodiscard]] uint64_t requests() const { return requests_; }

 private:
  void Take(std::span<const std::byte> payload);
  void Refused(std::span<const std::byte> payload);
  [[nodiscard]] std::string Topic(const char* what) const;

  const DownloadOptions options_;
  BlockSink& sink_;
  os::Clock& clock_;
  const Publish publish_;
  DownloadState state_ = DownloadState::kRunning;
  std::string reason_;
  size_t expected_ = 0;  // blocks of the last request that have not come
  Nanos quiet_since_ = 0;
  Nanos patience_;
  uint64_t taken_ = 0, requests_ = 0;
};

}  // namespace millwright::jobs
