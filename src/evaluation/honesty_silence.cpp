#include <algorithm>
#include <cmath>

#include "evaluation/honesty.h"
#include "evaluation/read_table.h"
#include "model/decision_rule.h"
#include "trainer/departures.h"
#include "trainer/quantize.h"

namespace millwright::evaluation {
namespace silence {
namespace {

namespace fs = std::filesystem;

constexpr int kSteps = 24;                  // two hours of five minutes
constexpr int kFeatures = 3;                // value, its mean over an hour, what changed in an hour
constexpr size_t kHour = 12;                // rows
constexpr double kCommissioning = 0.4;      // of a series, at its front
constexpr size_t kBlock = 288, kOneIn = 4;  // a day in so many tells what is seldom
constexpr double kClip = 8;

struct Series {
  std::string name;
  std::vector<float> rows{};  // [n x kFeatures], standardised by the front
  size_t size() const { return rows.size() / kFeatures; }
  [[nodiscard]] size_t front() const {
    return static_cast<size_t>(kCommissioning * static_cast<double>(size()));
  }
};

Result<Series> ReadSeries(const fs::path& path) {
  MW_TRY(const TextTable table,
         ReadTable(path, {.separator = ',', .header = true, .text_columns = 1}));
  Series out{.name = path.filename().string()};
  const size_t n = table.rows();
  const auto front = static_cast<size_t>(kCommissioning * static_cast<double>(n));
  if (front < 2 * kBlock)
    return Fail(Errc::kInvalid, path.string() + ": too short to commission a model on");
  double mean = 0, square = 0;
  for (size_t i = 0; i < front; ++i) mean += static_cast<double>(table.At(i, 0));
  mean /= static_cast<double>(front);
  for (size_t i = 0; i < front; ++i)
    square += std::pow(static_cast<double>(table.At(i, 0)) - mean, 2);
  // A signal that never moved has no deviation: a hundredth of its size stands for one.
  const double deviation =
      std::max({std::sqrt(square / static_cast<double>(front)), 0.01 * std::abs(mean), 1e-6});
  std::vector<double> z(n);
  for (size_t i = 0; i < n; ++i) z[i] = (static_cast<double>(table.At(i, 0)) - mean) / deviation;
  double hour = 0;
  for (size_t i = 0; i < n; ++i) {
    hour += z[i] - (i >= kHour ? z[i - kHour] : 0);
    const double count = static_cast<double>(std::min(i + 1, kHour));
    for (const double v : {z[i], hour / count, z[i] - z[i >= kHour ? i - kHour : 0]})
      out.rows.push_back(static_cast<float>(std::clamp(v, -kClip, kClip)));
  }
  return out;
}

// Windows whose last row is in [from, to) and, of the front, in the days that are (not) held.
trainer::Windows MakeWindows(const Series& series, bool held, float scale) {
  trainer::Windows out;
  for (const float x : series.rows) out.rows.push_back(std::round(x / scale) * scale);
  for (size_t end = kSteps; end <= series.front(); ++end) {
    const size_t first = end - kSteps;
    const bool in_held = (end - 1) / kBlock % kOneIn == kOneIn - 1;
    if (in_held != held || first / kBlock != (end - 1) / kBlock) continue;
    out.set.first.push_back(static_cast<uint32_t>(first));
    out.set.labels.push_back(0);
    out.places.push_back({static_cast<uint32_t>(first / kBlock), static_cast<uint32_t>(end - 1)});
  }
  out.set.rows = out.rows;
  return out;
}

Samples ToSamples(const trainer::Windows& windows) {
  Samples out{.steps = kSteps, .features = kFeatures, .classes = 2};
  out.rows = std::make_shared<const std::vector<float>>(windows.rows);
  out.first = windows.set.first;
  out.labels = windows.set.labels;
  return out;
}

// Commissions a model on the front of a series; how often it alarms on the rest.
Result<int> CountAlarms(const StudyContext& context, const Series& series, uint64_t seed) {
  const float scale = trainer::InputScale(kClip);
  trainer::Windows train = MakeWindows(series, false, scale);
  trainer::Windows held = MakeWindows(series, true, scale);
  MW_TRY(const trainer::HealthyShape shape, trainer::LearnShape(train.set, kSteps, kFeatures));
  const trainer::Windows quiet = MakeWindows(series, true, scale);
  trainer::AddDepartures(train, shape, kSteps, scale, train.set.size(), seed);
  trainer::AddDepartures(held, shape, kSteps, scale, held.set.size(), seed + 1);
  const Samples learn = ToSamples(train), stop = ToSamples(held);
  const FitOptions options{.learn = {.units = 8,
                                     .epochs = context.options.quick ? 8 : 20,
                                     .patience = 5,
                                     .batch = 64,
                                     .weight_decay = 1e-2,
                                     .input_noise = 0.3,
                                     .seed = seed},
                           .clip = kClip};
  MW_TRY(trainer::LstmNet net, LearnNet(learn, stop, options, context.learner, {}));
  const model::DecisionLimits limits;
  trainer::LowerOdds(net, quiet, held.set, limits);
  MW_TRY(const Fitted fitted, QuantizeNet(std::move(net), learn, stop, kClip, 1.0));
  Samples rest{.steps = kSteps, .features = kFeatures, .classes = 2};
  rest.rows = std::make_shared<const std::vector<float>>(series.rows);
  for (size_t end = series.front() + kSteps; end <= series.size(); ++end) {
    rest.first.push_back(static_cast<uint32_t>(end - kSteps));
    rest.labels.push_back(0);
  }
  MW_TRY(const std::vector<float> p, Predict(fitted.tflite, rest));
  MW_TRY(auto rule, model::DecisionRule::Make(limits, 2, 0));
  int alarms = 0;
  bool on = false;
  for (size_t i = 0; i < rest.size(); ++i) {
    const bool now = rule.Push(std::span(p).subspan(2 * i, 2)).level != model::Level::kNone;
    alarms += now && !on ? 1 : 0;
    on = now;
  }
  return alarms;
}

Result<std::vector<Series>> ReadFolder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().find(".csv") != std::string::npos)
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  if (paths.empty())
    return Fail(Errc::kNotFound, "honesty: no series (.csv) in " + folder.string());
  std::vector<Series> out;
  for (const fs::path& path : paths) {
    MW_TRY(Series one, ReadSeries(path));
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace
}  // namespace silence

Result<void> JudgeSilence(const StudyContext& context, Outcome& out) {
  MW_TRY(const auto folder, context.TrainFolder("nab"));
  const int seeds = context.options.quick ? 1 : context.options.seeds;
  for (const bool anomalous : {false, true}) {
    MW_TRY(const auto all, silence::ReadFolder(folder / (anomalous ? "artificialWithAnomaly"
                                                                   : "artificialNoAnomaly")));
    int alarms = 0, alarmed = 0;
    std::string words;
    for (const silence::Series& series : all)
      for (int seed = 1; seed <= seeds; ++seed) {
        if (context.say) context.say("commissioned series", static_cast<double>(seed - 1) / seeds);
        MW_TRY(const int count, silence::CountAlarms(context, series, static_cast<uint64_t>(seed)));
        alarms += count;
        alarmed += count > 0 ? 1 : 0;
        words += seed == 1 ? " " + series.name + " " + std::to_string(count) + "," : "";
      }
    if (anomalous) {
      out.Set("honesty_nab_anomalous_alarmed_share",
              static_cast<double>(alarmed) / (static_cast<double>(all.size()) * seeds));
      out.Note("alarms on artificial series with one anomaly, first seed:" + words);
      continue;
    }
    out.Set("honesty_nab_series", all.size());
    out.Set("honesty_nab_alarms", alarms);
    out.AtMost("honesty_nab_alarms", 0);
    out.Note("alarms on artificial series without an anomaly, commissioned on the first 40 %:" +
             words);
  }
  return {};
}

}  // namespace millwright::evaluation
