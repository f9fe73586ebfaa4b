// Failures of a robot's arm, told by force and torque at its wrist: 15 samples after something went
// wrong. Repeated cross-validation within a task; with --test, another task on the classes both
// have.
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "evaluation/baselines.h"
#include "evaluation/posterior_net.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"
#include "recording/layouts.h"
#include "recording/text_file.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace robot {
namespace {

namespace fs = std::filesystem;

constexpr size_t kSteps = 15, kChannels = 6;
// The value, running maximum, minimum and mean, each with its size; running deviation.
constexpr size_t kStatistics = 9;
// Of each channel as it is, and of what it moved since the first sample.
constexpr size_t kFeatures = 2 * kChannels * kStatistics;
constexpr double kSampleSeconds = 0.021;
constexpr double kClip = 2.5;
// After so many samples the net is given posteriors.
constexpr size_t kLooks[] = {5, 10, 15};
constexpr int kFolds = 5;

struct Instances {
  std::vector<std::string> classes{};  // of each
  std::vector<float> values{};         // [n x kSteps x kChannels]
  std::vector<std::string> files{};    // where each comes from
  [[nodiscard]] size_t size() const { return classes.size(); }
};

// A line with the class, then 15 lines of six numbers; blank lines between.
Result<void> ReadFile(const fs::path& path, Instances& out) {
  MW_TRY(recording::InputFile file, recording::InputFile::Open(path.string()));
  std::string line;
  size_t rows = kSteps;
  const auto bad = [&](const std::string& what) {
    return Fail(Errc::kInvalid,
                path.string() + ":" + std::to_string(file.line_number()) + ": " + what);
  };
  while (true) {
    MW_TRY(const bool more, file.ReadLine(line));
    if (!more) break;
    std::vector<std::string> fields;
    size_t at = 0;
    while ((at = line.find_first_not_of(" \t", at)) != std::string::npos) {
      const size_t end = std::min(line.find_first_of(" \t", at), line.size());
      fields.push_back(line.substr(at, end - at));
      at = end;
    }
    if (fields.empty()) continue;
    double number = 0;
    if (fields.size() == 1 && !recording::ParseCell(fields[0], number)) {
      if (rows != kSteps) return bad("the instance before has " + std::to_string(rows) + " rows");
      out.classes.push_back(fields[0]);
      out.files.push_back(path.filename().string());
      rows = 0;
      continue;
    }
    if (fields.size() != kChannels) return bad("wanted a class, or six numbers");
    if (out.classes.empty() || rows == kSteps) return bad("a row that belongs to no instance");
    for (const std::string& field : fields) {
      if (!recording::ParseCell(field, number)) return bad("\"" + field + "\" is no number");
      out.values.push_back(static_cast<float>(number));
    }
    ++rows;
  }
  if (rows != kSteps) return bad("the last instance has " + std::to_string(rows) + " rows");
  return {};
}

bool IsTask(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("lp") && name.find(".data") != std::string::npos;
}

// lp1 alone where it is there and only it is wanted; else every task of the folder.
Result<Instances> ReadTasks(const fs::path& folder, bool first_only) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (IsTask(entry.path())) paths.push_back(entry.path());
  std::ranges::sort(paths);
  if (paths.empty())
    return Fail(Errc::kNotFound, "robot: no task (lp1.data.txt and so on) in " + folder.string());
  if (first_only && paths.front().filename().string().starts_with("lp1")) paths.resize(1);
  Instances out;
  for (const fs::path& path : paths) MW_TRY(ReadFile(path, out));
  return out;
}

float SignedLog(float v) { return v < 0 ? -std::log1p(-v) : std::log1p(v); }

// One channel's value and what it did so far.
class Running {
 public:
  void Take(float v, std::vector<float>& out) {
    high_ = count_ == 0 ? v : std::max(high_, v);
    low_ = count_ == 0 ? v : std::min(low_, v);
    count_ += 1;
    sum_ += static_cast<double>(v);
    square_ += static_cast<double>(v) * static_cast<double>(v);
    const double mean = sum_ / count_;
    const double deviation = std::sqrt(std::max(0.0, square_ / count_ - mean * mean));
    // How strongly it moves tells as much as which way.
    for (const float f : {v, high_, low_, static_cast<float>(mean)}) {
      out.push_back(SignedLog(f));
      out.push_back(std::abs(SignedLog(f)));
    }
    out.push_back(SignedLog(static_cast<float>(deviation)));
  }

 private:
  float high_ = 0, low_ = 0;
  double count_ = 0, sum_ = 0, square_ = 0;
};

// Of each channel, up to and including each step.
std::vector<float> Features(const Instances& all) {
  std::vector<float> out;
  out.reserve(all.size() * kSteps * kFeatures);
  for (size_t i = 0; i < all.size(); ++i) {
    std::array<Running, 2 * kChannels> running{};
    const float* first = all.values.data() + i * kSteps * kChannels;
    for (size_t s = 0; s < kSteps; ++s)
      for (size_t c = 0; c < kChannels; ++c) {
        const float v = first[s * kChannels + c];
        running[2 * c].Take(v, out);
        running[2 * c + 1].Take(v - first[c], out);
      }
  }
  return out;
}

