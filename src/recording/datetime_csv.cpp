// CSV files as SKAB publishes them: `;` between columns, first `datetime`, then one column per
// sensor, then (where the run is labelled) `anomaly` and `changepoint` with 0 or 1.
#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

#include "recording/layouts.h"
#include "recording/text_file.h"

namespace millwright::recording {
namespace {

// Units that SKAB's description gives; other columns have none.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kUnits = {{
    {"Accelerometer1RMS", "g"},
    {"Accelerometer2RMS", "g"},
    {"Current", "A"},
    {"Pressure", "bar"},
    {"Temperature", "degC"},
    {"Thermocouple", "degC"},
    {"Voltage", "V"},
    {"Volume_Flow_RateRMS", "l/min"},
}};

// A column's name as a channel's: what an id may not hold becomes '_'.
std::string ChannelName(std::string_view column) {
  std::string name(column.substr(0, 64));
  for (char& c : name) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
    if (!allowed) c = '_';
  }
  if (!name.empty() && (name.front() == '.' || name.front() == '-')) name.front() = '_';
  return name;
}

std::string_view UnitOf(std::string_view name) {
  const auto known =
      std::ranges::find(kUnits, name, &std::pair<std::string_view, std::string_view>::first);
  return known == kUnits.end() ? std::string_view() : known->second;
}

char SeparatorOf(std::string_view header) {
  return std::ranges::count(header, ';') >= std::ranges::count(header, ',') ? ';' : ',';
}

bool IsLabelColumn(std::string_view name) { return name == "anomaly" || name == "changepoint"; }

bool HasEnding(const std::string& path, std::string_view ending) {
  return std::string_view(path).ends_with(ending);
}

struct Header {
  std::string line;  // backs `columns`
  char separator = ';';
  std::vector<std::string_view> columns;
  size_t anomaly = 0;  // 0: there is none (column 0 is the time)
};

Result<void> ReadHeader(InputFile& file, Header& header) {
  MW_TRY(const bool any, file.ReadLine(header.line));
  if (!any) return Fail(Errc::kInvalid, file.path() + ": is empty");
  // A byte order mark is not part of the first column's name.
  if (header.line.starts_with("\xEF\xBB\xBF")) header.line.erase(0, 3);
  header.separator = SeparatorOf(header.line);
  SplitCsv(header.line, header.separator, header.columns);
  if (header.columns.empty() || header.columns.front() != "datetime")
    return Fail(Errc::kInvalid, file.path() + ":1: the first column is not \"datetime\"");
  for (size_t i = 1; i < header.columns.size(); ++i)
    if (header.columns[i] == "anomaly") header.anomaly = i;
  return {};
}

void AddChannels(const Header& header, const std::string& path, RecordingInfo& info) {
  for (size_t i = 1; i < header.columns.size(); ++i) {
    if (IsLabelColumn(header.columns[i])) continue;
    const std::string name = ChannelName(header.columns[i]);
    info.channels.push_back({.name = name, .unit = std::string(UnitOf(name))});
    info.sources.push_back({.path = path,
                            .column = std::string(header.columns[i]),
                            .time_column = "datetime",
                            .time_format = TimeFormat::kRfc3339,
                            .separator = header.separator});
  }
}

// What the rows tell before they are replayed: when the run starts, how often it is read, where it
// is anomalous.
class RowScan {
 public:
  RowScan(const Header& header, RecordingInfo& info) : header_(header), info_(info) {}

  Result<void> Add(std::string_view line, const std::string& where) {
    SplitCsv(line, header_.separator, fields_);
    if (fields_.size() != header_.columns.size())
      return Fail(Errc::kInvalid, where + ": " + std::to_string(fields_.size()) +
                                      " columns instead of " +
                                      std::to_string(header_.columns.size()));
    const Result<Nanos> ts = ParseUtc(fields_.front());
    if (!ts) return Fail(Errc::kInvalid, where + ": column \"datetime\": " + ts.error().what);
    if (rows_ > 0 && *ts < last_)
      return Fail(Errc::kInvalid, where + ": its time is before that of the row above");
    double anomaly = 0;
    if (header_.anomaly != 0 && !ParseCell(fields_[header_.anomaly], anomaly))
      return Fail(Errc::kInvalid, where + ": column \"anomaly\": \"" +
                                      std::string(fields_[header_.anomaly]) +
                                      "\" is neither 0 nor 1");
    if (rows_++ == 0)
      info_.start_ns = *ts;
    else if (*ts > last_)
      gaps_.push_back(*ts - last_);
    AddRow(*ts, anomaly > 0.5);
    last_ = *ts;
    return {};
  }

  Result<void> Finish(const std::string& path) {
    if (rows_ == 0) return Fail(Errc::kInvalid, path + ": has no rows");
    Nanos period = kSecond;
    if (!gaps_.empty()) {
      const auto median = gaps_.begin() + static_cast<std::ptrdiff_t>(gaps_.size() / 2);
      std::nth_element(gaps_.begin(), median, gaps_.end());
      period = *median;
    }
    if (open_) Close(last_ + period);
    for (dsp::ChannelSpec& channel : info_.channels) channel.rate_hz = 1 / Seconds(period);
    return {};
  }

 private:
  void AddRow(Nanos ts, bool anomalous) {
    if (anomalous && !open_) {
      open_ = true;
      opened_ = ts;
    }
    if (!anomalous && open_) Close(ts);
  }
  void Close(Nanos end) {
    open_ = false;
    if (end == opened_) return;  // two rows of one time, of which the later one is healthy
    info_.labels.push_back({.start_s = Seconds(opened_ - info_.start_ns),
                            .end_s = Seconds(end - info_.start_ns),
                            .rating = Rating::kAnomaly,
                            .fault = {}});
  }

  const Header& header_;
  RecordingInfo& info_;
  std::vector<std::string_view> fields_;
  std::vector<Nanos> gaps_;
  size_t rows_ = 0;
  Nanos last_ = 0;
  Nanos opened_ = 0;
  bool open_ = false;
};

std::string AssetName(const std::string& id) {
  std::string asset = ChannelName(id);
  std::ranges::replace(asset, '_', '-');
  return asset;
}

}  // namespace

bool IsDatetimeCsv(const std::string& path) {
  if (!HasEnding(path, ".csv") && !HasEnding(path, ".csv.gz")) return false;
  Result<InputFile> file = InputFile::Open(path);
  Header header;
  return file && ReadHeader(*file, header).has_value() && header.columns.size() >= 2;
}

Result<RecordingInfo> ReadDatetimeCsv(const std::string& path, const std::string& id) {
  MW_TRY(InputFile file, InputFile::Open(path));
  Header header;
  MW_TRY(ReadHeader(file, header));
  RecordingInfo info;
  info.path = path;
  info.name = id;
  info.asset = AssetName(id);  // each run is commissioned by itself
  info.source = "datetime csv";
  AddChannels(header, path, info);
  if (info.channels.empty()) return Fail(Errc::kInvalid, path + ":1: there is no sensor column");
  // SKAB's run without faults carries no label columns; its name says what it is.
  info.labelled = header.anomaly != 0 || path.find("anomaly-free") != std::string::npos;
  RowScan scan(header, info);
  std::string line;
  while (true) {
    MW_TRY(const bool more, file.ReadLine(line));
    if (!more) break;
    if (line.empty()) continue;
    MW_TRY(scan.Add(line, path + ":" + std::to_string(file.line_number())));
  }
  MW_TRY(scan.Finish(path));
  return info;
}

}  // namespace millwright::recording
