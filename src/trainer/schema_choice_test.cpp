// Which channels and features are chosen. Lengths and rates are left to the benchmarks.
#include "trainer/schema_choice.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace millwright::trainer {
namespace {

using dsp::ChannelKind;
using dsp::ChannelSpec;
using recording::RecordingInfo;

const ChannelSpec kCurrent = {.name = "current", .unit = "A", .rate_hz = 1};
const ChannelSpec kPressure = {.name = "pressure", .unit = "bar", .rate_hz = 1};
const ChannelSpec kHousing = {.name = "housing", .unit = "degC", .rate_hz = 1};
const ChannelSpec kVibration = {
    .name = "vib", .unit = "m/s2", .kind = ChannelKind::kSamples, .rate_hz = 12'800};
const dsp::MachineSpec kKnown = {.shaft_hz = 25, .bpfo = 3.6, .bpfi = 5.4, .bsf = 2.4, .ftf = 0.4};

RecordingInfo Recorded(const std::string& id, std::vector<ChannelSpec> channels,
                       dsp::MachineSpec machine = {}) {
  RecordingInfo info;
  info.id = id;
  info.machine = machine;
  info.channels = std::move(channels);
  return info;
}

SchemaChoice Chosen(std::vector<RecordingInfo> recordings, const TrainOptions& options = {}) {
  auto choice = ChooseSchema(recordings, options);
  EXPECT_TRUE(choice) << choice.error().what;
  return choice ? *std::move(choice) : SchemaChoice{};
}

std::vector<std::string> Channels(const SchemaChoice& choice) {
  std::vector<std::string> names;
  for (const ChannelSpec& c : choice.schema.channels) names.push_back(c.name);
  return names;
}

bool Has(const SchemaChoice& choice, const std::string& feature) {
  return std::ranges::find(choice.schema.features, feature, &dsp::FeatureSpec::name) !=
         choice.schema.features.end();
}

using Names = std::vector<std::string>;

TEST(ChooseSchema, TemperaturesAreLeftOutOfReadings) {
  const ChannelSpec by_name = {.name = "Thermocouple", .unit = "", .rate_hz = 1};
  const SchemaChoice choice = Chosen({Recorded("a", {kHousing, kCurrent, by_name, kPressure})});
  EXPECT_FALSE(choice.sampled);
  EXPECT_EQ(Channels(choice), (Names{"current", "pressure"}));
  ASSERT_EQ(choice.notes.size(), 2U);
  EXPECT_NE(choice.notes[0].find("housing"), std::string::npos);
  for (const dsp::FeatureSpec& f : choice.schema.features) EXPECT_NE(f.channel, "housing");
}

TEST(ChooseSchema, ATemperatureStaysWhereThereIsNothingElse) {
  EXPECT_EQ(Channels(Chosen({Recorded("a", {kHousing})})), Names{"housing"});
}

TEST(ChooseSchema, ATemperatureStaysBesideVibration) {
  const SchemaChoice choice = Chosen({Recorded("a", {kVibration, kHousing})});
  EXPECT_TRUE(choice.sampled);
  EXPECT_TRUE(Has(choice, "housing.mean"));
}

TEST(ChooseSchema, VibrationHasLevelsShapesAndBands) {
  const SchemaChoice choice = Chosen({Recorded("a", {kVibration})});
  for (const char* name : {"vib.rms", "vib.kurtosis", "vib.crest", "vib.velocity_rms"})
    EXPECT_TRUE(Has(choice, name)) << name;
  const auto bands =
      std::ranges::count(choice.schema.features, "band_rms", &dsp::FeatureSpec::kind);
  EXPECT_GE(bands, 2);
  for (const dsp::FeatureSpec& f : choice.schema.features)
    if (f.kind == "band_rms") {
      EXPECT_LT(f.params.at("hi_hz"), kVibration.rate_hz / 2);
    }
  EXPECT_TRUE(dsp::Pipeline::Make(choice.schema, {}));
}

TEST(ChooseSchema, EnvelopesNeedTheBearingAndOrdersTheShaftOfEveryMachine) {
  const SchemaChoice known = Chosen({Recorded("a", {kVibration}, kKnown)});
  EXPECT_TRUE(Has(known, "vib.envelope_bpfo"));
  EXPECT_TRUE(Has(known, "vib.order_1"));
  EXPECT_TRUE(dsp::Pipeline::Make(known.schema, kKnown));
  const SchemaChoice one_unknown =
      Chosen({Recorded("a", {kVibration}, kKnown), Recorded("b", {kVibration}, {.shaft_hz = 25})});
  EXPECT_FALSE(Has(one_unknown, "vib.envelope_bpfo"));
  EXPECT_TRUE(Has(one_unknown, "vib.order_1"));
  EXPECT_FALSE(Has(Chosen({Recorded("a", {kVibration})}), "vib.order_1"));
}

TEST(ChooseSchema, OnlyWhatEveryRecordingHas) {
  const SchemaChoice choice =
      Chosen({Recorded("a", {kCurrent, kPressure}), Recorded("b", {kPressure})});
  EXPECT_EQ(Channels(choice), Names{"pressure"});
  ASSERT_EQ(choice.notes.size(), 1U);
  EXPECT_EQ(choice.notes[0], "channel current left out: recording b lacks it");
}

TEST(ChooseSchema, OptionsPickAndExcludeChannels) {
  const std::vector<RecordingInfo> recordings = {Recorded("a", {kCurrent, kPressure})};
  EXPECT_EQ(Channels(Chosen(recordings, {.channels = {"current"}})), Names{"current"});
  EXPECT_EQ(Channels(Chosen(recordings, {.exclude = {"current"}})), Names{"pressure"});
  const auto absent = ChooseSchema(recordings, {.channels = {"torque"}});
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().what.find("recording \"a\" has no channel \"torque\""),
            std::string::npos);
  EXPECT_FALSE(ChooseSchema(recordings, {.exclude = {"current", "pressure"}}));
  EXPECT_FALSE(ChooseSchema({}, {}));
}

TEST(ChooseSchema, WhatIsConfiguredStands) {
  TrainOptions options{.step = 3 * kSecond, .steps = 7, .clip = 5};
  options.commissioning_s = 77;
  options.folds = 1;
  options.features = {{.name = "p", .channel = "pressure", .kind = "mean", .params = {}}};
  const SchemaChoice choice = Chosen({Recorded("a", {kPressure})}, options);
  EXPECT_EQ(choice.schema.step, 3 * kSecond);
  EXPECT_EQ(choice.schema.steps, 7);
  EXPECT_DOUBLE_EQ(choice.schema.clip, 5);
  EXPECT_DOUBLE_EQ(choice.commissioning_s, 77);
  EXPECT_EQ(choice.folds, 1);
  EXPECT_EQ(choice.schema.features.size(), 1U);
}

TEST(MirrorGroups, LevelsOfAChannelTurnTogether) {
  const SchemaChoice choice = Chosen({Recorded("a", {kCurrent, kPressure})});
  const std::vector<int> groups = MirrorGroups(choice.schema);
  ASSERT_EQ(groups.size(), choice.schema.features.size());
  for (size_t f = 0; f < groups.size(); ++f) {
    const dsp::FeatureSpec& feature = choice.schema.features[f];
    const int channel = feature.channel == "current" ? 0 : 1;
    EXPECT_EQ(groups[f], feature.kind == "ema_deviation" ? -1 : channel) << feature.name;
  }
}

TEST(SchemaFor, TakesTheRatesOfTheRecording) {
  const SchemaChoice choice = Chosen({Recorded("a", {kVibration})});
  ChannelSpec slower = kVibration;
  slower.rate_hz = 6400;
  const dsp::Schema schema = SchemaFor(choice.schema, Recorded("b", {slower}));
  EXPECT_DOUBLE_EQ(schema.channels[0].rate_hz, 6400);
  EXPECT_EQ(schema.features.size(), choice.schema.features.size());
}

}  // namespace
}  // namespace millwright::trainer
