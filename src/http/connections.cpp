#include "http/connections.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "http/steady_now.h"
#include "os/process.h"

namespace millwright::http {
namespace {

constexpr size_t kPiecesAtOnce = 64;
constexpr size_t kCommandsMax = 16384;
constexpr int kIdleLookMs = 500;  // how often idle connections are looked at

void Watch(int epoll, int operation, int fd, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = fd;
  epoll_ctl(epoll, operation, fd, &event);
}

// "<run>-<number>" of this run of the server; 0 for anything else.
uint64_t EventNumber(const std::string& id, uint64_t run) {
  const std::string prefix = std::to_string(run) + "-";
  if (!id.starts_with(prefix)) return 0;
  uint64_t number = 0;
  const auto end = std::from_chars(id.data() + prefix.size(), id.data() + id.size(), number);
  return end.ec == std::errc{} && end.ptr == id.data() + id.size() ? number : 0;
}

}  // namespace

Result<void> Connections::Start(Ready ready) {
  ready_ = std::move(ready);
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  wake_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0)
    return Fail(Errc::kIo, std::string("http: cannot make an event loop: ") + std::strerror(errno));
  Watch(epoll_, EPOLL_CTL_ADD, wake_, EPOLLIN);
  thread_ = std::jthread([this](const std::stop_token& stop) { Loop(stop); });
  return {};
}

void Connections::Stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    eventfd_write(wake_, 1);
    thread_.join();
  }
  for (int* fd : {&epoll_, &wake_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

bool Connections::Admit() {
  if (open_.fetch_add(1) < limits_.connections_max) return true;
  open_.fetch_sub(1);
  refused_.fetch_add(1);
  return false;
}

void Connections::Close(int fd) {
  ::close(fd);
  open_.fetch_sub(1);
}

void Connections::Park(int fd) {
  Post({.kind = Command::Kind::kPark, .fd = fd, .text = {}, .last_event_id = {}});
}

bool Connections::ReserveStream() {
  if (streams_.fetch_add(1) < limits_.streams_max) return true;
  streams_.fetch_sub(1);
  refused_.fetch_add(1);
  return false;
}

void Connections::ReleaseStream() { streams_.fetch_sub(1); }

void Connections::OpenStream(int fd, std::string head, std::string last_event_id) {
  Post({.kind = Command::Kind::kStream,
        .fd = fd,
        .text = std::move(head),
        .last_event_id = std::move(last_event_id)});
}

void Connections::Send(std::string_view name, std::string_view json, bool replayable) {
  std::string text;
  text.reserve(name.size() + json.size() + 20);
  text.append("event: ").append(name).append("\ndata: ").append(json).append("\n\n");
  Post({.kind = Command::Kind::kEvent,
        .replayable = replayable,
        .text = std::move(text),
        .last_event_id = {}});
}

ConnectionCounts Connections::counts() const {
  return {.open = open_,
          .streams = streams_,
          .streams_opened = opened_,
          .streams_dropped_slow = dropped_slow_,
          .refused = refused_,
          .events = events_};
}

void Connections::Post(Command command) {
  const int fd = command.fd;
  bool dropped_stream = false;
  {
    const MutexLock lock(mutex_);
    // The loop takes thousands of events a second; where it does not, losing one is better than
    // growing.
    if (command.kind == Command::Kind::kEvent && commands_.size() >= kCommandsMax) return;
    if (!stopped_) {
      commands_.push_back(std::move(command));
      if (commands_.size() == 1) eventfd_write(wake_, 1);
      return;
    }
    dropped_stream = command.kind == Command::Kind::kStream;
  }
  if (fd >= 0) Close(fd);
  if (dropped_stream) ReleaseStream();
}

void Connections::Loop(const std::stop_token& stop) {
  os::NameThread("http-loop");
  std::array<epoll_event, 128> events{};
  Nanos next_sweep = SteadyNow() + kIdleLookMs * kMillisecond;
  while (!stop.stop_requested()) {
    const int count =
        epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kIdleLookMs);
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.fd == wake_) continue;
      if ((event.events & EPOLLOUT) != 0) OnWritable(event.data.fd);
      if ((event.events & ~static_cast<uint32_t>(EPOLLOUT)) != 0) OnReadable(event.data.fd);
    }
    RunCommands();
    if (SteadyNow() < next_sweep) continue;
    CloseIdle();
    next_sweep = SteadyNow() + kIdleLookMs * kMillisecond;
  }
  CloseAll();
}

void Connections::RunCommands() {
  eventfd_t ignored = 0;
  eventfd_read(wake_, &ignored);
  std::vector<Command> commands;
  {
    const MutexLock lock(mutex_);
    commands.swap(commands_);
  }
  for (Command& command : commands) {
    switch (command.kind) {
      case Command::Kind::kPark:
        DoPark(command.fd);
        break;
      case Command::Kind::kStream:
        DoStream(command);
        break;
      case Command::Kind::kEvent:
        DoEvent(command);
        break;
    }
  }
  FlushAll();
  for (const int fd : too_slow_) {
    DropStream(fd);
    dropped_slow_.fetch_add(1);  // after: who sees the count sees the stream gone
  }
  too_slow_.clear();
}

