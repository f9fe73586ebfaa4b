#include "measures.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <span>
#include <vector>

#include "contenders.h"
#include "model/testing/test_bundle.h"
#include "nn/session.h"
#include "os/files.h"

namespace millwright::bench {
namespace {

// Equal bytes between each row of a window and the row before.
size_t EqualToRowBefore(std::span<const std::byte> rows, size_t width) {
  size_t equal = 0;
  for (size_t i = width; i < rows.size(); ++i) equal += rows[i] == rows[i - width] ? 1U : 0U;
  return equal;
}

int64_t Median(std::vector<int64_t>& values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

Result<const model::Op*> FirstLstm(const model::Graph& graph) {
  for (const model::Op& op : graph.ops) {
    if (op.code == model::OpCode::kUnidirectionalSequenceLstm) return &op;
  }
  return Fail(Errc::kInvalid, "the model has no LSTM");
}

Result<void> DropFromPageCache(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return Fail(Errc::kIo, path.string() + ": " + std::strerror(errno));
  ::fdatasync(file);
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  ::close(file);
  return {};
}

}  // namespace

Result<Unchanged> MeasureUnchanged(const std::string& model, const std::string& inputs) {
  MW_TRY(const std::vector<std::byte> file, ReadFile(model));
  MW_TRY(const auto engine, nn::Engine::Load(file));
  MW_TRY(const std::vector<std::byte> windows, ReadFile(inputs));
  MW_TRY(const model::Op* lstm, FirstLstm(engine->graph()));
  const auto inputs_wide = static_cast<size_t>(engine->input().shape.back());
  const int tensor = lstm->outputs[0];
  const auto units =
      static_cast<size_t>(engine->tensors()[static_cast<size_t>(tensor)].shape.back());
  nn::Session session(engine);
  Unchanged total;
  size_t hidden = 0, hidden_of = 0, input = 0, input_of = 0;
  const size_t window = engine->input().bytes;
  for (size_t at = 0; at + window <= windows.size(); at += window, ++total.windows) {
    session.ResetState();
    std::memcpy(session.Input().data(), windows.data() + at, window);
    session.Invoke();
    const auto sequence = session.TensorData(tensor);
    hidden += EqualToRowBefore(sequence, units);
    hidden_of += sequence.size() - units;
    input += EqualToRowBefore(session.Input(), inputs_wide);
    input_of += window - inputs_wide;
  }
  if (hidden_of == 0) return Fail(Errc::kInvalid, inputs + ": not one window");
  total.hidden_share = static_cast<double>(hidden) / static_cast<double>(hidden_of);
  total.input_share = static_cast<double>(input) / static_cast<double>(input_of);
  return total;
}

Result<double> MeasureOverlap(const std::string& model, int rounds) {
  MW_TRY(const std::vector<std::byte> file, ReadFile(model));
  MW_TRY(const auto engine, nn::Engine::Load(file));
  nn::Session plain(engine), keeping(engine, {.keep_inputs = true});
  const size_t bytes = engine->input().bytes;
  const auto row = static_cast<size_t>(engine->input().shape.back());
  std::vector<int8_t> recording(bytes + row * static_cast<size_t>(rounds));
  uint32_t random = 1;
  for (int8_t& value : recording) {
    random = random * 1664525U + 1013904223U;
    value = static_cast<int8_t>(random >> 24);
  }
  std::vector<int8_t> out(engine->output().bytes);
  std::vector<int64_t> took_plain, took_keeping;
  const auto timed = [](std::vector<int64_t>& took, const auto& work) {
    const auto started = std::chrono::steady_clock::now();
    work();
    took.push_back((std::chrono::steady_clock::now() - started).count());
  };
  for (int i = 0; i < rounds; ++i) {
    const std::span<const int8_t> window(recording.data() + row * static_cast<size_t>(i), bytes);
    timed(took_plain, [&] {
      plain.ResetState();
      plain.Run(window, out);
    });
    timed(took_keeping, [&] { keeping.RunNext(window, out, 1); });
  }
  return static_cast<double>(Median(took_plain)) / static_cast<double>(Median(took_keeping));
}

Result<void> WriteLargeBundle(const std::string& folder) {
  os::RealFiles files;
  const model::Manifest manifest = model::MakeTestManifest();
  // 4 gates x 757 units x (757 + a few inputs).
  return model::WriteTestBundle(files, folder, manifest, {.units = 757});
}

Result<double> MeasureColdLoad(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    MW_TRY(DropFromPageCache(entry.path()));
  using Clock = std::chrono::steady_clock;
  const Clock::time_point started = Clock::now();
  os::RealFiles files;
  MW_TRY(const model::Bundle bundle, model::LoadBundle(files, folder));
  MW_TRY(const auto engine, nn::Engine::Load(bundle.model));
  const nn::Session session(engine);
  return std::chrono::duration<double, std::milli>(Clock::now() - started).count();
}

}  // namespace millwright::bench
