// One thread that owns every socket nobody works on: connections that wait for their next request,
// and the clients of the event stream. So a browser that just listens costs a few hundred bytes,
// not a thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "core/result.h"
#include "core/time.h"

namespace millwright::http {

struct ConnectionLimits {
  int connections_max = 2048;  // all together
  int streams_max = 1024;
  size_t stream_queue_bytes_max = size_t{4} << 20;  // a slower client is dropped
  size_t replay_events_max = 2048;                  // what Last-Event-ID can ask for again
  size_t replay_bytes_max = size_t{1} << 20;        // of these; far below the queue's limit
  Nanos idle_max = 30 * kSecond;                    // between two requests
};

struct ConnectionCounts {
  int64_t open = 0, streams = 0;
  uint64_t streams_opened = 0, streams_dropped_slow = 0, refused = 0, events = 0;
};

class Connections {
 public:
  using Ready = std::function<void(int fd)>;

  Connections(const ConnectionLimits& limits, uint64_t stream_run)
      : limits_(limits), stream_run_(stream_run) {}
  ~Connections() { Stop(); }
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// `ready` is called on the loop thread with a parked socket that has become readable; it then
  /// belongs to the callee, which gives it back by Park, OpenStream or Close.
  [[nodiscard]] Result<void> Start(Ready ready);
  /// Closes what it owns and ends the thread. Sockets that are with a worker stay the worker's.
  void Stop();

  // The rest may be called on any thread.
  /// Counts a fresh socket in; false where the limit is reached (the caller refuses and closes it).
  [[nodiscard]] bool Admit();
  void Park(int fd);
  void Close(int fd);
  /// Counts out a socket that was admitted and is gone already.
  void Leave() { open_.fetch_sub(1); }
  /// Reserves a place in the stream; false at the limit. Must be followed by OpenStream or
  /// ReleaseStream.
  [[nodiscard]] bool ReserveStream();
  void ReleaseStream();
  /// The socket becomes a client: gets `head`, then what it missed since `last_event_id` (the whole
  /// text of that header, may be empty), then everything that is sent.
  void OpenStream(int fd, std::string head, std::string last_event_id);
  /// One event for every client: "id: <run>-<n>", "event: <name>", "data: <json>". Ticks are not
  /// kept for replay.
  void Send(std::string_view name, std::string_view json, bool replayable);

  [[nodiscard]] ConnectionCounts counts() const;

 private:
  struct Client {
    std::deque<std::shared_ptr<const std::string>> queue;
    size_t offset = 0;  // sent of the front
    size_t queued_bytes = 0;
    bool wants_write = false;
    bool too_slow = false;
  };
  struct Kept {
    uint64_t number;
    std::shared_ptr<const std::string> text;
  };
  struct Command {
    enum class Kind : uint8_t { kPark, kStream, kEvent } kind;
    int fd = -1;
    bool replayable = false;
    std::string text;  // head, or the event's lines after its id
    std::string last_event_id;
  };

  void Loop(const std::stop_token& stop);
  void Post(Command command);
  void RunCommands();
  void DoPark(int fd);
  void DoStream(Command& command);
  void DoEvent(Command& command);
  void Replay(Client& client, const std::string& last_event_id);
  void Enqueue(int fd, Client& client, const std::shared_ptr<const std::string>& text);
  [[nodiscard]] bool Flush(int fd, Client& client);
  static void Sent(Client& client, size_t bytes);
  void FlushAll();
  void OnReadable(int fd);
  void OnWritable(int fd);
  void DropStream(int fd);
  void CloseIdle();
  void CloseAll();

  const ConnectionLimits limits_;
  const uint64_t stream_run_;
  Ready ready_;
  int epoll_ = -1;
  int wake_ = -1;

  // The loop thread's own.
  std::unordered_map<int, Nanos> parked_;  // fd -> since (monotonic)
  std::map<int, Client> clients_;
  std::deque<Kept> kept_;
  size_t kept_bytes_ = 0;
  uint64_t next_event_ = 1;
  std::vector<int> too_slow_;

  Mutex mutex_;
  std::vector<Command> commands_ MW_GUARDED_BY(mutex_);
  bool stopped_ MW_GUARDED_BY(mutex_) = false;

  std::atomic<int64_t> open_{0}, streams_{0};
  std::atomic<uint64_t> opened_{0}, dropped_slow_{0}, refused_{0}, events_{0};
  std::jthread thread_;  // last: ends before what it uses
};

}  // namespace millwright::http