void Connections::DoPark(int fd) {
  parked_[fd] = SteadyNow();
  Watch(epoll_, EPOLL_CTL_ADD, fd, EPOLLIN | EPOLLRDHUP);
}

void Connections::DoStream(Command& command) {
  Client& client = clients_[command.fd];
  opened_.fetch_add(1);
  Watch(epoll_, EPOLL_CTL_ADD, command.fd, EPOLLIN | EPOLLRDHUP);
  Enqueue(command.fd, client, std::make_shared<const std::string>(std::move(command.text)));
  Replay(client, command.last_event_id);
  if (!Flush(command.fd, client)) DropStream(command.fd);
}

void Connections::DoEvent(Command& command) {
  events_.fetch_add(1);
  const uint64_t number = next_event_++;
  const auto text = std::make_shared<const std::string>(
      "id: " + std::to_string(stream_run_) + "-" + std::to_string(number) + "\n" + command.text);
  if (command.replayable) {
    kept_.push_back({number, text});
    kept_bytes_ += text->size();
    while (kept_.size() > limits_.replay_events_max || kept_bytes_ > limits_.replay_bytes_max) {
      kept_bytes_ -= kept_.front().text->size();
      kept_.pop_front();
    }
  }
  for (auto& [fd, client] : clients_) Enqueue(fd, client, text);
}

// Once for all events of a round: a thousand machines that change together are a few writes a
// client, not a thousand.
void Connections::FlushAll() {
  std::vector<int> gone;
  for (auto& [fd, client] : clients_)
    if (!client.queue.empty() && !client.wants_write && !Flush(fd, client)) gone.push_back(fd);
  for (const int fd : gone) DropStream(fd);
}

void Connections::Replay(Client& client, const std::string& last_event_id) {
  const uint64_t last = EventNumber(last_event_id, stream_run_);
  if (last == 0) return;
  for (const Kept& kept : kept_) {
    if (kept.number <= last) continue;
    client.queue.push_back(kept.text);
    client.queued_bytes += kept.text->size();
  }
}

void Connections::Enqueue(int fd, Client& client, const std::shared_ptr<const std::string>& text) {
  if (client.too_slow) return;  // is on its way out
  client.queue.push_back(text);
  client.queued_bytes += text->size();
  client.too_slow = client.queued_bytes > limits_.stream_queue_bytes_max;
  if (client.too_slow) too_slow_.push_back(fd);
}

void Connections::Sent(Client& client, size_t bytes) {
  client.queued_bytes -= bytes;
  bytes += client.offset;
  while (!client.queue.empty() && bytes >= client.queue.front()->size()) {
    bytes -= client.queue.front()->size();
    client.queue.pop_front();
  }
  client.offset = bytes;
}

// False where the connection is broken.
bool Connections::Flush(int fd, Client& client) {
  while (!client.queue.empty()) {
    std::array<iovec, kPiecesAtOnce> pieces{};
    size_t count = 0;
    for (auto text = client.queue.begin(); text != client.queue.end() && count < pieces.size();
         ++text, ++count)
      pieces[count] = {const_cast<char*>((*text)->data()),
                       (*text)->size()};  // iovec serves reading, too
    pieces[0].iov_base = static_cast<char*>(pieces[0].iov_base) + client.offset;
    pieces[0].iov_len -= client.offset;
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK) return false;
    if (sent < 0) break;
    Sent(client, static_cast<size_t>(sent));
  }
  const bool wants_write = !client.queue.empty();
  if (wants_write != client.wants_write) {
    client.wants_write = wants_write;
    Watch(epoll_, EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLRDHUP | (wants_write ? EPOLLOUT : 0u));
  }
  return true;
}

void Connections::OnWritable(int fd) {
  const auto client = clients_.find(fd);
  if (client != clients_.end() && !Flush(fd, client->second)) DropStream(fd);
}

void Connections::OnReadable(int fd) {
  if (parked_.erase(fd) > 0) {
    Watch(epoll_, EPOLL_CTL_DEL, fd, 0);
    ready_(fd);
    return;
  }
  if (!clients_.contains(fd)) return;
  // A listener has nothing to say; what it sends is thrown away, its end is noticed.
  std::array<char, 1024> ignored{};
  const ssize_t got = recv(fd, ignored.data(), ignored.size(), MSG_DONTWAIT);
  if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
    DropStream(fd);
}

void Connections::DropStream(int fd) {
  if (clients_.erase(fd) == 0) return;
  ReleaseStream();
  Close(fd);
}

void Connections::CloseIdle() {
  const Nanos oldest = SteadyNow() - limits_.idle_max;
  for (auto it = parked_.begin(); it != parked_.end();) {
    if (it->second >= oldest) {
      ++it;
      continue;
    }
    Close(it->first);
    it = parked_.erase(it);
  }
}

void Connections::CloseAll() {
  {
    const MutexLock lock(mutex_);
    stopped_ = true;
  }
  RunCommands();
  while (!clients_.empty()) DropStream(clients_.begin()->first);
  for (const auto& [fd, since] : parked_) Close(fd);
  parked_.clear();
}

}  // namespace millwright::http
