// A bearing model that needs no fault data: learned on simulated rigs alone, judged on simulated
// rigs of another world, or on a folder of real recordings.
#include <algorithm>
#include <cmath>

#include "evaluation/baselines.h"
#include "evaluation/bearing_score.h"
#include "evaluation/bearing_windows.h"
#include "evaluation/read_bearing.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {

using machines::Strikes;
using machines::World;

constexpr double kRuleThreshold = 1.1;  // of the plain rule: ln(1 + 2 spreads above luck)
constexpr double kVisible = 3;          // strength from which a defect should be found
constexpr uint64_t kLearnSeed = 101, kValidationSeed = 202, kJudgeSeed = 303, kGapSeed = 404;

// Mean and deviation by the rows that were learned from.
void Standardise(const Scaler& scaler, Samples& samples) {
  Table rows{.columns = static_cast<size_t>(samples.features), .values = *samples.rows};
  scaler.Apply(rows);
  samples.rows = std::make_shared<const std::vector<float>>(std::move(rows.values));
}

Scaler LearnRows(const Samples& samples) {
  return LearnScaler({.columns = static_cast<size_t>(samples.features), .values = *samples.rows});
}

// The channels of a recording as one: the mean of what is said of the same stretch.
struct Heard {
  Samples samples{};  // one window for all channels
  std::vector<std::vector<size_t>> windows{};
  [[nodiscard]] std::vector<float> Mean(std::span<const float> p, size_t classes) const {
    std::vector<float> out(windows.size() * classes);
    for (size_t i = 0; i < windows.size(); ++i)
      for (const size_t w : windows[i])
        for (size_t c = 0; c < classes; ++c)
          out[i * classes + c] += p[w * classes + c] / static_cast<float>(windows[i].size());
    return out;
  }
};

Heard JoinChannels(const Samples& samples) {
  Heard out;
  std::vector<size_t> firsts;
  for (size_t i = 0; i < samples.size(); ++i) {
    const auto same = [&](size_t f) {
      return samples.groups[f] == samples.groups[i] && samples.labels[f] == samples.labels[i] &&
             std::abs(samples.places[f].start_s - samples.places[i].start_s) < 1e-6;
    };
    size_t at = firsts.size();
    while (at > 0 && samples.groups[firsts[at - 1]] == samples.groups[i] && !same(firsts[at - 1]))
      --at;
    if (at > 0 && same(firsts[at - 1])) {
      out.windows[at - 1].push_back(i);
    } else {
      firsts.push_back(i);
      out.windows.push_back({i});
    }
  }
  out.samples = samples.Pick(firsts);
  return out;
}

// All windows of a recording with one label as one.
Heard JoinRecordings(const Samples& samples) {
  Heard out;
  std::vector<size_t> firsts;
  for (size_t i = 0; i < samples.size(); ++i) {
    const bool goes_on = !firsts.empty() && samples.groups[firsts.back()] == samples.groups[i] &&
                         samples.labels[firsts.back()] == samples.labels[i];
    if (!goes_on) {
      firsts.push_back(i);
      out.windows.emplace_back();
    }
    out.windows.back().push_back(i);
  }
  out.samples = samples.Pick(firsts);
  return out;
}

struct Scores {
  std::vector<double> balanced, auroc, recording_balanced, recording_auroc;
  std::vector<float> sum{};  // of all seeds' probabilities
};

class BearingStudy {
 public:
  explicit BearingStudy(const StudyContext& context)
      : c_(context), real_(context.options.test.has_value()) {}

  Result<Outcome> Run() {
    MW_TRY(ReadTest());  // first: a folder that cannot be judged is told at once
    MW_TRY(Simulate());
    heard_ = JoinChannels(test_);
    whole_ = JoinRecordings(heard_.samples);
    const Scaler scaler = LearnRows(train_);
    raw_test_ = test_;
    for (Samples* s : {&train_, &validation_, &test_, &gap_})
      if (s->size() > 0) Standardise(scaler, *s);
    const int seeds = c_.options.quick ? std::min(2, c_.options.seeds) : c_.options.seeds;
    for (int seed = 1; seed <= seeds; ++seed) MW_TRY(Fit(seed, seeds));
    Report();
    MW_TRY(Baselines());
    const std::string judged = real_ ? "bearing_" : "bearing_visible_";
    out_.AtLeast(judged + "balanced_accuracy", 0.85);
    out_.AtLeast(judged + "macro_auroc", 0.95);
    return std::move(out_);
  }

 private:
  Result<DrawnRigs> Draw(const char* what, const RigDraw& draw) const {
    return SimulateBearings(draw, [&](double share) {
      if (c_.say) c_.say(what, share);
    });
  }

