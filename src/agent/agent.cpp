#include "agent/agent.h"

#include <thread>

#include "core/log.h"
#include "os/process.h"

namespace millwright::agent {
namespace {

constexpr size_t kInboxItems = 4096;
constexpr size_t kInboxSamples = size_t{1} << 19;  // 2 MiB: 4 s of ten machines at 12.8 kHz
constexpr size_t kServices = 64;
constexpr size_t kItemsPerTurn = 64;  // then the decisions go out
constexpr Nanos kTickEvery = 100 * kMillisecond;
constexpr Nanos kPollMax = 100 * kMillisecond;
// Of the threads between reading and decision. Both sleep until there is something to do, and what
// they do for one message is bounded, so that they take no more than they need from others.
constexpr int kLocalRank = 6;
constexpr int kDecideRank = 5;

// Nothing where delivery is off: the configured bundle decides then.
Result<std::optional<Models>> InstalledModels(const Settings& settings, Environment& environment) {
  if (!settings.delivery.enabled) return std::optional<Models>();
  static os::RealDisk real_disk;  // without state
  if (environment.boot_id.empty()) {
    const auto id = environment.files.Read("/proc/sys/kernel/random/boot_id", 100);
    environment.boot_id = id ? std::string(os::AsText(*id)) : "unknown";
    std::erase(environment.boot_id, '\n');
  }
  os::Disk& disk = environment.disk != nullptr ? *environment.disk : real_disk;
  MW_TRY(Models models,
         OpenModels(settings, disk, environment.files, environment.clock, environment.boot_id));
  return std::optional<Models>(std::move(models));
}

}  // namespace

struct Agent::Parts {
  Parts(std::shared_ptr<const Plan> made_plan, std::unique_ptr<outbox::Outbox> opened,
        std::unique_ptr<Crew> crew, Memory memory, std::optional<Models> installed,
        Environment environment)
      : env(std::move(environment)),
        plan(std::move(made_plan)),
        outbox(std::move(opened)),
        inbox(kInboxItems, kInboxSamples),
        outlets(*plan),
        decider(std::move(crew), memory.machines, inbox, outlets, exchange, env.clock,
                [this] { local.Wake(); }),
        local(*plan, inbox, outlets, decider.counts(), phase, decider_bell, env.make_client,
              env.clock, env.version),
        uplink(plan->settings, *outbox, services, env.make_client, env.clock, env.version),
        recorder(plan, std::move(memory), outlets, services, *outbox, env.files, env.clock,
                 {local.latency().total, local.ingest(), decider.counts(), urgency, phase,
                  certificate, env.version},
                 [this] { uplink.Wake(); }) {
    if (!installed) return;
    models = std::make_unique<ModelsLink>(
        ModelsLink::Parts{.settings = plan->settings,
                          .exchange = exchange,
                          .decider = decider.counts(),
                          .files = env.files,
                          .clock = env.clock,
                          .phase = phase,
                          .wake_decider = [this] { decider_bell.Ring(); }},
        std::move(*installed), env.make_client);
  }

  // One turn of the decision thread. True where more waits.
  bool Decide() {
    const bool more = decider.Work(kItemsPerTurn);
    const Nanos now = env.clock.Monotonic();
    if (now >= tick_at) {
      tick_at = now + kTickEvery;
      decider.Tick();
    }
    if (outlets.decisions.size() > 0) local.Wake();
    if (outlets.alerts.size() > 0) recorder_bell.Ring();
    return more;
  }

