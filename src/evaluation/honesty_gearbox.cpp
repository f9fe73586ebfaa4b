#include <algorithm>
#include <cmath>
#include <random>

#include "evaluation/baselines.h"
#include "evaluation/honesty.h"
#include "evaluation/posterior_net.h"
#include "evaluation/read_table.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace gearbox {
namespace {

namespace fs = std::filesystem;

constexpr size_t kWindow = 256, kSteps = 16;
constexpr size_t kApart = 4;  // one window in so many is used: there are many alike
constexpr double kClip = 2.5;
constexpr size_t kNeighbours = 20;     // windows in a row that stay together
constexpr double kTrivialFrom = 0.99;  // what a linear method reaches on loads it never saw
constexpr double kChanceWithin = 0.05;

struct Recorded {
  Table table{};  // [n x steps x features]: energies of the signal and of its differences
  std::vector<int> load{};
  size_t features = 0;
};

Result<void> AddFile(const fs::path& path, int load, Recorded& out) {
  MW_TRY(const TextTable rows, ReadTable(path, {.separator = ',', .header = true}));
  out.features = 2 * rows.width;
  out.table.columns = kSteps * out.features;
  constexpr size_t kPart = kWindow / kSteps;
  for (size_t first = 0; first + kWindow <= rows.rows(); first += kApart * kWindow) {
    for (size_t step = 0; step < kSteps; ++step)
      for (size_t c = 0; c < rows.width; ++c) {
        double energy = 1e-6, change = 1e-6;
        for (size_t k = 0; k < kPart; ++k) {
          const size_t r = first + step * kPart + k;
          const auto v = static_cast<double>(rows.At(r, c));
          energy += v * v;
          if (k > 0) change += std::pow(v - static_cast<double>(rows.At(r - 1, c)), 2);
        }
        out.table.values.push_back(static_cast<float>(std::log(energy)));
        out.table.values.push_back(static_cast<float>(std::log(change)));
      }
    out.table.labels.push_back(path.filename().string().front() == 'b' ? 1 : 0);
    out.load.push_back(load);
  }
  return {};
}

// h30hz0.csv and b30hz0.csv are one load, and so on.
Result<Recorded> ReadLoads(const fs::path& folder) {
  Recorded out;
  int load = 0;
  for (const char* percent : {"0", "30", "60"}) {
    for (const char* state : {"h", "b"}) {
      MW_TRY(const fs::path path, FindFile(folder, std::string(state) + "30hz" + percent + ".csv"));
      MW_TRY(AddFile(path, load, out));
    }
    ++load;
  }
  return out;
}

struct Judged {
  double net = 0, lda = 0;  // balanced accuracy over all loads
};

Result<Judged> Judge(const StudyContext& context, const Recorded& all,
                     const std::vector<int>& labels, uint64_t seed) {
  std::vector<float> net, lda;
  std::vector<int> truth;
  for (int load = 0; load <= *std::ranges::max_element(all.load); ++load) {
    Table train{.columns = all.table.columns}, test = train;
    for (size_t i = 0; i < all.table.size(); ++i) {
      Table& to = all.load[i] == load ? test : train;
      to.values.insert(to.values.end(), all.table.Row(i).begin(), all.table.Row(i).end());
      to.labels.push_back(labels[i]);
    }
    MW_TRY(const auto scores, Lda(train, test, 2));
    lda.insert(lda.end(), scores.begin(), scores.end());
    std::vector<int> groups;
    for (size_t i = 0; i < train.size(); ++i) groups.push_back(static_cast<int>(i / kNeighbours));
    PosteriorNetOptions options{.inner_folds = 5,
                                .copies = 1,
                                .fit = {.learn = {.units = 8,
                                                  .epochs = context.options.quick ? 6 : 12,
                                                  .patience = 4,
                                                  .batch = 64,
                                                  .learning_rate = 1e-2,
                                                  .dropout = 0},
                                        .clip = kClip}};
    Candidate& one = options.candidates.emplace_back();
    one.steps.steps = 2;
    for (size_t c = 0; c < train.columns; ++c) {
      one.columns.push_back(c);
      one.steps.step_of.push_back(c < train.columns / 2 ? 0 : 1);
    }
    MW_TRY(const PosteriorNet fitted,
           FitPosteriorNet(train, std::move(groups), test, 2, seed, options, context.learner));
    const std::vector<float>& p = fitted.probabilities;
    net.insert(net.end(), p.begin(), p.end());
    truth.insert(truth.end(), test.labels.begin(), test.labels.end());
  }
  return Judged{.net = trainer::Measure(net, truth, 2).balanced_accuracy,
                .lda = trainer::Measure(lda, truth, 2).balanced_accuracy};
}

}  // namespace
}  // namespace gearbox

Result<void> JudgeGearbox(const StudyContext& context, Outcome& out) {
  MW_TRY(const auto folder, context.TrainFolder("gearbox_gfd"));
  MW_TRY(const gearbox::Recorded all, gearbox::ReadLoads(folder));
  const int seeds = context.options.quick ? 1 : context.options.seeds;
  std::vector<double> net, shuffled, shuffled_lda;
  double lda = 0;
  for (int seed = 1; seed <= seeds; ++seed) {
    if (context.say) context.say("gearbox", static_cast<double>(seed - 1) / seeds);
    MW_TRY(const gearbox::Judged judged,
           gearbox::Judge(context, all, all.table.labels, static_cast<uint64_t>(seed)));
    net.push_back(judged.net);
    lda = judged.lda;
    std::vector<int> labels = all.table.labels;
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    for (size_t i = labels.size(); i > 1; --i) std::swap(labels[i - 1], labels[random() % i]);
    MW_TRY(const gearbox::Judged chance,
           gearbox::Judge(context, all, labels, static_cast<uint64_t>(seed)));
    shuffled.push_back(chance.net);
    shuffled_lda.push_back(chance.lda);
  }
  out.SetSeeds("honesty_gearbox_balanced_accuracy", net);
  out.Set("honesty_gearbox_lda", lda);
  out.Set("honesty_gearbox_trivial", lda >= gearbox::kTrivialFrom);
  out.MustHold("honesty_gearbox_trivial");
  out.SetSeeds("honesty_shuffled_balanced_accuracy", shuffled);
  out.SetSeeds("honesty_shuffled_lda", shuffled_lda);
  const auto by_chance = [](double v) { return std::abs(v - 0.5) <= gearbox::kChanceWithin; };
  out.Set("honesty_shuffled_at_chance",
          by_chance(out.Number("honesty_shuffled_balanced_accuracy")) &&
              by_chance(out.Number("honesty_shuffled_lda")));
  out.MustHold("honesty_shuffled_at_chance");
  out.Note(
      "gearbox, leave one load out: trivial, a linear method tells the two assemblies apart on "
      "loads "
      "it never saw; such a figure says nothing about diagnosis");
  return {};
}

}  // namespace millwright::evaluation
