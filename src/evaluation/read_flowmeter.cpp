#include "evaluation/read_flowmeter.h"

#include <algorithm>
#include <cmath>

namespace millwright::evaluation {
namespace flowmeter {
namespace {

struct Range {
  size_t from = 0, to = 0;
};
struct Kind {
  size_t columns;
  std::array<Range, kFlowmeterGroups> groups;
  std::vector<std::string> classes;
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kKinds = {
      {36, {{{0, 3}, {3, 11}, {11, 19}, {20, 36}, {}, {}}}, {"healthy", "installation"}},
      {51, {{{0, 3}, {4, 8}, {9, 13}, {35, 43}, {14, 22}, {43, 51}}}, {"healthy", "gas", "waxing"}},
      {43,
       {{{0, 3}, {3, 7}, {7, 11}, {11, 19}, {19, 27}, {35, 43}}},
       {"healthy", "gas", "installation", "waxing"}},
  };
  return kKinds;
}

// Paths are told against their own mean, so that neither flow nor temperature is a fault.
constexpr bool kRelative[kFlowmeterGroups] = {false, true, true, false, false, true};
constexpr double kFloor[kFlowmeterGroups] = {2e-3, 3e-3, 2e-5, 0.2, 100, 1e-4};

const Kind* KindOf(const TextTable& rows) {
  for (const Kind& kind : Kinds())
    if (kind.columns + 1 == rows.width) return &kind;
  return nullptr;
}

std::vector<double> Values(const TextTable& rows, size_t row, Range range, bool relative) {
  std::vector<double> out;
  double mean = 0;
  for (size_t c = range.from; c < range.to; ++c) {
    out.push_back(static_cast<double>(rows.At(row, c)));
    mean += out.back() / static_cast<double>(range.to - range.from);
  }
  if (relative && mean != 0)
    for (double& v : out) v /= mean;
  return out;
}

}  // namespace
}  // namespace flowmeter

Result<std::vector<Flowmeter>> ReadFlowmeters(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".txt") || name.ends_with(".txt.gz")) paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  if (paths.empty())
    return Fail(Errc::kNotFound, "flowmeter: no meter (.txt or .txt.gz) in " + folder.string());
  std::vector<Flowmeter> out;
  for (const auto& path : paths) {
    Flowmeter meter{.name = path.filename().string()};
    MW_TRY(meter.rows, ReadTable(path, {}));
    const flowmeter::Kind* kind = flowmeter::KindOf(meter.rows);
    if (kind == nullptr)
      return Fail(Errc::kInvalid, path.string() + ": " + std::to_string(meter.rows.width) +
                                      " columns; meters with 37, 44 or 52 are known");
    for (size_t i = 0; i < meter.rows.rows(); ++i) {
      const float label = meter.rows.At(i, kind->columns);
      if (!(label >= 1 && label <= static_cast<float>(kind->classes.size())) ||
          label != std::floor(label))
        return Fail(Errc::kInvalid,
                    path.string() + ": row " + std::to_string(i + 1) + ": no such class");
      for (size_t c = 0; c < kind->columns; ++c)
        if (!std::isfinite(meter.rows.At(i, c)))
          return Fail(Errc::kInvalid, path.string() + ": row " + std::to_string(i + 1) +
                                          ": column " + std::to_string(c + 1) + " is absent");
      meter.classes.push_back(kind->classes[static_cast<size_t>(label) - 1]);
    }
    out.push_back(std::move(meter));
  }
  return out;
}

std::vector<std::array<float, kFlowmeterGroups>> FlowmeterDeviations(
    const Flowmeter& meter, std::span<const size_t> commissioning) {
  std::vector<std::array<float, kFlowmeterGroups>> out(meter.size());
  const flowmeter::Kind* kind = flowmeter::KindOf(meter.rows);
  if (kind == nullptr || commissioning.size() < 2) return out;
  const auto n = static_cast<double>(commissioning.size());
  for (size_t g = 0; g < kFlowmeterGroups; ++g) {
    const flowmeter::Range range = kind->groups[g];
    const auto values = [&](size_t row) {
      return flowmeter::Values(meter.rows, row, range, flowmeter::kRelative[g]);
    };
    const size_t width = range.to - range.from;
    std::vector<double> mean(width), deviation(width);
    for (const size_t i : commissioning) {
      const auto v = values(i);
      for (size_t c = 0; c < width; ++c) mean[c] += v[c] / n;
    }
    for (const size_t i : commissioning) {
      const auto v = values(i);
      for (size_t c = 0; c < width; ++c)
        deviation[c] += (v[c] - mean[c]) * (v[c] - mean[c]) / (n - 1);
    }
    for (size_t i = 0; i < meter.size(); ++i) {
      const auto v = values(i);
      double most = 0;
      for (size_t c = 0; c < width; ++c)
        most = std::max(most, std::abs(v[c] - mean[c]) /
                                  std::max(std::sqrt(deviation[c]), flowmeter::kFloor[g]));
      out[i][g] = static_cast<float>(std::log1p(most));
    }
  }
  return out;
}

}  // namespace millwright::evaluation