  // For the two threads between reading and decision; the system allows both the same.
  void TakePriority(int rank) {
    urgency = os::MakeThreadUrgent(rank);
    if (urgency.load() == os::Urgency::kRealTime) return;
    log::Warning("agent", "no real-time priority: under load some decisions will be late",
                 {{"priority", os::Name(urgency)}, {"fix", "LimitRTPRIO=10, or CAP_SYS_NICE"}});
  }
  void RunLocal(const std::stop_token& stop) {
    os::NameThread("mw-local");
    TakePriority(kLocalRank);
    while (!stop.stop_requested()) local.Work(kPollMax);
  }
  void RunDecider(const std::stop_token& stop) {
    os::NameThread("mw-decide");
    TakePriority(kDecideRank);
    while (!stop.stop_requested())
      if (!Decide()) decider_bell.Wait(kTickEvery);
  }
  void RunRecorder(const std::stop_token& stop) {
    os::NameThread("mw-record");
    while (!stop.stop_requested()) recorder_bell.Wait(recorder.Work());
  }
  void RunUplink(const std::stop_token& stop) {
    os::NameThread("mw-uplink");
    while (!stop.stop_requested()) uplink.Work(kPollMax);
  }

  void RunModels(const std::stop_token& stop) {
    os::NameThread("mw-models");
    while (!stop.stop_requested()) models->Work(kPollMax);
  }

  static void End(std::jthread& thread, const std::function<void()>& wake) {
    if (!thread.joinable()) return;
    thread.request_stop();
    wake();
    thread.join();
  }

