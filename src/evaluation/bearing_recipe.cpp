#include "evaluation/bearing_recipe.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "crypto/sha256.h"
#include "dsp/bearing_features.h"
#include "evaluation/bearing_windows.h"
#include "evaluation/fit.h"
#include "evaluation/table.h"
#include "trainer/fault_codes.h"
#include "trainer/golden.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace {

using machines::Strikes;

constexpr double kStretch_s = 2;  // what a gateway looks at in one step; a second further each
constexpr double kClip = 6;
constexpr double kVisible = 3;        // strength from which a defect should be found
constexpr double kTurnsNeeded = 6.2;  // of the shaft in a stretch, or the machine counts as stopped
constexpr int kRigsMin = 16;
constexpr float kDeviationFloor = 1e-4F;
constexpr size_t kGoldenVectors = 16;
constexpr const char* kCodes[kBearingClasses] = {"healthy", "outer_race", "inner_race", "ball"};

dsp::Schema MakeSchema(const BearingRecipe& recipe) {
  dsp::Schema s;
  // The agent puts its own channel's rate here.
  s.channels.push_back({.name = recipe.channel,
                        .unit = recipe.unit,
                        .kind = dsp::ChannelKind::kSamples,
                        .rate_hz = 12800});
  if (recipe.speed_channel)
    s.channels.push_back(
        {.name = "speed", .unit = "rpm", .kind = dsp::ChannelKind::kReading, .rate_hz = 1});
  for (const std::string_view name : dsp::BearingFeatureNames())
    s.features.push_back({.name = recipe.channel + "." + std::string(name),
                          .channel = recipe.channel,
                          .kind = "bearing_" + std::string(name),
                          .params = {}});
  s.step = FromSeconds(kStretch_s / 2);
  s.steps = kBearingSteps;
  s.sample_window = FromSeconds(kStretch_s);
  s.late_max = 2 * kSecond;
  s.hold_max = 10 * kSecond;
  s.clip = kClip;
  s.speed_min_hz = kTurnsNeeded / kStretch_s;
  return s;
}

class Recipe {
 public:
  Recipe(const BearingRecipe& recipe, const trainer::Learner& learner, os::Clock& clock,
         const trainer::Watcher& watcher)
      : recipe_(recipe), learner_(learner), clock_(clock), watcher_(watcher) {}

  Result<trainer::Trained> All(const std::string& code_version) {
    if (recipe_.rigs < kRigsMin)
      return Fail(Errc::kInvalid, "bearing recipe: at least " + std::to_string(kRigsMin) + " rigs");
    const Nanos begin = clock_.Monotonic();
    MW_TRY(Draw());
    const Nanos loaded = clock_.Monotonic();
    MW_TRY(const Fitted fitted, Learn());
    out_.load_s = Seconds(loaded - begin);
    out_.learn_s = Seconds(clock_.Monotonic() - loaded);
    MW_TRY(Judge(fitted));
    MW_TRY(FillManifest(code_version));
    return std::move(out_);
  }

 private:
  Result<DrawnRigs> DrawSome(const char* what, int count, uint64_t salt, double stretch_s) {
    const RigDraw draw{.count = count,
                       .world = machines::World::kAll,
                       .strikes = {Strikes::kImpulse, Strikes::kBurst, Strikes::kEntryExit},
                       .seed = recipe_.seed * 1000 + salt,
                       .stretch_s = stretch_s};
    return SimulateBearings(draw, [&](double share) {
      if (watcher_.stage) watcher_.stage(what, share);
    });
  }

  Result<void> Draw() {
    const int others = std::max(kRigsMin, recipe_.rigs / 7);
    MW_TRY(DrawnRigs train, DrawSome("rigs to learn from", recipe_.rigs, 1, 0));
    MW_TRY(DrawnRigs stop, DrawSome("rigs to stop by", others, 2, kStretch_s));
    MW_TRY(judge_, DrawSome("rigs to judge by", others, 3, kStretch_s));
    train_ = std::move(train.samples);
    stop_ = std::move(stop.samples);
    const std::vector<float>& rows = *train_.rows;
    data_hash_ = crypto::Sha256Hex(std::as_bytes(std::span(rows)));
    scaler_ = LearnScaler({.columns = dsp::kBearingFeatures, .values = rows});
    for (Samples* s : {&train_, &stop_, &judge_.samples}) {
      Table table{.columns = dsp::kBearingFeatures, .values = *s->rows};
      scaler_.Apply(table);
      s->rows = std::make_shared<const std::vector<float>>(std::move(table.values));
    }
    return {};
  }

  Result<Fitted> Learn() {
    const FitOptions options{.learn = {.units = 24,
                                       .layers = 2,
                                       .epochs = recipe_.epochs,
                                       .patience = 6,
                                       .learning_rate = 3e-3,
                                       .dropout = 0.2,
                                       .input_noise = 0.15,
                                       .seed = recipe_.seed},
                             .clip = kClip};
    // The history of learning is for the report.
    const trainer::Learner told =
        [this](const trainer::WindowSet& train, const trainer::WindowSet& stop,
               const trainer::LearnOptions& o,
               const std::function<void(const trainer::Progress&)>&) -> Result<trainer::Learned> {
      MW_TRY(trainer::Learned learned, learner_(train, stop, o, [this](const trainer::Progress& p) {
               if (watcher_.epoch) watcher_.epoch(p);
             }));
      out_.history = learned.history;
      out_.best_epoch = learned.best_epoch;
      return learned;
    };
    return FitInt8(train_, stop_, options, told, {});
  }

