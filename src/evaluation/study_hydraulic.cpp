// The ZeMA hydraulic rig without its pressure sensors: four graded faults, judged on combinations
// of conditions that were never seen. A small LSTM reads discriminant scores as they grow over a
// cycle.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "evaluation/baselines.h"
#include "evaluation/hydraulic_table.h"
#include "evaluation/posterior_net.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace hydraulic {
namespace {

constexpr int kFolds = 5;
constexpr int kNets = 3;
// Of the segments: the parts of a cycle after which the net is given scores.
constexpr int kParts[] = {7, 10};
constexpr double kClip = 2.5;
constexpr double kCycleSeconds = kHydraulicCycleSeconds;

std::string Percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", share * 100);
  return text;
}

struct Counted {
  double right = 0, all = 0, settled_right = 0, settled_all = 0;
  void Take(bool good, bool settled) {
    right += good ? 1 : 0;
    all += 1;
    settled_right += good && settled ? 1 : 0;
    settled_all += settled ? 1 : 0;
  }
  [[nodiscard]] double accuracy() const { return all > 0 ? right / all : 0; }
  [[nodiscard]] double settled() const { return settled_all > 0 ? settled_right / settled_all : 0; }
};

class Hydraulic {
 public:
  explicit Hydraulic(const StudyContext& context) : context_(context) {}

  Result<Outcome> Run() {
    MW_TRY(const auto folder, context_.TrainFolder("hydraulic_zema"));
    MW_TRY(data_, ReadHydraulic(folder));
    train_rows_ = data_.size();
    if (context_.options.test) {
      MW_TRY(const HydraulicCycles test, ReadHydraulic(*context_.options.test));
      MW_TRY(Append(test));
    }
    MW_TRY(cycles_, MakeHydraulicTable(data_, kParts));
    for (size_t t = 0; t < kHydraulicTargets; ++t) MW_TRY(Target(t));
    Report();
    return std::move(out_);
  }

 private:
  Result<void> Append(const HydraulicCycles& test) {
    for (size_t s = 0; s < data_.sensors.size(); ++s) {
      if (test.sensors[s].width != data_.sensors[s].width)
        return Fail(Errc::kInvalid, std::string("hydraulic: ") + kHydraulicSensors[s] +
                                        " has another number of values a cycle in the test folder");
      auto& values = data_.sensors[s].values;
      values.insert(values.end(), test.sensors[s].values.begin(), test.sensors[s].values.end());
    }
    for (size_t t = 0; t < kHydraulicTargets; ++t)
      data_.levels[t].insert(data_.levels[t].end(), test.levels[t].begin(), test.levels[t].end());
    data_.settled.insert(data_.settled.end(), test.settled.begin(), test.settled.end());
    const int own = *std::ranges::max_element(data_.combination) + 1;
    for (const int c : test.combination) data_.combination.push_back(own + c);
    return {};
  }

  // Training and judged rows of each split.
  struct Split {
    std::vector<size_t> train, test;
  };
  std::vector<Split> Splits(uint64_t seed) const {
    std::vector<Split> out;
    if (context_.options.test) {
      Split one;
      for (size_t i = 0; i < data_.size(); ++i)
        (i < train_rows_ ? one.train : one.test).push_back(i);
      return {one};
    }
    Samples index;
    index.groups = data_.combination;
    index.first.resize(data_.size());
    for (const auto& fold : DealGroups(index, kFolds, seed))
      out.push_back({NotInGroups(index, fold), InGroups(index, fold)});
    return out;
  }

