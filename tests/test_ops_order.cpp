// Sorting, running sums, sums at places, the gamma function, and requirements of values.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_order)

namespace xg = xgrad;
using comparing::same;
using comparing::throws;
using xg::argsort;
using xg::cumsum;
using xg::logcumsumexp;
using xg::Order;
using xg::polygamma;
using xg::Requirement;
using xg::sort;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

BOOST_AUTO_TEST_CASE(sorting_is_stable_and_puts_nan_last) {
  const Var x = xt::xarray<double>{2.0, not_a_number, -infinity, 2.0, -0.0, 0.0, infinity};
  check_elements<std::int64_t>(argsort(x), {7}, {2, 4, 5, 0, 3, 6, 1});
  check_elements<std::int64_t>(argsort(x, 0, Order::Descending), {7}, {6, 0, 3, 4, 5, 2, 1});
  check_elements<std::int64_t>(argsort(Var(xt::xarray<bool>{true, false, true})), {3}, {1, 0, 2});
  check_elements<std::int64_t>(sort(Var(xt::xarray<int>{{3, 1}, {2, 5}}), 0), {2, 2}, {2, 1, 3, 5});
}

BOOST_AUTO_TEST_CASE(the_first_few_are_those_of_the_sorted_array) {
  const Var x = xt::xarray<double>{2.0, not_a_number, -infinity, 2.0, -0.0, 0.0, infinity};
  for (const Order order : {Order::Ascending, Order::Descending}) {
    for (std::size_t k = 0; k <= 7; ++k) {
      const auto [values, places] = xg::top_k(x, k, 0, order);
      BOOST_TEST(same(places, view(argsort(x, 0, order), xt::range(0, k))));
      BOOST_TEST(same(values, view(sort(x, 0, order), xt::range(0, k))));
    }
  }
  // Few of many, in any layout; what is equal keeps its order.
  const Var many = transpose(reshape(cast(comparing::wave({1200}) * 2.0, xg::DType::Int64), {400, 3}));
  const auto [values, places] = xg::top_k(many, 3, 1);
  BOOST_TEST(same(places, view(argsort(many, 1, Order::Descending), xt::all(), xt::range(0, 3))));
  BOOST_TEST(same(values, view(sort(many, 1, Order::Descending), xt::all(), xt::range(0, 3))));
  BOOST_TEST(same(xg::top_k(transpose(many), 3, 0).first, transpose(values)));
  check_elements<bool>(xg::top_k(Var(xt::xarray<bool>{false, true, false}), 2).first, {2}, {true, false});
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::top_k(Var(1.0), 1).first; }, {"top_k"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::top_k(x, 8).first; }, {"top_k", "8 of 7", "axis 0"}));
}

BOOST_AUTO_TEST_CASE(outputs_that_nobody_needs_are_not_made) {
  const auto values = xg::compile([](const Var& x) { return xg::top_k(x, 2).first * 1.0; });
  const auto both = xg::compile([](const Var& x) { return xg::top_k(x, 2); });
  const Var x = comparing::wave({3, 5});
  BOOST_TEST(same(values(x), xg::top_k(x, 2).first));
  BOOST_TEST(same(std::get<1>(both(x)), xg::top_k(x, 2).second));
  // One kernel for both; equal ones are one.
  const auto twice = xg::compile([](const Var& y) {
    const auto [first, places] = xg::top_k(y, 2);
    const auto [again, others] = xg::top_k(y, 2);
    return std::tuple{first + again, places + others};
  });
  const std::string plan = twice.plan(x);
  BOOST_TEST(plan.find("top_k") != std::string::npos, plan);
  BOOST_TEST(plan.find("top_k") == plan.rfind("top_k"), plan);
}

BOOST_AUTO_TEST_CASE(running_sums_go_along_any_axis) {
  const Var x = xt::xarray<int>{{1, 2, 3}, {4, 5, 6}};
  check_elements<std::int64_t>(cumsum(x), {2, 3}, {1, 3, 6, 4, 9, 15});
  check_elements<std::int64_t>(cumsum(x, 0, xg::Direction::Backward), {2, 3}, {5, 7, 9, 4, 5, 6});
  check_elements<std::int64_t>(cumsum(Var(xt::xarray<bool>{true, true, false})), {3}, {1, 2, 2});
  // A hundred thousand steps of 0.1 in float, added up in double.
  const Var tenths = 0.1F * xt::ones<float>({100000});
  BOOST_TEST(std::abs(amax(cumsum(tenths)).item<float>() - 10000.0F) < 0.01F);
}

