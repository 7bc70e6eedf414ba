// einsum against loops over all indices, and what its steps are.
#include "comparing.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

#include "ops/contraction.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_einsum)

namespace xg = xgrad;
using comparing::count_in;
using comparing::near;
using comparing::same;
using comparing::wave;
using xg::Shape;
using xg::Var;
using Extents = std::map<char, std::size_t>;

namespace {

Shape shape_of(const std::string& letters, const Extents& extents) {
  Shape shape;
  for (const char letter : letters) shape.push_back(extents.at(letter));
  return shape;
}

/// For each index, how far apart its neighbours stand.
std::vector<std::size_t> strides_of(const std::string& letters, const Extents& extents) {
  std::map<char, std::size_t> strides;
  for (const auto& [letter, extent] : extents) strides[letter] = 0;
  std::size_t stride = 1;
  for (std::size_t i = letters.size(); i-- > 0; stride *= extents.at(letters[i])) strides[letters[i]] += stride;
  std::vector<std::size_t> result;
  for (const auto& [letter, each] : strides) result.push_back(each);
  return result;
}

/// Every index from 0 on, in loops.
Var by_loops(const std::vector<std::string>& operands, const std::string& result, const Extents& extents,
             const std::vector<Var>& arrays) {
  auto total = xg::Array<double>::from_shape(shape_of(result, extents));
  std::fill(total.data(), total.data() + total.size(), 0.0);
  std::vector<std::vector<double>> elements;
  std::vector<std::vector<std::size_t>> strides;
  for (const Var& each : arrays) elements.push_back(comparing::doubles(each));
  for (const std::string& each : operands) strides.push_back(strides_of(each, extents));
  strides.push_back(strides_of(result, extents));
  std::vector<std::size_t> counts;
  for (const auto& [letter, extent] : extents) counts.push_back(extent);
  const std::size_t count = std::accumulate(counts.begin(), counts.end(), std::size_t{1}, std::multiplies<>());
  std::vector<std::size_t> values(counts.size(), 0);
  for (std::size_t at = 0; at < count; ++at) {
    const auto place = [&](std::size_t i) {
      return std::inner_product(values.begin(), values.end(), strides[i].begin(), std::size_t{0});
    };
    double product = 1.0;
    for (std::size_t i = 0; i < operands.size(); ++i) product *= elements[i][place(i)];
    total.data()[place(operands.size())] += product;
    for (std::size_t i = 0; i < values.size() && ++values[i] == counts[i]; ++i) values[i] = 0;
  }
  return {std::move(total)};
}

std::string equation_of(const std::vector<std::string>& operands, const std::string& result) {
  std::string text;
  for (const std::string& each : operands) text += (&each == operands.data() ? "" : ",") + each;
  return text + "->" + result;
}

/// An equation of any operands.
struct AnyEquation {
  std::vector<std::string> operands;
  std::string result;
  Extents extents;
  std::vector<Var> arrays;
};

AnyEquation any_equation(std::mt19937& bits) {
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(bits() % n); };
  AnyEquation any;
  const std::string letters = "abcdef";
  const std::size_t count = 1 + below(4);
  for (std::size_t i = 0; i < count; ++i) {
    std::string operand;
    for (std::size_t n = below(5); n > 0; --n) operand += letters[below(letters.size())];
    any.operands.push_back(operand);
    for (const char letter : operand) {
      if (!any.extents.contains(letter)) any.extents[letter] = below(12) == 0 ? 0 : 1 + below(3);
    }
  }
  for (const auto& [letter, extent] : any.extents) {
    if (below(2) == 0)
      any.result.insert(any.result.begin() + static_cast<std::ptrdiff_t>(below(any.result.size() + 1)), letter);
  }
  for (const std::string& operand : any.operands) {
    any.arrays.push_back(wave(shape_of(operand, any.extents), static_cast<double>(any.arrays.size())));
  }
  return any;
}

}  // namespace

// ---- values of einsum

