// jet and derivative.
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "jets.hpp"
#include "var/access.hpp"

BOOST_AUTO_TEST_SUITE(test_jet)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

double factorial_of(std::size_t n) { return n == 0 ? 1.0 : static_cast<double>(n) * factorial_of(n - 1); }

/// Derivatives along x + t of a function of a number.
std::vector<Var> along_axis(const std::function<Var(const Var&)>& f, double x, std::size_t order) {
  const Var at = xt::xarray<double>{x};
  std::vector<Var> series(order, zeros_like(at));
  series[0] = ones_like(at);
  return xg::jet(f, at, series).series;
}

jets::Of of_first(std::function<Var(const Var&)> f) {
  return [f = std::move(f)](const jets::Arrays& x) { return f(x[0]); };
}

/// jet of f along a curve is nested jvp: eagerly, compiled, and its gradient and batches.
void check_against_nested(const std::function<Var(const Var&)>& f, const Var& x, std::size_t order,
                          double tolerance = 1e-11, bool has_true_rules = true) {
  std::vector<Var> series;
  std::vector<jets::Arrays> orders;
  for (std::size_t k = 0; k < order; ++k) {
    series.push_back(wave(x.shape(), 0.5 + static_cast<double>(k)) * 0.3);
    orders.push_back({series.back()});
  }
  const jets::Arrays expected = jets::by_nested_jvp(of_first(f), {x}, orders);
  const auto [value, found] = xg::jet(f, x, series);
  BOOST_TEST(near(value, f(x)));
  for (std::size_t k = 0; k < order; ++k) {
    BOOST_TEST_CONTEXT("order " << k + 1) { BOOST_TEST(near(found[k], expected[k], tolerance)); }
  }
  const auto all = [&](const Var& at) {
    const auto result = xg::jet(f, at, series);
    Var sum_of_all = sum(result.value);
    for (std::size_t k = 0; k < order; ++k)
      sum_of_all = sum_of_all + sum(result.series[k] * wave(result.value.shape(), static_cast<double>(k)));
    return sum_of_all;
  };
  BOOST_TEST(near(xg::compile(all)(x), all(x), tolerance));
  const Var direction = wave(x.shape(), 2.0) * 0.1;
  const double step = 1e-3;
  const auto at = [&](double t) { return all(x + t * direction); };
  const Var difference = (8.0 * (at(step) - at(-step)) - (at(2.0 * step) - at(-2.0 * step))) / (12.0 * step);
  if (has_true_rules) BOOST_TEST(near(xg::jvp(all, x, direction).tangent, difference, 1e-6));
  const Var points = xg::stack({x, 0.9 * x, 1.1 * x});
  const Var each = xg::vmap(all)(points);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(near(view(each, i), all(view(points, i)), tolerance));
}

void check_gradient(const std::function<Var(const Var&)>& f, const Var& x) {
  const auto third = [&](const Var& at) { return sum(xg::derivative(f, at, wave(x.shape(), 0.4), 3)); };
  const Var v = wave(x.shape(), 1.4);
  BOOST_TEST(near(sum(xg::grad(third)(x) * v), xg::jvp(third, x, v).tangent, 1e-10));
}

}  // namespace

