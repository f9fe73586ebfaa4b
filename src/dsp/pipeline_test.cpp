#include "dsp/pipeline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <numbers>
#include <random>
#include <sstream>

#include "core/testing/counting_new.h"
#include "dsp/bearing_features.h"
#include "dsp/features.h"

namespace millwright::dsp {
namespace {

constexpr Nanos kStart = 1'795'000'000 * kSecond + 123'456'789;
constexpr double kVibrationRate = 12800;
constexpr MachineSpec kMachine = {
    .shaft_hz = 25, .bpfo = 3.333, .bpfi = 4.667, .bsf = 2.917, .ftf = 0.4167};

Schema VibrationSchema() {
  Schema schema;
  schema.channels = {
      {.name = "vib", .unit = "m/s2", .kind = ChannelKind::kSamples, .rate_hz = kVibrationRate},
      {.name = "temperature", .unit = "degC", .rate_hz = 1},
      {.name = "speed", .unit = "rpm", .rate_hz = 5}};
  schema.features = {
      {.name = "vib.rms", .channel = "vib", .kind = "rms", .params = {}},
      {.name = "vib.velocity", .channel = "vib", .kind = "velocity_rms", .params = {}},
      {.name = "vib.1x", .channel = "vib", .kind = "order_amplitude", .params = {{"order", 1}}},
      {.name = "vib.bpfo", .channel = "vib", .kind = "envelope_bpfo", .params = {{"log", 1}}},
      {.name = "temperature.last", .channel = "temperature", .kind = "last", .params = {}},
      {.name = "temperature.ema",
       .channel = "temperature",
       .kind = "ema",
       .params = {{"tau_s", 5}}}};
  schema.speed_min_hz = 2;
  return schema;
}

std::unique_ptr<Pipeline> Make(const Schema& schema, const MachineSpec& machine = kMachine) {
  auto made = Pipeline::Make(schema, machine);
  EXPECT_TRUE(made.has_value()) << made.error().what;
  return std::move(*made);
}

std::vector<float> SineBlock(double amplitude, double hz, size_t from, size_t count) {
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; ++i)
    samples[i] =
        static_cast<float>(amplitude * std::sin(2 * std::numbers::pi * hz *
                                                static_cast<double>(from + i) / kVibrationRate));
  return samples;
}

std::vector<Step> Drain(Pipeline& pipeline) {
  std::vector<Step> steps;
  Step step;
  while (pipeline.Pop(step)) steps.push_back(step);
  return steps;
}

// A machine that sends blocks of `block` samples, temperature at 1 Hz and speed at 5 Hz.
class Feeder {
 public:
  explicit Feeder(size_t block) : block_(block) {}
  // Sends everything that is due within the next `seconds`, in order of time.
  void Run(Pipeline& pipeline, double seconds) {
    const double until = t_ + seconds;
    while (t_ < until) {
      const double block_end = static_cast<double>(sent_ + block_) / kVibrationRate;
      while (next_speed_ <= block_end || next_temperature_ <= block_end) {
        if (next_speed_ <= next_temperature_) {
          if (!silent_readings) pipeline.PushReading(2, At(next_speed_), speed_rpm);
          next_speed_ += 0.2;
        } else {
          if (!silent_readings) pipeline.PushReading(1, At(next_temperature_), temperature);
          next_temperature_ += 1;
        }
      }
      if (!silent_vibration)
        pipeline.PushBlock(0, At(static_cast<double>(sent_) / kVibrationRate), kVibrationRate,
                           SineBlock(2, 25, sent_, block_));
      sent_ += block_;
      t_ = block_end;
    }
  }
  static Nanos At(double t_s) { return kStart + static_cast<Nanos>(std::llround(t_s * 1e9)); }

  float temperature = 61.5F;
  float speed_rpm = 1500;
  bool silent_vibration = false;
  bool silent_readings = false;

