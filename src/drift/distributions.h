// The few distributions that limits and p-values need.
#pragma once

namespace millwright::drift {

/// P(X > x) of a chi-square distribution. Source: series and continued fraction of the incomplete
/// gamma function, Abramowitz & Stegun 6.5.
[[nodiscard]] double ChiSquareTail(double x, double degrees);

/// The x with ChiSquareTail(x, degrees) = tail.
[[nodiscard]] double ChiSquareLimit(double tail, double degrees);

/// P(X <= x) of a Beta(a, b) distribution, a and b above 0. Source: continued fraction of the
/// incomplete beta function, Abramowitz & Stegun 26.5.8, evaluated as Lentz does.
[[nodiscard]] double BetaCdf(double x, double a, double b);

/// P(K > x) of Kolmogorov's distribution.
[[nodiscard]] double KolmogorovTail(double x);

}  // namespace millwright::drift
