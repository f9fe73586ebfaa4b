#include "trainer/train.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "crypto/sha256.h"
#include "model/lstm_classifier.h"
#include "model/tflite.h"
#include "trainer/cross_fit.h"
#include "trainer/data_hash.h"
#include "trainer/departures.h"
#include "trainer/evaluate.h"
#include "trainer/fault_codes.h"
#include "trainer/few_runs.h"
#include "trainer/golden.h"
#include "trainer/healthy_only.h"
#include "trainer/int8_model.h"
#include "trainer/quantize.h"
#include "trainer/schema_choice.h"
#include "trainer/standardise.h"
#include "trainer/windows.h"

namespace millwright::trainer {
namespace {

using recording::RecordingInfo;

constexpr size_t kCalibrationWindows = 2000;
constexpr size_t kGoldenVectors = 16, kExamples = 6;

// One training run, step by step; each step leaves its result in a member for the next.
class Run {
 public:
  Run(std::vector<RecordingInfo> recordings, const TrainOptions& options, const Learner& learner,
      os::Clock& clock, const Watcher& watcher)
      : recordings_(std::move(recordings)),
        options_(options),
        learner_(learner),
        clock_(clock),
        watcher_(watcher) {}

  Result<Trained> All(const std::string& code_version) {
    const Nanos begin = clock_.Monotonic();
    MW_TRY(Prepare());
    MW_TRY(Load());
    MW_TRY(Standardise());
    const Nanos loaded = clock_.Monotonic();
    MW_TRY(Learn());
    out_.load_s = Seconds(loaded - begin);
    out_.learn_s = Seconds(clock_.Monotonic() - loaded);
    MW_TRY(MakeInt8());
    MW_TRY(Compare());
    MW_TRY(Decide());
    AddGolden();
    MW_TRY(FillManifest(code_version));
    return std::move(out_);
  }

 private:
  void Say(std::string_view stage, double share) const {
    if (watcher_.stage) watcher_.stage(stage, share);
  }

  Result<void> Prepare() {
    MW_TRY(recordings_, PickRuns(std::move(recordings_), options_.runs));
    if (recordings_.empty()) return Fail(Errc::kInvalid, "trainer: no recording");
    MW_TRY(choice_, ChooseSchema(recordings_, options_));
    out_.notes = choice_.notes;
    if (options_.healthy_only) NeutraliseAnomalies(recordings_);
    codes_ = CollectClasses(recordings_);
    healthy_only_ = codes_.size() < 2;
    if (healthy_only_) {
      codes_.emplace_back(kAnomalyCode);
      out_.notes.emplace_back(kHealthyOnlyNote);
    }
    classes_ = static_cast<int>(codes_.size());
    cross_fit_ = !healthy_only_ && choice_.folds > 1 && EnoughForFolds(recordings_);
    if (cross_fit_) {
      LeaveOutHealthy(recordings_, out_.notes);
      out_.split = KeepAll(recordings_);
    } else if (healthy_only_ && recordings_.size() == 1) {
      out_.split = {.train = {0}, .unit = "time", .train_units = {recordings_.front().id}};
    } else {
      MW_TRY(out_.split, SplitRecordings(recordings_, options_.validation_share));
    }
    return {};
  }

  Result<void> Load() {
    // "test" groups take no part; what is loaded keeps the order train, then validation.
    std::vector<size_t> order = out_.split.train;
    order.insert(order.end(), out_.split.held_out.begin(), out_.split.held_out.end());
    train_count_ = out_.split.train.size();
    for (size_t i = 0; i < order.size(); ++i) {
      Say("reading recordings", static_cast<double>(i) / static_cast<double>(order.size()));
      MW_TRY(Series series, LoadSeries(recordings_[order[i]], choice_.schema, codes_));
      if (series.size() == 0)
        out_.notes.push_back("run " + series.id + ": no whole step, it plays no part");
      (i < train_count_ ? out_.train_runs : out_.validation_runs).push_back(series.id);
      series_.push_back(std::move(series));
    }
    if (out_.split.unit == "time") {
      series_.push_back(HoldOutBlocks(series_.front(), options_.validation_share,
                                      FromSeconds(choice_.commissioning_s)));
      out_.validation_runs.push_back(series_.back().id);
      out_.split.held_out_units.push_back(series_.back().id);
    }
    Say("reading recordings", 1);
    return {};
  }

