#include "pairs.h"

#include <algorithm>

#include "agent/machine.h"
#include "agent/pairing.h"
#include "os/files.h"
#include "recording/recording.h"

namespace millwright::bench {
namespace {

using agent::Machine;

// A gateway of one machine with the run's channels.
agent::Settings SettingsOf(const recording::RecordingInfo& run, const std::string& bundle) {
  agent::Settings settings;
  settings.device = DeviceId("gw-bench");
  settings.site = SiteId("bench");
  settings.bundle_folder = bundle;
  agent::AssetSettings asset;
  asset.id = AssetId("machine");
  asset.area = AreaId("bench");
  asset.name = run.id;
  asset.machine = run.machine;
  for (const dsp::ChannelSpec& spec : run.channels) asset.channels.push_back({.spec = spec});
  settings.assets.push_back(std::move(asset));
  return settings;
}

Result<std::unique_ptr<Machine>> MakeMachine(const recording::RecordingInfo& run,
                                             const std::string& bundle) {
  os::RealFiles files;
  MW_TRY(std::shared_ptr<const agent::Plan> plan, agent::MakePlan(SettingsOf(run, bundle), files));
  return Machine::Make(plan, 0, {});
}

agent::Item ItemOf(const recording::Item& read) {
  agent::Item item;
  item.channel = static_cast<uint16_t>(read.channel);
  item.is_block = read.is_block;
  item.value = read.value;
  item.ts = read.ts_ns;
  item.sensor_ts = item.arrived_at = read.due_ns;
  item.rate_hz = read.rate_hz;
  return item;
}

Result<PairedRun> PairRun(const recording::RecordingInfo& run, const PairRequest& request) {
  MW_TRY(auto live, MakeMachine(run, request.old_bundle));
  MW_TRY(auto watching, MakeMachine(run, request.new_bundle));
  MW_TRY(auto reader, recording::Reader::Open(run));
  agent::Pairing pairing;
  pairing.Start(agent::Candidate::kWatches,
                std::max(live->window_length(), watching->window_length()),
                std::min(live->step(), watching->step()) / 4);
  PairedRun out{.id = run.id, .pairs = {}};
  agent::Outcome outcome;
  recording::Item read;
  for (;;) {
    MW_TRY(const bool more, reader->Next(read));
    if (!more) return out;
    const agent::Item item = ItemOf(read);
    live->Push(item, read.samples, read.due_ns);
    while (live->Next(outcome)) pairing.Decided(outcome, 0);
    watching->Push(item, read.samples, read.due_ns);
    while (watching->Next(outcome))
      if (const auto pair = pairing.Watched(outcome, 0)) out.pairs.push_back(*pair);
  }
}

}  // namespace

Result<std::vector<PairedRun>> PairRuns(const PairRequest& request) {
  MW_TRY(const auto all, recording::OpenDataset(request.data));
  std::vector<PairedRun> out;
  for (const recording::RecordingInfo& run : all) {
    const bool wanted =
        request.runs.empty() || std::ranges::find(request.runs, run.id) != request.runs.end();
    if (!wanted) continue;
    MW_TRY(PairedRun paired, PairRun(run, request));
    out.push_back(std::move(paired));
  }
  return out;
}

}  // namespace millwright::bench
