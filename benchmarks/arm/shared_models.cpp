#include "shared_models.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "nn/batch.h"
#include "nn/session.h"

namespace millwright::bench {
namespace {

namespace fs = std::filesystem;
using Bytes = std::vector<std::byte>;

Bytes ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const auto all = std::as_bytes(std::span(chars));
  return {all.begin(), all.end()};
}

struct Golden {
  Bytes in, out, carry, lstm;
  int lstm_tensor = 0;
};

Golden ReadGolden(const fs::path& model) {
  const auto part = [&](const char* suffix) {
    return ReadAll(fs::path(model).replace_extension(suffix));
  };
  std::ifstream json(fs::path(model).replace_extension(".json"));
  return {part(".in.bin"), part(".out.bin"), part(".carry.bin"), part(".lstm.bin"),
          nlohmann::json::parse(json).at("lstm_tensor").get<int>()};
}

class Comparison {
 public:
  Comparison(std::shared_ptr<const nn::Engine> engine, const Golden& golden, SharedTotals& totals)
      : engine_(std::move(engine)), golden_(golden), totals_(totals) {}

  void Run() {
    Alone(false);
    Alone(true);
    SideBySide();
  }

 private:
  // Fresh states also show the LSTM's own output: a softmax hides small errors.
  void Alone(bool carry) {
    nn::Session session(engine_);
    Bytes out, lstm;
    for (size_t at = 0; at < golden_.in.size(); at += engine_->input().bytes) {
      if (!carry) session.ResetState();
      Fill(session, at);
      session.Invoke();
      Append(out, session.Output());
      if (!carry && lstm.size() < golden_.lstm.size())
        Append(lstm, session.TensorData(golden_.lstm_tensor));
    }
    Compare(out, carry ? golden_.carry : golden_.out);
    if (!carry) Compare(lstm, golden_.lstm);
  }

  // Stream s begins with invoke s; all give what they give alone.
  void SideBySide() {
    constexpr size_t kStreams = 3;
    nn::Batch batch(engine_, {.sessions_max = kStreams, .threads = 2});
    std::vector<nn::Session> sessions;
    std::vector<nn::Session*> ready;
    for (size_t s = 0; s < kStreams; ++s) sessions.emplace_back(engine_);
    for (nn::Session& session : sessions) ready.push_back(&session);
    const size_t invokes = golden_.in.size() / engine_->input().bytes;
    for (size_t i = 0; i < invokes; ++i) {
      for (size_t s = 0; s < kStreams; ++s) {
        sessions[s].ResetState();
        Fill(sessions[s], (i + s) % invokes * engine_->input().bytes);
      }
      batch.Invoke(ready);
      for (size_t s = 0; s < kStreams; ++s) {
        const size_t at = (i + s) % invokes * engine_->output().bytes;
        Compare(sessions[s].Output(), std::span(golden_.out).subspan(at, engine_->output().bytes));
      }
    }
  }

  void Fill(nn::Session& session, size_t at) {
    std::copy_n(golden_.in.begin() + static_cast<std::ptrdiff_t>(at), engine_->input().bytes,
                session.Input().begin());
  }
  static void Append(Bytes& to, std::span<const std::byte> bytes) {
    to.insert(to.end(), bytes.begin(), bytes.end());
  }
  void Compare(std::span<const std::byte> got, std::span<const std::byte> want) {
    totals_.bytes_compared += want.size();
    for (size_t i = 0; i < want.size(); ++i)
      totals_.bytes_different += i >= got.size() || got[i] != want[i] ? 1U : 0U;
  }

  std::shared_ptr<const nn::Engine> engine_;
  const Golden& golden_;
  SharedTotals& totals_;
};

}  // namespace

Result<SharedTotals> CompareSharedModels(const fs::path& folder, nn::KernelSet set) {
  SharedTotals totals;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() != ".tflite") continue;
    auto engine = nn::Engine::Load(ReadAll(entry.path()), {.kernel_set = set});
    if (!engine && engine.error().code == Errc::kUnsupported) {
      ++totals.unsupported;
      continue;
    }
    MW_TRY(std::shared_ptr<const nn::Engine> loaded, std::move(engine));
    ++totals.models;
    Comparison(std::move(loaded), ReadGolden(entry.path()), totals).Run();
  }
  if (error) return Fail(Errc::kNotFound, folder.string() + ": " + error.message());
  return totals;
}

}  // namespace millwright::bench