  Result<void> Standardise() {
    const StandardiserOptions o{.step = choice_.schema.step,
                                .commissioning = FromSeconds(choice_.commissioning_s),
                                .clip = choice_.schema.clip,
                                .per_asset = options_.per_asset,
                                .floor_share = choice_.floor_share,
                                .median_floor = choice_.sampled,
                                .log_squash = choice_.schema.log_squash,
                                .pooled = choice_.pooled};
    MW_TRY(standardiser_, LearnGlobal(std::span(series_).first(train_count_), o));
    // A machine's baseline is its own, whichever side of the split its runs are on.
    MW_TRY(trainer::Standardise(series_, standardiser_, o, out_.notes));
    validation_series_.assign(
        std::make_move_iterator(series_.begin() + static_cast<std::ptrdiff_t>(train_count_)),
        std::make_move_iterator(series_.end()));
    series_.resize(train_count_);
    return {};
  }

  Result<void> Learn() {
    const dsp::Schema& s = choice_.schema;
    input_scale_ = InputScale(s.log_squash ? std::log1p(s.clip) : s.clip);
    LearnOptions o = cross_fit_ || healthy_only_ ? ForFewRuns(options_.learn) : options_.learn;
    o.steps = s.steps;
    o.features = static_cast<int>(s.features.size());
    o.classes = classes_;
    o.seed = options_.seed;
    o.mirrored = MirrorGroups(s);
    if (cross_fit_) {
      MW_TRY(LearnFolds(o));
    } else {
      MW_TRY(LearnOne(o));
    }
    return {};
  }

  Result<void> LearnOne(LearnOptions o) {
    MW_TRY(MakeSets());
    o.class_weights = ClassWeights(train_.set.labels, classes_);
    MW_TRY(Learned learned, learner_(train_.set, validation_.set, o, Progressed()));
    net_ = std::move(learned.net);
    out_.history = std::move(learned.history);
    out_.best_epoch = learned.best_epoch;
    return {};
  }

  // Each net is judged on the runs that it did not see; what ships is the mean of all nets.
  Result<void> LearnFolds(const LearnOptions& o) {
    const dsp::Schema& s = choice_.schema;
    MW_TRY(CrossFitted fitted,
           CrossFit(series_, DealFolds(series_, choice_.folds), o, s.step, input_scale_,
                    options_.windows_max, learner_, Progressed()));
    net_ = std::move(fitted.net);
    out_.history = std::move(fitted.history);
    out_.best_epoch = fitted.best_epoch;
    unseen_logits_ = std::move(fitted.logits);
    validation_series_ = std::move(fitted.held);
    for (const Series& held : validation_series_) out_.validation_runs.push_back(held.id);
    return MakeSets();
  }

  std::function<void(const Progress&)> Progressed() const {
    return [this](const Progress& p) {
      if (watcher_.epoch) watcher_.epoch(p);
    };
  }

  Result<void> MakeSets() {
    const dsp::Schema& s = choice_.schema;
    train_ = MakeWindows(series_, s.steps, s.step, input_scale_);
    validation_ = MakeWindows(validation_series_, s.steps, s.step, input_scale_);
    Thin(train_, options_.windows_max);
    Thin(validation_, std::max<size_t>(1000, options_.windows_max / 2));
    if (healthy_only_) MW_TRY(AddUnknown());
    MW_TRY(CheckWindows());
    out_.train_windows = train_.set.size();
    out_.validation_windows = validation_.set.size();
    return {};
  }

  // There is no fault to learn from: windows that no healthy machine shows stand for all of them.
  Result<void> AddUnknown() {
    const dsp::Schema& s = choice_.schema;
    if (train_.set.size() == 0 || validation_.set.size() == 0) return {};  // told by CheckWindows
    MW_TRY(const HealthyShape shape,
           LearnShape(train_.set, s.steps, static_cast<int>(s.features.size())));
    const size_t limit = options_.windows_max / 2;
    AddDepartures(train_, shape, s.steps, input_scale_, limit, options_.seed);
    AddDepartures(validation_, shape, s.steps, input_scale_, limit / 2, options_.seed + 1);
    return {};
  }

  Result<void> CheckWindows() {
    out_.class_windows.assign(codes_.size(), 0);
    for (const int label : train_.set.labels) ++out_.class_windows[static_cast<size_t>(label)];
    for (size_t c = 0; c < codes_.size(); ++c)
      if (out_.class_windows[c] == 0)
        return NoWindowOf(codes_[c], choice_.schema.steps, choice_.schema.step,
                          choice_.commissioning_s);
    if (validation_.set.size() == 0)
      return Fail(Errc::kInvalid, "trainer: the held-out runs are too short for a single window");
    return {};
  }

