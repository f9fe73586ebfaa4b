#include "hub/identity/doorman.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>

#include "core/log.h"
#include "os/process.h"

namespace millwright::hub {
namespace {

// How long the broker may take to read the list; a connection that slips in before is ended by the
// second go.
constexpr Nanos kFirstGo = 500 * kMillisecond;
constexpr Nanos kSecondGo = 4 * kSecond;
constexpr Nanos kTakeOverMax = 3 * kSecond;
constexpr size_t kTasksMax = 4096;

// The client ids that an agent uses (src/agent/uplink.cpp, models_link.cpp).
constexpr std::string_view kClientIds[] = {"mw-uplink-", "mw-models-"};

// 0 where the file names no Mosquitto that runs: its number may be another program's by now.
pid_t BrokerPid(os::Files& files, const std::string& path) {
  const auto bytes = files.Read(path, 64);
  if (!bytes) return 0;
  const std::string_view text = os::AsText(*bytes);
  pid_t pid = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), pid).ec != std::errc{} || pid < 2)
    return 0;
  const auto name = files.Read("/proc/" + std::to_string(pid) + "/comm", 64);
  return name && os::AsText(*name).starts_with("mosquitto") ? pid : 0;
}

}  // namespace

Result<void> Doorman::Start() {
  MW_TRY(WriteList());
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
  return {};
}

void Doorman::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
}

Result<void> Doorman::WriteList() {
  const MutexLock lock(write_mutex_);  // an older list must not replace a newer one
  MW_TRY(const std::string pem, enrolment_.MakeRevocationList());
  MW_TRY(files_.WriteDurably(options_.list_file, os::AsBytes(pem)));
  Reload();
  return {};
}

void Doorman::Reload() const {
  if (options_.broker_pid_file.empty()) return;
  const pid_t pid = BrokerPid(files_, options_.broker_pid_file);
  if (pid == 0)
    log::Warning("identity", "no broker to tell of revoked certificates",
                 {{"pid_file", options_.broker_pid_file}});
  else if (::kill(pid, SIGHUP) != 0)
    log::Warning("identity", "the broker cannot be signalled", {{"pid", pid}});
}

Result<void> Doorman::Expel(const std::string& device) {
  MW_TRY(WriteList());
  const Nanos now = clock_.Monotonic();
  const MutexLock lock(mutex_);
  if (tasks_.size() + 2 > kTasksMax)
    return Fail(Errc::kExhausted, "identity: too many devices are being expelled at once");
  for (const Nanos wait : {kFirstGo, kSecondGo}) tasks_.push_back({now + wait, device});
  wake_.notify_one();
  return {};
}

void Doorman::Run(const std::stop_token& stop) {
  os::NameThread("doorman");
  while (!stop.stop_requested()) {
    std::string device;
    {
      const MutexLock lock(mutex_);
      const auto next = std::min_element(tasks_.begin(), tasks_.end(),
                                         [](const Task& a, const Task& b) { return a.at < b.at; });
      const Nanos wait = next == tasks_.end() ? 3600 * kSecond : next->at - clock_.Monotonic();
      if (wait > 0) {
        const size_t known = tasks_.size();
        wake_.wait_for(mutex_, stop, std::chrono::nanoseconds(wait),
                       [&]() MW_REQUIRES(mutex_) { return tasks_.size() != known; });
        continue;
      }
      device = next->device;
      tasks_.erase(next);
    }
    for (const std::string_view head : kClientIds) TakeOver(std::string(head) + device);
  }
}

// A broker keeps one connection for each client id: ours ends theirs, and their session with it.
void Doorman::TakeOver(const std::string& client_id) const {
  struct Deaf : mqtt::Listener {
  } deaf;
  mqtt::Options options = options_.broker;
  options.client_id = client_id;
  options.clean_session = true;
  options.will = {};
  const auto client = mqtt::MakeClient(std::move(options));
  if (const auto started = client->Start(deaf); !started)
    return log::Failure("identity", started.error());
  const Nanos until = clock_.Monotonic() + kTakeOverMax;
  while (!client->connected() && clock_.Monotonic() < until) client->Poll(50 * kMillisecond);
  if (!client->connected())
    log::Warning("identity", "the broker does not answer: a revoked device may still be connected",
                 {{"client_id", client_id}});
  client->Stop();
}

}  // namespace millwright::hub
