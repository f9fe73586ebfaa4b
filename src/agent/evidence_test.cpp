#include "agent/evidence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "agent/testing/plant.h"

namespace millwright::agent {
namespace {

constexpr double kRate = 1000;
constexpr double kShaft = 25;
constexpr double kBpfo = 3.5 * kShaft;

class EvidenceTest : public ::testing::Test {
 protected:
  void SetUp() override {
    plan_ = testing::MakeTestPlan(files_, folder_.path());
    evidence_ = std::make_unique<Evidence>(*plan_, 0);
  }
  [[nodiscard]] std::vector<int8_t> HealthyWindow() const {
    return std::vector<int8_t>(plan_->engine->input().elements(),
                               static_cast<int8_t>(plan_->engine->input().zero_point));
  }
  [[nodiscard]] size_t features() const { return plan_->assets[0].schema.features.size(); }
  static const Mark* Find(const SpectraOf& spectra, const std::string& name) {
    for (const Mark& mark : spectra.marks)
      if (mark.name == name) return &mark;
    return nullptr;
  }

  testing::TemporaryFolder folder_;
  os::RealFiles files_;
  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<Evidence> evidence_;
};

std::vector<float> Noise(size_t count, double size) {
  uint64_t state = 7;
  std::vector<float> out(count);
  for (float& value : out) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    value = static_cast<float>((static_cast<double>(state >> 11) / (1ULL << 53) - 0.5) * size);
  }
  return out;
}

// A ringing at 300 Hz, struck `hz` times a second: what a defect on a bearing's race does.
void AddImpacts(std::vector<float>& samples, double hz, double size) {
  for (size_t i = 0; i < samples.size(); ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double since = std::fmod(t, 1 / hz);
    samples[i] += static_cast<float>(size * std::exp(-since * 400) *
                                     std::sin(2 * std::numbers::pi * 300 * since));
  }
}

TEST_F(EvidenceTest, AHealthyWindowHasNothingToExplain) {
  EXPECT_TRUE(evidence_->Explain(HealthyWindow(), 8).empty());
}

TEST_F(EvidenceTest, OnlyTheFeatureThatMovedExplains) {
  size_t explained = 0;
  for (size_t f = 0; f < features(); ++f) {
    for (const int value : {-128, 127}) {
      std::vector<int8_t> window = HealthyWindow();
      for (size_t i = f; i < window.size(); i += features()) window[i] = static_cast<int8_t>(value);
      const auto shares = evidence_->Explain(window, 8);
      if (shares.empty()) continue;  // it lowers the score: nothing to explain
      ++explained;
      ASSERT_EQ(shares.size(), 1U);
      EXPECT_EQ(shares[0].feature, f);
      EXPECT_FLOAT_EQ(shares[0].share, 1);
    }
  }
  EXPECT_GT(explained, 0U);
}

TEST_F(EvidenceTest, SharesComeLargestFirstAndAtMostAsManyAsAskedFor) {
  for (int seed = 0; seed < 20; ++seed) {
    std::vector<int8_t> window = HealthyWindow();
    for (size_t i = 0; i < window.size(); ++i)
      window[i] = static_cast<int8_t>((static_cast<int>(i) * 37 + seed * 61) % 256 - 128);
    const auto all = evidence_->Explain(window, 8);
    float sum = 0;
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_GT(all[i].share, 0);
      EXPECT_LE(all[i].share, all[i > 0 ? i - 1 : 0].share);
      sum += all[i].share;
    }
    EXPECT_LE(sum, 1.0001F);
    const auto one = evidence_->Explain(window, 1);
    EXPECT_EQ(one.size(), std::min<size_t>(all.size(), 1));
    if (one.empty()) continue;
    EXPECT_EQ(one[0].feature, all[0].feature);
  }
}

TEST_F(EvidenceTest, VelocityIsInMillimetresPerSecond) {
  std::vector<float> samples(4000);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<float>(
        2 * std::sin(2 * std::numbers::pi * kShaft * static_cast<double>(i) / kRate));
  const SpectraOf spectra = evidence_->Analyse(0, samples, kShaft, {});
  double square = 0;
  for (const float v : spectra.velocity) square += static_cast<double>(v) * static_cast<double>(v);
  const double want = 2 / std::numbers::sqrt2 / (2 * std::numbers::pi * kShaft) * 1000;
  EXPECT_NEAR(std::sqrt(square), want, 0.05 * want);
  const Mark* shaft = Find(spectra, "1x");
  ASSERT_NE(shaft, nullptr);
  EXPECT_NEAR(shaft->found_hz, kShaft, 0.5);
}

TEST_F(EvidenceTest, ImpactsOfTheOuterRaceStandOutAndAreComparedWithCommissioning) {
  std::vector<float> before = Noise(4000, 1);
  AddImpacts(before, kBpfo, 4);
  std::vector<float> after = Noise(4000, 1);
  AddImpacts(after, kBpfo, 12);
  const auto baseline = evidence_->Analyse(0, before, kShaft, {}).amplitudes;
  const SpectraOf spectra = evidence_->Analyse(0, after, kShaft, baseline);
  const Mark* bpfo = Find(spectra, "BPFO");
  ASSERT_NE(bpfo, nullptr);
  EXPECT_FLOAT_EQ(bpfo->expected_hz, static_cast<float>(kBpfo));
  EXPECT_NEAR(bpfo->found_hz, kBpfo, 0.02 * kBpfo);
  EXPECT_NEAR(bpfo->times_baseline, 3, 0.5);
  EXPECT_EQ(Find(spectra, "BPFI"), nullptr) << "this machine's inner race is not known";
}

TEST_F(EvidenceTest, NoiseAloneStandsOutNowhere) {
  const SpectraOf spectra = evidence_->Analyse(0, Noise(4000, 1), kShaft, {});
  for (const Mark& mark : spectra.marks) {
    EXPECT_EQ(mark.found_hz, 0) << mark.name;
    EXPECT_EQ(mark.times_baseline, 0) << mark.name << ": nothing to compare with";
  }
}

TEST_F(EvidenceTest, AMachineOfUnknownSpeedHasNoMarks) {
  EXPECT_TRUE(evidence_->Analyse(0, Noise(2000, 1), 0, {}).marks.empty());
}

}  // namespace
}  // namespace millwright::agent