 private:
  size_t block_;
  size_t sent_ = 0;
  double t_ = 0, next_speed_ = 0.07, next_temperature_ = 0.31;
};

class BlockSizes : public ::testing::TestWithParam<size_t> {};

TEST_P(BlockSizes, OneStepPerGridPointWhateverTheBlocks) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(GetParam());
  std::vector<Step> steps;
  for (int i = 0; i < 40; ++i) {
    feeder.Run(*pipeline, 0.5);
    for (Step& step : Drain(*pipeline)) steps.push_back(std::move(step));
  }
  ASSERT_GE(steps.size(), 90U);
  int complete = 0;
  for (size_t i = 1; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].end_ns - steps[i - 1].end_ns, 200 * kMillisecond);
    if (!steps[i].complete) continue;
    ++complete;
    EXPECT_NEAR(steps[i].features[0], 2 / std::numbers::sqrt2, 1e-2);
    EXPECT_NEAR(steps[i].features[1], 1e3 * 2 / std::numbers::sqrt2 / (2 * std::numbers::pi * 25),
                0.2);
    EXPECT_NEAR(steps[i].features[2], 2, 1e-2);
    EXPECT_NEAR(steps[i].features[4], 61.5, 1e-4);
    EXPECT_NEAR(steps[i].features[5], 61.5, 1e-4);
    EXPECT_NEAR(steps[i].speed_hz, 25, 1e-4);
    EXPECT_FALSE(steps[i].stopped);
  }
  EXPECT_GE(complete, 85);
  EXPECT_EQ(pipeline->late(), 0U);
}

INSTANTIATE_TEST_SUITE_P(PipelineTest, BlockSizes,
                         ::testing::Values(64, 256, 1000, 2560, 4097, 12800, 38400),
                         [](const auto& param) { return std::to_string(param.param); });

TEST(PipelineTest, AllocatesNothingOnceMade) {
  auto pipeline = Make(VibrationSchema());
  const std::vector<float> block = SineBlock(2, 25, 0, 2560);
  Step step;
  step.features.resize(6);
  int steps = 0;
  using testing::g_allocations, testing::g_counting;
  g_allocations = 0;
  g_counting = true;
  for (int i = 0; i < 50; ++i) {
    const Nanos ts = kStart + i * 200 * kMillisecond;
    pipeline->PushReading(2, ts + 1, 1500);
    if (i % 5 == 0) pipeline->PushReading(1, ts + 2, 60);
    if (i != 20) pipeline->PushBlock(0, ts, kVibrationRate, block);
    while (pipeline->Pop(step)) ++steps;
  }
  g_counting = false;
  EXPECT_EQ(g_allocations, 0);
  EXPECT_GE(steps, 48);
}

TEST(PipelineTest, RefillsTheWindowAfterALostBlock) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  feeder.Run(*pipeline, 3);
  for (const Step& step : Drain(*pipeline)) (void)step;
  feeder.silent_vibration = true;
  feeder.Run(*pipeline, 0.2);
  feeder.silent_vibration = false;
  feeder.Run(*pipeline, 3);
  const std::vector<Step> steps = Drain(*pipeline);
  int missing = 0;
  for (const Step& step : steps) missing += step.missing == 1;
  // The lost step and those until 640 ms are whole again.
  EXPECT_EQ(missing, 4);
  EXPECT_TRUE(steps.back().complete);
}

TEST(PipelineTest, HoldsReadingsAndThenMissesThem) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  feeder.Run(*pipeline, 3);
  (void)Drain(*pipeline);
  feeder.silent_readings = true;
  feeder.Run(*pipeline, 9);
  const std::vector<Step> steps = Drain(*pipeline);
  ASSERT_GE(steps.size(), 40U);
  EXPECT_TRUE(steps[5].complete);
  EXPECT_EQ(steps.back().missing, 6U);  // bits of temperature and speed
  EXPECT_FALSE(steps.back().complete);
}

TEST(PipelineTest, GoesOnWithoutADeadSampleChannel) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  feeder.Run(*pipeline, 3);
  (void)Drain(*pipeline);
  feeder.silent_vibration = true;
  feeder.Run(*pipeline, 4);
  const std::vector<Step> steps = Drain(*pipeline);
  ASSERT_GE(steps.size(), 15U);
  EXPECT_EQ(steps.back().missing, 1U);
}

