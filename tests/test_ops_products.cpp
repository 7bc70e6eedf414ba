// Products of matrices and vectors against sums written as loops.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_products)

namespace xg = xgrad;
using namespace xt::placeholders;
using xg::Shape;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::check_same;
using xg::testing::element;
using xg::testing::elements;
using xg::testing::for_each_index;

namespace {

/// The index of an operand that broadcasts, given the index into the result.
Shape clipped(const Shape& index, const Shape& shape) {
  Shape result(index.end() - shape.size(), index.end());
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = shape[i] == 1 ? 0 : result[i];
  return result;
}

/// matmul of arrays of at least two axes.
Var reference_stacks(const Var& a, const Var& b, const Shape& leading) {
  const std::size_t inner = a.shape(-1);
  Shape shape = leading;
  shape.push_back(a.shape(-2));
  shape.push_back(b.shape(-1));
  std::vector<double> result;
  for_each_index(shape, [&](const Shape& index) {
    const std::size_t rank = index.size();
    long double total = 0;
    for (std::size_t k = 0; k < inner; ++k) {
      Shape left = index;
      left[rank - 1] = k;
      Shape right = index;
      right[rank - 2] = k;
      total += static_cast<long double>(element(a, clipped(left, a.shape()))) * element(b, clipped(right, b.shape()));
    }
    result.push_back(static_cast<double>(total));
  });
  return array_of<double>(shape, result);
}

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result;
  const std::size_t rank = std::max(a.size(), b.size());
  for (std::size_t i = 0; i < rank; ++i) {
    const std::size_t x = i + a.size() < rank ? 1 : a[i + a.size() - rank];
    const std::size_t y = i + b.size() < rank ? 1 : b[i + b.size() - rank];
    result.push_back(x == 1 ? y : x);
  }
  return result;
}

/// matmul by the rules of NumPy: vectors get an axis of extent 1, which the result loses.
Var reference_matmul(const Var& a, const Var& b) {
  const Var left = a.dimension() == 1 ? reshape(a, {1, -1}) : a;
  const Var right = b.dimension() == 1 ? reshape(b, {-1, 1}) : b;
  const auto leading = [](const Var& x) { return Shape(x.shape().begin(), x.shape().end() - 2); };
  const Var product = reference_stacks(left, right, broadcast(leading(left), leading(right)));
  xg::Strides shape(product.shape());
  if (b.dimension() == 1) shape.resize(shape.size() - 1);
  if (a.dimension() == 1) {
    const std::ptrdiff_t last = shape.back();
    shape.resize(shape.size() - 1);
    if (b.dimension() != 1) shape.back() = last;
  }
  return reshape(product, shape);
}

/// dot by its definition: a sum over the last axis of a and the last but one (or only) axis of b.
Var reference_dot(const Var& a, const Var& b) {
  const std::size_t summed = b.dimension() == 1 ? 0 : b.dimension() - 2;
  Shape shape(a.shape().begin(), a.shape().end() - 1);
  for (std::size_t i = 0; i < b.dimension(); ++i) {
    if (i != summed) shape.push_back(b.shape()[i]);
  }
  std::vector<double> result;
  for_each_index(shape, [&](const Shape& index) {
    long double total = 0;
    for (std::size_t k = 0; k < a.shape(-1); ++k) {
      Shape left(index.begin(), index.begin() + a.dimension() - 1);
      left.push_back(k);
      Shape right(index.begin() + a.dimension() - 1, index.end());
      right.insert(summed, k);
      total += static_cast<long double>(element(a, left)) * element(b, right);
    }
    result.push_back(static_cast<double>(total));
  });
  return array_of<double>(shape, result);
}

xg::testing::Random& random_numbers() {
  static xg::testing::Random random(11);
  return random;
}

/// Positive numbers: sums that do not cancel can be compared by relative error.
Var positive(const Shape& shape) { return random_numbers().uniform(shape, 0.5, 1.5); }

struct Shapes {
  Shape a, b;
};

}  // namespace

