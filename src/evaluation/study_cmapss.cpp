// C-MAPSS, simulated turbofan engines: how many cycles an engine has left, by a small LSTM with one
// output. Engines are cut at random cycles; the truth is capped at 125.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "evaluation/baselines.h"
#include "evaluation/read_cmapss.h"
#include "evaluation/read_table.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"

namespace millwright::evaluation {
namespace cmapss {
namespace {

constexpr int kSteps = 20;
constexpr double kCap = 125;
constexpr double kSmooth = 0.1;         // weight of a new cycle in the running mean
constexpr size_t kBaselineCycles = 10;  // of each engine, taken as its healthy state
constexpr size_t kCuts = 5;             // of each judged engine
constexpr size_t kCyclesMin = 20;       // seen of each judged engine, where it lives so long
constexpr size_t kWindowsMax = 6000;    // to train on, about
constexpr int kFolds = 4;               // one is judged
constexpr int kHeldShare = 6;           // one training engine in so many decides when to stop
constexpr double kClip = 5;

float Wanted(double left) { return static_cast<float>(std::min(left, kCap) / kCap * 2 - 1); }
double Left(float said) { return std::clamp((static_cast<double>(said) + 1) / 2, 0.0, 1.0) * kCap; }

// Sensors standardised within the operating regime that the first setting tells. Learned on
// training engines.
class Regimes {
 public:
  explicit Regimes(const std::vector<const CmapssEngine*>& engines) {
    std::map<long, std::pair<double, std::vector<double>>> sums;
    for (const CmapssEngine* engine : engines)
      for (size_t i = 0; i < engine->cycles(); ++i) {
        const float* row = engine->values.data() + i * kCmapssWidth;
        auto& [n, sum] = sums[std::lround(row[0])];
        sum.resize(2 * kCmapssSensors);
        n += 1;
        for (size_t s = 0; s < kCmapssSensors; ++s) {
          const auto v = static_cast<double>(row[kCmapssSettings + s]);
          sum[2 * s] += v;
          sum[2 * s + 1] += v * v;
        }
      }
    for (const auto& [key, total] : sums) {
      std::vector<double>& map = maps_[key];
      for (size_t s = 0; s < kCmapssSensors; ++s) {
        const double mean = total.second[2 * s] / total.first;
        const double square = total.second[2 * s + 1] / total.first - mean * mean;
        // A sensor that does not vary tells nothing; single precision leaves a little.
        const double deviation = std::sqrt(std::max(0.0, square));
        map.push_back(mean);
        map.push_back(deviation > 1e-5 * (1 + std::abs(mean)) ? 1 / deviation : 0);
      }
    }
  }
  [[nodiscard]] double Scaled(const float* row, size_t sensor) const {
    const std::vector<double>& map = Nearest(std::lround(row[0]));
    return (static_cast<double>(row[kCmapssSettings + sensor]) - map[2 * sensor]) *
           map[2 * sensor + 1];
  }