TEST(PipelineTest, CountsLateAndBadData) {
  auto pipeline = Make(VibrationSchema());
  pipeline->PushReading(1, kStart, 60);
  pipeline->PushReading(1, kStart - 1, 60);             // older than the last one
  pipeline->PushReading(1, kStart + 1, std::nanf(""));  // no number
  pipeline->PushReading(0, kStart + 1, 1);              // a reading for samples
  pipeline->PushReading(7, kStart + 1, 1);              // no such channel
  const std::vector<float> block = SineBlock(1, 25, 0, 2560);
  pipeline->PushBlock(0, kStart, kVibrationRate, block);
  pipeline->PushBlock(0, kStart, kVibrationRate, block);              // sent again
  pipeline->PushBlock(0, kStart + 200 * kMillisecond, 25600, block);  // another rate
  pipeline->PushBlock(0, kStart + 200 * kMillisecond, kVibrationRate, {});
  EXPECT_EQ(pipeline->late(), 7U);
}

TEST(PipelineTest, FollowsTimeThatMovesButNotAStray) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  feeder.Run(*pipeline, 3);
  (void)Drain(*pipeline);
  pipeline->PushReading(1, kStart + 3600 * kSecond, 60);  // one wrong clock
  feeder.Run(*pipeline, 2);
  std::vector<Step> steps = Drain(*pipeline);
  EXPECT_EQ(steps.size(), 10U);
  EXPECT_TRUE(steps.back().complete);
  EXPECT_EQ(pipeline->late(), 1U);
  // All go on an hour later: a hole.
  const Nanos later = kStart + 3600 * kSecond;
  for (int i = 0; i < 20; ++i) {
    const Nanos ts = later + i * 200 * kMillisecond;
    pipeline->PushReading(2, ts, 1500);
    pipeline->PushReading(1, ts, 60);
    pipeline->PushBlock(0, ts, kVibrationRate, SineBlock(2, 25, 0, 2560));
  }
  steps = Drain(*pipeline);
  ASSERT_FALSE(steps.empty());
  EXPECT_GT(steps.front().end_ns, later);
  EXPECT_TRUE(steps.back().complete);
  // The clock is set back a day.
  for (int i = 0; i < 20; ++i) {
    const Nanos ts = kStart - 86'400 * kSecond + i * 200 * kMillisecond;
    pipeline->PushReading(2, ts, 1500);
    pipeline->PushReading(1, ts, 60);
    pipeline->PushBlock(0, ts, kVibrationRate, SineBlock(2, 25, 0, 2560));
  }
  steps = Drain(*pipeline);
  ASSERT_FALSE(steps.empty());
  EXPECT_LT(steps.front().end_ns, kStart);
  EXPECT_TRUE(steps.back().complete);
}

TEST(PipelineTest, KnowsAStoppedMachine) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  feeder.speed_rpm = 0;
  feeder.Run(*pipeline, 3);
  const std::vector<Step> steps = Drain(*pipeline);
  EXPECT_TRUE(steps.back().stopped);
  EXPECT_EQ(steps.back().features[2], 0) << "orders mean nothing at rest";
}

TEST(PipelineTest, TellsAStuckSensorFromAQuietOne) {
  auto pipeline = Make(VibrationSchema());
  Feeder feeder(2560);
  for (int i = 0; i < 10; ++i) {
    feeder.temperature = 60 + 0.1F * (i % 3);
    feeder.Run(*pipeline, 2);
  }
  std::vector<Step> steps = Drain(*pipeline);
  EXPECT_EQ(steps.back().stuck, 0U);
  feeder.Run(*pipeline, 30);
  steps = Drain(*pipeline);
  EXPECT_EQ(steps.back().stuck, 2U);
  feeder.temperature = 60.05F;
  feeder.Run(*pipeline, 2);
  steps = Drain(*pipeline);
  EXPECT_EQ(steps.back().stuck, 0U);
}

TEST(PipelineTest, AConstantWaveformIsStuck) {
  auto pipeline = Make(VibrationSchema());
  for (int i = 0; i < 8; ++i) {
    pipeline->PushReading(2, kStart + i * 200 * kMillisecond, 1500);
    pipeline->PushReading(1, kStart + i * 200 * kMillisecond, 60);
    pipeline->PushBlock(0, kStart + i * 200 * kMillisecond, kVibrationRate,
                        std::vector<float>(2560, 0.5F));
  }
  EXPECT_EQ(Drain(*pipeline).back().stuck, 1U);
}

