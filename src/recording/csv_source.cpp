#include <algorithm>
#include <cmath>

#include "recording/layouts.h"
#include "recording/sources.h"
#include "recording/text_file.h"

namespace millwright::recording {
namespace {

struct Column {
  int channel = 0;
  size_t field = 0;
  double scale = 1;
  double rate_hz = 1;
  bool is_samples = false;
  // Samples only: the block under way and the one handed out.
  size_t block_samples = 2;
  Nanos block_ts = 0;
  std::vector<float> block;
  std::vector<float> out;
};

class CsvSource final : public Source {
 public:
  CsvSource(InputFile file, Nanos start_ns, const ChannelSource& format)
      : file_(std::move(file)),
        start_ns_(start_ns),
        time_format_(format.time_format),
        has_time_(!format.time_column.empty()),
        separator_(format.separator) {}

  // Finds the columns in the header.
  Result<void> Bind(const RecordingInfo& info, const std::vector<int>& channels, Nanos block) {
    MW_TRY(const bool any, file_.ReadLine(line_));
    if (!any) return Fail(Errc::kInvalid, file_.path() + ": is empty");
    if (line_.starts_with("\xEF\xBB\xBF")) line_.erase(0, 3);
    SplitCsv(line_, separator_, fields_);
    columns_in_file_ = fields_.size();
    if (has_time_) {
      MW_TRY(time_field_, FieldOf(info.sources[static_cast<size_t>(channels.front())].time_column));
    }
    for (const int channel : channels) {
      const size_t index = static_cast<size_t>(channel);
      Column& column = columns_.emplace_back();
      column.channel = channel;
      column.scale = info.sources[index].scale;
      column.rate_hz = info.channels[index].rate_hz;
      column.is_samples = info.channels[index].kind == dsp::ChannelKind::kSamples;
      column.block_samples =
          static_cast<size_t>(std::max(2.0, std::round(Seconds(block) * column.rate_hz)));
      MW_TRY(column.field, FieldOf(info.sources[index].column));
    }
    return {};
  }

  Result<bool> Next(Item& item) override {
    while (queued_at_ == queue_.size()) {
      queue_.clear();
      queued_at_ = 0;
      if (ended_) return false;
      MW_TRY(ReadRow());
    }
    item = queue_[queued_at_++];
    return true;
  }

 private:
  Result<size_t> FieldOf(const std::string& name) const {
    const auto found = std::ranges::find(fields_, name);
    if (found == fields_.end())
      return Fail(Errc::kInvalid, file_.path() + ":1: there is no column \"" + name + "\"");
    return static_cast<size_t>(found - fields_.begin());
  }
  [[nodiscard]] std::string Where() const {
    return file_.path() + ":" + std::to_string(file_.line_number());
  }

  Result<void> ReadRow() {
    MW_TRY(const bool more, file_.ReadLine(line_));
    if (!more) {
      ended_ = true;
      for (Column& column : columns_) HandOut(column);
      return {};
    }
    if (line_.empty()) return {};
    SplitCsv(line_, separator_, fields_);
    if (fields_.size() != columns_in_file_)
      return Fail(Errc::kInvalid, Where() + ": " + std::to_string(fields_.size()) +
                                      " columns instead of " + std::to_string(columns_in_file_));
    Nanos ts = 0;
    if (has_time_) {
      Result<Nanos> parsed = ParseTime(fields_[time_field_], time_format_, start_ns_);
      if (!parsed) return Fail(Errc::kInvalid, Where() + ": " + parsed.error().what);
      if (row_ > 0 && *parsed < last_ts_)
        return Fail(Errc::kInvalid, Where() + ": its time is before that of the row above");
      ts = last_ts_ = *parsed;
    } else {
      ts = start_ns_ + static_cast<Nanos>(std::llround(static_cast<double>(row_) /
                                                       columns_.front().rate_hz * 1e9));
    }
    ++row_;
    for (Column& column : columns_) MW_TRY(AddCell(column, ts));
    return {};
  }

  Result<void> AddCell(Column& column, Nanos ts) {
    double value = 0;
    if (!ParseCell(fields_[column.field], value))
      return Fail(Errc::kInvalid, Where() + ": column " + std::to_string(column.field + 1) +
                                      ": \"" + std::string(fields_[column.field]) +
                                      "\" is not a number");
    const float scaled = static_cast<float>(value * column.scale);
    if (column.is_samples) {
      AddSample(column, ts, scaled);
    } else if (std::isfinite(scaled)) {
      queue_.push_back(
          {.channel = column.channel, .ts_ns = ts, .due_ns = ts, .value = scaled, .samples = {}});
    }
    return {};
  }

  // An absent sample, or a step in time, ends a block.
  void AddSample(Column& column, Nanos ts, float value) {
    const Nanos expected = column.block_ts + Length(column, column.block.size());
    const bool jumps = std::abs(Seconds(ts - expected)) * column.rate_hz > 0.75;
    if (jumps || !std::isfinite(value)) HandOut(column);
    if (!std::isfinite(value)) return;
    if (column.block.empty()) column.block_ts = ts;
    column.block.push_back(value);
    if (column.block.size() == column.block_samples) HandOut(column);
  }

  [[nodiscard]] static Nanos Length(const Column& column, size_t samples) {
    return static_cast<Nanos>(std::llround(static_cast<double>(samples) * 1e9 / column.rate_hz));
  }

  // What is handed out stays in `out` while the next block grows. Blocks hold two samples at least,
  // so that one row never hands out two of them.
  void HandOut(Column& column) {
    if (column.block.empty()) return;
    std::swap(column.block, column.out);
    column.block.clear();
    queue_.push_back({.channel = column.channel,
                      .ts_ns = column.block_ts,
                      .due_ns = column.block_ts + Length(column, column.out.size()),
                      .is_block = true,
                      .rate_hz = column.rate_hz,
                      .samples = column.out});
  }

  InputFile file_;
  Nanos start_ns_;
  TimeFormat time_format_;
  bool has_time_;
  char separator_;
  size_t columns_in_file_ = 0;
  size_t time_field_ = 0;
  std::vector<Column> columns_;
  std::vector<std::string_view> fields_;
  std::string line_;
  size_t row_ = 0;
  Nanos last_ts_ = 0;
  bool ended_ = false;
  std::vector<Item> queue_;
  size_t queued_at_ = 0;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenCsvSource(const RecordingInfo& info, std::vector<int> channels,
                                              Nanos block) {
  const ChannelSource& format = info.sources[static_cast<size_t>(channels.front())];
  MW_TRY(InputFile file, InputFile::Open(format.path));
  auto source = std::make_unique<CsvSource>(std::move(file), info.start_ns, format);
  MW_TRY(source->Bind(info, channels, block));
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace millwright::recording
