// Sums of products over indices: einsum against loops over all indices, the order of its products and what they become,
// errors; and what is made of one product.
#include "comparing.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/xgrad.hpp>

#include "ops/einsum_order.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_contractions)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Axes;
using xg::Shape;
using xg::Var;
using xg::detail::IndexSet;
using Extents = std::map<char, std::size_t>;

namespace {

Shape shape_of(const std::string& letters, const Extents& extents) {
  Shape shape;
  for (const char letter : letters) shape.push_back(extents.at(letter));
  return shape;
}

/// Where the element stands, given the value of each index.
std::size_t place(const std::string& letters, const Extents& extents, const Extents& values) {
  std::size_t result = 0;
  for (const char letter : letters) result = result * extents.at(letter) + values.at(letter);
  return result;
}

/// Every index from 0 on, in loops.
Var by_loops(const std::vector<std::string>& operands, const std::string& result, const Extents& extents,
             const std::vector<Var>& arrays) {
  auto total = xg::Array<double>::from_shape(shape_of(result, extents));
  std::fill(total.data(), total.data() + total.size(), 0.0);
  std::vector<std::vector<double>> elements;
  for (const Var& each : arrays) elements.push_back(comparing::doubles(each));
  std::size_t count = 1;
  for (const auto& [letter, extent] : extents) count *= extent;
  for (std::size_t at = 0; at < count; ++at) {
    Extents values;
    std::size_t rest = at;
    for (const auto& [letter, extent] : extents) {
      values[letter] = rest % extent;
      rest /= extent;
    }
    double product = 1.0;
    for (std::size_t i = 0; i < operands.size(); ++i) product *= elements[i][place(operands[i], extents, values)];
    total.data()[place(result, extents, values)] += product;
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

std::size_t count_in(const std::string& text, const std::string& what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
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

// ---- the order of multiplications

namespace {

double size_of(IndexSet set, const std::vector<std::size_t>& extents) {
  double size = 1.0;
  for (std::size_t i = 0; i < extents.size(); ++i) size *= (set >> i & 1U) != 0 ? static_cast<double>(extents[i]) : 1.0;
  return size;
}

/// The indices of a product of two of these factors.
IndexSet left_over(const std::vector<IndexSet>& factors, std::size_t i, std::size_t j, IndexSet result) {
  IndexSet others = result;
  for (std::size_t k = 0; k < factors.size(); ++k) others |= k == i || k == j ? 0 : factors[k];
  return (factors[i] | factors[j]) & others;
}

/// Multiplications and elements of products, of one order.
double cost_of(std::vector<IndexSet> factors, IndexSet result, const std::vector<std::size_t>& extents) {
  double cost = 0.0;
  for (const auto [first, second] : xg::detail::order_of_multiplications(factors, result, extents)) {
    const IndexSet left = left_over(factors, first, second, result);
    cost += size_of(factors[first] | factors[second], extents) + size_of(left, extents);
    factors[first] = factors[second] = 0;
    factors.push_back(left);
  }
  return cost;
}

/// Of all orders the least, which are tried one by one.
double least_cost(const std::vector<IndexSet>& factors, IndexSet result, const std::vector<std::size_t>& extents) {
  if (factors.size() == 1) return 0.0;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < factors.size(); ++i) {
    for (std::size_t j = i + 1; j < factors.size(); ++j) {
      const IndexSet left = left_over(factors, i, j, result);
      std::vector<IndexSet> rest = factors;
      rest[i] = left;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(j));
      least = std::min(least, size_of(factors[i] | factors[j], extents) + size_of(left, extents) +
                                  least_cost(rest, result, extents));
    }
  }
  return least;
}

/// A chain of matrices: factor i has the indices i and i + 1.
std::vector<IndexSet> chain(std::size_t length) {
  std::vector<IndexSet> factors;
  for (std::size_t i = 0; i < length; ++i) factors.push_back(IndexSet{3} << i);
  return factors;
}

}  // namespace

BOOST_AUTO_TEST_CASE(no_order_of_few_is_better) {
  std::mt19937 bits(5);
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<IndexSet> factors;
    std::vector<std::size_t> extents;
    for (int i = 0; i < 7; ++i) extents.push_back(2 + bits() % 9);
    for (std::size_t i = 2 + bits() % 4; i > 0; --i) factors.push_back(bits() & bits() & 127U);
    const IndexSet result = bits() & bits() & 127U;
    for (IndexSet& each : factors) {  // as they are when all else has been summed
      IndexSet others = result;
      for (const IndexSet& other : factors) others |= &other == &each ? 0 : other;
      each &= others;
    }
    BOOST_TEST(cost_of(factors, result, extents) == least_cost(factors, result, extents));
  }
}

BOOST_AUTO_TEST_CASE(twelve_are_multiplied_in_a_good_order) {
  // A vector at the end of a chain of matrices: from there, 11 products with a vector.
  std::vector<std::size_t> extents(13, 30);
  std::vector<IndexSet> factors = chain(12);
  factors.back() = IndexSet{1} << 11U;
  BOOST_TEST(cost_of(factors, 1, extents) == 11.0 * (900.0 + 30.0));
  // Two rows of six tensors with bonds to the next one and to each other: column by column.
  std::vector<IndexSet> ladder;
  for (unsigned i = 0; i < 6; ++i) {
    for (const unsigned row : {0U, 8U}) {
      IndexSet indices = IndexSet{1} << (16U + i);
      if (i > 0) indices |= IndexSet{1} << (row + i - 1);
      if (i < 5) indices |= IndexSet{1} << (row + i);
      ladder.push_back(indices);
    }
  }
  BOOST_TEST(cost_of(ladder, 0, std::vector<std::size_t>(22, 10)) <= 12.0 * 11000.0);
  // Fifty factors, extents that overflow: it ends.
  BOOST_TEST(xg::detail::order_of_multiplications(chain(50), 0, std::vector<std::size_t>(51, 1)).size() == 49U);
  const std::vector<std::size_t> huge(60, std::size_t{1} << 62U);
  BOOST_TEST(xg::detail::order_of_multiplications(chain(50), ~IndexSet{0} >> 4U, huge).size() == 49U);
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

// ---- errors of einsum

BOOST_AUTO_TEST_CASE(an_equation_that_does_not_parse_shows_the_place) {
  const Var x = wave({2, 2});
  const auto refused = [&](const std::string& equation, const std::string& excerpt, const std::string& why) {
    return throws<xg::ValueError>([&] { return xg::einsum(equation, {x, x}); }, {"einsum", why, excerpt});
  };
  BOOST_TEST(refused("ij,j%->i", "\n  ij,j%->i\n      ^", "nothing else"));
  BOOST_TEST(refused("i1,jk", "\n  i1,jk\n   ^", "letters"));
  BOOST_TEST(refused("ij,j.k", "\n  ij,j.k\n      ^", "three dots"));
  BOOST_TEST(refused("..", "\n  ..\n  ^", "three dots"));
  BOOST_TEST(refused("...i...,jk", "\n  ...i...,jk\n      ^", "at most one ellipsis"));
  BOOST_TEST(refused("ij,jk>ik", "\n  ij,jk>ik\n       ^", "nothing else"));
  BOOST_TEST(refused("ij,jk-ik", "\n  ij,jk-ik\n       ^", "nothing else"));
  BOOST_TEST(refused("ij,jk->i->k", "\n  ij,jk->i->k\n          ^", "at most one \"->\""));
  BOOST_TEST(refused("ij,jk->i,k", "\n  ij,jk->i,k\n          ^", "one result"));
  BOOST_TEST(refused("ij,jk->iz", "\n  ij,jk->iz\n          ^", "z of the result is one of no operand"));
  BOOST_TEST(refused("ij,jk->iki", "\n  ij,jk->iki\n           ^", "i of the result is named twice"));
  BOOST_TEST(refused("i...,jk->ik", "\n  i...,jk->ik\n             ^", "ellipsis"));
  BOOST_TEST(refused("ij,\t\xc3\xa4", "\n  ij,???\n     ^", "nothing else"));
  const std::string before(100, ' ');
  BOOST_TEST(
      refused(before + "%" + before,
              "\n  ..." + std::string(40, ' ') + "%" + std::string(39, ' ') + "...\n" + std::string(45, ' ') + "^",
              "nothing else"));
}

BOOST_AUTO_TEST_CASE(operands_that_do_not_fit_the_equation) {
  const Var x = wave({2, 3});
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::einsum("ij,jk", {x}); }, {"einsum", "2 arrays", "given is 1"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::einsum("ij", std::vector<Var>{}); }, {"einsum", "1 array", "0"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::einsum("ij,jk", {x, wave({4, 5})});
      },
      {"einsum", "index j", "3 long in operand 0", "[2, 3]", "4 in operand 1", "[4, 5]"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::einsum("ij,jk", {x, wave({1, 5})});
      },
      {"index j", "1 in operand 1"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::einsum("ii", {x}); }, {"index i", "2 long", "3 in operand 0"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::einsum("ijk", {x}); }, {"3 axes", "\"ijk\"", "[2, 3]", "has 2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::einsum("i", {x}); }, {"1 axis", "[2, 3]", "has 2"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::einsum("...ijk", {x}); }, {"at least 3 axes", "has 2"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::einsum("...j,...j", {x, wave({4, 3})});
      },
      {"axis -1 of the ellipsis", "2 long in operand 0", "4 in operand 1"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::einsum("abcde,fghij->abcdefghij", {wave({1, 1, 1, 1, 1}), wave({1, 1, 1, 1, 1})});
      },
      {"einsum", "10 dimensions"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::einsum("ij", {Var()}); }, {"einsum"}));
}

