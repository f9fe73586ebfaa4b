// Ultrasonic flowmeters: is a meter that was never seen healthy, after ten healthy samples of its
// own? Trained on the other meters. Meters differ in paths and columns; what they share is how far
// each group of diagnostics lies from the meter's own commissioning, and only the order of those
// distances is given to the net.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>

#include "evaluation/read_flowmeter.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace flowmeter {
namespace {

constexpr int kDraws = 5;  // of the commissioning samples, for each seed
constexpr double kClip = 6;
constexpr float kRuleLimit = 3.0F;  // of the plain rule: ln(1 + 19 deviations)

constexpr float kHealthyDistance = 1.5F;  // what a healthy row shows, about
constexpr size_t kDistances = 4;          // the largest so many, in order

// The meter's rows but those that commissioned it, as sequences of distances, the largest first.
struct Seen {
  Samples samples{};           // labels: 0 healthy, 1 faulty
  std::vector<size_t> rows{};  // of each window
};

Seen Look(const Flowmeter& meter, const std::vector<size_t>& reference) {
  const auto deviations = FlowmeterDeviations(meter, reference);
  Seen out;
  std::vector<float> values;
  std::vector<int> labels;
  for (size_t i = 0; i < meter.size(); ++i) {
    if (std::ranges::find(reference, i) != reference.end()) continue;
    std::array<float, kFlowmeterGroups> one = deviations[i];
    std::ranges::sort(one, std::greater<>{});
    for (size_t d = 0; d < kDistances; ++d) values.push_back(one[d] - kHealthyDistance);
    labels.push_back(meter.healthy(i) ? 0 : 1);
    out.rows.push_back(i);
  }
  out.samples = MakeSamples(std::move(values), kDistances, 1, 2, std::move(labels));
  return out;
}

// The distances of the groups that every meter has, in their own order: which fault it is shows in
// where a meter is off, not in how far.
constexpr size_t kShared = 4;

std::vector<float> Pattern(const std::array<float, kFlowmeterGroups>& deviations) {
  std::vector<float> out;
  for (size_t g = 0; g < kShared; ++g) out.push_back(deviations[g] - kHealthyDistance);
  return out;
}

std::vector<size_t> DrawHealthy(const Flowmeter& meter, uint64_t seed, bool first) {
  std::vector<size_t> healthy;
  for (size_t i = 0; i < meter.size(); ++i)
    if (meter.healthy(i)) healthy.push_back(i);
  std::mt19937_64 random(seed);
  for (size_t i = healthy.size(); !first && i > 1; --i)
    std::swap(healthy[i - 1], healthy[random() % i]);
  const size_t taken = std::min(kFlowmeterCommissioning, healthy.size() / 2);
  healthy.erase(healthy.begin() + static_cast<std::ptrdiff_t>(taken), healthy.end());
  return healthy;
}

// "MeterA" of MeterA.txt.gz.
std::string Stem(const Flowmeter& meter) { return meter.name.substr(0, meter.name.find('.')); }

class Meters {
 public:
  explicit Meters(const StudyContext& context) : context_(context) {}

  Result<Outcome> Run() {
    MW_TRY(const auto folder, context_.TrainFolder("ultrasonic_flowmeter"));
    MW_TRY(train_, ReadFlowmeters(folder));
    if (context_.options.test) {
      MW_TRY(test_, ReadFlowmeters(*context_.options.test));
    } else {
      test_ = train_;
    }
    for (int seed = 1; seed <= context_.options.seeds; ++seed) {
      std::vector<double> meters, rule, first, classes;
      for (const Flowmeter& meter : test_) {
        if (context_.say)
          context_.say("meters",
                       (static_cast<double>(seed - 1) +
                        static_cast<double>(meters.size()) / static_cast<double>(test_.size())) /
                           context_.options.seeds);
        MW_TRY(const Fitted fitted, Fit(meter, static_cast<uint64_t>(seed)));
        MW_TRY(Judge(meter, fitted, static_cast<uint64_t>(seed), meters, rule, first));
        MW_TRY(JudgeClasses(meter, fitted, static_cast<uint64_t>(seed), classes));
      }
      const auto mean = [](const std::vector<double>& v) {
        return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
      };
      balanced_.push_back(mean(meters));
      rule_.push_back(mean(rule));
      first_.push_back(mean(first));
      if (!classes.empty()) classes_.push_back(mean(classes));
    }
    Report();
    return std::move(out_);
  }

