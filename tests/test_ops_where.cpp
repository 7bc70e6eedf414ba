// `where` lets nothing of the branch not taken through: no NaN and no infinity, in values and derivatives of any order.
#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"
#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_where)

namespace xg = xgrad;
using xg::concatenate;
using xg::stack;
using xg::Var;
using xg::testing::array_of;
using xg::testing::check_elements;
using xg::testing::infinity;
using xg::testing::not_a_number;

namespace {

using Function = std::function<Var(const Var&)>;
using Reference = std::function<double(double)>;

Var row(std::initializer_list<double> values) { return xt::xarray<double>(values); }

/// The diagonal matrix of second derivatives of a function that works element by element.
std::vector<double> diagonal(const std::vector<double>& values) {
  std::vector<double> matrix(values.size() * values.size(), 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) matrix[i * values.size() + i] = values[i];
  return matrix;
}

/// Value, first and second derivatives of f, which works element by element, in all modes and on a whole array, so that
/// elements of both branches stand side by side.
void check(const std::string& name, const Function& f, const std::vector<double>& at, const Reference& value,
           const Reference& first, const Reference& second) {
  BOOST_TEST_CONTEXT(name) {
    const std::size_t n = at.size();
    const Var x = array_of<double>({n}, at);
    const auto map = [&](const Reference& g) {
      std::vector<double> result;
      for (const double each : at) result.push_back(g(each));
      return result;
    };
    constexpr double tolerance = 1e-13;
    check_elements<double>(f(x), {n}, map(value), tolerance);
    const auto total = [&](const Var& y) { return sum(f(y)); };
    const auto gradient = [&](const Var& y) { return xg::grad(total)(y); };
    check_elements<double>(gradient(x), {n}, map(first), tolerance);
    check_elements<double>(jvp(f, x, ones_like(x)).tangent, {n}, map(first), tolerance);
    check_elements<double>(xg::jacobian(f, xg::Mode::forward)(x), {n, n}, diagonal(map(first)), tolerance);
    check_elements<double>(xg::jacobian(f, xg::Mode::reverse)(x), {n, n}, diagonal(map(first)), tolerance);
    check_elements<double>(xg::grad([&](const Var& y) { return sum(gradient(y)); })(x), {n}, map(second), tolerance);
    check_elements<double>(hvp(total, x, ones_like(x)), {n}, map(second), tolerance);
    check_elements<double>(xg::hessian(total)(x), {n, n}, diagonal(map(second)), tolerance);
    check_elements<double>(xg::jacobian(gradient, xg::Mode::reverse)(x), {n, n}, diagonal(map(second)), tolerance);
  }
}

double zero(double) { return 0.0; }

/// One formula for positive numbers, another one for the others.
Reference positive(Reference yes, Reference no) {
  return [=](double x) { return x > 0 ? yes(x) : no(x); };
}

const std::vector<double> points{2.0, 0.0, -1.0, 0.25, -0.0, -3.0};

}  // namespace

BOOST_AUTO_TEST_CASE(functions_that_end_at_zero) {
  check(
      "log", [](const Var& x) { return where(x > 0.0, log(x), 0.0); }, points,
      positive([](double x) { return std::log(x); }, zero), positive([](double x) { return 1 / x; }, zero),
      positive([](double x) { return -1 / (x * x); }, zero));
  check(
      "sqrt", [](const Var& x) { return where(x > 0.0, sqrt(x), 0.0); }, points,
      positive([](double x) { return std::sqrt(x); }, zero),
      positive([](double x) { return 0.5 / std::sqrt(x); }, zero),
      positive([](double x) { return -0.25 * std::pow(x, -1.5); }, zero));
  check(
      "1/x", [](const Var& x) { return where(x > 0.0, 1.0 / x, x); }, points,
      positive([](double x) { return 1 / x; }, [](double x) { return x; }),
      positive([](double x) { return -1 / (x * x); }, [](double) { return 1.0; }),
      positive([](double x) { return 2 / (x * x * x); }, zero));
  check(
      "the other branch", [](const Var& x) { return where(x <= 0.0, square(x), log(x)); }, points,
      positive([](double x) { return std::log(x); }, [](double x) { return x * x; }),
      positive([](double x) { return 1 / x; }, [](double x) { return 2 * x; }),
      positive([](double x) { return -1 / (x * x); }, [](double) { return 2.0; }));
}

