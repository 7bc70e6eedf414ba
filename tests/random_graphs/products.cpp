// Random programs: choosing by indices, joining, and products of matrices.
#include <algorithm>
#include <numeric>

#include "builder.hpp"

namespace random_graphs {
namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;
using xgrad::Axes;
using xgrad::Strides;

/// Integers brought into the range that an axis has, of a shape that suits.
InstructionId indices(Builder& b, const Shape& shape, std::size_t extent) {
  const auto fits = [&](InstructionId v) { return b.dtype(v) == DType::Int64 && b.shape(v) == shape; };
  const auto found = b.any_where(fits);
  const InstructionId numbers = found ? *found : b.input(shape, DType::Int64, Fill::Labels);
  const auto n = static_cast<std::int64_t>(extent);
  return b.add("into range " + std::to_string(n), {numbers}, 1e3,
               [n](const A& a) { return maximum(minimum(a[0], n - 1), -n); });
}

void add_take(Builder& b, InstructionId x) {
  static const std::vector<Shape> shapes{{}, {3}, {7}, {2, 2}, {1}};
  const Shape shape = b.random.one_of(shapes);
  if (b.random.chance(0.3)) {
    const InstructionId i = indices(b, shape, size_of(b.shape(x)));
    b.add("take", {x, i}, b.magnitude(x), [](const A& a) { return take(a[0], a[1]); });
    return;
  }
  const std::size_t axis = b.random.below(b.rank(x));
  const std::size_t extent = b.shape(x)[axis];
  if (b.rank(x) + shape.size() > 5 || size_of(b.shape(x)) / extent * size_of(shape) > b.size_limit) return;
  const InstructionId i = indices(b, shape, extent);
  b.add("take axis " + std::to_string(axis), {x, i}, b.magnitude(x),
        [axis](const A& a) { return take(a[0], a[1], static_cast<std::ptrdiff_t>(axis)); });
}

void add_take_along(Builder& b, InstructionId x) {
  const std::size_t axis = b.random.below(b.rank(x));
  const std::size_t extent = b.shape(x)[axis];
  if (b.random.chance(0.5)) {
    const auto along = static_cast<std::ptrdiff_t>(axis);
    const InstructionId i = b.add("argmax " + std::to_string(axis) + " keep_dims", {x}, 1e3,
                                  [along](const A& a) { return argmax(a[0], along, xgrad::keep_dims); });
    b.add("take_along_axis " + std::to_string(axis), {x, i}, b.magnitude(x),
          [along](const A& a) { return take_along_axis(a[0], a[1], along); });
    return;
  }
  Shape shape = b.shape(x);
  shape[axis] = 1 + b.random.below(3);
  if (size_of(shape) > b.size_limit) return;
  const InstructionId i = indices(b, shape, extent);
  b.add("take_along_axis " + std::to_string(axis), {x, i}, b.magnitude(x),
        [axis](const A& a) { return take_along_axis(a[0], a[1], static_cast<std::ptrdiff_t>(axis)); });
}

void add_joined(Builder& b, InstructionId x) {
  const auto fits = [&](InstructionId v) { return b.shape(v) == b.shape(x); };
  const InstructionId y = b.any_where(fits).value_or(x);
  const double m = std::max(b.magnitude(x), b.magnitude(y));
  if (3 * size_of(b.shape(x)) > b.size_limit) return;
  const auto axis = static_cast<std::ptrdiff_t>(b.random.below(b.rank(x)));
  const std::string where = " axis " + std::to_string(axis);
  if (b.random.chance(0.5) && b.rank(x) < 4) {
    b.add("stack" + where, {x, y}, m, [axis](const A& a) { return xgrad::stack({a[0], a[1]}, axis); });
  } else if (b.random.chance(0.3)) {
    b.add("concatenate" + where, {x, y, x}, m, [axis](const A& a) {
      return xgrad::concatenate({a[0], a[1], a[2]}, axis);
    });
  } else {
    b.add("concatenate" + where, {x, y}, m, [axis](const A& a) { return xgrad::concatenate({a[0], a[1]}, axis); });
  }
}

}  // namespace

void add_index(Builder& b) {
  const InstructionId x = b.any_array();
  switch (b.random.below(6)) {
    case 0:
    case 1:
      return add_take(b, x);
    case 2:
      return add_take_along(b, x);
    case 3: {
      const InstructionId i = b.any_integer();
      if (b.rank(i) > 3 || 5 * size_of(b.shape(i)) > b.size_limit) return;
      const InstructionId safe =
          b.add("into range 5", {i}, 4.0, [](const A& a) { return maximum(minimum(a[0], 4), 0); });
      b.add("one_hot 5", {safe}, 1.0, [](const A& a) { return one_hot(a[0], 5); });
      return;
    }
    default:
      return add_joined(b, x);
  }
}