// ---- what is made of one product

BOOST_AUTO_TEST_CASE(tensordot_sums_over_pairs_of_axes) {
  const Var a = wave({2, 3, 4});
  const Var b = wave({3, 4, 5}, 1.0);
  BOOST_TEST(near(tensordot(a, b), xg::einsum("ijk,jkl->il", {a, b})));
  BOOST_TEST(near(tensordot(a, wave({4, 3}), 1), xg::einsum("ijk,kl->ijl", {a, wave({4, 3})})));
  BOOST_TEST(near(tensordot(a, wave({2}), 0), xg::einsum("ijk,l->ijkl", {a, wave({2})})));
  BOOST_TEST(near(tensordot(a, b, {2, 1}, {1, 0}), tensordot(a, b)));
  BOOST_TEST(near(tensordot(a, b, {-1}, {1}), xg::einsum("ijk,lkm->ijlm", {a, b})));
  BOOST_TEST(near(tensordot(a, wave({4, 2, 3}), {0, 2}, {1, 0}), xg::einsum("ijk,kil->jl", {a, wave({4, 2, 3})})));
  BOOST_TEST(near(tensordot(a, a, {}, {}), sum(a * a)));
  BOOST_TEST(same(tensordot(wave({2, 0}), wave({0, 3}), 1), xg::zeros({2, 3})));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, 3); }, {"tensordot", "axis 0", "equal", "[2, 3, 4]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, 4); }, {"tensordot", "is 4", "0 to 3"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, -1); }, {"tensordot", "is -1", "0 to 3"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, {0, 1}, {0}); }, {"tensordot", "2 axes", "1 of the"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, {1, 1}, {0, 0}); }, {"tensordot", "twice"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return tensordot(a, b, {3}, {0}); }, {"tensordot", "axis 3", "range"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return tensordot(wave({1, 1, 1, 1, 1}), wave({1, 1, 1, 1}), 0);
      },
      {"tensordot", "9 dimensions"}));
}