BOOST_AUTO_TEST_CASE(chains_of_infinite_partial_derivatives) {
  check(
      "log sqrt", [](const Var& x) { return where(x > 0.0, log(sqrt(x)), 0.0); }, points,
      positive([](double x) { return 0.5 * std::log(x); }, zero), positive([](double x) { return 0.5 / x; }, zero),
      positive([](double x) { return -0.5 / (x * x); }, zero));
  check(
      "pow / x", [](const Var& x) { return where(x > 0.0, pow(x, 0.5) / x, x); }, points,
      positive([](double x) { return std::pow(x, -0.5); }, [](double x) { return x; }),
      positive([](double x) { return -0.5 * std::pow(x, -1.5); }, [](double) { return 1.0; }),
      positive([](double x) { return 0.75 * std::pow(x, -2.5); }, zero));
  check(
      "x ln x", [](const Var& x) { return where(x > 0.0, x * log(x), 0.0); }, points,
      positive([](double x) { return x * std::log(x); }, zero),
      positive([](double x) { return std::log(x) + 1; }, zero), positive([](double x) { return 1 / x; }, zero));
  check(
      "pow(x, x)", [](const Var& x) { return where(x > 0.0, pow(x, x), 0.0); }, points,
      positive([](double x) { return std::pow(x, x); }, zero),
      positive([](double x) { return std::pow(x, x) * (std::log(x) + 1); }, zero),
      positive([](double x) { return std::pow(x, x) * (std::pow(std::log(x) + 1, 2) + 1 / x); }, zero));
  check(
      "exp(-1/x)", [](const Var& x) { return where(x > 0.0, exp(-1.0 / x), 0.0); }, points,
      positive([](double x) { return std::exp(-1 / x); }, zero),
      positive([](double x) { return std::exp(-1 / x) / (x * x); }, zero),
      positive([](double x) { return std::exp(-1 / x) * (1 - 2 * x) / std::pow(x, 4); }, zero));
  check(
      "exp(1/x)", [](const Var& x) { return where(x < 0.0, exp(1.0 / x), where(x > 0.0, x, 0.0)); },
      {-1.0, 0.0, -0.0, 1e-4, 2.0}, [](double x) { return x < 0 ? std::exp(1 / x) : x; },
      [](double x) { return x < 0   ? -std::exp(1 / x) / (x * x)
                            : x > 0 ? 1.0
                                    : 0.0; },
      [](double x) { return x < 0 ? std::exp(1 / x) * (1 + 2 * x) / std::pow(x, 4) : 0.0; });
  check(
      "sin(x)/x", [](const Var& x) { return where(equal(x, 0.0), 1.0, sin(x) / x); }, {0.0, 1.0, -0.0, -2.0},
      [](double x) { return x == 0 ? 1.0 : std::sin(x) / x; },
      [](double x) { return x == 0 ? 0.0 : std::cos(x) / x - std::sin(x) / (x * x); },
      [](double x) {
        return x == 0 ? 0.0 : -std::sin(x) / x - 2 * std::cos(x) / (x * x) + 2 * std::sin(x) / (x * x * x);
      });
}