  Result<void> Judge(const Fitted& fitted) {
    out_.model_file = fitted.tflite;
    out_.manifest.calibration.temperature = fitted.temperature;
    const Samples& heard = judge_.samples;
    MW_TRY(const std::vector<float> p, Predict(fitted.tflite, heard));
    out_.validation = trainer::Measure(p, heard.labels, kBearingClasses);
    out_.majority_accuracy = trainer::CommonestShare(heard.labels);
    out_.parity = {.agreement = fitted.agreement,
                   .score_error_max = 0,
                   .macro_f1_float = fitted.macro_f1_float,
                   .macro_f1_int8 = fitted.macro_f1_int8};
    constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    out_.detection.far = out_.detection.mar = out_.detection.delay_s_median = kUnknown;
    TellVisible(p);
    out_.notes.emplace_back(
        "learned on simulated rigs alone; simulated rigs that were not learned from judge it, "
        "heard as a gateway hears them. Without alarms in time: there are no events in them");
    out_.split = {.unit = "rig",
                  .train_units = {std::to_string(train_.size()) + " simulated rigs"},
                  .held_out_units = {std::to_string(stop_.size()) + " to stop by, " +
                                     std::to_string(heard.size()) + " to judge by"}};
    out_.train_windows = train_.size();
    out_.validation_windows = heard.size();
    out_.class_windows.assign(kBearingClasses, 0);
    for (const int label : train_.labels) ++out_.class_windows[static_cast<size_t>(label)];
    MW_TRY(trainer::Int8Model model, trainer::Int8Model::Load(fitted.tflite));
    std::vector<std::span<const float>> windows;
    const size_t count = std::min(kGoldenVectors, heard.size());
    for (size_t i = 0; i < count; ++i) windows.push_back(heard.Window(i * heard.size() / count));
    trainer::MakeGolden(windows, model, out_);
    return trainer::CheckParity(out_.parity);
  }

  // Strikes below the noise cannot be found by anybody; what is above should be.
  void TellVisible(const std::vector<float>& p) {
    std::vector<float> seen;
    std::vector<int> labels;
    for (size_t i = 0; i < judge_.samples.size(); ++i) {
      if (judge_.samples.labels[i] != 0 && judge_.strengths[i] < kVisible) continue;
      labels.push_back(judge_.samples.labels[i]);
      seen.insert(seen.end(), p.begin() + static_cast<std::ptrdiff_t>(i * kBearingClasses),
                  p.begin() + static_cast<std::ptrdiff_t>((i + 1) * kBearingClasses));
    }
    char text[160];
    std::snprintf(text, sizeof text,
                  "balanced accuracy %.3f on the %zu rigs that are healthy or whose strikes reach "
                  "3 deviations of the noise",
                  trainer::Measure(seen, labels, kBearingClasses).balanced_accuracy, labels.size());
    out_.notes.emplace_back(text);
  }

  Result<void> FillManifest(const std::string& code_version) {
    model::Manifest& m = out_.manifest;
    m.name = recipe_.name;
    m.version = recipe_.version;
    m.created = clock_.Utc() / kSecond * kSecond;
    m.model = {.sha256 = crypto::Sha256Hex(out_.model_file),
               .bytes = out_.model_file.size(),
               .steps = kBearingSteps,
               .features = static_cast<int>(dsp::kBearingFeatures)};
    for (const char* code : kCodes) m.classes.push_back(trainer::DescribeFault(code, {}));
    m.schema = MakeSchema(recipe_);
    m.standardiser.per_asset = false;
    m.standardiser.mean.assign(scaler_.mean.begin(), scaler_.mean.end());
    m.standardiser.deviation.assign(scaler_.deviation.begin(), scaler_.deviation.end());
    m.standardiser.deviation_floor.assign(dsp::kBearingFeatures, kDeviationFloor);
    m.lineage = {.data_hash = data_hash_,
                 .code_version = code_version,
                 .parent = recipe_.parent,
                 .trainer = "millwright-train",
                 .seed = recipe_.seed};
    return model::CheckManifest(m);
  }

  const BearingRecipe& recipe_;
  const trainer::Learner& learner_;
  os::Clock& clock_;
  const trainer::Watcher& watcher_;

  Samples train_, stop_;
  DrawnRigs judge_;
  Scaler scaler_;
  std::string data_hash_;
  trainer::Trained out_;
};

}  // namespace

Result<trainer::Trained> TrainBearings(const BearingRecipe& recipe, const trainer::Learner& learner,
                                       os::Clock& clock, const std::string& code_version,
                                       const trainer::Watcher& watcher) {
  return Recipe(recipe, learner, clock, watcher).All(code_version);
}

}  // namespace millwright::evaluation
