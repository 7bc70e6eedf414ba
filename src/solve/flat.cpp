#include "flat.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/implicit.hpp>
#include <xgrad/transform/jacobian.hpp>
#include <xgrad/transform/vjp.hpp>

#include "core/text.hpp"
#include "var/access.hpp"

namespace xgrad::solve::detail {
namespace {

using Arrays = std::vector<Var>;

}  // namespace

Vector packed(const Arrays& all) {
  Vector result;
  for (const Var& each : all) append(result, each);
  return result;
}

double norm(std::span<const double> a) {
  const double scale = largest(a);
  if (scale == 0.0 || !std::isfinite(scale)) return scale;
  double sum = 0.0;
  for (const double x : a) sum += (x / scale) * (x / scale);
  return scale * std::sqrt(sum);
}

double largest(std::span<const double> a) {
  double result = 0.0;
  for (const double x : a) {
    if (std::isnan(x)) return x;
    result = std::max(result, std::abs(x));
  }
  return result;
}

bool all_finite(std::span<const double> a) {
  return std::ranges::all_of(a, [](double x) { return std::isfinite(x); });
}

Vector along(const Vector& x, double t, const Vector& p) {
  Vector result(x);
  for (std::size_t i = 0; i < x.size(); ++i) result[i] += t * p[i];
  return result;
}

void append(Vector& to, const Var& x) {
  if (x.dtype() == DType::Float32) {
    const Array<float>& values = x.array<float>();
    to.insert(to.end(), values.data(), values.data() + values.size());
  } else {
    const Array<double>& values = x.array<double>();
    to.insert(to.end(), values.data(), values.data() + values.size());
  }
}

double number_of(const Var& x) {
  return x.dtype() == DType::Float32 ? static_cast<double>(x.item<float>()) : x.item<double>();
}

void require_above(std::string_view operation, std::string_view option, double value, double least, bool or_equal) {
  if (value > least || (or_equal && value == least)) return;
  core::TextStream message;
  message << operation << ": " << option << " is " << value << "; it must be " << (or_equal ? "at least " : "above ")
          << least;
  throw ValueError(message.str());
}

// ---- leaves

Leaves::Leaves(std::string_view operation, const Start& start) : operation_(operation), like_(start) {
  for (const Var& leaf : start.leaves) xgrad::detail::require_usable(leaf, operation);
  const auto paths = [&](std::vector<std::string>& all) { all = start.paths; };
  using List = xgrad::detail::FunctionOf<void, std::vector<std::string>&>;
  xgrad::detail::require_differentiable(operation, start.leaves, xgrad::detail::Paths(List(paths)));
  for (const Var& leaf : start.leaves) {
    append(start_, leaf);
    const bool is_float = leaf.dtype() == DType::Float32;
    rounding_ = std::max(rounding_, is_float ? static_cast<double>(std::numeric_limits<float>::epsilon())
                                             : std::numeric_limits<double>::epsilon());
  }
  size_ = start_.size();
  if (size_ == 0) throw ShapeError(operation_ + ": the start holds no numbers; there is nothing to be found");
  for (std::size_t i = 0; i < size_; ++i) {
    if (std::isfinite(start_[i])) continue;
    core::TextStream message;
    message << operation_ << ": the start is " << start_[i] << " at " << name(i) << "; it must be finite";
    throw ValueError(message.str());
  }
}

std::vector<Var> Leaves::arrays(std::span<const double> x) const { return arrays_like(like_.leaves, x); }

std::vector<Var> arrays_like(std::span<const Var> like, std::span<const double> x) {
  std::vector<Var> result;
  const double* from = x.data();
  for (const Var& leaf : like) {
    const std::size_t count = leaf.size();
    if (VarAccess::is_weak(leaf)) {
      result.emplace_back(*from);
    } else if (leaf.dtype() == DType::Float32) {
      auto array = Array<float>::from_shape(leaf.shape());
      std::transform(from, from + count, array.data(), [](double each) { return static_cast<float>(each); });
      result.emplace_back(std::move(array));
    } else {
      auto array = Array<double>::from_shape(leaf.shape());
      std::copy(from, from + count, array.data());
      result.emplace_back(std::move(array));
    }
    from += count;
  }
  return result;
}

Vector Leaves::bound(std::string_view which, const Bound& bound, double otherwise) const {
  if (!bound.given()) return Vector(size_, otherwise);
  // In the element types of the parameters, which else might not get to a bound, or past it.
  if (bound.all()) return packed(arrays(Vector(size_, *bound.all())));
  const auto refuse = [&](const std::string& what) {
    throw ShapeError(operation_ + ": the " + std::string(which) + " bounds " + what +
                     "; they must be a number or a tree like the start");
  };
  const std::vector<Var>& leaves = bound.leaves();
  if (leaves.size() != like_.leaves.size()) {
    refuse("have " + core::count_of(leaves.size(), "leaf", "leaves") + ", and the start " +
           std::to_string(like_.leaves.size()));
  }
  Vector result;
  for (std::size_t k = 0; k < leaves.size(); ++k) {
    xgrad::detail::require_usable(leaves[k], operation_);
    if (leaves[k].shape() != like_.leaves[k].shape()) {
      refuse("have the shape " + to_string(leaves[k].shape()) + " where the start has " +
             to_string(like_.leaves[k].shape()) + (like_.paths[k].empty() ? "" : ", at " + like_.paths[k]));
    }
    append(result, cast(leaves[k], like_.leaves[k].dtype()));
  }
  return result;
}

std::string Leaves::name(std::size_t element) const {
  for (std::size_t k = 0; k < like_.leaves.size(); ++k) {
    const std::size_t count = like_.leaves[k].size();
    if (element >= count) {
      element -= count;
      continue;
    }
    const std::string leaf = like_.paths[k].empty() ? "the parameter" : like_.paths[k];
    return count == 1 ? leaf : "element " + std::to_string(element) + " of " + leaf;
  }
  return "the parameter";
}

// ---- bounds

void Box::clip(Vector& x) const {
  if (empty()) return;
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::clamp(x[i], lower[i], upper[i]);
}

double Box::free_gradient(const Vector& x, const Vector& gradient) const {
  double result = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!holds(i, x[i], gradient[i])) result = std::max(result, std::abs(gradient[i]));
  }
  return result;
}

