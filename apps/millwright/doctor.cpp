#include "doctor.h"

#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>

#include "core/time.h"
#include "hub_client.h"
#include "hub_query.h"
#include "model/manifest.h"
#include "mqtt/client.h"
#include "nn/session.h"
#include "os/clock.h"
#include "os/files.h"
#include "os/process.h"

namespace millwright::cli {
namespace {

constexpr uint64_t kFreeBytesBad = uint64_t{64} << 20;
constexpr uint64_t kFreeBytesLow = uint64_t{1} << 30;
constexpr Nanos kBrokerWait = 3 * kSecond;
constexpr int64_t kClockAheadMs = 2000;

std::string Megabytes(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

bool Runs(const std::string& program) { return ::access(program.c_str(), X_OK) == 0; }

class Knock : public mqtt::Listener {
 public:
  void OnConnected(bool) override { connected = true; }
  void OnDisconnected(std::string_view why) override { reason = why; }
  bool connected = false;
  std::string reason;
};

// The first golden vector whose output differs; -1: none.
int FirstDifference(const model::Bundle& bundle, nn::Session& session) {
  const size_t in = session.engine().input().bytes;
  const size_t out = session.engine().output().bytes;
  if (in == 0 || out == 0) return 0;
  const size_t count =
      std::min(bundle.golden_inputs.size() / in, bundle.golden_outputs.size() / out);
  std::vector<int8_t> got(out);
  for (size_t i = 0; i < count; ++i) {
    session.ResetState();
    session.Run(std::span(bundle.golden_inputs).subspan(i * in, in), got);
    const auto want = std::span(bundle.golden_outputs).subspan(i * out, out);
    if (!std::equal(got.begin(), got.end(), want.begin())) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace

std::string_view Name(Health health) {
  switch (health) {
    case Health::kGood:
      return "ok";
    case Health::kAttention:
      return "look";
    case Health::kBad:
      return "bad";
    case Health::kSkipped:
      return "skipped";
  }
  return "bad";
}

Finding CheckPrograms(const std::string& program_folder) {
  Finding finding{"programs", Health::kGood, "", ""};
  std::string missing;
  for (const char* name :
       {"millwright-agent", "millwright-hub", "millwright-sim", "millwright-train"}) {
    if (!Runs(program_folder + "/" + name))
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  finding.what =
      missing.empty() ? "all in " + program_folder : "not in " + program_folder + ": " + missing;
  if (!missing.empty()) {
    finding.health = Health::kAttention;
    finding.fix =
        "build or install them where this machine needs them (a gateway needs only the agent)";
  }
  return finding;
}

Finding CheckMosquitto() {
  Finding finding{"mosquitto", Health::kGood, "", ""};
  std::string path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
  path += ":/usr/sbin:/usr/local/sbin";  // where Debian puts it, also outside root's PATH
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string program = path.substr(begin, end - begin) + "/mosquitto";
    if (Runs(program)) {
      finding.what = program;
      return finding;
    }
    begin = end + 1;
  }
  finding.health = Health::kAttention;
  finding.what = "no broker is installed here";
  finding.fix = "apt-get install mosquitto, where this machine is a gateway or a hub";
  return finding;
}

Finding CheckClock() {
  Finding finding{"clock", Health::kGood, "", ""};
  struct timex state {};
  const int code = ::adjtimex(&state);
  const bool synchronised = code >= 0 && code != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  const Nanos now = os::RealClock().Utc();
  finding.what = FormatUtc(now).substr(0, 19) + "Z";
  if (now < 1'760'000'000 * kSecond) {
    finding.health = Health::kBad;
    finding.what += ", before this program was written";
    finding.fix = "set the clock; a machine without a battery clock needs NTP after each start";
  } else if (!synchronised) {
    finding.health = Health::kAttention;
    finding.what += ", not synchronised";
    finding.fix = "enable NTP: timedatectl set-ntp true";
  } else {
    finding.what += ", synchronised";
  }
  return finding;
}

Finding CheckPriority() {
  os::Urgency reached = os::Urgency::kOrdinary;
  // In a thread of its own, which ends with what it was allowed.
  std::thread([&reached] { reached = os::MakeThreadUrgent(1); }).join();
  Finding finding{"priority", Health::kGood, std::string(os::Name(reached)), ""};
  if (reached == os::Urgency::kRealTime) return finding;
  finding.health = Health::kAttention;
  finding.what += ": an agent of this user decides late now and then when the machine is busy";
  finding.fix = "on a gateway: LimitRTPRIO=10 in its systemd unit, or CAP_SYS_NICE";
  return finding;
}

Finding CheckDisk(const std::string& folder) {
  Finding finding{"disk", Health::kGood, folder + ": ", ""};
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) {
    finding.health = Health::kBad;
    finding.what += std::strerror(errno);
    finding.fix = "mkdir -p " + folder + ", or name the state folder with --state";
    return finding;
  }
  const uint64_t free_bytes = uint64_t{info.f_bavail} * info.f_frsize;
  finding.what += Megabytes(free_bytes) + " free";
  if (::access(folder.c_str(), W_OK) != 0) {
    finding.health = Health::kBad;
    finding.what += ", not writable by this user";
    finding.fix = "give the folder to the user who runs the agent";
  } else if (free_bytes < kFreeBytesLow) {
    finding.health = free_bytes < kFreeBytesBad ? Health::kBad : Health::kAttention;
    finding.fix = "free some space: a full disk refuses new events";
  }
  return finding;
}

Finding CheckBroker(const std::string& host, int port) {
  const std::string address = host + ":" + std::to_string(port);
  Finding finding{"broker", Health::kGood, address + " answers", ""};
  mqtt::Options options;
  options.host = host;
  options.port = port;
  options.client_id = "millwright-doctor-" + std::to_string(::getpid());
  options.clean_session = true;
  const auto client = mqtt::MakeClient(options);
  Knock knock;
  const os::RealClock clock;
  const Nanos until = clock.Monotonic() + kBrokerWait;
  const auto started = client->Start(knock);
  while (started && !knock.connected && clock.Monotonic() < until) client->Poll(50 * kMillisecond);
  client->Stop();
  if (knock.connected) return finding;
  const std::string why = !started ? started.error().what : knock.reason;
  if (why.find("not authorised") != std::string::npos) {
    finding.what += " and asks who we are, as it should";
    return finding;
  }
  finding.health = Health::kBad;
  finding.what = address + " does not answer" + (why.empty() ? "" : ": " + why);
  finding.fix = "start it (systemctl start mosquitto), or name it with --broker HOST:PORT";
  return finding;
}

Finding CheckHub(const std::string& url, const HubTrust& trust) {
  Finding finding{"hub", Health::kGood, url + " is ready", ""};
  const auto bad = [&](const Error& error, std::string fix) {
    finding.health = Health::kBad;
    finding.what = error.what;
    finding.fix = std::move(fix);
    return finding;
  };
  auto hub = HubClient::Make(url, trust);
  if (!hub) return bad(hub.error(), "give it as http://HOST:PORT or https://HOST:PORT");
  if (const auto alive = (*hub)->Get("/healthz"); !alive)
    return bad(alive.error(), std::string(kHubHint));
  if (const auto ready = (*hub)->Get("/readyz"); !ready)
    return bad(ready.error(), "it runs but is not ready: its log says why (broker or database)");
  const auto board = (*hub)->Get("/api/v1/devices");
  if (!board && board.error().code == Errc::kUnsupported) {
    finding.health = Health::kAttention;
    finding.what += ", but tells us nothing: " + board.error().what;
    finding.fix = "--token, --token-file or MILLWRIGHT_TOKEN; millwright token add makes one";
    return finding;
  }
  const auto answer = board ? ParseObject(*board, "hub") : Result<nlohmann::json>(nlohmann::json());
  const int64_t hub_ms = answer && answer->is_object() ? IntegerOf(*answer, "now_ms") : 0;
  const int64_t ahead_ms = os::RealClock().Utc() / kMillisecond - hub_ms;
  if (hub_ms > 0 && std::abs(ahead_ms) > kClockAheadMs) {
    finding.health = Health::kAttention;
    finding.what +=
        ", but its clock differs by " + std::to_string(std::abs(ahead_ms) / 1000) + " s";
    finding.fix = "synchronise both clocks: ages of data are wrong by that much";
  }
  return finding;
}

Finding CheckBundle(const std::string& folder) {
  Finding finding{"model", Health::kGood, "", ""};
  os::RealFiles files;
  const auto bundle = model::LoadBundle(files, folder);
  auto engine = bundle ? nn::Engine::Load(bundle->model)
                       : Result<std::shared_ptr<const nn::Engine>>(tl::unexpected(bundle.error()));
  if (!engine) {
    finding.health = Health::kBad;
    finding.what = engine.error().what;
    finding.fix = "copy the whole bundle folder again; millwright model inspect says more";
    return finding;
  }
  nn::Session session(*engine);
  if (const int index = FirstDifference(*bundle, session); index >= 0) {
    finding.health = Health::kBad;
    finding.what = folder + ": golden vector " + std::to_string(index) + " gives other bytes";
    finding.fix =
        "this model must not decide here: report it with the output of millwright --version";
    return finding;
  }
  finding.what = folder + ": " + bundle->manifest.name + " " + bundle->manifest.version +
                 ", golden vectors equal";
  return finding;
}

}  // namespace millwright::cli
