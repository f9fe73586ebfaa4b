#include "trainer/eigen.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace millwright::trainer {
namespace {

// Turns rows and columns p and q so that the element between them becomes zero.
void Rotate(std::vector<double>& a, std::vector<double>& v, size_t n, size_t p, size_t q) {
  const double apq = a[p * n + q];
  if (std::abs(apq) < 1e-300) return;
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
  const double t = std::copysign(1.0, theta) / (std::abs(theta) + std::sqrt(theta * theta + 1));
  const double c = 1 / std::sqrt(t * t + 1), s = t * c;
  for (size_t i = 0; i < n; ++i) {
    const double x = a[i * n + p], y = a[i * n + q];
    a[i * n + p] = c * x - s * y;
    a[i * n + q] = s * x + c * y;
  }
  for (size_t i = 0; i < n; ++i) {
    const double x = a[p * n + i], y = a[q * n + i];
    a[p * n + i] = c * x - s * y;
    a[q * n + i] = s * x + c * y;
    const double vx = v[p * n + i], vy = v[q * n + i];
    v[p * n + i] = c * vx - s * vy;
    v[q * n + i] = s * vx + c * vy;
  }
}

double OffDiagonal(const std::vector<double>& a, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i)
    for (size_t j = 0; j < n; ++j) sum += i == j ? 0 : a[i * n + j] * a[i * n + j];
  return sum;
}

}  // namespace

Eigen SymmetricEigen(std::vector<double> a, size_t n) {
  constexpr int kSweepsMax = 60;
  std::vector<double> v(n * n);
  for (size_t i = 0; i < n; ++i) v[i * n + i] = 1;
  double size = 0;
  for (const double x : a) size += x * x;
  for (int sweep = 0; sweep < kSweepsMax && OffDiagonal(a, n) > 1e-22 * size; ++sweep)
    for (size_t p = 0; p + 1 < n; ++p)
      for (size_t q = p + 1; q < n; ++q) Rotate(a, v, n, p, q);

  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::sort(order, [&](size_t i, size_t j) { return a[i * n + i] > a[j * n + j]; });
  Eigen out;
  for (const size_t i : order) {
    out.values.push_back(a[i * n + i]);
    out.vectors.insert(out.vectors.end(), v.begin() + static_cast<std::ptrdiff_t>(i * n),
                       v.begin() + static_cast<std::ptrdiff_t>((i + 1) * n));
  }
  return out;
}

}  // namespace millwright::trainer