BOOST_AUTO_TEST_CASE(choices_within_choices) {
  check(
      "nested",
      [](const Var& x) {
        return where(x > 0.0, where(x > 1.0, log(x - 1.0), sqrt(1.0 - x)), where(x < -1.0, log(-1.0 - x), x));
      },
      {3.0, 0.5, 0.0, -0.5, -3.0},
      [](double x) {
        return x > 1 ? std::log(x - 1) : x > 0 ? std::sqrt(1 - x) : x < -1 ? std::log(-1 - x) : x;
      },
      [](double x) {
        return x > 1 ? 1 / (x - 1) : x > 0 ? -0.5 / std::sqrt(1 - x) : x < -1 ? 1 / (1 + x) : 1.0;
      },
      [](double x) {
        return x > 1    ? -std::pow(x - 1, -2.0)
               : x > 0  ? -0.25 * std::pow(1 - x, -1.5)
               : x < -1 ? -std::pow(1 + x, -2.0)
                        : 0.0;
      });
  check(
      "guarded argument",  // the usual way around libraries that leak must work as well
      [](const Var& x) { return where(x > 0.0, log(where(x > 0.0, x, 1.0)), 0.0); }, points,
      positive([](double x) { return std::log(x); }, zero), positive([](double x) { return 1 / x; }, zero),
      positive([](double x) { return -1 / (x * x); }, zero));
  check(
      "before and after",
      [](const Var& x) { return square(where(x > 0.0, sqrt(x), 0.0)) + 3.0 * where(x > 0.0, log(x), x); }, points,
      positive([](double x) { return x + 3 * std::log(x); }, [](double x) { return 3 * x; }),
      positive([](double x) { return 1 + 3 / x; }, [](double) { return 3.0; }),
      positive([](double x) { return -3 / (x * x); }, zero));
  check(
      "extrema inside", [](const Var& x) { return where(x > 0.0, maximum(log(x), -5.0) + minimum(1.0 / x, 9.0), 0.0); },
      points, positive([](double x) { return std::log(x) + 1 / x; }, zero),
      positive([](double x) { return 1 / x - 1 / (x * x); }, zero),
      positive([](double x) { return -1 / (x * x) + 2 / (x * x * x); }, zero));
  check(
      "shared between branches",
      [](const Var& x) {
        const Var root = sqrt(x);
        return where(x > 0.0, root, 0.0) + where(x > 1.0, log(root), x);
      },
      points, [](double x) { return x > 1   ? std::sqrt(x) + 0.5 * std::log(x)
                                    : x > 0 ? std::sqrt(x) + x
                                            : x; },
      [](double x) { return (x > 0 ? 0.5 / std::sqrt(x) : 0.0) + (x > 1 ? 0.5 / x : 1.0); },
      [](double x) { return (x > 0 ? -0.25 * std::pow(x, -1.5) : 0.0) + (x > 1 ? -0.5 / (x * x) : 0.0); });
}

BOOST_AUTO_TEST_CASE(rearranged_and_reduced_branches) {
  const auto joined = [](const Var& x) {
    const Var both = stack({log(x), x});
    return where(x > 0.0, prod(both, 0) + amax(both, 0) * 0.0 + sum(both, 0), 0.0);
  };
  check("prod, amax and sum of a stack", joined, {2.0, -1.0, 0.25},
        positive([](double x) { return x * std::log(x) + std::log(x) + x; }, zero),
        positive([](double x) { return std::log(x) + 1 + 1 / x + 1; }, zero),
        positive([](double x) { return 1 / x - 1 / (x * x); }, zero));
  const auto indexed = [](const Var& x) {
    const Var order = xt::xarray<std::int64_t>{2, 1, 0};
    const Var turned = take(view(log(x), xt::range(2, xt::placeholders::_, -1)), order);
    return where(x > 0.0, flatten(transpose(reshape(turned, {3, 1}))), 0.0);
  };
  check("views and take", indexed, {2.0, -1.0, 0.0}, positive([](double x) { return std::log(x); }, zero),
        positive([](double x) { return 1 / x; }, zero), positive([](double x) { return -1 / (x * x); }, zero));
}

BOOST_AUTO_TEST_CASE(a_norm_guarded_by_hand) {
  const auto f = [](const Var& x) {
    const Var s = sum(square(x));
    return where(s > 0.0, sqrt(s), 0.0);
  };
  const Var zeros = row({0.0, 0.0});
  check_elements<double>(xg::grad(f)(zeros), {2}, {0, 0});
  check_elements<double>(xg::hessian(f)(zeros), {2, 2}, {0, 0, 0, 0});
  check_elements<double>(hvp(f, zeros, row({1.0, -1.0})), {2}, {0, 0});
  check_elements<double>(xg::grad(f)(row({3.0, 4.0})), {2}, {0.6, 0.8}, 1e-15);
}

BOOST_AUTO_TEST_CASE(constants_and_both_branches_as_arguments) {
  const Var mask = xt::xarray<bool>{true, false};
  const Var bad = row({not_a_number, infinity});
  const auto f = [&](const Var& a, const Var& b) { return sum(square(where(mask, a, b))); };
  const auto [da, db] = xg::grad<0, 1>(f)(row({3.0, not_a_number}), row({infinity, 5.0}));
  check_elements<double>(da, {2}, {6, 0});
  check_elements<double>(db, {2}, {0, 10});
  check_elements<double>(xg::testing::slope([&](const Var& x) { return where(mask, x, bad); }, row({1.0, 2.0})), {2},
                         {1, 0});
  check_elements<double>(where(!mask, bad, row({1.0, 2.0})), {2}, {1, infinity});
}

