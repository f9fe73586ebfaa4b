#include "dsp/analyzer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <numbers>

#include "dsp/bearing.h"
#include "dsp/iso.h"
#include "dsp/spectrum.h"

namespace millwright::dsp {
namespace {

constexpr double kRate = 12800;
constexpr size_t kCount = 8192;
constexpr double kTwoPi = 2 * std::numbers::pi;

std::vector<float> Sine(double amplitude, double hz, size_t count = kCount, double rate = kRate) {
  std::vector<float> samples(count);
  for (size_t i = 0; i < count; ++i)
    samples[i] =
        static_cast<float>(amplitude * std::sin(kTwoPi * hz * static_cast<double>(i) / rate + 0.7));
  return samples;
}

// As golden/make_features.py.
std::vector<float> GoldenSignal() {
  std::vector<float> samples(kCount);
  uint32_t state = 12345;
  for (size_t i = 0; i < kCount; ++i) {
    const double t = static_cast<double>(i) / kRate;
    state = state * 1664525U + 1013904223U;
    const double noise = state / 4294967296.0 - 0.5;
    const double since = std::fmod(t, 1 / 88.2);
    samples[i] = static_cast<float>(
        1.2 * std::sin(kTwoPi * 24.7 * t + 0.3) + 0.4 * std::sin(kTwoPi * 49.4 * t) + 0.25 +
        2.5 * std::exp(-since * 900.0) * std::sin(kTwoPi * 3000 * since) + 0.3 * noise);
  }
  return samples;
}

std::map<std::string, double> ReadGolden() {
  std::ifstream file(MW_SOURCE_DIR "/src/dsp/golden/features.txt");
  std::map<std::string, double> values;
  std::string name;
  double value = 0;
  while (file >> name >> value) values[name] = value;
  return values;
}

TEST(BearingTest, MatchesThePublishedCase) {
  // MathWorks' bearing example: N = 8, d = 2 cm, D = 12 cm, 25 Hz, contact angle 0.
  const auto orders = Orders({.elements = 8, .ball = 2, .pitch = 12, .angle_deg = 0});
  ASSERT_TRUE(orders.has_value());
  EXPECT_NEAR(orders->bpfo * 25, 83.33, 0.005);
  EXPECT_NEAR(orders->bpfi * 25, 116.67, 0.005);
  EXPECT_NEAR(orders->bsf * 25, 72.92, 0.005);
  EXPECT_NEAR(orders->ftf * 25, 10.42, 0.005);
}

TEST(BearingTest, RefusesWhatCannotTurn) {
  EXPECT_FALSE(Orders({.elements = 2, .ball = 2, .pitch = 12}).has_value());
  EXPECT_FALSE(Orders({.elements = 8, .ball = 12, .pitch = 2}).has_value());
  EXPECT_FALSE(Orders({.elements = 30, .ball = 2, .pitch = 12}).has_value());
  EXPECT_FALSE(Orders({.elements = 8, .ball = 2, .pitch = 12, .angle_deg = 90}).has_value());
}

TEST(AnalyzerTest, MatchesNumpyAndScipy) {
  const std::map<std::string, double> golden = ReadGolden();
  ASSERT_EQ(golden.size(), 10U);
  Analyzer analyzer(kRate, kCount, {{.lo_hz = 2000, .hi_hz = 4000}});
  analyzer.Load(GoldenSignal());
  const Moments& m = analyzer.moments();
  EXPECT_NEAR(m.rms, golden.at("rms"), 1e-6);
  EXPECT_NEAR(m.peak, golden.at("peak"), 1e-6);
  EXPECT_NEAR(m.peak / m.rms, golden.at("crest"), 1e-6);
  EXPECT_NEAR(m.kurtosis, golden.at("kurtosis"), 1e-5);
  EXPECT_NEAR(m.skewness, golden.at("skewness"), 1e-5);
  EXPECT_NEAR(std::sqrt(analyzer.BandPower(1000, 3000)), golden.at("band_rms_1000_3000"), 1e-5);
  EXPECT_NEAR(1e3 * std::sqrt(analyzer.VelocityPower(10, 1000)), golden.at("velocity_rms_10_1000"),
              1e-4);
  for (int h = 1; h <= 3; ++h) {
    const size_t k = static_cast<size_t>(std::lround(h * 88.2 / analyzer.line_hz()));
    const std::span<const float> envelope = analyzer.Envelope(0);
    const double height = std::max({envelope[k - 1], envelope[k], envelope[k + 1]});
    const double want = golden.at("envelope_line_" + std::to_string(h));
    EXPECT_NEAR(height, want, 0.02 * want);
  }
}

TEST(AnalyzerTest, MeasuresAnalyticSines) {
  for (const double hz : {25.0, 88.3, 311.7, 950.1}) {
    Analyzer analyzer(kRate, kCount, {});
    analyzer.Load(Sine(2.0, hz));
    EXPECT_NEAR(std::sqrt(analyzer.BandPower(hz - 10, hz + 10)), 2 / std::numbers::sqrt2, 2e-3)
        << hz;
    const double velocity = 1e3 * 2 / std::numbers::sqrt2 / (kTwoPi * hz);
    EXPECT_NEAR(1e3 * std::sqrt(analyzer.VelocityPower(10, 1000)), velocity, 0.02 * velocity) << hz;
  }
}

TEST(AnalyzerTest, PowerSumsToTheMeanSquare) {
  // Any length works, padded to a fast one.
  for (const size_t count : {size_t{8192}, size_t{5003}, size_t{100}}) {
    Analyzer analyzer(1000, count, {});
    analyzer.Load(Sine(3, 120, count, 1000));
    double sum = 0;
    for (const float p : analyzer.power()) sum += static_cast<double>(p);
    EXPECT_NEAR(sum, 4.5, 0.05) << count;
  }
}

TEST(AnalyzerTest, FindsSyntheticImpactsAtTheirRate) {
  std::vector<float> samples(kCount);
  for (size_t i = 0; i < kCount; ++i) {
    const double t = static_cast<double>(i) / kRate;
    const double since = std::fmod(t, 1 / 83.33);
    const double noise = std::sin(static_cast<double>(i * i % 7919)) * 0.3;
    samples[i] =
        static_cast<float>(3 * std::exp(-since * 700) * std::sin(kTwoPi * 3100 * since) + noise);
  }
  Analyzer analyzer(kRate, kCount, {{.lo_hz = 2048, .hi_hz = 5760}});
  analyzer.Load(samples);
  EXPECT_GT(analyzer.PeakToFloor(0, 83.33, 0.02), 15);
  EXPECT_GT(analyzer.PeakToFloor(0, 83.33 * 1.015, 0.02), 15) << "1.5 % slip";
  EXPECT_LT(analyzer.PeakToFloor(0, 116.67, 0.02), 6);
  EXPECT_GT(analyzer.EnvelopeKurtosis(0), 3);
}

TEST(AnalyzerTest, ConstantAndShortSignalsAreHarmless) {
  Analyzer analyzer(kRate, 64, {{.lo_hz = 2000, .hi_hz = 6000}});
  analyzer.Load(std::vector<float>(64, 9.81F));
  EXPECT_EQ(analyzer.moments().rms, 0);
  EXPECT_EQ(analyzer.moments().kurtosis, 0);
  EXPECT_TRUE(std::isfinite(analyzer.PeakToFloor(0, 900, 0.02)));
  EXPECT_EQ(analyzer.PeakToFloor(0, 1e9, 0.02), 1);
  EXPECT_EQ(analyzer.PeakToFloor(0, 0.1, 0.02), 1);
}

TEST(SpectrumTest, MarksTheLineThatGrew) {
  const MachineSpec machine = {
      .shaft_hz = 25, .bpfo = 3.333, .bpfi = 4.667, .bsf = 2.917, .ftf = 0.4167};
  const auto impacts = [](double strength) {
    std::vector<float> samples(kCount);
    uint32_t state = 99;
    for (size_t i = 0; i < kCount; ++i) {
      state = state * 1664525U + 1013904223U;
      const double since = std::fmod(static_cast<double>(i) / kRate, 1 / (3.333 * 25));
      samples[i] =
          static_cast<float>(strength * std::exp(-since * 700) * std::sin(kTwoPi * 3100 * since) +
                             state / 4294967296.0 - 0.5);
    }
    return samples;
  };
  const auto before = EnvelopeSpectrum(impacts(0.02), kRate, "m/s2");
  const auto now = EnvelopeSpectrum(impacts(4), kRate, "m/s2");
  ASSERT_TRUE(before.has_value() && now.has_value());
  const auto marks = FindMarks(*now, &*before, machine, 25, MarkSet::kBearing);
  ASSERT_EQ(marks.size(), 4U);
  EXPECT_EQ(marks[0].name, "BPFO");
  EXPECT_NEAR(marks[0].found_hz, marks[0].expected_hz, 2);
  EXPECT_GT(marks[0].times_baseline, 8);
  EXPECT_LT(marks[1].times_baseline, marks[0].times_baseline / 4);
  EXPECT_EQ(FindMarks(*now, nullptr, {.shaft_hz = 25}, 25, MarkSet::kBearing).size(), 0U);
}

TEST(SpectrumTest, ShowsVelocityLines) {
  const auto spectrum = VelocitySpectrum(Sine(2, 25), kRate, "m/s2");
  ASSERT_TRUE(spectrum.has_value());
  const auto marks = FindMarks(*spectrum, nullptr, {.shaft_hz = 25}, 25, MarkSet::kShaft);
  ASSERT_EQ(marks.size(), 3U);
  EXPECT_NEAR(marks[0].found_hz, 25, 1.6);
  EXPECT_FALSE(VelocitySpectrum(Sine(2, 25), kRate, "degC").has_value());
  EXPECT_FALSE(VelocitySpectrum({}, kRate, "g").has_value());
}

TEST(IsoTest, PlacesVelocitiesInZones) {
  const auto limits = FindZoneLimits("iso20816-3/2/flexible");
  ASSERT_TRUE(limits.has_value());
  EXPECT_EQ(ZoneOf(*limits, 1.0), Zone::kA);
  EXPECT_EQ(ZoneOf(*limits, 4.5), Zone::kC);
  EXPECT_EQ(ZoneOf(*limits, 9), Zone::kD);
  EXPECT_FALSE(FindZoneLimits("iso9001").has_value());
  for (const ZoneLimits& known : KnownZoneLimits())
    EXPECT_TRUE(known.a_b < known.b_c && known.b_c < known.c_d);
}

}  // namespace
}  // namespace millwright::dsp