 private:
  [[nodiscard]] const std::vector<double>& Nearest(long key) const {
    const auto at = std::ranges::min_element(
        maps_, {}, [&](const auto& entry) { return std::abs(entry.first - key); });
    return at->second;
  }
  std::map<long, std::vector<double>> maps_;  // mean and 1 / deviation of each sensor
};

// Of each sensor the running mean, and how far it went from the engine's first cycles; its age.
constexpr size_t kFeatures = 2 * kCmapssSensors + 1;

// No row knows a later one. The first row comes kSteps - 1 times more, so that every cycle has a
// window; age is given to the net in any case.
void AddRows(const CmapssEngine& engine, const Regimes& regimes, std::vector<float>& rows) {
  std::vector<double> mean(kCmapssSensors), first(kCmapssSensors);
  std::vector<float> features(kFeatures);
  for (size_t i = 0; i < engine.cycles(); ++i) {
    for (size_t s = 0; s < kCmapssSensors; ++s) {
      const double v = regimes.Scaled(engine.values.data() + i * kCmapssWidth, s);
      const double n = static_cast<double>(i + 1);
      mean[s] += (v - mean[s]) * std::max(kSmooth, 1 / n);
      if (i < kBaselineCycles) first[s] += (v - first[s]) / n;
      features[2 * s] = static_cast<float>(mean[s]);
      features[2 * s + 1] = static_cast<float>(mean[s] - first[s]);
    }
    features.back() = static_cast<float>(static_cast<double>(i + 1) / 100 - 1);
    for (int again = i == 0 ? kSteps : 1; again > 0; --again)
      rows.insert(rows.end(), features.begin(), features.end());
  }
}

// One window a named cycle: engine, and how many of its cycles are seen.
struct Cut {
  size_t engine = 0, cycles = 0;
};

double LeftAt(const CmapssEngine& engine, size_t cycles) {
  return static_cast<double>(engine.cycles() - cycles) + engine.left;
}

Samples SamplesOf(const std::vector<CmapssEngine>& engines, const Regimes& regimes,
                  const std::vector<Cut>& cuts) {
  auto rows = std::make_shared<std::vector<float>>();
  std::vector<size_t> start;
  for (const CmapssEngine& engine : engines) {
    start.push_back(rows->size() / kFeatures);
    AddRows(engine, regimes, *rows);
  }
  Samples out{.steps = kSteps, .features = kFeatures, .classes = 1};
  for (const Cut& cut : cuts) {
    out.first.push_back(static_cast<uint32_t>(start[cut.engine] + cut.cycles - 1));
    out.targets.push_back(Wanted(LeftAt(engines[cut.engine], cut.cycles)));
    out.labels.push_back(0);
    out.groups.push_back(static_cast<int>(cut.engine));
  }
  out.rows = std::move(rows);
  return out;
}

// The last row of each window: it holds the running means.
Table LastRows(const Samples& samples) {
  Table out{.columns = kFeatures};
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto row = samples.Window(i).last(kFeatures);
    out.values.insert(out.values.end(), row.begin(), row.end());
  }
  out.labels = samples.labels;
  out.targets = samples.targets;
  return out;
}

struct Errors {
  double capped = 0, raw = 0;
};

Errors Rmse(const std::vector<float>& said, const std::vector<double>& left) {
  Errors sum;
  for (size_t i = 0; i < said.size(); ++i) {
    const double guess = Left(said[i]);
    sum.capped += std::pow(guess - std::min(left[i], kCap), 2);
    sum.raw += std::pow(guess - left[i], 2);
  }
  const auto n = static_cast<double>(said.size());
  return {std::sqrt(sum.capped / n), std::sqrt(sum.raw / n)};
}

class Fleet {
 public:
  Fleet(const StudyContext& context, std::string set, std::string key, Outcome& out)
      : context_(context), set_(std::move(set)), key_(std::move(key)), out_(out) {}

  Result<void> Run(const std::filesystem::path& folder) {
    MW_TRY(engines_, ReadCmapssTrain(folder, set_));
    train_ = engines_.size();
    if (context_.options.test) {
      MW_TRY(const auto test, ReadCmapssTest(*context_.options.test, set_));
      engines_.insert(engines_.end(), test.begin(), test.end());
    }
    if (train_ < 2 * kFolds)
      return Fail(Errc::kInvalid, "cmapss: too few engines in train_" + set_ + ".txt");
    for (int seed = 1; seed <= context_.options.seeds; ++seed) {
      if (context_.say) context_.say(set_, static_cast<double>(seed - 1) / context_.options.seeds);
      MW_TRY(Seed(static_cast<uint64_t>(seed)));
    }
    out_.SetSeeds(key_, capped_);
    out_.SetSeeds(key_ + "_raw", raw_);
    out_.SetSeeds(key_ + "_agreement", agreement_);
    out_.SetSeeds(key_ + "_best_baseline", forest_);
    out_.Set(key_ + "_best_baseline_name", "random forest");
    return {};
  }

