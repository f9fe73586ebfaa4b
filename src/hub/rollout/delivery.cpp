#include "hub/rollout/delivery.h"

#include <algorithm>
#include <utility>

#include "core/log.h"

namespace millwright::hub {
namespace {

constexpr int kQos = 1;  // what AWS IoT has
constexpr Nanos kStepEvery = kSecond;
constexpr Nanos kCongested = 10 * kMillisecond;  // blocks wait for the connection: no spinning
constexpr Nanos kRemindAfter = 30 * kSecond;
constexpr Nanos kDay = 86'400 * kSecond;
constexpr Nanos kLookEvery = 30 * kSecond;

}  // namespace

Delivery::Delivery(mqtt::Client& client, Rollouts& rollouts, os::Clock& clock,
                   const std::string& prefix)
    : client_(client),
      rollouts_(rollouts),
      clock_(clock),
      jobs_(lent_jobs_, clock, prefix,
            [this](const std::string& topic, const std::string& payload) {
              (void)Publish(topic, std::as_bytes(std::span(payload.data(), payload.size())));
            }),
      streams_(lent_releases_, prefix,
               [this](const std::string& topic, std::span<const std::byte> payload) {
                 const bool sent = Publish(topic, payload);
                 counts_.blocks += sent ? 1 : 0;
                 return sent;
               }) {}

Result<void> Delivery::Start() {
  for (const auto& filters : {jobs_.Filters(), streams_.Filters()})
    for (const std::string& filter : filters) MW_TRY(client_.Subscribe(filter, kQos));
  return client_.Start(*this);
}

// A lost answer costs a gateway its patience, no more: it asks again.
bool Delivery::Publish(const std::string& topic, std::span<const std::byte> payload) {
  if (client_.Publish(topic, payload, kQos, false)) return true;
  ++counts_.unsent;
  return false;
}

void Delivery::OnConnected(bool session_present) {
  connected_ = true;
  remind_all_ = true;  // what was said while nobody listened is said again
  next_look_ = 0;
  log::Info("delivery", "connected to the broker", {{"session_present", session_present}});
}

void Delivery::OnDisconnected(std::string_view reason) {
  connected_ = false;
  log::Warning("delivery", "lost the broker", {{"reason", reason}});
}

void Delivery::OnMessage(const mqtt::Message& message) {
  ++counts_.requests;
  bool taken = false;
  rollouts_.WithJobs([&](JobTable& table) {
    const LentJobs::Loan loan(lent_jobs_, table);
    taken = jobs_.OnMessage(message.topic, message.payload);
  });
  if (taken) return;
  rollouts_.WithReleases([&](Releases& releases) {
    const LentReleases::Loan loan(lent_releases_, releases);
    (void)streams_.OnMessage(message.topic, message.payload);
  });
}

void Delivery::Step(Nanos wait_max) {
  client_.Poll(streams_.idle() ? wait_max : congested_ ? std::min(wait_max, kCongested) : 0);
  if (!streams_.idle()) {
    const uint64_t before = counts_.blocks;
    rollouts_.WithReleases([&](Releases& releases) {
      const LentReleases::Loan loan(lent_releases_, releases);
      streams_.Work();
    });
    congested_ = counts_.blocks == before;
  }
  const Nanos now = clock_.Monotonic();
  if (now >= next_step_) {
    next_step_ = now + kStepEvery;
    StepRollouts();
  }
  if (now < next_look_) return;
  next_look_ = now + kLookEvery;
  LookAtReleases();
  if (connected_) Remind();
}

void Delivery::StepRollouts() {
  const auto touched = rollouts_.Step();
  if (!touched) return log::Failure("delivery", touched.error());
  rollouts_.WithJobs([&](JobTable& table) {
    const LentJobs::Loan loan(lent_jobs_, table);
    jobs_.Tick();
    for (const std::string& device : *touched) jobs_.OnJobsChanged(device);
  });
}

// A kill or a lost link may fall between the record and the word to the gateway. One that has its
// job, or has dropped it, hears nothing new.
void Delivery::Remind() {
  const Nanos now = clock_.Utc();
  const bool all = std::exchange(remind_all_, false);
  rollouts_.WithJobs([&](JobTable& table) {
    const LentJobs::Loan loan(lent_jobs_, table);
    const auto uninformed = all ? table.Uninformed(now + 1, now - kDay)
                                : table.Uninformed(now - kRemindAfter, now - 2 * kLookEvery);
    if (!uninformed) return log::Failure("delivery", uninformed.error());
    for (const std::string& device : *uninformed) jobs_.Remind(device);
  });
}

// A release that cannot be delivered is told once, and again when it comes back after it was gone.
void Delivery::LookAtReleases() {
  std::vector<std::string> faults;
  if (const auto offers = rollouts_.Offers(&faults); !offers) faults = {offers.error().what};
  std::set<std::string> now(faults.begin(), faults.end());
  for (const std::string& fault : now)
    if (!faults_told_.contains(fault))
      log::Warning("delivery", "a release cannot be delivered", {{"why", fault}});
  faults_told_ = std::move(now);
}

void Delivery::Finish() { client_.Stop(); }

}  // namespace millwright::hub