// The features as they stand after the samples of kLooks.
Table LooksOf(const std::vector<float>& features, size_t n) {
  Table out{.columns = std::size(kLooks) * kFeatures};
  for (size_t i = 0; i < n; ++i)
    for (const size_t look : kLooks) {
      const auto from =
          features.begin() + static_cast<std::ptrdiff_t>((i * kSteps + look - 1) * kFeatures);
      out.values.insert(out.values.end(), from, from + kFeatures);
    }
  return out;
}

class Robot {
 public:
  explicit Robot(const StudyContext& context) : context_(context) {}

  Result<Outcome> Run() {
    MW_TRY(const auto folder, context_.TrainFolder("robot_failures"));
    MW_TRY(all_, ReadTasks(folder, true));
    train_ = all_.size();
    if (context_.options.test) {
      MW_TRY(const Instances test, ReadTasks(*context_.options.test, false));
      all_.values.insert(all_.values.end(), test.values.begin(), test.values.end());
      all_.classes.insert(all_.classes.end(), test.classes.begin(), test.classes.end());
      all_.files.insert(all_.files.end(), test.files.begin(), test.files.end());
    }
    MW_TRY(NameClasses());
    table_ = LooksOf(Features(all_), all_.size());
    table_.labels = labels_;
    for (int seed = 1; seed <= context_.options.seeds; ++seed) MW_TRY(Seed(seed));
    Report();
    return std::move(out_);
  }

 private:
  // Class numbers follow the training task; what only a test task has is not scored.
  Result<void> NameClasses() {
    const std::set<std::string> known(all_.classes.begin(),
                                      all_.classes.begin() + static_cast<std::ptrdiff_t>(train_));
    names_.assign(known.begin(), known.end());
    for (const std::string& name : all_.classes) {
      const auto found = std::ranges::find(names_, name);
      labels_.push_back(found == names_.end() ? -1 : static_cast<int>(found - names_.begin()));
    }
    std::set<int> in_both;
    for (size_t i = train_; i < labels_.size(); ++i)
      if (labels_[i] >= 0) in_both.insert(labels_[i]);
    shared_.assign(names_.size(), train_ == labels_.size());
    for (const int label : in_both) shared_[static_cast<size_t>(label)] = true;
    if (train_ < labels_.size() && in_both.size() < 2)
      return Fail(Errc::kInvalid,
                  "robot: the test task shares fewer than two classes with the training task");
    return {};
  }

