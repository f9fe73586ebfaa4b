#include "trainer/search.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "trainer/evaluate.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

constexpr double kWorthBytes = 0.002;  // of macro F1: within it the smaller model is taken
constexpr size_t kMedianOf = 4;        // trials that have to be done before one is stopped
constexpr int kMedianFrom = 3;         // and epochs
constexpr int kStepsMin = 4, kStepsMax = 1024, kUnitsMin = 4, kUnitsMax = 1024;

// Draws that are the same with every standard library.
class Dice {
 public:
  explicit Dice(uint64_t seed) : random_(seed) {}
  double Share() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  double Times(double value, double factor) {
    return value *
           std::pow(factor, 2 * Share() - 1);  // log-uniform within value / factor .. * factor
  }
  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[static_cast<size_t>(random_() % values.size())];
  }

 private:
  std::mt19937_64 random_;
};

// Losses of earlier trials at the same net (a cross-fit learns several) and epoch.
class MedianRule {
 public:
  [[nodiscard]] bool IsHopeless(int net, int epoch, double loss) const {
    const auto it = losses_.find({net, epoch});
    if (epoch < kMedianFrom || it == losses_.end() || it->second.size() < kMedianOf) return false;
    std::vector<double> sorted = it->second;
    std::ranges::sort(sorted);
    return loss > sorted[sorted.size() / 2];
  }
  void Take(int net, int epoch, double loss) { losses_[{net, epoch}].push_back(loss); }

 private:
  std::map<std::pair<int, int>, std::vector<double>> losses_;
};

class Hunt {
 public:
  Hunt(std::vector<RecordingInfo> recordings, const SearchOptions& options, const Learner& learner,
       os::Clock& clock, const std::string& version, const Watcher& watcher)
      : recordings_(std::move(recordings)),
        options_(options),
        learner_(learner),
        clock_(clock),
        version_(version),
        watcher_(watcher),
        dice_(options.base.seed) {}

  Result<Trained> All() {
    begin_ = clock_.Monotonic();
    SpareJudges();
    for (int i = 0; i < options_.trials_max && (i == 0 || Left() > 0); ++i) {
      Try(i);
      // What stops a run before it learns stops all of them.
      if (record_.trials.front().units == 0) break;
    }
    if (!best_) return Fail(first_error_.code, first_error_.what);
    record_.budget_s = Seconds(options_.budget);
    record_.spent_s = Seconds(clock_.Monotonic() - begin_);
    Judge();
    best_->search = std::move(record_);
    return *std::move(best_);
  }

 private:
  Nanos Left() const { return options_.budget - (clock_.Monotonic() - begin_); }

  // The test group where the data set has one; else a share of the units, if enough are left.
  void SpareJudges() {
    const auto test = [](const RecordingInfo& r) { return r.group == "test"; };
    if (std::ranges::any_of(recordings_, test)) {
      std::ranges::copy_if(recordings_, std::back_inserter(judges_), test);
      std::erase_if(recordings_, test);
      for (const RecordingInfo& r : judges_) record_.judge_units.push_back(r.id);
      return;
    }
    const bool grouped =
        std::ranges::any_of(recordings_, [](const RecordingInfo& r) { return !r.group.empty(); });
    const auto split = SplitRecordings(recordings_, options_.judge_share);
    if (grouped || !split || options_.base.healthy_only) return;
    std::vector<RecordingInfo> rest;
    for (const size_t i : split->train) rest.push_back(recordings_[i]);
    // What is left has to split once more, or the judge has taken what a trial needs.
    if (!SplitRecordings(rest, options_.base.validation_share)) return;
    for (const size_t i : split->held_out) judges_.push_back(recordings_[i]);
    record_.judge_units = split->held_out_units;
    recordings_ = std::move(rest);
  }

  TrainOptions Draw(int trial) {
    TrainOptions o = options_.base;
    if (trial == 0) return o;
    LearnOptions& l = o.learn;
    const Trial& first = record_.trials.front();
    const auto units = [&](double factor) {
      return std::clamp(static_cast<int>(first.units * factor), kUnitsMin, kUnitsMax);
    };
    l.units = dice_.OneOf({units(0.5), units(0.75), units(1), units(1.5), units(2)});
    l.layers = dice_.OneOf({1, 1, 2});
    l.batch = dice_.OneOf({64, 128, 256});
    l.learning_rate = dice_.Times(first.learning_rate, 4);
    l.weight_decay = dice_.Times(std::max(first.weight_decay, 1e-5), 10);
    l.dropout = dice_.OneOf({0.0, 0.1, 0.2, 0.3, 0.4});
    l.input_noise = dice_.OneOf({0.0, 0.05, 0.1, 0.2, 0.3});
    const double window = dice_.OneOf({0.5, 1.0, 1.0, 2.0});
    if (!options_.base.steps && first.steps >= kStepsMin)
      o.steps = std::clamp(static_cast<int>(first.steps * window), kStepsMin, kStepsMax);
    return o;
  }