BOOST_AUTO_TEST_CASE(running_results_of_any_associative_function) {
  for (std::size_t n = 0; n < 20; ++n) {
    const Var x = comparing::wave({n, 2});
    const auto sums = [](const Var& a, const Var& b) { return a + b; };
    BOOST_TEST(comparing::near(xg::associative_scan(sums, x), cumsum(x, 0)), n);
    BOOST_TEST(comparing::near(xg::associative_scan(sums, x, 0, xg::Direction::Backward),
                               cumsum(x, 0, xg::Direction::Backward)),
               n);
  }
  const Var x = xt::xarray<double>{2.0, -1.0, 0.0, 3.0};
  check_elements<double>(xg::cumprod(x), {4}, {2.0, -2.0, -0.0, -0.0});
  check_elements<double>(xg::cumprod(x, 0, xg::Direction::Backward), {4}, {-0.0, -0.0, 0.0, 3.0});
  check_elements<double>(xg::cummax(x), {4}, {2.0, 2.0, 2.0, 3.0});
  check_elements<double>(xg::cummin(x, 0, xg::Direction::Backward), {4}, {-1.0, -1.0, 0.0, 3.0});
  check_elements<std::int64_t>(xg::cumprod(Var(xt::xarray<bool>{true, true, false, true})), {4}, {1, 1, 0, 0});
  check_elements<double>(xg::cummax(Var(xt::xarray<double>{1.0, not_a_number, 2.0})), {3},
                         {1.0, not_a_number, not_a_number});
  // Two arrays at once: x[i] = a[i] x[i - 1] + b[i].
  using Pair = std::pair<Var, Var>;
  const auto affine = [](const Var& a, const Var& b) {
    return xg::associative_scan(
               [](const Pair& p, const Pair& q) {
                 return Pair{q.first * p.first, q.first * p.second + q.second};
               },
               Pair{a, b})
        .second;
  };
  const auto loop = [](const Var& a, const Var& b) {
    const auto step = [](const Var& c, const Pair& e) {
      const Var next = e.first * c + e.second;
      return std::pair{next, next};
    };
    return xg::scan(step, Var(xt::xarray<double>(0.0)), Pair{a, b}).second;
  };
  const Var a = comparing::wave({7});
  const Var b = comparing::wave({7}, 1.0);
  BOOST_TEST(comparing::near(affine(a, b), loop(a, b)));
  const auto slope = [&](const auto& f) { return xg::grad([&](const Var& y) { return sum(square(f(y, b))); })(a); };
  BOOST_TEST(comparing::near(slope(affine), slope(loop), 1e-11));
  BOOST_TEST(throws<xg::ShapeError>([&] { return affine(a, comparing::wave({6})); },
                                    {"associative_scan", "[7] (0)", "[6] (1)"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return xg::associative_scan([](const Var& p, const Var&) { return sum(p); }, a); },
                             {"associative_scan", "[]", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::cumprod(2.0); }, {"cumprod"}));
}

BOOST_AUTO_TEST_CASE(logcumsumexp_keeps_what_is_small_beside_what_is_large) {
  const Var x = xt::xarray<float>{-10000.0F, -10000.0F, 10000.0F, 0.0F};
  const float ln2 = std::log(2.0F);
  check_elements<float>(logcumsumexp(x), {4}, {-10000.0F, -10000.0F + ln2, 10000.0F, 10000.0F}, 1e-6);
  check_elements<float>(logcumsumexp(x, 0, xg::Direction::Backward), {4}, {10000.0F, 10000.0F, 10000.0F, 0.0F}, 1e-6);
  check_elements<double>(logcumsumexp(Var(xt::xarray<double>{-infinity, -infinity, 1.0})), {3},
                         {-infinity, -infinity, 1.0}, 1e-15);
  check_elements<double>(logcumsumexp(array_of<double>({0}, {})), {0}, {});
  check_elements<double>(
      xg::grad([](const Var& z) { return view(logcumsumexp(z), 2); })(xt::xarray<double>{-infinity, -infinity, 1.0}),
      {3}, {0.0, 0.0, 1.0});
  check_elements<double>(xg::grad([](const Var& z) { return sum(logcumsumexp(z)); })(xt::xarray<double>{-1e4, 1e4}),
                         {2}, {1.0, 1.0});
}

