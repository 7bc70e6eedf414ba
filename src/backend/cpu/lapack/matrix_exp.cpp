// The exponential function of matrices, and its derivatives.
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "fortran.hpp"
#include "primitives/matrices.hpp"
#include "stack.hpp"

namespace xgrad::backend::cpu {
namespace lapack {
namespace {

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

/// Derivatives of order k of the exponential function in the directions H1, ..., Hk: what belongs to e1 ... ek in the
/// exponential of A + e1 H1 + ... + ek Hk, where each ei commutes with all and its square is 0. Such a sum is kept as
/// 2^k matrices, one for each product of some of the ei: bit i of its number says whether ei is a factor. That is
/// e^[[A, H], [0, A]] without computing twice what stands there twice.
template <class T>
class ExpWorker {
 public:
  explicit ExpWorker(const KernelCall& call)
      : call_(call),
        n_(StackOf(*call.inputs[0].shape).rows),
        size_(n_ * n_),
        parts_(std::size_t{1} << (call.inputs.size() - 1)),
        a_(parts_ * size_),
        pivots_(n_) {
    for (std::vector<T>& each : even_) each.resize(a_.size());
    for (std::vector<T>* each : {&odd_, &numerator_, &denominator_}) each->resize(a_.size());
  }

  Fault operator()(std::size_t entry) {
    const T* a = call_.inputs[0].as<T>() + entry * size_;
    if (const Fault fault = require_finite(a, size_)) return fault;
    if (n_ == 0) return {};
    const double norm = std::min(norm_of(a), std::numeric_limits<double>::max());  // sums of rows may overflow
    constexpr bool is_float = std::is_same_v<T, float>;
    const auto reach = [](const Pade& each) { return is_float ? each.norm_of_float : each.norm_of_double; };
    const Pade* pade = pades.data();
    const Pade* last = &pades[is_float ? 2 : 4];
    while (pade != last && norm > reach(*pade)) ++pade;
    int halvings = 0;
    if (norm > reach(*pade)) halvings = std::max(0, std::ilogb(norm / reach(*pade)) + 1);
    const int exponent = take(entry, halvings);
    approximate(*pade);
    for (int k = 0; k < halvings; ++k) {
      multiply(numerator_, numerator_, a_);
      std::swap(numerator_, a_);
    }
    const T* last_part = part(numerator_, parts_ - 1);
    T* out = call_.output().as<T>() + entry * size_;
    for (std::size_t i = 0; i < size_; ++i) out[i] = exponent == 0 ? last_part[i] : std::ldexp(last_part[i], exponent);
    return {};
  }

 private:
  [[nodiscard]] T* part(std::vector<T>& x, std::size_t which) const { return x.data() + which * size_; }
  [[nodiscard]] const T* part(const std::vector<T>& x, std::size_t which) const { return x.data() + which * size_; }

  /// The norm of A alone decides how often all is halved, because the error depends on it alone: the derivative is
  /// linear in each direction.
  [[nodiscard]] double norm_of(const T* a) const {
    double largest = 0.0;
    for (std::size_t i = 0; i < n_; ++i) {
      double sum = 0.0;
      for (std::size_t j = 0; j < n_; ++j) sum += std::abs(static_cast<double>(a[i * n_ + j]));
      largest = std::max(largest, sum);
    }
    return largest;
  }

  /// a_ = A and the directions, halved so often. Directions are first multiplied by powers of two, so that nothing on
  /// the way overflows or vanishes that does not in the result; returns the exponent of the power that it lacks.
  int take(std::size_t entry, int halvings) {
    std::fill(a_.begin(), a_.end(), T(0));
    int exponent = 0;
    for (std::size_t k = 0; k < call_.inputs.size(); ++k) {
      const T* x = call_.inputs[k].as<T>() + entry * size_;
      const int own = k == 0 ? 0 : exponent_of(x);
      exponent += own;
      T* to = part(a_, k == 0 ? 0 : std::size_t{1} << (k - 1));
      for (std::size_t i = 0; i < size_; ++i) to[i] = std::ldexp(x[i], -halvings - own);
    }
    return exponent;
  }

  /// That of the largest element, if all are finite.
  [[nodiscard]] int exponent_of(const T* x) const {
    T largest = T(0);
    for (std::size_t i = 0; i < size_; ++i) {
      const T magnitude = std::abs(x[i]);
      if (!(magnitude <= std::numeric_limits<T>::max())) return 0;
      largest = std::max(largest, magnitude);
    }
    return largest > T(0) ? std::ilogb(largest) : 0;
  }

  /// to += factor x y, matrices in rows.
  void add_product(T factor, const T* x, const T* y, T* to) const {
    const Int n = as_int(n_);
    gemm('N', 'N', n, n, n, factor, y, n, x, n, T(1), to, n);
  }

