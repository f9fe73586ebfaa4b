#include <algorithm>

#include "recording/recording.h"
#include "recording/sources.h"

namespace millwright::recording {
namespace {

// One source and the item that is next in it.
struct Lane {
  std::unique_ptr<Source> source;
  Item next;
  bool fetched = false;  // `next` is valid
  bool ended = false;
};

class MergingReader final : public Reader {
 public:
  explicit MergingReader(std::vector<Lane> lanes) : lanes_(std::move(lanes)) {}

  // An item's samples live in its source, so a lane is moved on only when the caller comes for the
  // next item.
  Result<bool> Next(Item& item) override {
    Lane* first = nullptr;
    for (Lane& lane : lanes_) {
      MW_TRY(Fetch(lane));
      if (!lane.ended && (first == nullptr || lane.next.due_ns < first->next.due_ns)) first = &lane;
    }
    if (first == nullptr) return false;
    item = first->next;
    first->fetched = false;
    return true;
  }

 private:
  static Result<void> Fetch(Lane& lane) {
    if (lane.fetched || lane.ended) return {};
    MW_TRY(const bool more, lane.source->Next(lane.next));
    lane.fetched = more;
    lane.ended = !more;
    return {};
  }

  std::vector<Lane> lanes_;
};

bool SameFile(const ChannelSource& a, const ChannelSource& b) {
  return a.path == b.path && a.time_column == b.time_column && a.time_format == b.time_format &&
         a.separator == b.separator;
}

// Channels that can be read together from one CSV file. Evenly spaced rows have one rate.
std::vector<int> Companions(const RecordingInfo& info, size_t first) {
  std::vector<int> together;
  for (size_t c = first; c < info.sources.size(); ++c) {
    const bool csv = info.sources[c].format == FileFormat::kCsv;
    const bool same_rate = !info.sources[first].time_column.empty() ||
                           info.channels[c].rate_hz == info.channels[first].rate_hz;
    if (csv && same_rate && SameFile(info.sources[first], info.sources[c]))
      together.push_back(static_cast<int>(c));
  }
  return together;
}

}  // namespace

Result<std::unique_ptr<Reader>> Reader::Open(const RecordingInfo& info, ReaderOptions options) {
  if (info.channels.empty() || info.channels.size() != info.sources.size())
    return Fail(Errc::kInvalid, "recording " + info.id + ": each channel needs its source");
  if (options.block <= 0)
    return Fail(Errc::kInvalid, "recording " + info.id + ": blocks must have a length");
  std::vector<Lane> lanes;
  std::vector<bool> opened(info.channels.size());
  for (size_t c = 0; c < info.channels.size(); ++c) {
    if (opened[c]) continue;
    Lane& lane = lanes.emplace_back();
    if (info.sources[c].format == FileFormat::kCsv) {
      const std::vector<int> together = Companions(info, c);
      for (const int other : together) opened[static_cast<size_t>(other)] = true;
      MW_TRY(lane.source, OpenCsvSource(info, together, options.block));
    } else {
      MW_TRY(lane.source, OpenBinarySource(info, static_cast<int>(c), options.block));
    }
  }
  std::unique_ptr<Reader> made = std::make_unique<MergingReader>(std::move(lanes));
  return made;
}

}  // namespace millwright::recording
