#include "hub/labels/accuracy.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "drift/error_cusum.h"

namespace millwright::hub {
namespace {

using store::Row;

constexpr size_t kBaseMin = 30, kBaseMax = 500;
constexpr double kLoss = 0.15;
constexpr double kHealthyErrorMin = 0.01, kHealthyErrorMax = 0.5;

struct Answer {
  std::string device, site, cohort;
  bool right = false, missed = false;
};

// The last verdict of each alarm, and every range; whether an alarm stood during a range.
constexpr std::string_view kAnswers =
    "SELECT * FROM (SELECT b.device, b.site, COALESCE(a.machine_class, '') AS cohort, "
    "COALESCE(j.rating, b.rating) AS rating, b.alarm_key, b.at_ns, b.act, b.number, "
    "CASE WHEN b.alarm_key <> '' THEN 1 WHEN EXISTS (SELECT 1 FROM alarms l WHERE l.site = b.site "
    "AND l.asset = b.asset AND l.raised_ns < b.end_ns AND (l.cleared_ns IS NULL OR l.cleared_ns > "
    "b.start_ns)) THEN 1 ELSE 0 END AS stood FROM labels b LEFT JOIN assets a ON a.site = b.site "
    "AND a.asset = b.asset LEFT JOIN judgements j ON j.device = b.device AND j.alarm_key = "
    "b.alarm_key AND b.alarm_key <> '' WHERE b.undone_ns IS NULL AND (b.alarm_key = '' OR j.act = "
    "b.act) AND NOT EXISTS (SELECT 1 FROM labels n WHERE n.source = 'service' AND n.undone_ns IS "
    "NULL AND n.site = b.site AND n.asset = b.asset AND n.start_ns <= b.start_ns AND n.end_ns > "
    "b.start_ns) AND b.at_ns >= $1 AND b.at_ns < $2 ORDER BY b.at_ns DESC LIMIT 100000) t WHERE "
    "t.rating "
    "<> 'NEUTRAL' ORDER BY t.at_ns, t.act, t.number";

Result<std::vector<Answer>> LoadAnswers(store::Database& database, Nanos from, Nanos to) {
  std::vector<Answer> answers;
  MW_TRY(database.Each(kAnswers, {from, to}, [&](const Row& row) {
    const bool fault = row.Text(3) == "ANOMALY", alarm = row.Int(8) != 0;
    answers.push_back({.device = std::string(row.Text(0)),
                       .site = std::string(row.Text(1)),
                       .cohort = std::string(row.Text(2)),
                       .right = fault == alarm,
                       .missed = fault && !alarm});
  }));
  return answers;
}

drift::Counts CountsOf(int64_t right, int64_t labels) {
  return {.right = static_cast<double>(right), .trials = static_cast<double>(labels)};
}

// An ErrorCusum's limit is solved for, which takes milliseconds; gateways that are alike share one.
class Cusums {
 public:
  /// Nothing where too few labels are known to hold the rate of false alarms.
  std::optional<drift::ErrorCusum> For(double error, double strength) {
    // Rounded to the safe side: a higher healthy error rate that is known less well.
    const auto rate = static_cast<int>(std::ceil(error / kRateStep));
    const auto known =
        static_cast<int>(std::floor(std::log(std::min(strength, kStrengthMax)) / kStrengthStep));
    auto [at, is_new] = shelf_.try_emplace({rate, known});
    if (is_new) at->second = Make(rate * kRateStep, std::exp(known * kStrengthStep));
    return at->second;
  }

 private:
  static constexpr double kRateStep = 0.005, kStrengthStep = 0.1, kStrengthMax = 1e6;

  static std::optional<drift::ErrorCusum> Make(double healthy, double strength) {
    auto made = drift::ErrorCusum::Make(
        {.healthy = healthy, .drifted = healthy + kLoss, .strength = strength});
    return made ? std::optional(*made) : std::nullopt;
  }

  std::map<std::pair<int, int>, std::optional<drift::ErrorCusum>> shelf_;
};

// The first labels of a gateway say how right it was (leaning on its cohort), the later ones
// whether that has changed: the limit then follows from the gateway's own posterior.
void TakeEvidence(const std::vector<bool>& right, const drift::CohortPrior& prior, Cusums& cusums,
                  DeviceAccuracy& device) {
  const size_t base = std::clamp(right.size() / 2, kBaseMin, kBaseMax);
  if (right.size() <= base) return;
  const auto before =
      std::count(right.begin(), right.begin() + static_cast<std::ptrdiff_t>(base), true);
  const double mean = drift::Shrink(CountsOf(before, static_cast<int64_t>(base)), prior).mean;
  const double error = std::clamp(1 - mean, kHealthyErrorMin, kHealthyErrorMax);
  auto sum = cusums.For(error, prior.strength + static_cast<double>(base));
  if (!sum) return;
  device.evidence = 0;
  for (size_t i = base; i < right.size(); ++i) device.risen = sum->Push(!right[i]) || device.risen;
  device.evidence = std::max(0.0, sum->level());
}

}  // namespace

Result<FleetAccuracy> LoadAccuracy(store::Database& database, Nanos from, Nanos to) {
  MW_TRY(const std::vector<Answer> answers, LoadAnswers(database, from, to));
  std::map<std::string, DeviceAccuracy> devices;
  std::map<std::string, std::vector<bool>> right;  // oldest first
  std::map<std::string, CohortAccuracy> cohorts;
  for (const Answer& answer : answers) {
    const std::string key = answer.device + " " + answer.cohort;
    right[key].push_back(answer.right);
    DeviceAccuracy& device = devices[key];
    device.device = answer.device;
    device.site = answer.site;
    device.cohort = answer.cohort;
    device.right += answer.right ? 1 : 0;
    device.labels += 1;
    device.missed += answer.missed ? 1 : 0;
    device.false_alarms += !answer.right && !answer.missed ? 1 : 0;
  }
  std::map<std::string, std::vector<drift::Counts>> counts;
  for (const auto& [key, device] : devices) {
    CohortAccuracy& cohort = cohorts[device.cohort];
    cohort.cohort = device.cohort;
    cohort.devices += 1;
    cohort.right += device.right;
    cohort.labels += device.labels;
    counts[device.cohort].push_back(CountsOf(device.right, device.labels));
  }
  FleetAccuracy out;
  Cusums cusums;
  for (auto& [name, cohort] : cohorts) {
    cohort.prior = drift::LearnPrior(counts[name]);
    out.cohorts.push_back(cohort);
  }
  for (auto& [key, device] : devices) {
    const drift::CohortPrior& prior = cohorts[device.cohort].prior;
    device.estimate = drift::Shrink(CountsOf(device.right, device.labels), prior);
    TakeEvidence(right[key], prior, cusums, device);
    out.devices.push_back(device);
  }
  std::ranges::stable_sort(out.devices, [](const DeviceAccuracy& a, const DeviceAccuracy& b) {
    return a.estimate.mean < b.estimate.mean;
  });
  return out;
}

}  // namespace millwright::hub
