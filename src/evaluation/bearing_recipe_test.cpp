#include "evaluation/bearing_recipe.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "evaluation/bearing_windows.h"
#include "trainer/bundle_writer.h"

namespace millwright::evaluation {
namespace {

namespace fs = std::filesystem;

// A learner that learns nothing: the same answer whatever it sees.
Result<trainer::Learned> LearnNothing(const trainer::WindowSet&, const trainer::WindowSet&,
                                      const trainer::LearnOptions& o,
                                      const std::function<void(const trainer::Progress&)>&) {
  const auto units = static_cast<size_t>(o.units);
  trainer::Learned out{.net = {.steps = o.steps, .features = o.features, .classes = o.classes},
                       .history = {{.train_loss = 1, .validation_loss = 1}}};
  trainer::LstmLayer layer{.inputs = o.features, .units = o.units};
  for (size_t g = 0; g < model::kGates; ++g) {
    layer.input_weights[g].assign(units * static_cast<size_t>(o.features), 0.01F);
    layer.recurrent_weights[g].assign(units * units, 0.01F);
    layer.biases[g].assign(units, 0);
  }
  out.net.layers.push_back(std::move(layer));
  out.net.dense_weights.assign(static_cast<size_t>(o.classes) * units, 0.01F);
  out.net.dense_biases = {1, 0, 0, 0};
  return out;
}

Result<trainer::Trained> Few(BearingRecipe recipe) {
  recipe.rigs = 16;
  os::RealClock clock;
  return TrainBearings(recipe, LearnNothing, clock, "1", {});
}

TEST(BearingRecipe, MakesABundleThatLoads) {
  auto trained = Few({.channel = "accel", .unit = "g", .speed_channel = true, .seed = 4});
  ASSERT_TRUE(trained) << trained.error().what;
  const fs::path folder =
      fs::path(testing::TempDir()) / ("bearing_recipe_" + std::to_string(getpid()));
  os::RealFiles files;
  const auto written = trainer::WriteBundle(files, folder.string(), *trained);
  EXPECT_TRUE(written) << (written ? "" : written.error().what);
  const auto bundle = model::LoadBundle(files, folder.string());
  fs::remove_all(folder);
  ASSERT_TRUE(bundle) << bundle.error().what;
  const model::Manifest& m = bundle->manifest;
  ASSERT_EQ(m.classes.size(), 4U);
  EXPECT_EQ(m.classes[1].code, "outer_race");
  EXPECT_EQ(m.schema.features.size(), 34U);
  EXPECT_EQ(m.schema.channels[0].unit, "g");
  EXPECT_FALSE(m.standardiser.per_asset);
  EXPECT_EQ(trained->class_windows, (std::vector<size_t>{4, 4, 4, 4}));
  // Any rate, any machine whose bearing is known; no other.
  for (const double rate : {8000.0, 51200.0}) {
    dsp::Schema schema = m.schema;
    schema.channels[0].rate_hz = rate;
    EXPECT_TRUE(dsp::Pipeline::Make(schema, {.shaft_hz = 25, .bpfo = 3.6, .bpfi = 5.4}));
    EXPECT_FALSE(dsp::Pipeline::Make(schema, {.shaft_hz = 25}));
  }
}

TEST(BearingRecipe, SaysWhatItCannotDo) {
  os::RealClock clock;
  EXPECT_FALSE(TrainBearings({.rigs = 3}, LearnNothing, clock, "1", {}));
}

// What the model learned from is what the gateway's own pipeline makes of the same waveform.
TEST(BearingRecipe, APipelineHearsWhatTheModelLearnedFrom) {
  const auto trained = Few({});
  ASSERT_TRUE(trained) << trained.error().what;
  machines::Random random(8);
  const machines::RigRecording rig = machines::DrawRig(
      machines::Defect::kOuter, machines::Strikes::kImpulse, machines::World::kAll, random, 5);
  BearingWindows windows(2);
  const auto count = windows.Add({.rate_hz = rig.rate_hz,
                                  .orders = rig.orders,
                                  .shaft_hz = [&](double, double) { return rig.shaft_hz; },
                                  .label = 1},
                                 rig.samples, 1);
  ASSERT_TRUE(count) << count.error().what;
  const Samples learned = std::move(windows).Done();
  dsp::Schema schema = trained->manifest.schema;
  schema.channels[0].rate_hz = rig.rate_hz;
  auto pipeline = dsp::Pipeline::Make(schema, {.shaft_hz = rig.shaft_hz,
                                               .bpfo = rig.orders.bpfo,
                                               .bpfi = rig.orders.bpfi,
                                               .bsf = rig.orders.bsf,
                                               .ftf = rig.orders.ftf});
  ASSERT_TRUE(pipeline) << pipeline.error().what;
  (*pipeline)->PushBlock(0, 1'700'000'000 * kSecond, rig.rate_hz, rig.samples);
  std::vector<float> heard;
  dsp::Step step;
  while ((*pipeline)->Pop(step))
    if (step.complete) heard.insert(heard.end(), step.features.begin(), step.features.end());
  ASSERT_EQ(heard.size(), learned.Window(0).size());
  for (size_t i = 0; i < heard.size(); ++i) EXPECT_NEAR(heard[i], learned.Window(0)[i], 1e-4) << i;
}

}  // namespace
}  // namespace millwright::evaluation
