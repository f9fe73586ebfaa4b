// Gas sensors that age for years: rows come batch by batch in time order. A detector that sees
// inputs alone flags the change, a few labels of the rows after the flag are asked, the model is
// retrained, and what it says of the rows after that is judged.
#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "evaluation/baselines.h"
#include "evaluation/gas_stable.h"
#include "evaluation/novelty.h"
#include "evaluation/posterior_net.h"
#include "evaluation/read_gas.h"
#include "evaluation/studies.h"
#include "evaluation/study.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace gas {
namespace {

constexpr size_t kLabels = 30;        // asked of a batch
constexpr size_t kPool = 60;          // rows after the flag that they are chosen from
constexpr size_t kReference = 150;    // rows that a detector learns from, at least
constexpr int kWeight = 4;            // of an asked row of the batch at hand against all older ones
constexpr size_t kChoiceColumns = 8;  // principal components in which rows are near
constexpr double kShrinkage = 1e-3;
// When in an exposure a sensor's eight numbers are there: level and share once it is steady, three
// of the rise before that, three of the decay after.
constexpr std::array<int, kGasPerSensor> kStepOf = {1, 1, 0, 0, 0, 2, 2, 2};
constexpr int kSteps = 3;

struct Batch {
  GasBatch read{};
  Table rows{};  // in the order of this seed
  std::vector<size_t> order{};
  size_t flag = 0, update = 0;  // rows before each; both the size where there was no flag
  std::vector<bool> asked{};
  bool judged = true;
};

class Gas {
 public:
  explicit Gas(const StudyContext& context) : context_(context) {}

  Result<Outcome> Run() {
    MW_TRY(Read());
    for (int seed = 1; seed <= context_.options.seeds; ++seed) MW_TRY(Seed(seed));
    Report();
    return std::move(out_);
  }

 private:
  Result<void> Read() {
    MW_TRY(const auto folder, context_.TrainFolder("gas_drift"));
    MW_TRY(auto known, ReadGas(folder));
    const bool unseen = context_.options.test.has_value();
    for (GasBatch& one : known) batches_.push_back({.read = std::move(one), .judged = !unseen});
    if (unseen) {
      MW_TRY(auto further, ReadGas(*context_.options.test));
      for (GasBatch& one : further) batches_.push_back({.read = std::move(one)});
    }
    if (batches_.size() < 2) return Fail(Errc::kInvalid, "gas: one batch alone has no drift");
    batches_[0].judged = false;
    if (batches_[0].read.size() < kReference)
      return Fail(Errc::kInvalid,
                  "gas: the first batch has fewer than " + std::to_string(kReference) + " rows");
    // A gas that the first batch has not is never guessed, so it counts as wrong.
    const std::set<int> gases(batches_[0].read.gases.begin(), batches_[0].read.gases.end());
    gases_.assign(gases.begin(), gases.end());
    return {};
  }

  [[nodiscard]] int classes() const { return static_cast<int>(gases_.size()); }

  void Shuffle(uint64_t seed) {
    std::mt19937_64 random(seed);
    for (Batch& batch : batches_) {
      const Table all = GasFeatures(batch.read);
      batch.order.resize(all.size());
      std::iota(batch.order.begin(), batch.order.end(), size_t{0});
      for (size_t i = batch.order.size(); i > 1; --i)
        std::swap(batch.order[i - 1], batch.order[random() % i]);
      batch.rows = PickRows(all, batch.order);
      for (int& label : batch.rows.labels) {
        const auto found = std::ranges::find(gases_, label);
        label = found == gases_.end() ? -1 : static_cast<int>(found - gases_.begin());
      }
      batch.asked.assign(all.size(), false);
      batch.flag = batch.update = all.size();
    }
  }

  // What the batches before `b` look like, without labels: the last one, or more where it is short.
  [[nodiscard]] Table ReferenceBefore(size_t b) const {
    Table out{.columns = kGasColumns};
    while (b-- > 0 && out.size() < kReference) Append(out, batches_[b].rows);
    return out;
  }
  static void Append(Table& all, const Table& more) {
    all.values.insert(all.values.end(), more.values.begin(), more.values.end());
    all.labels.insert(all.labels.end(), more.labels.begin(), more.labels.end());
  }
  static Table Range(const Table& all, size_t first, size_t last) {
    std::vector<size_t> rows(last - first);
    std::iota(rows.begin(), rows.end(), first);
    return PickRows(all, rows);
  }

