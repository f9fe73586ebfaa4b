// Eigenvalues of small symmetric matrices, for principal components.
#pragma once

#include <cstddef>
#include <vector>

namespace millwright::trainer {

struct Eigen {
  std::vector<double> values{};   // [n], largest first
  std::vector<double> vectors{};  // [n x n], row i belongs to values[i], length 1
};

/// `matrix` [n x n] symmetric. Cyclic Jacobi rotations: exact enough and quick up to a few hundred
/// columns. Source: Golub and Van Loan, Matrix Computations, section 8.5.
[[nodiscard]] Eigen SymmetricEigen(std::vector<double> matrix, size_t n);

}  // namespace millwright::trainer
