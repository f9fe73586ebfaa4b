#include "trainer/baselines.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

#include "trainer/eigen.h"
#include "trainer/series.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

constexpr size_t kLearnRowsMin = 10;

Truth TruthAt(const RecordingInfo& info, Nanos ts) {
  switch (recording::RatingAt(info, ts)) {
    case recording::Rating::kAnomaly:
      return Truth::kAnomaly;
    case recording::Rating::kNeutral:
      return Truth::kNeutral;
    case recording::Rating::kNoAnomaly:
      break;
  }
  return Truth::kHealthy;
}

bool Shakes(const dsp::ChannelSpec& c) {
  std::string name = c.name;
  std::ranges::transform(name, name.begin(), [](unsigned char ch) { return std::tolower(ch); });
  return c.unit == "g" || c.unit == "m/s2" || c.unit == "mm/s" ||
         name.find("accel") != std::string::npos || name.find("vib") != std::string::npos;
}

Result<RowTable> FeatureRows(const RecordingInfo& info, const dsp::Schema& schema) {
  const std::vector<std::string> no_classes;
  MW_TRY(Series series, LoadSeries(info, schema, no_classes));
  RowTable table{.run = info.id, .columns = series.features, .start_ns = info.start_ns};
  for (size_t f = 0; f < schema.features.size(); ++f)
    if (schema.features[f].kind == "rms" || schema.features[f].kind == "velocity_rms")
      table.vibration.push_back(f);
  for (size_t i = 0; i < series.size(); ++i) {
    if (series.usable[i] == 0) continue;
    table.ts.push_back(series.end_ns[i]);
    const auto row = series.row(i);
    table.rows.insert(table.rows.end(), row.begin(), row.end());
    table.truth.push_back(TruthAt(info, series.end_ns[i] - 1));
  }
  return table;
}

// Collects readings into rows: what was said at one moment is one row.
class RowMaker {
 public:
  RowMaker(const RecordingInfo& info, RowTable& table)
      : info_(info), table_(table), row_(table.columns, NAN) {}
  void Take(size_t column, Nanos ts, float value) {
    if (ts != now_) Flush();
    now_ = ts;
    row_[column] = value;
    fresh_ = true;
  }
  void Flush() {
    if (!fresh_ || std::ranges::any_of(row_, [](float v) { return std::isnan(v); })) return;
    table_.ts.push_back(now_);
    table_.rows.insert(table_.rows.end(), row_.begin(), row_.end());
    table_.truth.push_back(TruthAt(info_, now_));
    fresh_ = false;
  }

 private:
  const RecordingInfo& info_;
  RowTable& table_;
  std::vector<float> row_;
  Nanos now_ = 0;
  bool fresh_ = false;
};

Result<RowTable> ReadingRows(const RecordingInfo& info, const dsp::Schema& schema) {
  RowTable table{.run = info.id, .columns = schema.channels.size(), .start_ns = info.start_ns};
  std::vector<int> columns;
  for (const dsp::ChannelSpec& c : info.channels) {
    const auto it = std::ranges::find(schema.channels, c.name, &dsp::ChannelSpec::name);
    columns.push_back(it == schema.channels.end() ? -1
                                                  : static_cast<int>(it - schema.channels.begin()));
    if (columns.back() >= 0 && Shakes(c))
      table.vibration.push_back(static_cast<size_t>(columns.back()));
  }
  MW_TRY(const auto reader, recording::Reader::Open(info));
  RowMaker maker(info, table);
  recording::Item item;
  while (true) {
    MW_TRY(const bool more, reader->Next(item));
    if (!more) break;
    const int column = columns[static_cast<size_t>(item.channel)];
    if (column >= 0 && !item.is_block)
      maker.Take(static_cast<size_t>(column), item.ts_ns, item.value);
  }
  maker.Flush();
  return table;
}

// Rows standardised on the commissioning rows, then averaged over the last `smooth`.
struct Prepared {
  std::vector<double> z{};  // [n x columns]
  std::vector<size_t> learn{};
};

