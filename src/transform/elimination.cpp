// Gaussian elimination of one system, on the host: of the matrices that linear_solve() forms, which are small.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/transform/host_call.hpp>

#include "linear_methods.hpp"

namespace xgrad::detail {
namespace {

/// A matrix by rows, whose rows change places, and beside it the right-hand side.
template <class T>
class Elimination {
 public:
  Elimination(const Array<T>& matrix, const Array<T>& b)
      : n_(b.size()), elements_(matrix.data(), matrix.data() + n_ * n_), b_(b.data(), b.data() + n_), largest_(n_) {
    equilibrate();
  }

  /// \return the smallest |pivot|; of those that are 0 or NaN the first.
  T run() {
    T smallest = std::numeric_limits<T>::infinity();
    for (std::size_t k = 0; k < n_; ++k) {
      const T pivot = bring_up(k) / largest_[k];
      if (!(pivot > T(0))) return pivot;
      smallest = std::min(smallest, pivot);
      for (std::size_t i = k + 1; i < n_; ++i) clear(i, k);
    }
    return smallest;
  }

  Array<T> solution() {
    auto x = Array<T>::from_shape({n_});
    for (std::size_t k = n_; k-- > 0;) {
      T value = b_[k];
      for (std::size_t j = k + 1; j < n_; ++j) value -= row(k)[j] * x.data()[j];
      x.data()[k] = value / row(k)[k];
    }
    return x;
  }

 private:
  T* row(std::size_t i) { return elements_.data() + i * n_; }

  /// Divides rows by their largest elements, so that what is a small pivot does not depend on units of equations; the
  /// largest ones of columns are kept for the same reason.
  void equilibrate() {
    for (std::size_t i = 0; i < n_; ++i) {
      T largest = T(0);
      for (std::size_t j = 0; j < n_; ++j) largest = std::max(largest, std::abs(row(i)[j]));
      if (!(largest > T(0))) continue;
      for (std::size_t j = 0; j < n_; ++j) row(i)[j] /= largest;
      b_[i] /= largest;
    }
    for (std::size_t j = 0; j < n_; ++j) {
      for (std::size_t i = 0; i < n_; ++i) largest_[j] = std::max(largest_[j], std::abs(row(i)[j]));
      if (!(largest_[j] > T(0))) largest_[j] = T(1);
    }
  }

  /// Puts the row with the largest element of a column in place. NaN is never the largest, and so is left for the end.
  T bring_up(std::size_t k) {
    std::size_t best = k;
    for (std::size_t i = k; i < n_; ++i) {
      if (std::abs(row(i)[k]) > std::abs(row(best)[k])) best = i;
    }
    if (best != k) {
      std::swap_ranges(row(k), row(k) + n_, row(best));
      std::swap(b_[k], b_[best]);
    }
    return std::abs(row(k)[k]);
  }

  void clear(std::size_t i, std::size_t k) {
    const T factor = row(i)[k] / row(k)[k];
    if (factor == T(0)) return;
    T* to = row(i);
    const T* from = row(k);
    for (std::size_t j = k + 1; j < n_; ++j) to[j] -= factor * from[j];
    b_[i] -= factor * b_[k];
  }

  std::size_t n_;
  std::vector<T> elements_;
  std::vector<T> b_;
  std::vector<T> largest_;
};

template <class T>
Eliminated eliminate_on_host(const Var& matrix, const Var& b) {
  const auto shapes = [](const Shape&, const Shape& of_b) { return std::array<Shape, 2>{of_b, Shape{}}; };
  const auto f = [](const Array<T>& a, const Array<T>& right) {
    Elimination<T> elimination(a, right);
    const T pivot = elimination.run();
    return std::tuple{elimination.solution(), pivot};
  };
  const auto [x, pivot] = host_call("elimination", shapes, f)(matrix, b);
  return {x, pivot};
}

}  // namespace

Eliminated eliminate(const Var& matrix, const Var& b) {
  return b.dtype() == DType::Float32 ? eliminate_on_host<float>(matrix, b) : eliminate_on_host<double>(matrix, b);
}

}  // namespace xgrad::detail
