// Patterns and colours that are given, and functions that have no sparse derivatives.
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "sparse_functions.hpp"

BOOST_AUTO_TEST_SUITE(test_sparse_given)

namespace xg = xgrad;
using namespace sparse_functions;
using comparing::near;
using comparing::throws;
using xg::Mode;

BOOST_AUTO_TEST_CASE(given_patterns) {
  const Var x = usual_point();
  const auto f = [](const Var& at) { return square(at) * xg::roll(at, 1, 0); };
  const Var dense = xg::jacobian(f)(x);
  const SparsityPattern found = xg::jacobian_pattern(f, x);
  const auto with = [&](SparsityPattern pattern, bool check = true, Mode mode = Mode::automatic) {
    return xg::sparse_jacobian(f, {.mode = mode, .pattern = std::move(pattern), .check = check})(x).dense();
  };
  for (const Mode mode : {Mode::automatic, Mode::forward, Mode::reverse}) {
    BOOST_TEST(near(with(found, true, mode), dense));
    // In any order, twice, and with more than there is.
    const Var order = 15 - numbers_up_to(16);
    const SparsityPattern larger{
        Shape{8, 8}, xg::concatenate({take(found.rows, order, 0), found.rows, Var(xt::xarray<int>{0})}),
        xg::concatenate({take(found.columns, order, 0), found.columns, Var(xt::xarray<int>{4})})};
    BOOST_TEST(near(with(larger, true, mode), dense));
  }
  // One that is too small is found out, also when compiled; without a check it is not.
  const SparsityPattern diagonal{Shape{8, 8}, numbers_up_to(8), numbers_up_to(8)};
  BOOST_TEST(
      throws<xg::ValueError>([&] { return with(diagonal); }, {"sparse_jacobian", "pattern lacks an entry in row 7"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return with(diagonal, true, Mode::reverse); },
                                    {"pattern lacks an entry in column 7"}));
  BOOST_TEST(!near(with(diagonal, false), dense));
  const auto compiled = xg::compile(xg::sparse_jacobian(f, {.pattern = diagonal, .check = true}));
  BOOST_TEST(throws<xg::ValueError>([&] { return compiled(x).values; }, {"pattern lacks an entry"}));
  const auto batched = xg::vmap(xg::sparse_jacobian(f, {.pattern = diagonal, .check = true}));
  BOOST_TEST(throws<xg::ValueError>([&] { return batched(xg::stack({x, x})).values; }, {"pattern lacks an entry"}));
  const SparsityPattern empty = pattern_from({8, 8}, {}, {});
  BOOST_TEST(throws<xg::ValueError>([&] { return with(empty); }, {"pattern is empty"}));
  // What lacks an entry in a row without any.
  SparsityPattern without_first = found;
  without_first.rows = view(found.rows, xt::range(2, _));
  without_first.columns = view(found.columns, xt::range(2, _));
  BOOST_TEST(throws<xg::ValueError>([&] { return with(without_first); }, {"pattern lacks an entry in row 0"}));

  BOOST_TEST(throws<xg::ShapeError>([&] { return with(pattern_from({8, 7}, {0}, {0})); }, {"[8, 7]", "[8, 8]"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return with(pattern_from({8, 8}, {0}, {8})); }, {"columns[0] is 8"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return with({Shape{8, 8}, x, x}); }, {"sparse_jacobian", "rows", "int64"}));

  const auto loss = [](const Var& at) { return sum(square(at) * xg::roll(at, 1, 0)); };
  const SparsityPattern of_loss = xg::hessian_pattern(loss, x);
  const auto second = [&](const SparsityPattern& pattern) {
    return xg::sparse_hessian(loss, {.pattern = pattern, .check = true})(x).dense();
  };
  BOOST_TEST(near(second(of_loss), xg::hessian(loss)(x)));
  BOOST_TEST(
      throws<xg::ValueError>([&] { return second(diagonal); }, {"sparse_hessian", "pattern lacks an entry in row 7"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return second(pattern_from({8, 8}, {0}, {1}));
      },
      {"not symmetric", "both halves"}));
}

BOOST_AUTO_TEST_CASE(given_colours) {
  const Var x = usual_point();
  const auto f = [](const Var& at) { return square(at) * xg::roll(at, 1, 0); };
  const Var dense = xg::jacobian(f)(x);
  const auto with = [&](std::vector<std::int64_t> colours, Mode mode = Mode::automatic) {
    return xg::sparse_jacobian(f, {.mode = mode, .colours = std::move(colours), .check = true})(x).dense();
  };
  BOOST_TEST(near(with({0, 1, 0, 1, 0, 1, 0, 1}), dense));
  BOOST_TEST(near(with({3, 1, 3, 1, 0, 1, 0, 7}), dense));
  BOOST_TEST(near(with({0, 1, 0, 1, 0, 1, 0, 1}, Mode::reverse), dense));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return with({0, 1, 0, 1, 1, 0, 2, 1});
      },
      {"sparse_jacobian", "columns 3 and 4", "the colour 1", "row 4", "different colours"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return with({0, 0, 0, 1, 0, 1, 0, 1}, Mode::reverse);
      },
      {"rows 0 and 1", "column 0"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return with({0, 1, 0, 1, 0, 1, 0, -1}); }, {"column 7 is -1"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return with({0, 1, 0, 1, 0, 1, 0, 8}); }, {"column 7 is 8"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return with({0, 1}); }, {"2 colours", "8 columns"}));
  // Of a Hessian they are those of a star colouring.
  const auto arrow = [](const Var& at) { return sum(square(at) * at) * view(at, 0); };
  const auto second = [&](std::vector<std::int64_t> colours) {
    const auto pattern = pattern_from({8, 8}, {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7},
                                      {0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7});
    return xg::sparse_hessian(arrow, {.pattern = pattern, .colours = std::move(colours), .check = true})(x).dense();
  };
  BOOST_TEST(near(second({0, 1, 1, 1, 1, 1, 1, 1}), xg::hessian(arrow)(x)));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return second({0, 1, 1, 0, 1, 1, 1, 1});
      },
      {"sparse_hessian", "star colouring"}));
}

BOOST_AUTO_TEST_CASE(wrong_functions_are_refused) {
  const Var x = usual_point();
  BOOST_TEST(throws<xg::TypeError>(
      [&] { return xg::sparse_jacobian([](const Var& at) { return at * 2; })(numbers_up_to(3)).values; },
      {"sparse_jacobian", "int64"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::sparse_jacobian([](const Var& at) { return argsort(at); })(x).values; },
                            {"sparse_jacobian", "int64"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::sparse_hessian([](const Var& at) { return at * at; })(x).values; },
                                    {"sparse_hessian", "[8]", "scalar"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::hessian_pattern([](const Var& at) { return at * at; }, x).rows; },
                                    {"hessian_pattern", "[8]", "scalar"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::jacobian_pattern([](const Var& at) { return argsort(at); }, x).rows; },
                            {"jacobian_pattern", "int64"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::sparse_jacobian([](const Var& at) { return Var(at.array<double>() * 2.0); })(x).values; },
      {"sparse_jacobian", "not recorded"}));
}

BOOST_AUTO_TEST_SUITE_END()