 private:
  // On all other meters, each commissioned several times anew.
  Result<Fitted> Fit(const Flowmeter& judged, uint64_t seed) {
    std::vector<float> values;
    std::vector<int> labels;
    for (const Flowmeter& meter : train_) {
      if (meter.name == judged.name) continue;
      for (uint64_t draw = 0; draw < kDraws; ++draw) {
        const Seen seen = Look(meter, DrawHealthy(meter, seed * 1000 + draw, false));
        values.insert(values.end(), seen.samples.rows->begin(), seen.samples.rows->end());
        labels.insert(labels.end(), seen.samples.labels.begin(), seen.samples.labels.end());
      }
    }
    if (labels.empty())
      return Fail(Errc::kInvalid,
                  "flowmeter: no other meter than " + judged.name + " to learn from");
    const Samples samples = MakeSamples(std::move(values), kDistances, 1, 2, std::move(labels));
    const FitOptions options{.learn = {.units = 6,
                                       .epochs = context_.options.quick ? 15 : 30,
                                       .patience = 1000,
                                       .batch = 64,
                                       .learning_rate = 1e-2,
                                       .weight_decay = 3e-2,
                                       .dropout = 0,
                                       .input_noise = 0.3,
                                       .seed = seed * 10,
                                       .class_weights = Weights(samples.labels)},
                             .clip = kClip,
                             .nets = 3};
    return FitInt8(samples, samples, options, context_.learner, {});
  }

  // Which fault: on the faulty rows of all other meters. Empty where they show one fault at most.
  struct Kinds {
    std::vector<std::string> names{};  // sorted; the net's classes
    std::optional<Fitted> fitted{};
  };
  Result<Kinds> FitKinds(const Flowmeter& judged, uint64_t seed) {
    std::vector<float> values;
    std::vector<std::string> truths;
    for (const Flowmeter& meter : train_) {
      if (meter.name == judged.name) continue;
      for (uint64_t draw = 0; draw < kDraws; ++draw) {
        const auto deviations =
            FlowmeterDeviations(meter, DrawHealthy(meter, seed * 1000 + draw, false));
        for (size_t i = 0; i < meter.size(); ++i) {
          if (meter.healthy(i)) continue;
          const std::vector<float> one = Pattern(deviations[i]);
          values.insert(values.end(), one.begin(), one.end());
          truths.push_back(meter.classes[i]);
        }
      }
    }
    Kinds out;
    const std::set<std::string> names(truths.begin(), truths.end());
    out.names.assign(names.begin(), names.end());
    if (names.size() < 2) return out;
    std::vector<int> labels;
    labels.reserve(truths.size());
    for (const std::string& truth : truths)
      labels.push_back(static_cast<int>(std::ranges::find(out.names, truth) - out.names.begin()));
    const Samples samples = MakeSamples(std::move(values), kShared, 1,
                                        static_cast<int>(names.size()), std::move(labels));
    const FitOptions options{.learn = {.units = 6,
                                       .epochs = context_.options.quick ? 15 : 30,
                                       .patience = 1000,
                                       .batch = 64,
                                       .learning_rate = 1e-2,
                                       .weight_decay = 3e-2,
                                       .dropout = 0,
                                       .input_noise = 0.5,
                                       .seed = seed * 10 + 5},
                             .clip = kClip,
                             .nets = 3};
    MW_TRY(out.fitted, FitInt8(samples, samples, options, context_.learner, {}));
    return out;
  }