BOOST_AUTO_TEST_CASE(the_gamma_function_at_special_numbers) {
  const double euler = 0.57721566490153286061;
  const Var x = xt::xarray<double>{1.0, 2.0, 0.5, 0.0, -1.0, infinity, -infinity, not_a_number, -0.5, 171.0};
  check_elements<double>(xg::lgamma(x), {10},
                         {0.0, 0.0, 0.57236494292470008707, infinity, infinity, infinity, infinity, not_a_number,
                          1.2655121234846454, 706.57306224578735},
                         1e-14);
  check_elements<double>(xg::digamma(x), {10},
                         {-euler, 1.0 - euler, -euler - 2.0 * std::log(2.0), not_a_number, not_a_number, infinity,
                          not_a_number, not_a_number, 0.03648997397857652056, 5.13873673002448},
                         1e-13);
  const double pi = 3.14159265358979323846;
  check_elements<double>(polygamma(1, x), {10},
                         {pi * pi / 6.0, pi * pi / 6.0 - 1.0, pi * pi / 2.0, infinity, infinity, 0.0, not_a_number,
                          not_a_number, pi * pi / 2.0 + 4.0, 0.00586508582648347},
                         1e-13);
  check_elements<double>(polygamma(xt::xarray<double>{-1.0, 0.5, 0.0, 3.0}, 1.0), {4},
                         {not_a_number, not_a_number, -euler, std::pow(pi, 4.0) / 15.0}, 1e-14);
  check_elements<float>(xg::lgamma(array_of<float>({1}, {0.5F})), {1}, {0.5723649429F}, 1e-6);
}

BOOST_AUTO_TEST_CASE(the_gamma_function_far_below_zero) {
  // From the reflection formulas; sin(pi x)^2 is 1/2 and cot(pi x) -1.
  const double pi = 3.14159265358979323846;
  const double x = -3'000'000'000.25;
  const double logarithm = std::log(1.0 - x);
  check_elements<double>(xg::lgamma(x), {}, {std::log(pi) + std::log(2.0) / 2 - std::lgamma(1.0 - x)}, 1e-15);
  check_elements<double>(xg::digamma(x), {}, {logarithm - 0.5 / (1.0 - x) + pi}, 1e-14);
  check_elements<double>(polygamma(1, x), {}, {2 * pi * pi - 1 / (1.0 - x)}, 1e-14);
  check_elements<double>(polygamma(2, x), {}, {4 * std::pow(pi, 3)}, 1e-14);
  check_elements<double>(xg::testing::slope(xg::lgamma, x), {}, {logarithm - 0.5 / (1.0 - x) + pi}, 1e-14);
  for (const double far : {-0x1p31 - 0.5, -0x1p40 - 0.25, -0x1p51 - 0.5}) {
    BOOST_TEST(xg::testing::fits(xg::lgamma(far).item<double>(), std::lgamma(far), 1e-14));
    BOOST_TEST(std::isfinite(xg::digamma(far).item<double>()));
    for (const double n : {1.0, 2.0, 3.0}) BOOST_TEST(std::isfinite(polygamma(n, far).item<double>()));
  }
  for (const double pole : {-0x1p31, -0x1p60, -1e300}) {
    BOOST_TEST(xg::lgamma(pole).item<double>() == infinity);
    BOOST_TEST(std::isnan(xg::digamma(pole).item<double>()));
    BOOST_TEST(polygamma(1, pole).item<double>() == infinity);
  }
}

BOOST_AUTO_TEST_CASE(sums_at_places) {
  const Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}, {5.0, 6.0}};
  check_elements<double>(scatter_add(x, xt::xarray<int>{1, 1, -1}, 3, 0), {3, 2}, {0, 0, 4, 6, 5, 6});
  check_elements<double>(scatter_add(x, xt::xarray<int>{{0, 1}, {1, 0}, {0, 0}}, 2, 0), {2}, {16, 5});
  check_elements<double>(scatter_add_along_axis(x, xt::xarray<int>{{0, 0}, {1, 2}, {2, 2}}, 3, 1), {3, 3},
                         {3, 0, 0, 0, 3, 4, 0, 0, 11});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return scatter_add(x, xt::xarray<int>{0, 1}, 3, 0);
      },
      {"scatter_add", "[3, 2]", "[2]", "axis 0"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return scatter_add_along_axis(x, array_of<std::int64_t>({1, 1}, {0}), 3, 0);
      },
      {"scatter_add_along_axis", "[3, 2]", "[1, 1]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return scatter_add(x, xt::xarray<double>{0, 1, 2}, 3, 0); }, {"scatter_add"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return scatter_add(x, xt::xarray<int>{0, 1, 3}, 3, 0); }, {"3"}));
}