  // With --test everything that can be simulated is learned from; else one world of it, without
  // spalls of two edges, and the other world judges.
  Result<void> Simulate() {
    const bool quick = c_.options.quick;
    const World world = real_ ? World::kAll : World::kLearn;
    std::vector<Strikes> strikes = {Strikes::kImpulse, Strikes::kBurst};
    if (real_) strikes.push_back(Strikes::kEntryExit);
    MW_TRY(DrawnRigs train, Draw("rigs to learn from", {.count = quick ? 1200 : 4000,
                                                        .world = world,
                                                        .strikes = strikes,
                                                        .seed = kLearnSeed}));
    MW_TRY(DrawnRigs validation, Draw("rigs to stop by", {.count = quick ? 240 : 600,
                                                          .world = world,
                                                          .strikes = strikes,
                                                          .seed = kValidationSeed}));
    train_ = std::move(train.samples);
    validation_ = std::move(validation.samples);
    out_.Set("bearing_rigs_learned", train_.size());
    return real_ ? Result<void>{} : SimulateJudges(strikes);
  }

  Result<void> SimulateJudges(const std::vector<Strikes>& strikes) {
    const int judged = c_.options.quick ? 240 : 600;
    MW_TRY(DrawnRigs test,
           Draw("rigs of another world",
                {.count = judged, .world = World::kJudge, .strikes = strikes, .seed = kJudgeSeed}));
    MW_TRY(DrawnRigs gap, Draw("another kind of strike", {.count = judged,
                                                          .world = World::kJudge,
                                                          .strikes = {Strikes::kEntryExit},
                                                          .seed = kGapSeed}));
    test_ = std::move(test.samples);
    gap_ = std::move(gap.samples);
    for (size_t i = 0; i < test_.size(); ++i)
      if (test_.labels[i] == 0 || test.strengths[i] >= kVisible) visible_.push_back(i);
    out_.Note(
        "split by world: bearings with 8, 9, 13 or 16 elements, resonances within 2.5-3.4 and "
        "5.5-7.5 kHz and every fourth sampling rate are judged and never learned from; "
        "bearing_gap_... is on spalls of two edges, which are not learned from either; "
        "bearing_visible_... leaves out strikes below 3 deviations of the noise, many of which "
        "nobody could find");
    return {};
  }

  Result<void> ReadTest() {
    if (!real_) return {};
    MW_TRY(BearingFolder folder, ReadBearings(*c_.options.test, c_.say));
    test_ = std::move(folder.samples);
    for (std::string& note : folder.notes) out_.Note(std::move(note));
    out_.Note("nothing of the test folder was learned from: the model knows simulated rigs alone");
    return {};
  }

  Result<void> Fit(int seed, int seeds) {
    FitOptions options{.learn = {.units = 24,
                                 .layers = 2,
                                 .epochs = c_.options.quick ? 20 : 30,
                                 .patience = 6,
                                 .learning_rate = 3e-3,
                                 .dropout = 0.2,
                                 .input_noise = 0.15,
                                 .seed = static_cast<uint64_t>(seed)},
                       .clip = 6};
    const Say say = [&](std::string_view stage, double share) {
      if (c_.say) c_.say(stage, (seed - 1 + share) / seeds);
    };
    MW_TRY(const Fitted fitted, FitInt8(train_, validation_, options, c_.learner, say));
    agreement_.push_back(fitted.agreement);
    out_.Ship("bearing", fitted.tflite);
    MW_TRY(const std::vector<float> all, Predict(fitted.tflite, test_));
    const std::vector<float> p = heard_.Mean(all, kBearingClasses);
    const BearingScore score = ScoreBearing(p, heard_.samples.labels, kBearingClasses);
    const BearingScore whole =
        ScoreBearing(whole_.Mean(p, kBearingClasses), whole_.samples.labels, kBearingClasses);
    scores_.balanced.push_back(score.balanced_accuracy);
    scores_.auroc.push_back(score.macro_auroc);
    scores_.recording_balanced.push_back(whole.balanced_accuracy);
    scores_.recording_auroc.push_back(whole.macro_auroc);
    confusion_.resize(score.confusion.size());
    for (size_t i = 0; i < confusion_.size(); ++i)
      confusion_[i] += score.confusion[i] / static_cast<double>(seeds);
    elsewhere_ += static_cast<double>(score.elsewhere) / seeds;
    scores_.sum.resize(p.size());
    for (size_t i = 0; i < p.size(); ++i) scores_.sum[i] += p[i] / static_cast<float>(seeds);
    return real_ ? Result<void>{} : ScoreJudges(fitted, all);
  }