  // Healthy or not by the first net, then which fault by the second; scored on the classes that
  // the judged meter and the others have.
  Result<void> JudgeClasses(const Flowmeter& meter, const Fitted& healthy, uint64_t seed,
                            std::vector<double>& meters) {
    MW_TRY(const Kinds kinds, FitKinds(meter, seed));
    const std::set<std::string> own(meter.classes.begin(), meter.classes.end());
    std::vector<size_t> shared;
    for (size_t k = 0; k < kinds.names.size(); ++k)
      if (own.contains(kinds.names[k])) shared.push_back(k);
    if (shared.empty()) return {};
    std::map<std::string, double> right, all;
    for (uint64_t draw = 0; draw < kDraws; ++draw) {
      const auto reference = DrawHealthy(meter, seed * 7919 + draw, false);
      const auto deviations = FlowmeterDeviations(meter, reference);
      const Seen seen = Look(meter, reference);
      MW_TRY(const std::vector<float> p, Predict(healthy.tflite, seen.samples));
      std::vector<float> patterns;
      for (const size_t row : seen.rows) {
        const std::vector<float> one = Pattern(deviations[row]);
        patterns.insert(patterns.end(), one.begin(), one.end());
      }
      std::vector<float> q(seen.rows.size() * kinds.names.size(), 1);
      if (kinds.fitted) {
        const Samples samples =
            MakeSamples(std::move(patterns), kShared, 1, static_cast<int>(kinds.names.size()),
                        std::vector<int>(seen.rows.size(), 0));
        MW_TRY(q, Predict(kinds.fitted->tflite, samples));
      }
      for (size_t n = 0; n < seen.rows.size(); ++n) {
        const std::string& truth = meter.classes[seen.rows[n]];
        const auto of = [&](size_t k) { return q[n * kinds.names.size() + k]; };
        const size_t kind = *std::ranges::max_element(shared, {}, of);
        const std::string guess = p[2 * n + 1] > p[2 * n] ? kinds.names[kind] : "healthy";
        all[truth] += 1;
        right[truth] += guess == truth ? 1 : 0;
      }
    }
    double sum = 0, count = 0;
    for (const auto& [name, n] : all) {
      if (name != "healthy" && std::ranges::find(kinds.names, name) == kinds.names.end()) continue;
      sum += right[name] / n;
      count += 1;
      recall_[Stem(meter) + "_" + name].push_back(right[name] / n);
    }
    meters.push_back(sum / count);
    return {};
  }

  // Both classes weigh the same together: the judged meter's shares are not known.
  static std::vector<float> Weights(const std::vector<int>& labels) {
    const auto faulty = static_cast<float>(std::ranges::count(labels, 1));
    const auto healthy = static_cast<float>(labels.size()) - faulty;
    const float all = healthy + faulty;
    return {all / (2 * std::max(1.0F, healthy)), all / (2 * std::max(1.0F, faulty))};
  }

  struct Shares {
    std::map<std::string, double> right{}, all{};
    [[nodiscard]] double Balanced() const {
      double faulty_right = 0, faulty = 0;
      for (const auto& [c, n] : all)
        if (c != "healthy") {
          faulty += n;
          faulty_right += right.contains(c) ? right.at(c) : 0;
        }
      const double healthy =
          all.contains("healthy")
              ? (right.contains("healthy") ? right.at("healthy") : 0) / all.at("healthy")
              : 0;
      return faulty > 0 ? (healthy + faulty_right / faulty) / 2 : healthy;
    }
  };

