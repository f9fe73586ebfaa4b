#include <algorithm>
#include <cmath>
#include <numeric>

#include "evaluation/baselines.h"
#include "evaluation/honesty.h"
#include "evaluation/read_table.h"
#include "trainer/metrics.h"

namespace millwright::evaluation {
namespace mill {
namespace {

namespace fs = std::filesystem;

constexpr size_t kRows = 20;  // 2 s at 10 Hz
constexpr size_t kSteps = 5;  // of 4 rows each: mean and deviation
constexpr double kClip = 6;
constexpr double kSkillAt = 0.05;  // a p-value below says that there is some

struct Windows {
  Table table{};              // [n x steps x features], laid flat
  std::vector<size_t> run{};  // of each
  std::vector<int> worn{};    // of each run
  std::vector<std::string> names{};
  size_t features = 0;
};

// Where the tool is and what program runs say which run it is, not how the tool is.
bool Tells(const std::string& column) {
  return !column.empty() && column.find("Position") == std::string::npos &&
         column.find("M1_") == std::string::npos && column.find("Inertia") == std::string::npos;
}

Result<void> AddRun(const fs::path& path, Windows& out) {
  MW_TRY(const TextTable rows,
         ReadTable(path, {.separator = ',', .header = true, .texts_after = 2}));
  std::vector<size_t> columns;
  for (size_t c = 0; c < rows.width; ++c)
    if (Tells(rows.columns[c])) columns.push_back(c);
  out.features = 2 * columns.size();
  out.table.columns = kSteps * out.features;
  const size_t run = out.worn.size();
  out.worn.push_back(rows.texts.front().ends_with(",worn") ? 1 : 0);
  out.names.push_back(path.filename().string());
  constexpr size_t kPart = kRows / kSteps;
  for (size_t first = 0; first + kRows <= rows.rows(); first += kRows) {
    bool cutting = true;
    for (size_t r = first; r < first + kRows; ++r) cutting &= rows.texts[r].starts_with("Layer");
    if (!cutting) continue;
    for (size_t step = 0; step < kSteps; ++step)
      for (const size_t c : columns) {
        double sum = 0, square = 0;
        for (size_t r = first + step * kPart; r < first + (step + 1) * kPart; ++r) {
          const auto v = static_cast<double>(rows.At(r, c));
          sum += v / kPart;
          square += v * v / kPart;
        }
        out.table.values.push_back(static_cast<float>(sum));
        out.table.values.push_back(
            static_cast<float>(std::sqrt(std::max(0.0, square - sum * sum))));
      }
    out.table.labels.push_back(out.worn.back());
    out.run.push_back(run);
  }
  return {};
}

Result<Windows> ReadRuns(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().filename().string().starts_with("experiment_")) paths.push_back(entry.path());
  std::ranges::sort(paths);
  Windows out;
  for (const fs::path& path : paths) MW_TRY(AddRun(path, out));
  if (out.worn.size() < 4)
    return Fail(Errc::kNotFound,
                "honesty: fewer than four runs (experiment_*.csv) in " + folder.string());
  return out;
}

// How sure each method is, over the windows of the run that was held out.
struct Said {
  double net = 0, lda = 0;
};

Result<Said> JudgeRun(const StudyContext& context, const Windows& all, size_t held, int seed) {
  std::vector<size_t> mine, theirs;
  for (size_t i = 0; i < all.table.size(); ++i) (all.run[i] == held ? theirs : mine).push_back(i);
  const size_t steps = kSteps;
  Table train{.columns = all.table.columns}, test = train;
  for (const auto& [rows, to] : {std::pair{&mine, &train}, std::pair{&theirs, &test}})
    for (const size_t i : *rows) {
      to->values.insert(to->values.end(), all.table.Row(i).begin(), all.table.Row(i).end());
      to->labels.push_back(all.table.labels[i]);
    }
  MW_TRY(const auto lda, Lda(train, test, 2));
  const Scaler scaler = LearnScaler(train);
  scaler.Apply(train);
  scaler.Apply(test);
  Samples learn = MakeSamples(train.values, static_cast<int>(steps), static_cast<int>(all.features),
                              2, train.labels);
  const Samples judge = MakeSamples(test.values, static_cast<int>(steps),
                                    static_cast<int>(all.features), 2, test.labels);
  for (const size_t i : mine) learn.groups.push_back(static_cast<int>(all.run[i]));
  const auto stop = DealGroups(learn, 5, static_cast<uint64_t>(seed)).front();
  const FitOptions options{.learn = {.units = 16,
                                     .epochs = context.options.quick ? 5 : 15,
                                     .patience = 4,
                                     .batch = 64,
                                     .seed = static_cast<uint64_t>(seed)},
                           .clip = kClip};
  MW_TRY(const Fitted fitted,
         FitInt8(learn.Pick(NotInGroups(learn, stop)), learn.Pick(InGroups(learn, stop)), options,
                 context.learner, {}));
  MW_TRY(const std::vector<float> p, Predict(fitted.tflite, judge));
  Said out;
  for (size_t n = 0; n < theirs.size(); ++n) {
    out.net += static_cast<double>(p[2 * n + 1] - p[2 * n]);
    out.lda += lda[2 * n + 1] > lda[2 * n] ? 1 : -1;
  }
  return out;
}

}  // namespace
}  // namespace mill

