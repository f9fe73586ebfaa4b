// mw-label-rollback-bench: a new model that is as sure of itself as the old one and worse. Only
// labels tell; they come late, in another order, and some are wrong.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <queue>
#include <random>

#include "core/check.h"
#include "drift/accuracy.h"
#include "drift/label_trial.h"

namespace millwright::bench {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kWrongLabels = 0.1;
constexpr double kDelay = 100;         // labelled windows between answer and label, on average
constexpr int kLabelsMax = 3000;       // of one trial
constexpr double kOldLabels = 40'000;  // the fleet's, of the month before
constexpr double kTrialSpread =
    0.0014;  // error rate of fifty gateways against the fleet's, 1 sigma

struct Scenario {
  double old_accuracy = 0.95, new_accuracy = 0.95;
  double shared = 0.7;              // of the old model's errors that the new one makes too
  int classes = 2;                  // a wrong label names another of them
  bool old_rate_known = true;       // by labels of gateways that still run the old model
  bool only_disagreements = false;  // labels are asked for where the models disagree
};

class Windows {
 public:
  Windows(const Scenario& scenario, uint64_t seed) : s_(scenario), random_(seed) {
    std::normal_distribution<double> spread(0, kTrialSpread);
    const double moved = spread(random_);
    old_error_ = std::max(0.0, 1 - s_.old_accuracy + moved);
    new_error_ = std::max(0.0, 1 - s_.new_accuracy + moved);
  }

  struct Labelled {
    bool old_right, new_right;
  };
  /// One window as its label says it was; the label is drawn with the answers.
  Labelled Next() {
    while (true) {
      const double u = Uniform(), both = s_.shared * old_error_;
      // Answers as classes: 0 is the truth; both models' common error is the same class.
      int old_class = 0, new_class = 0;
      if (u < both)
        old_class = new_class = 1;
      else if (u < old_error_)
        old_class = 1 + Below(s_.classes - 1);
      else if (u < old_error_ + new_error_ - both)
        new_class = 1 + Below(s_.classes - 1);
      if (s_.only_disagreements && old_class == new_class) continue;
      const int label = Uniform() < kWrongLabels ? 1 + Below(s_.classes - 1) : 0;
      return {old_class == label, new_class == label};
    }
  }
  double Delay() { return std::exponential_distribution<double>(1 / kDelay)(random_); }

  /// What labels of the old model elsewhere bound its labelled error rate by.
  double OldErrorMax() {
    const double error = 1 - s_.old_accuracy;
    // A wrong label makes a right answer wrong, and one of classes - 1 wrong ones right.
    const double labelled =
        error + kWrongLabels * (1 - error) - kWrongLabels * error / (s_.classes - 1);
    std::binomial_distribution<int> wrong(static_cast<int>(kOldLabels), labelled);
    return drift::OldErrorMax({kOldLabels - wrong(random_), kOldLabels});
  }

 private:
  double Uniform() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  int Below(int n) { return n <= 1 ? 0 : static_cast<int>(random_() % static_cast<uint64_t>(n)); }

  Scenario s_;
  std::mt19937_64 random_;
  double old_error_ = 0, new_error_ = 0;
};

struct Ended {
  bool worse = false;
  int64_t labels = 0;   // that had arrived
  int64_t windows = 0;  // labelled ones that had been answered, their labels on the way
};

Ended RunTrial(const Scenario& scenario, uint64_t seed) {
  Windows windows(scenario, seed);
  drift::LabelTrialOptions options;
  if (scenario.old_rate_known) options.old_error_max = windows.OldErrorMax();
  auto trial = drift::LabelTrial::Make(options);
  MW_CHECK(trial.has_value());
  using Arrival = std::pair<double, std::pair<bool, bool>>;
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> under_way;
  for (int64_t answered = 0; trial->count() < kLabelsMax; ++answered) {
    const auto window = windows.Next();
    under_way.emplace(static_cast<double>(answered) + windows.Delay(),
                      std::pair{window.old_right, window.new_right});
    while (!under_way.empty() && under_way.top().first <= static_cast<double>(answered)) {
      const auto [old_right, new_right] = under_way.top().second;
      under_way.pop();
      if (trial->Push(old_right, new_right)) return {true, trial->count(), answered};
    }
  }
  return {false, trial->count(), 0};
}

Json Worse(const Scenario& scenario, const std::string& suffix, int trials) {
  std::vector<int64_t> labels, windows;
  int missed = 0;
  for (int i = 0; i < trials; ++i) {
    const Ended ended = RunTrial(scenario, 1'000'000 + static_cast<uint64_t>(i));
    missed += ended.worse ? 0 : 1;
    labels.push_back(ended.worse ? ended.labels : kLabelsMax);
    windows.push_back(ended.worse ? ended.windows : kLabelsMax);
  }
  const auto at = [](std::vector<int64_t>& values, double share) {
    std::ranges::sort(values);
    return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
  };
  return {{"labels_median" + suffix, at(labels, 0.5)},
          {"labels_p95" + suffix, at(labels, 0.95)},
          {"answered_p95" + suffix, at(windows, 0.95)},
          {"missed" + suffix, missed}};
}

Json Healthy(const Scenario& scenario, const std::string& suffix, int trials) {
  int wrong = 0;
  for (int i = 0; i < trials; ++i)
    wrong += RunTrial(scenario, 5'000'000 + static_cast<uint64_t>(i)).worse ? 1 : 0;
  return {{"healthy_trials" + suffix, trials},
          {"false_rollbacks" + suffix, wrong},
          {"false_rate" + suffix, static_cast<double>(wrong) / trials},
          {"false_rate_bound_99" + suffix, drift::ClopperPearson(wrong, trials, 0.98).high}};
}

int Main(int argc, char** argv) {
  CLI::App app("Rollback by labels, on simulated labels.");
  int healthy = 20'000, worse = 5000;
  app.add_option("--healthy", healthy, "Trials of a model that is no worse");
  app.add_option("--worse", worse, "Trials of one that is");
  CLI11_PARSE(app, argc, argv);
  const Scenario bad{.new_accuracy = 0.85};
  Json out{{"worse_trials", worse}, {"labels_of_a_trial", kLabelsMax}};
  out.update(Worse(bad, "", worse));
  const auto told = [&](const std::string& suffix, auto change) {
    Scenario s = bad;
    change(s);
    out.update(Worse(s, suffix, worse / 2));
    s.new_accuracy = s.old_accuracy;
    out.update(Healthy(s, suffix, healthy / 4));
  };
  out.update(Healthy({}, "", healthy));
  told("_half_shared", [](Scenario& s) { s.shared = 0.5; });
  told("_five_classes", [](Scenario& s) { s.classes = 5; });
  told("_paired_only", [](Scenario& s) { s.old_rate_known = false; });
  told("_paired_five_classes", [](Scenario& s) {
    s.old_rate_known = false;
    s.classes = 5;
  });
  told("_disagreements", [](Scenario& s) {
    s.old_rate_known = false;
    s.only_disagreements = true;
  });
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) { return millwright::bench::Main(argc, argv); }
