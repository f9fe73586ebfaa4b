#include "evaluation/skab_rows.h"

#include <algorithm>
#include <cmath>

#include "trainer/eigen.h"

namespace millwright::evaluation::skab {
namespace {

// The temperatures drift through a day and never return: they tell the time, not the fault.
constexpr const char* kChannels[] = {"Accelerometer1RMS", "Accelerometer2RMS",
                                     "Current",           "Pressure",
                                     "Voltage",           "Volume Flow RateRMS"};
static_assert(std::size(kChannels) == kChannelCount);

// Mean and deviation of each channel over the commissioning rows that were seen so far.
class Baseline {
 public:
  void Take(const SkabRun& run, const std::vector<size_t>& columns, size_t row) {
    count_ += 1;
    for (size_t c = 0; c < kChannelCount; ++c) {
      const auto v = static_cast<double>(run.table.At(row, columns[c]));
      if (!std::isfinite(v)) continue;
      const double before = v - mean_[c];
      mean_[c] += before / count_;
      square_[c] += before * (v - mean_[c]);
    }
  }
  [[nodiscard]] double mean(size_t c) const { return mean_[c]; }
  [[nodiscard]] double deviation(size_t c) const { return std::sqrt(square_[c] / count_); }

 private:
  double count_ = 0;
  std::array<double, kChannelCount> mean_{}, square_{};
};

Result<std::vector<size_t>> ColumnsOf(const SkabRun& run) {
  std::vector<size_t> columns;
  for (const char* name : kChannels) {
    const auto column = run.table.Column(name);
    if (!column) return Fail(Errc::kInvalid, run.name + ": no column \"" + name + "\"");
    columns.push_back(*column);
  }
  return columns;
}

// As a person does it: on rows that are known to be healthy, so before the first anomaly.
size_t CommissioningRows(const SkabRun& run) {
  const auto first = std::ranges::find(run.anomalous, 1) - run.anomalous.begin();
  return std::min({kCommissioning, run.table.rows(), static_cast<size_t>(first)});
}

Baseline Commission(const SkabRun& run, const std::vector<size_t>& columns, size_t rows) {
  Baseline out;
  for (size_t i = 0; i < rows; ++i) out.Take(run, columns, i);
  return out;
}

// Deviations of one run alone are noisy: each is mixed with what is usual over the training runs.
std::array<double, kChannelCount> UsualDeviation(std::span<const Baseline> baselines) {
  std::array<double, kChannelCount> out{};
  for (size_t c = 0; c < kChannelCount; ++c) {
    std::vector<double> all;
    for (const Baseline& b : baselines) all.push_back(b.deviation(c));
    std::ranges::nth_element(all, all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2));
    out[c] = std::max(1e-6, all[all.size() / 2]);
  }
  return out;
}

// The baseline grows with the commissioning rows, so that no row knows of later ones.
void AddFeatures(const SkabRun& run, const std::vector<size_t>& columns, Baseline own,
                 const std::array<double, kChannelCount>& usual, PumpRun& out) {
  constexpr double kFast = 2.0 / 6, kSlow = 2.0 / 16, kSlowest = 2.0 / 151;
  std::array<double, kChannelCount> fast{}, slow{}, slowest{}, last{};
  out.features.reserve(run.table.rows() * kFeatures);
  for (size_t i = 0; i < run.table.rows(); ++i) {
    if (i >= kScoredFrom && i < out.commissioned) own.Take(run, columns, i);
    std::array<float, kFeatures> row{};
    for (size_t c = 0; c < kChannelCount; ++c) {
      const double value = static_cast<double>(run.table.At(i, columns[c]));
      const double spread = std::sqrt(own.deviation(c) * usual[c]) + 0.25 * usual[c];
      if (std::isfinite(value)) last[c] = (value - own.mean(c)) / spread;
      fast[c] += kFast * (last[c] - fast[c]);
      slow[c] += kSlow * (last[c] - slow[c]);
      slowest[c] += kSlowest * (last[c] - slowest[c]);
      // Far values say no more than that they are far.
      const auto squash = [](double v) {
        return static_cast<float>(v < 0 ? -std::log1p(-v) : std::log1p(v));
      };
      row[c] = squash(fast[c]);
      row[kChannelCount + c] = squash(slow[c]);
      row[2 * kChannelCount + c] = squash(slow[c] - slowest[c]);
    }
    out.features.insert(out.features.end(), row.begin(), row.end());
  }
}

}  // namespace

