// Where things lie in a call's scratch memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "nn/kernels/packed/kernels.h"

namespace millwright::nn::packed {

struct Shape {
  size_t inputs = 0, units = 0;
  size_t value_bytes = 0;  // that four encoded values take
  [[nodiscard]] size_t blocks() const { return (units + kBlockUnits - 1) / kBlockUnits; }
};

/// Columns of a product (streams, or steps of streams) that go through the weights together.
struct Columns {
  size_t first = 0, count = 0;
};

class Layout {
 public:
  Layout(const Shape& shape, size_t streams)
      : shape_(shape),
        streams_(streams),
        chunk_steps_(ChunkSteps(shape, streams)),
        groups_((streams + kColumnsMax - 1) / kColumnsMax) {
    const size_t columns = chunk_steps_ * streams;
    hidden_ = shape.blocks() * streams * kBlockUnits * sizeof(int16_t);
    inputs_ = hidden_ + 2 * hidden_bytes();
    gates_ = AlignUp(inputs_ + columns * input_bytes());
    bytes_ = gates_ + shape.blocks() * columns * kRowSums * sizeof(int16_t);
  }

  /// Steps whose input products are held at a time: as many as leave most of a core's cache to the
  /// weights.
  [[nodiscard]] size_t chunk_steps() const { return chunk_steps_; }
  [[nodiscard]] size_t bytes() const { return bytes_; }

  /// Streams that go through the recurrent weights together: groups of nearly equal size.
  [[nodiscard]] Columns group_of(size_t stream) const {
    const size_t size = streams_ / groups_, larger = streams_ % groups_;
    const size_t in_larger = larger * (size + 1);
    if (stream < in_larger) return {stream / (size + 1) * (size + 1), size + 1};
    return {in_larger + (stream - in_larger) / size * size, size};
  }
  /// How many rows to gather before their gates are computed.
  [[nodiscard]] size_t rows_max() const { return kColumnsMax; }

  /// [16] int16.
  [[nodiscard]] size_t cell(size_t block, size_t stream) const {
    return (block * streams_ + stream) * kBlockUnits * sizeof(int16_t);
  }
  /// Encoded hidden state, double-buffered, [group of 4 units][streams of the group].
  [[nodiscard]] size_t hidden(size_t buffer, const Columns& group, size_t stream,
                              size_t unit) const {
    const size_t words = group.first * words_per_stream() + (stream - group.first);
    return hidden_ + buffer * hidden_bytes() +
           (words + unit / 4 * group.count) * shape_.value_bytes;
  }
  /// Encoded inputs of the chunk's column, [group of 4 inputs][columns of the group].
  [[nodiscard]] size_t input(const Columns& group, size_t column) const {
    return inputs_ + group.first * input_bytes() + (column - group.first) * shape_.value_bytes;
  }
  [[nodiscard]] static Columns column_group(size_t column, size_t columns) {
    const size_t first = column / kColumnsMax * kColumnsMax;
    return {first, std::min(kColumnsMax, columns - first)};
  }
  /// Input side of the gates of the chunk's column, [4][16] int16.
  [[nodiscard]] size_t gates(size_t block, size_t column) const {
    return gates_ + (block * chunk_steps_ * streams_ + column) * kRowSums * sizeof(int16_t);
  }

 private:
  static constexpr size_t kChunkBytes = size_t{48} << 10;

  static size_t AlignUp(size_t bytes) { return (bytes + 63) / 64 * 64; }
  static size_t ChunkSteps(const Shape& shape, size_t streams) {
    const size_t column = shape.blocks() * kRowSums * sizeof(int16_t);
    const size_t columns = std::clamp<size_t>(kChunkBytes / column, kColumnsMax, 64);
    return std::max<size_t>(1, columns / streams);
  }
  [[nodiscard]] size_t words_per_stream() const { return shape_.blocks() * kBlockUnits / 4; }
  [[nodiscard]] size_t hidden_bytes() const {
    return AlignUp(streams_ * words_per_stream() * shape_.value_bytes);
  }
  [[nodiscard]] size_t input_bytes() const { return (shape_.inputs + 3) / 4 * shape_.value_bytes; }

  Shape shape_;
  size_t streams_, chunk_steps_, groups_;
  size_t hidden_ = 0, inputs_ = 0, gates_ = 0, bytes_ = 0;
};

}  // namespace millwright::nn::packed
