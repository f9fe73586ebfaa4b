#include "dsp/bearing_features.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace millwright::dsp {
namespace {

constexpr std::array<std::string_view, kBearingFeatures> kNames = {
    "outer_any",      "outer_mean",    "outer_white",    "outer_sharp",  "inner_any",
    "inner_mean",     "inner_white",   "inner_sharp",    "ball_any",     "ball_mean",
    "ball_white",     "ball_sharp",    "spin_any",       "spin_mean",    "spin_white",
    "spin_sharp",     "cage_any",      "cage_mean",      "cage_white",   "cage_sharp",
    "outer_by_shaft", "outer_by_cage", "inner_by_shaft", "ball_by_cage", "ball_by_cage_white",
    "shaft_mean",     "shaft_white",   "rival_mean",     "rival_white",  "kurtosis_max",
    "kurtosis_mid",   "outer_size",    "inner_size",     "ball_size"};

constexpr double kFirstFive[] = {1, 2, 3, 4, 5};
constexpr double kOdd[] = {1, 3, 5};
constexpr double kFew[] = {1, 2, 3};
constexpr size_t kFamilies = 5;
enum Family { kOuter, kInner, kBall, kSpin, kCage };

struct Kin {
  std::array<Comb, kFamilies> combs;
  std::vector<Comb> strangers;  // combs at frequencies that belong to nothing
  Comb shaft;
};

// Whether an order is one of the bearing's, a small multiple or a small part of it.
bool IsKin(double order, const BearingOrders& o) {
  for (const double mine : {o.bpfo, o.bpfi, 2 * o.bsf, o.bsf})
    for (const double m : {1.0 / 3, 0.5, 2.0 / 3, 1.0, 1.5, 2.0, 3.0})
      if (std::abs(order / (mine * m) - 1) < 0.035) return true;
  return std::abs(order - std::round(order)) < 0.03;  // the shaft's
}

Kin MakeKin(double shaft_hz, const BearingOrders& o) {
  const auto comb = [&](double order, std::span<const double> multiples) {
    return Comb{.hz = order * shaft_hz, .multiples = multiples, .avoid_hz = shaft_hz};
  };
  Kin kin{.combs = {comb(o.bpfo, kFirstFive), comb(o.bpfi, kFirstFive), comb(2 * o.bsf, kFirstFive),
                    comb(o.bsf, kOdd), comb(o.ftf, kFew)},
          .strangers = {},
          .shaft = {.hz = shaft_hz, .multiples = kFirstFive, .slip_lo = -0.004, .slip_hi = 0.004}};
  for (int i = 0; i < 90; ++i) {
    const double order = 1.3 * std::pow(10.0, i / 90.0);
    if (!IsKin(order, o)) kin.strangers.push_back(comb(order, kFirstFive));
  }
  return kin;
}

// What combs at random score in one spectrum: the middle, and how far the best tenth lies above.
struct Luck {
  double middle = 0, spread = 1, best = 0;
  [[nodiscard]] double Margin(double score) const {
    return std::log1p(std::clamp((score - middle) / spread, 0.0, 20.0));
  }
};

Luck MeasureLuck(const LogRatios& lines, const Kin& kin) {
  std::vector<double> scores;
  for (const Comb& comb : kin.strangers) scores.push_back(Score(lines, comb).score);
  if (scores.size() < 10) return {};
  std::ranges::sort(scores);
  const double middle = scores[scores.size() / 2];
  return {.middle = middle,
          .spread = scores[scores.size() * 9 / 10] - middle + 0.1,
          .best = scores.back()};
}

using Margins = std::array<double, kFamilies>;

Margins MeasureMargins(const LogRatios& lines, const Kin& kin, const Luck& luck) {
  Margins out{};
  for (size_t f = 0; f < kFamilies; ++f) out[f] = luck.Margin(Score(lines, kin.combs[f]).score);
  return out;
}

// Lines beside the first two harmonics, at the slip that suits the comb best.
double Sidebands(const LogRatios& lines, const Comb& comb, double by_hz) {
  const double hz = comb.hz * (1 + Score(lines, comb).slip);
  double sum = 0;
  for (const double m : {1.0, 2.0})
    sum += LineAt(lines, m * hz - by_hz) + LineAt(lines, m * hz + by_hz);
  return sum / 4;
}

class Description {
 public:
  void Add(double value) { out_[count_++] = static_cast<float>(value); }
  [[nodiscard]] BearingFeatures Done() const { return out_; }