BOOST_AUTO_TEST_CASE(axes_that_are_not_there) {
  const Var x = xt::xarray<double>{1.0, 2.0};
  BOOST_TEST(throws<xg::ShapeError>([&] { return sort(x, 1); }, {"sort", "1"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return cumsum(x, -2); }, {"cumsum"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return logcumsumexp(Var(1.0)); }, {"logcumsumexp"}));
}

namespace {

Var masks(const xg::Shape& shape, std::initializer_list<bool> values) {
  auto array = xg::Array<bool>::from_shape(shape);
  std::copy(values.begin(), values.end(), array.data());
  return {std::move(array)};
}

Var below(const Var& x, double limit) {
  static const Requirement requirement("below: the number {} is not below {}");
  return checked(x, x < limit, requirement, static_cast<std::int64_t>(limit));
}

}  // namespace

BOOST_AUTO_TEST_CASE(requirements_are_checked_when_values_are_computed) {
  const Var x = xt::xarray<double>{1.0, 7.5, 2.0, 9.0};
  BOOST_TEST(same(below(x, 10.0), x));
  BOOST_TEST(throws<xg::ValueError>([&] { return below(x, 7.0); }, {"below: the number 7.5 is not below 7"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return below(array_of<float>({1}, {8.0F}), 7.0); }, {"8"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return below(Var(8.0), 7.0); }, {"8"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return below(array_of<double>({1}, {not_a_number}), 7.0); }, {"nan"}));
  BOOST_TEST(below(array_of<double>({0}, {}), 1.0).size() == 0U);
  xg::Tape tape;
  const Var recorded = sum(square(below(tape.leaf(x), 7.0)));  // nothing is computed yet
  BOOST_TEST(throws<xg::ValueError>([&] { return recorded.item<double>(); }, {"7.5"}));
  // Only the gradient is asked for, which needs the checked value.
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::grad([](const Var& z) { return sum(square(below(z, 7.0))); })(x); }, {"7.5"}));
}

BOOST_AUTO_TEST_CASE(the_first_broken_value_is_named_whatever_the_number_of_threads) {
  auto numbers = xg::Array<double>::from_shape({300000});
  numbers.fill(1.0);
  numbers(123456) = 50.0;
  numbers(123457) = 60.0;
  numbers(299999) = 70.0;
  const Var x(std::move(numbers));
  for (const int threads : {1, 3}) {
    xg::set_threads(threads);
    BOOST_TEST(throws<xg::ValueError>([&] { return sum(exp(below(x, 7.0))).item<double>(); }, {"50"}));
  }
  xg::set_threads(1);
}

BOOST_AUTO_TEST_CASE(conditions_broadcast_to_the_values_only) {
  static const Requirement requirement("a row is forbidden");
  const Var x = xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}};
  BOOST_TEST(same(checked(x, masks({2, 1}, {true, true}), requirement), x));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return checked(x, masks({2, 1}, {true, false}), requirement);
      },
      {"forbidden"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return checked(Var(1.0), xt::xarray<bool>{true, true}, requirement);
      },
      {"checked", "[2]", "[]"}));
  // In sums of rows, where the check is one of each row.
  const auto loss = [&](const Var& z) {
    const Var totals = sum(z, 1);
    return sum(checked(totals, totals > 5.0, requirement));
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::value_and_grad(loss)(x); }, {"forbidden"}));
  BOOST_TEST(same(xg::grad(loss)(3.0 * x), ones_like(x)));
}

