#include "drift/distributions.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace millwright::drift {
namespace {

constexpr int kTerms = 2000;
constexpr double kEnough = 1e-15;

// log of the front factor x^a e^-x / Gamma(a).
double LogFront(double a, double x) { return a * std::log(x) - x - std::lgamma(a); }

// Regularised lower incomplete gamma function, for x < a + 1.
double LowerSeries(double a, double x) {
  double term = 1 / a, sum = term;
  for (int i = 1; i < kTerms && term > sum * kEnough; ++i) {
    term *= x / (a + i);
    sum += term;
  }
  return sum * std::exp(LogFront(a, x));
}

// The upper one, for x >= a + 1; Lentz' way to sum the continued fraction.
double UpperFraction(double a, double x) {
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int i = 1; i < kTerms; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    const double step = c * d;
    h *= step;
    if (std::abs(step - 1) < kEnough) break;
  }
  return h * std::exp(LogFront(a, x));
}

}  // namespace

double ChiSquareTail(double x, double degrees) {
  if (!(x > 0)) return 1;
  const double a = degrees / 2, y = x / 2;
  return y < a + 1 ? 1 - LowerSeries(a, y) : UpperFraction(a, y);
}

double ChiSquareLimit(double tail, double degrees) {
  double low = 0, high = std::max(10.0, 4 * degrees);
  while (ChiSquareTail(high, degrees) > tail) high *= 2;
  for (int i = 0; i < 200 && high - low > 1e-12 * high; ++i) {
    const double middle = (low + high) / 2;
    (ChiSquareTail(middle, degrees) > tail ? low : high) = middle;
  }
  return high;
}

double BetaCdf(double x, double a, double b) {
  if (!(x > 0)) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean only; the other side is the complement.
  if (x > (a + 1) / (a + b + 2)) return 1 - BetaCdf(1 - x, b, a);
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), fraction = d;
  const auto step = [&](double numerator) {
    d = 1 + numerator * d;
    d = 1 / (std::abs(d) < kTiny ? kTiny : d);
    c = 1 + numerator / c;
    if (std::abs(c) < kTiny) c = kTiny;
    fraction *= c * d;
    return std::abs(c * d - 1);
  };
  for (int m = 1; m < 100000; ++m) {
    const double i = m;
    step(i * (b - i) * x / ((a + 2 * i - 1) * (a + 2 * i)));
    if (step(-(a + i) * (a + b + i) * x / ((a + 2 * i) * (a + 2 * i + 1))) < 1e-15) break;
  }
  const double front = std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) +
                                a * std::log(x) + b * std::log1p(-x));
  return front * fraction / a;
}

double KolmogorovTail(double x) {
  if (x <= 0.2) return 1;
  if (x < 1) {  // the other series converges faster here
    double sum = 0;
    for (int k = 1; k <= 20; ++k)
      sum += std::exp(-std::pow((2 * k - 1) * std::numbers::pi / x, 2) / 8);
    return std::clamp(1 - std::sqrt(2 * std::numbers::pi) / x * sum, 0.0, 1.0);
  }
  double sum = 0;
  for (int k = 1; k <= 100; ++k) {
    const double term = std::exp(-2.0 * k * k * x * x);
    sum += k % 2 == 1 ? term : -term;
    if (term < 1e-300) break;
  }
  return std::clamp(2 * sum, 0.0, 1.0);
}

}  // namespace millwright::drift