  std::span<const float> Window(const WindowSet& set, size_t i) const {
    const size_t features = choice_.schema.features.size();
    return set.rows.subspan(size_t{set.first[i]} * features,
                            static_cast<size_t>(choice_.schema.steps) * features);
  }

  Result<void> MakeInt8() {
    Say("quantizing", 0);
    LstmRunner runner(net_);
    Ranges ranges;
    std::vector<float> logits(codes_.size());
    if (healthy_only_)
      LowerOdds(
          net_,
          MakeWindows(validation_series_, choice_.schema.steps, choice_.schema.step, input_scale_),
          validation_.set, options_.decision);
    const size_t stride = std::max<size_t>(1, train_.set.size() / kCalibrationWindows);
    for (size_t i = 0; i < train_.set.size(); i += stride)
      runner.Run(Window(train_.set, i), logits, &ranges);
    logits_.resize(validation_.set.size() * codes_.size());
    for (size_t i = 0; i < validation_.set.size(); ++i)
      runner.Run(Window(validation_.set, i),
                 std::span(logits_).subspan(i * codes_.size(), codes_.size()));
    temperature_ = FitUnseen();
    MW_TRY(const model::QuantizedClassifier quantized,
           Quantize(net_, ranges, input_scale_, temperature_));
    MW_TRY(const model::Graph graph, model::MakeGraph(quantized));
    MW_TRY(out_.model_file, model::WriteTflite(graph));
    MW_TRY(Int8Model model, Int8Model::Load(out_.model_file));
    int8_.emplace(std::move(model));
    return {};
  }

  // Cross-fitted: labels of the windows that unseen_logits_ speaks of, and those without neutral
  // ones.
  struct Unseen {
    std::vector<float> values{};
    std::vector<int> labels{};
  };
  Unseen WithoutNeutral(std::span<const float> values) const {
    const dsp::Schema& s = choice_.schema;
    const Windows whole = MakeWindows(validation_series_, s.steps, s.step, input_scale_, true);
    Unseen out;
    for (size_t i = 0; i < whole.set.size(); ++i) {
      if (whole.set.labels[i] == kNeutral) continue;
      const auto one = values.subspan(i * codes_.size(), codes_.size());
      out.values.insert(out.values.end(), one.begin(), one.end());
      out.labels.push_back(whole.set.labels[i]);
    }
    return out;
  }

  double FitUnseen() const {
    if (!cross_fit_) return FitTemperature(logits_, validation_.set.labels, classes_);
    const Unseen unseen = WithoutNeutral(unseen_logits_);
    return FitTemperature(unseen.values, unseen.labels, classes_);
  }

  std::vector<float> UnseenProbabilities() const {
    const size_t classes = codes_.size();
    std::vector<float> out(unseen_logits_.size());
    for (size_t at = 0; at < out.size(); at += classes)
      Softmax(std::span(unseen_logits_).subspan(at, classes), temperature_,
              std::span(out).subspan(at, classes));
    return out;
  }

  ClassMetrics MeasureUnseen() const {
    const Unseen unseen = WithoutNeutral(UnseenProbabilities());
    return Measure(unseen.values, unseen.labels, classes_);
  }

  Result<void> Compare() {
    const size_t classes = codes_.size();
    std::vector<float> as_float(logits_.size()), as_int8(logits_.size());
    double agree = 0;
    for (size_t i = 0; i < validation_.set.size(); ++i) {
      const auto f = std::span(as_float).subspan(i * classes, classes);
      const auto q = std::span(as_int8).subspan(i * classes, classes);
      Softmax(std::span(logits_).subspan(i * classes, classes), temperature_, f);
      int8_->Run(Window(validation_.set, i), q);
      agree += ArgMax(f) == ArgMax(q) ? 1 : 0;
      out_.parity.score_error_max =
          std::max(out_.parity.score_error_max, static_cast<double>(std::abs(f[0] - q[0])));
      if (i % 500 == 0)
        Say("quantizing", static_cast<double>(i) / static_cast<double>(validation_.set.size()));
    }
    Say("quantizing", 1);
    const auto& labels = validation_.set.labels;
    out_.parity.agreement = agree / static_cast<double>(validation_.set.size());
    out_.parity.macro_f1_float = Measure(as_float, labels, classes_).macro_f1;
    out_.parity.macro_f1_int8 = Measure(as_int8, labels, classes_).macro_f1;
    out_.validation = cross_fit_ ? MeasureUnseen() : Measure(as_int8, labels, classes_);
    out_.majority_accuracy = CommonestShare(labels);
    return CheckParity(out_.parity);
  }

