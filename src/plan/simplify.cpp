#include "simplify.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "group.hpp"
#include "kernels/operand.hpp"

namespace xgrad::detail {

using namespace primitives;
using kernels::Part;

ValueId Simplifier::simplify(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                             std::span<const std::int64_t> attributes) {
  if (op == op_copy) return no_value;
  switch (computation_of(op)) {
    case Computation::View:
      return view(op, dtype, shape, inputs[0], attributes);
    case Computation::Conversion:
      if (graph_[inputs[0]].dtype == dtype) return inputs[0];
      return elementwise(op, dtype, shape, inputs);
    case Computation::Elementwise:
      return elementwise(op, dtype, shape, inputs);
    case Computation::Reduction:
      return reduction(op, dtype, shape, inputs[0], attributes);
    case Computation::Product:
      return matmul(dtype, shape, inputs[0], inputs[1]);
    case Computation::Pick:
    case Computation::Place:
    case Computation::Kernel:
      if (!traits_of(op).needs_dense_inputs) return no_value;
      return with_dense_inputs(op, dtype, shape, inputs, attributes);
    case Computation::Source:
    case Computation::Alias:
    case Computation::Check:
      return no_value;
  }
  return no_value;
}

ValueId Simplifier::with_dense_inputs(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs,
                                      std::span<const std::int64_t> attributes) {
  if (chooses_in_rows(graph_, op, shape, inputs, attributes)) return no_value;
  Dimensions<ValueId> fit;
  bool changed = false;
  for (const ValueId each : inputs) {
    const bool dense = !graph_.is_constant(each) && kernels::is_dense(graph_.shape(each), graph_.access(each).strides);
    fit.push_back(dense ? each : graph_.dense(each));
    changed = changed || !dense;
  }
  return changed ? graph_.add(op, dtype, shape, fit, attributes) : no_value;
}

bool chooses_in_rows(const Graph& graph, Opcode op, std::uint32_t shape, std::span<const ValueId> inputs,
                     std::span<const std::int64_t> attributes) {
  if (!is_choice(op)) return false;
  const Shape& full = computation_of(op) == Computation::Pick ? graph.shape(inputs[0]) : graph.shape_at(shape);
  const Shape& index = graph.shape(inputs[1]);
  const auto axis = static_cast<std::size_t>(attributes[0]);
  const std::size_t columns = full[axis];
  for (std::size_t i = axis + 1; i < full.size(); ++i) {
    if (full[i] != 1) return false;
  }
  if (index[axis] != 1 || columns < 2 || columns > longest_row || graph.is_constant(inputs[1])) return false;
  return size_of(full) != 0 && size_of(index) * columns == size_of(full) && graph[inputs[0]].dtype != DType::Bool;
}

ValueId Simplifier::shaped(ValueId x, std::uint32_t shape) {
  return graph_[x].shape == shape ? x : add(opcode<Reshape>, graph_[x].dtype, shape, {x});
}

// ---- views

ValueId Simplifier::view(Opcode op, DType dtype, std::uint32_t shape, ValueId x,
                         std::span<const std::int64_t> attributes) {
  if (graph_.is_constant(x)) {
    return graph_.number(dtype, shape, Number(graph_.constant(x)));
  }
  const bool same_shape = graph_[x].shape == shape || graph_.shape(x) == graph_.shape_at(shape);
  if ((op == opcode<Broadcast> || op == opcode<Reshape>)&&same_shape) return x;
  if (is(x, op) && (op == opcode<Broadcast> || op == opcode<Reshape>)) return add(op, dtype, shape, {input(x)});
  if (op == opcode<Transpose>) return transpose(dtype, shape, x, attributes);
  return no_value;
}

ValueId Simplifier::transpose(DType dtype, std::uint32_t shape, ValueId x, std::span<const std::int64_t> attributes) {
  if (std::ranges::is_sorted(attributes)) return x;
  if (!is(x, opcode<Transpose>)) return no_value;
  Dimensions<std::int64_t> both;
  for (const std::int64_t axis : attributes) both.push_back(graph_.attributes(x)[static_cast<std::size_t>(axis)]);
  const std::array inputs{input(x)};
  return graph_.add(opcode<Transpose>, dtype, shape, inputs, both);
}

// ---- element by element

ValueId Simplifier::boolean(std::uint32_t shape, bool value) {
  return graph_.literal(DType::Bool, shape, value ? 1.0 : 0.0);
}

/// Equality of two numbers, as far as it is known.
ValueId Simplifier::fold_comparison(Opcode op, std::uint32_t shape, ValueId a, ValueId b) {
  Known x = graph_.known(a);
  Known y = graph_.known(b);
  if (x == Known::Nothing || y == Known::Nothing) return no_value;
  if (x == Known::MinusZero) x = Known::Zero;
  if (y == Known::MinusZero) y = Known::Zero;
  if (x == Known::Nonzero || y == Known::Nonzero) {
    if (x != Known::Zero && y != Known::Zero) return no_value;
    return boolean(shape, op == opcode<NotEqual>);
  }
  return boolean(shape, (x == y) == (op == opcode<Equal>));
}

ValueId Simplifier::elementwise(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> x) {
  ValueId result = no_value;
  if (op == opcode<Where>) {
    const Known condition = graph_.known(x[0]);
    if (condition == Known::One) return x[1];
    if (condition == Known::Zero) return x[2];
    if (x[1] == x[2]) return x[1];
  } else if (op == opcode<LogicalNot>) {
    const Known value = graph_.known(x[0]);
    if (value == Known::One || value == Known::Zero) return boolean(shape, value == Known::Zero);
  } else if (op == opcode<Negate>) {
    if (is(x[0], opcode<Negate>)) return input(x[0]);
  } else if (op == op_of_part(Part::ExpNegAbs) || op == op_of_part(Part::ExpNegSquare) ||
             op == op_of_part(Part::HalfExpm1)) {  // even functions
    if (is(x[0], opcode<Negate>)) return add(op, dtype, shape, {input(x[0])});
  } else if (x.size() == 2) {
    result = binary(op, dtype, shape, x[0], x[1]);
  }
  if (result != no_value) return result;
  result = hoist(op, dtype, shape, x);
  if (result != no_value) return result;
  return in_parts(op, dtype, shape, x);
}

/// Split, so that functions of x and of -x, and a function and its derivative, share what they have in common.
ValueId Simplifier::in_parts(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> x) {
  if (!is_floating(dtype)) return no_value;
  const auto part_of = [&](Part part, ValueId of) { return add(op_of_part(part), dtype, shape, {of}); };
  const auto from = [&](Part part, ValueId of) { return add(op_of_part(part), dtype, shape, {x[0], of}); };
  if (op == opcode<Exp> && is(x[0], opcode<Negate>) && is(input(x[0]), opcode<Square>)) {
    return part_of(Part::ExpNegSquare, input(input(x[0])));
  }
  if (op == opcode<Sigmoid>) return from(Part::SigmoidFrom, part_of(Part::ExpNegAbs, x[0]));
  if (op == opcode<Softplus>) {
    const ValueId above = add(opcode<Relu>, dtype, shape, {x[0]});
    const ValueId logarithm = add(opcode<Log1p>, dtype, shape, {part_of(Part::ExpNegAbs, x[0])});
    return add(opcode<Add>, dtype, shape, {above, logarithm});
  }
  if (op == opcode<Erf>) return from(Part::ErfFrom, part_of(Part::ExpNegSquare, x[0]));
  if (op == opcode<LogCosh>) return from(Part::LogCoshFrom, part_of(Part::HalfExpm1, x[0]));
  if (op == opcode<SlopeOfLogCosh>) return from(Part::TanhFrom, part_of(Part::HalfExpm1, x[0]));
  if (op == opcode<DirectionCosine>) {
    ValueId root = graph_.find(opcode<Hypot>, dtype, shape, x);
    if (root == no_value) root = graph_.find(opcode<Hypot>, dtype, shape, std::array{x[1], x[0]});
    if (root != no_value) return add(op_of_part(Part::CosineFrom), dtype, shape, {x[0], x[1], root});
  }
  return no_value;
}

ValueId Simplifier::binary(Opcode op, DType dtype, std::uint32_t shape, ValueId a, ValueId b) {
  const Known x = graph_.known(a);
  const Known y = graph_.known(b);
  const bool integer = !is_floating(dtype);
  if (op == opcode<Multiply>) {
    if (x == Known::One) return b;
    if (y == Known::One) return a;
    if (x == Known::MinusOne) return add(opcode<Negate>, dtype, shape, {b});
    if (y == Known::MinusOne) return add(opcode<Negate>, dtype, shape, {a});
    if (a == b) return add(opcode<Square>, dtype, shape, {a});
    return without_signs(op, dtype, shape, a, b);
  } else if (op == opcode<Divide>) {
    if (y == Known::One) return a;
    return without_signs(op, dtype, shape, a, b);
  } else if (op == opcode<Add>) {
    // -0 is the neutral element of floating-point addition: -0 + 0 is 0.
    if (x == Known::MinusZero || (integer && x == Known::Zero)) return b;
    if (y == Known::MinusZero || (integer && y == Known::Zero)) return a;
    if (is(b, opcode<Negate>)) return add(opcode<Subtract>, dtype, shape, {a, input(b)});
    if (is(a, opcode<Negate>)) return add(opcode<Subtract>, dtype, shape, {b, input(a)});
  } else if (op == opcode<Subtract>) {
    if (y == Known::Zero) return a;
    if (is(b, opcode<Negate>)) return add(opcode<Add>, dtype, shape, {a, input(b)});
  } else if (op == opcode<AbsorbingMultiply>) {
    if (x == Known::One) return b;
    if (x < Known::Nothing && x > Known::MinusZero) return add(opcode<Multiply>, dtype, shape, {a, b});
  } else if (op == opcode<Power>) {
    if (y == Known::One) return a;
    if (y == Known::Two) return add(opcode<Square>, dtype, shape, {a});
  } else if (op == opcode<Equal> || op == opcode<NotEqual>) {
    return fold_comparison(op, shape, a, b);
  } else if (op == opcode<LogicalAnd>) {
    if (x == Known::Zero || y == Known::One) return a;
    if (y == Known::Zero || x == Known::One) return b;
  } else if (op == opcode<LogicalOr>) {
    if (x == Known::One || y == Known::Zero) return a;
    if (y == Known::One || x == Known::Zero) return b;
  }
  return no_value;
}

/// Signs move outwards, to where additions, sums and other signs swallow them.
ValueId Simplifier::without_signs(Opcode op, DType dtype, std::uint32_t shape, ValueId a, ValueId b) {
  const bool negative_a = is(a, opcode<Negate>);
  const bool negative_b = is(b, opcode<Negate>);
  if (!negative_a && !negative_b) return no_value;
  const ValueId result = add(op, dtype, shape, {negative_a ? input(a) : a, negative_b ? input(b) : b});
  return negative_a && negative_b ? result : add(opcode<Negate>, dtype, shape, {result});
}

/// f(broadcast(a), broadcast(b)) is broadcast(f(a, b)): computed once for each number instead of each copy.
ValueId Simplifier::hoist(Opcode op, DType dtype, std::uint32_t shape, std::span<const ValueId> inputs) {
  const Shape full = graph_.shape_at(shape);
  if (size_of(full) <= 1) return no_value;
  Shape joint(full.size(), 1);
  for (const ValueId each : inputs) {
    if (graph_.is_constant(each)) continue;
    if (!is(each, opcode<Broadcast>)) return no_value;
    const Shape& source = graph_.shape(input(each));
    if (source.size() != full.size()) return no_value;
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (source[i] != 1) joint[i] = full[i];
    }
  }
  if (joint == full) return no_value;
  const std::uint32_t small = graph_.intern(joint);
  std::array<ValueId, 3> sources{};
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const ValueId each = inputs[k];
    const DType type = graph_[each].dtype;
    if (graph_.is_constant(each)) sources[k] = graph_.number(type, small, Number(graph_.constant(each)));
    else sources[k] = add(opcode<Broadcast>, type, small, {input(each)});
  }
  const ValueId result = graph_.add(op, dtype, small, std::span<const ValueId>(sources.data(), inputs.size()));
  return add(opcode<Broadcast>, dtype, shape, {result});
}

