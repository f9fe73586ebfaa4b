#include "crash.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <vector>

#include "agent/models.h"
#include "agent/testing/plant.h"
#include "agent/testing/tuned_models.h"
#include "crypto/sha256.h"
#include "model/pack.h"
#include "trust/testing/repository.h"

namespace millwright::bench {
namespace {

constexpr Nanos kStep = 200 * kMillisecond;
constexpr Nanos kRestartAfter = 100 * kMillisecond;  // systemd's default
constexpr Nanos kLimit = 60 * kSecond;

Result<int> FreePort() {
  const int at = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const bool bound = at >= 0 && ::bind(at, any, size) == 0 && ::getsockname(at, any, &size) == 0;
  if (at >= 0) ::close(at);
  if (!bound) return Fail(Errc::kIo, "no free port on the loopback");
  return static_cast<int>(ntohs(address.sin_port));
}

/// A child that ends with this object, or with its parent.
class Child {
 public:
  Child(std::vector<std::string> words, const std::string& log) {
    pid_ = ::fork();
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ~Child() { Kill(SIGKILL); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  void Kill(int signal) {
    if (pid_ <= 0) return;
    ::kill(pid_, signal);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  pid_t pid_ = 0;
};

/// Speaks for the machine and reads the decisions about it.
class Bystander : private mqtt::Listener {
 public:
  Bystander(int port, Nanos now) : sensors_(unused_, "P-1", now) {
    client_ = mqtt::MakeClient({.port = port, .client_id = "bystander", .clean_session = true});
  }
  [[nodiscard]] Result<void> Start() {
    MW_TRY(client_->Subscribe("mw/alder/hall/P-1/decision", 1));
    return client_->Start(*this);
  }
  void Work(const os::Clock& clock) {
    client_->Poll(10 * kMillisecond);
    while (sensors_.now() + kStep <= clock.Utc()) {
      std::vector<std::pair<std::string, std::string>> messages;
      sensors_.Fill(messages, true);
      // What the broker does not take while it comes up is a reading less.
      for (const auto& [topic, payload] : messages)
        (void)client_->Publish(topic, os::AsBytes(payload), 1, false);
    }
  }
  [[nodiscard]] bool connected() const { return client_->connected(); }
  /// Of the last decision that was made since Forget.
  [[nodiscard]] const std::string& decided() const { return decided_; }
  void Forget() { decided_.clear(); }

 private:
  void OnMessage(const mqtt::Message& message) override {
    if (message.retain) return;
    const auto decision = nlohmann::json::parse(os::AsText(message.payload), nullptr, false);
    if (decision.is_discarded() || decision.value("heartbeat", true)) return;
    if (decision.value("state", "") == "running") decided_ = decision.value("model_hash", "");
  }
  mqtt::FakeBroker unused_;
  agent::testing::Sensors sensors_;
  std::unique_ptr<mqtt::Client> client_;
  std::string decided_;
};

Result<std::string> ModelOf(os::Files& files, const std::string& bundle) {
  MW_TRY(const os::Bytes bytes, files.Read(bundle + "/model.tflite", size_t{16} << 20));
  return crypto::Sha256Hex(std::span<const std::byte>(bytes));
}

Result<slots::BundleRef> Describe(os::Files& files, const std::string& bundle,
                                  const os::Bytes& pack) {
  MW_TRY(const os::Bytes manifest, files.Read(bundle + "/manifest.json", size_t{1} << 20));
  return slots::BundleRef{.digest = crypto::Sha256Hex(std::span<const std::byte>(manifest)),
                          .name = "pump",
                          .version = "2",
                          .release = 1,
                          .pack_sha256 = crypto::Sha256Hex(std::span<const std::byte>(pack)),
                          .pack_bytes = pack.size()};
}

// The first model committed, the second one on probation: it has been verified, proved and watched.
Result<void> PutOnProbation(const agent::Settings& settings, const std::string& bundle) {
  os::RealFiles files;
  os::RealDisk disk;
  os::RealClock clock;
  MW_TRY(agent::Models models, agent::OpenModels(settings, disk, files, clock, "prepared"));
  MW_TRY(const os::Bytes pack, model::PackBundle(files, bundle));
  MW_TRY(const slots::BundleRef candidate, Describe(files, bundle, pack));
  slots::Slots& slots = *models.slots;
  MW_TRY(slots.Offer(candidate));
  MW_TRY(slots::Staging staging, slots.OpenStaging());
  for (const uint32_t block : staging.Missing(staging.blocks())) {
    const size_t from = size_t{block} * staging.block_bytes();
    MW_TRY(staging.Put(block, std::span(pack).subspan(from, std::min<size_t>(staging.block_bytes(),
                                                                             pack.size() - from))));
  }
  MW_TRY(slots.Apply(slots::Event::kDownloaded));
  MW_TRY(slots.Install());
  for (const auto event : {slots::Event::kProved, slots::Event::kWarmed, slots::Event::kSwitched})
    MW_TRY(slots.Apply(event, "prepared"));
  return slots.EndRun();
}

std::string Config(const std::string& folder, int port) {
  std::string text = agent::testing::ConfigText(folder, 1);
  const std::string uplink = "[uplink]\n";
  const std::string at = "port = " + std::to_string(port) + "\n";
  text.replace(text.find(uplink), uplink.size(), "[broker]\n" + at + uplink + at);
  return text + "[delivery]\nenabled = true\nroot = \"" + folder + "/root.json\"\n";
}

struct Scene {
  std::string old_model{}, new_model{}, config{};
};

Result<Scene> Prepare(const CrashRequest& request, int port) {
  os::RealFiles files;
  const std::string& folder = request.folder;
  Scene scene{.config = folder + "/agent.toml"};
  const std::string fresh = folder + "/candidate";
  MW_TRY(agent::testing::WriteTuned(files, folder + "/bundle", "1", agent::testing::Steady(3)));
  MW_TRY(agent::testing::WriteTuned(files, fresh, "2", agent::testing::Steady(3.5)));
  MW_TRY(scene.old_model, ModelOf(files, folder + "/bundle"));
  MW_TRY(scene.new_model, ModelOf(files, fresh));
  trust::testing::Repository repository;
  MW_TRY(files.WriteFast(folder + "/root.json", repository.on_shelf("metadata/1.root.json")));
  const std::string text = Config(folder, port);
  MW_TRY(files.WriteFast(scene.config, os::AsBytes(text)));
  const std::string broker = "listener " + std::to_string(port) +
                             " 127.0.0.1\nallow_anonymous true\npersistence false\n"
                             "max_inflight_messages 0\n";
  MW_TRY(files.WriteFast(folder + "/mosquitto.conf", os::AsBytes(broker)));
  MW_TRY(const agent::Settings settings, agent::ReadSettings(text, "agent.toml"));
  MW_TRY(PutOnProbation(settings, fresh));
  return scene;
}

}  // namespace

Result<CrashFigures> RunCrashLoop(const CrashRequest& request) {
  MW_TRY(const int port, FreePort());
  MW_TRY(const Scene scene, Prepare(request, port));
  os::RealClock clock;
  const std::string log = request.folder + "/log";
  Child broker({request.mosquitto, "-c", request.folder + "/mosquitto.conf"}, log);
  Bystander bystander(port, (clock.Utc() / kStep) * kStep);
  MW_TRY(bystander.Start());
  const Nanos end = clock.Monotonic() + kLimit;
  while (!bystander.connected() && clock.Monotonic() < end) bystander.Work(clock);
  const auto start = [&] {
    return std::make_unique<Child>(
        std::vector<std::string>{request.agent, "--config", scene.config}, log);
  };
  CrashFigures out;
  Nanos first_crash = 0, start_at = 0;
  auto agent = start();
  while (clock.Monotonic() < end) {
    bystander.Work(clock);
    if (!agent && clock.Monotonic() >= start_at) agent = start();
    if (bystander.decided() == scene.new_model && agent) {
      agent->Kill(SIGSEGV);
      agent.reset();
      start_at = clock.Monotonic() + kRestartAfter;
      if (out.crashes++ == 0) first_crash = clock.Monotonic();
      bystander.Forget();
    }
    if (out.crashes > 0 && bystander.decided() == scene.old_model) {
      out.back_s = Seconds(clock.Monotonic() - first_crash);
      return out;
    }
  }
  return Fail(Errc::kUnavailable, "the model before did not decide within a minute; crashes: " +
                                      std::to_string(out.crashes) + ", log: " + log);
}

}  // namespace millwright::bench