double AtLeastByChance(size_t right, size_t n) {
  double sum = 0;
  for (size_t k = right; k <= n; ++k) {
    const auto log = [](size_t m) { return std::lgamma(static_cast<double>(m) + 1); };
    sum += std::exp(log(n) - log(k) - log(n - k) - static_cast<double>(n) * std::log(2.0));
  }
  return std::min(sum, 1.0);
}

Result<void> JudgeMill(const StudyContext& context, Outcome& out) {
  MW_TRY(const auto folder, context.TrainFolder("cnc_mill"));
  MW_TRY(const mill::Windows all, mill::ReadRuns(folder));
  const size_t runs = all.worn.size();
  const int seeds = context.options.quick ? 1 : context.options.seeds;
  std::vector<double> right_net, by_chance;
  size_t right_lda = 0;
  std::string held;
  for (const std::string& name : all.names) held += " " + name;
  for (int seed = 1; seed <= seeds; ++seed) {
    size_t right = 0;
    for (size_t run = 0; run < runs; ++run) {
      if (context.say)
        context.say("milling runs",
                    (seed - 1 + static_cast<double>(run) / static_cast<double>(runs)) / seeds);
      MW_TRY(const mill::Said said, mill::JudgeRun(context, all, run, seed));
      right += (said.net > 0) == (all.worn[run] == 1) ? 1U : 0U;
      if (seed == 1) right_lda += (said.lda > 0) == (all.worn[run] == 1) ? 1U : 0U;
    }
    right_net.push_back(static_cast<double>(right));
    by_chance.push_back(AtLeastByChance(right, runs));
  }
  std::vector<double> sorted = by_chance;
  std::ranges::sort(sorted);
  const double p = sorted[sorted.size() / 2], p_lda = AtLeastByChance(right_lda, runs);
  out.Set("honesty_cnc_runs", runs);
  out.SetSeeds("honesty_cnc_runs_right", right_net);
  out.Set("honesty_cnc_runs_right_lda", right_lda);
  out.Set("honesty_cnc_p_value", p);
  out.Set("honesty_cnc_no_skill", p > mill::kSkillAt && p_lda > mill::kSkillAt);
  out.MustHold("honesty_cnc_no_skill");
  out.Note(std::string("CNC mill, leave one run out: ") +
           (p > mill::kSkillAt ? "no skill: a coin does as well" : "some skill") +
           "; runs held out in turn:" + held);
  return {};
}

}  // namespace millwright::evaluation
