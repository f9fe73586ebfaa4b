#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "drift/accuracy.h"
#include "drift/adwin.h"
#include "drift/distributions.h"
#include "drift/error_cusum.h"
#include "drift/fleet.h"
#include "drift/page_hinkley.h"
#include "drift/samples_differ.h"

namespace millwright::drift {
namespace {

// Reference values: scipy 1.17 (chi2, kstwobign, ks_2samp exact).
TEST(Distributions, AgreeWithScipy) {
  EXPECT_NEAR(ChiSquareTail(3.84, 1), 0.05004352124870519, 1e-12);
  EXPECT_NEAR(ChiSquareTail(16.9, 9), 0.0503051901243108, 1e-12);
  EXPECT_NEAR(ChiSquareTail(50, 9), 1.0772382022574693e-07, 1e-17);
  EXPECT_NEAR(ChiSquareTail(200, 100), 1.1784500720979781e-08, 1e-17);
  EXPECT_NEAR(ChiSquareLimit(0.05, 9), 16.91897760462045, 1e-8);
  EXPECT_NEAR(ChiSquareLimit(1e-6, 9), 44.81093787068782, 1e-7);
  EXPECT_NEAR(KolmogorovTail(0.5), 0.9639452436648751, 1e-12);
  EXPECT_NEAR(KolmogorovTail(1), 0.26999967167735456, 1e-12);
  EXPECT_NEAR(KolmogorovTail(2.5), 7.453306344157342e-06, 1e-16);
}

TEST(KolmogorovSmirnov, AgreesWithScipy) {
  std::vector<float> a, b;
  for (int i = 0; i < 40; ++i) a.push_back(static_cast<float>(i * 37 % 101) / 101);
  for (int i = 0; i < 31; ++i) b.push_back(static_cast<float>(i * 53 % 97) / 97 * 0.8F + 0.2F);
  const KsResult ks = KolmogorovSmirnov(a, b);
  EXPECT_NEAR(ks.statistic, 0.225, 1e-9);
  EXPECT_NEAR(ks.p_value, 0.28051744932231876, 1e-9);
}

TEST(KolmogorovSmirnov, TheLimitContinuesTheExactTail) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> a, b;
  for (int i = 0; i < 1000; ++i) a.push_back(normal(random));
  for (int i = 0; i < 1000; ++i) b.push_back(normal(random) + 0.06F);
  const KsResult exact = KolmogorovSmirnov(a, b);
  b.push_back(b.back());  // one above the exact product
  EXPECT_NEAR(KolmogorovSmirnov(a, b).p_value, exact.p_value, 0.03);
}

TEST(KolmogorovSmirnov, WhatIsNoNumberDoesNotCount) {
  const std::vector<float> a{1, 2, NAN}, none{NAN};
  EXPECT_EQ(KolmogorovSmirnov(a, none).p_value, 1);
  EXPECT_EQ(KolmogorovSmirnov(a, a).statistic, 0);
}

std::vector<float> Normal(uint32_t seed, int n, float shift = 0) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(shift);
  std::vector<float> out(static_cast<size_t>(n));
  for (float& v : out) v = normal(random);
  return out;
}

TEST(Psi, ItsLimitIsExceededAsOftenAsSaid) {
  const auto reference = Histogram::FromReference(Normal(1, 4000), 10);
  ASSERT_TRUE(reference);
  const double limit = PsiLimit(4000, 300, 10, 0.05);
  int above = 0;
  for (uint32_t i = 0; i < 1000; ++i) {
    Histogram now = reference->Empty();
    for (const float v : Normal(100 + i, 300)) now.Add(v);
    above += Psi(*reference, now) > limit ? 1 : 0;
  }
  EXPECT_NEAR(above, 50, 25);
  Histogram moved = reference->Empty();
  for (const float v : Normal(7, 300, 0.5F)) moved.Add(v);
  EXPECT_GT(Psi(*reference, moved), 2 * limit);
}

TEST(Histograms, AreAddedUpOnlyOverTheSameEdges) {
  auto a = Histogram::FromReference(Normal(1, 200), 10);
  const auto b = Histogram::FromReference(Normal(2, 200), 10);
  ASSERT_TRUE(a && b);
  Histogram more = a->Empty();
  more.Add(0);
  more.Add(NAN);
  EXPECT_TRUE(a->Merge(more));
  EXPECT_EQ(a->total(), 201);
  EXPECT_EQ(a->not_finite(), 1);
  EXPECT_EQ(a->Merge(*b).error().code, Errc::kConflict);
}

