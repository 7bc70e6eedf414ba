#include <xgrad/linalg/iterative.hpp>

#include <limits>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>

#include "ops/internal.hpp"

namespace xgrad::linalg {
namespace {

void require_steps(const Var& start, std::size_t steps) {
  detail::require_usable(start, "lanczos");
  if (start.dimension() != 1) {
    throw ShapeError("lanczos: the start has the shape " + to_string(start.shape()) + "; it must be a vector, [n]");
  }
  if (steps == 0 || steps > start.size()) {
    throw ValueError("lanczos: the number of steps is " + std::to_string(steps) + "; it must be from 1 to " +
                     std::to_string(start.size()) + ", the length of the start");
  }
}

Var multiplied(const std::function<Var(const Var&)>& matvec, const Var& v) {
  const Var product = matvec(v);
  detail::require_usable(product, "lanczos");
  if (product.shape() != v.shape()) {
    throw ShapeError("lanczos: the function gives the shape " + to_string(product.shape()) + " for a vector " +
                     to_string(v.shape()) + "; it must give one like it");
  }
  return product;
}

Var first_vector(const Var& start) {
  static const Requirement regular("lanczos: the norm of the start is {}; it must be positive and finite");
  const Var x = is_floating(start.dtype()) ? start : cast(start, DType::Float64);
  const Var size = norm(x);
  return x / checked(size, size > 0.0 && size < std::numeric_limits<double>::infinity(), regular);
}

}  // namespace

Lanczos lanczos(const std::function<Var(const Var&)>& matvec, const Var& start, std::size_t steps,
                const LanczosOptions& options) {
  require_steps(start, steps);
  std::vector<Var> vectors{first_vector(start)};
  std::vector<Var> diagonal;
  std::vector<Var> off_diagonal;
  const double epsilon = vectors[0].dtype() == DType::Float32 ? double{std::numeric_limits<float>::epsilon()}
                                                              : std::numeric_limits<double>::epsilon();
  Var largest;  // product so far: what rounding errors are measured with
  for (std::size_t i = 0; i < steps; ++i) {
    const Var& v = vectors.back();
    const Var product = multiplied(matvec, v);
    diagonal.push_back(dot(v, product));
    if (i + 1 == steps) break;
    const Var size = norm(stop_gradient(product));
    largest = largest.defined() ? maximum(largest, size) : size;
    Var rest = product - diagonal.back() * v;
    if (i > 0) rest = rest - off_diagonal.back() * vectors[i - 1];
    for (int time = 0; options.reorthogonalise && time < 2; ++time) {
      const Var all = stack(vectors);
      rest = rest - matmul(matmul(all, rest), all);
    }
    const Var length = norm(rest);
    const Var goes_on = length > static_cast<double>(start.size()) * epsilon * largest;
    off_diagonal.push_back(where(goes_on, length, 0.0));
    vectors.push_back(where(goes_on, rest / where(goes_on, length, 1.0), 0.0));
  }
  const Var off = off_diagonal.empty() ? zeros({0}, vectors[0].dtype()) : stack(off_diagonal);
  return {stack(diagonal), off, stack(vectors)};
}

}  // namespace xgrad::linalg
