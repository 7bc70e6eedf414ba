// Errors of einsum and the order of its products; tensordot, inner, vdot, kron, cross.
#include "comparing.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "ops/einsum_order.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_contractions)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::detail::IndexSet;

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
