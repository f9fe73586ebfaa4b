#include "hub/rollout/trial_points.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/migrations.h"
#include "store/test_folder.h"

namespace millwright::hub {
namespace {

TEST(TrialPointsTest, ReadsWhatGatewaysSay) {
  const auto point = ReadTrialPoint("probation 212 -0.00410 0.310 3.602");
  ASSERT_TRUE(point);
  EXPECT_EQ(point->phase, "probation");
  EXPECT_EQ(point->windows, 212);
  EXPECT_DOUBLE_EQ(point->confidence_change, -0.0041);
  EXPECT_DOUBLE_EQ(point->log10_e, 0.31);
  EXPECT_DOUBLE_EQ(point->log10_limit, 3.602);
}

TEST(TrialPointsTest, WhatNoGatewaySaysIsNoPoint) {
  for (const char* text :
       {"", "shadow", "shadow 12", "shadow 12 0 0", "shadow 0 0 0 3", "shadow -3 0 0 3",
        "elsewhere 12 0 0 3", "shadow 12 2 0 3", "shadow 12 0 1e9 3", "shadow 12 0 nan 3",
        "shadow 12 0 0 inf", "shadow 12 0 0 3 and more", "shadow 1e400 0 0 3"})
    EXPECT_FALSE(ReadTrialPoint(text)) << text;
}

class TrialPointsStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::Database::Open(folder_.File("hub.db"));
    ASSERT_TRUE(opened && store::Migrate(**opened));
    database_ = std::move(*opened);
  }
  void Tell(std::string_view device, std::string_view phase, int64_t windows, Nanos at) {
    ASSERT_TRUE(SaveTrialPoint(*database_, "r1", device,
                               {.phase = std::string(phase),
                                .windows = windows,
                                .at = at,
                                .confidence_change = 0.01,
                                .log10_e = -0.5,
                                .log10_limit = 3.6}));
  }
  std::vector<DeviceTrial> Load(std::string_view device = {}, int64_t limit = 20) {
    return LoadTrials(*database_, "r1", device, limit).value();
  }

  store::TestFolder folder_;
  std::unique_ptr<store::Database> database_;
};

TEST_F(TrialPointsStoreTest, CurvesOfRolloutsThatEndedLongAgoAreForgotten) {
  const auto add = [&](std::string_view id, store::Value ended) {
    ASSERT_TRUE(database_->Run(
        "INSERT INTO rollouts (id, target, pack_sha256, digest, name, version, line, release_no, "
        "state, wave, wave_ns, policy, reason, created_ns, created_by, ended_ns) VALUES ($1, '', "
        "'', '', '', '', '', 1, 'done', 0, 0, '{}', '', 0, '', $2)",
        {id, std::move(ended)}));
  };
  add("r1", int64_t{1000});
  add("r2", nullptr);
  Tell("gw-1", "shadow", 20, 10);
  ASSERT_TRUE(SaveTrialPoint(*database_, "r2", "gw-1",
                             {.phase = "shadow", .windows = 3, .at = 5, .log10_limit = 3}));
  ASSERT_TRUE(PurgeTrials(*database_, 1000));
  EXPECT_EQ(Load().size(), 1U) << "not before";
  ASSERT_TRUE(PurgeTrials(*database_, 1001));
  EXPECT_TRUE(Load().empty());
  EXPECT_EQ(LoadTrials(*database_, "r2", {}, 20)->size(), 1U) << "one that runs keeps its curves";
}

TEST_F(TrialPointsStoreTest, ShadowComesBeforeProbationAndAWordTwiceIsOnePoint) {
  Tell("gw-1", "probation", 10, 30);
  Tell("gw-1", "shadow", 40, 20);
  Tell("gw-1", "shadow", 20, 10);
  Tell("gw-1", "shadow", 20, 10);
  const auto trials = Load();
  ASSERT_EQ(trials.size(), 1U);
  ASSERT_EQ(trials[0].points.size(), 3U);
  EXPECT_EQ(trials[0].points[0].windows, 20);
  EXPECT_EQ(trials[0].points[0].at, 10);
  EXPECT_EQ(trials[0].points[1].windows, 40);
  EXPECT_EQ(trials[0].points[2].phase, "probation");
}

TEST_F(TrialPointsStoreTest, ALongTrialGetsCoarserAndKeepsItsEnd) {
  for (int64_t i = 1; i <= 3 * kPhasePointsMax + 1; ++i) Tell("gw-1", "shadow", i, i);
  for (int64_t i = 1; i <= kPhasePointsMax + 50; ++i) {
    Tell("gw-1", "probation", i, 1'000'000 + i);
    const auto trials = Load("gw-1");
    ASSERT_EQ(trials.size(), 1U);
    ASSERT_EQ(trials[0].points.back().windows, i);
  }
  Tell("gw-2", "shadow", 1, 1);
  const auto points = Load("gw-1")[0].points;
  const auto shadow = std::ranges::count(points, "shadow", &TrialPoint::phase);
  EXPECT_LE(shadow, kPhasePointsMax);
  EXPECT_GE(shadow, kPhasePointsMax / 2);
  EXPECT_LE(std::ssize(points) - shadow, kPhasePointsMax);
  EXPECT_EQ(points[static_cast<size_t>(shadow) - 1].windows, 3 * kPhasePointsMax + 1);
  EXPECT_EQ(Load("gw-2").size(), 1U);
}

TEST_F(TrialPointsStoreTest, ATrialThatBeganAgainTakesThePlaceOfTheFirst) {
  for (int64_t i = 1; i <= 30; ++i) Tell("gw-1", "probation", 10 * i, i);
  Tell("gw-1", "probation", 10, 100);
  Tell("gw-1", "probation", 20, 101);
  const auto points = Load("gw-1")[0].points;
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[0].at, 100);
  EXPECT_EQ(points[1].at, 101);
}

TEST_F(TrialPointsStoreTest, WithoutAGatewayThoseThatToldLast) {
  for (int64_t i = 0; i < 5; ++i) Tell("gw-" + std::to_string(i), "shadow", 10, 100 - i);
  const auto trials = Load({}, 2);
  ASSERT_EQ(trials.size(), 2U);
  EXPECT_EQ(trials[0].device, "gw-0");
  EXPECT_EQ(trials[1].device, "gw-1");
}

}  // namespace
}  // namespace millwright::hub
