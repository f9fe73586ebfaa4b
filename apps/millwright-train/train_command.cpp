#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>

#include "bar.h"
#include "commands.h"
#include "crypto/sha256.h"
#include "evaluation/bearing_recipe.h"
#include "os/clock.h"
#include "os/files.h"
#include "trainer/bundle_writer.h"
#include "trainer/checkpoint.h"
#include "trainer/report.h"
#include "trainer/torch/lstm_fit.h"
#include "trainer/train.h"

namespace millwright {
namespace {

struct TrainFlags {
  std::string data, config, out, name, report, parent, recipe;
  std::string channel = "vib", unit = "m/s2";
  bool speed_channel = false;
  std::vector<std::string> runs;
  uint64_t seed = 1;
  int epochs = 0;
  bool healthy_only = false;
  bool resume = false;
  bool json = false;
  bool quiet = false;
};

trainer::Watcher WatchOn(Bar& bar) {
  return {.stage = [&bar](std::string_view stage,
                          double share) { bar.Show(std::string(stage), share); },
          .epoch =
              [&bar](const trainer::Progress& p) {
                char tail[96];
                std::snprintf(tail, sizeof tail, "loss %.4f  held-out accuracy %.3f", p.loss,
                              p.validation_accuracy);
                // On a log, an epoch is one line at its end.
                if (p.done >= 1 || isatty(STDERR_FILENO) != 0)
                  bar.Show("epoch " + std::to_string(p.epoch + 1) + "/" + std::to_string(p.epochs),
                           p.done, tail);
              }};
}

Result<std::string> ParentHash(const TrainFlags& flags, os::Files& files) {
  if (flags.parent.empty()) return std::string();
  MW_TRY(const os::Bytes manifest,
         files.Read(flags.parent + "/" + std::string(model::kManifestFile), size_t{4} << 20));
  MW_TRY(model::ReadManifest(manifest, flags.parent + "/manifest.json"));
  return crypto::Sha256Hex(std::span<const std::byte>(manifest));
}

Result<trainer::TrainOptions> ReadOptions(const TrainFlags& flags, os::Files& files) {
  trainer::TrainOptions options;
  if (!flags.config.empty()) {
    MW_TRY(const os::Bytes text, files.Read(flags.config, size_t{1} << 20));
    MW_TRY(trainer::ReadTrainConfig(os::AsText(text), flags.config, options));
  }
  if (!flags.name.empty()) options.name = flags.name;
  if (!flags.runs.empty()) options.runs = flags.runs;
  if (flags.epochs > 0) options.learn.epochs = flags.epochs;
  options.seed = flags.seed;
  options.healthy_only |= flags.healthy_only;
  MW_TRY(options.parent, ParentHash(flags, files));
  return options;
}

Result<trainer::Trained> TrainData(const TrainFlags& flags, os::Files& files, os::Clock& clock,
                                   const trainer::Learner& learner, Bar& bar) {
  MW_TRY(const trainer::TrainOptions options, ReadOptions(flags, files));
  MW_TRY(auto recordings, recording::OpenDataset(flags.data));
  return trainer::Train(std::move(recordings), options, learner, clock, MW_VERSION, WatchOn(bar));
}

Result<trainer::Trained> TrainRecipe(const TrainFlags& flags, os::Files& files, os::Clock& clock,
                                     const trainer::Learner& learner, Bar& bar) {
  evaluation::BearingRecipe recipe{.channel = flags.channel,
                                   .unit = flags.unit,
                                   .speed_channel = flags.speed_channel,
                                   .seed = flags.seed};
  if (!flags.name.empty()) recipe.name = flags.name;
  if (flags.epochs > 0) recipe.epochs = flags.epochs;
  MW_TRY(recipe.parent, ParentHash(flags, files));
  return evaluation::TrainBearings(recipe, learner, clock, MW_VERSION, WatchOn(bar));
}

void Tell(const trainer::Trained& t, const std::string& out) {
  const trainer::Detection& d = t.detection;
  std::printf("bundle      %s  (%zu bytes of model, sha256 %.12s)\n", out.c_str(),
              t.model_file.size(), t.manifest.model.sha256.c_str());
  std::printf("split       by %s: %zu to train, %zu held out\n", t.split.unit.c_str(),
              t.split.train_units.size(), t.split.held_out_units.size());
  for (const std::string& unit : t.split.held_out_units)
    std::printf("  held out  %s\n", unit.c_str());
  std::printf(
      "windows     macro F1 %.3f, balanced accuracy %.3f (majority guess %.3f), calibration error "
      "%.3f\n",
      t.validation.macro_f1, t.validation.balanced_accuracy, t.majority_accuracy,
      t.validation.calibration_error);
  std::printf("INT8        same class as float on %.2f %% of the windows\n",
              t.parity.agreement * 100);
  std::printf(
      "detection   %d of %d events, %d named rightly, %d false alarms, far %.3f, mar %.3f\n",
      d.events_found, d.events_total, t.fault_named_right, d.false_alarms, d.far, d.mar);
  for (const std::string& note : t.notes) std::printf("note        %s\n", note.c_str());
}

void TellResumed(int nets, trainer::Trained& trained) {
  trained.notes.push_back(nets == 0 ? "nothing of an earlier run fitted these data and options: "
                                      "learned from the start"
                                    : "resumed: " + std::to_string(nets) +
                                          " nets went on from where an earlier run stopped");
}

Result<void> RunTrain(const TrainFlags& flags) {
  os::RealFiles files;
  os::RealClock clock;
  Bar bar(flags.quiet);
  const std::string folder = flags.out + ".checkpoint";
  trainer::Checkpoints checkpoints(files, clock, folder);
  if (!flags.resume) MW_TRY(checkpoints.Clear());
  const trainer::Learner learner = checkpoints.Around(trainer::FitWithTorch);
  auto trained = flags.recipe.empty() ? TrainData(flags, files, clock, learner, bar)
                                      : TrainRecipe(flags, files, clock, learner, bar);
  bar.End();
  if (!checkpoints.fault().empty())
    std::cerr << "millwright-train: this run could not have been resumed: " << checkpoints.fault()
              << '\n';
  if (!trained) return tl::unexpected(trained.error());
  if (flags.resume) TellResumed(checkpoints.taken_up(), *trained);
  MW_TRY(trainer::WriteBundle(files, flags.out, *trained));
  MW_TRY(checkpoints.Clear());
  std::error_code ignored;
  std::filesystem::remove(folder, ignored);  // only where it is empty
  if (!flags.quiet) Tell(*trained, flags.out);
  return Deliver(trainer::ReportJson(*trained), flags.report, flags.json);
}

}  // namespace

void AddTrain(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<TrainFlags>();
  // `millwright-train --data ...` and `millwright-train train --data ...` are the same.
  app.add_option("--data", flags->data, "Data set: a folder of recordings, or of SKAB's CSV files");
  app.add_option("--out", flags->out, "Bundle folder to write");
  app.add_option("--recipe", flags->recipe,
                 "In place of --data: bearing, learned from simulated machines alone")
      ->check(CLI::IsMember({"bearing"}));
  app.add_option("--channel", flags->channel, "--recipe: the vibration channel's name")
      ->capture_default_str();
  app.add_option("--unit", flags->unit, "--recipe: its unit")->capture_default_str();
  app.add_flag(
      "--speed-channel", flags->speed_channel,
      "--recipe: machines have a channel \"speed\" (rpm); else their nominal speed counts");
  app.add_option("--config", flags->config, "train.toml (apps/millwright-train/README.md)");
  app.add_option("--name", flags->name, "Name of the model");
  app.add_option("--seed", flags->seed, "Seed; equal seeds give equal models on one machine")
      ->capture_default_str();
  app.add_option("--parent", flags->parent, "Folder of the bundle that this one follows: lineage");
  app.add_option("--epochs", flags->epochs, "Largest number of epochs")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--runs", flags->runs, "Only these recordings (ids, comma between)")
      ->delimiter(',');
  app.add_flag("--healthy-only", flags->healthy_only,
               "For assets without a history of faults: learns what is healthy, alarms on what is "
               "not (so does data without an anomaly)");
  app.add_flag("--resume", flags->resume,
               "Go on where a stopped run with the same data, options and --out was");
  app.add_flag("--json", flags->json, "Report as one flat JSON object on the last line");
  app.add_option("--report", flags->report, "Write that object to a file");
  app.add_flag("--quiet", flags->quiet, "No progress, no summary");
  app.require_subcommand(0, 1);
  app.callback([&app, flags, &exit_code] {
    if (!app.get_subcommands().empty()) return;
    if (flags->data.empty() == flags->recipe.empty() || flags->out.empty())
      throw CLI::RequiredError("--data or --recipe, and --out (or one of: split, score)");
    if (!flags->recipe.empty() &&
        (flags->healthy_only || !flags->runs.empty() || !flags->config.empty()))
      throw CLI::ValidationError("--recipe", "takes no --config, --runs or --healthy-only");
    if (const auto done = RunTrain(*flags); !done) exit_code = Report(done.error());
  });
}

int Report(const Error& error) {
  std::cerr << "millwright-train: " << error.what << '\n';
  return 1;
}

Result<void> Deliver(const std::string& json, const std::string& file, bool to_stdout) {
  if (!file.empty()) {
    os::RealFiles files;
    MW_TRY(files.WriteFast(file, os::AsBytes(json)));
  }
  if (to_stdout) std::cout << json << std::flush;
  return {};
}

}  // namespace millwright
