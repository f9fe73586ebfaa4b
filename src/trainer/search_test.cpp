#include "trainer/search.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>

namespace millwright::trainer {
namespace {

namespace fs = std::filesystem;

constexpr int kSeconds = 150, kFaultFrom = 80, kFaultTo = 120;

// A net whose answer follows the first feature; the wider it is, the more it listens to it.
LstmNet Listening(const LearnOptions& o) {
  LstmNet net{.steps = o.steps, .features = o.features, .classes = o.classes};
  for (int i = 0; i < o.layers; ++i) {
    LstmLayer layer{.inputs = i == 0 ? o.features : o.units, .units = o.units};
    const auto units = static_cast<size_t>(o.units);
    for (size_t g = 0; g < model::kGates; ++g) {
      // Not quite nothing: a scale of zero has no INT8 form.
      layer.input_weights[g].assign(units * static_cast<size_t>(layer.inputs), 0.01F);
      layer.recurrent_weights[g].assign(units * units, 0.01F);
      layer.biases[g].assign(units, g == 1 ? -4.0F : 0.0F);
    }
    // Below zero while the feature lies within its usual scatter (about one, squashed), else above.
    layer.input_weights[2][0] = i == 0 ? 2 : 8;
    layer.biases[2][0] = i == 0 ? -3 : 0;
    net.layers.push_back(std::move(layer));
  }
  net.dense_weights.assign(static_cast<size_t>(o.units) * static_cast<size_t>(o.classes), 0);
  net.dense_weights[static_cast<size_t>(o.units)] = 30;
  net.dense_biases.assign(static_cast<size_t>(o.classes), 0);
  net.dense_biases[0] = o.units >= 16 ? 0.0F : 40.0F;  // a narrow net calls everything healthy
  return net;
}

class SearchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    root_ = fs::path(::testing::TempDir()) / ("search_" + std::string(test->name()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    for (int run = 0; run < 6; ++run) Write("run" + std::to_string(run) + ".csv", run);
    auto recordings = recording::OpenDataset(root_.string());
    ASSERT_TRUE(recordings) << recordings.error().what;
    recordings_ = *recordings;
    options_.base.commissioning_s = 30;
    options_.base.learn.epochs = 5;
    options_.base.steps = 8;
    options_.trials_max = 9;
    options_.budget = 600 * kSecond;
  }
  void TearDown() override { fs::remove_all(root_); }

  void Write(const std::string& name, int run) const {
    std::ofstream file(root_ / name);
    file << "datetime;flow;pressure;anomaly;changepoint\n";
    for (int i = 0; i < kSeconds; ++i) {
      std::array<char, 32> at{};
      std::snprintf(at.data(), at.size(), "2026-11-20 06:%02d:%02d", i / 60, i % 60);
      const bool fault = i >= kFaultFrom && i < kFaultTo;
      file << at.data() << ';' << std::sin(i * 1.7 + run) + (fault ? 9 : 0) << ';'
           << 3 + std::sin(i * 0.9 + run) << ';' << (fault ? 1 : 0) << ";0\n";
    }
  }

  // A second an epoch; losses fall, those of narrow nets less.
  Learner Simulated() {
    return [this](const WindowSet& train, const WindowSet&, const LearnOptions& o,
                  const std::function<void(const Progress&)>& progress) -> Result<Learned> {
      EXPECT_GT(train.size(), 0U);
      Learned learned{.net = Listening(o)};
      for (int epoch = 0; epoch < o.epochs; ++epoch) {
        clock_.Advance(kSecond);
        const double loss = (o.units >= 16 ? 1.0 : 2.0) / (epoch + 1);
        learned.history.push_back({.train_loss = loss, .validation_loss = loss});
        progress({.epoch = epoch, .epochs = o.epochs, .done = 1});
        ++epochs_;
        if (o.go_on.stop && o.go_on.stop(epoch, loss)) break;
      }
      return learned;
    };
  }
  Result<Trained> Run() { return Search(recordings_, options_, Simulated(), clock_, "1"); }

  fs::path root_;
  std::vector<recording::RecordingInfo> recordings_;
  SearchOptions options_;
  os::FakeClock clock_;
  int epochs_ = 0;
};

TEST_F(SearchTest, TheBestTrialIsGivenAndTheBudgetKept) {
  options_.base.learn.units = 8;  // to begin with: bad
  options_.budget = 150 * kSecond;
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  const SearchRecord& s = *found->search;
  EXPECT_GE(s.trials.size(), 5U);
  EXPECT_LE(s.trials.size(), 8U) << "the budget, not the number of trials";
  EXPECT_LE(s.spent_s, s.budget_s + 2);
  const Trial& chosen = s.trials[s.chosen];
  EXPECT_GE(chosen.units, 16);
  EXPECT_GT(chosen.macro_f1, s.trials.front().macro_f1 + 0.2);
  for (const Trial& t : s.trials) {
    EXPECT_LE(t.macro_f1, chosen.macro_f1 + 0.002);
    if (t.ended.empty() && t.macro_f1 > chosen.macro_f1 - 0.002) {
      EXPECT_GE(t.model_bytes, chosen.model_bytes);
    }
  }
  EXPECT_EQ(found->validation.macro_f1, chosen.macro_f1);
}

TEST_F(SearchTest, WhatIsWorseThanTheMedianIsStopped) {
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  int stopped = 0;
  for (const Trial& t : found->search->trials) {
    if (t.ended != "worse than the median") continue;
    ++stopped;
    EXPECT_LT(t.units, 16);
    EXPECT_EQ(t.model_bytes, 0U);
  }
  EXPECT_GT(stopped, 0);
}

TEST_F(SearchTest, TheJudgeIsSeenByNoTrial) {
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  const SearchRecord& s = *found->search;
  ASSERT_FALSE(s.judge_units.empty());
  std::set<std::string> seen(found->train_runs.begin(), found->train_runs.end());
  seen.insert(found->validation_runs.begin(), found->validation_runs.end());
  for (const std::string& unit : s.judge_units) EXPECT_FALSE(seen.contains(unit)) << unit;
  ASSERT_TRUE(s.judged_macro_f1 && s.judged_first_macro_f1);
  EXPECT_GT(*s.judged_macro_f1, 0.8);
}

TEST_F(SearchTest, TheFirstTrialEndsWhateverTheBudget) {
  options_.budget = 1;
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->search->trials.size(), 1U);
  EXPECT_EQ(found->search->chosen, 0U);
  EXPECT_EQ(epochs_ % 5, 0) << "all its epochs";
}

TEST_F(SearchTest, ATrialThatTheBudgetCutsGivesNoModel) {
  options_.budget = 60 * kSecond;
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_EQ(found->search->trials.back().ended, "the budget was spent");
}

TEST_F(SearchTest, OneSeedGivesOneSearch) {
  const auto a = Run(), b = Run();
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->search->trials.size(), b->search->trials.size());
  for (size_t i = 0; i < a->search->trials.size(); ++i)
    EXPECT_EQ(a->search->trials[i].learning_rate, b->search->trials[i].learning_rate);
  EXPECT_EQ(a->model_file, b->model_file);
}

TEST_F(SearchTest, DataThatCannotBeLearnedIsOneClearError) {
  options_.base.channels = {"none"};
  const auto found = Run();
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().what.find("none"), std::string::npos) << found.error().what;
  EXPECT_EQ(epochs_, 0);
}

TEST_F(SearchTest, WithoutEnoughRunsTheReportSaysThatNobodyJudged) {
  recordings_.resize(2);
  options_.budget = 50 * kSecond;
  const auto found = Run();
  ASSERT_TRUE(found) << found.error().what;
  EXPECT_TRUE(found->search->judge_units.empty());
  EXPECT_NE(found->notes.back().find("optimistic"), std::string::npos);
}

}  // namespace
}  // namespace millwright::trainer