BOOST_AUTO_TEST_CASE(series_are_those_of_calculus) {
  constexpr std::size_t order = 9;
  const auto check = [&](const std::function<Var(const Var&)>& f, double x,
                         const std::function<double(std::size_t)>& of, double tolerance = 1e-13) {
    const std::vector<Var> found = along_axis(f, x, order);
    for (std::size_t k = 1; k <= order; ++k) {
      BOOST_TEST_CONTEXT("order " << k) { BOOST_TEST(near(found[k - 1], Var(xt::xarray<double>{of(k)}), tolerance)); }
    }
  };
  check([](const Var& x) { return exp(x); }, 0.7, [](std::size_t) { return std::exp(0.7); });
  check([](const Var& x) { return sin(x); }, 0.4,
        [](std::size_t k) { return std::sin(0.4 + static_cast<double>(k) * std::acos(0.0)); });
  check([](const Var& x) { return cosh(2.0 * x); }, 0.0,
        [](std::size_t k) { return k % 2 == 0 ? std::pow(2.0, static_cast<double>(k)) : 0.0; });
  check([](const Var& x) { return log1p(x); }, 0.25,
        [](std::size_t k) {
          return (k % 2 == 1 ? 1.0 : -1.0) * factorial_of(k - 1) / std::pow(1.25, static_cast<double>(k));
        });
  check([](const Var& x) { return 1.0 / (1.0 - x); }, 0.0, factorial_of);
  check([](const Var& x) { return sqrt(1.0 + x); }, 0.0,
        [](std::size_t k) {
          double result = 1.0;
          for (std::size_t i = 0; i < k; ++i) result *= 0.5 - static_cast<double>(i);
          return result;
        });
  check([](const Var& x) { return pow(x, 3.0); }, 2.0,
        [](std::size_t k) {
          return k == 1 ? 12.0 : k == 2 ? 12.0 : k == 3 ? 6.0 : 0.0;
        });
  const std::vector<double> tanh_at_0{1, 0, -2, 0, 16, 0, -272, 0, 7936};
  check([](const Var& x) { return tanh(x); }, 0.0, [&](std::size_t k) { return tanh_at_0[k - 1]; });
  const std::vector<double> tan_at_0{1, 0, 2, 0, 16, 0, 272, 0, 7936};
  check([](const Var& x) { return tan(x); }, 0.0, [&](std::size_t k) { return tan_at_0[k - 1]; });
  const std::vector<double> atan_at_0{1, 0, -2, 0, 24, 0, -720, 0, 40320};
  check([](const Var& x) { return atan(x); }, 0.0, [&](std::size_t k) { return atan_at_0[k - 1]; });
  // The exponential of a sine: Bell polynomials.
  const std::vector<double> exp_sin_at_0{1, 1, 0, -3, -8, -3, 56, 217, 64};
  check([](const Var& x) { return exp(sin(x)); }, 0.0, [&](std::size_t k) { return exp_sin_at_0[k - 1]; });
}

BOOST_AUTO_TEST_CASE(high_orders_cost_little) {
  // 2^30 times as much as the value by nested jvp.
  const std::vector<Var> found = along_axis([](const Var& x) { return exp(sin(x)) / (2.0 + cos(x)); }, 0.3, 30);
  BOOST_TEST(std::isfinite(found.back().array<double>()(0)));
  const std::vector<Var> sines = along_axis([](const Var& x) { return sin(x); }, 0.3, 40);
  BOOST_TEST(near(sines.back(), Var(xt::xarray<double>{std::sin(0.3)})));
  // Equations that refer to one another in a circle, each to several: their work grows as the square of the order, and
  // would as a power of it if each were written anew.
  const auto nodes_of = [](const std::function<Var(const Var&)>& f, std::size_t order) {
    xg::Tape tape;
    const Var x = tape.leaf(xt::xarray<double>{0.3});
    std::vector<Var> series(order, zeros_like(x));
    series[0] = ones_like(x);
    return xg::VarAccess::node(xg::jet(f, x, series).series.back());
  };
  for (const auto& f : std::vector<std::function<Var(const Var&)>>{
           [](const Var& x) { return sin(x); }, [](const Var& x) { return xg::hypot(x, 1.0 + x * x); },
           [](const Var& x) { return tanh(x); }, [](const Var& x) { return x / (1.0 + x); }}) {
    BOOST_TEST(nodes_of(f, 16) < 5U * nodes_of(f, 8));
  }
}

