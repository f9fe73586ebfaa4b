// The service's half of MQTT file streams: describes files and sends the blocks that were asked
// for.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/stream_message.h"

namespace millwright::jobs {

struct StreamInfo {
  int64_t version = 1;
  std::string text{};
  std::vector<StreamFile> files{};
};

/// What a device may fetch. Calls come from one thread.
class StreamSource {
 public:
  virtual ~StreamSource() = default;
  /// Nothing where there is no such stream for this thing.
  [[nodiscard]] virtual Result<std::optional<StreamInfo>> Describe(std::string_view thing,
                                                                   std::string_view stream) = 0;
  [[nodiscard]] virtual Result<Bytes> Read(std::string_view thing, std::string_view stream,
                                           int64_t file, uint64_t offset, size_t bytes) = 0;
};

/// Not thread-safe; polled by the thread that owns the connection.
class StreamServer {
 public:
  /// False where the connection takes no more now; the block is sent again later.
  using Publish = std::function<bool(const std::string& topic, std::span<const std::byte> payload)>;

  StreamServer(StreamSource& source, std::string prefix, Publish publish);

  /// True where the topic is a request of this contract.
  bool OnMessage(std::string_view topic, std::span<const std::byte> payload);
  /// Sends what waits, as far as the connection takes it.
  void Work();
  [[nodiscard]] bool idle() const { return waiting_.empty(); }
  [[nodiscard]] std::vector<std::string> Filters() const;

 private:
  struct Job {  // the blocks of one request, not yet sent
    std::string thing, stream;
    Encoding encoding;
    GetRequest request;
    std::vector<int64_t> blocks;
    size_t next = 0;
  };
  void Describe(std::string_view thing, std::string_view stream, Encoding encoding,
                std::span<const std::byte> payload);
  void Get(std::string_view thing, std::string_view stream, Encoding encoding,
           std::span<const std::byte> payload);
  void Refuse(std::string_view thing, std::string_view stream, Encoding encoding,
              StreamRefusal refusal);
  [[nodiscard]] bool SendNext(Job& job);
  [[nodiscard]] std::string Topic(std::string_view thing, std::string_view stream, const char* what,
                                  Encoding encoding) const;

  StreamSource& source_;
  const std::string prefix_;
  const Publish publish_;
  std::deque<Job> waiting_;  // round robin: a slow device does not hold up another
};

}  // namespace millwright::jobs