Box box_of(const Leaves& leaves, const Bound& lower, const Bound& upper) {
  if (!lower.given() && !upper.given()) return {};
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Box box{leaves.bound("lower", lower, -infinity), leaves.bound("upper", upper, infinity)};
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    core::TextStream message;
    message << leaves.operation() << ": " << leaves.name(i) << " is to be between " << box.lower[i] << " and "
            << box.upper[i];
    if (!(box.lower[i] < box.upper[i])) {
      throw ValueError(message.str() + "; the lower bound must be below the upper one");
    }
    if (leaves.start()[i] < box.lower[i] || leaves.start()[i] > box.upper[i]) {
      message << ", and starts at " << leaves.start()[i] << "; the start must be within the bounds";
      throw ValueError(message.str());
    }
  }
  return box;
}

// ---- functions

Var array_of(std::span<const double> values) {
  auto array = Array<double>::from_shape({values.size()});
  std::copy(values.begin(), values.end(), array.data());
  return Var(std::move(array));
}

Var joined_residuals(const std::string& operation, const Arrays& all) {
  Arrays parts;
  for (const Var& each : all) {
    xgrad::detail::require_usable(each, operation);
    parts.push_back(flatten(each));
  }
  const auto names = [&](std::vector<std::string>& list) {
    for (std::size_t k = 0; k < parts.size(); ++k) list.push_back("residual " + std::to_string(k));
  };
  using List = xgrad::detail::FunctionOf<void, std::vector<std::string>&>;
  xgrad::detail::require_differentiable(operation + ", residuals", parts, xgrad::detail::Paths(List(names)));
  std::size_t count = 0;
  for (const Var& part : parts) count += part.size();
  if (count == 0) {
    throw ShapeError(operation + ": there are no residuals; the function must return at least one number");
  }
  return parts.size() == 1 ? parts[0] : concatenate(parts);
}