  Result<void> Target(size_t t) {
    const std::set<int> distinct(data_.levels[t].begin(), data_.levels[t].end());
    const std::vector<int> levels(distinct.begin(), distinct.end());
    Table table = cycles_.table;
    for (const int level : data_.levels[t])
      table.labels.push_back(static_cast<int>(std::ranges::find(levels, level) - levels.begin()));
    const int seeds = context_.options.seeds;
    std::vector<double> accuracy, settled, macro_f1, agreement;
    std::map<std::string, Counted> baselines;
    for (int seed = 1; seed <= seeds; ++seed) {
      Counted counted;
      std::vector<float> probabilities;
      std::vector<int> truth;
      const std::vector<Split> splits = Splits(static_cast<uint64_t>(seed));
      for (size_t s = 0; s < splits.size(); ++s) {
        if (context_.say)
          context_.say(kHydraulicNames[t],
                       (static_cast<double>(seed - 1) +
                        static_cast<double>(s) / static_cast<double>(splits.size())) /
                           seeds);
        MW_TRY(const Fitted fitted, Fit(table, splits[s], static_cast<int>(levels.size()),
                                        static_cast<uint64_t>(seed), probabilities));
        agreement.push_back(fitted.agreement);
        out_.Ship(kHydraulicNames[t], fitted.tflite);
        for (const size_t i : splits[s].test) truth.push_back(table.labels[i]);
        if (seed == 1) MW_TRY(Baselines(table, splits[s], levels, baselines));
        Count(splits[s], table, levels, probabilities, seed == 1 ? kHydraulicNames[t] : nullptr,
              counted);
      }
      accuracy.push_back(counted.accuracy());
      settled.push_back(counted.settled());
      macro_f1.push_back(
          trainer::Measure(probabilities, truth, static_cast<int>(levels.size())).macro_f1);
    }
    const std::string key = std::string("hydraulic_") + kHydraulicNames[t];
    std::string words;
    for (const auto& [recipe, times] : recipes_)
      words += " " + recipe + " (" + std::to_string(times) + ")";
    out_.Note(key + ": projections chosen on the training side:" + words);
    recipes_.clear();
    out_.SetSeeds(key, accuracy);
    out_.SetSeeds(key + "_settled", settled);
    out_.SetSeeds(key + "_macro_f1", macro_f1);
    out_.SetSeeds(key + "_agreement", agreement);
    TellBest(key, baselines);
    return {};
  }

  // How much a discriminant trusts directions of little variance, and whether the single flow
  // samples help, is chosen for each component on the training side.
  [[nodiscard]] std::vector<Candidate> Candidates() const {
    std::vector<Candidate> out;
    for (const bool flow : {true, false})
      for (const double shrinkage : {1e-3, 1e-4, 1e-5}) {
        char name[32];
        std::snprintf(name, sizeof name, "%.0e%s", shrinkage, flow ? " with flow" : "");
        Candidate& one = out.emplace_back(
            Candidate{.name = name, .steps = cycles_.columns, .shrinkage = shrinkage});
        one.columns.resize(flow ? cycles_.table.columns : cycles_.plain);
        std::iota(one.columns.begin(), one.columns.end(), size_t{0});
        one.steps.step_of.resize(one.columns.size());
      }
    return out;
  }

  Result<Fitted> Fit(const Table& table, const Split& split, int classes, uint64_t seed,
                     std::vector<float>& probabilities) {
    std::vector<int> groups;
    for (const size_t i : split.train) groups.push_back(data_.combination[i]);
    const bool quick = context_.options.quick;
    const PosteriorNetOptions options{.candidates = Candidates(),
                                      .fit = {.learn = {.units = 8,
                                                        .epochs = quick ? 8 : 16,
                                                        .patience = 5,
                                                        .batch = 64,
                                                        .learning_rate = 1e-2,
                                                        .weight_decay = 1e-2,
                                                        .dropout = 0,
                                                        .input_noise = 0.1},
                                              .clip = kClip,
                                              .nets = quick ? 1 : kNets}};
    MW_TRY(PosteriorNet net,
           FitPosteriorNet(PickRows(table, split.train), std::move(groups),
                           PickRows(table, split.test), classes, seed, options, context_.learner));
    ++recipes_[net.chosen];
    probabilities.insert(probabilities.end(), net.probabilities.begin(), net.probabilities.end());
    return std::move(net.fitted);
  }

