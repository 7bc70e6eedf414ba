// Functions of trees as functions of one vector of doubles, which is what solvers work with.
#pragma once

#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <xgrad/solve/report.hpp>

namespace xgrad::solve::detail {

using Vector = std::vector<double>;

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}
/// The 2-norm, which does not leave the range of numbers on the way.
double norm(std::span<const double> a);
double largest(std::span<const double> a);
bool all_finite(std::span<const double> a);
/// x + t p.
Vector along(const Vector& x, double t, const Vector& p);

/// The values of floating-point arrays, one after another.
void append(Vector& to, const Var& x);
double number_of(const Var& x);

/// Arrays like others, with these values one after another.
std::vector<Var> arrays_like(std::span<const Var> like, std::span<const double> x);

/// Between the leaves of parameters and a vector.
class Leaves {
 public:
  /// \throws TypeError, ShapeError, ValueError  for a start that is not floating-point, is empty, or is not finite.
  Leaves(std::string_view operation, const Start& start);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const Vector& start() const noexcept { return start_; }
  /// Arrays with the shapes and element types of the start.
  [[nodiscard]] std::vector<Var> arrays(std::span<const double> x) const;
  /// The rounding error of the coarsest element type.
  [[nodiscard]] double rounding() const noexcept { return rounding_; }
  /// What a bound is for each element.
  /// \throws ShapeError  unless it fits; ValueError for NaN.
  [[nodiscard]] Vector bound(std::string_view which, const Bound& bound, double otherwise) const;
  /// The name of an element, for messages.
  [[nodiscard]] std::string name(std::size_t element) const;
  [[nodiscard]] std::string_view operation() const noexcept { return operation_; }

 private:
  std::string operation_;
  Start like_;
  Vector start_;
  std::size_t size_ = 0;
  double rounding_ = 0.0;
};

/// A box around the parameters.
struct Box {
  Vector lower, upper;  ///< empty: there are no bounds
  [[nodiscard]] bool empty() const noexcept { return lower.empty(); }
  void clip(Vector& x) const;
  /// Whether a variable cannot move downhill.
  [[nodiscard]] bool holds(std::size_t i, double x, double slope) const {
    return !empty() && ((x <= lower[i] && slope > 0.0) || (x >= upper[i] && slope < 0.0));
  }
  /// The largest |component| of a gradient that is not held.
  [[nodiscard]] double free_gradient(const Vector& x, const Vector& gradient) const;
};
/// \throws ValueError  for inconsistent bounds, and for a start outside of them.
Box box_of(const Leaves& leaves, const Bound& lower, const Bound& upper);

/// An objective of one vector, compiled. Each of the functions counts.
class Objective {
 public:
  /// \param given  arrays that the objective gets behind the leaves, as they are when it is called: other values may
  ///               take their place, of the same shapes.
  Objective(const Leaves& leaves, const LeavesFunction& objective, std::vector<Var> given = {});

  struct Point {
    double value = 0.0;
    Vector gradient;
  };
  double value(const Vector& x);
  Point at(const Vector& x);
  /// The Hessian times a vector.
  Vector product(const Vector& x, const Vector& v);
  [[nodiscard]] std::size_t size() const noexcept { return leaves_.size(); }
  [[nodiscard]] const Leaves& leaves() const noexcept { return leaves_; }

  Report report;           ///< in which evaluations are counted
  std::vector<Var> given;  ///< has no derivatives

 private:
  const Leaves& leaves_;
  using Arrays = std::vector<Var>;
  std::function<Arrays(const Arrays&, const Arrays&)> value_, gradient_;
  std::function<Arrays(const Arrays&, const Arrays&, const Arrays&)> product_;
};

/// Arrays of residuals, flat, as one; that of a single one is itself.
/// \throws TypeError, ShapeError  unless they are floating-point, and there is a number.
Var joined_residuals(const std::string& operation, const std::vector<Var>& all);
/// A float64 array of one axis.
Var array_of(std::span<const double> values);
/// The values of arrays, one after another.
Vector packed(const std::vector<Var>& all);

/// Residuals of one vector with their Jacobian, compiled.
class Residuals {
 public:
  Residuals(const Leaves& leaves, const LeavesFunction& residuals);

  Vector value(const Vector& x);
  struct Point {
    Vector value;
    Vector jacobian;  ///< column after column: element (i, j) is at i + j m
  };
  Point at(const Vector& x);
  /// The Jacobian times a vector, and its transpose.
  Vector times(const Vector& x, const Vector& v);
  Vector transposed_times(const Vector& x, const Vector& u);
  [[nodiscard]] std::size_t size() const noexcept { return leaves_.size(); }
  [[nodiscard]] const Leaves& leaves() const noexcept { return leaves_; }

  Report report;

 private:
  const Leaves& leaves_;
  std::function<std::vector<Var>(const std::vector<Var>&)> value_, jacobian_;
  std::function<Var(const std::vector<Var>&, const std::vector<Var>&)> times_;
  std::function<std::vector<Var>(const std::vector<Var>&, const Var&)> transposed_times_;
};

/// \throws ValueError  unless the option is above `least`, or equal to it if that is allowed.
void require_above(std::string_view operation, std::string_view option, double value, double least, bool or_equal);

}  // namespace xgrad::solve::detail
