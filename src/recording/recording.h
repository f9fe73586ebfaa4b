// Recorded machines: one way to read them, whichever layout they were stored in. OpenDataset finds
// the recordings under a folder (our layout, docs/formats/recording.md, or SKAB's CSV files); a
// Reader plays one of them as the gateway would have received it: readings and sample blocks of all
// channels in order of time.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/time.h"
#include "dsp/pipeline.h"

namespace millwright::recording {

enum class Rating : uint8_t { kNoAnomaly, kNeutral, kAnomaly };

/// "NO_ANOMALY", "NEUTRAL", "ANOMALY".
[[nodiscard]] std::string_view Name(Rating rating);

/// Seconds since the recording's start, [start_s, end_s). Time outside every label is kNoAnomaly.
struct Label {
  double start_s = 0;
  double end_s = 0;
  Rating rating = Rating::kNoAnomaly;
  std::string fault;  // a code such as "outer_race"; empty where the label names none
};

enum class FileFormat : uint8_t { kCsv, kF32le, kI16le };
enum class TimeFormat : uint8_t { kSeconds, kUnix, kUnixMs, kRfc3339 };

/// Where a channel's values lie. Paths are absolute or relative to the working directory, never to
/// the recording.
struct ChannelSource {
  std::string path;
  FileFormat format = FileFormat::kCsv;
  double scale = 1;         // value = stored * scale
  std::string column;       // csv: the header's name
  std::string time_column;  // csv: empty where rows are evenly spaced at rate_hz
  TimeFormat time_format = TimeFormat::kSeconds;
  char separator = ',';
};

struct RecordingInfo {
  std::string
      id;  // path below the data set's root, e.g. "valve1/0": unique, stable, what split lists name
  std::string path;  // the folder or file itself
  std::string
      group;  // from dataset.toml: "train", "validation", "test" or the user's; empty: in none
  std::string name, site, asset, source, licence;
  Nanos start_ns = 0;  // UTC of second 0; orders the recordings of one asset
  dsp::MachineSpec machine;
  std::vector<dsp::ChannelSpec> channels;
  std::vector<ChannelSource> sources;  // one per channel
  std::vector<Label> labels;           // by start, not overlapping
  bool labelled = true;                // false: no label is known, not even that it is healthy
};

/// The rating (and fault) at a time of the recording.
[[nodiscard]] const Label* LabelAt(const RecordingInfo& info, Nanos ts);
[[nodiscard]] Rating RatingAt(const RecordingInfo& info, Nanos ts);

/// All recordings under `path`, sorted by id. `path` is a data set's root, one recording's folder,
/// or one CSV file. The layout is found out: folders with a recording.toml, else CSV files that
/// begin with a `datetime` column (SKAB: `;` between columns, optional `anomaly` and
/// `changepoint`). Errors name the file and, in it, line and key or column. kNotFound where there
/// is no recording at all.
[[nodiscard]] Result<std::vector<RecordingInfo>> OpenDataset(const std::string& path);

/// One thing that arrives.
struct Item {
  int channel = 0;  // index in RecordingInfo::channels
  Nanos ts_ns = 0;  // of the reading, or of the block's first sample
  Nanos due_ns =
      0;  // when it is known: the reading's ts, the block's end. Items come in this order.
  bool is_block = false;
  float value = 0;                 // reading
  double rate_hz = 0;              // block
  std::span<const float> samples;  // block; valid until the next call of Next
};

struct ReaderOptions {
  Nanos block = 200 * kMillisecond;  // samples come in blocks of this length
};

/// Streams one recording; memory does not grow with its length.
class Reader {
 public:
  [[nodiscard]] static Result<std::unique_ptr<Reader>> Open(const RecordingInfo& info,
                                                            ReaderOptions options = {});
  virtual ~Reader() = default;
  /// The next item in order of `due_ns`; false at the end. kInvalid names file, line and column.
  /// Readings that are absent in the file (empty cell, nan) are skipped.
  [[nodiscard]] virtual Result<bool> Next(Item& item) = 0;
};

/// What a Writer stores of a channel: samples as i16le or f32le with `scale`, readings in
/// process.csv files.
struct WriterChannel {
  dsp::ChannelSpec spec;
  FileFormat format = FileFormat::kCsv;
  double scale = 1;
};

/// Writes one recording in our layout; OpenDataset reads it back. Not power-safe: a recording is
/// whole once Finish returned.
class Writer {
 public:
  /// Creates `folder`; kConflict where it holds a recording already. Of `info`, `channels`,
  /// `sources` and `labels` are not used.
  [[nodiscard]] static Result<std::unique_ptr<Writer>> Create(const std::string& folder,
                                                              const RecordingInfo& info,
                                                              std::vector<WriterChannel> channels);
  virtual ~Writer() = default;
  [[nodiscard]] virtual Result<void> Reading(int channel, Nanos ts, float value) = 0;
  /// Blocks of a channel must follow each other without a hole. i16le: clipped to the format's
  /// range.
  [[nodiscard]] virtual Result<void> Block(int channel, std::span<const float> samples) = 0;
  /// Writes recording.toml.
  [[nodiscard]] virtual Result<void> Finish(std::span<const Label> labels) = 0;
};

}  // namespace millwright::recording
