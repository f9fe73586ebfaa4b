// Streams of one stored file each, which Reader merges. Internal to this room.
#pragma once

#include <memory>
#include <vector>

#include "recording/recording.h"

namespace millwright::recording {

class Source {
 public:
  virtual ~Source() = default;
  /// The file's next item in order of due_ns; false at its end. `samples` stay valid until the next
  /// call.
  [[nodiscard]] virtual Result<bool> Next(Item& item) = 0;
};

/// One channel of f32le or i16le samples.
[[nodiscard]] Result<std::unique_ptr<Source>> OpenBinarySource(const RecordingInfo& info,
                                                               int channel, Nanos block);

/// Channels that share one CSV file with the same separator and time column: it is read once.
[[nodiscard]] Result<std::unique_ptr<Source>> OpenCsvSource(const RecordingInfo& info,
                                                            std::vector<int> channels, Nanos block);

}  // namespace millwright::recording