Result<Prepared> Prepare(const RowTable& t, Nanos learn_until, int smooth) {
  Prepared p;
  for (size_t i = 0; i < t.size(); ++i)
    if (t.ts[i] < learn_until && t.truth[i] == Truth::kHealthy) p.learn.push_back(i);
  if (p.learn.size() < kLearnRowsMin)
    return Fail(Errc::kInvalid, "baselines: run " + t.run + " has only " +
                                    std::to_string(p.learn.size()) +
                                    " healthy rows to be commissioned on");
  p.z.resize(t.rows.size());
  const auto n = static_cast<double>(p.learn.size());
  const auto length = static_cast<size_t>(smooth);
  for (size_t c = 0; c < t.columns; ++c) {
    double sum = 0, square = 0;
    for (const size_t i : p.learn) sum += static_cast<double>(t.rows[i * t.columns + c]);
    const double mean = sum / n;
    for (const size_t i : p.learn)
      square += std::pow(static_cast<double>(t.rows[i * t.columns + c]) - mean, 2);
    const double deviation = std::max(std::sqrt(square / n), 1e-6 + 1e-4 * std::abs(mean));
    double window = 0;
    for (size_t i = 0; i < t.size(); ++i) {
      window += (static_cast<double>(t.rows[i * t.columns + c]) - mean) / deviation;
      if (i >= length)
        window -= (static_cast<double>(t.rows[(i - length) * t.columns + c]) - mean) / deviation;
      p.z[i * t.columns + c] = window / static_cast<double>(std::min(i + 1, length));
    }
  }
  return p;
}

double LowerQuantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// Hotelling's T2 in the space of the leading principal components of the commissioning rows.
std::vector<bool> HotellingT2(const RowTable& t, const Prepared& p, const BaselineOptions& o) {
  const size_t k = t.columns;
  std::vector<double> mean(k), covariance(k * k);
  const auto n = static_cast<double>(p.learn.size());
  for (const size_t i : p.learn)
    for (size_t c = 0; c < k; ++c) mean[c] += p.z[i * k + c] / n;
  for (const size_t i : p.learn)
    for (size_t a = 0; a < k; ++a)
      for (size_t b = 0; b < k; ++b)
        covariance[a * k + b] += (p.z[i * k + a] - mean[a]) * (p.z[i * k + b] - mean[b]) / n;
  const Eigen eigen = SymmetricEigen(covariance, k);
  const double total = std::accumulate(eigen.values.begin(), eigen.values.end(), 0.0);
  size_t kept = 0;
  for (double sum = 0; kept < k && sum < o.variance_share * total; ++kept)
    sum += eigen.values[kept];

  std::vector<double> t2(t.size());
  for (size_t i = 0; i < t.size(); ++i)
    for (size_t e = 0; e < kept; ++e) {
      double score = 0;
      for (size_t c = 0; c < k; ++c) score += (p.z[i * k + c] - mean[c]) * eigen.vectors[e * k + c];
      t2[i] += score * score / std::max(eigen.values[e], 1e-9);
    }
  std::vector<double> learned;
  for (const size_t i : p.learn) learned.push_back(t2[i]);
  const double limit = o.limit_factor * LowerQuantile(std::move(learned), o.limit_quantile);
  std::vector<bool> alarms(t.size());
  for (size_t i = 0; i < t.size(); ++i) alarms[i] = t2[i] > limit;
  return alarms;
}

// Any vibration level above its commissioning mean by `sigmas` deviations; all columns where none
// shakes.
std::vector<bool> RmsThreshold(const RowTable& t, const Prepared& p, double sigmas) {
  std::vector<size_t> columns = t.vibration;
  if (columns.empty()) {
    columns.resize(t.columns);
    std::iota(columns.begin(), columns.end(), size_t{0});
  }
  std::vector<bool> alarms(t.size());
  for (size_t i = 0; i < t.size(); ++i)
    alarms[i] =
        std::ranges::any_of(columns, [&](size_t c) { return p.z[i * t.columns + c] > sigmas; });
  return alarms;
}

}  // namespace

Result<RowTable> LoadRows(const RecordingInfo& info, const dsp::Schema& schema) {
  const bool sampled = std::ranges::any_of(schema.channels, [](const dsp::ChannelSpec& c) {
    return c.kind == dsp::ChannelKind::kSamples;
  });
  return sampled ? FeatureRows(info, schema) : ReadingRows(info, schema);
}

Result<BaselineAlarms> RunBaselines(const RowTable& table, Nanos learn_until,
                                    const BaselineOptions& options) {
  MW_TRY(const Prepared prepared, Prepare(table, learn_until, options.smooth));
  return BaselineAlarms{.always = std::vector<bool>(table.size(), true),
                        .rms = RmsThreshold(table, prepared, options.sigmas),
                        .t2 = HotellingT2(table, prepared, options)};
}

}  // namespace millwright::trainer
