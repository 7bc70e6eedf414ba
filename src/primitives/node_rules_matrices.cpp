// What factorises matrices, or computes with what a factorisation gave.
#include "node_at.hpp"
#include "primitives/list.hpp"
#include "primitives/matrices.hpp"

namespace xgrad::primitives::node_rules {

namespace {

constexpr Broken matrices = "its operands are stacks of matrices that match";
constexpr Broken of_floats = "its matrices hold floating-point numbers, and rows are counted by int64";
constexpr Broken flags = "its attributes say yes or no";

/// Of a derivative. All orders of them are summed over.
constexpr std::size_t most_directions = 16;

bool are_flags(const NodeAt& n, std::size_t count) {
  if (n.attributes().size() != count) return false;
  for (const std::int64_t each : n.attributes()) {
    if (each != 0 && each != 1) return false;
  }
  return true;
}

bool is_square(const Shape& shape) { return shape.size() >= 2 && shape.end()[-1] == shape.end()[-2]; }

/// The extents before the last ones.
Shape without_last(const Shape& shape, std::size_t count) {
  return {shape.begin(), shape.end() - static_cast<std::ptrdiff_t>(count)};
}

/// Stacks of as many matrices with as many rows.
bool match(const Shape& a, const Shape& b) {
  return b.size() == a.size() && b.size() >= 2 && without_last(a, 1) == without_last(b, 1);
}

/// Whether the inputs from one on hold numbers like the first.
bool alike_from(const NodeAt& n, std::size_t first) {
  for (std::size_t k = first; k < n.inputs(); ++k) {
    if (n.type(k) != n.type(0) || n.shape(k) != n.shape(0)) return false;
  }
  return is_floating(n.type(0));
}

/// A, what its factors are, and the order of its rows, or their exchanges.
bool is_factorised(const NodeAt& n) {
  return is_square(n.shape(0)) && n.shape(1) == n.shape(0) && n.shape(2) == without_last(n.shape(0), 1);
}
bool has_types_of_factors(const NodeAt& n) {
  return is_floating(n.type(0)) && n.type(1) == n.type(0) && n.type(2) == DType::Int64;
}

Broken of_determinant(const NodeAt& n) {
  if (n.inputs() != 3) return as_many_inputs;
  if (!is_factorised(n)) return matrices;
  return first_of({unless(n.shape() == without_last(n.shape(0), 2), "there is one number for each matrix"),
                   unless(has_types_of_factors(n) && n.type() == n.type(0), of_floats),
                   unless(are_flags(n, 1), flags)});
}

}  // namespace

Broken square_matrices(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  return first_of({unless(is_square(n.shape()), "its matrices are square"), unless(n.like_input(0), like_its_input),
                   unless(is_floating(n.type()), of_floats), unless(are_flags(n, 1), flags)});
}

Broken cholesky_derivative(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  return first_of({unless(is_square(n.shape()), "its matrices are square"), unless(n.like_input(0), like_its_input),
                   unless(alike_from(n, 0), of_floats), unless(are_flags(n, 1), flags)});
}

Broken triangular_solve(const NodeAt& n) {
  if (n.inputs() != 2) return as_many_inputs;
  if (!is_square(n.shape(0)) || !match(n.shape(0), n.shape(1))) return matrices;
  return first_of({unless(n.like_input(1), "it has the shape and the element type of its right-hand side"),
                   unless(is_floating(n.type()) && n.type(0) == n.type(), of_floats), unless(are_flags(n, 4), flags)});
}

Broken lu_solve(const NodeAt& n) {
  if (n.inputs() != 4) return as_many_inputs;
  if (!is_factorised(n) || !match(n.shape(0), n.shape(3))) return matrices;
  return first_of({unless(n.like_input(3), "it has the shape and the element type of its right-hand side"),
                   unless(has_types_of_factors(n) && n.type() == n.type(0), of_floats),
                   unless(are_flags(n, 2), flags)});
}

Broken log_abs_det(const NodeAt& n) { return of_determinant(n); }
Broken det(const NodeAt& n) { return of_determinant(n); }

Broken symmetric_function(const NodeAt& n) {
  if (n.inputs() < 3 || n.inputs() > 3 + most_directions) return as_many_inputs;
  if (!is_square(n.shape(0)) || n.shape(1) != without_last(n.shape(0), 1)) return matrices;
  for (std::size_t k = 2; k < n.inputs(); ++k) {
    if (n.shape(k) != n.shape(0)) return matrices;
  }
  for (std::size_t k = 0; k < n.inputs(); ++k) {
    if (n.type(k) != n.type() || !is_floating(n.type())) return of_floats;
  }
  return first_of({unless(n.like_input(0), like_its_input), unless(are_flags(n, 2), flags)});
}

Broken matrix_exp(const NodeAt& n) {
  if (n.inputs() < 1 || n.inputs() > 1 + most_directions) return as_many_inputs;
  return first_of({unless(is_square(n.shape()), "its matrices are square"), unless(n.like_input(0), like_its_input),
                   unless(alike_from(n, 0), of_floats), unless(are_flags(n, 1), flags)});
}

Broken factorisation(const NodeAt& n) {
  if (n.inputs() != 1) return as_many_inputs;
  const Shape& shape = n.shape(0);
  return first_of(
      {unless(n.type() == DType::Float64 && n.shape().empty(), "what has several outputs has no type itself"),
       unless(shape.size() >= 2 && (n.op() != opcode<Eigh> || is_square(shape)), matrices),
       unless(is_floating(n.type(0)), of_floats), unless(are_flags(n, 1), flags)});
}

std::optional<ArrayType> output_of_factorisation(const NodeAt& n, std::size_t which) {
  const bool eigen = n.op() == opcode<Eigh>;
  const bool lu = n.op() == opcode<Lu>;
  const bool qr = n.op() == opcode<Qr>;
  if (!eigen && !lu && !qr && n.op() != opcode<Svd>) return std::nullopt;
  if (which > (eigen || qr ? 1U : 2U)) return std::nullopt;
  const Shape& whole = n.shape(0);
  const std::size_t rows = whole.end()[-2];
  const std::size_t columns = whole.back();
  const std::size_t rank = std::min(rows, columns);
  Shape shape = without_last(whole, 2);
  const auto add = [&](std::size_t extent) { shape.push_back(extent); };
  if (lu && which > 0) {
    add(which == 1 ? rank : rows);
    return ArrayType{DType::Int64, shape};
  }
  const bool is_list = (eigen && which == 0) || (n.op() == opcode<Svd> && which == 1);
  if (is_list) {
    add(rank);
    return ArrayType{n.type(0), shape};
  }
  const bool is_left = which == 0 && !lu;
  add(is_left || lu || eigen ? rows : rank);
  add(is_left ? rank : columns);
  return ArrayType{n.type(0), shape};
}

}  // namespace xgrad::primitives::node_rules