  Result<void> ScoreJudges(const Fitted& fitted, std::span<const float> all) {
    std::vector<float> seen;
    for (const size_t i : visible_)
      seen.insert(seen.end(), all.begin() + static_cast<std::ptrdiff_t>(i * kBearingClasses),
                  all.begin() + static_cast<std::ptrdiff_t>((i + 1) * kBearingClasses));
    const BearingScore visible = ScoreBearing(seen, test_.Pick(visible_).labels, kBearingClasses);
    visible_balanced_.push_back(visible.balanced_accuracy);
    visible_auroc_.push_back(visible.macro_auroc);
    MW_TRY(const std::vector<float> far, Predict(fitted.tflite, gap_));
    const BearingScore other = ScoreBearing(far, gap_.labels, kBearingClasses);
    gap_balanced_.push_back(other.balanced_accuracy);
    gap_auroc_.push_back(other.macro_auroc);
    return {};
  }

  void Report() {
    out_.SetSeeds("bearing_balanced_accuracy", scores_.balanced);
    out_.SetSeeds("bearing_macro_auroc", scores_.auroc);
    out_.Set("bearing_confusion", confusion_);
    const auto& labels = heard_.samples.labels;
    std::vector<std::string> names;
    for (const int c : ScoreBearing(scores_.sum, labels, kBearingClasses).present)
      names.emplace_back(BearingClassNames()[static_cast<size_t>(c)]);
    out_.Set("bearing_classes", names);
    out_.Set("bearing_guessed_elsewhere", elsewhere_);
    out_.Set("bearing_windows", heard_.samples.size());
    out_.SetSeeds("bearing_int8_agreement", agreement_);
    if (real_) {
      out_.SetSeeds("bearing_recording_balanced_accuracy", scores_.recording_balanced);
      out_.SetSeeds("bearing_recording_macro_auroc", scores_.recording_auroc);
    } else {
      out_.SetSeeds("bearing_visible_balanced_accuracy", visible_balanced_);
      out_.SetSeeds("bearing_visible_macro_auroc", visible_auroc_);
      out_.SetSeeds("bearing_gap_balanced_accuracy", gap_balanced_);
      out_.SetSeeds("bearing_gap_macro_auroc", gap_auroc_);
    }
    for (size_t i = 0; i < heard_.samples.size(); ++i) {
      const auto p = std::span(scores_.sum).subspan(i * kBearingClasses, kBearingClasses);
      const auto guess = static_cast<size_t>(trainer::ArgMax(p));
      const int truth = labels[i];
      out_.predictions.push_back(
          {.place = heard_.samples.places[i],
           .truth = truth < 0 ? "" : BearingClassNames()[static_cast<size_t>(truth)],
           .guess = BearingClassNames()[guess],
           .probability = static_cast<double>(p[guess])});
    }
  }

  Result<void> Baselines() {
    MW_TRY(auto all, AllBaselines(Flatten(train_), Flatten(test_), kBearingClasses, 1));
    all.push_back({"envelope rule", EnvelopeRule(raw_test_, kRuleThreshold)});
    double best = -1;
    std::string name;
    for (const NamedScores& one : all) {
      const BearingScore score = ScoreBearing(heard_.Mean(one.scores, kBearingClasses),
                                              heard_.samples.labels, kBearingClasses);
      char text[80];
      std::snprintf(text, sizeof text, ": balanced accuracy %.3f, macro AUROC %.3f",
                    score.balanced_accuracy, score.macro_auroc);
      out_.Note(one.name + text);
      if (one.name == "envelope rule")
        out_.Set("bearing_rule_balanced_accuracy", score.balanced_accuracy);
      if (!(score.balanced_accuracy > best)) continue;
      best = score.balanced_accuracy;
      name = one.name;
    }
    out_.Set("bearing_best_baseline", name);
    out_.Set("bearing_best_baseline_balanced_accuracy", best);
    return {};
  }

  const StudyContext& c_;
  bool real_;
  Outcome out_;
  Samples train_, validation_, test_, raw_test_, gap_;
  Heard heard_, whole_;
  Scores scores_;
  std::vector<size_t> visible_;  // windows of test_
  std::vector<double> agreement_, gap_balanced_, gap_auroc_, confusion_;
  std::vector<double> visible_balanced_, visible_auroc_;
  double elsewhere_ = 0;
};

}  // namespace

Result<Outcome> StudyBearing(const StudyContext& context) { return BearingStudy(context).Run(); }

}  // namespace millwright::evaluation
