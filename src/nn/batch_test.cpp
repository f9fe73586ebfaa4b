// Many sessions in one call give what each gives alone, whoever takes part in it.
#include "nn/batch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "model/testing/random_model.h"

namespace millwright::nn {
namespace {

std::shared_ptr<const Engine> RandomEngine(uint64_t seed, KernelSet set) {
  auto engine = Engine::Load(model::testing::RandomModel({.seed = seed}), {.kernel_set = set});
  EXPECT_TRUE(engine) << engine.error().what;
  return *engine;
}

void FillInputs(Session& session, std::mt19937& random) {
  for (int i = 0; i < session.engine().input_count(); ++i) {
    if (session.engine().input(i).type == model::TensorType::kFloat32) continue;  // stays zero
    for (std::byte& value : session.Input(i)) value = static_cast<std::byte>(random());
  }
}

bool SameBytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::ranges::equal(a, b);
}

class BatchTest : public ::testing::TestWithParam<KernelSet> {};

INSTANTIATE_TEST_SUITE_P(, BatchTest, ::testing::ValuesIn(AvailableKernelSets()),
                         [](const auto& parameter) {
                           std::string name(Name(parameter.param));
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

// Seven machines with states of their own; each round a few of them have a window ready.
TEST_P(BatchTest, StreamsJoinAndLeaveAtAnyStep) {
  constexpr size_t kMachines = 7;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const auto engine = RandomEngine(seed, GetParam());
    Batch batch(engine, {.sessions_max = 4, .threads = 1 + static_cast<int>(seed % 3)});
    std::vector<Session> together, alone;
    for (size_t i = 0; i < kMachines; ++i) {
      together.emplace_back(engine);
      alone.emplace_back(engine);
    }
    std::mt19937 random(static_cast<uint32_t>(seed));
    for (int round = 0; round < 6; ++round) {
      std::vector<Session*> ready;
      for (size_t i = 0; i < kMachines; ++i) {
        if (random() % 3 == 0) continue;
        std::mt19937 input(random());
        std::mt19937 same = input;
        FillInputs(together[i], input);
        FillInputs(alone[i], same);
        if (random() % 8 == 0) together[i].ResetState(), alone[i].ResetState();
        ready.push_back(&together[i]);
        alone[i].Invoke();
      }
      batch.Invoke(ready);
      for (size_t i = 0; i < kMachines; ++i) {
        EXPECT_TRUE(SameBytes(together[i].State(), alone[i].State()))
            << "seed " << seed << ", round " << round << ", machine " << i;
        EXPECT_TRUE(SameBytes(together[i].Output(), alone[i].Output()))
            << "seed " << seed << ", round " << round << ", machine " << i;
      }
    }
  }
}

TEST_P(BatchTest, ASnapshotGoesOnInABatch) {
  const auto engine = RandomEngine(3, GetParam());
  Session first(engine), second(engine), other(engine);
  std::mt19937 random(1);
  FillInputs(first, random);
  FillInputs(other, random);
  first.Invoke();
  ASSERT_TRUE(second.RestoreState(first.State()));
  std::mt19937 same = random;
  FillInputs(first, random);
  FillInputs(second, same);
  first.Invoke();
  Batch batch(engine, {.sessions_max = 2, .threads = 2});
  Session* ready[] = {&other, &second};
  batch.Invoke(ready);
  EXPECT_TRUE(SameBytes(first.State(), second.State()));
  EXPECT_TRUE(SameBytes(first.Output(), second.Output()));
}

TEST_P(BatchTest, ReadsTheWeightsOnceForAll) {
  const auto engine = RandomEngine(2, GetParam());
  const Batch batch(engine, {.sessions_max = 8});
  EXPECT_GT(batch.weight_bytes(1), 0U);
  if (GetParam() == KernelSet::kReference) return;  // it takes one stream after the other
  EXPECT_LT(batch.weight_bytes(8), 2 * batch.weight_bytes(1));
}

}  // namespace
}  // namespace millwright::nn
