// Rewrites of products of matrices.
#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "rewrites.hpp"

namespace xgrad::plan {

bool fits_blas(const Graph& graph, ValueId x) {
  if (graph.is_constant(x)) return false;
  if (graph.count(x) == 0) return true;
  const Access access = graph.access(x);
  const Shape& shape = graph.shape(x);
  const std::size_t rank = shape.size();
  const std::size_t rows = shape[rank - 2];
  const std::size_t columns = shape[rank - 1];
  const std::ptrdiff_t row = access.strides[rank - 2];
  const std::ptrdiff_t column = access.strides[rank - 1];
  // Elements of a line side by side, and lines that do not overlap. BLAS counts to the largest int.
  const auto lines = [](std::size_t count, std::ptrdiff_t step, std::size_t length, std::ptrdiff_t element) {
    const auto least = static_cast<std::ptrdiff_t>(std::max<std::size_t>(length, 1));
    return (length <= 1 || element == 1) &&
           (count <= 1 || (step >= least && step <= std::numeric_limits<std::int32_t>::max()));
  };
  return lines(rows, row, columns, column) || lines(columns, column, rows, row);
}

namespace {

using namespace primitives;

ValueId row_times_column(const Operation& o) {
  const Shape& extents = o.graph.shape_at(o.shape);
  const std::size_t rank = extents.size();
  if (extents[rank - 2] != 1 || extents[rank - 1] != 1) return no_value;
  const std::uint32_t row = o.graph[o[0]].shape;
  const std::array factors{o[0], o.graph.add(opcode<Reshape>, o.dtype, row, std::array{o[1]})};
  const std::array products{o.graph.add(opcode<Multiply>, o.dtype, row, factors)};
  const std::array axis{static_cast<std::int64_t>(rank - 1)};
  return o.graph.add(opcode<Sum>, o.dtype, o.shape, products, axis);
}

/// Of a column and a row each element is one product: a loop writes them as fast as memory takes them, and whatever
/// becomes of them there.
ValueId column_times_row(const Operation& o) {
  if (o.graph.shape(o[0]).back() != 1) return no_value;
  const auto spread = [&](ValueId x) { return o.graph.add(opcode<Broadcast>, o.dtype, o.shape, std::array{x}); };
  const ValueId left = spread(o[0]);
  return o.make(opcode<Multiply>, {left, spread(o[1])});
}

/// Columns are worth a loop if there are not too many of them, as for a sum one by one, and they are long enough for
/// machine code.
constexpr std::size_t most_joined = 512;
constexpr std::size_t least_joined_rows = 512;

/// Whether a value is joined of single columns.
bool is_of_columns(const Operation& o, ValueId x) {
  if (!o.is<Concatenate>(x)) return false;
  const Shape& extents = o.graph.shape(x);
  const std::size_t rank = extents.size();
  return o.graph.attributes(x)[0] == static_cast<std::int64_t>(rank - 1) && extents[rank - 2] >= least_joined_rows &&
         extents.back() <= most_joined && o.graph.inputs(x).size() == extents.back();
}

/// Where a slice of all elements starts along each axis, and its step.
std::vector<std::int64_t> of_all(std::size_t rank) {
  std::vector<std::int64_t> starts_and_steps(2 * rank, 0);
  for (std::size_t axis = 0; axis < rank; ++axis) starts_and_steps[2 * axis + 1] = 1;
  return starts_and_steps;
}

/// Columns that were put together need not be there as a matrix to be added up.
ValueId columns_times_column(const Operation& o) {
  if (o.graph.shape_at(o.shape).back() != 1 || !is_floating(o.dtype) || !is_of_columns(o, o[0])) return no_value;
  const std::size_t rank = o.graph.shape_at(o.shape).size();
  Shape one = o.graph.shape(o[1]);
  one[rank - 2] = 1;
  const std::uint32_t factor_shape = o.graph.intern(one);
  ValueId sum = no_value;
  for (std::size_t k = 0; k < o.graph.shape(o[0]).back(); ++k) {
    std::vector<std::int64_t> starts_and_steps = of_all(rank);
    starts_and_steps[2 * (rank - 2)] = static_cast<std::int64_t>(k);
    const ValueId factor = o.graph.add(opcode<Slice>, o.dtype, factor_shape, std::array{o[1]}, starts_and_steps);
    const ValueId spread = o.graph.add(opcode<Broadcast>, o.dtype, o.shape, std::array{factor});
    const ValueId term = o.make<Multiply>({o.input_of(o[0], k), spread});
    sum = sum == no_value ? term : o.make<Add>({sum, term});
  }
  return sum;
}

/// Nor for each to be multiplied by another: that many sums are those of one loop.
ValueId turned_columns_times_column(const Operation& o) {
  if (o.graph.shape_at(o.shape).back() != 1 || !is_floating(o.dtype) || !o.is<Transpose>(o[0])) return no_value;
  const ValueId joined = o.input_of(o[0]);
  if (!is_of_columns(o, joined)) return no_value;
  const std::span<const std::int64_t> axes = o.graph.attributes(o[0]);
  const std::size_t rank = axes.size();
  if (axes[rank - 2] != static_cast<std::int64_t>(rank - 1)) return no_value;
  const Dimensions<std::int64_t> turned(axes.begin(), axes.end());
  Shape row = o.graph.shape(o[0]);
  Shape single = o.graph.shape_at(o.shape);
  row[rank - 2] = 1;
  single[rank - 2] = 1;
  const std::uint32_t row_shape = o.graph.intern(row);
  const std::uint32_t single_shape = o.graph.intern(single);
  std::vector<ValueId> products;
  for (std::size_t k = 0; k < o.graph.shape(joined).back(); ++k) {
    const std::array column{o.input_of(joined, k)};
    const ValueId left = o.graph.add(opcode<Transpose>, o.dtype, row_shape, column, turned);
    products.push_back(o.graph.add(o.op, o.dtype, single_shape, std::array{left, o[1]}));
  }
  return o.graph.add(opcode<Concatenate>, o.dtype, o.shape, products, std::array{static_cast<std::int64_t>(rank - 2)});
}

ValueId copied_for_blas(const Operation& o) {
  if (fits_blas(o.graph, o[0]) && fits_blas(o.graph, o[1])) return no_value;
  const auto fit = [&](ValueId x) { return fits_blas(o.graph, x) ? x : o.graph.dense(x); };
  const ValueId left = fit(o[0]);
  return o.make(o.op, {left, fit(o[1])});
}

constinit Rewrite of_products[] = {
    {"a row times a column is a sum of products", "as exact as sums are, in their order, and fused", row_times_column},
    {"a column times a row is a product element by element", "sums of one term; 0 may be -0", column_times_row},
    {"a matrix of columns times a column is a sum of columns times numbers", "in the order of the columns, and fused",
     columns_times_column},
    {"a transposed matrix of columns times a column is sums of products", "as exact as sums are, and in one loop",
     turned_columns_times_column},
    {"BLAS reads copies of other layouts than its own", "the same elements", copied_for_blas},
};

}  // namespace

/// The sum over the rows of A B is that of A, times B, and over its columns A times that of B. Without the product's
/// own elements, which somebody else may need, it takes no longer: there are no more of a factor's than of those.
ValueId sum_of_product(const Operation& o) {
  if (reduction_of(o.op) != Reduction::Sum || !o.is<Matmul>(o[0]) || o.graph.count(o[0]) == 0) return no_value;
  const Shape& extents = o.graph.shape(o[0]);
  const std::size_t rank = extents.size();
  const std::size_t terms = o.graph.shape(o.input_of(o[0])).back();
  for (const std::size_t factor : {std::size_t{0}, std::size_t{1}}) {
    const std::size_t axis = rank - 2 + factor;
    if (std::ranges::find(o.attributes, static_cast<std::int64_t>(axis)) == o.attributes.end()) continue;
    if (extents[axis] == 1 || terms == 0 || terms > extents[rank - 1 - factor]) continue;
    const ValueId all = o.input_of(o[0], factor);
    const auto sum_along = [&](ValueId x, std::span<const std::int64_t> axes) {
      Shape reduced = o.graph.shape(x);
      for (const std::int64_t each : axes) reduced[static_cast<std::size_t>(each)] = 1;
      return o.graph.add(o.op, o.dtype, o.graph.intern(reduced), std::array{x}, axes);
    };
    const ValueId sums = sum_along(all, std::array{static_cast<std::int64_t>(axis)});
    const ValueId other = o.input_of(o[0], 1 - factor);
    Shape product = o.graph.shape(o[0]);
    product[axis] = 1;
    const std::array inputs{factor == 0 ? sums : other, factor == 0 ? other : sums};
    const ValueId result = o.graph.add(opcode<Matmul>, o.dtype, o.graph.intern(product), inputs);
    if (o.attributes.size() == 1) return result;
    Dimensions<std::int64_t> rest;
    for (const std::int64_t each : o.attributes) {
      if (each != static_cast<std::int64_t>(axis)) rest.push_back(each);
    }
    return sum_along(result, rest);
  }
  return no_value;
}

namespace {

/// Products add floats up as floats, and sums as doubles.
constexpr std::size_t most_float_terms = 1024;

/// One of all elements that are the same along an axis.
ValueId without_copies(Graph& graph, ValueId x) {
  const Strides strides = graph.access(x).strides;
  Shape shape = graph.shape(x);
  bool repeats = false;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    repeats = repeats || (strides[i] == 0 && shape[i] != 1);
    if (strides[i] == 0) shape[i] = 1;
  }
  if (!repeats) return x;
  return graph.add(opcode<Slice>, graph[x].dtype, graph.intern(shape), std::array{x}, of_all(shape.size()));
}

ValueId broadcast(Graph& graph, ValueId x, const Shape& shape) {
  return graph.add(opcode<Broadcast>, graph[x].dtype, graph.intern(shape), std::array{x});
}

/// The transposed matrices.
ValueId turned(Graph& graph, ValueId x) {
  Shape shape = graph.shape(x);
  Dimensions<std::int64_t> order;
  for (std::size_t i = 0; i < shape.size(); ++i) order.push_back(static_cast<std::int64_t>(i));
  const std::size_t last = shape.size() - 1;
  std::swap(shape[last - 1], shape[last]);
  std::swap(order[last - 1], order[last]);
  return graph.add(opcode<Transpose>, graph[x].dtype, graph.intern(shape), std::array{x}, order);
}

/// The matrices of one axis of a stack one below the other, as one.
ValueId joined_along(Graph& graph, ValueId x, std::size_t axis) {
  const DType type = graph[x].dtype;
  const Shape full = graph.shape(x);
  const std::size_t rows = full.size() - 2;
  const ValueId once = without_copies(graph, x);
  Shape shape = graph.shape(once);
  for (const std::size_t i : {axis, rows}) shape[i] = full[i];
  Shape moved;
  Dimensions<std::int64_t> order;
  for (std::size_t i = 0; i < full.size(); ++i) {
    if (i == rows) order.push_back(static_cast<std::int64_t>(axis));
    if (i != axis) order.push_back(static_cast<std::int64_t>(i));
  }
  for (const std::int64_t i : order) moved.push_back(shape[static_cast<std::size_t>(i)]);
  Shape joined = shape;
  Shape wanted = full;
  for (Shape* each : {&joined, &wanted}) {
    (*each)[rows] = full[axis] * full[rows];
    (*each)[axis] = 1;
  }
  const std::array whole{broadcast(graph, once, shape)};
  const std::array next{graph.add(opcode<Transpose>, type, graph.intern(moved), whole, order)};
  return broadcast(graph, graph.add(opcode<Reshape>, type, graph.intern(joined), next), wanted);
}

}  // namespace

