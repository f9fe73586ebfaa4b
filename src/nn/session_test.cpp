#include "nn/session.h"

#include <gtest/gtest.h>

#include <random>

#include "core/testing/counting_new.h"
#include "model/testing/random_model.h"
#include "nn/batch.h"

namespace millwright::nn {
namespace {

using ::millwright::testing::g_allocations, ::millwright::testing::g_counting;

std::shared_ptr<const Engine> RandomEngine(uint64_t seed) {
  auto engine = Engine::Load(model::testing::RandomModel({.seed = seed}));
  EXPECT_TRUE(engine) << engine.error().what;
  return *engine;
}

void FillInputs(Session& session, uint8_t salt) {
  for (int i = 0; i < session.engine().input_count(); ++i) {
    const auto input = session.Input(i);
    if (session.engine().input(i).type == model::TensorType::kFloat32) continue;  // stays zero
    for (size_t k = 0; k < input.size(); ++k) input[k] = static_cast<std::byte>(k * 37 + salt);
  }
}

std::vector<std::byte> Output(const Session& session) {
  const auto bytes = session.Output();
  return {bytes.begin(), bytes.end()};
}

TEST(Session, RunAllocatesNothing) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    Session session(RandomEngine(seed));
    FillInputs(session, 1);
    const int before = g_allocations;
    g_counting = true;
    session.Invoke();
    session.ResetState();
    session.Invoke();
    g_counting = false;
    EXPECT_EQ(g_allocations, before) << "seed " << seed;
  }
}

TEST(Session, BatchAllocatesNothingOnAnyNumberOfThreads) {
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    const auto engine = RandomEngine(seed);
    Batch batch(engine, {.sessions_max = 3, .threads = 1 + static_cast<int>(seed % 3)});
    Session a(engine), b(engine), c(engine), d(engine);
    Session* all[] = {&a, &b, &c, &d};
    for (Session* session : all) FillInputs(*session, 5);
    const int before = g_allocations;
    g_counting = true;
    batch.Invoke(all);
    batch.Invoke(std::span(all).first(2));
    g_counting = false;
    EXPECT_EQ(g_allocations, before) << "seed " << seed;
  }
}

TEST(Session, ResetStateGivesAFreshSession) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const auto engine = RandomEngine(seed);
    Session fresh(engine), used(engine);
    FillInputs(used, 9);
    used.Invoke();
    used.ResetState();
    FillInputs(used, 1);
    FillInputs(fresh, 1);
    used.Invoke();
    fresh.Invoke();
    EXPECT_EQ(Output(used), Output(fresh)) << "seed " << seed;
  }
}

TEST(Session, SnapshotGoesOnWhereTheOtherStopped) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    const auto engine = RandomEngine(seed);
    Session first(engine);
    FillInputs(first, 3);
    first.Invoke();
    Session second(engine);
    ASSERT_TRUE(second.RestoreState(first.State()));
    FillInputs(first, 4);
    FillInputs(second, 4);
    first.Invoke();
    second.Invoke();
    EXPECT_EQ(Output(first), Output(second)) << "seed " << seed;
  }
  Session session(RandomEngine(1));
  EXPECT_EQ(session.RestoreState({}).error().code, Errc::kInvalid);
}

// Windows over one long recording, each some steps further than the last; now and then the
// recording changes under them.
TEST(Session, OverlappingWindowsGiveWhatSingleOnesGive) {
  int kept = 0;
  for (const KernelSet set : AvailableKernelSets()) {
    for (uint64_t seed = 1; seed <= 60; ++seed) {
      const auto engine =
          *Engine::Load(model::testing::RandomModel({.seed = seed}), {.kernel_set = set});
      if (engine->input_count() != 1 || engine->output_count() != 1) continue;
      if (engine->input().type != model::TensorType::kInt8) continue;
      if (engine->output().type != model::TensorType::kInt8) continue;
      if (engine->overlap_share() > 0) ++kept;
      Session keeping(engine, {.keep_inputs = true}), plain(engine);
      const size_t bytes = engine->input().bytes;
      // [1, steps, inputs] or, time-major, [steps, 1, inputs]
      const std::vector<int32_t>& shape = engine->input().shape;
      const auto steps = static_cast<size_t>(std::max(shape[0], shape[1]));
      std::mt19937_64 random(seed);
      std::vector<int8_t> recording(bytes * 8);
      for (int8_t& value : recording) value = static_cast<int8_t>(random());
      std::vector<int8_t> expected(engine->output().bytes), got(expected.size());
      for (size_t at = 0, hop = 0; at + bytes <= recording.size(); at += hop * (bytes / steps)) {
        if (random() % 6 == 0) ++recording[at + random() % bytes];
        const std::span<const int8_t> window(recording.data() + at, bytes);
        plain.ResetState();
        plain.Run(window, expected);
        keeping.RunNext(window, got, hop);
        ASSERT_EQ(got, expected) << Name(set) << ", seed " << seed << ", step " << at;
        hop = 1 + random() % (steps + 1);
      }
    }
  }
  const auto fast_sets = static_cast<int>(AvailableKernelSets().size()) - 1;
  EXPECT_GE(kept, 10 * fast_sets);
}

TEST(Session, SessionsOfOneEngineDoNotTouchEachOther) {
  const auto engine = RandomEngine(2);
  Session alone(engine), noisy(engine), quiet(engine);
  FillInputs(alone, 1);
  FillInputs(quiet, 1);
  alone.Invoke();
  FillInputs(noisy, 77);
  noisy.Invoke();
  quiet.Invoke();
  EXPECT_EQ(Output(alone), Output(quiet));
}

TEST(Session, ShowsEveryTensor) {
  const auto engine = RandomEngine(3);
  Session session(engine);
  session.Invoke();
  for (size_t i = 0; i < engine->tensors().size(); ++i) {
    EXPECT_EQ(session.TensorData(static_cast<int>(i)).size(), engine->tensors()[i].bytes);
  }
}

}  // namespace
}  // namespace millwright::nn