TEST(PipelineTest, GivesTheLatestSamples) {
  auto pipeline = Make(VibrationSchema());
  EXPECT_TRUE(pipeline->Samples(0).empty());
  Feeder feeder(2560);
  feeder.Run(*pipeline, 2);
  EXPECT_EQ(pipeline->Samples(0).size(), 8192U);
  EXPECT_TRUE(pipeline->Samples(1).empty());
  pipeline->Reset();
  EXPECT_TRUE(pipeline->Samples(0).empty());
  Step step;
  EXPECT_FALSE(pipeline->Pop(step));
}

Schema SkabSchema() {
  Schema schema;
  schema.step = kSecond;
  for (const char* name : {"a", "b", "c"}) {
    schema.channels.push_back({.name = name, .unit = "V", .rate_hz = 1});
    schema.features.push_back(
        {.name = std::string(name) + ".mean", .channel = name, .kind = "mean", .params = {}});
  }
  schema.features.push_back({.name = "a.d",
                             .channel = "a",
                             .kind = "ema_difference",
                             .params = {{"fast_s", 5}, {"slow_s", 150}}});
  return schema;
}

TEST(PipelineTest, ReadsIrregularSeconds) {
  auto pipeline = Make(SkabSchema());
  // Second 3 is absent, 6 is there twice, 8 comes 0.2 s late.
  const std::vector<double> times = {0, 1, 2, 4, 5, 6, 6, 7, 8.2, 9, 10};
  std::vector<Step> steps;
  for (size_t row = 0; row < times.size(); ++row) {
    const Nanos ts = kStart + FromSeconds(times[row]);
    for (int c = 0; c < 3; ++c)
      pipeline->PushReading(c, ts, static_cast<float>(10 * c + times[row]));
    for (Step& step : Drain(*pipeline)) steps.push_back(std::move(step));
  }
  ASSERT_EQ(steps.size(), 11U);  // grid points 0..10
  for (size_t i = 0; i < steps.size(); ++i) {
    EXPECT_EQ(steps[i].end_ns, kStart + static_cast<Nanos>(i) * kSecond);
    EXPECT_TRUE(steps[i].complete) << i;
    const double t = i == 3 ? 2 : i == 8 ? 8.2 : static_cast<double>(i);
    // The second row of second 6 is counted with the next step.
    const double want = i == 7 ? 7 : t;
    EXPECT_NEAR(steps[i].features[0], want, i == 7 ? 0.51 : 1e-4) << i;
    EXPECT_NEAR(steps[i].features[2], 20 + want, i == 7 ? 0.51 : 1e-4) << i;
  }
}

TEST(PipelineTest, LateReadingsDelayAStepOnlySoMuch) {
  auto pipeline = Make(SkabSchema());
  for (int t = 0; t < 10; ++t) {
    for (int c = 0; c < 3; ++c) {
      if (c == 1 && t >= 2) continue;  // b dies
      pipeline->PushReading(c, kStart + t * kSecond, static_cast<float>(t));
    }
  }
  const std::vector<Step> steps = Drain(*pipeline);
  ASSERT_EQ(steps.size(), 10U);
  EXPECT_TRUE(steps[6].complete) << "held";
  EXPECT_EQ(steps[9].missing, 2U);
  EXPECT_NEAR(steps[9].features[0], 9, 1e-4);
}

TEST(PipelineTest, EmaFollowsItsFormula) {
  auto pipeline = Make(SkabSchema());
  double fast = 0, slow = 0;
  for (int t = 0; t < 60; ++t) {
    const double x = t < 10 ? 1 : 3;
    for (int c = 0; c < 3; ++c)
      pipeline->PushReading(c, kStart + t * kSecond, static_cast<float>(x));
    fast = t == 0 ? x : fast + (1 - std::exp(-1.0 / 5)) * (x - fast);
    slow = t == 0 ? x : slow + (1 - std::exp(-1.0 / 150)) * (x - slow);
    const std::vector<Step> steps = Drain(*pipeline);
    ASSERT_EQ(steps.size(), 1U) << t;
    EXPECT_NEAR(steps[0].features[3], fast - slow, 1e-5);
  }
}

