// Functions of symmetric matrices by their eigenvalues, and their derivatives.
#include <array>
#include <span>
#include <vector>

#include "fortran.hpp"
#include "primitives/matrices.hpp"
#include "stack.hpp"

namespace xgrad::backend::cpu {
namespace lapack {
namespace {

/// c = op(a) op(b) of matrices in rows.
template <class T>
void multiply_in_rows(char of_a, const T* a, char of_b, const T* b, T* c, std::size_t n) {
  const Int size = as_int(n);
  gemm(of_b, of_a, size, size, size, T(1), b, size, a, size, T(0), c, size);
}

// ---- divided differences

/// sqrt[x0, ..., xk] from the roots: the rule of Leibniz for the square of the root, which is x. Nothing cancels.
double divided_sqrt(std::span<const double> roots) {
  const std::size_t k = roots.size() - 1;
  if (k == 0) return roots[0];
  if (k == 1) return 1.0 / (roots[0] + roots[1]);
  double sum = 0.0;
  for (std::size_t j = 1; j < k; ++j) sum += divided_sqrt(roots.first(j + 1)) * divided_sqrt(roots.subspan(j));
  return -sum / (roots[0] + roots[k]);
}

/// log[x0, ..., xk] of rising numbers. Where they are close together it is an integral,
///     (-1)^(k - 1) times that of 1 / ((x0 + t) ... (xk + t)) over t > 0,
/// which eight points of Gauss and Legendre give to all digits, if t = c u / (1 - u) with c amid them.
double divided_log(std::span<const double> x) {
  const std::size_t k = x.size() - 1;
  if (k == 0) return std::log(x[0]);
  if (x[k] > 2.0 * x[0]) return (divided_log(x.subspan(1)) - divided_log(x.first(k))) / (x[k] - x[0]);
  constexpr std::array<double, 4> nodes{0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
  constexpr std::array<double, 4> weights{0.3626837833783620, 0.3137066458778873, 0.2223810344533745,
                                          0.1012285362903763};
  const double c = std::sqrt(x[0]) * std::sqrt(x[k]);
  double sum = 0.0;
  for (std::size_t i = 0; i < 2 * nodes.size(); ++i) {
    const double u = 0.5 + (i % 2 == 0 ? 0.5 : -0.5) * nodes[i / 2];
    double term = 0.5 * weights[i / 2] * c * std::pow(1.0 - u, static_cast<double>(k) - 1.0);
    for (const double each : x) term /= each * (1.0 - u) + c * u;
    sum += term;
  }
  return k % 2 == 1 ? sum : -sum;
}

/// Derivatives of order k of a function of symmetric matrices, in the basis of eigenvectors.
template <class T>
class SymmetricWorker {
 public:
  SymmetricWorker(const KernelCall& call, std::size_t n)
      : call_(call),
        n_(n),
        order_(call.inputs.size() - 3),
        which_(static_cast<primitives::OfEigenvalues>(call.attributes[1])),
        points_(n),
        basis_(order_, std::vector<T>(n * n)),
        work_(n * n),
        sum_(n * n) {}

  Fault operator()(std::size_t entry) {
    if (n_ == 0) return {};
    if (const Fault fault = take_points(call_.inputs[1].as<T>() + entry * n_)) return fault;
    const T* v = call_.inputs[2].as<T>() + entry * n_ * n_;
    for (std::size_t k = 0; k < order_; ++k) {
      const T* h = call_.inputs[3 + k].as<T>() + entry * n_ * n_;
      for_each_of_triangle(n_, [&](std::size_t i, std::size_t j) {
        sum_[i * n_ + j] = sum_[j * n_ + i] = (h[i * n_ + j] + h[j * n_ + i]) / T(2);
      });
      multiply_in_rows('T', v, 'N', sum_.data(), work_.data(), n_);
      multiply_in_rows('N', work_.data(), 'N', v, basis_[k].data(), n_);
    }
    add_up();
    multiply_in_rows('N', v, 'N', sum_.data(), work_.data(), n_);
    multiply_in_rows('N', work_.data(), 'T', v, call_.output().as<T>() + entry * n_ * n_, n_);
    return {};
  }

 private:
  /// Eigenvalues, or their roots. Of a matrix that is semi-definite, rounding makes small negative ones.
  Fault take_points(const T* w) {
    const bool roots = which_ == primitives::OfEigenvalues::Sqrt;
    const double largest = std::max(std::abs(static_cast<double>(w[0])), std::abs(static_cast<double>(w[n_ - 1])));
    const double rounding =
        8.0 * static_cast<double>(n_) * static_cast<double>(std::numeric_limits<T>::epsilon()) * largest;
    for (std::size_t i = 0; i < n_; ++i) {
      const auto each = static_cast<double>(w[i]);
      const bool belongs = roots ? !(each < -rounding) : !(each <= 0.0);
      if (!belongs) return {Fault::Kind::Domain, i};
      points_[i] = roots ? std::sqrt(std::max(each, 0.0)) : each;
    }
    return {};
  }

  [[nodiscard]] double divided(const std::vector<std::size_t>& path) {
    at_.clear();
    for (const std::size_t i : path) at_.push_back(points_[i]);
    if (which_ == primitives::OfEigenvalues::Sqrt) return divided_sqrt(at_);
    std::sort(at_.begin(), at_.end());
    return divided_log(at_);
  }

  /// sum_[i, j] = the sum, over all orders of the directions and all ways from i to j, of the elements of the
  /// directions on the way times the divided difference at the eigenvalues that it meets.
  void add_up() {
    std::fill(sum_.begin(), sum_.end(), T(0));
    std::vector<char> used(order_, 0);
    std::vector<std::size_t> path;
    for (std::size_t i = 0; i < n_; ++i) {
      path.assign(1, i);
      walk(path, used, 1.0);
    }
  }

  void walk(std::vector<std::size_t>& path, std::vector<char>& used, double product_so_far) {
    if (path.size() == order_ + 1) {
      sum_[path.front() * n_ + path.back()] += static_cast<T>(product_so_far * divided(path));
      return;
    }
    for (std::size_t k = 0; k < order_; ++k) {
      if (used[k] != 0) continue;
      used[k] = 1;
      const std::size_t from = path.back();
      for (std::size_t to = 0; to < n_; ++to) {
        const auto element = static_cast<double>(basis_[k][from * n_ + to]);
        if (element == 0.0) continue;
        path.push_back(to);
        walk(path, used, product_so_far * element);
        path.pop_back();
      }
      used[k] = 0;
    }
  }

  const KernelCall& call_;
  std::size_t n_;
  std::size_t order_;
  primitives::OfEigenvalues which_;
  std::vector<double> points_;
  std::vector<double> at_;
  std::vector<std::vector<T>> basis_;
  std::vector<T> work_;
  std::vector<T> sum_;
};

}  // namespace
}  // namespace lapack

namespace kernels {

using namespace lapack;

void symmetric_function(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  const bool root = static_cast<primitives::OfEigenvalues>(call.attributes[1]) == primitives::OfEigenvalues::Sqrt;
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        root ? "sqrtm" : "logm", call, *a.shape, 8.0 * cube(n), [&] { return SymmetricWorker<T>(call, n); },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, n * n); });
  });
}

}  // namespace kernels
}  // namespace xgrad::backend::cpu