TEST(Histograms, AConstantHasOneBin) {
  const auto h = Histogram::FromReference(std::vector<float>(100, 3), 10);
  ASSERT_TRUE(h);
  EXPECT_EQ(h->bins(), 1U);
  EXPECT_FALSE(Histogram::FromReference(Normal(1, 20), 10));
  EXPECT_EQ(PsiLimit(100, 100, 1, 0.01), HUGE_VAL);
}

TEST(Adwin, ForgetsWhatCameBeforeAChange) {
  std::mt19937 random(3);
  Adwin adwin;
  int first = -1;
  for (int i = 0; i < 2000; ++i) {
    const double p = i < 1000 ? 0.05 : 0.35;
    if (adwin.Push(random() % 1000 < p * 1000 ? 1 : 0) && first < 0) first = i;
  }
  EXPECT_GT(first, 1000);
  EXPECT_LT(first, 1200);
  EXPECT_LT(adwin.width(), 1300);
  EXPECT_NEAR(adwin.mean(), 0.35, 0.08);
  EXPECT_FALSE(adwin.Push(NAN));
}

// As river 0.26: alarms once, and begins anew with the next value.
TEST(Adwin, BeginsAnewAfterAnAlarmUnlessItShallNot) {
  Adwin anew, on({.restart = false});
  int cuts = 0;
  for (int i = 0; i < 1400; ++i) {
    const double v = i < 700 ? 0 : 1;
    EXPECT_EQ(anew.Push(v), i == 735) << i;
    cuts += on.Push(v) ? 1 : 0;
  }
  EXPECT_EQ(anew.width(), 1400 - 736);
  EXPECT_GE(cuts, 1);
}

TEST(Adwin, HoldsMeanAndVarianceOfItsWindow) {
  Adwin adwin({.delta = 1e-9});
  double sum = 0, square = 0;
  std::mt19937 random(5);
  for (int i = 0; i < 777; ++i) {
    const double v = static_cast<double>(random() % 1000) / 100;
    sum += v;
    square += v * v;
    adwin.Push(v);
  }
  EXPECT_EQ(adwin.width(), 777);
  EXPECT_NEAR(adwin.mean(), sum / 777, 1e-9);
  EXPECT_NEAR(adwin.variance(), square / 777 - sum * sum / 777 / 777, 1e-8);
}

TEST(PageHinkley, NoticesEitherDirection) {
  for (const double to : {3.0, -3.0}) {
    PageHinkley ph({.threshold = 20});
    int alarm = -1;
    for (int i = 0; i < 300 && alarm < 0; ++i)
      if (ph.Push(i < 150 ? 0 : to)) alarm = i;
    EXPECT_GE(alarm, 150);
    EXPECT_LT(alarm, 165);
  }
}

// The limit is the smallest that keeps the stated rate; simulation agrees with the equations.
TEST(ErrorCusum, KeepsTheStatedRate) {
  auto cusum = ErrorCusum::Make({.healthy = 0.05, .drifted = 0.2, .false_alarms_per_label = 1e-3});
  ASSERT_TRUE(cusum) << cusum.error().what;
  EXPECT_GE(cusum->MeanRunLength(0.05), 1000);
  std::mt19937_64 random(9);
  int alarms = 0;
  constexpr int kLabels = 2'000'000;
  for (int i = 0; i < kLabels; ++i) alarms += cusum->Push(random() % 10000 < 500) ? 1 : 0;
  EXPECT_NEAR(kLabels / static_cast<double>(alarms), cusum->MeanRunLength(0.05), 60);
}

// Devices' rates differ: those above the mean raise most alarms, and the limit allows for them.
TEST(ErrorCusum, KeepsTheStatedRateOverDevicesThatDiffer) {
  const ErrorCusumOptions options{
      .healthy = 0.05, .drifted = 0.2, .false_alarms_per_label = 1e-4, .strength = 300};
  const auto cusum = ErrorCusum::Make(options);
  ASSERT_TRUE(cusum);
  std::mt19937_64 random(21);
  std::gamma_distribution<double> right(300 * 0.95), wrong(300 * 0.05);
  int alarms = 0;
  constexpr int kLabels = 5000, kSome = 1500;
  for (int device = 0; device < kSome; ++device) {
    ErrorCusum one = *cusum;
    const double w = wrong(random), rate = w / (w + right(random));
    for (int i = 0; i < kLabels; ++i)
      alarms += one.Push(static_cast<double>(random() >> 11) * 0x1p-53 < rate) ? 1 : 0;
  }
  EXPECT_NEAR(alarms, 1e-4 * kLabels * kSome, 200);
  EXPECT_GT(cusum->limit(), ErrorCusum::Make({.false_alarms_per_label = 1e-4})->limit());
  EXPECT_FALSE(ErrorCusum::Make({.strength = 1}));
}