  struct Split {
    std::vector<size_t> train, test;
  };
  [[nodiscard]] std::vector<Split> Splits(uint64_t seed) const {
    if (train_ < all_.size()) {
      Split one;
      for (size_t i = 0; i < all_.size(); ++i) {
        if (i < train_) one.train.push_back(i);
        if (i >= train_ && labels_[i] >= 0) one.test.push_back(i);
      }
      return {one};
    }
    // Each class is dealt over the folds, so that none misses one.
    std::vector<Split> out(kFolds);
    std::mt19937_64 random(seed);
    std::vector<size_t> order(train_);
    std::iota(order.begin(), order.end(), size_t{0});
    for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[random() % i]);
    std::ranges::stable_sort(order, {}, [&](size_t i) { return labels_[i]; });
    for (size_t n = 0; n < order.size(); ++n)
      for (size_t f = 0; f < kFolds; ++f)
        (n % kFolds == f ? out[f].test : out[f].train).push_back(order[n]);
    return out;
  }

  Result<void> Seed(int seed) {
    const std::vector<Split> splits = Splits(static_cast<uint64_t>(seed));
    std::vector<float> probabilities;
    std::vector<int> truth;
    std::map<std::string, std::vector<float>> baselines;
    for (size_t s = 0; s < splits.size(); ++s) {
      const Split& split = splits[s];
      if (context_.say)
        context_.say("folds", (static_cast<double>(seed - 1) +
                               static_cast<double>(s) / static_cast<double>(splits.size())) /
                                  context_.options.seeds);
      const Table train = PickRows(table_, split.train), test = PickRows(table_, split.test);
      MW_TRY(const std::vector<float> p, Fit(train, test, static_cast<uint64_t>(seed)));
      MW_TRY(const auto simple, AllBaselines(train, test, static_cast<int>(names_.size()),
                                             static_cast<uint64_t>(seed)));
      for (const NamedScores& one : simple) Append(baselines[one.name], one.scores);
      Append(probabilities, p);
      for (const size_t i : split.test) truth.push_back(labels_[i]);
      if (seed == 1) Predict(split, p);
    }
    const auto measure = [&](const std::vector<float>& scores) {
      return trainer::Measure(scores, truth, static_cast<int>(names_.size()));
    };
    const trainer::ClassMetrics m = measure(probabilities);
    macro_f1_.push_back(m.macro_f1);
    accuracy_.push_back(m.accuracy);
    calibration_.push_back(m.calibration_error);
    for (const auto& [name, scores] : baselines)
      baselines_[name].push_back(measure(scores).macro_f1);
    return {};
  }

  Result<std::vector<float>> Fit(const Table& train, const Table& test, uint64_t seed) {
    PosteriorNetOptions options{.choice_folds = 10,
                                .inner_folds = 12,
                                .fit = {.learn = {.units = 8,
                                                  .epochs = context_.options.quick ? 30 : 60,
                                                  .patience = 20,
                                                  .batch = 32,
                                                  .learning_rate = 1e-2,
                                                  .weight_decay = 1e-2,
                                                  .dropout = 0,
                                                  .input_noise = 0.1},
                                        .clip = kClip,
                                        .nets = 3}};
    for (const double shrinkage : {0.7, 0.5, 0.3}) {
      Candidate one{.name = std::to_string(shrinkage).substr(0, 4), .shrinkage = shrinkage};
      one.steps.steps = std::size(kLooks);
      one.steps.own_only = true;  // running statistics hold what was before
      for (size_t c = 0; c < train.columns; ++c) {
        one.columns.push_back(c);
        one.steps.step_of.push_back(static_cast<int>(c / kFeatures));
      }
      options.candidates.push_back(std::move(one));
    }
    std::vector<int> groups(train.size());
    std::iota(groups.begin(), groups.end(), 0);
    MW_TRY(PosteriorNet net,
           FitPosteriorNet(train, std::move(groups), test, static_cast<int>(names_.size()), seed,
                           options, context_.learner));
    agreement_.push_back(net.fitted.agreement);
    out_.Ship("robot", net.fitted.tflite);
    ++chosen_[net.chosen];
    return std::move(net.probabilities);
  }

  // Classes that the other task does not have are not guessed.
  void Append(std::vector<float>& all, const std::vector<float>& scores) const {
    for (size_t i = 0; i < scores.size(); ++i)
      all.push_back(shared_[i % names_.size()] ? scores[i] : -1e30F);
  }

  void Predict(const Split& split, const std::vector<float>& p) {
    const size_t k = names_.size();
    for (size_t n = 0; n < split.test.size(); ++n) {
      std::vector<float> one;
      Append(one, {p.begin() + static_cast<std::ptrdiff_t>(n * k),
                   p.begin() + static_cast<std::ptrdiff_t>((n + 1) * k)});
      const auto guess = static_cast<size_t>(trainer::ArgMax(one));
      const size_t i = split.test[n];
      Prediction& out = out_.predictions.emplace_back();
      out.place.recording = all_.files[i] + " " + std::to_string(i < train_ ? i : i - train_);
      out.place.end_s = kSteps * kSampleSeconds;
      out.truth = all_.classes[i];
      out.guess = names_[guess];
      out.probability = static_cast<double>(one[guess]);
    }
  }

  void Report() {
    out_.SetSeeds("robot_macro_f1", macro_f1_);
    out_.SetSeeds("robot_accuracy", accuracy_);
    out_.SetSeeds("robot_calibration_error", calibration_);
    out_.SetSeeds("robot_agreement", agreement_);
    out_.Set("robot_instances", context_.options.test ? all_.size() - train_ : train_);
    std::string best, words;
    double most = -1;
    for (const auto& [name, scores] : baselines_) {
      const double mean =
          std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
      char text[64];
      std::snprintf(text, sizeof text, "%s%s %.3f", words.empty() ? "" : ", ", name.c_str(), mean);
      words += text;
      if (mean > most) {
        most = mean;
        best = name;
      }
    }
    out_.Set("robot_best_baseline", most);
    out_.Set("robot_best_baseline_name", best);
    out_.Set("robot_promoted", out_.Number("robot_macro_f1") >= most - 0.02);
    if (!context_.options.test) out_.AtLeast("robot_macro_f1", 0.93);
    out_.Note("macro F1 of the baselines, same folds: " + words);
    out_.Note(context_.options.test
                  ? "trained on one task, judged on another, on the classes both have"
                  : "instances of one task dealt into 5 folds class by class, anew for each seed");
  }

  const StudyContext& context_;
  Instances all_;
  size_t train_ = 0;
  std::vector<std::string> names_;
  std::vector<int> labels_;
  Table table_;
  std::map<std::string, int> chosen_;
  std::vector<bool> shared_;  // classes that are guessed
  Outcome out_;
  std::vector<double> macro_f1_, accuracy_, calibration_, agreement_;
  std::map<std::string, std::vector<double>> baselines_;
};

}  // namespace
}  // namespace robot

Result<Outcome> StudyRobot(const StudyContext& context) { return robot::Robot(context).Run(); }

}  // namespace millwright::evaluation
