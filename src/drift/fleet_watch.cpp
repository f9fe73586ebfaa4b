#include "drift/fleet_watch.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>

#include "core/check.h"

namespace millwright::drift {
namespace {

Result<void> Check(const FleetWatchOptions& o) {
  const auto wrong = [](const char* what) {
    return Fail(Errc::kInvalid, std::string("drift: ") + what);
  };
  if (!(o.false_retrains_per_week > 0 && o.false_retrains_per_week < 1))
    return wrong("false_retrains_per_week is not between 0 and 1");
  if (!(o.labels_per_week > 0)) return wrong("labels_per_week is not above 0");
  if (!(o.loss > 0 && o.loss < 1)) return wrong("loss is not between 0 and 1");
  if (!(o.false_discoveries > 0 && o.false_discoveries < 1))
    return wrong("false_discoveries is not between 0 and 1");
  if (o.confirm < 1 || o.of < o.confirm || o.of > 64)
    return wrong("confirm and of are not 1 <= confirm <= of <= 64");
  if (o.rest_weeks < 0) return wrong("rest_weeks is negative");
  return {};
}

// Left out where a healthy week is compared with its device's others: the week itself, and its
// neighbours, since weeks are alike that follow each other and the weeks to come will not lie
// between known ones.
constexpr size_t kNeighbours = 1;
constexpr size_t kWeeksMin = 6;
constexpr size_t kNone = SIZE_MAX / 2;

// The sum of all weeks but those about one.
Result<Week> Sum(std::span<const Week> weeks, size_t but) {
  Week out;
  for (const Histogram& h : weeks.front()) out.push_back(h.Empty());
  for (size_t w = 0; w < weeks.size(); ++w) {
    if (w + kNeighbours >= but && w <= but + kNeighbours) continue;
    if (weeks[w].size() != out.size())
      return Fail(Errc::kInvalid, "drift: weeks with different cells cannot be compared");
    for (size_t c = 0; c < out.size(); ++c) MW_TRY(out[c].Merge(weeks[w][c]));
  }
  return out;
}

// The largest PSI of a week's cells, each in units of what independent points would show. Where no
// cell has points enough, 0: nothing to see.
double Unlikeness(const Week& reference, const Week& now, int64_t points_min) {
  double most = 0;
  for (size_t c = 0; c < reference.size(); ++c) {
    const int64_t n = reference[c].total(), m = now[c].total();
    if (n < points_min || m < points_min || reference[c].bins() < 2) continue;
    const double expected = (1 / static_cast<double>(n) + 1 / static_cast<double>(m)) *
                            static_cast<double>(reference[c].bins() - 1);
    most = std::max(most, Psi(reference[c], now[c]) / expected);
  }
  return most;
}

// Each healthy week against the others of its device.
Result<HealthyTail> LearnTail(std::span<const DeviceBaseline> devices, int64_t points_min) {
  std::vector<double> healthy;
  for (const DeviceBaseline& d : devices) {
    if (d.weeks.size() < kWeeksMin)
      return Fail(Errc::kInvalid, "drift: a device has fewer than six healthy weeks");
    for (size_t w = 0; w < d.weeks.size(); ++w) {
      MW_TRY(const Week others, Sum(d.weeks, w));
      healthy.push_back(Unlikeness(others, d.weeks[w], points_min));
    }
  }
  return HealthyTail::Learn(std::move(healthy));
}

// One CUSUM for each distinct baseline: to solve its equations takes milliseconds.
class CusumMaker {
 public:
  CusumMaker(const FleetWatchOptions& options, const CohortPrior& prior)
      : options_(options), prior_(prior) {}

  Result<ErrorCusum> Make(const Counts& labels) {
    const std::pair<double, double> key{labels.right, labels.trials};
    if (const auto known = made_.find(key); known != made_.end()) return known->second;
    const double healthy = std::clamp(1 - Shrink(labels, prior_).mean, 1e-3, 0.999);
    MW_TRY(const ErrorCusum made,
           ErrorCusum::Make({.healthy = healthy,
                             .drifted = std::min(0.9995, healthy + options_.loss),
                             .false_alarms_per_label =
                                 options_.false_retrains_per_week / options_.labels_per_week,
                             .strength = prior_.strength + labels.trials}));
    made_.emplace(key, made);
    return made;
  }

 private:
  const FleetWatchOptions& options_;
  const CohortPrior& prior_;
  std::map<std::pair<double, double>, ErrorCusum> made_;
};

}  // namespace

Result<FleetWatch> FleetWatch::Make(const FleetWatchOptions& options,
                                    std::span<const DeviceBaseline> devices) {
  MW_TRY(Check(options));
  if (devices.empty()) return Fail(Errc::kInvalid, "drift: a fleet without a device");
  MW_TRY(HealthyTail tail, LearnTail(devices, options.points_min));
  FleetWatch out(options, std::move(tail));
  std::vector<Counts> labels;
  for (const DeviceBaseline& d : devices) labels.push_back(d.labels);
  out.prior_ = LearnPrior(labels);
  CusumMaker cusums(options, out.prior_);
  for (const DeviceBaseline& d : devices) {
    MW_TRY(ErrorCusum errors, cusums.Make(d.labels));
    MW_TRY(Week reference, Sum(d.weeks, kNone));
    out.devices_.push_back(
        {errors, std::move(reference), Confirmation(options.confirm, options.of), 0});
  }
  return out;
}

bool FleetWatch::PushLabel(size_t device, bool wrong) {
  MW_CHECK(device < devices_.size());
  Device& d = devices_[device];
  if (!d.errors.Push(wrong) || d.rest > 0) return false;
  d.rest = options_.rest_weeks;
  return true;
}

Result<WeekFindings> FleetWatch::EndWeek(std::span<const Week> weeks) {
  if (weeks.size() != devices_.size())
    return Fail(Errc::kInvalid, "drift: the week is not of the fleet's devices");
  std::vector<double> p_values;
  for (size_t i = 0; i < weeks.size(); ++i) {
    const Week& reference = devices_[i].reference;
    if (!std::ranges::equal(weeks[i], reference, &Histogram::SameEdges))
      return Fail(Errc::kInvalid, "drift: a week's cells are not those of its device's baseline");
    p_values.push_back(tail_.PValue(Unlikeness(reference, weeks[i], options_.points_min)));
  }
  WeekFindings out;
  out.accused = BenjaminiHochberg(p_values, options_.false_discoveries);
  auto next = out.accused.begin();
  for (size_t i = 0; i < devices_.size(); ++i) {
    Device& d = devices_[i];
    const bool accused = next != out.accused.end() && *next == i;
    if (accused) ++next;
    const bool confirmed = d.confirmation.Push(accused);
    if (d.rest > 0) {
      --d.rest;
    } else if (confirmed) {
      out.retrain.push_back(i);
      d.rest = options_.rest_weeks;
    }
  }
  return out;
}

}  // namespace millwright::drift
