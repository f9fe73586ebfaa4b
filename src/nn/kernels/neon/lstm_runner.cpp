#include "nn/kernels/neon/lstm_runner.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <span>
#include <utility>

#include "nn/kernels/neon/gates.h"
#include "nn/kernels/neon/panel.h"
#include "nn/team.h"

namespace millwright::nn::neon {
namespace {

// Blocks whose gates are finished together: enough for the activations to keep a core busy.
constexpr size_t kGroupBlocks = 8;
// Input products of about so many vectors are computed at once: few enough that the results stay
// in a second-level cache beside the weights.
constexpr size_t kInputVectors = 16;

/// Steps between two input passes.
size_t StepsPerChunk(size_t streams) {
  return std::max<size_t>(kInputVectors / std::bit_floor(std::max<size_t>(streams, 1)), 1);
}

/// Hands out a scratch area in aligned pieces; without one it only counts.
class Carver {
 public:
  explicit Carver(std::byte* memory) : memory_(memory) {}
  template <typename T>
  T* Take(size_t count) {
    const size_t at = bytes_;
    bytes_ += (count * sizeof(T) + 63) / 64 * 64;
    return memory_ == nullptr ? nullptr : reinterpret_cast<T*>(memory_ + at);
  }
  [[nodiscard]] size_t bytes() const { return bytes_; }

 private:
  std::byte* memory_;
  size_t bytes_ = 0;
};

/// What a call keeps between its parts.
struct Frame {
  int8_t* x_vectors = nullptr;
  std::array<Bundles, 2> h;   // read in even and odd steps, written in the other ones
  int16_t* input = nullptr;   // [vectors of a chunk][blocks][4 slots][8]
  int16_t* c = nullptr;       // [streams][blocks * 8]
  int8_t* h_plain = nullptr;  // [streams][blocks * 8], the last step's
};

class Runner : public LstmRunner {
 public:
  Runner(const LstmWeights& weights, const Products& products);

  void Run(const LstmCall& call) const override;
  size_t scratch_bytes(size_t streams) const override {
    Carver carver(nullptr);
    Carve(carver, streams);
    return carver.bytes();
  }
  size_t ring_bytes(size_t steps) const override {
    return steps * kGates * recurrent_.blocks() * kBlockUnits * sizeof(int16_t);
  }
  size_t weight_bytes(size_t streams) const override {
    // A pass over the input weights serves all steps of a chunk.
    return recurrent_.bytes() + input_.bytes() / StepsPerChunk(streams);
  }

 private:
  class Part;
  Frame Carve(Carver& carver, size_t streams) const;

  const Products& products_;
  size_t inputs_, units_;
  Panel input_, recurrent_;
  CellRule cell_;
};

template <typename Field>
auto OfGates(const LstmWeights& weights, Field field) {
  std::array<decltype(field(weights.gates[0])), kGates> all{};
  for (size_t g = 0; g < kGates; ++g) all[g] = field(weights.gates[g]);
  return all;
}

Runner::Runner(const LstmWeights& w, const Products& products)
    : products_(products),
      inputs_(w.inputs),
      units_(w.units),
      input_(products, w.units, w.inputs,
             OfGates(w, [](const LstmGate& g) { return g.input_weights; }),
             OfGates(w, [](const LstmGate& g) { return std::span(g.input_bias); }),
             OfGates(w, [](const LstmGate& g) { return g.input_scale; })),
      recurrent_(products, w.units, w.units,
                 OfGates(w, [](const LstmGate& g) { return g.recurrent_weights; }),
                 OfGates(w, [](const LstmGate& g) { return std::span(g.recurrent_bias); }),
                 OfGates(w, [](const LstmGate& g) { return g.recurrent_scale; })),
      cell_(w) {}

Frame Runner::Carve(Carver& carver, size_t streams) const {
  const size_t vectors = StepsPerChunk(streams) * streams;
  const size_t units = recurrent_.blocks() * kBlockUnits;
  Frame frame;
  frame.x_vectors = carver.Take<int8_t>(vectors * input_.vector_bytes());
  for (Bundles& h : frame.h) {
    h = Bundles(products_, recurrent_.columns(), streams,
                carver.Take<int8_t>(streams * recurrent_.vector_bytes()));
  }
  frame.input = carver.Take<int16_t>(vectors * kGates * units);
  frame.c = carver.Take<int16_t>(streams * units);
  frame.h_plain = carver.Take<int8_t>(streams * units);
  return frame;
}

/// One thread's part of a call: some of the blocks, for all streams and steps.
class Runner::Part {
 public:
  Part(const Runner& runner, const LstmCall& call, const Frame& frame, size_t part, size_t parts)
      : r_(runner),
        call_(call),
        f_(frame),
        part_(part),
        parts_(parts),
        first_(runner.recurrent_.blocks() * part / parts),
        last_(runner.recurrent_.blocks() * (part + 1) / parts),
        units_(runner.recurrent_.blocks() * kBlockUnits),
        streams_(call.streams.size()) {}

  void Run() {
    LoadState();
    Wait();
    if (call_.ring != nullptr) {
      RunWithRing();
    } else {
      RunInChunks();
    }
    StoreState();
  }