BOOST_AUTO_TEST_CASE(any_equation_is_as_loops_say) {
  std::mt19937 bits(3);
  for (int trial = 0; trial < 1500; ++trial) {
    const AnyEquation any = any_equation(bits);
    const std::string equation = equation_of(any.operands, any.result);
    BOOST_TEST_CONTEXT(equation) {
      BOOST_TEST(
          near(xg::einsum(equation, any.arrays), by_loops(any.operands, any.result, any.extents, any.arrays), 1e-11));
    }
  }
}

BOOST_AUTO_TEST_CASE(recorded_is_as_computed_at_once) {
  std::mt19937 bits(4);
  for (int trial = 0; trial < 100; ++trial) {
    const AnyEquation any = any_equation(bits);
    const std::string equation = equation_of(any.operands, any.result);
    const auto f = [&](const Var& x) {
      std::vector<Var> arrays = any.arrays;
      arrays[0] = x;
      return xg::einsum(equation, arrays);
    };
    BOOST_TEST_CONTEXT(equation) { BOOST_TEST(near(xg::compile(f)(any.arrays[0]), f(any.arrays[0]), 1e-11)); }
  }
}

BOOST_AUTO_TEST_CASE(ellipses_broadcast_and_come_first) {
  const Var a = wave({2, 1, 3, 4});
  const Var b = wave({5, 4, 2}, 1.0);
  BOOST_TEST(near(xg::einsum("...ij,...jk->...ik", {a, b}), matmul(a, b)));
  BOOST_TEST(near(xg::einsum("...ij,...jk", {a, b}), matmul(a, b)));
  BOOST_TEST(near(xg::einsum("i...->...i", {wave({2, 3, 4})}), transpose(wave({2, 3, 4}), {1, 2, 0})));
  BOOST_TEST(near(xg::einsum("...,...", {wave({3, 1}), wave({4})}), wave({3, 1}) * wave({4})));
  BOOST_TEST(near(xg::einsum("i...j,...->...ij", {wave({2, 3, 1, 2}), wave({4})}),
                  transpose(wave({2, 3, 1, 2}) * reshape(wave({4}), {4, 1}), {1, 2, 0, 3})));
  BOOST_TEST(near(xg::einsum("...i->...", {wave({2, 3})}), sum(wave({2, 3}), 1)));
  BOOST_TEST(near(xg::einsum("...ii->...i", {wave({2, 3, 3})}), diagonal(wave({2, 3, 3}), 0, 1, 2)));
  BOOST_TEST(near(xg::einsum("ij->...ji", {wave({2, 3})}), transpose(wave({2, 3}))));
  BOOST_TEST(near(xg::einsum("...a,a...->a...", {wave({1, 3}), wave({3, 0})}), xg::zeros({3, 0})));
}

BOOST_AUTO_TEST_CASE(implied_results_are_sorted) {
  const Var x = wave({2, 3});
  BOOST_TEST(same(xg::einsum("ba", {x}), transpose(x)));
  BOOST_TEST(same(xg::einsum("aB", {x}), transpose(x)));  // capitals first
  BOOST_TEST(same(xg::einsum("ab", {x}), x));
  BOOST_TEST(near(xg::einsum("ii", {wave({3, 3})}), trace(wave({3, 3}))));
  BOOST_TEST(near(xg::einsum(" i j , j k -> k i ", {x, wave({3, 2}, 1.0)}), transpose(matmul(x, wave({3, 2}, 1.0)))));
  BOOST_TEST(near(xg::einsum("i,i->", {wave({3}), wave({3})}), dot(wave({3}), wave({3}))));
}

BOOST_AUTO_TEST_CASE(scalars_and_empty_arrays) {
  const Var two(xg::Array<double>(Shape(), 2.0));
  BOOST_TEST(same(xg::einsum("", {two}), two));
  BOOST_TEST(same(xg::einsum(",->", {two, two}), xg::full({}, 4.0)));
  BOOST_TEST(near(xg::einsum(",ij", {two, wave({2, 3})}), 2.0 * wave({2, 3})));
  BOOST_TEST(xg::einsum(",i", {3.0, wave<float>({2})}).dtype() == xg::DType::Float32);
  BOOST_TEST(same(xg::einsum("ij,jk", {wave({2, 0}), wave({0, 3})}), xg::zeros({2, 3})));
  BOOST_TEST(same(xg::einsum("ij->", {wave({2, 0})}), xg::full({}, 0.0)));
  BOOST_TEST(xg::einsum("bij,bjk->bik", {wave({0, 2, 3}), wave({0, 3, 2})}).shape() == (Shape{0, 2, 2}));
  BOOST_TEST(xg::einsum("ii->i", {wave({0, 0})}).shape() == (Shape{0}));
}