 private:
  Result<void> Seed(uint64_t seed) {
    Samples index;
    index.first.resize(train_);
    for (size_t i = 0; i < train_; ++i) index.groups.push_back(static_cast<int>(i));
    std::vector<bool> judged(engines_.size(), false);
    for (size_t i = train_; i < engines_.size(); ++i) judged[i] = true;
    const auto folds = DealGroups(index, kFolds, seed);
    if (train_ == engines_.size())
      for (const int i : folds.front()) judged[static_cast<size_t>(i)] = true;
    std::vector<const CmapssEngine*> known;
    for (size_t i = 0; i < train_; ++i)
      if (!judged[i]) known.push_back(&engines_[i]);
    const Regimes regimes(known);
    const std::vector<Cut> cuts = JudgedCuts(judged, seed);
    const Samples learn = SamplesOf(engines_, regimes, TrainingCuts(judged));
    const Samples test = SamplesOf(engines_, regimes, cuts);
    const auto held = DealGroups(learn, kHeldShare, seed).front();
    FitOptions fit{.learn = {.units = 24,
                             .epochs = context_.options.quick ? 10 : 25,
                             .patience = 5,
                             .batch = 128,
                             .learning_rate = 4e-3},
                   .clip = kClip};
    fit.learn.seed = seed * 100;
    MW_TRY(const Fitted fitted,
           FitInt8(learn.Pick(NotInGroups(learn, held)), learn.Pick(InGroups(learn, held)), fit,
                   context_.learner, {}));
    MW_TRY(const std::vector<float> said, Predict(fitted.tflite, test));
    MW_TRY(const std::vector<float> forest,
           ForestValues(LastRows(learn), LastRows(test), {.trees = 100, .leaf = 5, .seed = seed}));
    std::vector<double> left;
    left.reserve(cuts.size());
    for (const Cut& cut : cuts) left.push_back(LeftAt(engines_[cut.engine], cut.cycles));
    const Errors errors = Rmse(said, left);
    capped_.push_back(errors.capped);
    raw_.push_back(errors.raw);
    agreement_.push_back(fitted.agreement);
    out_.Ship(set_, fitted.tflite);
    forest_.push_back(Rmse(forest, left).capped);
    for (size_t i = 0; seed == 1 && i < cuts.size(); ++i) {
      Prediction& told = out_.predictions.emplace_back();
      told.place.recording = set_ + "/" + std::to_string(engines_[cuts[i].engine].unit);
      told.place.end_s = static_cast<double>(cuts[i].cycles);
      told.truth = std::to_string(left[i]);
      told.guess = std::to_string(Left(said[i]));
      told.probability = 1;
    }
    return {};
  }

  [[nodiscard]] std::vector<Cut> TrainingCuts(const std::vector<bool>& judged) const {
    size_t cycles = 0;
    for (size_t i = 0; i < train_; ++i) cycles += judged[i] ? 0 : engines_[i].cycles();
    const size_t every = std::max<size_t>(1, cycles / kWindowsMax);
    std::vector<Cut> out;
    for (size_t i = 0; i < train_; ++i)
      for (size_t n = 1 + i % every; !judged[i] && n <= engines_[i].cycles(); n += every)
        out.push_back({i, n});
    return out;
  }

  // Official test engines are cut already; their last cycle is judged.
  [[nodiscard]] std::vector<Cut> JudgedCuts(const std::vector<bool>& judged, uint64_t seed) const {
    std::mt19937_64 random(seed);
    std::vector<Cut> out;
    for (size_t i = 0; i < engines_.size(); ++i) {
      const size_t life = engines_[i].cycles();
      if (judged[i] && i >= train_) out.push_back({i, life});
      if (!judged[i] || i >= train_) continue;
      const size_t least = std::min(kCyclesMin, life);
      for (size_t n = 0; n < kCuts; ++n) out.push_back({i, least + random() % (life - least + 1)});
    }
    return out;
  }

  const StudyContext& context_;
  std::string set_, key_;
  Outcome& out_;
  std::vector<CmapssEngine> engines_;
  size_t train_ = 0;
  std::vector<double> capped_, raw_, agreement_, forest_;
};

}  // namespace
}  // namespace cmapss

Result<Outcome> StudyCmapss(const StudyContext& context) {
  MW_TRY(const auto folder, context.TrainFolder("cmapss"));
  Outcome out;
  for (const char* number : {"001", "002", "003", "004"}) {
    const std::string set = std::string("FD") + number;
    // A test folder may hold fewer sets than four.
    if (context.options.test && !FindFile(*context.options.test, "test_" + set + ".txt")) {
      out.Note("the test folder has no " + set);
      continue;
    }
    cmapss::Fleet fleet(context, set, std::string("cmapss_rmse_fd") + number, out);
    MW_TRY(fleet.Run(folder));
  }
  out.AtMost("cmapss_rmse_fd001", 13.5);
  out.AtMost("cmapss_rmse_fd003", 13.5);
  out.Note("simulated engines; truth capped at 125 cycles, raw truth beside as ..._raw");
  out.Note(context.options.test
               ? "trained on the training folder, judged at the last cycle of each test engine"
               : "split by engine, a quarter judged, dealt anew for each seed, each cut at five "
                 "random cycles from the 20th on");
  return out;
}

}  // namespace millwright::evaluation