BOOST_AUTO_TEST_CASE(compositions_products_and_indices) {
  const Var w = wave({4, 4}, 1.1) * 0.3;
  const Var x = xt::xarray<double>{0.9, -0.6, 0.35, -1.3};
  const std::vector<std::pair<std::string, std::function<Var(const Var&)>>> all{
      {"a net", [&](const Var& y) { return matmul(w, tanh(matmul(w, y) + 0.1)); }},
      {"products of what moves",
       [&](const Var& y) {
         const Var m = xg::outer(y, sin(y));
         return flatten(matmul(matmul(m, m), m + w));
       }},
      {"quotients", [](const Var& y) { return sin(y) / (2.0 + cos(y)) / (1.0 + y * y); }},
      {"softmax", [](const Var& y) { return xg::softmax(y * y); }},
      {"logsumexp", [](const Var& y) { return xg::logsumexp(xg::outer(y, sin(y)), 1); }},
      {"powers", [](const Var& y) { return pow(2.0 + sin(y), y); }},
      {"where", [](const Var& y) { return where(y > 0.0, y * sqrt(abs(y)), exp(y)); }},
      {"norm and prod", [](const Var& y) { return xg::norm(y * y + y) * xg::prod(y); }},
      {"gather and cumsum",
       [](const Var& y) {
         return take(xg::cumsum(y * y), Var(xt::xarray<int>{2, 0, 2}), 0) * sum(y);
       }},
      {"sort", [](const Var& y) { return xg::sort(y * y) * y; }},
      {"top_k",
       [](const Var& y) {
         const auto [values, places] = xg::top_k(sin(y), 2);
         return values * take(cos(y), places, 0);
       }},
      {"special functions", [](const Var& y) { return xg::lgamma(3.0 + sin(y)) * erf(y) + softplus(y) * log_cosh(y); }},
      {"hypot", [](const Var& y) { return xg::hypot(y, 1.0 + y * y) * logaddexp(y, sin(y)); }},
      {"a constant beside it", [](const Var& y) { return ones_like(y) * 2.0 + 0.0 * y; }},
  };
  for (const auto& [name, f] : all) {
    BOOST_TEST_CONTEXT(name) {
      check_against_nested(f, x, 4);
      check_gradient(f, x);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_runs_functions) {
  const Var x = xt::xarray<double>{0.9, -0.6, 0.35, -1.3};
  const auto cell = [&](const Var& y) {
    return xg::scan(
        [&](const Var& h, const Var& each) {
          const Var next = 0.5 * sin(h * y) + 0.2 * each * h;
          return std::pair{next, sum(next * next * y)};
        },
        y, y * y);
  };
  const auto clipped = xg::custom_jvp([](const Var& y) { return sin(y) * y; },
                                      [](const Var& y, const Var& dy) { return (cos(y) * y + sin(y)) * dy; });
  const auto of_vjp = xg::custom_vjp(
      [](const Var& y) {
        const Var e = exp(0.3 * y);
        return std::pair{e * e, e};
      },
      [](const Var& e, const Var& dy) { return 0.6 * e * e * dy; });
  const auto with_loop =
      xg::custom_jvp([](const Var& y) { return exp(y); },
                     [](const Var& y, const Var& dy) {
                       const Var slope = xg::fori_loop(
                           3, [&](const Var&, const Var& s) { return s * exp(y / 3.0); }, ones_like(y));
                       return slope * dy;
                     });
  const std::vector<std::pair<std::string, std::function<Var(const Var&)>>> all{
      {"scan", [&](const Var& y) { return cell(y).first * sum(cell(y).second); }},
      {"cond",
       [](const Var& y) {
         return xg::cond(
             sum(y) > 0.0, [](const Var& z) { return z * z * sin(z); }, [](const Var& z) { return exp(z); }, y);
       }},
      {"while_loop",
       [](const Var& y) {
         return xg::while_loop([](const std::pair<Var, Var>& c) { return c.second < 3.0; },
                               [&](const std::pair<Var, Var>& c) {
                                 return std::pair{sin(c.first) * y + c.first, c.second + 1.0};
                               },
                               std::pair{y * y, Var(xt::xarray<double>(0.0))})
             .first;
       }},
      {"checkpoint", [](const Var& y) { return xg::checkpoint([](const Var& z) { return sin(z * z); })(y) * y; }},
      {"custom_jvp", [&](const Var& y) { return clipped(y * y) + clipped(y); }},
      {"custom_vjp", [&](const Var& y) { return of_vjp(sin(y)) * y; }},
      {"a loop in a rule", [&](const Var& y) { return with_loop(sin(y)) * y; }},
      {"a loop in a loop",
       [](const Var& y) {
         return xg::fori_loop(
             2,
             [&](const Var&, const Var& h) {
               return xg::fori_loop(
                   2, [&](const Var&, const Var& g) { return sin(g) * y; }, h * h);
             },
             y);
       }},
  };
  for (const auto& [name, f] : all) {
    BOOST_TEST_CONTEXT(name) {
      check_against_nested(f, x, 3, 1e-10);
      if (name != "while_loop") check_gradient(f, x);
      Var expected;
      for (std::size_t k = 0; k < 4; ++k) {
        const Var second = xg::derivative(f, x, xg::one_hot(Var(static_cast<std::int64_t>(k)), 4), 2);
        expected = expected.defined() ? expected + second : second;
      }
      BOOST_TEST(near(xg::laplacian(f)(x), expected, 1e-11));
      BOOST_TEST(near(xg::compile(xg::laplacian(f))(x), expected, 1e-11));
      BOOST_TEST(near(view(xg::vmap(xg::laplacian(f))(xg::stack({x, x})), 1), expected, 1e-11));
    }
  }
  // What a rule captured and nobody else needs moves, too.
  const auto captures = [](const Var& y) {
    const Var captured = sin(y);
    return xg::custom_jvp([](const Var& z) { return z * z; },
                          [captured](const Var&, const Var& dz) { return captured * dz; })(y);
  };
  check_against_nested(captures, x, 3, 1e-11, false);
  // f' = sin(y) v: f'' v v = cos(y) v v along each axis.
  BOOST_TEST(near(sum(xg::laplacian(captures)(x)), sum(cos(x))));
  const auto on_host = xg::host_call(
      "copy", [](const xg::Shape& shape) { return shape; },
      [](const xg::Array<double>& y) -> xg::Array<double> { return y; });
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::jet(on_host, x, {x, x}); }, {"copy", "custom_vjp"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::laplacian(on_host)(x); }, {"copy", "custom_vjp"}));
}

