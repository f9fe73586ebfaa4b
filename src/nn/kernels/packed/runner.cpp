#include "nn/kernels/packed/runner.h"

#include <algorithm>
#include <atomic>
#include <cstring>

#include "nn/kernels/packed/layout.h"
#include "nn/kernels/packed/packed_weights.h"
#include "nn/kernels/packed/staged_update.h"
#include "nn/team.h"

namespace millwright::nn::packed {
namespace {

// Pieces of a lone stream's product, and the fewest groups of a piece that hide a stage.
constexpr size_t kPieces = 3, kPieceGroupsMin = 8;

class Runner : public LstmRunner {
 public:
  Runner(const LstmWeights& w, const Kernels& kernels)
      : kernels_(kernels),
        shape_{.inputs = w.inputs, .units = w.units, .value_bytes = kernels.value_bytes},
        input_(w, PackedMatrix::Side::kInput, kernels.value_offset),
        recurrent_(w, PackedMatrix::Side::kRecurrent, kernels.value_offset),
        plan_(MakeCellPlan(w)) {}

  void Run(const LstmCall& call) const override;
  size_t scratch_bytes(size_t streams) const override { return Layout(shape_, streams).bytes(); }
  size_t ring_bytes(size_t steps) const override {
    return steps * shape_.blocks() * kRowSums * sizeof(int16_t);
  }
  size_t weight_bytes(size_t streams) const override {
    // A pass over the input weights serves all steps of a chunk.
    return recurrent_.bytes() + input_.bytes() / Layout(shape_, streams).chunk_steps();
  }

 private:
  class Part;

  bool hides_updates() const {
    return kernels_.update_stage != nullptr && recurrent_.groups() >= kPieces * kPieceGroupsMin;
  }

  const Kernels& kernels_;
  Shape shape_;
  PackedMatrix input_, recurrent_;
  CellPlan plan_;
  // Steps walked so far by anybody: each step walks the blocks the other way round than the one
  // before, so that it begins with the weights that the cache still holds. A hint only.
  mutable std::atomic<uint32_t> steps_walked_{0};
};

/// What one thread does of a call: its blocks of units, for all streams and steps.
class Runner::Part {
 public:
  Part(const Runner& runner, const LstmCall& call, int part, bool backward)
      : r_(runner),
        call_(call),
        layout_(runner.shape_, call.streams.size()),
        team_(call.team),
        backward_(backward),
        staged_(runner.kernels_, runner.plan_) {
    const auto p = static_cast<size_t>(part);
    const size_t parts = team_ == nullptr ? 1 : static_cast<size_t>(team_->size());
    const size_t blocks = r_.shape_.blocks();
    begin_ = blocks * p / parts;
    end_ = blocks * (p + 1) / parts;
    part_ = p;
    parts_ = parts;
  }

  void Run() {
    LoadState();
    if (call_.ring != nullptr) {
      RunWithRing();
    } else {
      RunInChunks();
    }
    StoreState();
  }

 private:
  void RunInChunks() {
    for (size_t t = 0; t < call_.steps; t += layout_.chunk_steps()) {
      const size_t steps = std::min(layout_.chunk_steps(), call_.steps - t);
      EncodeInputs(t, steps);
      Meet();
      InputProducts(t, steps);
      for (size_t i = 0; i < steps; ++i) {
        Step(t + i, i);
        Meet();
      }
    }
  }
  void RunWithRing() {
    for (size_t t = call_.ring->kept; t < call_.steps; t += layout_.chunk_steps()) {
      const size_t steps = std::min(layout_.chunk_steps(), call_.steps - t);
      EncodeInputs(t, steps);
      Meet();
      InputProducts(t, steps);
      Meet();
    }
    for (size_t t = 0; t < call_.steps; ++t) {
      Step(t, 0);
      Meet();
    }
  }
  void Meet() {
    if (team_ != nullptr) team_->Barrier(static_cast<int>(part_));
  }
  size_t units_of(size_t block) const {
    return std::min(kBlockUnits, r_.shape_.units - block * kBlockUnits);
  }
  std::byte* scratch(size_t offset) const { return call_.scratch + offset; }
  template <typename T>
  T* at(size_t offset) const {
    return reinterpret_cast<T*>(call_.scratch + offset);
  }

