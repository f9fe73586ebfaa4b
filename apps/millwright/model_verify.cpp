#include "model_verify.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

#include "model_io.h"
#include "output.h"
#include "tflite_peer.h"

namespace millwright::cli {
namespace {

constexpr const char* kHowToGetPeer =
    "python3 -m venv venv && venv/bin/pip install ai-edge-litert, then --python venv/bin/python";

struct VerifyOptions {
  std::string file, python;
  EngineChoice engine;
  int runs = 32;
  uint64_t seed = 1;
};

// xorshift64*: inputs are the same on every machine.
class Noise {
 public:
  explicit Noise(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ULL + 1) {}
  uint32_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 0x2545F4914F6CDD1DULL) >> 32);
  }
  // -1 .. 1
  float Real() { return static_cast<float>(Next()) / 2147483648.0F - 1.0F; }

 private:
  uint64_t state_;
};

// Noise over the whole range, or a slow wave like a machine's, in turn.
void AppendInput(const nn::TensorInfo& info, bool noisy, Noise& noise, os::Bytes& out) {
  const double phase = noise.Real(), pace = 0.002 + 0.05 * std::abs(noise.Real());
  const size_t step = info.bytes / info.elements();
  for (size_t i = 0; i < info.elements(); ++i) {
    const double wave = std::sin(6.283 * (phase + pace * static_cast<double>(i)));
    std::array<std::byte, 8> element{};
    if (info.type == model::TensorType::kFloat32) {
      const auto value =
          static_cast<float>(noisy ? 4.0 * static_cast<double>(noise.Real()) : 2 * wave);
      std::memcpy(element.data(), &value, sizeof value);
    } else {
      // The widest integer of this size; wider ones keep their sign.
      const double top = std::ldexp(1.0, static_cast<int>(8 * std::min<size_t>(step, 4)) - 1) - 1;
      auto value = static_cast<int64_t>(noisy ? static_cast<int32_t>(noise.Next()) : top * wave);
      if (info.type == model::TensorType::kUint8) value += 128;
      std::memcpy(element.data(), &value, sizeof value);
    }
    out.insert(out.end(), element.begin(), element.begin() + static_cast<std::ptrdiff_t>(step));
  }
}

os::Bytes MakeInput(const nn::Engine& engine, const VerifyOptions& options) {
  Noise noise(options.seed);
  os::Bytes input;
  for (int run = 0; run < options.runs; ++run) {
    for (int i = 0; i < engine.input_count(); ++i)
      AppendInput(engine.input(i), run % 2 == 0, noise, input);
  }
  return input;
}

os::Bytes OwnAnswer(const std::shared_ptr<const nn::Engine>& engine, EngineChoice choice,
                    std::span<const std::byte> input, bool carry) {
  choice.streams = 1;
  Streams streams(engine, choice);
  const size_t in_bytes = InputRecordBytes(*engine), out_bytes = OutputRecordBytes(*engine);
  os::Bytes out(input.size() / in_bytes * out_bytes);
  for (size_t at = 0, to = 0; at < input.size(); at += in_bytes, to += out_bytes) {
    if (!carry) streams[0].ResetState();
    SetInputs(streams[0], input.subspan(at, in_bytes));
    streams.Invoke(1);
    CopyOutputs(streams[0], std::span(out).subspan(to, out_bytes));
  }
  return out;
}

size_t CountDifferent(const os::Bytes& a, const os::Bytes& b) {
  size_t different = std::max(a.size(), b.size()) - std::min(a.size(), b.size());
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    different += a[i] != b[i] ? size_t{1} : size_t{0};
  return different;
}

struct Verdict {
  std::string kernel, peer;
  size_t compared = 0, fresh_different = 0, carried_different = 0;
  [[nodiscard]] bool same() const { return fresh_different == 0 && carried_different == 0; }
};

Result<Verdict> Compare(const VerifyOptions& options, const std::string& python) {
  MW_TRY(const os::Bytes model, ReadModelFile(options.file));
  MW_TRY(const auto engine, LoadEngine(model, options.engine.kernel));
  const os::Bytes input = MakeInput(*engine, options);
  MW_TRY(const PeerAnswer peer, AskPeer(python, model, input));
  return Verdict{.kernel = std::string(nn::Name(engine->kernel_set())),
                 .peer = peer.version,
                 .compared = peer.fresh.size() + peer.carried.size(),
                 .fresh_different =
                     CountDifferent(peer.fresh, OwnAnswer(engine, options.engine, input, false)),
                 .carried_different =
                     CountDifferent(peer.carried, OwnAnswer(engine, options.engine, input, true))};
}

void Verify(const VerifyOptions& options, Context& context) {
  const std::string python = options.python.empty() ? "python3" : options.python;
  const Result<Verdict> verdict = Compare(options, python);
  if (!verdict) {
    const bool no_peer =
        verdict.error().code == Errc::kNotFound && verdict.error().what.starts_with(python);
    FailWith(context, verdict.error(), no_peer ? kHowToGetPeer : "");
    if (no_peer) context.exit_code = kUnavailable;
    return;
  }
  context.exit_code = verdict->same() ? kOk : kFailure;
  if (context.json) {
    FlatJson json;
    json.Set("file", options.file).Set("kernel", verdict->kernel).Set("peer", verdict->peer);
    json.Count("runs", static_cast<uint64_t>(options.runs)).Count("seed", options.seed);
    json.Count("bytes_compared", verdict->compared);
    json.Count("bytes_different", verdict->fresh_different + verdict->carried_different);
    json.Count("bytes_different_fresh", verdict->fresh_different);
    json.Count("bytes_different_carried", verdict->carried_different);
    json.Set("ok", verdict->same()).Print();
    return;
  }
  std::printf(
      "%s against %s (reference kernels), %d runs fresh and carried, %s: %zu output bytes, "
      "%zu differ fresh, %zu carried\n",
      options.file.c_str(), verdict->peer.c_str(), options.runs, verdict->kernel.c_str(),
      verdict->compared, verdict->fresh_different, verdict->carried_different);
}

}  // namespace

void AddModelVerify(CLI::App& group, Context& context) {
  const auto options = std::make_shared<VerifyOptions>();
  CLI::App* command = group.add_subcommand(
      "verify", "Compare a .tflite file's outputs with TensorFlow Lite's, byte for byte");
  command->add_option("FILE", options->file, "The model")->required();
  command->add_option("--python", options->python,
                      "The Python with ai-edge-litert, tflite-runtime or tensorflow (default: "
                      "python3 of PATH)");
  command->add_option("--kernel", options->engine.kernel,
                      "Instructions to use (default: the best)");
  command->add_option("--threads", options->engine.threads, "Threads, this one included")
      ->check(CLI::Range(1, 64));
  command->add_option("--runs", options->runs, "Random inputs")->check(CLI::Range(1, 100000));
  command->add_option("--seed", options->seed, "Of the random inputs");
  command->callback([options, &context] { Verify(*options, context); });
}

}  // namespace millwright::cli
