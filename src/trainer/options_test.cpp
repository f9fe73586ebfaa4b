#include "trainer/options.h"

#include <gtest/gtest.h>

namespace millwright::trainer {
namespace {

struct Case {
  const char* name;
  const char* text;
  const char* want;
};

class TrainConfigFaults : public testing::TestWithParam<Case> {};

TEST_P(TrainConfigFaults, NameLineAndKey) {
  TrainOptions options;
  const auto read = ReadTrainConfig(GetParam().text, "train.toml", options);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Errc::kInvalid);
  EXPECT_NE(read.error().what.find(GetParam().want), std::string::npos) << read.error().what;
}

INSTANTIATE_TEST_SUITE_P(
    TrainConfig, TrainConfigFaults,
    testing::Values(
        Case{"range", "[training]\n\nepochs = 0\n", "train.toml:3:10: training.epochs: 0 is out"},
        Case{"type", "[model]\nname = 5\n", "train.toml:2:8: model.name: must be a string"},
        Case{"near_key", "[training]\nepohcs = 3\n",
             "train.toml:2:1: training.epohcs: unknown key; did you mean \"epochs\"?"},
        Case{"choice", "[standardiser]\nmode = \"fleet\"\n",
             "train.toml:2:8: standardiser.mode: \"fleet\" is not one of asset, global"},
        Case{"feature_without_kind", "[[feature]]\nchannel = \"vib\"\n",
             "train.toml:1:1: feature.kind: is missing"},
        Case{"folds", "[training]\nfolds = 21\n", "train.toml:2:9: training.folds: 21 is out"},
        Case{"share", "[decision]\nact_from = 1.5\n", "train.toml:2:12: decision.act_from: 1.5"},
        Case{"limits_crossed", "[decision]\nwarning_from = 0.9\nact_from = 0.2\n",
             "train.toml:1:1: decision: "},
        Case{"no_toml", "[model\n", "train.toml:1:"}),
    [](const auto& info) { return info.param.name; });

TEST(TrainConfig, NamesAllFaultsAtOnce) {
  TrainOptions options;
  const auto read = ReadTrainConfig("[training]\nunits = 0\nbatch = 0\n", "t.toml", options);
  ASSERT_FALSE(read);
  EXPECT_NE(read.error().what.find("t.toml:2:9: training.units"), std::string::npos);
  EXPECT_NE(read.error().what.find("t.toml:3:9: training.batch"), std::string::npos);
}

TEST(TrainConfig, AnEmptyFileChangesNothing) {
  TrainOptions options{.name = "pump", .seed = 9, .validation_share = 0.4};
  options.learn.units = 11;
  ASSERT_TRUE(ReadTrainConfig("", "train.toml", options));
  EXPECT_EQ(options.name, "pump");
  EXPECT_EQ(options.seed, 9U);
  EXPECT_DOUBLE_EQ(options.validation_share, 0.4);
  EXPECT_EQ(options.learn.units, 11);
  EXPECT_FALSE(options.step || options.steps || options.folds || options.floor_share);
}

TEST(TrainConfig, ReadsEverySection) {
  TrainOptions options;
  const auto read = ReadTrainConfig(R"(
    model = { name = "fan", version = "3" }
    data = { exclude = ["speed"], runs = ["a", "b"] }
    schema = { step_ms = 250, steps = 20 }
    standardiser = { mode = "global", commissioning_s = 40 }
    training = { epochs = 3, folds = 4, windows_max = 500 }
    decision = { tuning = "rows" }
    [[feature]]
    channel = "vib"
    kind = "band_rms"
    params = { lo_hz = 100, hi_hz = 200 }
    [[class]]
    code = "worn"
    name = "Worn"
  )",
                                    "train.toml", options);
  ASSERT_TRUE(read) << read.error().what;
  EXPECT_EQ(options.name, "fan");
  EXPECT_EQ(options.runs, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options.step, 250 * kMillisecond);
  EXPECT_FALSE(options.per_asset);
  EXPECT_EQ(options.folds, 4);
  EXPECT_EQ(options.tuning, Tuning::kRows);
  ASSERT_EQ(options.features.size(), 1U);
  EXPECT_EQ(options.features[0].name, "vib.band_rms");
  EXPECT_DOUBLE_EQ(options.features[0].params.at("hi_hz"), 200);
  ASSERT_EQ(options.classes.size(), 1U);
  EXPECT_FALSE(options.classes[0].healthy);
}

}  // namespace
}  // namespace millwright::trainer
