// mw-drift-bench: how often the decision to retrain is wrong, how soon it is right, on simulated
// fleets; beside it the detectors that everyone knows, with their usual settings.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "drift/accuracy.h"
#include "drift/adwin.h"
#include "drift/page_hinkley.h"
#include "fleets.h"
#include "plant.h"

namespace millwright::bench {
namespace {

using Json = nlohmann::ordered_json;

struct Plan {
  int healthy_fleets = 100, mixed_fleets = 60, threads = 2;
};

int At(std::vector<int>& values, double share) {
  if (values.empty()) return -1;
  std::ranges::sort(values);
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

Json Healthy(const Plan& plan) {
  HealthyFigures f = RunHealthy(plan.healthy_fleets, plan.threads);
  const auto weeks = static_cast<double>(f.device_weeks);
  const auto wrong = static_cast<double>(f.label_retrains + f.feature_retrains);
  return {{"healthy_device_weeks", f.device_weeks},
          {"false_retrains", f.label_retrains + f.feature_retrains},
          {"false_retrains_by_labels", f.label_retrains},
          {"false_retrains_by_features", f.feature_retrains},
          {"false_retrain_rate", wrong / weeks},
          // One-sided 99 %.
          {"false_retrain_bound_99", drift::ClopperPearson(wrong, weeks, 0.98).high},
          {"healthy_accused_share", static_cast<double>(f.accusations) / weeks},
          {"labels_to_detect_trials", f.labels_to_detect.size()},
          {"labels_to_detect_median", At(f.labels_to_detect, 0.5)},
          {"labels_to_detect_p95", At(f.labels_to_detect, 0.95)},
          {"labels_to_detect_any_device_median", At(f.labels_any_device, 0.5)}};
}

Json Mixed(const Plan& plan) {
  const MixedFigures f = RunMixed(plan.mixed_fleets, plan.threads);
  const auto share = [](int64_t of, int64_t all) {
    return static_cast<double>(of) / static_cast<double>(std::max<int64_t>(1, all));
  };
  return {{"mixed_fleet_weeks", f.fleet_weeks},
          {"fdr", f.false_share_sum / static_cast<double>(f.fleet_weeks)},
          {"found_share", share(f.found_weeks, f.drifted_weeks)},
          {"retrained_share", share(f.retrained, f.drifted)},
          {"retrained_healthy_share", share(f.retrained_healthy, f.healthy)}};
}

// Labels of one device: 1,000 healthy ones, then worse ones until the detector names one.
template <typename Detector>
Json Known(const std::string& name) {
  constexpr int kTrials = 1000, kHealthy = 1000, kMax = 2000;
  std::vector<int> labels;
  int never = 0, early = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    Random random(50'000 + static_cast<uint64_t>(trial));
    Detector detector;
    bool alarmed = false;
    for (int i = 0; i < kHealthy; ++i)
      alarmed |= detector.Push(random.Uniform() < kCohortError ? 1 : 0);
    early += alarmed ? 1 : 0;
    int n = 1;
    while (n <= kMax && !detector.Push(random.Uniform() < 0.20 ? 1 : 0)) ++n;
    never += n > kMax ? 1 : 0;
    labels.push_back(n);
  }
  return {{"labels_to_detect_" + name, At(labels, 0.5)},
          {"never_detected_" + name, static_cast<double>(never) / kTrials},
          {"false_alarm_share_1000_" + name, static_cast<double>(early) / kTrials}};
}

// A classifier of three classes whose raw logits are twice too sure; one temperature, fitted to
// 2,000 labelled windows of the reference, calibrates it.
class Classifier {
 public:
  struct Answer {
    float p[3];
    bool right;
  };

  explicit Classifier(Random& random) {
    std::vector<std::pair<double, double>> windows;
    windows.reserve(2000);
    for (int i = 0; i < 2000; ++i) windows.push_back(Draw(random, 0, 1));
    double best = HUGE_VAL;
    for (int step = 50; step <= 400; ++step) {
      const double t = step / 100.0;
      double loss = 0;
      for (const auto& [x, u] : windows) loss -= std::log(Softmax(x, t)[Truth(x, u)]);
      if (loss < best) {
        best = loss;
        temperature_ = t;
      }
    }
  }

  // `concept`: share of windows whose truth has nothing to do with what is seen any more.
  Answer Ask(Random& random, double shift, double spread, double strange) const {
    const auto [x, u] = Draw(random, shift, spread);
    const auto p = Softmax(x, temperature_);
    size_t truth = Truth(x, u);
    if (random.Uniform() < strange) truth = (truth + 1) % 3;
    const auto chosen = static_cast<size_t>(std::ranges::max_element(p) - p.begin());
    return {{static_cast<float>(p[0]), static_cast<float>(p[1]), static_cast<float>(p[2])},
            chosen == truth};
  }

 private:
  static std::pair<double, double> Draw(Random& random, double shift, double spread) {
    const double x = shift + spread * static_cast<double>(random.Normal());
    return {x, random.Uniform()};
  }
  // The raw logits, 2 (2 x, 0, -2 x - 1), over a temperature; the truth's are half of them.
  static std::array<double, 3> Softmax(double x, double temperature) {
    const double z[3] = {4 * x / temperature, 0, (-4 * x - 2) / temperature};
    const double top = std::max({z[0], z[1], z[2]});
    std::array<double, 3> p{};
    double sum = 0;
    for (size_t i = 0; i < 3; ++i) sum += p[i] = std::exp(z[i] - top);
    for (double& v : p) v /= sum;
    return p;
  }
  static size_t Truth(double x, double u) {
    const auto p = Softmax(x, 2);
    return u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2;
  }
  double temperature_ = 1;
};

// |expected - true| over windows of one week and gateway fleet, on average over draws; the worst of
// several shifts.
Json Cbpe() {
  constexpr int kDraws = 40, kWindows = 5000;
  const auto error = [](double shift, double spread, double strange) {
    double sum = 0;
    for (int d = 0; d < kDraws; ++d) {
      Random random(70'000 + static_cast<uint64_t>(d));
      const Classifier classifier(random);
      std::vector<float> probabilities;
      int right = 0;
      for (int i = 0; i < kWindows; ++i) {
        const auto answer = classifier.Ask(random, shift, spread, strange);
        probabilities.insert(probabilities.end(), answer.p, answer.p + 3);
        right += answer.right ? 1 : 0;
      }
      sum += std::abs(drift::ExpectedAccuracy(probabilities, 3) -
                      static_cast<double>(right) / kWindows);
    }
    return sum / kDraws;
  };
  double worst = 0;
  const double shifts[][2] = {{0, 1}, {0.5, 1}, {1, 1}, {-1, 1}, {0, 0.5}, {0, 2}, {-0.3, 0.3}};
  for (const auto& [shift, spread] : shifts) worst = std::max(worst, error(shift, spread, 0));
  return {{"cbpe_error", worst}, {"cbpe_error_concept_drift", error(0, 1, 0.2)}};
}

int Main(int argc, char** argv) {
  CLI::App app("The decision to retrain, on simulated fleets.");
  Plan plan;
  app.add_option("--healthy-fleets", plan.healthy_fleets, "500 gateways, a year each");
  app.add_option("--mixed-fleets", plan.mixed_fleets, "500 gateways, eight weeks each");
  app.add_option("--threads", plan.threads, "Threads")->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  Json out = Healthy(plan);
  out.update(Mixed(plan));
  out.update(Known<drift::Adwin>("adwin"));
  out.update(Known<drift::PageHinkley>("page_hinkley"));
  out.update(Cbpe());
  std::printf("%s\n", out.dump().c_str());
  return 0;
}

}  // namespace
}  // namespace millwright::bench

int main(int argc, char** argv) { return millwright::bench::Main(argc, argv); }
