// Our own layout: recording.toml and the files it names.
#include <algorithm>
#include <filesystem>
#include <map>

#include "config/config.h"
#include "core/ids.h"
#include "dsp/bearing.h"
#include "os/files.h"
#include "recording/layouts.h"

namespace millwright::recording {
namespace {

constexpr double kRateMax = 200'000;
// A CSV column at least this fast is a waveform unless its `kind` says otherwise.
constexpr double kCsvSamplesFromHz = 100;

FileFormat FormatOf(const std::string& name) {
  if (name == "f32le") return FileFormat::kF32le;
  return name == "i16le" ? FileFormat::kI16le : FileFormat::kCsv;
}

TimeFormat TimeFormatOf(const std::string& name) {
  if (name == "unix") return TimeFormat::kUnix;
  if (name == "unix_ms") return TimeFormat::kUnixMs;
  return name == "rfc3339" ? TimeFormat::kRfc3339 : TimeFormat::kSeconds;
}

// A file lies inside the recording's folder; a name that leads out of it is refused.
std::string ResolveFile(config::Table& table, const std::string& folder) {
  const std::string name = table.String("file");
  const std::filesystem::path path(name);
  const bool leads_out =
      path.is_absolute() || std::ranges::any_of(path, [](const auto& p) { return p == ".."; });
  if (leads_out) {
    table.Fault("file", "\"" + name + "\" must lie inside the recording's folder");
    return {};
  }
  std::string found = FindPlainOrGz(folder + "/" + name);
  if (found.empty() && !name.empty())
    table.Fault("file", "there is neither \"" + name + "\" nor \"" + name + ".gz\" in " + folder);
  return found;
}

void ReadCsvKeys(config::Table& table, ChannelSource& source) {
  source.column = table.String("column", "");
  if (source.column.empty()) table.Fault("column", "a csv channel needs the name of its column");
  source.time_column = table.String("time_column", "");
  source.time_format = TimeFormatOf(
      table.OneOf("time_format", {"seconds", "unix", "unix_ms", "rfc3339"}, "seconds"));
  const std::string separator = table.String("separator", ",");
  if (separator.size() == 1) {
    source.separator = separator.front();
  } else {
    table.Fault("separator", "must be one character");
  }
}

void ReadChannel(config::Table& table, const std::string& folder, RecordingInfo& info) {
  dsp::ChannelSpec spec;
  ChannelSource source;
  spec.name = table.Id("name");
  spec.unit = table.String("unit", "");
  spec.rate_hz = table.Number("rate_hz", {.min = 1e-6, .max = kRateMax});
  source.path = ResolveFile(table, folder);
  source.format = FormatOf(table.OneOf("format", {"csv", "f32le", "i16le"}));
  source.scale = table.Number("scale", {.fallback = 1});
  const bool csv = source.format == FileFormat::kCsv;
  if (csv) ReadCsvKeys(table, source);
  const bool fast = !csv || spec.rate_hz >= kCsvSamplesFromHz;
  const std::string kind =
      table.OneOf("kind", {"samples", "reading"}, fast ? "samples" : "reading");
  spec.kind = kind == "samples" ? dsp::ChannelKind::kSamples : dsp::ChannelKind::kReading;
  if (!csv && spec.kind == dsp::ChannelKind::kReading)
    table.Fault("kind", "readings are stored as csv");
  if (std::ranges::find(info.channels, spec.name, &dsp::ChannelSpec::name) != info.channels.end())
    table.Fault("name", "two channels are named \"" + spec.name + "\"");
  info.channels.push_back(std::move(spec));
  info.sources.push_back(std::move(source));
}

// A bearing may be told by its geometry; an order that is told as well goes before.
void ReadGeometry(config::Table& bearing, dsp::MachineSpec& spec) {
  dsp::BearingGeometry geometry;
  geometry.elements = static_cast<int>(bearing.Integer("elements", {.min = 3, .max = 200}));
  geometry.ball = bearing.Number("ball", {.min = 0, .max = 1e4});
  geometry.pitch = bearing.Number("pitch", {.min = 0, .max = 1e4});
  geometry.angle_deg = bearing.Number("angle_deg", {.fallback = 0, .min = 0, .max = 89});
  const auto orders = dsp::Orders(geometry);
  if (!orders) return bearing.Fault("elements", orders.error().what);
  if (spec.bpfo == 0) spec.bpfo = orders->bpfo;
  if (spec.bpfi == 0) spec.bpfi = orders->bpfi;
  if (spec.bsf == 0) spec.bsf = orders->bsf;
  if (spec.ftf == 0) spec.ftf = orders->ftf;
}

void ReadMachine(config::Table machine, dsp::MachineSpec& spec) {
  spec.shaft_hz = machine.Number("shaft_hz", {.fallback = 0, .min = 0, .max = 10'000});
  spec.rated_kw = machine.Number("rated_kw", {.fallback = 0, .min = 0, .max = 1e6});
  config::Table bearing = machine.OptionalSection("bearing");
  const auto order = [&](std::string_view key) {
    return bearing.Number(key, {.fallback = 0, .min = 0, .max = 1000});
  };
  spec.bpfo = order("bpfo");
  spec.bpfi = order("bpfi");
  spec.bsf = order("bsf");
  spec.ftf = order("ftf");
  if (bearing.Has("elements")) ReadGeometry(bearing, spec);
}

void ReadLabel(config::Table& table, RecordingInfo& info) {
  Label label;
  label.start_s = table.Number("start_s", {.min = 0});
  label.end_s = table.Number("end_s", {.min = 0});
  const std::string rating = table.OneOf("rating", {"ANOMALY", "NO_ANOMALY", "NEUTRAL"});
  label.rating = rating == "ANOMALY"   ? Rating::kAnomaly
                 : rating == "NEUTRAL" ? Rating::kNeutral
                                       : Rating::kNoAnomaly;
  label.fault = table.String("fault", "");
  if (label.end_s < label.start_s) table.Fault("end_s", "lies before start_s");
  const auto overlaps = [&](const Label& other) {
    return label.start_s < other.end_s && other.start_s < label.end_s;
  };
  if (std::ranges::any_of(info.labels, overlaps)) table.Fault("start_s", "overlaps another label");
  info.labels.push_back(std::move(label));
}

}  // namespace

Result<RecordingInfo> ReadTomlLayout(const std::string& folder) {
  const std::string path = folder + "/" + std::string(kTomlName);
  os::RealFiles files;
  MW_TRY(const os::Bytes bytes, files.Read(path, size_t{16} << 20));
  MW_TRY(config::File file, config::File::Parse(os::AsText(bytes), path));
  RecordingInfo info;
  info.path = folder;
  config::Table head = file.root().Section("recording");
  info.name = head.String("name", std::filesystem::path(folder).filename().string());
  info.site = head.String("site", "");
  info.asset = head.Id("asset");
  info.source = head.String("source", "");
  info.licence = head.String("licence", "");
  const std::string start = head.String("start");
  if (const Result<Nanos> parsed = ParseUtc(start)) {
    info.start_ns = *parsed;
  } else if (!start.empty()) {
    head.Fault("start", parsed.error().what);
  }
  ReadMachine(file.root().OptionalSection("machine"), info.machine);
  for (config::Table& table : file.root().List("channel")) ReadChannel(table, folder, info);
  for (config::Table& table : file.root().List("label")) ReadLabel(table, info);
  if (info.channels.empty())
    file.root().Fault("channel", "a recording needs at least one [[channel]]");
  MW_TRY(file.Finish());
  std::ranges::sort(info.labels, {}, &Label::start_s);
  return info;
}

}  // namespace millwright::recording