Result<std::vector<PumpRun>> LoadRuns(const std::vector<SkabRun>& train,
                                      const std::vector<SkabRun>& test) {
  std::vector<const SkabRun*> all;
  for (const auto* list : {&train, &test})
    for (const SkabRun& run : *list) all.push_back(&run);
  std::vector<Baseline> baselines;
  std::vector<std::vector<size_t>> columns;
  for (const SkabRun* run : all) {
    if (CommissioningRows(*run) < kScoredFrom || run->table.rows() <= kScoredFrom)
      return Fail(Errc::kInvalid,
                  run->name + ": too few healthy rows at its front to commission it");
    MW_TRY(columns.emplace_back(), ColumnsOf(*run));
    baselines.push_back(Commission(*run, columns.back(), kScoredFrom));
  }
  const auto usual = UsualDeviation(std::span(baselines).first(train.size()));
  std::vector<PumpRun> out;
  for (size_t i = 0; i < all.size(); ++i) {
    PumpRun& made = out.emplace_back();
    made.name = all[i]->name;
    made.labelled = all[i]->labelled;
    made.truth = all[i]->anomalous;
    made.commissioned = CommissioningRows(*all[i]);
    AddFeatures(*all[i], columns[i], baselines[i], usual, made);
  }
  return out;
}

Samples MakeWindows(std::span<const PumpRun> runs) {
  Samples out{.steps = kSteps, .features = static_cast<int>(kFeatures), .classes = 2};
  std::vector<float> rows;
  for (size_t r = 0; r < runs.size(); ++r)
    for (size_t phase = 0; phase < kPhases; ++phase) {
      size_t step = 0;
      for (size_t i = phase; i < runs[r].rows(); i += kPhases, ++step) {
        const auto from = runs[r].features.begin() + static_cast<std::ptrdiff_t>(i * kFeatures);
        rows.insert(rows.end(), from, from + kFeatures);
        if (i < kScoredFrom || step + 1 < kSteps) continue;
        out.first.push_back(static_cast<uint32_t>(rows.size() / kFeatures - kSteps));
        out.labels.push_back(runs[r].truth[i]);
        out.groups.push_back(static_cast<int>(r));
        const double end = static_cast<double>(i);
        out.places.push_back({runs[r].name, end - (kSteps - 1) * kPhases, end});
      }
    }
  out.rows = std::make_shared<const std::vector<float>>(std::move(rows));
  return out;
}

std::vector<double> RmsScores(const PumpRun& run) {
  std::vector<double> out;
  for (size_t i = 0; i < run.rows(); ++i)
    out.push_back(static_cast<double>(
        std::max(run.features[i * kFeatures], run.features[i * kFeatures + 1])));
  return out;
}

std::vector<double> T2Scores(const PumpRun& run) {
  constexpr size_t d = kChannelCount;
  std::array<double, d> mean{};
  std::vector<double> covariance(d * d);
  constexpr size_t kFrom = kSettled;
  const auto at = [&](size_t i, size_t c) {
    return static_cast<double>(run.features[i * kFeatures + c]);
  };
  const double rows = static_cast<double>(kScoredFrom - kFrom);
  for (size_t i = kFrom; i < kScoredFrom; ++i)
    for (size_t c = 0; c < d; ++c) mean[c] += at(i, c) / rows;
  for (size_t i = kFrom; i < kScoredFrom; ++i)
    for (size_t a = 0; a < d; ++a)
      for (size_t b = 0; b < d; ++b)
        covariance[a * d + b] += (at(i, a) - mean[a]) * (at(i, b) - mean[b]) / rows;
  const trainer::Eigen eigen = trainer::SymmetricEigen(covariance, d);
  std::vector<double> out;
  for (size_t i = 0; i < run.rows(); ++i) {
    double t2 = 0;
    for (size_t k = 0; k < d; ++k) {
      double projected = 0;
      for (size_t c = 0; c < d; ++c) projected += eigen.vectors[k * d + c] * (at(i, c) - mean[c]);
      t2 += projected * projected / std::max(eigen.values[k], 1e-3);
    }
    out.push_back(t2);
  }
  return out;
}

trainer::Verdicts Verdict(const PumpRun& run, const std::vector<double>& scores) {
  trainer::Verdicts out{.run = run.name};
  const double limit =
      2 * *std::max_element(scores.begin() + kSettled,
                            scores.begin() + static_cast<std::ptrdiff_t>(kScoredFrom));
  for (size_t i = kScoredFrom; i < run.rows(); ++i)
    out.moments.push_back(
        {.ts = static_cast<Nanos>(i) * kSecond,
         .truth = run.truth[i] != 0 ? trainer::Truth::kAnomaly : trainer::Truth::kHealthy,
         .alarm = scores[i] > limit});
  return out;
}

}  // namespace millwright::evaluation::skab