// ---- reductions

ValueId Simplifier::scale(ValueId x, DType dtype, Scalar scalar) {
  const std::uint32_t shape = graph_[x].shape;
  const ValueId number =
      graph_.number(dtype, shape, {.literal = true, .index = 0, .value = scalar, .known = known_of(dtype, scalar)});
  return add(opcode<Multiply>, dtype, shape, {x, number});
}

ValueId Simplifier::reduction(Opcode op, DType dtype, std::uint32_t shape, ValueId x,
                              std::span<const std::int64_t> axes) {
  const Shape from = graph_.shape(x);
  if (size_of(from) == 0) return no_value;
  if (op == opcode<Sum> && graph_[x].dtype == DType::Bool) {  // loops add up integers, other kernels count as they go
    if (!loops_reduce(from, axes)) return no_value;
    const std::array numbers{add(opcode<Cast>, dtype, graph_[x].shape, {x})};
    return graph_.add(op, dtype, shape, numbers, axes);
  }
  if (op == opcode<Sum> && is(x, opcode<Negate>)) {
    const std::array inputs{input(x)};
    return add(opcode<Negate>, dtype, shape, {graph_.add(op, dtype, shape, inputs, axes)});
  }
  Dimensions<std::int64_t> left;
  std::size_t copies = 1;  // wraps around where a sum of integers does
  bool repeats = false;
  const bool broadcast = is(x, opcode<Broadcast>);
  const bool constant = graph_.is_constant(x);
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    if (from[i] == 1) continue;
    const bool copied = constant || (broadcast && graph_.shape(input(x))[i] == 1);
    if (copied) copies *= from[i];
    else left.push_back(axis);
    repeats = repeats || copied;
  }
  if (left.empty() && !repeats) {
    return shaped(op == opcode<Norm> ? add(opcode<Absolute>, dtype, graph_[x].shape, {x}) : x, shape);
  }
  if (!repeats) {
    if (left.size() == axes.size()) return no_value;
    const std::array inputs{x};
    return graph_.add(op, dtype, shape, inputs, left);
  }
  // Sums of equal numbers: once, times how many; extrema of them: once.
  Shape once = from;
  for (const std::int64_t axis : axes) {
    const auto i = static_cast<std::size_t>(axis);
    if (constant || graph_.shape(input(x))[i] == 1) once[i] = 1;
  }
  const std::uint32_t smaller = graph_.intern(once);
  ValueId source = constant ? graph_.number(dtype, smaller, Number(graph_.constant(x)))
                            : add(opcode<Broadcast>, dtype, smaller, {input(x)});
  if (!left.empty()) {
    const std::array inputs{source};
    source = graph_.add(op, dtype, shape, inputs, left);
  } else if (op == opcode<Norm>) {
    source = add(opcode<Absolute>, dtype, graph_[source].shape, {source});
  }
  source = shaped(source, shape);
  const auto count = static_cast<double>(copies);
  if (op == opcode<Norm>) return scale(source, dtype, {.real = std::sqrt(count)});
  if (op != opcode<Sum>) return source;
  return scale(source, dtype,
               is_floating(dtype) ? Scalar{.real = count} : Scalar{.integer = static_cast<std::int64_t>(copies)});
}