  Environment env;
  std::shared_ptr<const Plan> plan;  // of the model that decided first; settings are all plans'
  std::unique_ptr<outbox::Outbox> outbox;
  Inbox inbox;
  Outlets outlets;
  ServiceQueue services{kServices};
  Exchange exchange;
  std::atomic<slots::Phase> phase{slots::Phase::kIdle};  // of the update under way
  std::atomic<os::Urgency> urgency{os::Urgency::kOrdinary};
  CertificateNote certificate;
  Doorbell decider_bell, recorder_bell;
  Decider decider;
  LocalLink local;
  Uplink uplink;
  Recorder recorder;
  std::unique_ptr<ModelsLink> models;  // null: delivery is off
  Nanos tick_at = 0;                   // the decision thread's
  bool running = false;
  std::jthread local_thread, decider_thread, recorder_thread, uplink_thread, models_thread;
};

Result<std::unique_ptr<Agent>> Agent::Make(Settings settings, Environment environment) {
  MW_TRY(environment.files.MakeFolders(settings.state_folder));
  MW_TRY(auto models, InstalledModels(settings, environment));
  std::shared_ptr<const Plan> plan;
  if (models) {
    plan = models->serving;
  } else {
    MW_TRY(plan, MakePlan(std::move(settings), environment.files));
  }
  const Settings& used = plan->settings;
  MW_TRY(auto outbox,
         outbox::Outbox::Open(used.state_folder + "/outbox.db", used.outbox, environment.clock));
  MW_TRY(Memory memory, Remember(*plan, environment.files, *outbox));
  MW_TRY(auto crew, MakeCrew(plan, memory.machines));
  auto parts =
      std::make_unique<Parts>(std::move(plan), std::move(outbox), std::move(crew),
                              std::move(memory), std::move(models), std::move(environment));
  return std::unique_ptr<Agent>(new Agent(std::move(parts)));
}

Agent::Agent(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Agent::~Agent() {
  // Without Stop this is a crash, as far as brokers and files can tell: nothing is drained.
  Parts& p = *parts_;
  Parts::End(p.local_thread, [&] { p.local.Wake(); });
  Parts::End(p.decider_thread, [&] { p.decider_bell.Ring(); });
  Parts::End(p.recorder_thread, [&] { p.recorder_bell.Ring(); });
  Parts::End(p.uplink_thread, [&] { p.uplink.Wake(); });
  Parts::End(p.models_thread, [&] { p.models->Wake(); });
}

Result<void> Agent::StartStepped() {
  MW_TRY(parts_->local.Start());
  MW_TRY(parts_->uplink.Start());
  if (parts_->models) MW_TRY(parts_->models->Start());
  parts_->running = true;
  return {};
}

Result<void> Agent::Start() {
  MW_TRY(StartStepped());
  Parts& p = *parts_;
  p.recorder_thread = std::jthread([&p](const std::stop_token& stop) { p.RunRecorder(stop); });
  p.uplink_thread = std::jthread([&p](const std::stop_token& stop) { p.RunUplink(stop); });
  p.decider_thread = std::jthread([&p](const std::stop_token& stop) { p.RunDecider(stop); });
  if (p.models)
    p.models_thread = std::jthread([&p](const std::stop_token& stop) { p.RunModels(stop); });
  p.local_thread = std::jthread([&p](const std::stop_token& stop) { p.RunLocal(stop); });
  return {};
}

void Agent::Step() {
  Parts& p = *parts_;
  p.local.Work(0);
  while (p.Decide()) {
  }
  p.local.Work(0);
  (void)p.recorder.Work();
  p.uplink.Work(0);
  if (p.models) p.models->Work(0);
}

void Agent::Stop(Nanos drain_max) {
  Parts& p = *parts_;
  if (!p.running) return;
  p.running = false;
  if (p.models) {
    Parts::End(p.models_thread, [&] { p.models->Wake(); });
    p.models->Stop();
  }
  Parts::End(p.local_thread, [&] { p.local.Wake(); });
  Parts::End(p.decider_thread, [&] { p.decider_bell.Ring(); });
  while (p.decider.Work(kItemsPerTurn)) {
  }
  p.local.Work(0);  // the last decisions
  p.local.Stop();
  Parts::End(p.recorder_thread, [&] { p.recorder_bell.Ring(); });
  // The recorder makes room while coverage is handed on.
  while (!p.decider.Flush()) (void)p.recorder.Work();
  while (p.outlets.records.size() > 0) (void)p.recorder.Work();
  p.recorder.Finish();
  Parts::End(p.uplink_thread, [&] { p.uplink.Wake(); });
  const Nanos until = p.env.clock.Monotonic() + drain_max;
  while (!p.uplink.Drained() && p.env.clock.Monotonic() < until) {
    p.uplink.Work(10 * kMillisecond);
    if (!p.uplink.counts().connected.load()) break;
  }
  p.uplink.Stop();
}

void Agent::TellCertificate(identity::Standing standing, Nanos until) {
  parts_->certificate.standing.store(standing, std::memory_order_relaxed);
  parts_->certificate.until.store(until, std::memory_order_relaxed);
}

void Agent::UseNewCertificate() {
  parts_->uplink.Reconnect();
  if (parts_->models) parts_->models->Reconnect();
}

AgentFigures Agent::figures() const {
  const Parts& p = *parts_;
  AgentFigures out;
  out.turns = p.decider.counts().turns.load(std::memory_order_relaxed);
  out.items = p.decider.counts().items.load(std::memory_order_relaxed);
  out.waiting = p.inbox.queue.size();
  out.decisions = p.decider.counts().decisions.load(std::memory_order_relaxed);
  out.swaps = p.decider.counts().swaps.load(std::memory_order_relaxed);
  out.update = p.phase.load(std::memory_order_relaxed);
  out.accepted = p.recorder.counts().accepted.load(std::memory_order_relaxed);
  out.rejected_payloads = p.local.ingest().rejected.load(std::memory_order_relaxed);
  out.dropped_readings = p.local.ingest().dropped.load(std::memory_order_relaxed);
  out.waiting_records = p.outbox->stats().records();
  const Latency& latency = p.local.latency();
  out.decision_ms_p50 = latency.total.QuantileMs(0.5);
  out.decision_ms_p999 = latency.total.QuantileMs(0.999);
  out.transport_ms_p999 = latency.transport.QuantileMs(0.999);
  out.decide_ms_p999 = latency.decide.QuantileMs(0.999);
  out.publish_ms_p999 = latency.publish.QuantileMs(0.999);
  out.certificate = p.certificate.standing.load(std::memory_order_relaxed);
  out.certificate_until = p.certificate.until.load(std::memory_order_relaxed);
  out.broker_connected = p.local.counts().connected.load(std::memory_order_relaxed);
  out.uplink_connected = p.uplink.counts().connected.load(std::memory_order_relaxed);
  return out;
}

const Plan& Agent::plan() const { return *parts_->plan; }

}  // namespace millwright::agent
