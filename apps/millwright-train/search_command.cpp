// search: the training options that suit a data set best, as far as a budget of time goes.
#include "trainer/search.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <memory>

#include "bar.h"
#include "commands.h"
#include "os/clock.h"
#include "os/files.h"
#include "trainer/bundle_writer.h"
#include "trainer/report.h"
#include "trainer/torch/lstm_fit.h"

namespace millwright {
namespace {

struct SearchFlags {
  std::string data, config, out, name, report;
  std::string budget = "20m";
  uint64_t seed = 1;
  int trials_max = 1000;
  bool json = false, quiet = false;
};

constexpr double kBudgetMinS = 1, kBudgetMaxS = 7 * 86'400;

// "90s", "20m", "1.5h".
Result<Nanos> ReadBudget(const std::string& text) {
  size_t used = 0;
  double value = 0;
  try {
    value = std::stod(text, &used);
  } catch (const std::exception&) {
    used = 0;
  }
  const std::string unit = text.substr(used);
  const double seconds = unit == "s" ? 1 : unit == "m" ? 60 : unit == "h" ? 3600 : 0;
  if (used == 0 || !(value * seconds >= kBudgetMinS && value * seconds <= kBudgetMaxS))
    return Fail(Errc::kInvalid,
                "--budget: \"" + text + "\" is no length such as 90s, 20m or 1.5h, at most 168h");
  return FromSeconds(value * seconds);
}

void TellSearch(const trainer::Trained& trained, const std::string& out) {
  const trainer::SearchRecord& s = *trained.search;
  std::printf("bundle      %s  (%zu bytes of model)\n", out.c_str(), trained.model_file.size());
  std::printf("search      %zu trials in %.0f s\n", s.trials.size(), s.spent_s);
  const auto line = [&](const char* head, const trainer::Trial& t) {
    std::printf(
        "%-12smacro F1 %.3f  units %d, layers %d, steps %d, rate %.2g, decay %.2g, dropout %.2g, "
        "noise %.2g, batch %d\n",
        head, t.macro_f1, t.units, t.layers, t.steps, t.learning_rate, t.weight_decay, t.dropout,
        t.input_noise, t.batch);
  };
  line("default", s.trials.front());
  line("chosen", s.trials[s.chosen]);
  if (s.judged_macro_f1 && s.judged_first_macro_f1)
    std::printf("judged      macro F1 %.3f (default %.3f) on %zu units that no trial saw\n",
                *s.judged_macro_f1, *s.judged_first_macro_f1, s.judge_units.size());
  for (const std::string& note : trained.notes) std::printf("note        %s\n", note.c_str());
}

Result<void> RunSearch(const SearchFlags& flags) {
  os::RealFiles files;
  os::RealClock clock;
  Bar bar(flags.quiet);
  trainer::SearchOptions options{.trials_max = flags.trials_max};
  MW_TRY(options.budget, ReadBudget(flags.budget));
  if (!flags.config.empty()) {
    MW_TRY(const os::Bytes text, files.Read(flags.config, size_t{1} << 20));
    MW_TRY(trainer::ReadTrainConfig(os::AsText(text), flags.config, options.base));
  }
  if (!flags.name.empty()) options.base.name = flags.name;
  options.base.seed = flags.seed;
  MW_TRY(auto recordings, recording::OpenDataset(flags.data));
  const trainer::Watcher watcher{.stage = [&bar](std::string_view stage, double share) {
    bar.Show(std::string(stage), share);
  }};
  auto found = trainer::Search(std::move(recordings), options, trainer::FitWithTorch, clock,
                               MW_VERSION, watcher);
  bar.End();
  if (!found) return tl::unexpected(found.error());
  MW_TRY(trainer::WriteBundle(files, flags.out, *found));
  if (!flags.quiet) TellSearch(*found, flags.out);
  return Deliver(trainer::ReportJson(*found), flags.report, flags.json);
}

}  // namespace

void AddSearch(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<SearchFlags>();
  CLI::App* search = app.add_subcommand(
      "search", "Train again and again with other options until a budget is spent; keep the best");
  search->add_option("--data", flags->data, "Data set, as of training")->required();
  search->add_option("--out", flags->out, "Bundle folder to write")->required();
  search->add_option("--budget", flags->budget, "Time that it may take: 90s, 20m, 1.5h")
      ->capture_default_str();
  search->add_option("--trials", flags->trials_max, "At most so many trials")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  search->add_option("--config", flags->config, "train.toml: the first trial has its options");
  search->add_option("--name", flags->name, "Name of the model");
  search->add_option("--seed", flags->seed, "Seed of the draws and of every training")
      ->capture_default_str();
  search->add_flag("--json", flags->json, "One flat JSON object on the last line");
  search->add_option("--report", flags->report, "Write that object to a file");
  search->add_flag("--quiet", flags->quiet, "No progress, no summary");
  search->callback([flags, &exit_code] {
    if (const auto done = RunSearch(*flags); !done) exit_code = Report(done.error());
  });
}

}  // namespace millwright
