#include "evaluation/hydraulic_table.h"

#include <algorithm>
#include <cmath>

namespace millwright::evaluation {
namespace hydraulic_table {
namespace {

// The valve shows in how the flow rises between these moments of a cycle.
constexpr double kFlowFrom = 8, kFlowTo = 14;

void AddSegments(const TextTable& sensor, std::vector<std::vector<float>>& rows,
                 std::vector<int>& step_of) {
  const size_t length = sensor.width / kHydraulicSegments;
  for (size_t s = 0; s < kHydraulicSegments; ++s) {
    step_of.insert(step_of.end(), 2, static_cast<int>(s));
    for (size_t i = 0; i < sensor.rows(); ++i) {
      double sum = 0, square = 0;
      for (size_t k = s * length; k < (s + 1) * length; ++k) {
        const auto v = static_cast<double>(sensor.At(i, k));
        sum += v;
        square += v * v;
      }
      const double n = static_cast<double>(length), mean = sum / n;
      rows[i].push_back(static_cast<float>(mean));
      rows[i].push_back(static_cast<float>(std::sqrt(std::max(0.0, square / n - mean * mean))));
    }
  }
}

void AddFlow(const TextTable& flow, std::vector<std::vector<float>>& rows,
             std::vector<int>& step_of) {
  const double rate = static_cast<double>(flow.width) / kHydraulicCycleSeconds;
  const auto from = static_cast<size_t>(kFlowFrom * rate), to = static_cast<size_t>(kFlowTo * rate);
  for (size_t k = from; k < to; ++k) {
    step_of.push_back(static_cast<int>(k * kHydraulicSegments / flow.width));
    for (size_t i = 0; i < flow.rows(); ++i) rows[i].push_back(flow.At(i, k));
  }
}

}  // namespace
}  // namespace hydraulic_table

Result<HydraulicTable> MakeHydraulicTable(const HydraulicCycles& data, std::span<const int> parts) {
  HydraulicTable out;
  out.columns.steps = static_cast<int>(parts.size());
  std::vector<std::vector<float>> rows(data.size());
  for (const TextTable& sensor : data.sensors) {
    if (sensor.width < 2 * kHydraulicSegments)
      return Fail(Errc::kInvalid, "hydraulic: too few values in a cycle");
    hydraulic_table::AddSegments(sensor, rows, out.columns.step_of);
  }
  out.plain = out.columns.step_of.size();
  hydraulic_table::AddFlow(data.sensors.front(), rows, out.columns.step_of);
  for (int& step : out.columns.step_of)
    step = static_cast<int>(std::ranges::upper_bound(parts, step) - parts.begin());
  out.table.columns = out.columns.step_of.size();
  for (const auto& row : rows)
    out.table.values.insert(out.table.values.end(), row.begin(), row.end());
  return out;
}

}  // namespace millwright::evaluation
