#include "stack.hpp"

#include <string>

#include <xgrad/core/errors.hpp>

namespace xgrad::backend::cpu::lapack {
namespace {

/// "the matrix [5, 5]", or "matrix [2, 0] of [3, 2, 5, 5]".
std::string name_of_entry(const Shape& shape, std::size_t entry) {
  if (shape.size() == 2) return "the matrix " + to_string(shape);
  Shape index(shape.begin(), shape.end() - 2);
  for (std::size_t i = index.size(); i-- > 0;) {
    const std::size_t extent = index[i];
    index[i] = entry % extent;
    entry /= extent;
  }
  return "matrix " + to_string(index) + " of " + to_string(shape);
}

std::string reason(const Fault& fault, std::size_t columns) {
  const std::string pivot = "pivot " + std::to_string(fault.pivot);
  switch (fault.kind) {
    case Fault::Kind::NotFinite:
      return "is not finite: element [" + std::to_string(fault.pivot / columns) + ", " +
             std::to_string(fault.pivot % columns) + "] is infinite or NaN";
    case Fault::Kind::NotPositive:
      return "is not positive definite: " + pivot + " is not positive";
    case Fault::Kind::Singular:
      return "is singular: " + pivot + " is 0";
    case Fault::Kind::Domain:
      return "has no such function: eigenvalue " + std::to_string(fault.pivot) + " is negative, or 0 in a logarithm";
    case Fault::Kind::NotConverged:
    case Fault::Kind::None:
      break;
  }
  return "has a decomposition that LAPACK does not find: its iteration does not converge";
}

}  // namespace

void throw_fault(std::string_view operation, const Fault& fault, const Shape& shape, std::size_t entry) {
  throw MatrixError(std::string(operation) + ": " + name_of_entry(shape, entry) + " " +
                    reason(fault, std::max<std::size_t>(shape.back(), 1)) +
                    ". Ask for NaN in its place with on_failure, if that is expected");
}

}  // namespace xgrad::backend::cpu::lapack
