// UNIDIRECTIONAL_SEQUENCE_LSTM: each batch entry of each session is a stream of its own.
#include <new>

#include "nn/lstm_plan.h"
#include "nn/lstm_runner.h"

namespace millwright::nn {
namespace {

class LstmKernel : public Kernel {
 public:
  LstmKernel(const OpView& op, LstmPlan plan)
      : input_(op.input_index(model::kLstmInput)),
        state_(op.input_index(model::kLstmOutputState)),
        cell_(op.input_index(model::kLstmCellState)),
        output_(op.output_index()),
        batch_(plan.batch),
        steps_(plan.steps),
        time_major_(plan.time_major),
        inputs_(plan.weights[0].inputs),
        units_(plan.weights[0].units),
        outputs_(plan.weights[0].outputs()) {
    for (LstmWeights& weights : plan.weights) {
      const KernelSet set = weights.is_plain() ? op.kernel_set() : KernelSet::kReference;
      runners_.push_back(MakeLstmRunner(std::move(weights), set));
    }
  }

  void Run(const Buffers& buffers) const override {
    RunMany({&buffers, 1}, buffers.scratch(), nullptr);
  }
  void RunWithRing(const Buffers& buffers, const InputRing& ring) const override {
    const LstmStream stream = StreamOf(buffers, 0);
    runners_[0]->Run({.streams = {&stream, 1},
                      .steps = steps_,
                      .x_stride = inputs_,
                      .out_stride = outputs_,
                      .scratch = buffers.scratch() + ListBytes(1),
                      .ring = &ring});
  }
  size_t ring_bytes() const override { return batch_ == 1 ? runners_[0]->ring_bytes(steps_) : 0; }
  size_t steps() const override { return steps_; }
  void RunMany(std::span<const Buffers> sessions, std::byte* scratch, Team* team) const override {
    // Streams of one runner go together; the list lies before the runner's scratch memory.
    const size_t entries = batch_ / runners_.size();
    for (size_t r = 0; r < runners_.size(); ++r) {
      auto* streams = reinterpret_cast<LstmStream*>(scratch);
      size_t count = 0;
      for (const Buffers& buffers : sessions) {
        for (size_t b = r * entries; b < (r + 1) * entries; ++b)
          new (&streams[count++]) LstmStream(StreamOf(buffers, b));
      }
      runners_[r]->Run({.streams = {streams, count},
                        .steps = steps_,
                        .x_stride = (time_major_ ? batch_ : 1) * inputs_,
                        .out_stride = (time_major_ ? batch_ : 1) * outputs_,
                        .scratch = scratch + ListBytes(count),
                        .team = team});
    }
  }
  size_t scratch_bytes(size_t sessions) const override {
    const size_t streams = sessions * (batch_ / runners_.size());
    return ListBytes(streams) + runners_[0]->scratch_bytes(streams);
  }
  size_t weight_bytes(size_t sessions) const override {
    return runners_.size() * runners_[0]->weight_bytes(sessions * (batch_ / runners_.size()));
  }

 private:
  static size_t ListBytes(size_t streams) {
    return (streams * sizeof(LstmStream) + kArenaAlignment - 1) / kArenaAlignment * kArenaAlignment;
  }

  // Where batch entry b begins and keeps its state.
  [[nodiscard]] LstmStream StreamOf(const Buffers& buffers, size_t b) const {
    const size_t first = b * (time_major_ ? 1 : steps_);
    return {.x = buffers.at<const int8_t>(input_) + first * inputs_,
            .out = buffers.at<int8_t>(output_) + first * outputs_,
            .h = buffers.at<int8_t>(state_) + b * outputs_,
            .c = buffers.at<int16_t>(cell_) + b * units_};
  }

  int32_t input_, state_, cell_, output_;
  size_t batch_, steps_;
  bool time_major_;
  size_t inputs_, units_, outputs_;
  std::vector<std::unique_ptr<const LstmRunner>> runners_;  // one, or one per batch entry
};

}  // namespace

KernelResult MakeLstm(const OpView& op) {
  MW_TRY(LstmPlan plan, PlanLstm(op));
  return std::make_unique<const LstmKernel>(op, std::move(plan));
}

}  // namespace millwright::nn
