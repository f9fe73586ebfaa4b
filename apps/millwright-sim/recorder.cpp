#include "recorder.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "recording/recording.h"
#include "truth.h"

namespace millwright::sim {
namespace {

using recording::Label;
using recording::Rating;

Result<std::unique_ptr<recording::Writer>> MakeWriter(const machines::Plant& plant,
                                                      const machines::Machine& machine,
                                                      const std::string& folder, Nanos start_ns) {
  recording::RecordingInfo info;
  info.name = machine.config().name;
  info.site = plant.config().site;
  info.asset = machine.config().asset;
  info.source = "millwright-sim seed " + std::to_string(plant.config().seed);
  info.licence = "Apache-2.0";
  info.start_ns = start_ns;
  info.machine = machine.spec();
  std::vector<recording::WriterChannel> channels;
  for (const dsp::ChannelSpec& spec : machine.channels()) {
    const bool samples = spec.kind == dsp::ChannelKind::kSamples;
    channels.push_back(
        {.spec = spec,
         .format = samples ? recording::FileFormat::kI16le : recording::FileFormat::kCsv,
         .scale = samples ? machines::kVibrationStep : 1});
  }
  return recording::Writer::Create(folder + "/" + info.asset, info, std::move(channels));
}

std::vector<Label> LabelsOf(const machines::Machine& machine, double seconds) {
  std::vector<Label> labels;
  double free_from = 0;  // labels of one recording do not overlap: the earlier fault keeps its time
  std::vector<machines::Fault> faults = machine.faults();
  std::ranges::sort(faults, {}, &machines::Fault::onset_s);
  for (const machines::Fault& fault : faults) {
    const double developed =
        fault.onset_s + machines::TimeOfSeverity(machines::kDevelopedSeverity, fault.wear_s);
    const std::string code(machines::Name(fault.kind));
    const auto add = [&](double from, double to, Rating rating) {
      const double start = std::max(from, free_from);
      const double end = std::min(to, seconds);
      if (end > start)
        labels.push_back({.start_s = start, .end_s = end, .rating = rating, .fault = code});
      free_from = std::max(free_from, end);
    };
    add(fault.onset_s, developed, Rating::kNeutral);
    add(developed, seconds, Rating::kAnomaly);
  }
  return labels;
}

void ShowProgress(double done_s, double seconds) {
  if (isatty(STDERR_FILENO) == 0) return;
  const int percent = static_cast<int>(100 * done_s / seconds);
  std::fprintf(stderr, "\rrecording %3d %%", std::min(100, percent));
  if (percent >= 100) std::fputc('\n', stderr);
}

}  // namespace

Nanos RecordedStart(uint64_t seed) {
  constexpr Nanos kFirst = 1'767'225'600 * kSecond;  // 2026-01-01
  return kFirst + static_cast<Nanos>(seed % 8760) * 3600 * kSecond;
}

Result<void> RecordPlant(machines::Plant& plant, const std::string& folder, double seconds,
                         JsonLines& truth) {
  const Nanos start = RecordedStart(plant.config().seed);
  const Nanos end = start + FromSeconds(seconds);
  std::vector<std::unique_ptr<recording::Writer>> writers(plant.machines().size());
  for (size_t m = 0; m < writers.size(); ++m) {
    MW_TRY(writers[m], MakeWriter(plant, plant.machines()[m], folder, plant.StartOf(m)));
  }
  Nanos shown = start;
  while (plant.NextDue() <= end) {
    const std::optional<machines::Emission> emission = plant.Next();
    WriteTruth(plant, truth);
    if (!emission) continue;
    recording::Writer& writer = *writers[emission->machine];
    const int channel = static_cast<int>(emission->channel);
    if (emission->is_block) {
      MW_TRY(writer.Block(channel, emission->samples));
    } else {
      MW_TRY(writer.Reading(channel, emission->ts_ns, emission->value));
    }
    if (emission->due_ns - shown < kSecond) continue;
    shown = emission->due_ns;
    ShowProgress(Seconds(shown - start), seconds);
  }
  ShowProgress(seconds, seconds);
  for (size_t m = 0; m < writers.size(); ++m) {
    const std::vector<Label> labels = LabelsOf(plant.machines()[m], seconds);
    MW_TRY(writers[m]->Finish(labels));
  }
  return {};
}

}  // namespace millwright::sim