// The deviation of the steps so far, as long as they are few; later only the time constant counts.
TEST(PipelineTest, EmaDeviationBeginsAsThePlainDeviation) {
  Schema schema = SkabSchema();
  schema.features = {{.name = "restless",
                      .channel = schema.channels[0].name,
                      .kind = "ema_deviation",
                      .params = {{"tau_s", 20}, {"floor_share", 0}}},
                     {.name = "floored",
                      .channel = schema.channels[1].name,
                      .kind = "ema_deviation",
                      .params = {{"tau_s", 20}, {"floor_share", 0.01}}}};
  auto pipeline = Make(schema);
  double sum = 0, square = 0;
  std::vector<Step> steps;
  for (int t = 0; t < 400; ++t) {
    const double x = 10 + (t % 2 == 0 ? 1 : -1) * (t < 200 ? 1 : 3);
    for (int c = 0; c < 3; ++c)
      pipeline->PushReading(c, kStart + t * kSecond, static_cast<float>(c == 1 ? 7 : x));
    steps = Drain(*pipeline);
    ASSERT_EQ(steps.size(), 1U) << t;
    EXPECT_NEAR(steps[0].features[1], 0.07, 1e-5) << "a still channel has its floor";
    if (t >= 20) continue;
    sum += x;
    square += x * x;
    const double mean = sum / (t + 1);
    EXPECT_NEAR(steps[0].features[0], std::sqrt(square / (t + 1) - mean * mean), 1e-4) << t;
  }
  EXPECT_NEAR(steps[0].features[0], 3, 0.05) << "what was twenty time constants ago is forgotten";
}

struct BadSchema {
  const char* name;
  void (*spoil)(Schema&);
  const char* want;
};
class BadSchemas : public ::testing::TestWithParam<BadSchema> {};

TEST_P(BadSchemas, IsNamed) {
  Schema schema = VibrationSchema();
  GetParam().spoil(schema);
  const auto made = Pipeline::Make(schema, kMachine);
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().what.find(GetParam().want), std::string::npos) << made.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    PipelineTest, BadSchemas,
    ::testing::Values(
        BadSchema{"kind", [](Schema& s) { s.features[0].kind = "rsm"; },
                  "feature \"vib.rms\": unknown kind \"rsm\""},
        BadSchema{"channel", [](Schema& s) { s.features[0].channel = "v"; }, "no channel \"v\""},
        BadSchema{"param", [](Schema& s) { s.features[2].params["ordr"] = 1; },
                  "takes no \"ordr\""},
        BadSchema{"param_missing", [](Schema& s) { s.features[2].params.clear(); },
                  "needs \"order\""},
        BadSchema{"param_range", [](Schema& s) { s.features[2].params["order"] = -1; },
                  "order = -1"},
        BadSchema{"band", [](Schema& s) { s.features[3].params["hi_hz"] = 9000; },
                  "below half the rate"},
        BadSchema{"unit", [](Schema& s) { s.channels[0].unit = "mV"; }, "needs an acceleration"},
        BadSchema{"wrong_source", [](Schema& s) { s.features[0].channel = "speed"; },
                  "needs a channel of samples"},
        BadSchema{"twins", [](Schema& s) { s.features[1].name = "vib.rms"; },
                  "two features are named"},
        BadSchema{"twin_channels", [](Schema& s) { s.channels[1].name = "vib"; },
                  "two channels are named"},
        BadSchema{"rate", [](Schema& s) { s.channels[0].rate_hz = 0; }, "rate_hz"},
        BadSchema{"hold", [](Schema& s) { s.hold_max = 500 * kMillisecond; },
                  "hold_max_ms is shorter"},
        BadSchema{"window", [](Schema& s) { s.sample_window = 1; }, "sample_window_ms"},
        BadSchema{"none", [](Schema& s) { s.features.clear(); }, "1 to 4096 features"}),
    [](const auto& param) { return param.param.name; });