BOOST_AUTO_TEST_CASE(branches_not_taken_leave_no_nan) {
  const auto root = [](const Var& x) { return where(x > 0.0, sqrt(where(x > 0.0, x, 0.0)), 0.0 * x); };
  const auto quotient = [](const Var& x) { return where(x > 0.0, sin(x) / where(x > 0.0, x, 0.0), x); };
  // Without a second where the value is infinite or 0; a tangent that is 0 stays 0.
  const auto bare_root = [](const Var& x) { return sqrt(where(x > 0.0, x, 0.0)); };
  const auto bare_quotient = [](const Var& x) { return 1.0 / where(x > 0.0, x, 0.0); };
  const auto bare_power = [](const Var& x) { return pow(where(x > 0.0, x, 0.0), 0.5) * x; };
  const auto bare_log = [](const Var& x) { return where(x > 0.0, x, 0.0) * xg::hypot(x, where(x > 0.0, x, 0.0)); };
  const Var x = xt::xarray<double>{4.0, -1.0};
  for (const auto& f :
       std::vector<std::function<Var(const Var&)>>{root, quotient, bare_root, bare_quotient, bare_power, bare_log}) {
    const std::vector<Var> found = xg::jet(f, x, {ones_like(x), ones_like(x), ones_like(x)}).series;
    const jets::Arrays expected =
        jets::by_nested_jvp(of_first(f), {x}, {{ones_like(x)}, {ones_like(x)}, {ones_like(x)}});
    for (std::size_t k = 0; k < 3; ++k) {
      BOOST_TEST(std::isfinite(expected[k].array<double>()(1)));
      BOOST_TEST(near(found[k], expected[k]));
    }
    BOOST_TEST(std::isfinite(xg::laplacian(f)(x).array<double>()(1)));
  }
  // A derivative that a where has set to 0 takes the infinite one beside it out of the sum.
  const auto product = [](const Var& y) { return where(y > 0.0, y, 2.0) * sqrt(y); };
  const Var zero = xt::xarray<double>{0.0};
  const std::vector<Var> orders = xg::jet(product, zero, {ones_like(zero), -ones_like(zero)}).series;
  BOOST_TEST(same(orders[1], Var(xt::xarray<double>{-std::numeric_limits<double>::infinity()})));
}

BOOST_AUTO_TEST_CASE(arguments_and_results_are_trees) {
  const auto f = [](const Var& a, const std::pair<Var, Var>& b) {
    return std::tuple{a * b.first, std::vector<Var>{sum(b.second), Var(xt::xarray<double>(3.0))}};
  };
  const Var a = wave({3});
  const Var b = wave({3}, 0.4);
  const Var c = wave({2}, 0.8);
  const Var zero = zeros_like(a);
  const auto [value, series] = xg::jet(f, std::tuple{a, std::pair{b, c}},
                                       {std::tuple{a, std::pair{b, c}}, std::tuple{zero, std::pair{zero, c}}});
  BOOST_TEST(near(std::get<0>(value), a * b));
  BOOST_TEST(near(std::get<0>(series[0]), 2.0 * a * b));
  BOOST_TEST(near(std::get<0>(series[1]), 2.0 * a * b));
  BOOST_TEST(near(std::get<1>(series[1])[0], sum(c)));
  BOOST_TEST(near(std::get<1>(series[1])[1], Var(xt::xarray<double>(0.0))));  // nothing moves it
  BOOST_TEST(series.size() == 2U);
  // Orders 0 and 1.
  const auto none = xg::jet(f, std::tuple{a, std::pair{b, c}}, {});
  BOOST_TEST(none.series.empty());
  BOOST_TEST(near(std::get<0>(none.value), a * b));
  BOOST_TEST(same(xg::jet([](const Var& x) { return sin(x); }, a, {b}).series[0],
                  xg::jvp([](const Var& x) { return sin(x); }, a, b).tangent));
  // Empty arrays, arrays of rank 0, numbers.
  const Var empty = xt::xarray<double>(xt::zeros<double>({0, 2}));
  BOOST_TEST(same(xg::jet([](const Var& x) { return exp(x) * x; }, empty, {empty, empty}).series[1], empty));
  BOOST_TEST(near(xg::laplacian([](const Var& x) { return sum(exp(x)); })(empty), Var(xt::xarray<double>(0.0))));
  BOOST_TEST(near(xg::derivative([](const Var& x) { return x * x * x; }, Var(xt::xarray<double>(2.0)), 1.0, 2),
                  Var(xt::xarray<double>(12.0))));
  const Var number = xg::derivative([](const Var& x) { return x * x * x; }, 2.0, 1.0, 3);
  BOOST_TEST(number.item<double>() == 6.0);
  BOOST_TEST((number * Var(xt::xarray<float>{1.0F})).dtype() == xg::DType::Float32);
}

