// Every kernel set on the same bytes: an LSTM layer of anybody's making, with any scales, biases
// and states, gives what the reference gives. A difference aborts.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "nn/aligned_memory.h"
#include "nn/lstm_runner.h"
#include "nn/team.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

namespace nn = millwright::nn;

/// The input's bytes, over again when they end, changed a little each time round.
class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data, size) {}
  uint8_t Next() {
    if (data_.empty()) return 0;
    const size_t round = at_ / data_.size();
    return static_cast<uint8_t>(data_[at_++ % data_.size()] + round * 31);
  }
  size_t Between(size_t low, size_t high) { return low + Next() % (high - low + 1); }
  template <typename T>
  T Value() {
    T value;
    uint8_t raw[sizeof(T)];
    for (uint8_t& byte : raw) byte = Next();
    std::memcpy(&value, raw, sizeof value);
    return value;
  }
  template <typename T>
  std::vector<T> Values(size_t count) {
    std::vector<T> values(count);
    for (T& value : values) value = Value<T>();
    return values;
  }

 private:
  std::span<const uint8_t> data_;
  size_t at_ = 0;
};

// What the planner lets through: a mantissa of 31 bits or 0, shifts of -31..30.
nn::Multiplier AnyMultiplier(Bytes& bytes) {
  const uint8_t kind = bytes.Next();
  if (kind == 0) return {};
  const auto mantissa =
      static_cast<int32_t>((bytes.Value<uint32_t>() & 0x3FFFFFFFU) | (uint32_t{1} << 30));
  const int shift = kind < 64 ? static_cast<int>(bytes.Between(0, 61)) - 31
                              : -static_cast<int>(bytes.Between(2, 14));
  return {.mantissa = mantissa, .shift = shift};
}

struct Layer {
  explicit Layer(Bytes& bytes) {
    w.inputs = bytes.Between(1, 24);
    w.units = bytes.Between(1, 52);
    w.cell_scale_log2 = -static_cast<int>(bytes.Between(9, 15));
    w.cell_clip = bytes.Next() % 2 == 0 ? static_cast<int16_t>(bytes.Value<uint16_t>() & 0x7FFFU)
                                        : int16_t{0};
    w.hidden_scale = AnyMultiplier(bytes);
    w.hidden_zero_point = bytes.Value<int8_t>();
    const bool wild_biases = bytes.Next() % 4 == 0;
    for (size_t g = 0; g < nn::kGates; ++g) {
      nn::LstmGate& gate = w.gates[g];
      gate.input_scale = AnyMultiplier(bytes);
      gate.recurrent_scale = AnyMultiplier(bytes);
      input[g] = bytes.Values<int8_t>(w.units * w.inputs);
      recurrent[g] = bytes.Values<int8_t>(w.units * w.units);
      gate.input_weights = input[g].data();
      gate.recurrent_weights = recurrent[g].data();
      gate.input_bias = Biases(bytes, wild_biases);
      gate.recurrent_bias = Biases(bytes, wild_biases);
    }
  }
  std::vector<int32_t> Biases(Bytes& bytes, bool wild) const {
    if (wild) return bytes.Values<int32_t>(w.units);
    const auto small = bytes.Values<int16_t>(w.units);
    return {small.begin(), small.end()};
  }

  nn::LstmWeights w;
  std::vector<int8_t> input[nn::kGates], recurrent[nn::kGates];
};

struct Call {
  Call(Bytes& bytes, const nn::LstmWeights& w)
      : streams(bytes.Between(1, 10)),
        steps(bytes.Between(1, 7)),
        threads(bytes.Next() % 64 == 0 ? 2 : 1),  // rarely: threads are slow to start
        x(bytes.Values<int8_t>(streams * steps * w.inputs)),
        h(bytes.Values<int8_t>(streams * w.units)),
        c(bytes.Values<int16_t>(streams * w.units)) {}
  size_t streams, steps;
  int threads;
  std::vector<int8_t> x, h;
  std::vector<int16_t> c;
};

struct Outcome {
  std::vector<int8_t> out, h;
  std::vector<int16_t> c;
  bool operator==(const Outcome&) const = default;
};

Outcome Run(const nn::LstmWeights& w, nn::KernelSet set, const Call& call) {
  const auto runner = nn::MakeLstmRunner(w, set);
  Outcome result{
      .out = std::vector<int8_t>(call.streams * call.steps * w.units), .h = call.h, .c = call.c};
  std::vector<nn::LstmStream> streams;
  for (size_t s = 0; s < call.streams; ++s) {
    streams.push_back({.x = call.x.data() + s * call.steps * w.inputs,
                       .out = result.out.data() + s * call.steps * w.units,
                       .h = result.h.data() + s * w.units,
                       .c = result.c.data() + s * w.units});
  }
  const nn::AlignedMemory scratch = nn::MakeAligned(runner->scratch_bytes(call.streams));
  std::optional<nn::Team> team;
  if (call.threads > 1 && set != nn::KernelSet::kReference) team.emplace(call.threads);
  runner->Run({.streams = streams,
               .steps = call.steps,
               .x_stride = w.inputs,
               .out_stride = w.units,
               .scratch = scratch.get(),
               .team = team ? &*team : nullptr});
  return result;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Bytes bytes(data, size);
  const Layer layer(bytes);
  const Call call(bytes, layer.w);
  const Outcome want = Run(layer.w, nn::KernelSet::kReference, call);
  for (const nn::KernelSet set : nn::AvailableKernelSets()) {
    if (Run(layer.w, set, call) == want) continue;
    std::fprintf(stderr, "kernels_fuzz: ERROR: %s differs from the reference\n",
                 std::string(nn::Name(set)).c_str());
    std::abort();
  }
  return 0;
}
