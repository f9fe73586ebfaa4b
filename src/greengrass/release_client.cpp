#include "greengrass/release_client.h"

#include <chrono>

#include "core/log.h"

namespace millwright::greengrass {
namespace {

constexpr size_t kInboundMax = 64;  // blocks beyond it wait in the server

}  // namespace

void ReleaseWatch::SetFolder(std::string folder) {
  {
    const MutexLock lock(mutex_);
    if (folder_ == folder) return;
    folder_ = std::move(folder);
    look_ = true;
  }
  changed_.notify_all();
}

void ReleaseWatch::Look() {
  {
    const MutexLock lock(mutex_);
    look_ = true;
  }
  changed_.notify_all();
}

void ReleaseWatch::Wake() {
  {
    const MutexLock lock(mutex_);
    wake_ = true;
  }
  changed_.notify_all();
}

std::string ReleaseWatch::folder() const {
  const MutexLock lock(mutex_);
  return folder_;
}

bool ReleaseWatch::Wait(Nanos wait_max) {
  const MutexLock lock(mutex_);
  if (!look_ && !wake_ && wait_max > 0)
    (void)changed_.wait_for(mutex_, std::chrono::nanoseconds(wait_max));
  wake_ = false;
  return std::exchange(look_, false);
}

ReleaseClient::ReleaseClient(ReleaseClientOptions options, os::Files& files, os::Clock& clock,
                             ReleaseWatch& watch, OnReport on_report)
    : options_(std::move(options)),
      files_(files),
      clock_(clock),
      watch_(watch),
      on_report_(std::move(on_report)),
      jobs_(*this, clock, options_.prefix,
            [this](const std::string& topic, const std::string& payload) {
              const auto bytes = os::AsBytes(payload);
              inbound_.push_back({topic, os::Bytes(bytes.begin(), bytes.end())});
            }),
      blocks_(streams_, options_.prefix,
              [this](const std::string& topic, std::span<const std::byte> payload) {
                if (inbound_.size() >= kInboundMax) return false;
                inbound_.push_back({topic, os::Bytes(payload.begin(), payload.end())});
                return true;
              }) {}

Result<void> ReleaseClient::Start(mqtt::Listener& listener) {
  listener_ = &listener;
  started_at_ = clock_.Monotonic();
  return {};
}

Result<void> ReleaseClient::Subscribe(std::string_view /*filter*/, int /*qos*/) { return {}; }

Result<int> ReleaseClient::Publish(std::string_view topic, std::span<const std::byte> payload,
                                   int /*qos*/, bool /*retain*/) {
  if (!connected_) return Fail(Errc::kUnavailable, "release: nothing is served yet");
  if (!blocks_.OnMessage(topic, payload) && !jobs_.OnMessage(topic, payload))
    return Fail(Errc::kUnsupported, "release: " + std::string(topic) + ": nobody hears that");
  return ++messages_;
}

void ReleaseClient::Poll(Nanos wait_max) {
  const bool asked = watch_.Wait(inbound_.empty() && blocks_.idle() ? wait_max : 0);
  if (listener_ == nullptr) return;
  const Nanos now = clock_.Monotonic();
  if (asked || now >= look_at_) {
    look_at_ = now + options_.look_every;
    LookForRelease();
  }
  if (!connected_ && (execution_ || now - started_at_ >= options_.patience)) {
    connected_ = true;
    listener_->OnConnected(false);
  }
  blocks_.Work();
  jobs_.Tick();
  Deliver();
}

// What answers are about to be heard may ask again: those wait for the next turn.
void ReleaseClient::Deliver() {
  std::deque<Inbound> now;
  now.swap(inbound_);
  for (const Inbound& message : now)
    listener_->OnMessage({.topic = message.topic, .payload = message.payload, .qos = 1});
}

// A folder that went away says nothing: the component may be on its way to another version.
void ReleaseClient::LookForRelease() {
  const std::string folder = watch_.folder();
  if (folder.empty()) return;
  const std::string mark = MarkOf(files_, folder);
  if (mark.empty() || mark == mark_) return;
  auto release = ReadReleaseFolder(files_, folder);
  if (!release) {
    if (told_ != release.error().what) log::Failure("greengrass", release.error());
    told_ = release.error().what;
    return;  // the mark stays another: looked at again
  }
  mark_ = mark;
  told_.clear();
  if (execution_ && execution_->job_id == release->id) return;
  execution_ = jobs::Execution{
      .job_id = release->id, .queued_at = clock_.Utc(), .document = release->document};
  execution_->updated_at = execution_->queued_at;
  log::Info("greengrass", "a release lies in the model component's folder",
            {{"folder", folder}, {"job", release->id}});
  streams_.Serve(std::move(*release));
  if (connected_) jobs_.OnJobsChanged(options_.thing);
}

// -- the store: one release, one job ------------------------------------------------------------

Result<std::vector<jobs::Execution>> ReleaseClient::Pending(std::string_view thing) {
  std::vector<jobs::Execution> out;
  if (thing == options_.thing && execution_ && !jobs::IsTerminal(execution_->status))
    out.push_back(*execution_);
  return out;
}

Result<std::optional<jobs::Execution>> ReleaseClient::Find(std::string_view thing,
                                                           std::string_view job_id) {
  if (thing != options_.thing || !execution_ || execution_->job_id != job_id)
    return std::optional<jobs::Execution>();
  return execution_;
}

Result<void> ReleaseClient::Save(std::string_view /*thing*/, const jobs::Execution& execution) {
  execution_ = execution;
  on_report_(execution);
  return {};
}

Result<std::vector<std::string>> ReleaseClient::Overdue(Nanos /*now*/) {
  return std::vector<std::string>();
}

}  // namespace millwright::greengrass