BOOST_AUTO_TEST_CASE(matmul_of_every_combination_of_ranks) {
  const std::vector<Shapes> all{{{3}, {3}},
                                {{2, 3}, {3}},
                                {{3}, {3, 4}},
                                {{2, 3}, {3, 4}},
                                {{5, 2, 3}, {3}},
                                {{3}, {5, 3, 4}},
                                {{5, 2, 3}, {3, 4}},
                                {{2, 3}, {5, 3, 4}},
                                {{5, 2, 3}, {5, 3, 4}},
                                {{5, 2, 3}, {1, 3, 4}},
                                {{1, 2, 3}, {5, 3, 4}},
                                {{6, 1, 2, 3}, {5, 3, 4}},
                                {{6, 5, 2, 3}, {3, 4}},
                                {{2, 1, 2, 3}, {1, 4, 3, 2}},
                                {{1, 1}, {1, 1}},
                                {{7, 1}, {1, 7}},
                                {{1, 7}, {7, 1}},
                                {{2, 2, 2, 2, 2, 1, 2, 3}, {3, 2}},
                                {{17, 33}, {33, 9}}};
  for (const Shapes& shapes : all) {
    BOOST_TEST_CONTEXT(to_string(shapes.a) << " x " << to_string(shapes.b)) {
      const Var a = positive(shapes.a);
      const Var b = positive(shapes.b);
      const Var expected = reference_matmul(a, b);
      check_same(matmul(a, b), expected, 1e-14);
      const Var single = matmul(cast<float>(a), cast<float>(b));
      BOOST_TEST(name(single.dtype()) == "float32");
      check_same(cast<double>(single), expected, 2e-6);
    }
  }
}

BOOST_AUTO_TEST_CASE(matmul_of_views) {
  xg::Tape tape;
  const Var a = positive({4, 6});
  const Var b = positive({6, 4});
  const Var x = tape.leaf(a);
  const Var y = tape.leaf(b);
  const auto check = [&](const Var& left, const Var& right) {
    const Var product = tape.evaluate(matmul(left, right));
    check_same(product, reference_matmul(tape.evaluate(left), tape.evaluate(right)), 1e-14);
  };
  check(x, y);
  check(transpose(y), transpose(x));
  check(x, transpose(x));
  check(transpose(x), x);
  check(view(x, xt::range(_, _, 2)), y);                                    // rows with a gap
  check(view(x, xt::all(), xt::range(_, _, 2)), view(y, xt::range(0, 3)));  // columns with a gap
  check(view(x, xt::range(1, 3), xt::range(2, 5)), view(y, xt::range(0, 3), xt::range(1, 3)));
  check(view(x, xt::range(_, _, -1)), view(y, xt::all(), xt::range(_, _, -1)));
  check(transpose(view(x, xt::all(), xt::range(1, 4))), view(y, xt::range(0, 4)));
  check(broadcast_to(view(x, 1), {5, 6}), y);  // rows that are one row
  check(broadcast_to(expand_dims(view(y, 2), 1), {4, 3}), broadcast_to(Var(2.0), {3, 2}));
  check(view(x, 0), view(y, xt::all(), 1));
  const Var stack = tape.leaf(positive({2, 3, 4}));
  check(transpose(stack, {0, 2, 1}), stack);
  check(transpose(stack), view(stack, xt::newaxis(), xt::all(), xt::range(0, 3), 1));
  check(transpose(stack, {1, 0, 2}), x);  // extents fit only after reordering
}

BOOST_AUTO_TEST_CASE(matmul_with_nothing_to_sum_is_zero) {
  const auto empty = [](const Shape& shape) { return array_of<double>(shape, {}); };
  check_elements<double>(matmul(empty({2, 0}), empty({0, 3})), {2, 3}, std::vector<double>(6, 0.0));
  check_elements<double>(matmul(empty({0}), empty({0})), {}, {0.0});
  check_elements<double>(matmul(empty({2, 0}), empty({0})), {2}, {0.0, 0.0});
  check_elements<double>(matmul(empty({2, 3, 0}), empty({0, 4})), {2, 3, 4}, std::vector<double>(24, 0.0));
  check_elements<double>(matmul(empty({2, 3, 0}), empty({2, 0, 1})), {2, 3, 1}, std::vector<double>(6, 0.0));
  check_elements<double>(matmul(empty({0, 2}), positive({2, 3})), {0, 3}, {});
  check_elements<double>(matmul(positive({3, 2}), empty({2, 0})), {3, 0}, {});
  check_elements<double>(matmul(empty({0, 2, 2}), positive({2, 3})), {0, 2, 3}, {});
  check_elements<double>(matmul(positive({1, 2, 2}), empty({0, 2, 3})), {0, 2, 3}, {});
  check_elements<double>(dot(empty({2, 0}), empty({3, 0, 4})), {2, 3, 4}, std::vector<double>(24, 0.0));
  check_elements<double>(outer(empty({0}), positive({3})), {0, 3}, {});
}

