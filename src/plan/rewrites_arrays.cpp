#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "core/strides.hpp"
#include "group.hpp"
#include "rewrites.hpp"

namespace xgrad::plan {

namespace {

using namespace primitives;

/// The value, if it has the asked shape, else a reshape of it.
ValueId shaped(Graph& graph, ValueId x, std::uint32_t shape) {
  if (graph[x].shape == shape) return x;
  return graph.add(opcode<Reshape>, graph[x].dtype, shape, std::array{x});
}

// ---- views

ValueId view_of_number(const Operation& o) {
  if (!o.graph.is_constant(o[0])) return no_value;
  return o.graph.number(o.dtype, o.shape, Number(o.graph.constant(o[0])));
}

/// Whether a view has no attributes.
bool follows_from_shapes(Opcode op) { return traits_of(op).attributes == Attributes::NoAxes; }
bool permutes_axes(Opcode op) { return traits_of(op).attributes == Attributes::Permutation; }

ValueId to_own_shape(const Operation& o) {
  const bool same = o.graph[o[0]].shape == o.shape || o.graph.shape(o[0]) == o.graph.shape_at(o.shape);
  return same && follows_from_shapes(o.op) ? o[0] : no_value;
}

ValueId to_shape_twice(const Operation& o) {
  if (o.graph[o[0]].op != o.op || !follows_from_shapes(o.op)) return no_value;
  return o.make(o.op, {o.input_of(o[0])});
}

ValueId axes_in_order(const Operation& o) {
  return permutes_axes(o.op) && std::ranges::is_sorted(o.attributes) ? o[0] : no_value;
}

ValueId transposed_twice(const Operation& o) {
  if (o.graph[o[0]].op != o.op || !permutes_axes(o.op)) return no_value;
  const std::span<const std::int64_t> inner = o.graph.attributes(o[0]);
  Dimensions<std::int64_t> both;
  for (const std::int64_t axis : o.attributes) both.push_back(inner[static_cast<std::size_t>(axis)]);
  return o.graph.add(o.op, o.dtype, o.shape, std::array{o.input_of(o[0])}, both);
}

constinit Rewrite of_views[] = {
    {"a view of a number is the number", "it is the same in every element", view_of_number},
    {"a broadcast or reshape to the own shape is the input", "no element moves", to_own_shape},
    {"a broadcast of a broadcast is one, a reshape of a reshape is one", "only the last shape matters", to_shape_twice},
    {"a transpose that leaves the axes in order is the input", "no element moves", axes_in_order},
    {"a transpose of a transpose is one", "permutations compose", transposed_twice},
};

// ---- reductions

/// The axes of a reduction apart: those along which all elements are the same one, and the others that are longer
/// than 1.
struct ReducedAxes {
  Dimensions<std::int64_t> distinct;
  std::size_t copies = 1;  ///< of each element; wraps around where a sum of integers does
  bool repeats = false;
};

bool is_copied(const Operation& o, std::size_t axis) {
  if (o.graph.is_constant(o[0])) return true;
  return o.is<Broadcast>(o[0]) && o.graph.shape(o.input_of(o[0]))[axis] == 1;
}

ReducedAxes reduced_axes_of(const Operation& o) {
  ReducedAxes result;
  const Shape& shape = o.graph.shape(o[0]);
  for (const std::int64_t axis : o.attributes) {
    const auto i = static_cast<std::size_t>(axis);
    if (shape[i] == 1) continue;
    if (!is_copied(o, i)) {
      result.distinct.push_back(axis);
      continue;
    }
    result.copies *= shape[i];
    result.repeats = true;
  }
  return result;
}

bool is_sum_of_truth_values(const Operation& o) {
  return reduction_of(o.op) == Reduction::Sum && o.graph[o[0]].dtype == DType::Bool;
}

/// Kernels know what reductions of nothing are. Those that sum truth values count them as they go.
bool is_left_to_kernels(const Operation& o) { return o.graph.count(o[0]) == 0 || is_sum_of_truth_values(o); }

ValueId sum_of_truth_values(const Operation& o) {
  if (o.graph.count(o[0]) == 0 || !is_sum_of_truth_values(o)) return no_value;
  if (!loops_reduce(o.graph.shape(o[0]), o.attributes)) return no_value;
  const std::array numbers{o.graph.add(opcode<Cast>, o.dtype, o.graph[o[0]].shape, std::array{o[0]})};
  return o.graph.add(o.op, o.dtype, o.shape, numbers, o.attributes);
}

ValueId sum_of_negated(const Operation& o) {
  if (is_left_to_kernels(o) || reduction_of(o.op) != Reduction::Sum || !o.is<Negate>(o[0])) return no_value;
  const std::array inputs{o.input_of(o[0])};
  return o.make<Negate>({o.graph.add(o.op, o.dtype, o.shape, inputs, o.attributes)});
}

ValueId number_like(const Operation& o, ValueId x, Scalar value) {
  return o.graph.number(o.dtype, o.graph[x].shape,
                        {.literal = true, .index = 0, .value = value, .known = known_of(o.dtype, value)});
}

/// A reduction of single elements: they themselves, their absolute values, or they less one.
ValueId of_single(const Operation& o, ValueId x) {
  const auto like_x = [&](Opcode op, auto inputs) { return o.graph.add(op, o.dtype, o.graph[x].shape, inputs); };
  if (reduction_of(o.op) == Reduction::Norm) return like_x(opcode<Absolute>, std::array{x});
  if (reduction_of(o.op) != Reduction::SumButOne) return x;
  return like_x(opcode<Subtract>, std::array{x, number_like(o, x, {.real = 1})});
}

ValueId without_short_axes(const Operation& o) {
  if (is_left_to_kernels(o)) return no_value;
  const ReducedAxes axes = reduced_axes_of(o);
  if (axes.repeats) return no_value;
  if (axes.distinct.empty()) return shaped(o.graph, of_single(o, o[0]), o.shape);
  if (axes.distinct.size() == o.attributes.size()) return no_value;
  return o.graph.add(o.op, o.dtype, o.shape, std::array{o[0]}, axes.distinct);
}

/// One element for each run of copies that is reduced.
ValueId without_copies(const Operation& o) {
  const ValueId x = o[0];
  Shape once = o.graph.shape(x);
  for (const std::int64_t axis : o.attributes) {
    const auto i = static_cast<std::size_t>(axis);
    if (is_copied(o, i)) once[i] = 1;
  }
  const std::uint32_t smaller = o.graph.intern(once);
  if (o.graph.is_constant(x)) return o.graph.number(o.dtype, smaller, Number(o.graph.constant(x)));
  return o.graph.add(opcode<Broadcast>, o.dtype, smaller, std::array{o.input_of(x)});
}

ValueId scaled(const Operation& o, ValueId x, Scalar factor) {
  return o.make<Multiply>({x, number_like(o, x, factor)});
}

ValueId reduced_once(const Operation& o) {
  if (is_left_to_kernels(o)) return no_value;
  const ReducedAxes axes = reduced_axes_of(o);
  if (!axes.repeats) return no_value;
  ValueId result = without_copies(o);
  if (axes.distinct.empty()) result = of_single(o, result);
  else result = o.graph.add(o.op, o.dtype, o.shape, std::array{result}, axes.distinct);
  result = shaped(o.graph, result, o.shape);
  const auto copies = static_cast<double>(axes.copies);
  switch (reduction_of(o.op)) {
    case Reduction::Norm:
      return scaled(o, result, {.real = std::sqrt(copies)});
    case Reduction::Sum:
      return scaled(
          o, result,
          is_floating(o.dtype) ? Scalar{.real = copies} : Scalar{.integer = static_cast<std::int64_t>(axes.copies)});
    case Reduction::SumButOne:  // n (s - 1) + (n - 1)
      result = scaled(o, result, {.real = copies});
      return o.make<Add>({result, number_like(o, result, {.real = copies - 1})});
    case Reduction::Max:
    case Reduction::Min:
      break;
  }
  return result;
}

constinit Rewrite of_reductions[] = {
    {"a sum of truth values in a loop is one of integers", "loops add up integers", sum_of_truth_values},
    {"a sum of -x is minus the sum of x", "signs are exact; a sum of zeros may be -0", sum_of_negated},
    {"axes of one element are not reduced",
     "sums and extrema of x alone are x, its norm is abs(x), its sum less one x - 1", without_short_axes},
    {"copies are reduced once: n times the sum, sqrt(n) times the norm, an extremum as it is",
     "NaN and infinities stay; rounding and overflow as in another order; a sum of -0 only may be -0", reduced_once},
    {"a sum over rows or columns of a product is a product with the sums of a factor",
     "the same terms; rounding and overflow as in another order", sum_of_product},
    {"a sum over a stack of products is one product of the joined factors",
     "the same terms; rounding and overflow as in another order", sum_over_stack},
};

// ---- element by element

/// f(broadcast(a), broadcast(b)) is broadcast(f(a, b)): computed once for each number instead of each copy.
ValueId broadcast_outwards(const Operation& o) {
  Graph& graph = o.graph;
  const auto repeats = [&](ValueId each) { return o.is<Broadcast>(each) || graph.is_constant(each); };
  if (!std::ranges::all_of(o.inputs, repeats)) return no_value;
  const Shape full = graph.shape_at(o.shape);
  if (size_of(full) <= 1) return no_value;
  Shape joint(full.size(), 1);
  for (const ValueId each : o.inputs) {
    if (graph.is_constant(each)) continue;
    const Shape& source = graph.shape(o.input_of(each));
    if (source.size() != full.size()) return no_value;
    for (std::size_t i = 0; i < full.size(); ++i) {
      if (source[i] != 1) joint[i] = full[i];
    }
  }
  if (joint == full) return no_value;
  const std::uint32_t small = graph.intern(joint);
  std::array<ValueId, 3> sources{};
  for (std::size_t k = 0; k < o.inputs.size(); ++k) {
    const ValueId each = o[k];
    const DType type = graph[each].dtype;
    if (graph.is_constant(each)) sources[k] = graph.number(type, small, Number(graph.constant(each)));
    else sources[k] = graph.add(opcode<Broadcast>, type, small, std::array{o.input_of(each)});
  }
  const std::span<const ValueId> inputs(sources.data(), o.inputs.size());
  return o.make<Broadcast>({graph.add(o.op, o.dtype, small, inputs)});
}

ValueId to_own_type(const Operation& o) { return o.graph[o[0]].dtype == o.dtype ? o[0] : no_value; }

constexpr std::string_view computed_once = "the same numbers, computed once for all copies";
constinit Rewrite of_elementwise[] = {
    {"f of broadcasts is a broadcast of f", computed_once, broadcast_outwards},
};
constinit Rewrite of_conversions[] = {
    {"a cast to the own type is the input", "no element changes", to_own_type},
    {"a cast of a broadcast is a broadcast of a cast", computed_once, broadcast_outwards},
};

// ---- what has a kernel of its own

ValueId with_dense_inputs(const Operation& o) {
  if (!traits_of(o.op).needs_dense_inputs) return no_value;
  if (is_row_gather_or_scatter(o.graph, o.op, o.shape, o.inputs, o.attributes)) return no_value;
  std::vector<ValueId> fit;
  bool changed = false;
  for (const ValueId each : o.inputs) {
    const bool dense = !o.graph.is_constant(each) && core::is_dense(o.graph.shape(each), o.graph.access(each).strides);
    fit.push_back(dense ? each : o.graph.dense(each));
    changed = changed || !dense;
  }
  return changed ? o.graph.add(o.op, o.dtype, o.shape, fit, o.attributes) : no_value;
}

/// Single elements of x - y, where y is the same along the axis: the difference need not be there as a whole. Of a leaf
/// they would be looked up before its rows are read in order, which is slower.
ValueId taken_of_difference(const Operation& o) {
  if (o.op != opcode<TakeAlongAxis> || !o.is<Subtract>(o[0])) return no_value;
  const ValueId repeated = o.input_of(o[0], 1);
  if (!o.is<Broadcast>(repeated) || o.graph[o.input_of(repeated)].shape != o.shape) return no_value;
  if (o.graph.is_leaf(o.graph.base(o.input_of(o[0])))) return no_value;
  const std::array inputs{o.input_of(o[0]), o[1]};
  const ValueId taken = o.graph.add(o.op, o.dtype, o.shape, inputs, o.attributes);
  return o.make<Subtract>({taken, o.input_of(repeated)});
}

constinit Rewrite of_gathers[] = {
    {"elements of a difference are differences of elements", "the same subtraction", taken_of_difference},
    {"kernels that want dense inputs get copies", "the same elements", with_dense_inputs},
};

constinit Rewrite of_kernels[] = {
    {"kernels that want dense inputs get copies", "the same elements", with_dense_inputs},
};

}  // namespace

Rewrites rewrites_of(Computation computation) noexcept {
  switch (computation) {
    case Computation::View:
      return of_views;
    case Computation::Reduction:
      return of_reductions;
    case Computation::Product:
      return rewrites_of_products();
    case Computation::Elementwise:
      return of_elementwise;
    case Computation::Conversion:
      return of_conversions;
    case Computation::Gather:
      return of_gathers;
    case Computation::Scatter:
    case Computation::Kernel:
    case Computation::Several:
    case Computation::Scan:
    case Computation::While:
    case Computation::Switch:
      return of_kernels;
    case Computation::Source:
    case Computation::Function:
    case Computation::Projection:
    case Computation::Alias:
    case Computation::Check:
      break;
  }
  return {};
}

}  // namespace xgrad::plan