BOOST_AUTO_TEST_CASE(inner_and_vdot) {
  const Var a = wave({2, 3});
  const Var b = wave({4, 3}, 1.0);
  BOOST_TEST(near(inner(a, b), matmul(a, transpose(b))));
  BOOST_TEST(near(inner(wave({3}), wave({3})), dot(wave({3}), wave({3}))));
  BOOST_TEST(near(inner(2.0, a), 2.0 * a));
  BOOST_TEST(throws<xg::ShapeError>([&] { return inner(a, wave({3, 2})); }, {"inner", "[2, 3]", "[3, 2]", "axis 1"}));
  BOOST_TEST(near(vdot(a, wave({3, 2})), sum(flatten(a) * flatten(wave({3, 2})))));
  BOOST_TEST(near(xg::vdot(2.0, 3.0), Var(xg::Array<double>(Shape(), 6.0))));
  BOOST_TEST(throws<xg::ShapeError>([&] { return vdot(a, b); }, {"vdot", "[2, 3]", "[4, 3]", "as many"}));
}

BOOST_AUTO_TEST_CASE(kron_is_made_of_blocks) {
  const Var a = xt::xarray<double>{{1, 2}, {3, 4}};
  const Var b = xt::xarray<double>{{0, 5, -1}};
  BOOST_TEST(same(kron(a, b), Var(xt::xarray<double>{{0, 5, -1, 0, 10, -2}, {0, 15, -3, 0, 20, -4}})));
  BOOST_TEST(same(kron(b, a), Var(xt::xarray<double>{{0, 0, 5, 10, -1, -2}, {0, 0, 15, 20, -3, -4}})));
  BOOST_TEST(same(kron(Var(xt::xarray<double>{1, 10}), a), Var(xt::xarray<double>{{1, 2, 10, 20}, {3, 4, 30, 40}})));
  BOOST_TEST(near(kron(wave({3}), wave({4})), flatten(outer(wave({3}), wave({4})))));
  BOOST_TEST(near(kron(2.0, a), 2.0 * a));
  BOOST_TEST(kron(wave({2, 0}), wave({3, 2})).shape() == (Shape{6, 0}));
  BOOST_TEST(kron(wave({2, 1, 2, 1, 2}), wave({1, 2, 1, 2, 2})).shape() == (Shape{2, 2, 2, 2, 4}));
  // Of four axes each: the product of Kronecker products is that of products.
  const Var c = wave({2, 2, 2, 2});
  BOOST_TEST(near(sum(kron(c, c)), square(sum(c))));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return kron(wave({2, 2, 2, 2, 2}), wave({2, 2, 2, 2}));
      },
      {"kron", "[2, 2, 2, 2, 2]", "8", "9"}));
}

