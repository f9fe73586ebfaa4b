#include "agent/asset_change.h"

#include <algorithm>
#include <array>
#include <set>

#include "agent/settings.h"

namespace millwright::agent {
namespace {

using config::Table;

constexpr double kShareMax = 1;
constexpr int kStepsMax = 100'000;
constexpr double kZoneMax = 1000;

constexpr std::array<std::pair<const char*, double dsp::MachineSpec::*>, 6> kMachine{{
    {"shaft_hz", &dsp::MachineSpec::shaft_hz},
    {"bpfo", &dsp::MachineSpec::bpfo},
    {"bpfi", &dsp::MachineSpec::bpfi},
    {"bsf", &dsp::MachineSpec::bsf},
    {"ftf", &dsp::MachineSpec::ftf},
    {"rated_kw", &dsp::MachineSpec::rated_kw},
}};
constexpr std::array<std::pair<const char*, double model::DecisionLimits::*>, 5> kShares{{
    {"watch_from", &model::DecisionLimits::watch_from},
    {"warning_from", &model::DecisionLimits::warning_from},
    {"act_from", &model::DecisionLimits::act_from},
    {"clear_below", &model::DecisionLimits::clear_below},
    {"name_from", &model::DecisionLimits::name_from},
}};
constexpr std::array<std::pair<const char*, int model::DecisionLimits::*>, 3> kCounts{{
    {"persistence", &model::DecisionLimits::persistence},
    {"of", &model::DecisionLimits::of},
    {"clear_after", &model::DecisionLimits::clear_after},
}};

std::optional<double> NumberAt(Table& table, std::string_view key, double min, double max) {
  if (!table.Has(key)) return std::nullopt;
  return table.Number(key, {.fallback = min, .min = min, .max = max});
}

std::optional<std::string> StringAt(Table& table, std::string_view key) {
  if (!table.Has(key)) return std::nullopt;
  return table.String(key);
}

std::optional<Range> ReadRange(Table& table) {
  if (!table.Has("range")) return std::nullopt;
  const std::vector<double> ends = table.Numbers("range");
  if (ends.size() == 2 && ends[0] < ends[1]) return Range{ends[0], ends[1]};
  table.Fault("range", "must be [min, max] with min below max");
  return std::nullopt;
}

ChannelChange ReadChannelChange(Table table, bool whole) {
  ChannelChange out;
  out.name = table.Id("name");
  if (out.name == "decision") table.Fault("name", "\"decision\" is the agent's own topic");
  out.unit = StringAt(table, "unit");
  if (table.Has("kind"))
    out.kind = table.OneOf("kind", {"samples", "reading"}, "reading") == "samples"
                   ? dsp::ChannelKind::kSamples
                   : dsp::ChannelKind::kReading;
  if (whole || table.Has("rate_hz"))
    out.rate_hz = table.Number("rate_hz", {.min = 1e-5, .max = 200'000});
  if (table.Has("qos"))
    out.qos = static_cast<int>(table.Integer("qos", {.fallback = 2, .min = 0, .max = 2}));
  out.range = ReadRange(table);
  if (out.range && out.kind == dsp::ChannelKind::kSamples)
    table.Fault("range", "is for readings; blocks of samples have none");
  if (table.Has("use")) out.used = table.Boolean("use", true);
  return out;
}

void ReadMachine(Table table, AssetChange& out) {
  for (const auto& [key, member] : kMachine) {
    const double max = member == &dsp::MachineSpec::rated_kw ? 1e6 : 1000;
    if (const auto value = NumberAt(table, key, 0, max)) out.machine.emplace_back(member, *value);
  }
}

void ReadLimits(Table table, LimitChanges& out) {
  for (const auto& [key, member] : kShares)
    if (const auto value = NumberAt(table, key, 0, kShareMax))
      out.numbers.emplace_back(member, *value);
  for (const auto& [key, member] : kCounts)
    if (table.Has(key))
      out.counts.emplace_back(member, static_cast<int>(table.Integer(
                                          key, {.fallback = 1, .min = 1, .max = kStepsMax})));
}

tl::unexpected<Error> Wrong(const AssetSettings& asset, const std::string& what) {
  return Fail(Errc::kInvalid, "asset \"" + asset.id.value() + "\": " + what);
}

Result<void> ApplyChannel(const ChannelChange& change, AssetSettings& asset) {
  auto found = std::ranges::find(asset.channels, change.name,
                                 [](const ChannelSettings& c) { return c.spec.name; });
  const std::string who = "channel \"" + change.name + "\": ";
  if (found == asset.channels.end()) {
    if (!change.rate_hz) return Wrong(asset, who + "is new here, so it needs rate_hz");
    if (asset.channels.size() >= kChannelsPerAssetMax)
      return Wrong(asset, "has more than " + std::to_string(kChannelsPerAssetMax) + " channels");
    asset.channels.emplace_back().spec.name = change.name;
    found = std::prev(asset.channels.end());
    found->spec.kind = change.kind.value_or(dsp::ChannelKind::kReading);
  }
  if (change.kind && *change.kind != found->spec.kind)
    return Wrong(asset, who + "a channel that is there keeps its kind; name a new one");
  if (change.range && found->spec.kind == dsp::ChannelKind::kSamples)
    return Wrong(asset, who + "range is for readings; blocks of samples have none");
  if (change.unit) found->spec.unit = *change.unit;
  if (change.rate_hz) found->spec.rate_hz = *change.rate_hz;
  if (change.qos) found->qos = *change.qos;
  if (change.range) found->range = *change.range;
  if (change.used) found->used = *change.used;
  return {};
}

}  // namespace

void LimitChanges::ApplyTo(model::DecisionLimits& limits) const {
  for (const auto& [member, value] : numbers) limits.*member = value;
  for (const auto& [member, value] : counts) limits.*member = value;
}

bool SameMachine(const dsp::MachineSpec& a, const dsp::MachineSpec& b) {
  return MachineText(a) == MachineText(b);
}

std::string MachineText(const dsp::MachineSpec& machine) {
  std::string out;
  for (const auto& [key, member] : kMachine)
    out += std::string(key) + "=" + std::to_string(machine.*member) + ";";
  return out;
}

AssetChange ReadAssetChange(Table table, bool whole) {
  AssetChange out;
  out.name = StringAt(table, "name");
  if (table.Has("commissioning_s"))
    out.commissioning = FromSeconds(
        table.Number("commissioning_s", {.fallback = 0.2, .min = 0.2, .max = 30 * 86'400.0}));
  out.zone_c_mm_s = NumberAt(table, "zone_c_mm_s", 0, kZoneMax);
  out.zone_d_mm_s = NumberAt(table, "zone_d_mm_s", 0, kZoneMax);
  const bool known = whole || (out.zone_c_mm_s && out.zone_d_mm_s);
  if (known && out.zone_d_mm_s.value_or(0) < out.zone_c_mm_s.value_or(0))
    table.Fault("zone_d_mm_s", "is below zone_c_mm_s");
  ReadMachine(table.OptionalSection("machine"), out);
  ReadLimits(table.OptionalSection("decision"), out.limits);
  std::set<std::string> names;
  for (Table& channel : table.List("channel")) {
    out.channels.push_back(ReadChannelChange(channel, whole));
    const std::string& name = out.channels.back().name;
    if (!name.empty() && !names.insert(name).second)
      channel.Fault("name", "a second channel is named \"" + name + "\"");
  }
  return out;
}

Result<void> Apply(const AssetChange& change, AssetSettings& asset) {
  if (change.name) asset.name = *change.name;
  if (change.commissioning) asset.commissioning = *change.commissioning;
  if (change.zone_c_mm_s) asset.zone_c_mm_s = *change.zone_c_mm_s;
  if (change.zone_d_mm_s) asset.zone_d_mm_s = *change.zone_d_mm_s;
  for (const auto& [member, value] : change.machine) asset.machine.*member = value;
  for (const auto& limit : change.limits.numbers) asset.limits.numbers.push_back(limit);
  for (const auto& limit : change.limits.counts) asset.limits.counts.push_back(limit);
  for (const ChannelChange& channel : change.channels) MW_TRY(ApplyChannel(channel, asset));
  return {};
}

}  // namespace millwright::agent
