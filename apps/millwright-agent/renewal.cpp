#include "renewal.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <random>

#include "http/client/hub_client.h"
#include "os/process.h"

namespace millwright {
namespace {

constexpr std::chrono::seconds kTurn{1};

}  // namespace

// The question that is under way, so that a stop need not wait for its answer.
struct Renewal::Line {
  explicit Line(agent::IdentitySettings from) : settings(std::move(from)) {}

  Result<std::string> Post(const std::string& path, const std::string& body) {
    MW_TRY(std::shared_ptr<http::HubClient> client,
           http::HubClient::Make(settings.hub, {.ca_file = settings.ca_file}));
    {
      const std::scoped_lock lock(mutex);
      if (closed) return Fail(Errc::kUnavailable, "identity: the agent stops");
      asking = client;
    }
    auto answer = client->Post(path, body);
    const std::scoped_lock lock(mutex);
    asking.reset();
    return answer;
  }
  void Close() {
    const std::scoped_lock lock(mutex);
    closed = true;
    if (asking) asking->Cancel();
  }

  const agent::IdentitySettings settings;
  std::mutex mutex;
  std::shared_ptr<http::HubClient> asking;
  bool closed = false;
};

Renewal::Renewal(const agent::IdentitySettings& settings, agent::Agent& agent, os::Files& files,
                 os::Clock& clock)
    : agent_(agent), line_(std::make_unique<Line>(settings)) {
  if (settings.hub.empty()) return;
  keeper_ = std::make_unique<identity::Keeper>(
      files, clock, settings.folder,
      [this](const std::string& path, const std::string& body) { return line_->Post(path, body); },
      std::random_device{}());
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

Renewal::~Renewal() {
  thread_.request_stop();
  line_->Close();
}

void Renewal::Run(const std::stop_token& stop) {
  os::NameThread("mw-identity");
  std::mutex mutex;
  std::condition_variable_any bell;
  while (!stop.stop_requested()) {
    const bool changed = keeper_->Work();
    agent_.TellCertificate(keeper_->standing(), keeper_->until());
    if (changed) agent_.UseNewCertificate();
    std::unique_lock lock(mutex);
    (void)bell.wait_for(lock, stop, kTurn, [] { return false; });
  }
}

}  // namespace millwright