  Result<void> Judge(const Flowmeter& meter, const Fitted& fitted, uint64_t seed,
                     std::vector<double>& meters, std::vector<double>& rule,
                     std::vector<double>& first) {
    agreement_.push_back(fitted.agreement);
    out_.Ship("flowmeter", fitted.tflite);
    Shares net, simple, early;
    for (uint64_t draw = 0; draw <= kDraws; ++draw) {
      const bool is_first = draw == kDraws;  // the first samples, as a plant would take them
      const Seen seen = Look(meter, DrawHealthy(meter, seed * 7919 + draw, is_first));
      MW_TRY(const std::vector<float> p, Predict(fitted.tflite, seen.samples));
      for (size_t n = 0; n < seen.rows.size(); ++n) {
        const std::string& truth = meter.classes[seen.rows[n]];
        const bool faulty = p[2 * n + 1] > p[2 * n];
        Count(is_first ? early : net, truth, faulty);
        if (is_first) continue;
        Count(simple, truth, seen.samples.Window(n)[0] + kHealthyDistance > kRuleLimit);
        if (draw == 0 && seed == 1) Tell(meter, seen.rows[n], faulty, p[2 * n + (faulty ? 1 : 0)]);
      }
    }
    meters.push_back(net.Balanced());
    rule.push_back(simple.Balanced());
    first.push_back(early.Balanced());
    by_meter_[Stem(meter)].push_back(net.Balanced());
    for (const auto& [c, all] : net.all)
      if (c != "healthy")
        sensitivity_[Stem(meter) + "_" + c].push_back(
            (net.right.contains(c) ? net.right.at(c) : 0) / all);
    return {};
  }

  static void Count(Shares& shares, const std::string& truth, bool faulty) {
    shares.all[truth] += 1;
    if (faulty == (truth != "healthy")) shares.right[truth] += 1;
  }

  void Tell(const Flowmeter& meter, size_t row, bool faulty, float probability) {
    Prediction& out = out_.predictions.emplace_back();
    out.place.recording = meter.name;
    out.place.start_s = static_cast<double>(row);
    out.place.end_s = static_cast<double>(row + 1);
    out.truth = meter.healthy(row) ? "healthy" : "faulty";
    out.guess = faulty ? "faulty" : "healthy";
    out.probability = static_cast<double>(probability);
  }

  void Report() {
    out_.SetSeeds("flowmeter_binary_balanced_accuracy", balanced_);
    out_.SetSeeds("flowmeter_first_ten_balanced_accuracy", first_);
    for (const auto& [name, values] : by_meter_) out_.SetSeeds("flowmeter_" + name, values);
    for (const auto& [name, values] : sensitivity_)
      out_.SetSeeds("flowmeter_sensitivity_" + name, values);
    out_.SetSeeds("flowmeter_agreement", agreement_);
    out_.SetSeeds("flowmeter_best_baseline", rule_);
    out_.Set("flowmeter_best_baseline_name", "largest distance against a fixed limit");
    out_.AtLeast("flowmeter_binary_balanced_accuracy", 0.80);
    out_.Note("each meter is judged by a net of the other meters, after " +
              std::to_string(kFlowmeterCommissioning) +
              " healthy samples of its own (drawn anew; the first ten stand beside); those are not "
              "judged");
    out_.Note(
        "which fault: a second net reads where a meter is off, after the first called it faulty; "
        "scored on the classes that the judged meter shares with the others");
    out_.SetSeeds("flowmeter_balanced_accuracy", classes_);
    for (const auto& [name, values] : recall_) out_.SetSeeds("flowmeter_recall_" + name, values);
    out_.AtLeast("flowmeter_balanced_accuracy", 0.55);
  }

  const StudyContext& context_;
  std::vector<Flowmeter> train_, test_;
  Outcome out_;
  std::vector<double> balanced_, rule_, first_, agreement_, classes_;
  std::map<std::string, std::vector<double>> by_meter_, sensitivity_, recall_;
};

}  // namespace
}  // namespace flowmeter

Result<Outcome> StudyFlowmeter(const StudyContext& context) {
  return flowmeter::Meters(context).Run();
}

}  // namespace millwright::evaluation
