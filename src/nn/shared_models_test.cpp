// TensorFlow Lite's own answers on models that its converter made: ../shared/models beside the
// checkout, where present.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "nn/session.h"

namespace millwright::nn {
namespace {

namespace fs = std::filesystem;

std::vector<std::byte> ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const auto* bytes = reinterpret_cast<const std::byte*>(chars.data());
  return {bytes, bytes + chars.size()};
}

struct Golden {
  std::vector<std::byte> in, out, carry, lstm;
  int lstm_tensor = 0;
};

Golden ReadGolden(const fs::path& stem) {
  const auto part = [&](const char* suffix) { return ReadAll(stem.string() + suffix); };
  std::ifstream json(stem.string() + ".json");
  return {part(".in.bin"), part(".out.bin"), part(".carry.bin"), part(".lstm.bin"),
          nlohmann::json::parse(json).at("lstm_tensor").get<int>()};
}

std::vector<std::byte> RunAll(Session& session, const Golden& golden, bool carry, int tensor) {
  const size_t in_bytes = session.engine().input().bytes;
  std::vector<std::byte> all;
  for (size_t at = 0; at + in_bytes <= golden.in.size(); at += in_bytes) {
    if (!carry) session.ResetState();
    std::copy_n(golden.in.begin() + static_cast<std::ptrdiff_t>(at), in_bytes,
                session.Input().begin());
    session.Invoke();
    const auto bytes = tensor < 0 ? session.Output() : session.TensorData(tensor);
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  return all;
}

std::vector<fs::path> SharedModels() {
  std::vector<fs::path> models;
  std::error_code missing;
  for (const auto& entry :
       fs::directory_iterator(fs::path(MW_SOURCE_DIR) / "../shared/models", missing)) {
    if (entry.path().extension() == ".tflite") models.push_back(entry.path());
  }
  std::ranges::sort(models);
  return models;
}

TEST(SharedModels, EveryByteAsTensorFlowLiteComputedIt) {
  const std::vector<fs::path> models = SharedModels();
  if (models.empty()) GTEST_SKIP() << "../shared/models is not there";
  for (const fs::path& path : models) {
    SCOPED_TRACE(path.filename().string());
    const auto engine = Engine::Load(ReadAll(path));
    ASSERT_TRUE(engine) << engine.error().what;
    const Golden golden = ReadGolden(path.parent_path() / path.stem());
    Session session(*engine);
    EXPECT_EQ(RunAll(session, golden, false, -1), golden.out);
    session.ResetState();
    EXPECT_EQ(RunAll(session, golden, true, -1), golden.carry);
    std::vector<std::byte> lstm = RunAll(session, golden, false, golden.lstm_tensor);
    lstm.resize(std::min(lstm.size(), golden.lstm.size()));
    EXPECT_EQ(lstm, golden.lstm);
  }
}

}  // namespace
}  // namespace millwright::nn