BOOST_AUTO_TEST_CASE(element_types_promote) {
  const Var f =
      xg::einsum("bij,bjk,k->bi", {wave<float>({3, 4, 5}), wave<float>({3, 5, 6}, 1.0), wave<float>({6}, 2.0)});
  const Var d = xg::einsum("bij,bjk,k->bi", {wave({3, 4, 5}), wave({3, 5, 6}, 1.0), wave({6}, 2.0)});
  BOOST_TEST(f.dtype() == xg::DType::Float32);
  BOOST_TEST(near(cast<double>(f), d, 1e-4));
  const Var counts = xt::xarray<std::int64_t>{{1, 2}, {3, 4}};
  BOOST_TEST(same(xg::einsum("ij,jk", {counts, counts}), matmul(counts, counts)));
  BOOST_TEST(same(xg::einsum("ij,ij->i", {counts, counts}), Var(xt::xarray<std::int64_t>{5, 25})));
  BOOST_TEST(same(xg::einsum("ij->j", {counts > 1}), Var(xt::xarray<std::int64_t>{1, 2})));
  BOOST_TEST(xg::einsum("ij,j", {counts, wave<float>({2})}).dtype() == xg::DType::Float64);
  // A float32 sum of many products is added up in double.
  const Var many = xg::full({3, 100000}, 0.1F);
  BOOST_TEST(near(xg::einsum("bi,bi->b", {many, many}), xg::full({3}, 0.1F * 0.1F * 100000.0F), 1e-5));
}

// ---- what its steps are

BOOST_AUTO_TEST_CASE(steps_are_products_of_matrices_without_copies) {
  const auto plan = [](const std::string& equation, const std::vector<Shape>& shapes) {
    xg::Tape tape;
    std::vector<Var> leaves;
    for (const Shape& shape : shapes) leaves.push_back(tape.leaf(wave(shape)));
    return xg::draw::plan({xg::einsum(equation, leaves)});
  };
  const auto is_one_product = [&](const std::string& equation, const std::vector<Shape>& shapes) {
    const std::string text = plan(equation, shapes);
    BOOST_TEST_CONTEXT(equation << "\n" << text) {
      BOOST_TEST(count_in(text, " product of ") == 1U);
      BOOST_TEST(count_in(text, ": 1 step") == 1U);
    }
  };
  is_one_product("ij,jk->ik", {{3, 4}, {4, 5}});
  is_one_product("ij,jk->ki", {{3, 4}, {4, 5}});
  is_one_product("ji,kj->ik", {{4, 3}, {5, 4}});
  is_one_product("bhqd,bhkd->bhqk", {{2, 3, 4, 5}, {2, 3, 6, 5}});
  is_one_product("aij,ijb->ab", {{2, 3, 4}, {3, 4, 5}});
  is_one_product("ijk,k->ij", {{2, 3, 4}, {4}});
  BOOST_TEST(count_in(plan("abij,jick->abck", {{2, 3, 4, 5}, {5, 4, 3, 2}}), ": 2 steps") == 1U);  // one is moved
}

BOOST_AUTO_TEST_CASE(others_are_loops_without_products_of_matrices) {
  xg::Tape tape;
  const Var a = tape.leaf(wave({2, 3, 4, 5}));
  const Var b = tape.leaf(wave({2, 5}));
  const std::string mask = xg::draw::plan({xg::einsum("bhqk,bk->bhqk", {a, b})});
  BOOST_TEST(count_in(mask, ": 1 step") == 1U);
  BOOST_TEST(count_in(mask, "multiply") == 1U);
  const std::string sums = xg::draw::plan({xg::einsum("bi,bi->b", {b, b})});
  BOOST_TEST(count_in(sums, " product of ") == 0U);
  BOOST_TEST(count_in(sums, ": 1 step") == 1U);
}