  void LoadState();
  void StoreState();
  void EncodeInputs(size_t first_step, size_t steps);
  void InputProducts(size_t first_step, size_t steps);
  void Step(size_t t, size_t in_chunk);
  void StepBlock(size_t t, size_t in_chunk, size_t block);
  void Flush();
  [[nodiscard]] int16_t* RingRow(size_t t, size_t block) const {
    const size_t row = (call_.ring->first + t) % call_.steps;
    return reinterpret_cast<int16_t*>(call_.ring->rows) +
           (row * r_.shape_.blocks() + block) * kRowSums;
  }
  void StepAlone(size_t t, size_t in_chunk, bool backward);
  [[nodiscard]] Row RowOf(size_t t, size_t in_chunk, size_t block, size_t stream,
                          const int32_t* sums) const;

  const Runner& r_;
  const LstmCall& call_;
  const Layout layout_;
  Team* team_;
  bool backward_;
  size_t part_ = 0, parts_ = 1;
  size_t begin_ = 0, end_ = 0;  // blocks
  size_t rows_ = 0;
  Row row_[kColumnsMax];
  StagedUpdate staged_;
  alignas(64) int32_t sums_[kColumnsMax * kRowSums];
};

void Runner::Part::LoadState() {
  const size_t streams = call_.streams.size();
  for (size_t s = 0; s < streams; ++s) {
    const LstmStream& stream = call_.streams[s];
    const Columns group = layout_.group_of(s);
    for (size_t b = begin_; b < end_; ++b) {
      const size_t units = units_of(b), first = b * kBlockUnits;
      std::memcpy(at<int16_t>(layout_.cell(b, s)), stream.c + first, units * sizeof(int16_t));
      r_.kernels_.encode(stream.h + first, units, group.count * r_.shape_.value_bytes,
                         scratch(layout_.hidden(0, group, s, first)));
    }
  }
}

void Runner::Part::StoreState() {
  for (size_t s = 0; s < call_.streams.size(); ++s) {
    const LstmStream& stream = call_.streams[s];
    for (size_t b = begin_; b < end_; ++b) {
      const size_t units = units_of(b), first = b * kBlockUnits;
      std::memcpy(stream.c + first, at<int16_t>(layout_.cell(b, s)), units * sizeof(int16_t));
      const int8_t* last = stream.out + (call_.steps - 1) * call_.out_stride;
      std::memcpy(stream.h + first, last + first, units);
    }
  }
}

// Column = step of the chunk x streams + stream.
void Runner::Part::EncodeInputs(size_t first_step, size_t steps) {
  const size_t streams = call_.streams.size(), columns = steps * streams;
  for (size_t i = part_; i < columns; i += parts_) {
    const LstmStream& stream = call_.streams[i % streams];
    const Columns group = Layout::column_group(i, columns);
    r_.kernels_.encode(stream.x + (first_step + i / streams) * call_.x_stride, r_.shape_.inputs,
                       group.count * r_.shape_.value_bytes, scratch(layout_.input(group, i)));
  }
}

void Runner::Part::InputProducts(size_t first_step, size_t steps) {
  const size_t columns = steps * call_.streams.size();
  for (size_t b = begin_; b < end_; ++b) {
    for (size_t first = 0; first < columns; first += kColumnsMax) {
      const Columns group = Layout::column_group(first, columns);
      r_.kernels_.dot(r_.input_.block(b), r_.input_.groups(), scratch(layout_.input(group, first)),
                      group.count, r_.input_.bias(b), sums_);
      if (call_.ring == nullptr) {
        r_.kernels_.rescale_inputs(r_.plan_, sums_, group.count,
                                   at<int16_t>(layout_.gates(b, first)));
        continue;
      }
      for (size_t i = 0; i < group.count; ++i)
        r_.kernels_.rescale_inputs(r_.plan_, sums_ + i * kRowSums, 1,
                                   RingRow(first_step + first + i, b));
    }
  }
}

void Runner::Part::Step(size_t t, size_t in_chunk) {
  const bool backward = backward_ != (t % 2 == 1);
  if (call_.streams.size() == 1 && r_.hides_updates()) return StepAlone(t, in_chunk, backward);
  for (size_t i = begin_; i < end_; ++i)
    StepBlock(t, in_chunk, backward ? end_ - 1 - (i - begin_) : i);
  Flush();
}

void Runner::Part::StepBlock(size_t t, size_t in_chunk, size_t block) {
  const size_t streams = call_.streams.size();
  for (size_t s = 0; s < streams;) {
    const Columns group = layout_.group_of(s);
    if (rows_ + group.count > layout_.rows_max()) Flush();
    int32_t* sums = sums_ + rows_ * kRowSums;
    r_.kernels_.dot(r_.recurrent_.block(block), r_.recurrent_.groups(),
                    scratch(layout_.hidden(t % 2, group, s, 0)), group.count,
                    r_.recurrent_.bias(block), sums);
    for (size_t i = 0; i < group.count; ++i, ++s)
      row_[rows_++] = RowOf(t, in_chunk, block, s, sums + i * kRowSums);
  }
}

Row Runner::Part::RowOf(size_t t, size_t in_chunk, size_t block, size_t stream,
                        const int32_t* sums) const {
  const Columns group = layout_.group_of(stream);
  const size_t first_unit = block * kBlockUnits;
  const size_t column = in_chunk * call_.streams.size() + stream;
  return {.sums = sums,
          .inputs =
              call_.ring != nullptr ? RingRow(t, block) : at<int16_t>(layout_.gates(block, column)),
          .c = at<int16_t>(layout_.cell(block, stream)),
          .h = scratch(layout_.hidden((t + 1) % 2, group, stream, first_unit)),
          .h_stride = group.count * r_.shape_.value_bytes,
          .out = call_.streams[stream].out + t * call_.out_stride + first_unit,
          .units = units_of(block)};
}

void Runner::Part::StepAlone(size_t t, size_t in_chunk, bool backward) {
  const Columns alone = {0, 1};
  const PackedMatrix& w = r_.recurrent_;
  for (size_t i = begin_; i < end_; ++i) {
    const size_t block = backward ? end_ - 1 - (i - begin_) : i;
    int32_t* sums = staged_.NextSums();
    const int32_t* bias = w.bias(block);
    for (size_t piece = 0; piece < kPieces; ++piece) {
      const size_t first = w.groups() * piece / kPieces, last = w.groups() * (piece + 1) / kPieces;
      staged_.RunStage();
      r_.kernels_.dot(w.block(block) + first * kGroupBytes, last - first,
                      scratch(layout_.hidden(t % 2, alone, 0, first * 4)), 1, bias, sums);
      bias = sums;
    }
    staged_.Add(RowOf(t, in_chunk, block, 0, sums));
  }
  staged_.Finish();
}

void Runner::Part::Flush() {
  if (rows_ > 0) r_.kernels_.update(r_.plan_, row_, rows_);
  rows_ = 0;
}

void Runner::Run(const LstmCall& call) const {
  if (call.steps == 0 || call.streams.empty()) return;
  const uint32_t walked =
      steps_walked_.fetch_add(static_cast<uint32_t>(call.steps), std::memory_order_relaxed);
  const auto part = [&](int p) { Part(*this, call, p, walked % 2 == 1).Run(); };
  if (call.team != nullptr) {
    call.team->Run(part);
  } else {
    part(0);
  }
}

}  // namespace

std::unique_ptr<const LstmRunner> MakeLstmRunner(const LstmWeights& weights,
                                                 const Kernels& kernels) {
  if (!kernels.any_weight && HasLeastWeight(weights)) return nullptr;
  return std::make_unique<const Runner>(weights, kernels);
}

}  // namespace millwright::nn::packed