TEST(PipelineTest, NeedsTheBearingOnlyWhereAFeatureDoes) {
  Schema schema = VibrationSchema();
  const auto made = Pipeline::Make(schema, {.shaft_hz = 25});
  ASSERT_FALSE(made.has_value());
  EXPECT_NE(made.error().what.find("bearing order (bpfo)"), std::string::npos) << made.error().what;
  schema.features.erase(schema.features.begin() + 3);
  EXPECT_TRUE(Pipeline::Make(schema, {.shaft_hz = 25}).has_value());
}

// Two seconds at 12.8 kHz, every second; all 34 columns, and an ordinary feature beside them.
Schema BearingSchema() {
  Schema schema;
  schema.channels = {{"vib", "g", ChannelKind::kSamples, 12800},
                     {"speed", "rpm", ChannelKind::kReading, 1}};
  for (const std::string_view name : BearingFeatureNames())
    schema.features.push_back({std::string(name), "vib", "bearing_" + std::string(name), {}});
  schema.features.push_back({"rms", "vib", "rms", {}});
  schema.step = kSecond;
  schema.sample_window = 2 * kSecond;
  schema.speed_min_hz = 3.5;
  return schema;
}

std::vector<float> Noise(size_t count) {
  std::mt19937 random(5);
  std::normal_distribution<float> noise;
  std::vector<float> out(count);
  for (float& x : out) x = noise(random);
  return out;
}

TEST(PipelineTest, BearingFeaturesAreThoseOfTheDescriber) {
  const BearingOrders orders{.bpfo = 10.0 / 3, .bpfi = 14.0 / 3};
  auto pipeline = Pipeline::Make(BearingSchema(), {.bpfo = orders.bpfo, .bpfi = orders.bpfi});
  ASSERT_TRUE(pipeline.has_value()) << pipeline.error().what;
  const std::vector<float> samples = Noise(5 * 12800);
  Step step;
  int complete = 0;
  BearingDescriber describer(2 * 12800, 12800);
  for (int s = 0; s < 5; ++s) {
    // Faster each second: the window is described at its mean speed.
    (*pipeline)->PushReading(1, kStart + s * kSecond + kSecond / 2,
                             1500 + 60.0F * static_cast<float>(s));
    (*pipeline)->PushBlock(0, kStart + s * kSecond, 12800,
                           std::span(samples).subspan(static_cast<size_t>(s) * 12800, 12800));
    while ((*pipeline)->Pop(step)) {
      if (!step.complete) continue;
      ++complete;
      const auto end = static_cast<size_t>((step.end_ns - kStart) / kSecond) * 12800;
      const double hz = 25.5 + Seconds(step.end_ns - kStart) - 2;
      const auto expected = describer.Describe(
          std::span(samples).subspan(end - 2 * 12800, 2 * 12800), hz, *CompleteOrders(orders));
      ASSERT_TRUE(expected);
      for (size_t i = 0; i < kBearingFeatures; ++i)
        EXPECT_EQ(step.features[i], (*expected)[i]) << BearingFeatureNames()[i];
      EXPECT_NEAR(step.features[kBearingFeatures], 1, 0.05);
    }
  }
  EXPECT_GE(complete, 3);
}

TEST(PipelineTest, ABearingThatStandsStillIsStoppedNotMissing) {
  auto pipeline = Pipeline::Make(BearingSchema(), {.bpfo = 3.3, .bpfi = 4.7});
  ASSERT_TRUE(pipeline.has_value());
  const std::vector<float> samples = Noise(12800);
  Step step;
  int stopped = 0, blind = 0;
  for (int s = 0; s < 12; ++s) {
    const float rpm = s < 6 ? 60 : 240;  // 1 Hz: stopped; 4 Hz: 8 turns in a window
    (*pipeline)->PushReading(1, kStart + s * kSecond + kSecond / 2, rpm);
    (*pipeline)->PushBlock(0, kStart + s * kSecond, 12800, samples);
    while ((*pipeline)->Pop(step)) {
      if (step.end_ns < kStart + 2 * kSecond) continue;  // the window fills
      stopped += step.stopped ? 1 : 0;
      blind += step.missing != 0 ? 1 : 0;
    }
  }
  EXPECT_GE(stopped, 4);
  // Only where the window still holds the time at 1 Hz does a turning shaft have too few turns.
  EXPECT_LE(blind, 1);
}

