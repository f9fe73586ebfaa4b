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
constexpr size_t kTurnMax = 256;  // requests in one transaction
constexpr size_t kInboxMax = 4 * kTurnMax;
constexpr size_t kOutboxMax = 4096;
constexpr int kToldMax = 64;  // gateways in one turn: the lock is others' too

}  // namespace

Delivery::Delivery(mqtt::Client& client, Rollouts& rollouts, os::Clock& clock,
                   const std::string& prefix)
    : client_(client),
      rollouts_(rollouts),
      clock_(clock),
      jobs_(lent_jobs_, clock, prefix,
            [this](const std::string& topic, const std::string& payload) {
              Post(topic, std::as_bytes(std::span(payload.data(), payload.size())));
            }),
      streams_(lent_releases_, prefix,
               [this](const std::string& topic, std::span<const std::byte> payload) {
                 if (answering_) return Post(topic, payload), true;
                 const bool sent = Send(topic, payload);
                 counts_.blocks += sent ? 1 : 0;
                 return sent;
               }) {}

Result<void> Delivery::Start() {
  for (const auto& filters : {jobs_.Filters(), streams_.Filters()})
    for (const std::string& filter : filters) MW_TRY(client_.Subscribe(filter, kQos));
  return client_.Start(*this);
}

// A lost answer costs a gateway its patience, no more: it asks again.
void Delivery::Post(const std::string& topic, std::span<const std::byte> payload) {
  if (outbox_.size() >= kOutboxMax) {
    ++counts_.unsent;
    return;
  }
  outbox_.push_back({.topic = topic, .payload = {payload.begin(), payload.end()}});
}

bool Delivery::Send(const std::string& topic, std::span<const std::byte> payload) {
  return client_.Publish(topic, payload, kQos, false).has_value();
}

void Delivery::OnConnected(bool session_present) {
  connected_ = true;
  remind_all_ = true;  // what was said while nobody listened is said again
  next_look_ = 0;
  log::Info("delivery", "connected to the broker", {{"session_present", session_present}});
}

void Delivery::OnDisconnected(std::string_view reason) {
  connected_ = false;
  outbox_.clear();
  log::Warning("delivery", "lost the broker", {{"reason", reason}});
}

void Delivery::OnMessage(const mqtt::Message& message) {
  ++counts_.requests;
  if (inbox_.size() >= kInboxMax) {
    ++counts_.unsent;
    return;
  }
  inbox_.push_back({.topic = std::string(message.topic),
                    .payload = {message.payload.begin(), message.payload.end()}});
}

// As long as more comes at once, it belongs to this turn.
void Delivery::Receive(Nanos wait_max) {
  client_.Poll(wait_max);
  for (size_t before = 0; inbox_.size() > before && inbox_.size() < kTurnMax;) {
    before = inbox_.size();
    client_.Poll(0);
  }
}

void Delivery::Answer() {
  if (inbox_.empty()) return;
  const size_t before = outbox_.size();
  answering_ = true;
  const auto done = rollouts_.Durably([&](JobTable& table, Releases& releases) {
    const LentJobs::Loan jobs_loan(lent_jobs_, table);
    const LentReleases::Loan releases_loan(lent_releases_, releases);
    for (const Letter& letter : inbox_)
      if (!jobs_.OnMessage(letter.topic, letter.payload))
        (void)streams_.OnMessage(letter.topic, letter.payload);
  });
  answering_ = false;
  inbox_.clear();
  if (done) return;
  // Nothing of it has happened: gateways that hear nothing ask again.
  log::Failure("delivery", done.error());
  outbox_.erase(outbox_.begin() + static_cast<std::ptrdiff_t>(before), outbox_.end());
}

void Delivery::SendAnswers() {
  while (!outbox_.empty() && Send(outbox_.front().topic, outbox_.front().payload))
    outbox_.pop_front();
}

// One after another, as fast as the connection takes it.
void Delivery::TellDevices() {
  if (!connected_ || to_tell_.empty()) return;
  rollouts_.WithJobs([&](JobTable& table) {
    const LentJobs::Loan loan(lent_jobs_, table);
    for (int told = 0; told < kToldMax && outbox_.empty() && !to_tell_.empty(); ++told) {
      const auto [device, again] = to_tell_.Take();
      if (again)
        jobs_.Remind(device);
      else
        jobs_.OnJobsChanged(device);
      SendAnswers();
    }
  });
}

void Delivery::SendBlocks() {
  if (streams_.idle()) return;
  const uint64_t before = counts_.blocks;
  rollouts_.WithReleases([&](Releases& releases) {
    const LentReleases::Loan loan(lent_releases_, releases);
    streams_.Work();
  });
  congested_ = counts_.blocks == before;
}

bool Delivery::Waits() const {
  return connected_ && (!streams_.idle() || !outbox_.empty() || !to_tell_.empty());
}

void Delivery::Step(Nanos wait_max) {
  const bool full = congested_ || !outbox_.empty();
  Receive(!Waits() ? wait_max : full ? std::min(wait_max, kCongested) : 0);
  Answer();
  SendAnswers();
  TellDevices();
  SendBlocks();
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
  const auto ticked = rollouts_.Durably([&](JobTable& table, Releases&) {
    const LentJobs::Loan loan(lent_jobs_, table);
    jobs_.Tick();
  });
  if (!ticked) log::Failure("delivery", ticked.error());
  for (const std::string& device : *touched) to_tell_.Add(device, false);
}

// A kill or a lost link may fall between the record and the word to the gateway. One that has its
// job, or has dropped it, hears nothing new.
void Delivery::Remind() {
  const Nanos now = clock_.Utc();
  const bool all = std::exchange(remind_all_, false);
  rollouts_.WithJobs([&](JobTable& table) {
    const auto uninformed = all ? table.Uninformed(now + 1, now - kDay)
                                : table.Uninformed(now - kRemindAfter, now - 2 * kLookEvery);
    if (!uninformed) return log::Failure("delivery", uninformed.error());
    for (const std::string& device : *uninformed) to_tell_.Add(device, true);
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
