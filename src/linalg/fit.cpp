#include <xgrad/linalg/fit.hpp>

#include <array>
#include <limits>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "operands.hpp"
#include "var/access.hpp"

namespace xgrad::linalg {
namespace {

/// Some axes of a shape.
Shape axes_of(const Shape& shape, std::size_t first, std::size_t end) {
  return {shape.begin() + first, shape.begin() + end};
}

Var fitted(const Var& x, const Var& y, std::size_t degree, const Var* weights) {
  detail::require_usable(x, "polyfit");
  detail::require_usable(y, "polyfit");
  if (x.dimension() != 1 || x.size() == 0 || y.dimension() < 1 || y.dimension() > 2 || y.shape()[0] != x.size()) {
    throw ShapeError("polyfit: places " + to_string(x.shape()) + " and values " + to_string(y.shape()) +
                     "; they must be [n] and [n], or [n, k], n not 0");
  }
  require_addressable({x.size(), degree});
  if (weights != nullptr) {
    detail::require_usable(*weights, "polyfit");
    if (weights->shape() != x.shape()) {
      throw ShapeError("polyfit: weights " + to_string(weights->shape()) + " for places " + to_string(x.shape()) +
                       "; both shapes must be equal");
    }
  }
  const DType common = detail::common_dtype(std::array{&x, &y, weights != nullptr ? weights : &y});
  const DType dtype = is_floating(common) ? common : DType::Float64;
  Var powers = vander(cast(x, dtype), degree + 1);
  Var values = cast(y, dtype);
  if (weights != nullptr) {
    powers = expand_dims(*weights, 1) * powers;
    values = (values.dimension() == 1 ? *weights : expand_dims(*weights, 1)) * values;
  }
  const Var length = norm(powers, 0);
  const Var scale = where(equal(length, 0.0), 1.0, length);
  const double epsilon = powers.dtype() == DType::Float32 ? double{std::numeric_limits<float>::epsilon()}
                                                          : std::numeric_limits<double>::epsilon();
  const Var solution = lstsq(powers / scale, values, {.relative = static_cast<double>(x.size()) * epsilon});
  return solution / (values.dimension() == 1 ? scale : expand_dims(scale, 1));
}

void require_square(std::string_view operation, const Var& a, const Shape& rows, const Shape& columns) {
  if (size_of(rows) == size_of(columns)) return;
  throw ShapeError(std::string(operation) + ": the array " + to_string(a.shape()) + " is a matrix of " +
                   std::to_string(size_of(rows)) + " rows and " + std::to_string(size_of(columns)) +
                   " columns; it must be square");
}

}  // namespace

Var polyfit(const Var& x, const Var& y, std::size_t degree) { return fitted(x, y, degree, nullptr); }

Var polyfit(const Var& x, const Var& y, std::size_t degree, const Var& weights) {
  return fitted(x, y, degree, &weights);
}

Var tensorsolve(const Var& a, const Var& b, const Options& options) {
  detail::require_usable(a, "tensorsolve");
  detail::require_usable(b, "tensorsolve");
  const std::size_t rank = b.dimension();
  if (a.dimension() < rank || axes_of(a.shape(), 0, rank) != b.shape()) {
    throw ShapeError("tensorsolve: the array " + to_string(a.shape()) + " for the right-hand side " +
                     to_string(b.shape()) + "; it must begin with the shape of that");
  }
  const Shape unknown = axes_of(a.shape(), rank, a.dimension());
  require_square("tensorsolve", a, b.shape(), unknown);
  const std::size_t n = b.size();
  return reshape(solve(reshape(a, {n, n}), flatten(b), options), Strides(unknown));
}

Var tensorinv(const Var& a, std::size_t axes, const Options& options) {
  detail::require_usable(a, "tensorinv");
  if (axes == 0) throw ValueError("tensorinv: there are 0 axes of rows; there must be one at least");
  if (axes > a.dimension()) {
    throw ShapeError("tensorinv: the array " + to_string(a.shape()) + " has no " + std::to_string(axes) +
                     " axes of rows");
  }
  const Shape rows = axes_of(a.shape(), 0, axes);
  Shape result = axes_of(a.shape(), axes, a.dimension());
  require_square("tensorinv", a, rows, result);
  const std::size_t n = size_of(rows);
  for (const std::size_t extent : rows) result.push_back(extent);
  return reshape(inv(reshape(a, {n, n}), options), Strides(result));
}

}  // namespace xgrad::linalg