TEST(PipelineTest, BearingFeaturesNeedOrdersAndALongWindow) {
  const auto unknown = Pipeline::Make(BearingSchema(), {.shaft_hz = 25, .bpfo = 3});
  ASSERT_FALSE(unknown.has_value());
  EXPECT_NE(unknown.error().what.find("bearing orders"), std::string::npos) << unknown.error().what;
  Schema slow = BearingSchema();
  slow.channels[0].rate_hz = 100;
  const auto few = Pipeline::Make(slow, {.shaft_hz = 25, .bpfo = 3.3, .bpfi = 4.7});
  ASSERT_FALSE(few.has_value());
  EXPECT_NE(few.error().what.find("256"), std::string::npos) << few.error().what;
}

TEST(FeaturesTest, TheDocumentListsEveryKind) {
  std::ifstream file(std::string(MW_SOURCE_DIR) + "/docs/formats/features.md");
  std::stringstream text;
  text << file.rdbuf();
  for (const FeatureKind& kind : FeatureKinds())
    EXPECT_NE(text.str().find("| `" + std::string(kind.name) + "` |"), std::string::npos)
        << kind.name;
}

TEST(StandardizerTest, LearnsAndApplies) {
  const std::vector<float> rows = {1, 10, 3, 10, 5, 10};
  const std::vector<float> floor = {0.1F, 0.5F};
  const auto learned = Standardizer::Learn(rows, 2, floor);
  ASSERT_TRUE(learned.has_value());
  EXPECT_FLOAT_EQ(learned->mean()[0], 3);
  EXPECT_NEAR(learned->deviation()[0], std::sqrt(8.0 / 3), 1e-6);
  EXPECT_FLOAT_EQ(learned->deviation()[1], 0.5F) << "the floor";
  std::vector<float> out(2);
  learned->Apply(std::vector<float>{3, 11}, 8, out);
  EXPECT_FLOAT_EQ(out[0], 0);
  EXPECT_FLOAT_EQ(out[1], 2);
  learned->Apply(std::vector<float>{1e9F, -1e9F}, 8, out);
  EXPECT_FLOAT_EQ(out[0], 8);
  EXPECT_FLOAT_EQ(out[1], -8);
  EXPECT_FALSE(Standardizer::Learn({}, 2, floor).has_value());
  EXPECT_FALSE(Standardizer::Learn(rows, 4, {}).has_value());
  EXPECT_FALSE(Standardizer::Learn(rows, 2, std::vector<float>{1}).has_value());
}

TEST(StandardizerTest, MixesThePooledDeviationInWhereTheBundleGivesOne) {
  const std::vector<float> rows{0, 0, 0, 2, 4, 0};  // means 4/3 and 2/3
  const std::vector<float> floor{0.1F, 0.1F}, pooled{8, 0};
  const auto learned = Standardizer::Learn(rows, 2, floor, pooled);
  ASSERT_TRUE(learned);
  EXPECT_NEAR(learned->deviation()[0], std::sqrt(std::sqrt(32.0 / 9) * 8), 1e-5);
  EXPECT_NEAR(learned->deviation()[1], std::sqrt(8.0 / 9), 1e-5);
  const std::vector<float> still{3, 3, 3, 3};
  EXPECT_NEAR(Standardizer::Learn(still, 2, floor, pooled)->deviation()[0], std::sqrt(0.1 * 8 * 8),
              1e-5)
      << "a quiet commissioning counts a tenth of the pooled one";
  EXPECT_FALSE(Standardizer::Learn(rows, 2, floor, std::vector<float>{1}));
}

TEST(StandardizerTest, SquashesBySignedLogarithmAfterClipping) {
  const Standardizer standardizer({0, 0, 0}, {1, 1, 1});
  const std::vector<float> features{-3, 0.5F, 100};
  std::vector<float> out(3);
  standardizer.Apply(features, 8, out, true);
  EXPECT_FLOAT_EQ(out[0], -std::log(4.0F));
  EXPECT_FLOAT_EQ(out[1], std::log(1.5F));
  EXPECT_FLOAT_EQ(out[2], std::log(9.0F));
}

}  // namespace
}  // namespace millwright::dsp