namespace {

constexpr double most_products = 3e6;  // of one matmul

/// A factor to the right of x, with `inner` as its first extent.
InstructionId right_factor(Builder& b, InstructionId x, std::size_t inner) {
  const auto fits = [&](InstructionId v) {
    if (!b.floating(v) || b.rank(v) == 0 || b.rank(v) > 2 || b.shape(v)[0] != inner) return false;
    return static_cast<double>(size_of(b.shape(x))) * static_cast<double>(b.shape(v).back()) < most_products;
  };
  if (b.random.chance(0.5)) {
    if (const auto found = b.any_where(fits)) return *found;
  }
  if (b.random.chance(0.25)) return b.float_input({inner});
  if (b.random.chance(0.3)) {  // to be transposed
    const InstructionId w = b.float_input({1 + b.random.below(9), inner});
    return b.add("transpose", {w}, b.magnitude(w), [](const A& a) { return transpose(a[0]); });
  }
  Shape stack;  // of matrices, whose leading axes broadcast
  if (b.rank(x) > 2 && b.random.chance(0.6)) {
    for (std::size_t i = 0; i + 2 < b.rank(x); ++i) stack.push_back(b.random.chance(0.3) ? 1 : b.shape(x)[i]);
  }
  stack.push_back(inner);
  stack.push_back(1 + b.random.below(9));
  return b.float_input(stack);
}

InstructionId multiply(Builder& b, InstructionId x, InstructionId y, std::size_t inner) {
  return b.add("matmul", {x, y}, b.magnitude(x) * b.magnitude(y) * static_cast<double>(inner),
               [](const A& a) { return matmul(a[0], a[1]); });
}

/// x^T x or x x^T, of the last two axes.
void add_gram(Builder& b, InstructionId x) {
  if (b.rank(x) < 2) return;
  const std::size_t rows = b.shape(x)[b.rank(x) - 2];
  const std::size_t columns = b.shape(x)[b.rank(x) - 1];
  const bool outer = b.random.chance(0.5);
  const std::size_t side = outer ? rows : columns;
  if (size_of(b.shape(x)) / std::max<std::size_t>(1, rows * columns) * side * side > b.size_limit) return;
  if (static_cast<double>(size_of(b.shape(x))) * static_cast<double>(side) > most_products) return;
  Strides order(b.rank(x), 0);
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  const InstructionId t = b.add("transpose " + listed(order), {x}, b.magnitude(x),
                                [order](const A& a) { return transpose(a[0], Axes(order)); });
  outer ? multiply(b, x, t, columns) : multiply(b, t, x, rows);
}

/// What comes after a product: a bias and an activation, or W - s product.
void add_after_product(Builder& b, InstructionId product) {
  const double m = b.magnitude(product);
  if (b.random.chance(0.4)) {
    const InstructionId scaled = b.random.chance(0.7)
                                     ? b.add_with_number("number * x", {product}, b.random_number(), 10.0 * m,
                                                         [](const A& a) { return a.number * a[0]; })
                                     : product;
    const auto fits = [&](InstructionId v) { return b.floating(v) && b.shape(v) == b.shape(scaled); };
    const auto found = b.any_where(fits);
    const InstructionId w = found ? *found : b.float_input(b.shape(scaled));
    if (b.random.chance(0.6)) {
      b.add("subtract", {w, scaled}, 11.0 * m, [](const A& a) { return a[0] - a[1]; });
    } else {
      b.add("add", {scaled, w}, 11.0 * m, [](const A& a) { return a[0] + a[1]; });
    }
    return;
  }
  InstructionId sum = product;
  if (b.rank(product) > 0) {
    const InstructionId bias = b.float_input(Shape{b.shape(product).back()});
    sum = b.add("add", {product, bias}, m + 2.0, [](const A& a) { return a[0] + a[1]; });
  }
  if (b.random.chance(0.5)) {
    b.add("relu", {sum}, b.magnitude(sum), [](const A& a) { return relu(a[0]); });
  } else {
    b.add("tanh", {sum}, 1.0, [](const A& a) { return tanh(a[0]); });
  }
}

/// A sum over the products of a stack, weighted by rows or by columns or not at all.
void add_sum_over_stack(Builder& b) {
  const std::size_t count = 1 + b.random.below(4);
  const std::size_t terms = 1 + b.random.below(2);
  const std::size_t rows = 1 + b.random.below(30);
  const std::size_t columns = 1 + b.random.below(30);
  const Shape stack{count};
  const auto with = [](Shape shape, std::size_t first, std::size_t second) {
    shape.push_back(first);
    shape.push_back(second);
    return shape;
  };
  const InstructionId left = b.float_input(b.random.chance(0.3) ? Shape{rows, terms} : with({count}, rows, terms));
  const InstructionId right = b.float_input(with(stack, terms, columns));
  InstructionId product = multiply(b, left, right, terms);
  if (b.random.chance(0.3)) {
    const bool of_rows = b.random.chance(0.5);
    const InstructionId weights = b.float_input(with({count}, of_rows ? rows : 1, of_rows ? 1 : columns));
    product = b.add("multiply", {weights, product}, b.magnitude(weights) * b.magnitude(product),
                    [](const A& a) { return a[0] * a[1]; });
  }
  b.add("sum 0", {product}, 4.0 * b.magnitude(product), [](const A& a) { return sum(a[0], 0); });
}

void add_integer_product(Builder& b) {
  const InstructionId i = b.any_integer();
  if (b.rank(i) == 0) return;
  const InstructionId j = b.input({b.shape(i).back(), 3}, DType::Int64, Fill::Labels);
  b.add("matmul", {i, j}, 1e6, [](const A& a) { return matmul(a[0], a[1]); });
}

}  // namespace

void add_matmul(Builder& b) {
  const InstructionId x = b.any_array();
  if (b.random.chance(0.25)) return add_gram(b, x);
  if (b.random.chance(0.1)) return add_integer_product(b);
  if (b.random.chance(0.2)) return add_sum_over_stack(b);
  if (b.rank(x) > 1 && b.random.chance(0.1)) {
    const std::size_t rows = b.shape(x)[b.rank(x) - 2];
    multiply(b, b.float_input({rows}), x, rows);
    return;
  }
  const std::size_t inner = b.shape(x).back();
  const InstructionId y = right_factor(b, x, inner);
  std::size_t result = size_of(b.shape(x)) / inner;
  if (b.rank(y) > 1) result *= b.shape(y).back();
  if (result > b.size_limit) return;
  InstructionId product = multiply(b, x, y, inner);
  if (b.random.chance(0.5)) add_after_product(b, product);
}

}  // namespace random_graphs