// ---- products of matrices

/// Whether BLAS can read the matrices of a stack where they are.
bool Simplifier::fits_blas(ValueId x) const {
  const Access access = graph_.access(x);
  const Shape& shape = graph_.shape(x);
  const std::size_t rank = shape.size();
  const auto steps = [](std::size_t extent, std::ptrdiff_t stride, std::size_t wanted) {
    return extent <= 1 || stride == static_cast<std::ptrdiff_t>(wanted);
  };
  const std::size_t rows = shape[rank - 2];
  const std::size_t columns = shape[rank - 1];
  const std::ptrdiff_t row = access.strides[rank - 2];
  const std::ptrdiff_t column = access.strides[rank - 1];
  const bool normal = steps(columns, column, 1) && steps(rows, row, columns);
  const bool transposed = steps(rows, row, 1) && steps(columns, column, rows);
  return normal || transposed;
}

ValueId Simplifier::matmul(DType dtype, std::uint32_t shape, ValueId a, ValueId b) {
  const Shape& extents = graph_.shape_at(shape);
  const std::size_t rank = extents.size();
  if (extents[rank - 2] == 1 && extents[rank - 1] == 1) {
    // A product of two vectors is a sum like any other: as exact, in the same order, and fused.
    const std::uint32_t row = graph_[a].shape;
    const std::array products{add(opcode<Multiply>, dtype, row, {a, shaped(b, row)})};
    const std::array axis{static_cast<std::int64_t>(rank - 1)};
    return graph_.add(opcode<Sum>, dtype, shape, products, axis);
  }
  const bool constant = graph_.is_constant(a) || graph_.is_constant(b);
  if (!constant && fits_blas(a) && fits_blas(b)) return no_value;
  const auto fit = [&](ValueId x) { return !graph_.is_constant(x) && fits_blas(x) ? x : graph_.dense(x); };
  const ValueId left = fit(a);
  return add(opcode<Matmul>, dtype, shape, {left, fit(b)});
}

}  // namespace xgrad::detail