  // The learner, watched: it notes what it was really given, and ends what is late or hopeless.
  Learner Watched(Trial& trial, std::map<std::pair<int, int>, double>& losses, bool first) {
    return [this, &trial, &losses, first, net = 0](
               const WindowSet& train, const WindowSet& validation, const LearnOptions& options,
               const std::function<void(const Progress&)>& progress) mutable -> Result<Learned> {
      Note(options, trial);
      LearnOptions o = options;
      std::string ended;
      o.go_on.stop = [&](int epoch, double loss) {
        losses[{net, epoch}] = loss;
        if (!first && Left() <= 0) ended = "the budget was spent";
        if (!first && medians_.IsHopeless(net, epoch, loss)) ended = "worse than the median";
        return !ended.empty();
      };
      auto learned = learner_(train, validation, o, progress);
      ++net;
      if (!ended.empty()) return Fail(Errc::kExhausted, ended);
      return learned;
    };
  }

  static void Note(const LearnOptions& o, Trial& trial) {
    trial.units = o.units;
    trial.layers = o.layers;
    trial.batch = o.batch;
    trial.steps = o.steps;
    trial.learning_rate = o.learning_rate;
    trial.weight_decay = o.weight_decay;
    trial.dropout = o.dropout;
    trial.input_noise = o.input_noise;
  }

  void Try(int number) {
    const TrainOptions options = Draw(number);
    Trial trial;
    std::map<std::pair<int, int>, double> losses;
    const Nanos begin = clock_.Monotonic();
    const Learner watched = Watched(trial, losses, number == 0);
    const Watcher watch{.epoch = [this, number](const Progress&) { Say(number); }};
    auto trained = Train(recordings_, options, watched, clock_, version_, watch);
    trial.seconds = Seconds(clock_.Monotonic() - begin);
    if (!trained) {
      trial.ended = trained.error().what;
      if (number == 0) first_error_ = trained.error();
      record_.trials.push_back(std::move(trial));
      return;
    }
    for (const auto& [at, loss] : losses) medians_.Take(at.first, at.second, loss);
    trial.macro_f1 = trained->validation.macro_f1;
    trial.model_bytes = trained->model_file.size();
    record_.trials.push_back(trial);
    if (number == 0) first_ = *trained;
    if (best_ && !IsBetter(trial, record_.trials[record_.chosen])) return;
    record_.chosen = record_.trials.size() - 1;
    best_ = *std::move(trained);
  }

  static bool IsBetter(const Trial& a, const Trial& b) {
    if (std::abs(a.macro_f1 - b.macro_f1) > kWorthBytes) return a.macro_f1 > b.macro_f1;
    return a.model_bytes < b.model_bytes;
  }

  void Say(int number) const {
    if (!watcher_.stage) return;
    const double spent = 1 - Seconds(Left()) / std::max(1e-9, Seconds(options_.budget));
    std::string text = "trial " + std::to_string(number + 1);
    if (best_) text += ", best macro F1 " + std::to_string(best_->validation.macro_f1).substr(0, 5);
    watcher_.stage(text, std::clamp(spent, 0.0, 1.0));
  }

  void Judge() {
    if (judges_.empty()) {
      best_->notes.emplace_back(
          "no unit could be spared to judge the search: the held-out figures chose the model and "
          "are optimistic");
      return;
    }
    record_.judged_macro_f1 = MacroF1(*best_);
    if (first_) record_.judged_first_macro_f1 = MacroF1(*first_);
  }

  std::optional<double> MacroF1(const Trained& trained) const {
    const model::Bundle bundle{.manifest = trained.manifest,
                               .model = trained.model_file,
                               .golden_inputs = {},
                               .golden_outputs = {}};
    const auto found = EvaluateBundle(bundle, judges_);
    if (!found) return std::nullopt;
    return found->windows.macro_f1;
  }

  std::vector<RecordingInfo> recordings_, judges_;
  const SearchOptions& options_;
  const Learner& learner_;
  os::Clock& clock_;
  const std::string& version_;
  const Watcher& watcher_;
  Dice dice_;
  MedianRule medians_;
  Nanos begin_ = 0;
  SearchRecord record_;
  std::optional<Trained> best_, first_;
  Error first_error_{};
};

}  // namespace

Result<Trained> Search(std::vector<RecordingInfo> recordings, const SearchOptions& options,
                       const Learner& learner, os::Clock& clock, const std::string& code_version,
                       const Watcher& watcher) {
  return Hunt(std::move(recordings), options, learner, clock, code_version, watcher).All();
}

}  // namespace millwright::trainer
