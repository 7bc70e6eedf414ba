#include "linear_methods.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string_view>
#include <tuple>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/control.hpp>
#include <xgrad/transform/vmap.hpp>

#include "core/text.hpp"

namespace xgrad::detail {

namespace {

std::string_view method_name(LinearSolve method) {
  switch (method) {
    case LinearSolve::Gmres:
      return "GMRES";
    case LinearSolve::BiCGStab:
      return "BiCGStab";
    case LinearSolve::ConjugateGradient:
      return "conjugate gradients";
    case LinearSolve::Dense:
      return "elimination";
  }
  return "";
}

std::string in_digits(double number) {
  core::TextStream text;
  text << number;
  return text.str();
}

}  // namespace

double epsilon_of(DType dtype) {
  return dtype == DType::Float32 ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                 : std::numeric_limits<double>::epsilon();
}

LinearMethod make_linear_method(std::string operation, const LinearSolveOptions& options, std::size_t unknowns,
                                DType precision, bool is_linear) {
  const auto require = [&](bool met, std::string_view setting, const std::string& given, std::string_view range) {
    if (met) return;
    throw ValueError(operation + ": " + std::string(setting) + " of the linear solve is " + given + " and must be " +
                     std::string(range));
  };
  const double tolerance = options.tolerance.value_or(precision == DType::Float32 ? 1e-5 : 1e-10);
  const std::size_t most = options.max_iterations.value_or(std::clamp<std::size_t>(10 * unknowns, 100, 10000));
  require(tolerance > 0.0 && tolerance < 1.0, "tolerance", in_digits(tolerance), "between 0 and 1");
  require(most > 0, "max_iterations", "0", "positive");
  require(options.restart > 0, "restart", "0", "positive");
  constexpr auto countable = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  return {std::move(operation),
          options.method,
          tolerance,
          std::min(most, countable),
          std::min(options.restart, unknowns),
          is_linear};
}

namespace {

struct Iterate {
  Var x, r, size, iterations, improves;
  XGRAD_MEMBER_FIELDS(Iterate, x, r, size, iterations, improves)
};

/// Steps that each begin at b - A x, which rounding has moved away from what a method carries along, until one brings
/// nothing any more.
Var iterated(const MatVec& apply, const Var& b, const Var& size, const LinearMethod& how) {
  const Var target = how.tolerance * size;
  const Var most(static_cast<std::int64_t>(how.max_iterations));
  const auto correction = [&](const Var& r, const Var& left) {
    switch (how.method) {
      case LinearSolve::ConjugateGradient:
        return conjugate_gradient(apply, r, target, left);
      case LinearSolve::BiCGStab:
        return bicgstab(apply, r, target, left);
      default:
        return gmres(apply, r, target, left, how.restart);
    }
  };
  const auto goes_on = [&](const Iterate& s) { return s.improves && s.size > target && s.iterations < most; };
  const auto step = [&](const Iterate& s) {
    const Correction d = correction(s.r, most - s.iterations);
    const Var x = s.x + d.x;
    const Var r = b - apply(x);
    const Var of_r = norm(r);
    const Var better = of_r < s.size;
    return Iterate{where(better, x, s.x), where(better, r, s.r), where(better, of_r, s.size),
                   s.iterations + d.iterations, better};
  };
  return while_loop(goes_on, step, Iterate{zeros_like(b), b, size, Var(std::int64_t{0}), Var(true)}).x;
}

/// The matrix of a linear function, column by column.
Var matrix_of(const MatVec& apply, const Var& like) {
  const Var numbers = numbers_to(like.size());
  return vmap(apply, {.in = {}, .out = 1})(cast(equal(expand_dims(numbers, 1), numbers), like.dtype()));
}

/// \return x, and what |b - A x| is measured with.
std::pair<Var, Var> eliminated(const MatVec& apply, const Var& b, const Var& size, const LinearMethod& how) {
  const Var matrix = matrix_of(apply, b);
  const auto [x, pivot] = eliminate(matrix, b);
  const Requirement regular(how.operation +
                            ": the matrix of the linear solve is singular to working precision, or contains NaN: with "
                            "the largest element of each row and column made 1, a pivot is {}");
  const double limit = epsilon_of(b.dtype()) * static_cast<double>(b.size());
  const Var found = checked(pivot, pivot > limit, regular);
  return {where(found > limit, x, NAN), norm(matrix) * norm(x) + size};
}

}  // namespace

Var solved(const MatVec& apply, const Var& given, const LinearMethod& how) {
  // Squares of what is very small or large would be 0 or infinite.
  const Var largest = amax(abs(given));
  const Var scale = where(largest > 0.0, largest, 1.0);
  Var b = given / scale;
  if (!how.is_linear) {
    const Requirement linear(how.operation + ": matvec(0) is {}, not 0; matvec must be linear");
    const Var of_zero = apply(zeros_like(b));
    b = b - checked(of_zero, equal(of_zero, 0.0), linear);
  }
  const Var length = norm(b);
  const Var size = where(length > 0.0, length, 1.0);
  const bool dense = how.method == LinearSolve::Dense;
  const auto [x, measure] = dense ? eliminated(apply, b, size, how) : std::pair{iterated(apply, b, size, how), size};
  const Requirement converged(how.operation + ": the linear solve by " + std::string(method_name(how.method)) +
                              " left a residual |b - A x| of {} " + (dense ? "(|A| |x| + |b|)" : "|b|") +
                              (dense ? "" : " within {} iterations") + ", above the tolerance " +
                              in_digits(how.tolerance));
  const Var reached = norm(b - apply(x)) / measure;
  const Var small =
      checked(reached, reached <= how.tolerance, converged, static_cast<std::int64_t>(how.max_iterations));
  return where(small <= how.tolerance, x * scale, NAN);  // so that the check belongs to what is handed out
}

}  // namespace xgrad::detail