BOOST_AUTO_TEST_CASE(cross_of_two_and_three_elements) {
  const Var a = xt::xarray<double>{1, 2, 3};
  const Var b = xt::xarray<double>{4, 5, 7};
  BOOST_TEST(same(cross(a, b), Var(xt::xarray<double>{-1, 5, -3})));
  BOOST_TEST(same(cross(view(a, xt::range(0, 2)), view(b, xt::range(0, 2))), Var(xg::Array<double>(Shape(), -3.0))));
  BOOST_TEST(same(cross(view(a, xt::range(0, 2)), b), Var(xt::xarray<double>{14, -7, -3})));
  BOOST_TEST(same(cross(b, view(a, xt::range(0, 2))), Var(xt::xarray<double>{-14, 7, 3})));
  const Var many = cross(wave({4, 3}), b);
  for (int i = 0; i < 4; ++i) BOOST_TEST(same(view(many, i), cross(view(wave({4, 3}), i), b)));
  BOOST_TEST(same(cross(transpose(wave({4, 3})), wave({3, 1}), 0), transpose(cross(wave({4, 3}), wave({1, 3})))));
  BOOST_TEST(cross(wave({0, 3}), wave({3})).shape() == (Shape{0, 3}));
  BOOST_TEST(cross(wave<float>({3}), wave<float>({3})).dtype() == xg::DType::Float32);
  BOOST_TEST(throws<xg::ShapeError>([&] { return cross(wave({4}), a); }, {"cross", "[4]", "[3]", "2 or 3"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return cross(a, b, 1); }, {"cross", "axis 1", "range"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return cross(wave({2, 3}), wave({4, 3})); }, {"cross", "[2]", "[4]"}));
}

BOOST_AUTO_TEST_SUITE_END()
