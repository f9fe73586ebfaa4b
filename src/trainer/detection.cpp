#include "trainer/detection.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace millwright::trainer {
namespace {

double Quantile(std::vector<double> values, double share) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const double at = share * static_cast<double>(values.size() - 1);
  const auto low = static_cast<size_t>(std::floor(at));
  const size_t high = std::min(values.size() - 1, low + 1);
  return values[low] + (at - static_cast<double>(low)) * (values[high] - values[low]);
}

struct Counts {
  double false_moments = 0, missed_moments = 0;
  std::vector<double> delays{};
};

void CountRun(const Verdicts& run, Detection& d, Counts& counts) {
  bool in_event = false, found = false, alarmed = false;
  Nanos event_start = 0;
  const auto close = [&] {
    if (in_event) d.events_found += found ? 1 : 0;
    in_event = found = false;
  };
  for (size_t i = 0; i < run.moments.size(); ++i) {
    const Moment& m = run.moments[i];
    if (m.truth == Truth::kAnomaly) {
      if (!in_event) {
        in_event = true;
        event_start = m.ts;
        ++d.events_total;
      }
      d.anomalous_moments += 1;
      counts.missed_moments += m.alarm ? 0 : 1;
      if (m.alarm && !found) {
        found = true;
        counts.delays.push_back(Seconds(m.ts - event_start));
      }
    } else {
      close();
    }
    if (m.truth == Truth::kHealthy) {
      d.healthy_moments += 1;
      counts.false_moments += m.alarm ? 1 : 0;
      d.false_alarms += m.alarm && !alarmed ? 1 : 0;
      if (i > 0) d.healthy_s += Seconds(m.ts - run.moments[i - 1].ts);
    }
    alarmed = m.alarm;
  }
  close();
}

}  // namespace

Detection MeasureDetection(std::span<const Verdicts> runs) {
  Detection d;
  Counts counts;
  for (const Verdicts& run : runs) CountRun(run, d, counts);
  d.far = d.healthy_moments > 0 ? counts.false_moments / d.healthy_moments : 0;
  d.mar = d.anomalous_moments > 0 ? counts.missed_moments / d.anomalous_moments : 0;
  d.delay_s_median = Quantile(counts.delays, 0.5);
  d.delay_s_p90 = Quantile(counts.delays, 0.9);
  return d;
}

}  // namespace millwright::trainer