  // The last split's probabilities lie at the end.
  void Count(const Split& split, const Table& table, const std::vector<int>& levels,
             const std::vector<float>& probabilities, const char* predict, Counted& counted) {
    const size_t k = levels.size(), from = probabilities.size() / k - split.test.size();
    for (size_t n = 0; n < split.test.size(); ++n) {
      const size_t i = split.test[n];
      const auto p = std::span(probabilities).subspan((from + n) * k, k);
      const auto guess = static_cast<size_t>(trainer::ArgMax(p));
      counted.Take(static_cast<int>(guess) == table.labels[i], data_.settled[i]);
      if (predict == nullptr) continue;
      const double start = static_cast<double>(i) * kCycleSeconds;
      out_.predictions.push_back(
          {.place = {predict, start, start + kCycleSeconds},
           .truth = std::to_string(levels[static_cast<size_t>(table.labels[i])]),
           .guess = std::to_string(levels[guess]),
           .probability = static_cast<double>(p[guess])});
    }
  }

  Result<void> Baselines(const Table& table, const Split& split, const std::vector<int>& levels,
                         std::map<std::string, Counted>& baselines) {
    const Table train = PickRows(table, split.train), test = PickRows(table, split.test);
    const auto classes = static_cast<int>(levels.size());
    std::vector<NamedScores> all;
    MW_TRY(auto majority, Majority(train, test, classes));
    all.push_back({"majority", std::move(majority)});
    MW_TRY(auto lda, Lda(train, test, classes));
    all.push_back({"LDA", std::move(lda)});
    MW_TRY(auto nearest, NearestNeighbour(train, test, classes));
    all.push_back({"1-NN", std::move(nearest)});
    MW_TRY(auto forest, RandomForest(train, test, classes, {.trees = 100}));
    all.push_back({"random forest", std::move(forest)});
    for (const NamedScores& one : all)
      for (size_t n = 0; n < split.test.size(); ++n)
        baselines[one.name].Take(
            trainer::ArgMax(std::span(one.scores).subspan(n * levels.size(), levels.size())) ==
                test.labels[n],
            data_.settled[split.test[n]]);
    return {};
  }

  void TellBest(const std::string& key, const std::map<std::string, Counted>& baselines) {
    std::string best;
    double most = -1;
    std::string words;
    for (const auto& [name, counted] : baselines) {
      words += (words.empty() ? "" : ", ") + name + " " + Percent(counted.accuracy());
      if (counted.accuracy() > most) {
        most = counted.accuracy();
        best = name;
      }
    }
    out_.Set(key + "_best_baseline", most);
    out_.Set(key + "_best_baseline_name", best);
    out_.Note(key + ": baselines on the first seed's split: " + words);
  }

  void Report() {
    out_.Set("hydraulic_cycles", data_.size());
    out_.Set("hydraulic_combinations",
             std::set(data_.combination.begin(), data_.combination.end()).size());
    double behind = 0;
    for (const char* name : kHydraulicNames) {
      const std::string key = std::string("hydraulic_") + name;
      behind = std::max(behind, out_.Number(key + "_best_baseline") - out_.Number(key));
    }
    out_.Set("hydraulic_behind_best_baseline_max", behind);
    out_.Set("hydraulic_promoted", behind <= 0.02);
    out_.AtLeast("hydraulic_cooler", 0.995);
    out_.AtLeast("hydraulic_cooler_settled", 1.0);
    out_.AtLeast("hydraulic_valve", 0.99);
    out_.AtLeast("hydraulic_pump", 0.99);
    out_.AtLeast("hydraulic_accumulator", 0.92);
    out_.Note(context_.options.test
                  ? "trained on the training folder, judged on the test folder"
                  : "split by combination of conditions, 5 folds, dealt anew for each seed; no "
                    "combination is on both sides");
  }

  const StudyContext& context_;
  HydraulicCycles data_;
  size_t train_rows_ = 0;
  HydraulicTable cycles_;
  Outcome out_;
  std::map<std::string, int> recipes_;
};

}  // namespace
}  // namespace hydraulic

Result<Outcome> StudyHydraulic(const StudyContext& context) {
  return hydraulic::Hydraulic(context).Run();
}

}  // namespace millwright::evaluation
