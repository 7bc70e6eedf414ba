// One node of the analysis: what the loops of elementwise and other primitives share.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>

#include "analysis.hpp"
#include "primitives/list.hpp"

namespace random_graphs {

using xgrad::DType;
using xgrad::Shape;

/// The distance between 1 and the next number.
inline double unit(DType dtype) {
  return dtype == DType::Float32 ? double{std::numeric_limits<float>::epsilon()}
                                 : std::numeric_limits<double>::epsilon();
}

/// The smallest number above 0.
inline double smallest(DType dtype) {
  return dtype == DType::Float32 ? double{std::numeric_limits<float>::denorm_min()}
                                 : std::numeric_limits<double>::denorm_min();
}

inline double largest(DType dtype) {
  return dtype == DType::Float32 ? double{std::numeric_limits<float>::max()} : std::numeric_limits<double>::max();
}

inline double rounded(double x, DType dtype) { return dtype == DType::Float32 ? double{static_cast<float>(x)} : x; }

inline bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

/// Row-major strides.
inline std::vector<std::size_t> dense(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

/// Calls f(number of the element, place) for all elements of a shape in order; the place moves by `steps`.
template <class F>
void for_each_element(const Shape& shape, const std::vector<std::ptrdiff_t>& steps, std::ptrdiff_t start, F f) {
  const std::size_t size = size_of(shape);
  std::vector<std::size_t> index(shape.size(), 0);
  std::ptrdiff_t place = start;
  for (std::size_t i = 0; i < size; ++i) {
    f(i, static_cast<std::size_t>(place));
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      place += steps[axis];
      if (++index[axis] < shape[axis]) break;
      place -= steps[axis] * static_cast<std::ptrdiff_t>(shape[axis]);
      index[axis] = 0;
    }
  }
}

/// [before, along, after] an axis.
struct Split {
  std::size_t before = 1;
  std::size_t along = 1;
  std::size_t after = 1;
  Split(const Shape& shape, std::size_t axis) {
    for (std::size_t i = 0; i < shape.size(); ++i) (i < axis ? before : i == axis ? along : after) *= shape[i];
  }
};

/// A value of one element with its bound.
struct Item {
  double value;
  double bound;
};

class Analysis::Step {
 public:
  Step(Analysis& analysis, xgrad::ir::NodeId id)
      : analysis_(analysis),
        tape_(analysis.tape_),
        id_(id),
        shape_(tape_.shape(id)),
        dtype_(tape_.node(id).dtype),
        size_(size_of(shape_)),
        known_(analysis.nodes_[id]) {}

  void run();

 private:
  [[nodiscard]] std::size_t input_count() const { return tape_.inputs(id_).size(); }
  [[nodiscard]] xgrad::ir::NodeId input_id(std::size_t k) const { return tape_.inputs(id_)[k]; }
  [[nodiscard]] const Known& input(std::size_t k) const { return analysis_.nodes_[input_id(k)]; }
  [[nodiscard]] const Shape& input_shape(std::size_t k) const { return tape_.shape(input_id(k)); }
  [[nodiscard]] DType input_dtype(std::size_t k) const { return tape_.node(input_id(k)).dtype; }
  [[nodiscard]] Item item(std::size_t k, std::size_t i) const { return {input(k).values[i], input(k).bound(i)}; }
  [[nodiscard]] std::int64_t attribute(std::size_t k) const { return tape_.attributes(id_)[k]; }

  void set_bound(std::size_t i, double bound) {
    if (bound == 0.0) return;
    if (known_.bounds.empty()) known_.bounds.assign(size_, 0.0);
    known_.bounds[i] = bound;
  }
  /// The element must be as expected, within a tolerance.
  void expect(std::size_t i, double expected, double tolerance);
  /// The element is an element of an input.
  void take_over(std::size_t i, Item from) {
    expect(i, from.value, 0.0);
    set_bound(i, from.bound);
  }
  void all_undecided() { known_.bounds.assign(size_, undecided); }

  bool run_elementwise();
  template <class P>
  void elementwise();
  template <class P>
  double doubt(std::size_t i, std::span<const Item> args) const;
  template <class P>
  void integers();
  template <class P>
  double spread(std::size_t i, std::span<const Item> args, double local) const;
  template <class P>
  bool decided_by_extremum(std::size_t i) const;
  void where();
  void cast();

  void constant();
  void view();
  void embed();
  void roll();
  void concatenate();
  void sum();
  void extremum(double sign);
  void norm();
  void sum_but_one();
  void balance();
  void argmax();
  void projection();
  void take();
  void scatter_add();
  void take_along_axis();
  void scatter_add_along_axis();
  void one_hot();
  void matmul();
  void integer_matmul();