TEST(ErrorCusum, RareFalseAlarmsCostFewLabels) {
  auto cusum = ErrorCusum::Make({.false_alarms_per_label = 5e-7});
  ASSERT_TRUE(cusum);
  EXPECT_NEAR(cusum->MeanRunLength(0.05) / 2e6, 1.1, 0.2);
  EXPECT_LT(cusum->MeanRunLength(0.2), 100);
  EXPECT_FALSE(ErrorCusum::Make({.healthy = 0.2, .drifted = 0.1}));
  EXPECT_FALSE(ErrorCusum::Make({.healthy = 0.2, .drifted = 0.2001}));
}

TEST(Accuracy, WilsonAgreesWithStatsmodels) {
  const Interval i = Wilson(48, 50);
  EXPECT_NEAR(i.low, 0.8654, 5e-4);
  EXPECT_NEAR(i.high, 0.9890, 5e-4);
  EXPECT_EQ(Wilson(0, 0).low, 0);
}

TEST(Accuracy, ClopperPearsonAgreesWithStatsmodels) {
  const Interval i = ClopperPearson(48, 50);
  EXPECT_NEAR(i.low, 0.8628623, 1e-6);
  EXPECT_NEAR(i.high, 0.9951193, 1e-6);
  // None of a million, one-sided 99 %: -ln 0.01 / 10^6.
  EXPECT_NEAR(ClopperPearson(0, 1e6, 0.98).high, 4.605e-6, 1e-9);
  EXPECT_EQ(ClopperPearson(0, 7).low, 0);
  EXPECT_EQ(ClopperPearson(7, 7).high, 1);
  EXPECT_EQ(ClopperPearson(0, 0).high, 1);
}

TEST(Accuracy, FewLabelsLeanOnTheCohort) {
  std::vector<Counts> cohort;
  cohort.reserve(50);
  for (int i = 0; i < 50; ++i) cohort.push_back({i % 2 == 0 ? 190.0 : 188.0, 200});
  const CohortPrior prior = LearnPrior(cohort);
  EXPECT_NEAR(prior.mean, 0.945, 0.003);
  EXPECT_GT(prior.strength, 500);
  const Estimate few = Shrink({2, 4}, prior), many = Shrink({1000, 2000}, prior);
  EXPECT_GT(few.mean, 0.93);
  EXPECT_LT(many.mean, 0.75);
  EXPECT_LT(few.interval.low, few.mean);
}

TEST(Accuracy, ExpectedOfItselfIsTheMeanConfidence) {
  EXPECT_NEAR(ExpectedAccuracy(std::vector<float>{0.9F, 0.1F, 0.3F, 0.7F}, 2), 0.8, 1e-6);
  EXPECT_TRUE(std::isnan(ExpectedAccuracy({}, 2)));
}

TEST(Fleet, BenjaminiHochbergStepsUp) {
  const std::vector<double> p{0.01, 0.9, 0.02, 0.03, 0.5};
  EXPECT_EQ(BenjaminiHochberg(p, 0.05), (std::vector<size_t>{0, 2, 3}));
  EXPECT_TRUE(BenjaminiHochberg(std::vector<double>{0.2, 0.3}, 0.05).empty());
  EXPECT_EQ(EBenjaminiHochberg(std::vector<double>{100, 1, 60, 0}, 0.05),
            (std::vector<size_t>{0, 2}));
}

TEST(Fleet, ConfirmsAndRests) {
  Confirmation two_of_three(2, 3);
  EXPECT_FALSE(two_of_three.Push(true));
  EXPECT_FALSE(two_of_three.Push(false));
  EXPECT_TRUE(two_of_three.Push(true));
  CoolDown rest(2);
  EXPECT_TRUE(rest.Push(true));
  EXPECT_FALSE(rest.Push(true));
  EXPECT_FALSE(rest.Push(true));
  EXPECT_TRUE(rest.Push(true));
}

}  // namespace
}  // namespace millwright::drift
