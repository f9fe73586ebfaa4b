#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "bar.h"
#include "commands.h"
#include "evaluation/budget.h"
#include "evaluation/study.h"
#include "evaluation/study_page.h"
#include "os/files.h"
#include "trainer/torch/lstm_fit.h"

namespace millwright {
namespace {

struct StudyFlags {
  std::string name, data, train, test, predictions, report, html;
  std::string save, board = "pi4";
  double budget_bytes = 0, budget_ms = 0;
  int seeds = 5;
  bool quick = false, json = false, quiet = false, list = false;
};

const evaluation::Study* FindStudy(const std::string& name) {
  for (const evaluation::Study& study : evaluation::AllStudies())
    if (name == study.name) return &study;
  return nullptr;
}

void List() {
  for (const evaluation::Study& study : evaluation::AllStudies())
    std::printf("%-12s %s\n", study.name, study.what);
}

// Picks one of the study's models for a device and writes it.
Result<void> Choose(const evaluation::Study& study, const StudyFlags& flags,
                    evaluation::Outcome& outcome) {
  evaluation::Budget budget{.board = flags.board};
  if (flags.budget_bytes > 0) budget.bytes = flags.budget_bytes;
  if (flags.budget_ms > 0) budget.ms = flags.budget_ms;
  MW_TRY(const evaluation::Chosen chosen, evaluation::ChooseByBudget(outcome.models(), budget));
  const std::string key = std::string(study.name) + "_chosen";
  outcome.Set(key, chosen.model->name);
  outcome.Set(key + "_bytes", chosen.model->tflite.size());
  outcome.Set(key + "_ms", chosen.ms);
  outcome.Set(key + "_worth", chosen.model->worth);
  os::RealFiles files;
  return files.WriteFast(flags.save, chosen.model->tflite);
}

// False where a bar is broken.
Result<bool> RunStudy(const evaluation::Study& study, const StudyFlags& flags) {
  evaluation::StudyOptions options{.data = flags.data, .seeds = flags.seeds, .quick = flags.quick};
  if (!flags.train.empty()) options.train = flags.train;
  if (!flags.test.empty()) options.test = flags.test;
  Bar bar(flags.quiet);
  const evaluation::Say say = [&](std::string_view stage, double share) {
    bar.Show(std::string(study.name) + ": " + std::string(stage), share);
  };
  const trainer::Learner learner = trainer::FitWithTorch;
  auto outcome = study.run({.options = options, .learner = learner, .say = say});
  bar.End();
  if (!outcome) return tl::unexpected(outcome.error());
  if (!flags.save.empty()) MW_TRY(Choose(study, flags, *outcome));
  if (!flags.quiet)
    for (const std::string& note : outcome->notes())
      std::fprintf(stderr, "%s: %s\n", study.name, note.c_str());
  for (const std::string& broken : outcome->broken())
    std::fprintf(stderr, "%s: bar broken: %s\n", study.name, broken.c_str());
  if (!flags.predictions.empty()) {
    os::RealFiles files;
    const std::string csv = evaluation::PredictionsCsv(outcome->predictions);
    MW_TRY(files.WriteFast(flags.predictions, os::AsBytes(csv)));
  }
  if (!flags.html.empty()) {
    const evaluation::PageAbout about{
        .name = study.name,
        .what = study.what,
        .data = flags.test.empty() ? "groups of the set itself" : "judged on " + flags.test,
        .seeds = flags.seeds,
        .quick = flags.quick};
    os::RealFiles files;
    const std::string page = evaluation::StudyPage(about, *outcome);
    MW_TRY(files.WriteFast(flags.html, os::AsBytes(page)));
  }
  MW_TRY(Deliver(outcome->Json(), flags.report, true));
  return outcome->ok();
}

}  // namespace

void AddStudy(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<StudyFlags>();
  CLI::App* study = app.add_subcommand("study", "A model class judged on a public data set");
  study->add_option("name", flags->name, "The study; --list names them");
  study->add_flag("--list", flags->list, "Names the studies");
  study->add_option("--data", flags->data, "Folder that holds the data sets");
  study->add_option("--train", flags->train, "Train on this folder (the set's own layout)");
  study->add_option("--test", flags->test, "Judge on this folder instead of a validation split");
  study->add_option("--seeds", flags->seeds, "Seeds; figures are means over them")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  study->add_flag("--quick", flags->quick, "A slice that ends soon");
  study->add_option("--predictions", flags->predictions, "Write one CSV row a window");
  study->add_option("--save", flags->save,
                    "Write the best of the study's models (.tflite) that is within the budget");
  study->add_option("--budget-bytes", flags->budget_bytes, "--save: largest file")
      ->check(CLI::PositiveNumber);
  study
      ->add_option("--budget-ms", flags->budget_ms,
                   "--save: longest decision, predicted on the board")
      ->check(CLI::PositiveNumber);
  study->add_option("--board", flags->board, "--save: pi4 or nano")
      ->check(CLI::IsMember({"pi4", "nano"}))
      ->capture_default_str();
  study->add_option("--html", flags->html, "Write a page for people");
  study->add_flag("--json", flags->json, "Accepted for likeness: the last line is always JSON");
  study->add_option("--report", flags->report, "Write that JSON object to a file");
  study->add_flag("--quiet", flags->quiet, "No progress, no notes");
  study->callback([flags, &exit_code] {
    if (flags->list) return List();
    const evaluation::Study* found = FindStudy(flags->name);
    if (found == nullptr)
      throw CLI::ValidationError("study",
                                 "there is no study '" + flags->name + "'; --list names them");
    const auto good = RunStudy(*found, *flags);
    exit_code = good ? (*good ? 0 : 1) : Report(good.error());
  });
}

}  // namespace millwright