  Result<void> Flag(size_t b) {
    Batch& batch = batches_[b];
    MW_TRY(NoveltyDrift detector, NoveltyDrift::Learn(ReferenceBefore(b)));
    for (size_t i = 0; i < batch.rows.size(); ++i) {
      if (!detector.Push(batch.rows.Row(i))) continue;
      batch.flag = i + 1;
      batch.update = std::min(batch.flag + kPool, batch.rows.size());
      break;
    }
    if (batch.judged) {
      rows_to_flag_.push_back(static_cast<double>(batch.flag));
      flagged_ += batch.update < batch.rows.size() ? 1 : 0;
    }
    return {};
  }

  // Asks of the rows after the flag those that stand for many, unsure ones first.
  Result<void> Ask(Batch& batch, const std::vector<float>& said) {
    const Table pool = Range(batch.rows, batch.flag, batch.update);
    if (pool.size() <= kChoiceColumns) return {};
    MW_TRY(const LinearMap map, LearnWhitening(pool, kChoiceColumns));
    const auto k = static_cast<size_t>(classes());
    std::vector<double> weights;
    for (size_t i = batch.flag; i < batch.update; ++i) {
      const auto first = said.begin() + static_cast<std::ptrdiff_t>(i * k);
      const double surest =
          static_cast<double>(*std::max_element(first, first + static_cast<std::ptrdiff_t>(k)));
      weights.push_back(1.5 - std::clamp(surest, 0.0, 1.0));
    }
    Table near{.columns = kChoiceColumns, .values = evaluation::Scores(map, pool)};
    for (const size_t i : ChooseRepresentatives(near, weights, kLabels))
      batch.asked[batch.flag + i] = true;
    return {};
  }

  // All labels so far; an asked row of the newest batch counts kWeight times.
  struct Labelled {
    Table rows{.columns = kGasColumns};
    std::vector<int> groups{};
  };
  [[nodiscard]] Labelled Known(size_t b) const {
    Labelled out{.rows = batches_[0].rows};
    for (size_t i = 0; i < out.rows.size(); ++i) out.groups.push_back(static_cast<int>(i));
    int group = static_cast<int>(out.rows.size());
    for (size_t j = 1; j <= b; ++j)
      for (size_t i = 0; i < batches_[j].asked.size(); ++i) {
        if (!batches_[j].asked[i] || batches_[j].rows.labels[i] < 0) continue;
        for (int copy = 0; copy < (j == b ? kWeight : 1); ++copy) {
          Append(out.rows, Range(batches_[j].rows, i, i + 1));
          out.groups.push_back(group);
        }
        ++group;
      }
    return out;
  }

  // Probabilities of each batch's rows.
  using Said = std::vector<std::vector<float>>;
  Result<Said> Fit(const Labelled& known, uint64_t seed) {
    PosteriorNetOptions options{.candidates = {{.name = "exposure", .shrinkage = kShrinkage}},
                                .copies = 2,
                                .fit = {.learn = {.units = 8,
                                                  .epochs = context_.options.quick ? 10 : 40,
                                                  .patience = 8,
                                                  .batch = 32,
                                                  .learning_rate = 1e-2,
                                                  .dropout = 0},
                                        .clip = 2.5}};
    Candidate& one = options.candidates.front();
    one.steps.steps = kSteps;
    for (size_t c = 0; c < kGasColumns; ++c) {
      one.columns.push_back(c);
      one.steps.step_of.push_back(kStepOf[c % kGasPerSensor]);
    }
    Table all{.columns = kGasColumns};
    for (const Batch& batch : batches_) Append(all, batch.rows);
    MW_TRY(const PosteriorNet net, FitPosteriorNet(known.rows, known.groups, all, classes(), seed,
                                                   options, context_.learner));
    agreement_.push_back(net.fitted.agreement);
    out_.Ship("gas", net.fitted.tflite);
    Said out;
    auto at = net.probabilities.begin();
    for (const Batch& batch : batches_) {
      const auto n = static_cast<std::ptrdiff_t>(batch.rows.size() * gases_.size());
      out.emplace_back(at, at + n);
      at += n;
    }
    return out;
  }