  /// to += x y. A product of some ei is one of two that share none of them.
  void add_product(const std::vector<T>& x, const std::vector<T>& y, std::vector<T>& to) const {
    for (std::size_t which = 0; which < parts_; ++which) {
      for (std::size_t left = which;; left = (left - 1) & which) {
        add_product(T(1), part(x, left), part(y, which ^ left), part(to, which));
        if (left == 0) break;
      }
    }
  }

  void multiply(const std::vector<T>& x, const std::vector<T>& y, std::vector<T>& to) const {
    std::fill(to.begin(), to.end(), T(0));
    add_product(x, y, to);
  }

  /// even_[i] = a^(2 i + 2), for i < count.
  void make_powers(std::size_t count) {
    multiply(a_, a_, even_[0]);
    for (std::size_t i = 1; i < count; ++i) multiply(even_[i - 1], even_[0], even_[i]);
  }

  /// out = b[first] I + b[first + 2] a^2 + ..., of `count` terms.
  void add_powers(const Pade& pade, std::size_t first, std::size_t count, std::vector<T>& out) const {
    std::fill(out.begin(), out.end(), T(0));
    for (std::size_t i = 0; i < n_; ++i) out[i * n_ + i] = static_cast<T>(pade.b[first]);
    for (std::size_t k = 1; k < count; ++k) {
      const T factor = static_cast<T>(pade.b[first + 2 * k]);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += factor * even_[k - 1][i];
    }
  }

  /// out += a^6 (b[first] a^2 + b[first + 2] a^4 + b[first + 4] a^6).
  void add_high_powers(const Pade& pade, std::size_t first, std::vector<T>& out, std::vector<T>& work) const {
    for (std::size_t i = 0; i < work.size(); ++i) {
      work[i] = static_cast<T>(pade.b[first]) * even_[0][i] + static_cast<T>(pade.b[first + 2]) * even_[1][i] +
                static_cast<T>(pade.b[first + 4]) * even_[2][i];
    }
    add_product(even_[2], work, out);
  }

  /// numerator_ = (V - U)^-1 (V + U), with the odd powers U and the even ones V.
  void approximate(const Pade& pade) {
    const bool long_sums = pade.degree == 13;
    const std::size_t powers = long_sums ? 3 : (pade.degree - 1) / 2;
    make_powers(powers);
    add_powers(pade, 1, powers + 1, odd_);
    add_powers(pade, 0, powers + 1, numerator_);
    if (long_sums) {
      add_high_powers(pade, 9, odd_, denominator_);
      add_high_powers(pade, 8, numerator_, denominator_);
    }
    multiply(a_, odd_, denominator_);
    for (std::size_t i = 0; i < denominator_.size(); ++i) {
      const T u = denominator_[i];
      denominator_[i] = numerator_[i] - u;
      numerator_[i] += u;
    }
    divide();
  }

  /// numerator_ = numerator_ denominator_^-1, part by part: in X D = N, what the parts before have in one is known.
  /// (Both are functions of one sum and commute; from this side LAPACK, which takes their transposes, needs no copies.)
  void divide() {
    const Int n = as_int(n_);
    T* factors = part(odd_, 0);
    std::copy_n(part(denominator_, 0), size_, factors);
    getrf(n, n, factors, n, pivots_.data());
    for (std::size_t which = 0; which < parts_; ++which) {
      for (std::size_t before = which; before != 0;) {
        before = (before - 1) & which;
        add_product(T(-1), part(numerator_, before), part(denominator_, which ^ before), part(numerator_, which));
      }
      getrs('N', n, n, factors, n, pivots_.data(), part(numerator_, which), n);
    }
  }

  const KernelCall& call_;
  std::size_t n_;
  std::size_t size_;
  std::size_t parts_;
  std::vector<T> a_;
  std::vector<Int> pivots_;
  std::array<std::vector<T>, 4> even_;
  std::vector<T> odd_, numerator_, denominator_;
};

}  // namespace
}  // namespace lapack

namespace kernels {

using namespace lapack;

void expm(const KernelCall& call) {
  const Operand& a = call.inputs[0];
  const std::size_t n = StackOf(*a.shape).rows;
  const double products = std::pow(3.0, static_cast<double>(call.inputs.size() - 1));
  dispatch_floating(a.dtype, [&]<class T>() {
    for_each_matrix(
        "expm", call, *a.shape, 20.0 * cube(n) * products, [&] { return ExpWorker<T>(call); },
        [&](std::size_t entry) { fill_with_nan<T>(call.output(), entry, n * n); });
  });
}

}  // namespace kernels
}  // namespace xgrad::backend::cpu
