// Functions of matrices: of symmetric ones by their eigenvalues, and the exponential function.
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

// ---- the exponential function

/// A degree of Pade's approximations, up to which norm it has all digits of the function and of its derivative, and the
/// coefficients of its numerator. N. J. Higham 2005, and A. H. Al-Mohy and N. J. Higham 2009 for the derivative.
struct Pade {
  std::size_t degree;
  double norm_of_double;
  double norm_of_float;
  std::array<double, 14> b;
};
constexpr std::array<Pade, 5> pades{{
    {3, 1.08e-2, 0.2, {120.0, 60.0, 12.0, 1.0}},
    {5, 0.2, 1.2, {30240.0, 15120.0, 3360.0, 420.0, 30.0, 1.0}},
    {7, 0.783, 2.8, {17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0}},
    {9,
     1.78,
     1.78,
     {17643225600.0, 8821612800.0, 2075673600.0, 302702400.0, 30270240.0, 2162160.0, 110880.0, 3960.0, 90.0, 1.0}},
    {13,
     4.74,
     4.74,
     {64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
      10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0}},
}};

template <class T>
class ExpWorker {
 public:
  explicit ExpWorker(const KernelCall& call)
      : call_(call), n_(StackOf(*call.inputs[0].shape).rows), size_(n_ * n_), a_(size_), pivots_(n_) {
    for (std::vector<T>& each : even_) each.resize(size_);
    for (std::vector<T>* each : {&odd_, &numerator_, &denominator_}) each->resize(size_);
  }

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * size_;
    T* out = call_.output().as<T>() + entry * size_;
    if (const Fault fault = require_finite(a, size_)) return fault;
    if (n_ == 0) return {};
    const double norm = std::min(norm_of_block(a), std::numeric_limits<double>::max());  // sums of rows may overflow
    constexpr bool is_float = std::is_same_v<T, float>;
    const auto reach = [](const Pade& each) { return is_float ? each.norm_of_float : each.norm_of_double; };
    const Pade* pade = pades.data();
    const Pade* last = &pades[is_float ? 2 : 4];
    while (pade != last && norm > reach(*pade)) ++pade;
    int halvings = 0;
    if (norm > reach(*pade)) halvings = std::max(0, std::ilogb(norm / reach(*pade)) + 1);
    for (std::size_t i = 0; i < size_; ++i) a_[i] = std::ldexp(a[i], -halvings);
    approximate(*pade, out);
    for (int k = 0; k < halvings; ++k) {
      multiply_in_rows('N', out, 'N', out, a_.data(), n_);
      std::copy(a_.begin(), a_.end(), out);
    }
    return {};
  }

 private:
  /// The norm that decides how often the matrix is halved. Derivatives are blocks of the function of a matrix of
  /// blocks,
  /// [[A, H], [0, A]], whose error depends on A alone.
  [[nodiscard]] double norm_of_block(const T* a) const {
    const std::size_t rows = n_ >> static_cast<unsigned>(call_.attributes[1]);
    double largest = 0.0;
    for (std::size_t i = 0; i < rows; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < rows; ++j) sum += std::abs(static_cast<double>(a[i * n_ + j]));
      largest = std::max(largest, sum);
    }
    return largest;
  }

  /// even_[i] = a^(2 i + 2), for i < count.
  void make_powers(std::size_t count) {
    multiply_in_rows('N', a_.data(), 'N', a_.data(), even_[0].data(), n_);
    for (std::size_t i = 1; i < count; ++i) {
      multiply_in_rows('N', even_[i - 1].data(), 'N', even_[0].data(), even_[i].data(), n_);
    }
  }

  /// out = b[first] I + b[first + 2] a^2 + ..., of `count` terms.
  void add_powers(const Pade& pade, std::size_t first, std::size_t count, std::vector<T>& out) const {
    std::fill(out.begin(), out.end(), T(0));
    for (std::size_t i = 0; i < n_; ++i) out[i * n_ + i] = static_cast<T>(pade.b[first]);
    for (std::size_t k = 1; k < count; ++k) {
      const T factor = static_cast<T>(pade.b[first + 2 * k]);
      for (std::size_t i = 0; i < size_; ++i) out[i] += factor * even_[k - 1][i];
    }
  }

  /// out += a^6 (b[first] a^2 + b[first + 2] a^4 + b[first + 4] a^6).
  void add_high_powers(const Pade& pade, std::size_t first, std::vector<T>& out, std::vector<T>& work) const {
    for (std::size_t i = 0; i < size_; ++i) {
      work[i] = static_cast<T>(pade.b[first]) * even_[0][i] + static_cast<T>(pade.b[first + 2]) * even_[1][i] +
                static_cast<T>(pade.b[first + 4]) * even_[2][i];
    }
    const Int n = as_int(n_);
    gemm('N', 'N', n, n, n, T(1), work.data(), n, even_[2].data(), n, T(1), out.data(), n);
  }

  /// (V - U)^-1 (V + U), with the odd powers U and the even ones V.
  void approximate(const Pade& pade, T* out) {
    const bool long_sums = pade.degree == 13;
    const std::size_t powers = long_sums ? 3 : (pade.degree - 1) / 2;
    make_powers(powers);
    add_powers(pade, 1, powers + 1, odd_);
    add_powers(pade, 0, powers + 1, numerator_);
    if (long_sums) {
      add_high_powers(pade, 9, odd_, denominator_);
      add_high_powers(pade, 8, numerator_, denominator_);
    }
    multiply_in_rows('N', a_.data(), 'N', odd_.data(), denominator_.data(), n_);
    for (std::size_t i = 0; i < size_; ++i) {
      const T u = denominator_[i];
      denominator_[i] = numerator_[i] - u;
      out[i] = numerator_[i] + u;
    }
    // Both are functions of one matrix and commute, so it does not matter that LAPACK takes their transposes.
    const Int n = as_int(n_);
    getrf(n, n, denominator_.data(), n, pivots_.data());
    getrs('N', n, n, denominator_.data(), n, pivots_.data(), out, n);
  }

  const KernelCall& call_;
  std::size_t n_;
  std::size_t size_;
  std::vector<T> a_;
  std::vector<Int> pivots_;
  std::array<std::vector<T>, 4> even_;
  std::vector<T> odd_, numerator_, denominator_;
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

void expm(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "expm", call, *a.shape, 20.0 * cube(n), [&] { return ExpWorker<T>(call); },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, n * n); });
  });
}

}  // namespace kernels
}  // namespace xgrad::backend::cpu