// Running products are right where they can be represented, whatever products of neighbours are.
BOOST_AUTO_TEST_CASE(running_products_of_any_size) {
  const auto row = [](const std::vector<double>& x) { return array_of<double>({x.size()}, x); };
  const Var up_and_down = row({1e200, 1e-200, 1e200, 1e-200});
  check_elements<double>(xg::cumprod(up_and_down), {4}, {1e200, 1.0, 1e200, 1.0}, 1e-15);
  check_elements<double>(xg::cumprod(row({1e-200, 1e-200, 1e200, 1e200})), {4}, {1e-200, 0.0, 1e-200, 1.0}, 1e-15);
  check_elements<double>(xg::cumprod(row({1e200, 1e200, 0.0, infinity})), {4}, {1e200, infinity, 0.0, not_a_number});
  check_elements<double>(xg::cumprod(row({5e-324, 1e300, 1e300, 1e-290})), {4},
                         {5e-324, 4.9406564584124654e-24, 4.9406564584124654e276, 4.9406564584124654e-14}, 1e-14);
  // The last product alone: the others of each factor.
  const auto last = [](const Var& v) { return view(xg::cumprod(v), -1); };
  check_elements<double>(xg::grad(last)(up_and_down), {4}, {1e-200, 1e200, 1e-200, 1e200}, 1e-15);
  // From zero on all are zero, with the derivative by the zero itself, which is the product of the rest.
  const Var rising = cast<double>(xg::arange(400));
  BOOST_TEST(same(xg::cumprod(rising), zeros_like(rising)));
  const Var slope_of_last = xg::grad(last)(row({0.0, 2.0, 3.0}));
  check_elements<double>(slope_of_last, {3}, {6.0, 0.0, 0.0});
  // Also where the rest is larger than a number can be: the other factors still have the derivative 0.
  const auto all = [](const Var& v) { return sum(xg::cumprod(v)); };
  check_elements<double>(xg::grad(all)(row({0.0, 1e300, 1e300})), {3}, {infinity, 0.0, 0.0});
  check_elements<double>(xg::grad(last)(row({0.0, 1e300, 1e300})), {3}, {infinity, 0.0, 0.0});
  check_elements<double>(xg::grad(all)(row({0.0, 1e300, 1e300, 1e300, 1e300, 2.0})), {6},
                         {infinity, 0.0, 0.0, 0.0, 0.0, 0.0});
  check_elements<double>(xg::grad(last)(row({3.0, 0.0, 1e300, 1e300, 1e-300})), {5}, {0.0, 3e300, 0.0, 0.0, 0.0},
                         1e-14);
  check_elements<double>(xg::grad(last)(row({2.0, 0.0, 1e-300, 1e-300, 1e300})), {5}, {0.0, 2e-300, 0.0, 0.0, 0.0},
                         1e-14);
  const auto second = [](const Var& v) { return view(xg::cumprod(v), 1); };
  check_elements<double>(xg::grad(second)(row({0.0, 1e300, 1e300, 1e300})), {4}, {1e300, 0.0, 0.0, 0.0}, 1e-14);
  const auto first = [](const Var& v) { return view(xg::cumprod(v), 0); };
  check_elements<double>(xg::grad(first)(row({0.0, 1e300, 1e300, 1e300})), {4}, {1.0, 0.0, 0.0, 0.0}, 1e-14);
  check_elements<double>(xg::cumprod(row({-0.0, 1e300, 1e300, -2.0})), {4}, {-0.0, -0.0, -0.0, 0.0});
  const Var floats = array_of<float>({3}, {0.0F, 1e30F, 1e30F});
  check_elements<float>(xg::grad(all)(floats), {3}, {std::numeric_limits<float>::infinity(), 0.0F, 0.0F});
  // Halves and twos: powers of two all the way, in float32 too.
  xt::xarray<float> halves = xt::ones<float>({512});
  for (std::size_t i = 0; i < 256; ++i) halves(i) = 2.0F;
  for (std::size_t i = 256; i < 512; ++i) halves(i) = 0.5F;
  const Var products = xg::cumprod(Var(halves));
  check_elements<float>(view(products, xt::keep(0, 100, 126, 127, 300, 510, 511)), {7},
                        {2.0F, 0x1p101F, 0x1p127F, std::numeric_limits<float>::infinity(),
                         std::numeric_limits<float>::infinity(), 2.0F, 1.0F});
  check_elements<float>(view(xg::grad([&](const Var& v) { return last(v); })(Var(halves)), xt::keep(0, 511)), {2},
                        {0.5F, 2.0F});
}

BOOST_AUTO_TEST_SUITE_END()