  Result<void> Decide() {
    const dsp::Schema& s = choice_.schema;
    const Windows whole = MakeWindows(validation_series_, s.steps, s.step, input_scale_, true);
    std::vector<float> probabilities = UnseenProbabilities();
    probabilities.resize(whole.set.size() * codes_.size());
    for (size_t i = 0; !cross_fit_ && i < whole.set.size(); ++i) {
      int8_->Run(Window(whole.set, i),
                 std::span(probabilities).subspan(i * codes_.size(), codes_.size()));
      if (i % 1000 == 0)
        Say("replaying held-out runs",
            static_cast<double>(i) / static_cast<double>(whole.set.size()));
    }
    Say("replaying held-out runs", 1);
    std::vector<ScoredRun> runs =
        SplitByRun(validation_series_, whole, probabilities, codes_.size());
    decision_ = options_.decision;
    const bool has_codes = codes_.size() > 2 || codes_[1] != kAnomalyCode;
    const bool by_rows = options_.tuning == Tuning::kAuto && !has_codes && !healthy_only_;
    if (by_rows && cross_fit_) {
      decision_ = EvenLimits();
    } else if ((options_.tuning == Tuning::kRows && !healthy_only_) || by_rows) {
      MW_TRY(decision_, TuneLimits(runs, options_.decision, classes_, s.step));
    }
    MW_TRY(out_.naming, ChooseNaming(runs, decision_, classes_, s.step, options_.name_from));
    decision_.name_from = out_.naming.name_from;
    MW_TRY(ApplyRule(runs, decision_, classes_, s.step));
    out_.detection = MeasureRuns(runs);
    out_.fault_named_right = CountNamed(runs);
    out_.examples = PickExamples(std::move(runs), kExamples + codes_.size());
    return {};
  }

  void AddGolden() {
    const size_t count = std::min(kGoldenVectors, validation_.set.size());
    std::vector<std::span<const float>> windows;
    for (size_t i = 0; i < count; ++i)
      windows.push_back(Window(validation_.set, i * validation_.set.size() / count));
    MakeGolden(windows, *int8_, out_);
  }

  Result<void> FillManifest(const std::string& code_version) {
    model::Manifest& m = out_.manifest;
    m.name = options_.name;
    m.version = options_.version;
    m.created = clock_.Utc() / kSecond * kSecond;
    m.model = {.sha256 = crypto::Sha256Hex(out_.model_file),
               .bytes = out_.model_file.size(),
               .steps = choice_.schema.steps,
               .features = static_cast<int>(choice_.schema.features.size())};
    for (const std::string& code : codes_)
      m.classes.push_back(DescribeFault(code, options_.classes));
    m.schema = choice_.schema;
    m.standardiser = standardiser_;
    m.calibration.temperature = temperature_;
    m.decision = decision_;
    std::vector<RecordingInfo> used;
    for (const auto* side : {&out_.split.train, &out_.split.held_out})
      for (const size_t i : *side) used.push_back(recordings_[i]);
    MW_TRY(const std::string data_hash, HashData(used));
    m.lineage = {.data_hash = data_hash,
                 .code_version = code_version,
                 .parent = options_.parent,
                 .trainer = "millwright-train",
                 .seed = options_.seed};
    return model::CheckManifest(m);
  }

  std::vector<RecordingInfo> recordings_;
  const TrainOptions& options_;
  const Learner& learner_;
  os::Clock& clock_;
  const Watcher& watcher_;

  SchemaChoice choice_;
  std::vector<std::string> codes_;
  int classes_ = 0;
  size_t train_count_ = 0;
  bool cross_fit_ = false;
  bool healthy_only_ = false;  // no fault was ever seen
  std::vector<Series> series_, validation_series_;
  model::Manifest::Standardiser standardiser_;
  float input_scale_ = 0;
  Windows train_, validation_;
  LstmNet net_;
  std::vector<float> logits_;         // of the float net on the validation windows
  std::vector<float> unseen_logits_;  // cross-fitted: of all windows of validation_series_
  double temperature_ = 1;
  std::optional<Int8Model> int8_;
  model::DecisionLimits decision_;
  Trained out_;
};

}  // namespace

Result<Trained> Train(std::vector<RecordingInfo> recordings, const TrainOptions& options,
                      const Learner& learner, os::Clock& clock, const std::string& code_version,
                      const Watcher& watcher) {
  return Run(std::move(recordings), options, learner, clock, watcher).All(code_version);
}

}  // namespace millwright::trainer
