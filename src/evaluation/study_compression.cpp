// From a teacher of 45 MB to INT8 students of 2.3 MB and less, on the hydraulic rig's accumulator:
// students that follow the teacher and are pruned, beside students of the same size that never met
// one.
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
#include "model/tflite.h"
#include "nn/cost_model.h"
#include "trainer/metrics.h"
#include "trainer/prune.h"

namespace millwright::evaluation {
namespace compression {
namespace {

constexpr size_t kTarget = 3;  // accumulator: the one that is hard
constexpr int kParts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
constexpr int kFolds = 8, kInnerFolds = 8;
constexpr int kTestFolds = 2;  // of combinations, judged; one more decides when to stop
constexpr double kShrinkage = 1e-5;
constexpr int kCopies = 1;
constexpr double kClip = 2.5;
constexpr double kMega = 1e6;

struct Size {
  const char* name;
  int units;
};
// Largest first: each is pruned out of the one before it.
constexpr Size kSizes[] = {{"2_3", 740}, {"1_2", 530}, {"0_9", 460}, {"0_4", 300}};
constexpr int kTeacherUnits = 970, kTeacherLayers = 2;

struct Data {
  Samples train{}, stop{}, test{};
  Table plain_train{}, plain_test{};
};

double FloatBytes(const trainer::LstmNet& net) {
  size_t count = net.dense_weights.size() + net.dense_biases.size();
  for (const trainer::LstmLayer& layer : net.layers)
    for (size_t g = 0; g < model::kGates; ++g)
      count += layer.input_weights[g].size() + layer.recurrent_weights[g].size() +
               layer.biases[g].size();
  return static_cast<double>(count * sizeof(float));
}

// What one model is worth on the judged cycles.
struct Worth {
  double f1_float = 0, f1_int8 = 0, agreement = 0, bytes = 0, pi4_ms = 0, nano_ms = 0;
};

Result<Worth> Judge(const Fitted& fitted, const Samples& test) {
  Worth out{.bytes = static_cast<double>(fitted.tflite.size())};
  const auto classes = static_cast<size_t>(test.classes);
  const std::vector<float> as_float = FloatLogits(fitted.net, test);
  MW_TRY(const std::vector<float> as_int8, Predict(fitted.tflite, test));
  out.f1_float = trainer::Measure(as_float, test.labels, test.classes).macro_f1;
  out.f1_int8 = trainer::Measure(as_int8, test.labels, test.classes).macro_f1;
  for (size_t i = 0; i < test.size(); ++i)
    out.agreement += trainer::ArgMax(std::span(as_float).subspan(i * classes, classes)) ==
                             trainer::ArgMax(std::span(as_int8).subspan(i * classes, classes))
                         ? 1 / static_cast<double>(test.size())
                         : 0;
  MW_TRY(const model::Graph graph, model::ReadTflite(fitted.tflite));
  out.pi4_ms = nn::PredictedMs(graph, nn::kRaspberryPi4);
  out.nano_ms = nn::PredictedMs(graph, nn::kJetsonNano);
  return out;
}

// One way to a size, over the seeds.
struct Row {
  std::vector<double> f1_float{}, f1_int8{}, agreement{};
  Worth last{};
  void Take(const Worth& w) {
    f1_float.push_back(w.f1_float);
    f1_int8.push_back(w.f1_int8);
    agreement.push_back(w.agreement);
    last = w;
  }
};

double Mean(const std::vector<double>& v) {
  return v.empty() ? std::nan("")
                   : std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

class Compression {
 public:
  explicit Compression(const StudyContext& context) : context_(context) {}

  Result<Outcome> Run() {
    if (context_.options.test)
      return Fail(Errc::kInvalid, "compression: judges on combinations it holds out; no --test");
    MW_TRY(Prepare());
    MW_TRY(Teach());
    const int seeds = context_.options.quick ? 1 : context_.options.seeds;
    for (int seed = 1; seed <= seeds; ++seed) {
      MW_TRY(Followers(seed, seeds));
      MW_TRY(Direct(seed, seeds));
    }
    MW_TRY(Report(seeds));
    return std::move(out_);
  }

 private:
  Result<void> Prepare() {
    MW_TRY(const auto folder, context_.TrainFolder("hydraulic_zema"));
    MW_TRY(const HydraulicCycles data, ReadHydraulic(folder));
    MW_TRY(HydraulicTable cycles, MakeHydraulicTable(data, kParts));
    const std::set<int> distinct(data.levels[kTarget].begin(), data.levels[kTarget].end());
    const std::vector<int> levels(distinct.begin(), distinct.end());
    classes_ = static_cast<int>(levels.size());
    for (const int level : data.levels[kTarget])
      cycles.table.labels.push_back(
          static_cast<int>(std::ranges::find(levels, level) - levels.begin()));
    Samples index;
    index.groups = data.combination;
    index.first.resize(data.size());
    const auto folds = DealGroups(index, kFolds, 1);
    std::vector<size_t> part[3];  // train, stop, test
    for (int f = 0; f < kFolds; ++f)
      for (const size_t i : InGroups(index, folds[static_cast<size_t>(f)]))
        part[f < kTestFolds ? 2 : f == kTestFolds ? 1 : 0].push_back(i);
    std::vector<int> groups;
    for (const size_t i : part[0]) groups.push_back(data.combination[i]);
    return Project(cycles, part[0], part[1], part[2], std::move(groups));
  }

  Result<void> Project(const HydraulicTable& cycles, const std::vector<size_t>& train,
                       const std::vector<size_t>& stop, const std::vector<size_t>& test,
                       std::vector<int> groups) {
    constexpr size_t kSteps = std::size(kParts);
    data_.plain_train = PickRows(cycles.table, train);
    data_.plain_test = PickRows(cycles.table, test);
    const Table between = PickRows(cycles.table, stop);
    MW_TRY(std::vector<float> crossed, CrossFitSteps(data_.plain_train, groups, cycles.columns,
                                                     classes_, kShrinkage, kInnerFolds, 1));
    MW_TRY(const Projection projection,
           Projection::Learn(data_.plain_train, cycles.columns, classes_, kShrinkage));
    const Posteriors posteriors =
        Posteriors::Learn(crossed, data_.plain_train.labels, kSteps, classes_);
    posteriors.Apply(crossed);
    Permuted all{std::move(crossed), data_.plain_train.labels, std::move(groups)};
    PermuteClasses(all, kSteps, classes_, kCopies, 1);
    data_.train = MakeSamples(std::move(all.scores), kSteps, classes_, classes_, all.labels);
    const auto project = [&](const Table& table) {
      std::vector<float> scores = projection.Steps(table);
      posteriors.Apply(scores);
      return MakeSamples(std::move(scores), kSteps, classes_, classes_, table.labels);
    };
    data_.stop = project(between);
    data_.test = project(data_.plain_test);
    return {};
  }

  [[nodiscard]] FitOptions Options(int units, int epochs, uint64_t seed) const {
    return {.learn = {.units = units,
                      .epochs = context_.options.quick ? 1 : epochs,
                      .patience = 4,
                      .batch = 64,
                      .learning_rate = 1e-3,
                      .weight_decay = 1e-2,
                      .dropout = 0.1,
                      .input_noise = 0.1,
                      .seed = seed},
            .clip = kClip};
  }

  [[nodiscard]] Say Told(const std::string& what) const {
    return [this, what](std::string_view, double share) {
      if (context_.say) context_.say(what, share);
    };
  }

  Result<void> Teach() {
    FitOptions options = Options(kTeacherUnits, 8, 1);
    options.learn.layers = kTeacherLayers;
    options.learn.learning_rate = 5e-4;
    MW_TRY(trainer::LstmNet net,
           LearnNet(data_.train, data_.stop, options, context_.learner, Told("teacher")));
    if (context_.say) context_.say("teacher as INT8", 0);
    teacher_bytes_ = FloatBytes(net);
    logits_ = FloatLogits(net, data_.train);
    MW_TRY(const Fitted fitted, QuantizeNet(std::move(net), data_.stop, data_.stop, kClip));
    MW_TRY(teacher_, Judge(fitted, data_.test));
    return {};
  }

  // Learns to follow the teacher at the largest size; each smaller one is what pruning leaves,
  // taught again. Every size ends with rounds that feel the rounding.
  Result<void> Followers(int seed, int seeds) {
    trainer::LstmNet net;
    for (const Size& size : kSizes) {
      const std::string what = std::string("follower ") + size.name + " MB, seed " +
                               std::to_string(seed) + "/" + std::to_string(seeds);
      FitOptions options = Options(size.units, 12, uint64_t{10} * static_cast<uint64_t>(seed));
      options.teacher = logits_;
      if (!net.layers.empty()) {
        options.learn.start =
            std::make_shared<trainer::LstmNet>(trainer::PruneUnits(net, size.units));
        options.learn.epochs = std::min(options.learn.epochs, 6);
      }
      MW_TRY(net, LearnNet(data_.train, data_.stop, options, context_.learner, Told(what)));
      MW_TRY(const Fitted plain, QuantizeNet(net, data_.train, data_.stop, kClip));
      MW_TRY(const Worth rounded_after, Judge(plain, data_.test));
      after_[size.name].Take(rounded_after);
      out_.Ship(std::string(size.name) + " MB, follows, INT8 afterwards", plain.tflite,
                rounded_after.f1_int8);
      options.learn.start = std::make_shared<trainer::LstmNet>(net);
      options.learn.quantized = true;
      options.learn.epochs = std::min(options.learn.epochs, 3);
      options.learn.learning_rate = 1e-4;
      MW_TRY(trainer::LstmNet felt,
             LearnNet(data_.train, data_.stop, options, context_.learner, Told(what)));
      MW_TRY(const Fitted aware, QuantizeNet(std::move(felt), data_.train, data_.stop, kClip));
      MW_TRY(const Worth worth, Judge(aware, data_.test));
      followers_[size.name].Take(worth);
      out_.Ship(std::string(size.name) + " MB, follows, INT8 in training", aware.tflite,
                worth.f1_int8);
    }
    return {};
  }

  Result<void> Direct(int seed, int seeds) {
    for (const Size& size : kSizes) {
      const std::string what = std::string("without a teacher ") + size.name + " MB, seed " +
                               std::to_string(seed) + "/" + std::to_string(seeds);
      MW_TRY(const Fitted fitted,
             FitInt8(data_.train, data_.stop,
                     Options(size.units, 12, uint64_t{10} * static_cast<uint64_t>(seed) + 5),
                     context_.learner, Told(what)));
      MW_TRY(const Worth worth, Judge(fitted, data_.test));
      direct_[size.name].Take(worth);
      out_.Ship(std::string(size.name) + " MB, without a teacher", fitted.tflite, worth.f1_int8);
    }
    return {};
  }

  void Line(const std::string& name, const std::string& how, double bytes, const Row& row) {
    char text[200];
    std::snprintf(text, sizeof text,
                  "%-6s %-34s %6.2f MB  macro F1 %.4f float, %.4f INT8  agree %.4f  Pi 4 %.1f ms, "
                  "Nano %.1f ms",
                  name.c_str(), how.c_str(), bytes / kMega, Mean(row.f1_float), Mean(row.f1_int8),
                  Mean(row.agreement), row.last.pi4_ms, row.last.nano_ms);
    table_.emplace_back(text);
    out_.Note(text);
  }

  Result<void> Report(int seeds) {
    Row teacher;
    teacher.Take(teacher_);
    Line("45", "teacher, float32", teacher_bytes_, teacher);
    Line("11", "teacher, INT8", teacher_.bytes, teacher);
    for (const Size& size : kSizes) {
      const std::string key = std::string("compression_") + size.name;
      Line(size.name, "follows, pruned, INT8 in training", followers_[size.name].last.bytes,
           followers_[size.name]);
      Line(size.name, "follows, pruned, INT8 afterwards", after_[size.name].last.bytes,
           after_[size.name]);
      Line(size.name, "never met the teacher", direct_[size.name].last.bytes, direct_[size.name]);
      out_.Set(key + "_mb", followers_[size.name].last.bytes / kMega);
      out_.SetSeeds(key + "_macro_f1", followers_[size.name].f1_int8);
      out_.SetSeeds(key + "_macro_f1_direct", direct_[size.name].f1_int8);
      out_.Set(key + "_pi4_ms", followers_[size.name].last.pi4_ms);
      out_.Set(key + "_nano_ms", followers_[size.name].last.nano_ms);
    }
    out_.Set("compression_table", table_);
    const Row &shipped = followers_["2_3"], &small = followers_["0_9"];
    out_.Set("compression_seeds", seeds);
    out_.Set("compression_teacher_mb", teacher_bytes_ / kMega);
    out_.Set("compression_teacher_macro_f1", teacher_.f1_float);
    out_.Set("compression_mb", shipped.last.bytes / kMega);
    out_.Set("compression_small_mb", small.last.bytes / kMega);
    out_.Set("compression_ratio", teacher_bytes_ / shipped.last.bytes);
    out_.Set("compression_macro_f1_loss", teacher_.f1_float - Mean(shipped.f1_int8));
    out_.Set("compression_macro_f1_loss_small", teacher_.f1_float - Mean(small.f1_int8));
    double agreement = 1, loss = 0;
    for (const Size& size : kSizes) {
      const Row& row = followers_[size.name];
      agreement = std::min(agreement, Mean(row.agreement));
      loss = std::max(loss, Mean(row.f1_float) - Mean(row.f1_int8));
    }
    out_.Set("compression_agreement", agreement);
    out_.Set("compression_int8_loss", loss);
    const double helps = Mean(shipped.f1_int8) - Mean(direct_["2_3"].f1_int8);
    out_.Set("compression_teacher_helps", helps);
    MW_TRY(const auto lda, Lda(data_.plain_train, data_.plain_test, classes_, kShrinkage));
    out_.Set("compression_best_baseline",
             trainer::Measure(lda, data_.plain_test.labels, classes_).macro_f1);
    out_.Set("compression_best_baseline_name", "LDA");
    out_.AtLeast("compression_ratio", 19.6);
    out_.AtMost("compression_mb", 2.3);
    out_.AtMost("compression_small_mb", 0.9);
    out_.AtMost("compression_macro_f1_loss", 0.01);
    out_.AtMost("compression_macro_f1_loss_small", 0.03);
    out_.AtLeast("compression_agreement", 0.995);
    out_.AtMost("compression_int8_loss", 0.005);
    out_.Note(
        std::abs(helps) < 0.005
            ? "the teacher does not help at 2.3 MB: a student of the same size that was trained "
              "directly is as good"
        : helps > 0 ? "the teacher helps at 2.3 MB"
                    : "the teacher harms at 2.3 MB");
    out_.Note(
        "accumulator of the hydraulic rig; combinations of conditions that neither taught nor "
        "stopped are judged: " +
        std::to_string(data_.test.size()) + " cycles");
    return {};
  }

  const StudyContext& context_;
  Data data_;
  int classes_ = 0;
  double teacher_bytes_ = 0;
  Worth teacher_;
  std::vector<float> logits_;
  std::map<std::string, Row> followers_, after_, direct_;
  std::vector<std::string> table_;
  Outcome out_;
};

}  // namespace
}  // namespace compression

Result<Outcome> StudyCompression(const StudyContext& context) {
  return compression::Compression(context).Run();
}

}  // namespace millwright::evaluation