  /// Primitives with kernels of their own; false for another one.
  bool run_kernel();
  void cumsum();
  void argsort();
  void searchsorted();
  void scatter_extremum();
  void convolution();
  void window_argmax();
  void of_matrices(const std::vector<xgrad::ir::NodeId>& inputs);
  void drawn();

  Analysis& analysis_;
  xgrad::ir::TapeState& tape_;
  xgrad::ir::NodeId id_;
  const Shape& shape_;
  DType dtype_;
  std::size_t size_;
  Known& known_;
};

/// A sum of terms, its bound, and what rounding may do to it.
class BoundedSum {
 public:
  void add(double value, double bound) { add_term(value, value, bound); }
  void add_product(double a, double b, double bound) {
    const double product = a * b;
    products_ = true;
    if (std::isinf(product) && std::isfinite(a) && std::isfinite(b)) finite_magnitude_ = undecided;
    constexpr double may_underflow = 1e-290;  // where the residue would be lost
    const bool tiny = a != 0.0 && b != 0.0 && std::abs(product) < may_underflow;
    if (std::isfinite(product) && (tiny || std::fma(a, b, -product) != 0.0)) rounded_ = true;
    add_term(product, static_cast<long double>(a) * static_cast<long double>(b), bound);
  }
  /// A product of elements with their bounds.
  void add_product(const Item& a, const Item& b) {
    const bool finite = std::isfinite(a.value) && std::isfinite(b.value);
    double bound = 0.0;
    if (a.bound == undecided || b.bound == undecided) bound = undecided;
    else bound = std::abs(a.value) * b.bound + std::abs(b.value) * a.bound + a.bound * b.bound;
    strange_ = strange_ || (!finite && (a.bound != 0.0 || b.bound != 0.0));
    add_product(a.value, b.value, finite ? bound : 0.0);
  }
  /// Whether bounds say nothing of the sum: they are of what is not finite, or of its factor.
  [[nodiscard]] bool strange() const { return strange_; }
  [[nodiscard]] double total() const { return static_cast<double>(total_); }
  /// Sums of multiples of one power of two that stay below 2^24 (2^53) of them are not rounded, in any order.
  [[nodiscard]] bool exact(DType dtype) const {
    return bound_ == 0.0 && !rounded_ && grain_ >= smallest(dtype) &&
           (magnitude_ == 0.0 || magnitude_ * unit(dtype) <= grain_);
  }
  [[nodiscard]] double rounding(DType dtype) const {
    if (exact(dtype) || !std::isfinite(total())) return 0.0;
    const double underflow = products_ ? count_ * smallest(dtype) : 0.0;
    // One number after another at worst within blocks; floats are summed in blocks so small, or in double, that the
    // error of any sum stays below 1e-6 of its terms.
    const double block = dtype == DType::Float32 && !products_ ? 16.0 : 1024.0;
    return (4.0 + 0.5 * std::min(count_, block) + std::log2(count_ + 1.0)) * unit(dtype) * (magnitude_ + bound_) +
           underflow;
  }
  /// How far a sum in another order may be from the total.
  [[nodiscard]] double tolerance(DType dtype) const {
    if (overflows(dtype)) return undecided;
    return exact(dtype) ? any_zero : rounding(dtype) + unit(dtype) * std::abs(total()) + smallest(dtype);
  }
  /// How far another execution that adds these terms may come out, given what this one got.
  [[nodiscard]] double bound(DType dtype, double value) const {
    if (std::isnan(bound_) || bound_ == undecided) return undecided;
    if (std::isnan(total())) return 0.0;  // of a NaN, or of infinities of both signs
    if (overflows(dtype)) return undecided;
    if (!std::isfinite(total())) return 0.0;
    const double bound = bound_ * (1.0 + 2048.0 * unit(dtype)) + rounding(dtype);
    return value == 0.0 ? std::max(bound, any_zero) : bound;
  }

  /// The value of the lowest bit that is set.
  static double grain_of(double x);

 private:
  [[nodiscard]] bool overflows(DType dtype) const { return finite_magnitude_ > largest(dtype) / 4.0; }

  void add_term(double value, long double exact_value, double bound) {
    total_ += exact_value;
    magnitude_ += std::abs(value);
    bound_ += bound;
    count_ += 1.0;
    if (!std::isfinite(value)) return;
    finite_magnitude_ += std::abs(value);
    if (value != 0.0) grain_ = std::min(grain_, grain_of(value));
  }

  long double total_ = 0.0L;
  double magnitude_ = 0.0;
  double finite_magnitude_ = 0.0;
  double bound_ = 0.0;
  double count_ = 0.0;
  double grain_ = undecided;
  bool products_ = false;
  bool rounded_ = false;
  bool strange_ = false;
};

}  // namespace random_graphs