BOOST_AUTO_TEST_CASE(third_derivatives_do_not_leak_either) {
  const auto f = [](const Var& x) { return sum(where(x > 0.0, log(sqrt(x)), x * x * x)); };
  const auto second = [&](const Var& x) { return sum(xg::grad([&](const Var& y) { return sum(xg::grad(f)(y)); })(x)); };
  check_elements<double>(xg::grad(second)(row({2.0, 0.0, -1.0})), {3}, {0.125, 6, 6}, 1e-13);
}

BOOST_AUTO_TEST_CASE(curvature_survives_where_a_masked_residual_is_zero) {
  // Absorbing products must not take a factor that happens to be 0 for one that was masked out.
  const Var x = row({1.5, 2.0, -1.0, 0.0});
  const auto squares = [&](const Var& y) { return sum(square(where(y > 0.0, y, 0.0) - row({1.5, 1.0, 0.0, 0.0}))); };
  check_elements<double>(xg::grad(squares)(x), {4}, {0, 2, 0, 0});
  check_elements<double>(xg::hessian(squares)(x), {4, 4}, diagonal({2, 2, 0, 0}));
  const auto inside = [&](const Var& y) { return sum(where(y > 0.0, square(y - 1.5), square(y + 1.0))); };
  check_elements<double>(xg::grad(inside)(x), {4}, {0, 1, 0, 2});
  check_elements<double>(xg::hessian(inside)(x), {4, 4}, diagonal({2, 2, 2, 2}));
  const auto reverse_twice = xg::grad([&](const Var& y) { return sum(xg::grad(inside)(y)); });
  check_elements<double>(reverse_twice(x), {4}, {2, 2, 2, 2});
  const auto quartic = [&](const Var& y) { return sum(where(y > 0.0, square(square(y - 1.5)), 0.0)); };
  const auto second = [&](const Var& y) {
    return sum(xg::grad([&](const Var& z) { return sum(xg::grad(quartic)(z)); })(y));
  };
  const auto third = [&](const Var& y) { return sum(xg::grad(second)(y)); };
  check_elements<double>(xg::grad(second)(x), {4}, {0, 12, 0, 0});
  check_elements<double>(xg::grad(third)(x), {4}, {24, 24, 0, 0});
  const auto huber = [](const Var& e) { return sum(where(abs(e) < 1.0, 0.5 * square(e), abs(e) - 0.5)); };
  check_elements<double>(xg::hessian(huber)(row({0.0, 0.5, 2.0})), {3, 3}, diagonal({1, 1, 0}));
  // The same through a product with a factor that is 0.
  const auto product = [](const Var& y) { return sum(where(y < 1.0, y * sin(y), 0.0)); };
  check_elements<double>(xg::hessian(product)(row({0.0, 2.0})), {2, 2}, diagonal({2, 0}));
}

BOOST_AUTO_TEST_CASE(tangents_that_are_nan_behind_a_second_where) {
  // In third derivatives both factors of a product may be what a `where` left: 0, or not a number.
  const auto f = [](const Var& y) { return sum(where(y > 0.0, sqrt(where(y < 5.0, y, 1.0)), 0.25 * y)); };
  const Var x = row({-0.3, 0.25});
  const Var v = ones_like(x);
  const std::vector<double> expected{0, 12};
  const auto slope = [&](const Var& y) { return xg::jvp(f, y, v).tangent; };
  check_elements<double>(xg::grad([&](const Var& y) { return sum(xg::hvp(f, y, v)); })(x), {2}, expected, 1e-13);
  check_elements<double>(xg::grad([&](const Var& y) { return xg::jvp(slope, y, v).tangent; })(x), {2}, expected, 1e-13);
  check_elements<double>(xg::hvp(slope, x, v), {2}, expected, 1e-13);
  check_elements<double>(xg::jvp([&](const Var& y) { return xg::hvp(f, y, v); }, x, v).tangent, {2}, expected, 1e-13);
}

BOOST_AUTO_TEST_SUITE_END()