  struct Share {
    double right = 0, n = 0;
    [[nodiscard]] double value() const { return n > 0 ? right / n : 0; }
  };
  // Of rows first..last-1 without those that were asked; row first + i has scores from `at` + i on.
  [[nodiscard]] Share Right(const Batch& batch, size_t first, size_t last,
                            std::span<const float> scores, size_t at) const {
    const size_t k = gases_.size();
    Share out;
    for (size_t i = first; i < last; ++i) {
      if (batch.asked[i]) continue;
      const int guess = trainer::ArgMax(scores.subspan((at + i - first) * k, k));
      out.right += guess == batch.rows.labels[i] ? 1 : 0;
      out.n += 1;
    }
    return out;
  }

  Result<void> Seed(int seed) {
    Shuffle(static_cast<uint64_t>(seed));
    MW_TRY(Stable(static_cast<uint64_t>(seed)));
    MW_TRY(Said said, Fit(Known(0), static_cast<uint64_t>(seed)));
    const Said frozen = said;
    std::map<std::string, std::vector<double>> figures;
    for (size_t b = 1; b < batches_.size(); ++b) {
      Batch& batch = batches_[b];
      const size_t n = batch.rows.size();
      if (context_.say)
        context_.say("batches", (static_cast<double>(seed - 1) +
                                 static_cast<double>(b) / static_cast<double>(batches_.size())) /
                                    context_.options.seeds);
      MW_TRY(Flag(b));
      const std::vector<float> before = said[b];
      size_t held = batch.update;
      if (held < n) {
        MW_TRY(Ask(batch, before));
        MW_TRY(said, Fit(Known(b), static_cast<uint64_t>(seed)));
      } else {
        held = 0;  // nobody knew: the old model is judged on all
      }
      if (!batch.judged) continue;
      const Share old = Right(batch, 0, held, before, 0);
      const Share now = Right(batch, held, n, said[b], held);
      const double accuracy = now.value();
      figures["held"].push_back(accuracy);
      if (old.n > 0) figures["before_update"].push_back(old.value());
      figures["as_decided"].push_back((old.right + now.right) / (old.n + now.n));
      figures["frozen"].push_back(Right(batch, held, n, frozen[b], held).value());
      per_batch_[batch.read.number].push_back(accuracy);
      labels_max_ =
          std::max(labels_max_, static_cast<size_t>(std::ranges::count(batch.asked, true)));
      const Table rest = Range(batch.rows, held, n);
      MW_TRY(const auto simple,
             AllBaselines(Known(b).rows, rest, classes(), static_cast<uint64_t>(seed)));
      for (const NamedScores& one : simple)
        figures["baseline " + one.name].push_back(Right(batch, held, n, one.scores, 0).value());
      if (seed == 1) Predict(batch, held, said[b]);
    }
    for (const auto& [name, values] : figures)
      if (!values.empty())
        figures_[name].push_back(std::accumulate(values.begin(), values.end(), 0.0) /
                                 static_cast<double>(values.size()));
    return {};
  }

  // Two controls where nothing drifts: 30 made days, and the other half of each real batch.
  Result<void> Stable(uint64_t seed) {
    const double rows = context_.options.quick ? kRowsIn30Days / 30 : kRowsIn30Days;
    MW_TRY(const int flags, FlagsOnStableRows(batches_[0].rows, static_cast<size_t>(rows), seed));
    false_flags_.push_back(flags * kRowsIn30Days / rows);
    for (const Batch& batch : batches_) {
      const size_t half = batch.rows.size() / 2;
      if (half < kReference) continue;
      MW_TRY(NoveltyDrift detector, NoveltyDrift::Learn(Range(batch.rows, 0, half)));
      for (size_t i = half; i < batch.rows.size(); ++i, ++control_rows_)
        control_flags_ += detector.Push(batch.rows.Row(i)) ? 1 : 0;
    }
    return {};
  }