/// Sums of products are longer products: of all matrices along the axis side by side, and one below the other. It is
/// worth making these if they have few elements beside the products that are added up.
ValueId sum_over_stack(const Operation& o) {
  Graph& graph = o.graph;
  if (reduction_of(o.op) != Reduction::Sum || !is_floating(o.dtype) || o.attributes.size() != 1) return no_value;
  if (!o.is<Matmul>(o[0])) return no_value;
  const Shape extents = graph.shape(o[0]);
  const auto axis = static_cast<std::size_t>(o.attributes[0]);
  const std::size_t size = graph.count(o[0]);
  if (size == 0 || axis + 2 >= extents.size() || extents[axis] == 1) return no_value;
  // Transposed, the left factors have their terms from row to row as well.
  const std::array factors{turned(graph, o.input_of(o[0], 0)), o.input_of(o[0], 1)};
  const std::size_t terms = extents[axis] * graph.shape(factors[1])[extents.size() - 2];
  if (terms == 0 || (o.dtype == DType::Float32 && terms > most_float_terms)) return no_value;
  const std::size_t made =
      graph.count(without_copies(graph, factors[0])) + graph.count(without_copies(graph, factors[1]));
  if (4 * made > size) return no_value;
  const ValueId left = turned(graph, joined_along(graph, factors[0], axis));
  return o.make<Matmul>({left, joined_along(graph, factors[1], axis)});
}

Rewrites rewrites_of_products() noexcept { return of_products; }

}  // namespace xgrad::plan
