#include "contenders.h"

#include <chrono>
#include <fstream>
#include <iterator>

#include "core/testing/counting_new.h"

namespace millwright::bench {

Result<std::vector<std::byte>> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Fail(Errc::kNotFound, path + ": cannot be read");
  const std::vector<char> chars{std::istreambuf_iterator<char>(file), {}};
  const auto bytes = std::as_bytes(std::span(chars));
  return std::vector<std::byte>{bytes.begin(), bytes.end()};
}

Result<Contender> Contender::Make(const ContenderOptions& options) {
  MW_TRY(const std::vector<std::byte> file, ReadFile(options.file));
  MW_TRY(const auto engine, nn::Engine::Load(file, {.kernel_set = options.kernel_set}));
  Contender contender;
  contender.batch_ = std::make_unique<nn::Batch>(
      engine, nn::BatchOptions{.sessions_max = options.streams, .threads = options.threads});
  for (int s = 0; s < options.streams; ++s) contender.sessions_.emplace_back(engine);
  uint32_t random = 1;
  for (nn::Session& session : contender.sessions_) {
    for (std::byte& value : session.Input()) {
      random = random * 1664525U + 1013904223U;
      value = static_cast<std::byte>(random >> 24);
    }
    contender.ready_.push_back(&session);
  }
  return contender;
}

int64_t Contender::Lap(int times) {
  using Clock = std::chrono::steady_clock;
  Invoke();
  const Clock::time_point started = Clock::now();
  for (int i = 0; i < times; ++i) Invoke();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - started).count();
}

int64_t Contender::AllocationsPerRun() {
  constexpr int kRuns = 10;
  Invoke();
  const int before = testing::g_allocations;
  testing::g_counting = true;
  for (int i = 0; i < kRuns; ++i) Invoke();
  testing::g_counting = false;
  return (testing::g_allocations - before + kRuns - 1) / kRuns;
}

}  // namespace millwright::bench