 private:
  void RunInChunks() const {
    const size_t chunk = StepsPerChunk(streams_);
    for (size_t t = 0; t < call_.steps; t += chunk) {
      const size_t steps = std::min(chunk, call_.steps - t);
      InputPass(t, steps);
      for (size_t s = 0; s < steps; ++s) {
        Step(t + s, f_.input + s * streams_ * kGates * units_);
        Wait();
      }
    }
  }
  void RunWithRing() const {
    const size_t chunk = StepsPerChunk(1);
    for (size_t t = call_.ring->kept; t < call_.steps; t += chunk) {
      InputPass(t, std::min(chunk, call_.steps - t));
      Wait();
    }
    for (size_t t = 0; t < call_.steps; ++t) {
      Step(t, RingRow(t));
      Wait();
    }
  }
  void Wait() const {
    if (call_.team != nullptr) call_.team->Barrier(static_cast<int>(part_));
  }
  // Own units, without those that only fill the last block.
  [[nodiscard]] size_t first_unit() const { return first_ * kBlockUnits; }
  [[nodiscard]] size_t own_units() const {
    return std::min(last_ * kBlockUnits, r_.units_) - std::min(first_unit(), r_.units_);
  }

  void LoadState() const {
    for (size_t s = 0; s < streams_; ++s) {
      const LstmStream& stream = call_.streams[s];
      std::copy_n(stream.c + first_unit(), own_units(), f_.c + s * units_ + first_unit());
      f_.h[0].Write(s, stream.h + first_unit(), first_unit(), own_units());
    }
  }

  void StoreState() const {
    for (size_t s = 0; s < streams_ && call_.steps > 0; ++s) {
      const LstmStream& stream = call_.streams[s];
      std::copy_n(f_.c + s * units_ + first_unit(), own_units(), stream.c + first_unit());
      std::copy_n(f_.h_plain + s * units_ + first_unit(), own_units(), stream.h + first_unit());
    }
  }

  [[nodiscard]] int16_t* RingRow(size_t t) const {
    const size_t row = (call_.ring->first + t) % call_.steps;
    return reinterpret_cast<int16_t*>(call_.ring->rows) + row * kGates * units_;
  }

  // f_.input (or the ring) = what steps t .. t + steps - 1 of all streams get from their inputs.
  void InputPass(size_t t, size_t steps) const {
    const size_t vectors = steps * streams_;
    const Bundles x(r_.products_, r_.input_.columns(), vectors, f_.x_vectors);
    for (size_t v = part_; v < vectors; v += parts_) {
      const int8_t* values = call_.streams[v % streams_].x + (t + v / streams_) * call_.x_stride;
      x.Write(v, values, 0, r_.inputs_);
    }
    Wait();
    BlockSums sums[kGroupBlocks];
    for (size_t block = first_; block < last_; block += kGroupBlocks) {
      const size_t blocks = std::min(kGroupBlocks, last_ - block);
      for (size_t v = 0; v < vectors; v += kVectorsMax) {
        const size_t now = std::min(kVectorsMax, vectors - v);
        r_.input_.Multiply(block, blocks, false, x, v, now, sums);
        if (call_.ring == nullptr) {
          RescaleInput(sums, blocks, 0, now, r_.input_.rescales(),
                       f_.input + (v * units_ + block * kBlockUnits) * kGates, kGates * units_);
          continue;
        }
        for (size_t i = 0; i < now; ++i)
          RescaleInput(sums, blocks, i, 1, r_.input_.rescales(),
                       RingRow(t + v + i) + block * kBlockSums, 0);
      }
    }
  }

  // Odd steps walk the blocks backwards: what the cache still holds of a matrix too large for it is
  // what was read last.
  void Step(size_t t, const int16_t* input) const {
    const size_t groups = (last_ - first_ + kGroupBlocks - 1) / kGroupBlocks;
    for (size_t i = 0; i < groups; ++i) {
      const size_t group = t % 2 == 0 ? i : groups - 1 - i;
      const size_t begin = first_ + group * kGroupBlocks;
      const size_t end = std::min(begin + kGroupBlocks, last_);
      for (size_t s = 0; s < streams_; s += kVectorsMax)
        Group(t, input, begin, end, s, std::min(kVectorsMax, streams_ - s));
    }
  }

  // Blocks begin .. end - 1 of `count` streams from `from` on.
  void Group(size_t t, const int16_t* input, size_t begin, size_t end, size_t from,
             size_t count) const {
    BlockSums sums[kGroupBlocks];
    int16_t gates[kGroupBlocks * kBlockSums];
    const size_t blocks = end - begin;
    r_.recurrent_.Multiply(begin, blocks, t % 2 != 0, f_.h[t % 2], from, count, sums);
    const size_t unit = begin * kBlockUnits;
    const size_t valid = std::min(end * kBlockUnits, r_.units_) - unit;
    for (size_t s = 0; s < count; ++s) {
      const size_t at = (from + s) * units_ + unit;
      RescaleRecurrent(sums, blocks, s, r_.recurrent_.rescales(), input + at * kGates, gates);
      r_.cell_.Update(gates, blocks, f_.c + at, f_.h_plain + at);
      f_.h[(t + 1) % 2].Write(from + s, f_.h_plain + at, unit, blocks * kBlockUnits);
      std::memcpy(call_.streams[from + s].out + t * call_.out_stride + unit, f_.h_plain + at,
                  valid);
    }
  }

  const Runner& r_;
  const LstmCall& call_;
  const Frame& f_;
  const size_t part_, parts_;
  const size_t first_, last_;  // own blocks
  const size_t units_, streams_;
};

void Runner::Run(const LstmCall& call) const {
  Carver carver(call.scratch);
  const Frame frame = Carve(carver, call.streams.size());
  const auto parts = static_cast<size_t>(call.team == nullptr ? 1 : call.team->size());
  const auto work = [&](int part) {
    Part(*this, call, frame, static_cast<size_t>(part), parts).Run();
  };
  if (call.team == nullptr) return work(0);
  call.team->Run(work);
}

}  // namespace

std::unique_ptr<const LstmRunner> MakeLstmRunner(const LstmWeights& weights,
                                                 const Products& products) {
  return std::make_unique<const Runner>(weights, products);
}

}  // namespace millwright::nn::neon