BOOST_AUTO_TEST_CASE(twelve_operands) {
  const std::string letters = "abcdefghijklm";
  std::vector<Var> arrays;
  std::string equation;
  Var expected;
  for (std::size_t i = 0; i < 12; ++i) {
    arrays.push_back(0.3 * wave({3, 3}, static_cast<double>(i)));
    equation += (i > 0 ? "," : "") + letters.substr(i, 2);
    expected = i > 0 ? matmul(expected, arrays.back()) : arrays.back();
  }
  BOOST_TEST(near(xg::einsum(equation + "->am", arrays), expected));
  BOOST_TEST(near(xg::einsum(equation + "->", arrays), sum(expected)));
}

BOOST_AUTO_TEST_CASE(products_on_the_way_have_any_number_of_indices) {
  // Each of these has a bond to each of the other six, so that the product of two has ten, and that of three has
  // twelve.
  const std::string letters = "abcdefghijklmnopqrstu";
  std::vector<std::string> operands(7);
  std::size_t next = 0;
  Extents extents;
  for (std::size_t i = 0; i < 7; ++i) {
    for (std::size_t j = i + 1; j < 7; ++j, ++next) {
      operands[i] += letters[next];
      operands[j].insert(operands[j].begin(), letters[next]);
      extents[letters[next]] = next % 2 == 0 ? 2 : 1;
    }
  }
  for (const char letter : std::string("bdfh")) extents[letter] = 2;  // 2^15 terms
  std::vector<Var> arrays;
  for (const std::string& each : operands) {
    arrays.push_back(wave(shape_of(each, extents), static_cast<double>(arrays.size())));
  }
  for (const std::string result : {"", "ou", "hbd"}) {
    BOOST_TEST(
        near(xg::einsum(equation_of(operands, result), arrays), by_loops(operands, result, extents, arrays), 1e-10));
  }
}

/// As einsum, of arrays with more axes than a Var can have: all are vectors.
void check_vectors(const std::vector<std::string>& operands, const std::string& result, const Extents& extents) {
  const auto numbers = [](const std::string& indices) {
    xg::detail::IndexList list;
    for (const char letter : indices) list.push_back(static_cast<std::uint8_t>(letter - 'a'));
    return list;
  };
  std::vector<Var> arrays;
  std::vector<xg::detail::Factor> factors;
  for (const std::string& each : operands) {
    std::size_t size = 1;
    for (const char letter : each) size *= extents.at(letter);
    arrays.push_back(wave({size}, static_cast<double>(arrays.size())));
    factors.push_back({arrays.back(), numbers(each)});
  }
  std::vector<std::size_t> list;
  for (const auto& [letter, extent] : extents) list.push_back(extent);
  BOOST_TEST_CONTEXT(equation_of(operands, result)) {
    BOOST_TEST(near(xg::detail::contract("test", factors, numbers(result), list),
                    by_loops(operands, result, extents, arrays), 1e-9));
  }
}

BOOST_AUTO_TEST_CASE(more_indices_than_axes) {
  std::mt19937 bits(6);
  const std::string letters = "abcdefghijkl";
  Extents extents;
  for (const char letter : letters) extents[letter] = 2;
  const auto some = [&](std::size_t least, std::size_t most) {
    std::string result = letters;
    for (std::size_t i = result.size(); i > 1; --i) std::swap(result[i - 1], result[bits() % i]);
    return result.substr(0, least + bits() % (most - least + 1));
  };
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<std::string> operands{letters};
    for (std::size_t i = 1 + bits() % 3; i > 0; --i) operands.push_back(some(5, 12));
    check_vectors(operands, some(0, 8), extents);
  }
  // The first two are multiplied first, element by element, and every second index is one of both.
  extents = {{'j', 40}, {'k', 40}};
  for (const char letter : std::string("abcdefghi")) extents[letter] = 2;
  check_vectors({"abcdefghi", "hdbf", "bdfhj", "acegik"}, "jk", extents);
}

BOOST_AUTO_TEST_SUITE_END()