BOOST_AUTO_TEST_CASE(derivatives_along_lines) {
  const auto u = [](const Var& x, const Var& t) { return sin(x) * exp(-2.0 * t) + x * x * t; };
  const Var x = wave({5}, 0.2);
  const Var t = wave({5}, 0.9);
  const Var one = ones_like(x);
  const Var zero = zeros_like(x);
  const std::tuple at{x, t};
  const std::tuple along_x{one, zero};
  const std::tuple along_t{zero, one};
  BOOST_TEST(near(xg::derivative(u, at, along_x, 0), u(x, t)));
  BOOST_TEST(near(xg::derivative(u, at, along_x, 2), -sin(x) * exp(-2.0 * t) + 2.0 * t));
  BOOST_TEST(near(xg::derivative(u, at, along_t, 3), -8.0 * sin(x) * exp(-2.0 * t)));
  BOOST_TEST(near(xg::derivative(u, at, {along_x, along_t}), -2.0 * cos(x) * exp(-2.0 * t) + 2.0 * x));
  BOOST_TEST(near(xg::derivative(u, at, {along_t, along_x, along_x}), 2.0 * sin(x) * exp(-2.0 * t) + 2.0));
  BOOST_TEST(near(xg::derivative(u, at, std::vector<std::tuple<Var, Var>>{}), u(x, t)));
  // The same by polarisation of second derivatives along lines.
  const auto second = [&](const Var& dt) { return xg::derivative(u, at, std::tuple{one, dt}, 2); };
  BOOST_TEST(near(xg::derivative(u, at, {along_x, along_t}), 0.25 * (second(one) - second(-one)), 1e-11));
  // v H v, and of a direction that depends on what is differentiated.
  const auto g = [](const Var& y) { return sum(exp(y) * y) + xg::prod(y); };
  const Var v = wave({5}, 1.3);
  BOOST_TEST(near(xg::derivative(g, x, v, 2), sum(v * xg::hvp(g, x, v)), 1e-11));
  const auto self = [&](const Var& y) { return xg::derivative(g, y, sin(y), 2); };
  const auto self_by_hvp = [&](const Var& y) { return sum(sin(y) * xg::hvp(g, y, sin(y))); };
  BOOST_TEST(near(xg::grad(self)(x), xg::grad(self_by_hvp)(x), 1e-10));
  // jet of jet.
  const auto inner = [&](const Var& y) { return xg::derivative(g, y, v, 2); };
  BOOST_TEST(near(xg::derivative(inner, x, v, 2), xg::derivative(g, x, v, 4), 1e-10));
  BOOST_TEST(near(
      xg::laplacian(xg::laplacian(g))(x), sum(xg::vmap([&](const Var& e) {
        return sum(xg::vmap([&](const Var& d) { return xg::derivative(g, x, {e, e, d, d}); })(Var(xt::eye<double>(5))));
      })(Var(xt::eye<double>(5)))),
      1e-10));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const auto f = [](const Var& x) { return x * x; };
  const Var x = wave({3});
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::jet(f, x, {x, wave({2})}); }, {"jet", "[2]", "[3]"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::jet(f, x, {wave<float>({3})}); }, {"jet", "float32", "float64"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return xg::jet(f, Var(xt::xarray<int>{1, 2}), {}); }, {"jet", "int64"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::derivative(f, x, wave({2}), 2); }, {"derivative", "[2]"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::derivative(f, x, {x, wave({2})}); }, {"derivative", "[2]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return xg::laplacian(f)(Var(xt::xarray<int>{1, 2}));
      },
      {"laplacian", "int64"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::jet([](const Var& y) { return Var(xt::xarray<double>(sum(y).item<double>())); }, x, {x}); },
      {"jet", "not recorded"}));
  // By the path of the field.
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::jet([](const std::pair<Var, Var>& p) { return p.first; }, std::pair{x, x},
                       {std::pair{x, wave({2})}});
      },
      {"jet", "1"}));
}

BOOST_AUTO_TEST_SUITE_END()