BOOST_AUTO_TEST_CASE(matmul_keeps_nan_and_infinity) {
  const Var a = array_of<double>({2, 2}, {1.0, 2.0, NAN, INFINITY});
  check_elements<double>(matmul(a, array_of<double>({2}, {1.0, 0.0})), {2}, {1.0, NAN});
  check_elements<double>(matmul(a, array_of<double>({2}, {0.0, 1.0})), {2}, {2.0, NAN});
}

BOOST_AUTO_TEST_CASE(dot_sums_over_the_last_and_the_last_but_one_axis) {
  const std::vector<Shapes> all{
      {{3}, {3}},       {{2, 3}, {3}},    {{3}, {3, 2}},       {{2, 3}, {3, 4}},       {{2, 3}, {5, 3, 4}},
      {{3}, {5, 3, 4}}, {{2, 4, 3}, {3}}, {{2, 4, 3}, {3, 5}}, {{2, 4, 3}, {5, 3, 2}}, {{1, 3}, {2, 2, 3, 2}}};
  for (const Shapes& shapes : all) {
    BOOST_TEST_CONTEXT(to_string(shapes.a) << " . " << to_string(shapes.b)) {
      const Var a = positive(shapes.a);
      const Var b = positive(shapes.b);
      check_same(dot(a, b), reference_dot(a, b), 1e-14);
    }
  }
  check_elements<double>(dot(2.0, Var(xt::xarray<double>{{1.0, 2.0}})), {1, 2}, {2.0, 4.0});
  check_elements<double>(dot(Var(xt::xarray<double>{1.0, 2.0}), 3), {2}, {3.0, 6.0});
}

BOOST_AUTO_TEST_CASE(outer_multiplies_all_pairs) {
  check_elements<double>(outer(Var(xt::xarray<double>{1.0, 2.0}), Var(xt::xarray<double>{3.0, 4.0, 5.0})), {2, 3},
                         {3, 4, 5, 6, 8, 10});
  check_elements<double>(outer(Var(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}), Var(2.0)), {4, 1}, {2, 4, 6, 8});
}

namespace {

/// A vector of equal numbers.
template <class T>
Var filled(const Shape& shape, T value) {
  auto array = xg::Array<T>::from_shape(shape);
  array.fill(value);
  return {std::move(array)};
}

}  // namespace

BOOST_AUTO_TEST_CASE(long_products_of_floats_keep_their_digits) {
  constexpr std::size_t n = 1'000'000;
  const Var x = filled<float>({n}, 0.1F);
  const double exact = n * static_cast<double>(0.1F) * static_cast<double>(0.1F);
  const auto fits = [](float found, double expected) {
    return std::abs(static_cast<double>(found) - expected) < 3e-7 * expected;
  };
  BOOST_TEST(fits(dot(x, x).item<float>(), exact));
  BOOST_TEST(dot(x, x).item<float>() == sum(x * x).item<float>());
  BOOST_TEST(fits(matmul(reshape(x, {1, -1}), reshape(x, {-1, 1})).item<float>(), exact));
  // A matrix times a vector and a vector times a matrix, the matrix row-major or transposed: pieces of 512 are added up
  // in float.
  const Var tall = filled<float>({n, 3}, 0.1F);
  const Var wide = filled<float>({3, n}, 0.1F);
  for (const Var& product :
       {matmul(wide, x), matmul(x, tall), matmul(transpose(tall), x), matmul(x, transpose(wide))}) {
    BOOST_TEST(to_string(product.shape()) == "[3]");
    for (const float each : elements<float>(product)) {
      BOOST_TEST(std::abs(static_cast<double>(each) - exact) < 2e-6 * exact);
    }
  }
}

BOOST_AUTO_TEST_CASE(products_with_vectors_of_every_layout) {
  xg::testing::Random random(31);
  for (const std::size_t m : {1U, 2U, 5U, 300U, 1100U}) {
    for (const std::size_t k : {1U, 2U, 7U, 600U, 1500U}) {
      const Var a = random.uniform({m, k});
      const Var b = random.uniform({k, m});
      const Var x = random.uniform({k});
      for (const Var& matrix : {a, Var(transpose(b))}) {
        const Var expected = sum(matrix * x, 1);
        for (const Var& product : {matmul(matrix, x), matmul(x, transpose(matrix))}) {
          BOOST_TEST(to_string(product.shape()) == to_string(Shape{m}));
          BOOST_TEST(amax(abs(product - expected)).item<double>() < 1e-15 * static_cast<double>(k + 2));
          const Var narrow = sum(cast<double>(matmul(cast<float>(matrix), cast<float>(x))) - expected);
          BOOST_TEST(std::abs(narrow.item<double>()) < 1e-6 * static_cast<double>(k + 2) * std::sqrt(m));
        }
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