  void Predict(const Batch& batch, size_t first, const std::vector<float>& said) {
    const size_t k = gases_.size();
    for (size_t i = first; i < batch.rows.size(); ++i) {
      if (batch.asked[i]) continue;
      const auto guess = static_cast<size_t>(trainer::ArgMax(std::span(said).subspan(i * k, k)));
      Prediction& out = out_.predictions.emplace_back();
      out.place.recording = batch.read.name + " " + std::to_string(batch.order[i]);
      out.truth = std::to_string(batch.read.gases[batch.order[i]]);
      out.guess = std::to_string(gases_[guess]);
      out.probability = static_cast<double>(said[i * k + guess]);
    }
  }

  void Report() {
    out_.SetSeeds("gas_accuracy_held", figures_["held"]);
    for (const char* name : {"before_update", "as_decided", "frozen"})
      if (!figures_[name].empty())
        out_.SetSeeds(std::string("gas_accuracy_") + name, figures_[name]);
    for (const auto& [number, values] : per_batch_)
      out_.SetSeeds("gas_accuracy_batch_" + std::to_string(number), values);
    out_.Set("gas_rows_to_flag_max", std::ranges::max(rows_to_flag_));
    out_.Set("gas_rows_to_flag_mean",
             std::accumulate(rows_to_flag_.begin(), rows_to_flag_.end(), 0.0) /
                 static_cast<double>(rows_to_flag_.size()));
    out_.Set("gas_flagged_share", flagged_ / static_cast<double>(rows_to_flag_.size()));
    out_.Set("gas_labels_asked_max", labels_max_);
    out_.SetSeeds("gas_false_flags_per_30_days", false_flags_);
    out_.Set("gas_flags_same_batch", control_flags_);
    out_.Set("gas_rows_same_batch", control_rows_);
    out_.SetSeeds("gas_agreement", agreement_);
    std::string best, words;
    double most = -1;
    for (const auto& [name, scores] : figures_) {
      if (!name.starts_with("baseline ")) continue;
      const double mean =
          std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
      char text[64];
      std::snprintf(text, sizeof text, "%s%s %.3f", words.empty() ? "" : ", ", name.c_str() + 9,
                    mean);
      words += text;
      if (mean > most) {
        most = mean;
        best = name.substr(9);
      }
    }
    out_.Set("gas_best_baseline", most);
    out_.Set("gas_best_baseline_name", best);
    out_.AtMost("gas_rows_to_flag_max", 100);
    out_.AtLeast("gas_flagged_share", 1);
    out_.AtLeast("gas_accuracy_held", 0.75);
    out_.AtMost("gas_labels_asked_max", static_cast<double>(kLabels));
    out_.AtMost("gas_false_flags_per_30_days", 1);
    out_.Note(
        "batches in time order, their rows shuffled by the seed; the first one's labels are "
        "known, of each later one 30 of the 60 rows after the flag are asked");
    out_.Note(
        "held: rows after the update, by the updated model; before_update: the rows before, "
        "by the model of then; as_decided: both; frozen: the first batch's model; rows asked "
        "are in none");
    out_.Note("accuracy of the baselines, same labels, same rows: " + words);
    out_.Note(
        "stable data are made: independent rows between two of the first batch of one gas; "
        "same_batch: one half of a real batch against the other");
  }

  const StudyContext& context_;
  std::vector<Batch> batches_;
  std::vector<int> gases_;  // number of each class
  Outcome out_;
  std::map<std::string, std::vector<double>> figures_;  // [seeds], means over the judged batches
  std::map<int, std::vector<double>> per_batch_;
  std::vector<double> rows_to_flag_, false_flags_, agreement_;
  double flagged_ = 0;
  size_t labels_max_ = 0, control_rows_ = 0;
  int control_flags_ = 0;
};

}  // namespace
}  // namespace gas

Result<Outcome> StudyGas(const StudyContext& context) { return gas::Gas(context).Run(); }

}  // namespace millwright::evaluation