Objective::Objective(const Leaves& leaves, const LeavesFunction& objective, std::vector<Var> given_arrays)
    : given(std::move(given_arrays)), leaves_(leaves) {
  const auto f = [objective, operation = std::string(leaves.operation())](const Arrays& p, const Arrays& more) -> Var {
    Arrays all(p);
    all.insert(all.end(), more.begin(), more.end());
    const Arrays result = objective(all);
    if (result.size() != 1) {
      throw ShapeError(operation + ": the objective returns " + core::count_of(result.size(), "array", "arrays") +
                       "; it must return one number");
    }
    return xgrad::detail::scalar_objective(operation, result[0]);
  };
  value_ = compile([f](const Arrays& p, const Arrays& more) { return Arrays{f(p, more)}; });
  gradient_ = compile([f](const Arrays& p, const Arrays& more) {
    auto [value, gradient] = value_and_grad(f)(p, more);
    gradient.push_back(value);
    return gradient;
  });
  product_ = compile([f](const Arrays& p, const Arrays& v, const Arrays& more) {
    return hvp([&](const Arrays& at) { return f(at, more); }, p, v);
  });
}

double Objective::value(const Vector& x) {
  ++report.evaluations;
  return number_of(value_(leaves_.arrays(x), given)[0]);
}

Objective::Point Objective::at(const Vector& x) {
  ++report.evaluations;
  ++report.gradients;
  Arrays all = gradient_(leaves_.arrays(x), given);
  const double value = number_of(all.back());
  all.pop_back();
  return {value, packed(all)};
}

Vector Objective::product(const Vector& x, const Vector& v) {
  ++report.products;
  return packed(product_(leaves_.arrays(x), leaves_.arrays(v), given));
}

Residuals::Residuals(const Leaves& leaves, const LeavesFunction& residuals) : leaves_(leaves) {
  const auto f = [residuals, operation = std::string(leaves.operation())](const Arrays& p) -> Var {
    return joined_residuals(operation, residuals(p));
  };
  value_ = compile([f](const Arrays& p) { return Arrays{f(p)}; });
  jacobian_ = compile([f](const Arrays& p) {
    Arrays result = jacobian(f)(p);
    result.push_back(f(p));
    return result;
  });
  times_ = compile([f](const Arrays& p, const Arrays& v) -> Var { return jvp(f, p, v).tangent; });
  transposed_times_ = compile([f](const Arrays& p, const Var& u) -> Arrays {
    const auto [r, pullback] = vjp(f, p);
    return pullback(cast(u, r.dtype()));
  });
}

Vector Residuals::value(const Vector& x) {
  ++report.evaluations;
  return packed(value_(leaves_.arrays(x)));
}

Vector Residuals::times(const Vector& x, const Vector& v) {
  ++report.products;
  Vector result;
  append(result, times_(leaves_.arrays(x), leaves_.arrays(v)));
  return result;
}

Vector Residuals::transposed_times(const Vector& x, const Vector& u) {
  ++report.products;
  return packed(transposed_times_(leaves_.arrays(x), Var(u)));
}

Residuals::Point Residuals::at(const Vector& x) {
  ++report.gradients;
  Arrays all = jacobian_(leaves_.arrays(x));
  Point point;
  append(point.value, all.back());
  all.pop_back();
  const std::size_t rows = point.value.size();
  point.jacobian.reserve(rows * size());
  for (const Var& part : all) {
    const std::size_t columns = part.size() / rows;
    Vector values;
    append(values, part);
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) point.jacobian.push_back(values[i * columns + j]);
    }
  }
  return point;
}

}  // namespace xgrad::solve::detail
