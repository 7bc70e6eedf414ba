// Where derivative rules and shapes come to their limits.
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include <boost/test/unit_test.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_ops_limits)

namespace xg = xgrad;

BOOST_AUTO_TEST_CASE(mixed_second_derivative_of_pow_at_exponent_zero) {
  const auto f = [](const xg::Var& a, const xg::Var& b) { return pow(a, b); };
  BOOST_TEST(xg::testing::check_gradients(f, 2.0, 0.0));
  BOOST_TEST(xg::testing::check_gradients(f, xt::xarray<double>{0.5, 3.0}, xt::xarray<double>{0.0, 0.0}));
  BOOST_TEST(
      xg::grad<1>([&](const xg::Var& a, const xg::Var& b) { return xg::grad<0>(f)(a, b); })(2.0, 0.0).item<double>() ==
      0.5);
  // Without the exponent moving, a^0 is constant whatever a is.
  const xg::Var bases = xt::xarray<double>{0.0, 1e-310, std::numeric_limits<double>::infinity(), std::nan(""), 2.0};
  const xg::Var gradient = xg::grad([](const xg::Var& a) { return sum(pow(a, 0.0)); })(bases);
  for (const double each : gradient.array<double>()) BOOST_TEST(each == 0.0);
}

BOOST_AUTO_TEST_CASE(forward_mode_behind_a_where) {
  const auto f = [](const xg::Var& x) { return sqrt(where(x > 0.0, x, 0.0)); };
  const xg::Var x = xt::xarray<double>{-1.0, 4.0};
  const auto [value, tangent] = xg::jvp(f, x, xt::xarray<double>{1.0, 1.0});
  const xg::Var gradient = xg::grad([&](const xg::Var& a) { return sum(f(a)); })(x);
  for (std::size_t i = 0; i < 2; ++i) {
    BOOST_TEST(tangent.array<double>()(i) == (i == 0 ? 0.0 : 0.25));
    BOOST_TEST(gradient.array<double>()(i) == (i == 0 ? 0.0 : 0.25));
  }
  // The second derivative in every order of modes.
  const auto total = [&](const xg::Var& a) { return sum(f(a)); };
  const xg::Var ones = xt::xarray<double>{1.0, 1.0};
  for (const xg::Mode outer : {xg::Mode::forward, xg::Mode::reverse}) {
    for (const xg::Mode inner : {xg::Mode::forward, xg::Mode::reverse}) {
      const xg::Var h = xg::jacobian(xg::jacobian(total, inner), outer)(x);
      BOOST_TEST(h.array<double>()(0, 0) == 0.0);
      BOOST_TEST(h.array<double>()(1, 1) == -1.0 / 32.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(joined_extents_that_no_number_holds) {
  const auto says_so = [](const xg::ShapeError& error) {
    return std::string(error.what()).find("joined extent of axis 0") != std::string::npos;
  };
  // Seventeen of these add up to 2^64 and as much as an array may have.
  xg::Tape tape;
  const xg::Var part = broadcast_to(tape.leaf(xt::xarray<bool>{true}), {(std::size_t{1} << 60U) - 1});
  BOOST_CHECK_EXCEPTION((void)xg::concatenate(std::vector<xg::Var>(17, part)), xg::ShapeError, says_so);
}

BOOST_AUTO_TEST_CASE(shapes_beyond_the_address_space) {
  const auto says_so = [](const xg::ShapeError& error) {
    return std::string(error.what()).find("address space") != std::string::npos;
  };
  constexpr std::size_t huge = (std::size_t{1} << 60U) + 1;
  const xg::Var sixteen = xt::xarray<double>::from_shape({16});
  BOOST_CHECK_EXCEPTION((void)reshape(sixteen, {huge, 16}), xg::ShapeError, says_so);
  BOOST_CHECK_EXCEPTION((void)xg::broadcast_to(2.0, {huge, 16}), xg::ShapeError, says_so);
  xg::Tape tape;
  const xg::Var leaf = tape.leaf(1.0);
  BOOST_CHECK_EXCEPTION((void)broadcast_to(leaf, {std::size_t{1} << 32U, std::size_t{1} << 32U}), xg::ShapeError,
                        says_so);
  const xg::Var column = broadcast_to(leaf, {std::size_t{1} << 32U});
  BOOST_CHECK_EXCEPTION((void)outer(column, column), xg::ShapeError, says_so);
  BOOST_CHECK_EXCEPTION((void)one_hot(xg::Var(xt::xarray<int>{1, 2}), std::size_t{1} << 63U), xg::ShapeError, says_so);
}

BOOST_AUTO_TEST_CASE(braced_shapes_mix_signed_and_unsigned) {
  const xg::Var x = xt::xarray<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}};
  const std::size_t last = 1;
  const int three = 3;
  BOOST_TEST((reshape(x, {x.shape(1), -1}).shape() == xg::Shape{3, 2}));
  BOOST_TEST((sum(x, {last}).shape() == xg::Shape{2}));
  BOOST_TEST((broadcast_to(x, {last, x.shape(0), three}).shape() == xg::Shape{1, 2, 3}));
}

BOOST_AUTO_TEST_CASE(gradient_of_many_joined_parts) {
  const auto f = [](const xg::Var& x) {
    std::vector<xg::Var> parts;
    for (int i = 0; i < 3000; ++i) parts.push_back(x * static_cast<double>(i));
    return sum(xg::stack(parts));
  };
  BOOST_TEST(xg::grad(f)(1.0).item<double>() == 2999.0 * 3000.0 / 2.0);
}

BOOST_AUTO_TEST_SUITE_END()
