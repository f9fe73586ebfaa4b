#include "fleet.h"

#include <algorithm>

#include "agent/testing/tuned_models.h"
#include "crypto/sha256.h"
#include "model/pack.h"

namespace millwright::year {
namespace {

constexpr int kTicksPerDay = 10;   // the fleet is looked in on
constexpr uint64_t kHubEvery = 2;  // ticks
constexpr double kYear = 365.25 * 86'400;
constexpr Nanos kEve = 20 * kSecond;  // a release is signed so long before it is due

}  // namespace

void Fleet::Tick() {
  now_ += kTick;
  hub_->Sleep(kTick);
  for (const auto& gateway : gateways_) gateway->Tick();
  if (++ticks_ % kHubEvery == 0) hub_->Work();
}

void Fleet::PassDaysUntil(Nanos then) {
  while (now_ < then) {
    const Nanos rest = std::min(then - now_, kDay) - kTicksPerDay * kTick;
    if (rest > 0) {
      now_ += rest;
      hub_->Sleep(rest);
      for (const auto& gateway : gateways_) gateway->Sleep(rest);
    }
    for (int tick = 0; tick < kTicksPerDay; ++tick) Tick();
  }
}

Result<void> Fleet::Begin() {
  MW_TRY(hub_, YearHub::Make(folder_, broker_, now_));
  const std::string bundle = folder_ + "/bundle-0";
  MW_TRY(agent::testing::WriteTuned(files_, bundle, "0", agent::testing::Steady(3)));
  for (int i = 1; i <= plan_.gateways; ++i) {
    gateways_.push_back(std::make_unique<Gateway>(i, folder_ + "/gw-" + std::to_string(i), bundle,
                                                  hub_->root_file(), broker_, now_));
    MW_TRY(gateways_.back()->Start());
  }
  for (int tick = 0; tick < 100; ++tick) Tick();
  hub::RolloutPolicy policy;
  policy.waves = {0.2, 1.0};
  policy.wave_min = 0;
  policy.approval = false;
  return hub_->Schedule(now_ + plan_.days * kDay, plan_.days, policy);
}

// An ordinary retraining each month: a little surer than the one before.
Result<std::string> Fleet::Release(int cycle) {
  const std::string bundle = folder_ + "/bundle-" + std::to_string(cycle);
  MW_TRY(agent::testing::WriteTuned(files_, bundle, std::to_string(cycle),
                                    agent::testing::Steady(3 + 0.02 * cycle)));
  MW_TRY(const os::Bytes manifest, files_.Read(bundle + "/manifest.json", model::kPackBytesMax));
  digest_ = crypto::Sha256Hex(std::span<const std::byte>(manifest));
  return hub_->Sign(bundle, cycle);
}

Result<void> Fleet::Misfortune(int cycle) {
  if (cycle == plan_.absent_from) absent().SetAway(true);
  if (cycle == plan_.absent_from + plan_.absent_cycles) absent().SetAway(false);
  if (cycle == plan_.clockless) {
    clockless().PowerCut();
    clockless().StepClock(-clockless().utc());  // no battery: it begins at the epoch again
    MW_TRY(clockless().Start());
  }
  // The network gives it the time again, a month later.
  if (cycle == plan_.clockless + 1) clockless().StepClock(now_ - clockless().utc());
  for (const auto& gateway : gateways_)
    figures_.epoch_years_max =
        std::max(figures_.epoch_years_max, Seconds(now_ - gateway->utc()) / kYear);
  return {};
}

Result<int> Fleet::Current(const std::string& digest) {
  int current = 0;
  for (const auto& gateway : gateways_) {
    MW_TRY(const std::string serving, gateway->Serving());
    current += serving == digest && gateway->idle() ? 1 : 0;
  }
  return current;
}

Result<void> Fleet::Month(int cycle) {
  MW_TRY(const Nanos due, hub_->NextDue());
  PassDaysUntil(due - kEve);
  MW_TRY(Misfortune(cycle));
  for (int tick = 0; tick < 20; ++tick) Tick();  // who was away is heard again
  MW_TRY(Release(cycle));
  while (now_ < due) Tick();  // from here on the schedule acts
  const auto there = static_cast<int>(
      std::ranges::count_if(gateways_, [](const auto& gateway) { return !gateway->away(); }));
  const Nanos until = now_ + plan_.patience;
  int current = 0;
  while (now_ < until && current < there) {
    for (int tick = 0; tick < 25; ++tick) Tick();
    MW_TRY(current, Current(digest_));
  }
  for (int tick = 0; tick < 25; ++tick) Tick();  // the last report
  figures_.updates += current;
  figures_.cycles += current == there ? 1 : 0;
  figures_.stuck += there - std::min(current, there);
  return {};
}

Result<Figures> Fleet::Run() {
  MW_TRY(Begin());
  const Nanos began = now_;
  figures_.devices = plan_.gateways;
  for (int cycle = 1; cycle <= plan_.cycles; ++cycle) MW_TRY(Month(cycle));
  MW_TRY(figures_.devices_current, Current(digest_));
  figures_.superseded = hub_->superseded();
  figures_.scheduled = hub_->scheduled();
  figures_.virtual_days = Seconds(now_ - began) / Seconds(kDay);
  for (const auto& gateway : gateways_) figures_.decisions += gateway->decisions();
  return figures_;
}

}  // namespace millwright::year
