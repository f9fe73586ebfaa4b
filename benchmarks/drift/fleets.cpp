#include "fleets.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "core/check.h"
#include "plant.h"

namespace millwright::bench {
namespace {

constexpr int kHealthyWeeks = 52;
constexpr int kMixedWeeks = 8;
constexpr float kShift = 1.5F;  // of a point's standard deviation
constexpr double kDriftedShares[] = {0.02, 0.1, 0.3};
constexpr double kJump = 0.15;
constexpr int kLabelsMax = 5000;

struct Fleet {
  std::vector<Gateway> gateways;
  drift::FleetWatch watch;
};

Fleet MakeFleet(Random& random) {
  std::vector<Gateway> gateways;
  std::vector<drift::DeviceBaseline> baselines;
  for (int i = 0; i < kFleetSize; ++i) {
    gateways.emplace_back(random);
    baselines.push_back(gateways.back().Commission(random));
  }
  auto watch = drift::FleetWatch::Make({}, baselines);
  MW_CHECK(watch.has_value());
  return {std::move(gateways), std::move(*watch)};
}

// Fleets are shared out among threads; each has its own seed, so the sum does not depend on how.
template <typename Figures, typename Run, typename Add>
Figures InParallel(int fleets, int threads, Run run, Add add) {
  Figures sum;
  std::mutex mutex;
  std::atomic<int> next = 0;
  std::vector<std::jthread> workers;
  workers.reserve(static_cast<size_t>(threads));
  for (int t = 0; t < threads; ++t)
    workers.emplace_back([&] {
      for (int i = next++; i < fleets; i = next++) {
        const Figures one = run(i);
        const std::scoped_lock lock(mutex);
        add(sum, one);
      }
    });
  workers.clear();
  return sum;
}

int LabelsUntilAlarm(drift::FleetWatch& watch, size_t device, double error_rate, Random& random) {
  for (int n = 1; n <= kLabelsMax; ++n)
    if (watch.PushLabel(device, random.Uniform() < error_rate)) return n;
  return kLabelsMax;
}

HealthyFigures OneHealthy(int number) {
  Random random(1000 + static_cast<uint64_t>(number));
  Fleet fleet = MakeFleet(random);
  HealthyFigures out;
  std::vector<int> last_retrain(kFleetSize, -1000);
  for (int week = 0; week < kHealthyWeeks; ++week) {
    std::vector<drift::Week> weeks;
    for (size_t i = 0; i < kFleetSize; ++i) {
      Gateway& gateway = fleet.gateways[i];
      weeks.push_back(gateway.NextWeek(random, 0));
      for (int n = 0; n < kLabelsAWeek; ++n)
        if (fleet.watch.PushLabel(i, random.Uniform() < gateway.error_rate())) {
          ++out.label_retrains;
          last_retrain[i] = week;
        }
    }
    const auto found = fleet.watch.EndWeek(weeks);
    MW_CHECK(found.has_value());
    out.accusations += static_cast<int64_t>(found->accused.size());
    out.feature_retrains += static_cast<int64_t>(found->retrain.size());
    for (const size_t i : found->retrain) last_retrain[i] = week;
    out.device_weeks += kFleetSize;
  }
  for (size_t i = 0; i < kFleetSize; ++i) {
    if (kHealthyWeeks - last_retrain[i] < 10) continue;  // rests
    const double rate = fleet.gateways[i].error_rate();
    const bool middle = rate > 0.045 && rate < 0.055;
    const int labels =
        LabelsUntilAlarm(fleet.watch, i, middle ? kCohortError + kJump : rate + kJump, random);
    out.labels_any_device.push_back(labels);
    if (middle) out.labels_to_detect.push_back(labels);
  }
  return out;
}

MixedFigures OneMixed(int number) {
  Random random(900'000 + static_cast<uint64_t>(number));
  Fleet fleet = MakeFleet(random);
  const double share = kDriftedShares[static_cast<size_t>(number) % std::size(kDriftedShares)];
  const auto drifted = static_cast<size_t>(share * kFleetSize);
  MixedFigures out;
  std::vector<bool> retrained(kFleetSize);
  for (int week = 0; week < kMixedWeeks; ++week) {
    std::vector<drift::Week> weeks;
    for (size_t i = 0; i < kFleetSize; ++i)
      weeks.push_back(fleet.gateways[i].NextWeek(random, i < drifted ? kShift : 0));
    const auto found = fleet.watch.EndWeek(weeks);
    MW_CHECK(found.has_value());
    const auto right = std::ranges::count_if(found->accused, [&](size_t i) { return i < drifted; });
    const auto all = static_cast<int64_t>(found->accused.size());
    if (all > 0) out.false_share_sum += static_cast<double>(all - right) / static_cast<double>(all);
    out.found_weeks += right;
    out.drifted_weeks += static_cast<int64_t>(drifted);
    ++out.fleet_weeks;
    for (const size_t i : found->retrain) retrained[i] = true;
  }
  for (size_t i = 0; i < kFleetSize; ++i) {
    ++(i < drifted ? out.drifted : out.healthy);
    if (retrained[i]) ++(i < drifted ? out.retrained : out.retrained_healthy);
  }
  return out;
}

void Append(std::vector<int>& to, const std::vector<int>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

HealthyFigures RunHealthy(int fleets, int threads) {
  return InParallel<HealthyFigures>(fleets, threads, OneHealthy,
                                    [](HealthyFigures& sum, const HealthyFigures& one) {
                                      sum.device_weeks += one.device_weeks;
                                      sum.label_retrains += one.label_retrains;
                                      sum.feature_retrains += one.feature_retrains;
                                      sum.accusations += one.accusations;
                                      Append(sum.labels_to_detect, one.labels_to_detect);
                                      Append(sum.labels_any_device, one.labels_any_device);
                                    });
}

MixedFigures RunMixed(int fleets, int threads) {
  return InParallel<MixedFigures>(fleets, threads, OneMixed,
                                  [](MixedFigures& sum, const MixedFigures& one) {
                                    sum.fleet_weeks += one.fleet_weeks;
                                    sum.false_share_sum += one.false_share_sum;
                                    sum.drifted_weeks += one.drifted_weeks;
                                    sum.found_weeks += one.found_weeks;
                                    sum.drifted += one.drifted;
                                    sum.retrained += one.retrained;
                                    sum.healthy += one.healthy;
                                    sum.retrained_healthy += one.retrained_healthy;
                                  });
}

}  // namespace millwright::bench
