#include "plant.h"

#include <algorithm>

#include "os/process.h"

namespace millwright::bench {
namespace {

constexpr size_t kRoundsKept = 4096;  // minutes: a decision is matched long before
constexpr int kPlantRank = 7;         // sensors are other computers: nothing here delays them
constexpr int kProbeRank = 4;         // behind the agent's own two threads
constexpr double kQuiet = 0.2, kLoudNoise = 3;

void SleepUntil(Nanos real) {
  std::this_thread::sleep_until(
      std::chrono::steady_clock::time_point(std::chrono::nanoseconds(real)));
}

}  // namespace

Plant::Plant(mqtt::FakeBroker& broker, const FastClock& clock, int machines)
    : clock_(clock), first_((clock.Utc() / kStep + 1) * kStep) {
  for (int m = 0; m < machines; ++m) {
    sensors_.push_back(
        std::make_unique<agent::testing::Sensors>(broker, "P-" + std::to_string(m + 1), first_));
    published_.emplace_back(kRoundsKept);
  }
}

void Plant::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Plant::Stop() {
  thread_.request_stop();
  thread_.join();
}

void Plant::Run(const std::stop_token& stop) {
  os::NameThread("mw-sensors");
  (void)os::MakeThreadUrgent(kPlantRank);
  const Nanos utc_at_start = clock_.Utc() - clock_.Monotonic();
  const Nanos apart = kStep / static_cast<Nanos>(sensors_.size());
  while (!stop.stop_requested()) {
    const int64_t round = rounds_.load(std::memory_order_relaxed);
    const Nanos due = first_ + (round + 1) * kStep - utc_at_start;  // when its last sample is taken
    for (size_t m = 0; m < sensors_.size(); ++m) {
      SleepUntil(clock_.RealAt(due + static_cast<Nanos>(m) * apart));
      sensors_[m]->amplitude = loud_ ? kLoudNoise : kQuiet;
      published_[m][static_cast<size_t>(round) % kRoundsKept] = RealNow();
      sensors_[m]->Step();
    }
    rounds_.store(round + 1, std::memory_order_release);
  }
}

Nanos Plant::PublishedAt(size_t machine, Nanos sent) const {
  const Nanos round = (sent - first_) / kStep - 1;
  if (machine >= published_.size() || round < 0) return 0;
  return published_[machine][static_cast<size_t>(round) % kRoundsKept];
}

void StallProbe::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    os::NameThread("mw-stall");
    (void)os::MakeThreadUrgent(kProbeRank);
    while (!stop.stop_requested()) {
      const Nanos due = RealNow() + kMillisecond;
      SleepUntil(due);
      late_.push_back(RealNow() - due);
    }
  });
}

double StallProbe::StopAndTell(double share) {
  thread_.request_stop();
  thread_.join();
  if (late_.empty()) return 0;
  const auto at =
      late_.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(late_.size() - 1));
  std::ranges::nth_element(late_, at);
  return Seconds(*at) * 1e3;
}

}  // namespace millwright::bench