 private:
  BearingFeatures out_{};
  size_t count_ = 0;
};

double LogKurtosis(double kurtosis) { return std::log(std::max(kurtosis, 0.5) / 2); }

void AddCombs(const EnvelopeSet& set, const Kin& kin, const Luck& mean, const Luck& white,
              Description& out) {
  Margins any{}, sharp{};
  for (size_t b = 0; b < set.bands.size(); ++b) {
    const Margins here = MeasureMargins(set.bands[b], kin, MeasureLuck(set.bands[b], kin));
    for (size_t f = 0; f < kFamilies; ++f) any[f] = std::max(any[f], here[f]);
    if (b == set.sharpest) sharp = here;
  }
  const Margins in_mean = MeasureMargins(set.mean, kin, mean);
  const Margins in_white = MeasureMargins(set.whitened, kin, white);
  for (size_t f = 0; f < kFamilies; ++f)
    for (const double margin : {any[f], in_mean[f], in_white[f], sharp[f]}) out.Add(margin);
}

BearingFeatures DescribeSet(const EnvelopeSet& set, double shaft_hz, const BearingOrders& orders) {
  const Kin kin = MakeKin(shaft_hz, orders);
  const Luck mean = MeasureLuck(set.mean, kin), white = MeasureLuck(set.whitened, kin);
  const double cage_hz = orders.ftf * shaft_hz;
  Description out;
  AddCombs(set, kin, mean, white, out);
  out.Add(Sidebands(set.mean, kin.combs[kOuter], shaft_hz));
  out.Add(Sidebands(set.mean, kin.combs[kOuter], cage_hz));
  out.Add(Sidebands(set.mean, kin.combs[kInner], shaft_hz));
  out.Add(Sidebands(set.mean, kin.combs[kBall], cage_hz));
  out.Add(Sidebands(set.whitened, kin.combs[kBall], cage_hz));
  out.Add(mean.Margin(Score(set.mean, kin.shaft).score));
  out.Add(white.Margin(Score(set.whitened, kin.shaft).score));
  out.Add(mean.best - mean.middle);
  out.Add(white.best - white.middle);
  std::vector<double> kurtosis;
  for (const LogRatios& band : set.bands) kurtosis.push_back(LogKurtosis(band.kurtosis));
  std::ranges::sort(kurtosis);
  out.Add(kurtosis.back());
  out.Add(kurtosis[kurtosis.size() / 2]);
  for (const Family f : {kOuter, kInner, kBall}) out.Add(Score(set.mean, kin.combs[f]).score);
  return out.Done();
}

}  // namespace

std::span<const std::string_view> BearingFeatureNames() { return kNames; }

Result<BearingFeatures> BearingDescriber::Describe(std::span<const float> samples, double shaft_hz,
                                                   const BearingOrders& orders) {
  const auto fail = [](const char* what) {
    return Fail(Errc::kInvalid, std::string("bearing features: ") + what);
  };
  if (!(shaft_hz > 0)) return fail("the shaft's speed must be above 0");
  if (!(orders.bpfo > 0 && orders.bpfi > 0 && orders.bsf > 0 && orders.ftf > 0))
    return fail("an order of the bearing is not known");
  const double turns = static_cast<double>(samples.size()) / envelopes_.rate_hz() * shaft_hz;
  if (turns < 6) return fail("the window is shorter than 6 turns");
  const double hi_hz = 5.2 * std::max({orders.bpfo, orders.bpfi, 2 * orders.bsf}) * shaft_hz;
  return DescribeSet(envelopes_.Make(samples, 0.8 * shaft_hz, hi_hz), shaft_hz, orders);
}

Result<BearingOrders> CompleteOrders(BearingOrders o) {
  if (!(o.bpfo > 0) && o.bpfi > 0 && o.ftf > 0) o.bpfo = o.bpfi * o.ftf / (1 - o.ftf);
  if (!(o.bpfi > 0) && o.bpfo > 0 && o.ftf > 0) o.bpfi = o.bpfo * (1 - o.ftf) / o.ftf;
  if (!(o.bpfo > 0 && o.bpfi > o.bpfo))
    return Fail(Errc::kInvalid,
                "bearing: neither outer and inner race's orders nor one and the "
                "cage's are known");
  const double elements = o.bpfo + o.bpfi, ratio = (o.bpfi - o.bpfo) / elements;
  if (!(o.ftf > 0)) o.ftf = o.bpfo / elements;
  if (!(o.bsf > 0)) o.bsf = (1 - ratio * ratio) / (2 * ratio);
  return o;
}

}  // namespace millwright::dsp
