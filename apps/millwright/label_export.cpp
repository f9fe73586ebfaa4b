// label export: a data set of what reached the hub and what people said of it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "commands.h"
#include "dataset.h"
#include "hub_query.h"
#include "label_query.h"
#include "model/manifest.h"
#include "os/clock.h"
#include "os/files.h"
#include "output.h"
#include "recording/recording.h"

namespace millwright::cli {
namespace {

using nlohmann::json;

struct ExportOptions {
  std::string folder, bundle, from, to;
  std::vector<std::string> machines;
  double shaft_hz = 0, hold_out = 0;
};

struct Exported {
  std::vector<std::string> machines{}, left_out{};
  size_t labels = 0;
  double hours = 0;
  std::string digest{}, labels_digest{};
};

Result<HistoryRange> RangeOf(const ExportOptions& options, Nanos step) {
  HistoryRange range{.step = step};
  MW_TRY(range.from, ParseUtc(options.from));
  range.to = os::RealClock().Utc();
  if (!options.to.empty()) {
    MW_TRY(range.to, ParseUtc(options.to));
  }
  range.from = range.from / kMillisecond * kMillisecond;
  range.to = range.to / kMillisecond * kMillisecond;
  if (range.from >= range.to) return Fail(Errc::kInvalid, "--from must lie before --to");
  return range;
}

Result<Exported> Export(const ExportOptions& options, const Context& context) {
  os::RealFiles files;
  MW_TRY(const model::Bundle bundle, model::LoadBundle(files, options.bundle));
  MW_TRY(const HistoryRange range, RangeOf(options, bundle.manifest.schema.step));
  const AskFunction ask = [&](const std::string& path) { return AskHub(context, path); };
  MW_TRY(const std::vector<MachineId> machines, MachinesNamed(options.machines, ask));
  MW_TRY(const json labels, AskLabels(context, "", "", kLabelsMost));
  Exported out{.labels_digest = TextOf(labels, "digest")};
  for (const MachineId& machine : machines) {
    const auto history = ReadHistory(ask, machine, bundle.manifest.schema, range);
    if (!history) {
      if (!IsLeftOut(history.error(), options.machines)) return tl::unexpected(history.error());
      out.left_out.push_back(machine.text() + ": " + history.error().what);
      continue;
    }
    MW_TRY(const auto judged, JudgedSpansOf(ObjectsOf(labels, "labels"), machine));
    const std::vector<recording::Label> spans = LabelsOf(*history, judged);
    MW_TRY(WriteHistory(*history, options.folder + "/" + machine.text(), options.shaft_hz, &spans));
    out.machines.push_back(machine.text());
    out.labels += spans.size();
    out.hours += Seconds(static_cast<Nanos>(history->steps_heard) * range.step) / 3600;
  }
  if (out.machines.empty())
    return Fail(Errc::kUnsupported,
                out.left_out.empty() ? "the hub knows no machine" : out.left_out.front());
  if (options.hold_out > 0) MW_TRY(HoldOut(options.folder, options.hold_out));
  MW_TRY(out.digest, DigestOfFolder(options.folder));
  return out;
}

void RunExport(const ExportOptions& options, Context& context) {
  std::error_code error;
  if (std::filesystem::exists(options.folder, error) &&
      !std::filesystem::is_empty(options.folder, error))
    return FailWith(context, Error{Errc::kConflict, options.folder + " is not empty"});
  const auto done = Export(options, context);
  if (!done) return FailFromHub(context, done.error());
  if (context.json)
    return FlatJson()
        .Set("machine", done->machines)
        .Count("labels", done->labels)
        .Set("hours", done->hours)
        .Set("digest", done->digest)
        .Set("labels_digest", done->labels_digest)
        .Set("left_out", done->left_out)
        .Print();
  std::printf("%zu machines, %.1f hours, %zu labelled spans, sha256 %s\n", done->machines.size(),
              done->hours, done->labels, done->digest.c_str());
  for (const std::string& why : done->left_out) std::fprintf(stderr, "left out: %s\n", why.c_str());
  std::printf("Train on it: millwright train --data %s --out bundle/\n", options.folder.c_str());
}

}  // namespace

void ConfigureLabelExport(CLI::App& command, Context& context) {
  const auto options = std::make_shared<ExportOptions>();
  command.add_option("FOLDER", options->folder, "An empty or new folder")->required();
  command
      .add_option("--bundle", options->bundle,
                  "A bundle whose channels and step are wanted: the model that decides now")
      ->required();
  command.add_option("--from", options->from, "2026-11-17T06:00:00Z")->required();
  command.add_option("--to", options->to, "The end, not included; without it: now");
  command.add_option("--asset", options->machines, "SITE/ASSET; without it: all of that kind");
  command.add_option("--shaft-hz", options->shaft_hz, "Speed of machines without a speed channel");
  command
      .add_option("--hold-out", options->hold_out,
                  "Share of the machines that train nothing and judge a new model")
      ->check(CLI::Range(0.05, 0.8));
  command.callback([&context, options] { RunExport(*options, context); });
}

}  // namespace millwright::cli
