#include "trainer/series.h"

#include <algorithm>
#include <set>

#include "trainer/fault_codes.h"
#include "trainer/schema_choice.h"

namespace millwright::trainer {
namespace {

using recording::Label;
using recording::Rating;
using recording::RecordingInfo;

std::string CodeOf(const Label& label) {
  return label.fault.empty() ? std::string(kAnomalyCode) : label.fault;
}

// Index in the recording -> index in the schema, or -1.
std::vector<int> MapChannels(const RecordingInfo& info, const dsp::Schema& schema) {
  std::vector<int> map;
  for (const dsp::ChannelSpec& channel : info.channels) {
    const auto it = std::ranges::find(schema.channels, channel.name, &dsp::ChannelSpec::name);
    map.push_back(it == schema.channels.end() ? -1
                                              : static_cast<int>(it - schema.channels.begin()));
  }
  return map;
}

int LabelOf(const RecordingInfo& info, Nanos ts, std::span<const std::string> classes) {
  const Label* label = recording::LabelAt(info, ts);
  if (label == nullptr || label->rating == Rating::kNoAnomaly) return 0;
  if (label->rating == Rating::kNeutral) return kNeutral;
  const auto it = std::ranges::find(classes, CodeOf(*label));
  return it == classes.end() ? kNeutral : static_cast<int>(it - classes.begin());
}

void Take(Series& series, const dsp::Step& step, const RecordingInfo& info,
          std::span<const std::string> classes) {
  series.end_ns.push_back(step.end_ns);
  series.rows.insert(series.rows.end(), step.features.begin(), step.features.end());
  series.labels.push_back(LabelOf(info, step.end_ns - 1, classes));
  series.usable.push_back(step.complete && !step.stopped ? 1 : 0);
}

}  // namespace

std::string AssetKey(const RecordingInfo& info) {
  if (info.asset.empty()) return info.id;
  return info.site.empty() ? info.asset : info.site + "/" + info.asset;
}

std::vector<std::string> CollectClasses(std::span<const RecordingInfo> recordings) {
  std::set<std::string> codes;
  for (const RecordingInfo& info : recordings)
    for (const Label& label : info.labels)
      if (label.rating == Rating::kAnomaly) codes.insert(CodeOf(label));
  codes.erase(std::string(kHealthyCode));
  std::vector<std::string> out{std::string(kHealthyCode)};
  out.insert(out.end(), codes.begin(), codes.end());
  return out;
}

Result<Series> LoadSeries(const RecordingInfo& info, const dsp::Schema& schema,
                          std::span<const std::string> classes) {
  const auto fail = [&](const Error& e) {
    return Fail(e.code, "recording " + info.id + ": " + e.what);
  };
  auto pipeline = dsp::Pipeline::Make(SchemaFor(schema, info), info.machine);
  if (!pipeline) return fail(pipeline.error());
  auto reader = recording::Reader::Open(info);
  if (!reader) return fail(reader.error());
  const std::vector<int> channels = MapChannels(info, schema);

  Series series{.id = info.id,
                .asset = AssetKey(info),
                .group = info.group,
                .start_ns = info.start_ns,
                .features = schema.features.size(),
                .labelled = info.labelled};
  recording::Item item;
  dsp::Step step;
  while (true) {
    const auto more = (*reader)->Next(item);
    if (!more) return fail(more.error());
    if (!*more) break;
    const int channel = channels[static_cast<size_t>(item.channel)];
    if (channel < 0) continue;
    if (item.is_block)
      (*pipeline)->PushBlock(channel, item.ts_ns, item.rate_hz, item.samples);
    else
      (*pipeline)->PushReading(channel, item.ts_ns, item.value);
    while ((*pipeline)->Pop(step)) Take(series, step, info, classes);
  }
  series.learning.assign(series.size(), 0);
  return series;
}

}  // namespace millwright::trainer
