// linear_solve: values and derivatives of every method, in every transform; what does not converge is said.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_linear_solve)

namespace xg = xgrad;
using comparing::near;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;
using Method = xg::LinearSolve;

namespace {

constexpr std::array all_methods{Method::Gmres, Method::BiCGStab, Method::ConjugateGradient, Method::Dense};

xg::LinearSolveOptions tight(Method method) { return {.method = method, .tolerance = 1e-14}; }

Var eye(std::size_t n) { return xt::xarray<double>(xt::eye<double>(n)); }

/// A regular matrix; symmetric and positive definite for the method that wants it.
Var suitable(Method method, std::size_t n) {
  const Var w = 0.5 * sin(5.0 * wave({n, n}, 0.3));
  if (method == Method::ConjugateGradient) return matmul(transpose(w), w) + eye(n);
  return w + 6.0 * eye(n);
}

Var solution(const Var& a, const Var& b, Method method) {
  return xg::linear_solve([&](const Var& v) { return matmul(a, v); }, b, tight(method));
}

/// Elimination without pivoting, recorded: what derivatives are compared with.
Var eliminated(const Var& a, const Var& b) {
  const std::size_t n = b.size();
  std::vector<Var> rows;
  for (std::size_t i = 0; i < n; ++i) {
    rows.push_back(xg::concatenate({view(a, i), reshape(view(b, i), {1})}));
  }
  for (std::size_t k = 0; k < n; ++k) {
    rows[k] = rows[k] / view(rows[k], k);
    for (std::size_t i = 0; i < n; ++i) {
      if (i != k) rows[i] = rows[i] - view(rows[i], k) * rows[k];
    }
  }
  std::vector<Var> x;
  for (const Var& row : rows) x.push_back(view(row, n));
  return xg::stack(x);
}

/// The symmetric part for the method that wants it, so that A may be moved in any direction.
Var admissible(const Var& a, Method method) {
  return method == Method::ConjugateGradient ? (a + transpose(a)) * 0.5 : a;
}

std::string in_words(Method method) { return "method " + std::to_string(static_cast<int>(method)); }

}  // namespace

BOOST_AUTO_TEST_CASE(values_are_solutions) {
  for (const Method method : all_methods) {
    BOOST_TEST_CONTEXT(in_words(method)) {
      for (const std::size_t n : {1UL, 2UL, 7UL, 40UL}) {
        const Var a = suitable(method, n);
        const Var b = wave({n}, 1.3);
        const Var x = solution(a, b, method);
        BOOST_TEST(near(matmul(a, x), b));
        BOOST_TEST(near(x, eliminated(a, b), 1e-11));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(derivatives_of_every_order_and_mode) {
  for (const Method method : all_methods) {
    BOOST_TEST_CONTEXT(in_words(method)) {
      const Var a = suitable(method, 3);
      const Var b = wave({3}, 0.6);
      const auto f = [&](const Var& m, const Var& right) { return solution(admissible(m, method), right, method); };
      BOOST_TEST(xg::testing::check_gradients({.order = 3, .mode_tolerance = 1e-12}, f, a, b));
      // By rules for elimination, operation by operation.
      const auto reference = [&](const Var& m, const Var& right) { return eliminated(admissible(m, method), right); };
      const Var weights = wave({3}, 2.0);
      const auto weighed = [&](const auto& of) {
        return [&weights, of](const std::pair<Var, Var>& p) { return sum(square(of(p.first, p.second)) * weights); };
      };
      const std::pair point{a, b};
      const auto [da, db] = xg::grad(weighed(f))(point);
      const auto [ra, rb] = xg::grad(weighed(reference))(point);
      BOOST_TEST(near(da, ra, 1e-11));
      BOOST_TEST(near(db, rb, 1e-11));
      const auto hessian = xg::hessian(weighed(f))(point);
      const auto expected = xg::hessian(weighed(reference))(point);
      for (std::size_t k = 0; k < 2; ++k) {
        BOOST_TEST(near(hessian[k].first, expected[k].first, 1e-10));
        BOOST_TEST(near(hessian[k].second, expected[k].second, 1e-10));
      }
      // The closed formula: from x' come b' = A^-T x' and A' = -b' x^T.
      const Var x = f(a, b);
      const auto [of_a, of_b] =
          xg::vjp([&](const Var& m, const Var& right) { return solution(m, right, method); }, a, b).pullback(weights);
      BOOST_TEST(near(of_b, eliminated(transpose(a), weights), 1e-12));
      BOOST_TEST(near(of_a, -xg::outer(of_b, x), 1e-12));
    }
  }
}

BOOST_AUTO_TEST_CASE(trees_with_leaves_of_both_types) {
  using Unknowns = std::pair<Var, std::vector<Var>>;  // float64 [2, 2], float32 [3]
  const Unknowns b{wave({2, 2}, 0.5), {wave<float>({3}, 0.1)}};
  const Var scale = xt::xarray<double>{3.0, 4.0};
  const auto map = [&](const Var& s, const Unknowns& v) {
    const Var rest = cast(v.second[0], xg::DType::Float64);
    return Unknowns{v.first * s + 0.1 * sum(rest), {2.0F * v.second[0] + cast(sum(v.first), xg::DType::Float32)}};
  };
  const auto solve = [&](const Var& s, Method method) {
    return xg::linear_solve([&](const Unknowns& v) { return map(s, v); }, b, {.method = method});
  };
  for (const Method method : {Method::Gmres, Method::BiCGStab}) {
    // One of the leaves has 24 bits, so that what is measured in double does not fall below some 10^-8.
    const auto options = xg::LinearSolveOptions{.method = method, .tolerance = 1e-6};
    const Unknowns x = xg::linear_solve([&](const Unknowns& v) { return map(scale, v); }, b, options);
    const Unknowns product = map(scale, x);
    BOOST_TEST(near(product.first, b.first, 1e-5));
    BOOST_TEST(near(product.second[0], b.second[0], 1e-5));
  }
  const auto total = [&](const Var& s) { return sum(solve(s, Method::Dense).first); };
  const Var h = xt::xarray<double>{1e-3, 0.0};
  const Var slope = (total(scale + h) - total(scale - h)) / 2e-3;
  BOOST_TEST(near(view(xg::grad(total)(scale), 0), slope, 1e-3));
}

BOOST_AUTO_TEST_CASE(inside_of_other_transforms) {
  for (const Method method : all_methods) {
    BOOST_TEST_CONTEXT(in_words(method)) {
      const Var a = suitable(method, 5);
      const Var matrices = xg::stack({a, 2.0 * a, a + 0.5 * eye(5)});
      const Var rights = wave({3, 5}, 0.2);
      const auto f = [&](const Var& m, const Var& b) { return solution(m, b, method); };
      const auto loop = [&](const auto& of, bool each_matrix, bool each_right) {
        std::vector<Var> all;
        for (std::size_t k = 0; k < 3; ++k) all.push_back(of(each_matrix ? k : 0, each_right ? k : 0));
        return xg::stack(all);
      };
      const auto at = [&](std::size_t m, std::size_t b) { return f(view(matrices, m), view(rights, b)); };
      BOOST_TEST(near(xg::vmap(f)(matrices, rights), loop(at, true, true), 1e-11));
      BOOST_TEST(near(xg::vmap(f, {.in = {whole, 0}})(view(matrices, 0), rights), loop(at, false, true), 1e-11));
      BOOST_TEST(near(xg::vmap(f, {.in = {0, whole}})(matrices, view(rights, 0)), loop(at, true, false), 1e-11));
      const auto energy = [&](const Var& m, const Var& b) { return sum(square(f(admissible(m, method), b))); };
      const auto slopes = xg::grad(energy);
      BOOST_TEST(near(
          xg::vmap(slopes)(matrices, rights),
          loop([&](std::size_t m, std::size_t b) { return slopes(view(matrices, m), view(rights, b)); }, true, true),
          1e-10));
      const auto of_all = [&](const Var& m) { return sum(xg::vmap(energy, {.in = {whole, 0}})(m, rights)); };
      const auto one_by_one = [&](const Var& m) {
        return energy(m, view(rights, 0)) + energy(m, view(rights, 1)) + energy(m, view(rights, 2));
      };
      BOOST_TEST(near(xg::grad(of_all)(a), xg::grad(one_by_one)(a), 1e-10));
      const Var b = view(rights, 0);
      BOOST_TEST(near(xg::compile(f)(a, b), f(a, b)));
      BOOST_TEST(near(xg::compile(slopes)(a, b), slopes(a, b)));
      BOOST_TEST(near(xg::jacobian<1>(f, xg::Mode::forward)(a, b), xg::jacobian<1>(f, xg::Mode::reverse)(a, b)));
      // Implicit Euler: a loop whose runs solve equations.
      const auto euler = [&](const Var& m) {
        const auto run = [&](const Var&, const Var& y) { return f(admissible(m, method), y + 0.1); };
        return sum(square(xg::fori_loop(4, run, b)));
      };
      const auto unrolled = [&](const Var& m) {
        Var y = b;
        for (int k = 0; k < 4; ++k) y = eliminated(admissible(m, method), y + 0.1);
        return sum(square(y));
      };
      BOOST_TEST(near(xg::grad(euler)(a), xg::grad(unrolled)(a), 1e-11));
      BOOST_TEST(near(xg::grad(xg::checkpoint(euler))(a), xg::grad(unrolled)(a), 1e-11));
      BOOST_TEST(near(xg::hvp(euler, a, a), xg::hvp(unrolled, a, a), 1e-10));
      const auto chosen = [&](const Var& m) {
        return xg::cond(
            sum(m) > 0.0, [&](const Var& x) { return sum(f(admissible(x, method), b)); },
            [&](const Var& x) { return sum(x); }, m);
      };
      BOOST_TEST(near(xg::compile(xg::grad(chosen))(a),
                      xg::grad([&](const Var& m) { return sum(eliminated(admissible(m, method), b)); })(a), 1e-11));
      // A solution of equations that contain one: (A + A^-1) x = b.
      const auto nested = [&](const Var& m, const Var& right) {
        return xg::linear_solve([&](const Var& v) { return matmul(m, v) + solution(m, v, method); }, right,
                                tight(method));
      };
      const Var x = nested(a, b);
      BOOST_TEST(near(matmul(a, x) + eliminated(a, x), b, 1e-11));
      BOOST_TEST(near(xg::jacobian<1>(nested, xg::Mode::reverse)(a, b),
                      xg::jacobian<1>(nested, xg::Mode::forward)(a, b), 1e-11));
    }
  }
}

BOOST_AUTO_TEST_CASE(matrices_that_are_hard) {
  // A quarter turn: a residual is always orthogonal to its product with A.
  const Var turn = xt::xarray<double>{{0.0, 1.0}, {-1.0, 0.0}};
  const Var b = xt::xarray<double>{1.0, 0.0};
  BOOST_TEST(near(solution(turn, b, Method::Gmres), Var(xt::xarray<double>{0.0, 1.0})));
  BOOST_TEST(near(solution(turn, b, Method::Dense), Var(xt::xarray<double>{0.0, 1.0})));
  // Fewer vectors than a cycle needs.
  const Var large = suitable(Method::Gmres, 30);
  const auto restarted = [&](std::size_t restart) {
    return xg::linear_solve([&](const Var& v) { return matmul(large, v); }, wave({30}),
                            {.tolerance = 1e-13, .max_iterations = 1000, .restart = restart});
  };
  BOOST_TEST(near(restarted(3), restarted(30), 1e-11));
  BOOST_TEST(near(restarted(1), restarted(30), 1e-11));
  // Hilbert's matrix, of condition 1.5e7; units of equations that differ by 40 orders of magnitude.
  const Var n = xt::xarray<double>{1.0, 2.0, 3.0, 4.0, 5.0, 6.0};
  const Var hilbert = 1.0 / (expand_dims(n, 1) + n - 1.0);
  const Var ones = ones_like(n);
  for (const Method method : {Method::Dense, Method::Gmres, Method::ConjugateGradient}) {
    const Var x = xg::linear_solve([&](const Var& v) { return matmul(hilbert, v); }, matmul(hilbert, ones),
                                   {.method = method, .tolerance = 1e-13});
    BOOST_TEST(near(x, ones, 1e-5));
  }
  const Var units = xt::xarray<double>{1e-20, 1e20};
  BOOST_TEST(near(solution(Var(xt::xarray<double>{{2e-20, 1e-20}, {1e20, 3e20}}), units * 3.0, Method::Dense),
                  Var(xt::xarray<double>{1.2, 0.6})));
  // Right-hand sides whose squares are 0 or infinite; 0 itself.
  for (const Method method : all_methods) {
    const Var a = suitable(method, 4);
    const Var x = solution(a, wave({4}), method);
    for (const double scale : {1e-250, 1e250, -1.0}) {
      BOOST_TEST(near(solution(a, wave({4}) * scale, method) / scale, x, 1e-11));
    }
    BOOST_TEST(near(solution(a, zeros_like(x), method), zeros_like(x), 0.0));
    const Var slope = xg::jacobian<1>([&](const Var& m, const Var& v) { return solution(m, v, method); })(a, 0.0 * x);
    BOOST_TEST(near(matmul(a, slope), eye(4)));
  }
}

BOOST_AUTO_TEST_CASE(element_types_and_sizes) {
  for (const Method method : all_methods) {
    const Var a = cast(suitable(method, 6), xg::DType::Float32);
    const Var b = wave<float>({6});
    const auto f = [&](const Var& m, const Var& right) {
      return xg::linear_solve([&](const Var& v) { return matmul(m, v); }, right, {.method = method});
    };
    const Var x = f(a, b);
    BOOST_TEST(x.dtype() == xg::DType::Float32);
    BOOST_TEST(near(matmul(a, x), b, 1e-4));
    const Var slope = xg::grad([&](const Var& m) { return sum(f(m, b)); })(a);
    const Var wide = xg::grad([&](const Var& m) { return sum(eliminated(m, cast(b, xg::DType::Float64))); })(
        cast(a, xg::DType::Float64));
    BOOST_TEST(slope.dtype() == xg::DType::Float32);
    BOOST_TEST(near(cast(slope, xg::DType::Float64), wide, 1e-4));
    // A number takes the type of the product; arrays of no axes, of several, and of no elements.
    const auto twice = [](const Var& v) { return 2.0 * v; };
    BOOST_TEST(near(xg::linear_solve(twice, 3.0, {.method = method}), Var(xt::xarray<double>(1.5))));
    const Var two(xt::xarray<float>(2.0F));
    const auto in_float = [&](const Var& v) { return two * v; };
    BOOST_TEST(near(xg::linear_solve(in_float, 3.0, {.method = method}), Var(xt::xarray<float>(1.5F))));
    BOOST_TEST(near(xg::linear_solve(twice, wave({2, 3}), {.method = method}), 0.5 * wave({2, 3})));
    BOOST_TEST(xg::linear_solve(twice, Var(xt::zeros<double>({0})), {.method = method}).shape() == Shape{0});
  }
}

BOOST_AUTO_TEST_CASE(what_does_not_converge_is_said) {
  const Var singular = xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}};
  const Var nearly = xt::xarray<double>{{0.1, 0.2}, {0.3, 0.6}};
  const Var b = xt::xarray<double>{1.0, 1.0};
  const Var nan = xt::xarray<double>{std::numeric_limits<double>::quiet_NaN(), 1.0};
  for (const Method method : all_methods) {
    BOOST_TEST_CONTEXT(in_words(method)) {
      for (const Var& a : {singular, nearly, 0.0 * singular, eye(2) * nan}) {
        BOOST_TEST(throws<xg::ValueError>([&] { return solution(a, b, method); }, {"linear_solve"}));
      }
      BOOST_TEST(throws<xg::ValueError>([&] { return solution(eye(2), nan, method); }, {"linear_solve", "nan"}));
      // Of a batch one suffices; in a compiled function, and where only the derivative asks.
      const auto f = [&](const Var& a, const Var& right) { return solution(a, right, method); };
      BOOST_TEST(throws<xg::ValueError>(
          [&] {
            return xg::vmap(f)(xg::stack({eye(2), singular}), xg::stack({b, b}));
          },
          {"linear_solve"}));
      BOOST_TEST(throws<xg::ValueError>([&] { return xg::compile(f)(singular, b); }, {"linear_solve"}));
    }
  }
  BOOST_TEST(throws<xg::ValueError>([&] { return solution(singular, b, Method::Dense); },
                                    {"linear_solve", "singular to working precision", "a pivot is 0"}));
  // A singular matrix may have a solution, which iterations find; all of the derivative's do not.
  const Var x = solution(singular, view(singular, xt::all(), 0), Method::Gmres);
  BOOST_TEST(near(matmul(singular, x), view(singular, xt::all(), 0)));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::grad([&](const Var& right) { return view(solution(singular, right, Method::Gmres), 0); })(
            view(singular, xt::all(), 0));
      },
      {"linear_solve", "GMRES", "residual"}));
  const Var large = suitable(Method::Gmres, 30);
  const auto limited = [&](Method method) {
    const auto map = [&](const Var& v) { return matmul(large, v); };
    return [=](const Var& right) {
      return xg::linear_solve(map, right, {.method = method, .tolerance = 1e-12, .max_iterations = 2});
    };
  };
  BOOST_TEST(throws<xg::ValueError>([&] { return limited(Method::Gmres)(wave({30})); },
                                    {"linear_solve", "GMRES", "|b - A x| of 0.", "within 2 iterations", "1e-12"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::compile(limited(Method::Gmres))(wave({30})); }, {"GMRES"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return limited(Method::BiCGStab)(wave({30})); },
                                    {"BiCGStab", "within 2 iterations", "1e-12"}));
  // Conjugate gradients on what they are not for.
  const Var indefinite = xt::xarray<double>{{1.0, 0.0}, {0.0, -1.0}};
  BOOST_TEST(throws<xg::ValueError>([&] { return solution(indefinite, b, Method::ConjugateGradient); },
                                    {"conjugate gradients", "|b - A x| of"}));
  const Var saddle = xt::xarray<double>{{2.0, 0.0}, {0.0, -1.0}};
  BOOST_TEST(throws<xg::ValueError>([&] { return solution(saddle, b, Method::ConjugateGradient); },
                                    {"conjugate gradients", "|b - A x| of"}));
}

BOOST_AUTO_TEST_CASE(bad_input_is_refused) {
  const Var b = wave({3});
  using Fields = std::vector<Var>;
  const auto solve = [](const auto& map, const auto& right, const xg::LinearSolveOptions& options = {}) {
    return [=] { return xg::linear_solve(map, right, options); };
  };
  BOOST_TEST(
      throws<xg::ShapeError>(solve([](const Var& v) { return sum(v); }, b),
                             {"linear_solve", "what matvec returns is float64 []", "the right-hand side", "[3]"}));
  BOOST_TEST(throws<xg::ShapeError>(solve(
                                        [](const Fields& v) {
                                          return Fields{v[0], xg::stack({v[1], v[1]})};
                                        },
                                        Fields{b, b}),
                                    {"linear_solve", "(1)", "[2, 3]"}));
  BOOST_TEST(throws<xg::ShapeError>(solve([](const Fields& v) { return Fields{v[0]}; }, Fields{b, b}),
                                    {"linear_solve", "another tree"}));
  BOOST_TEST(throws<xg::TypeError>(solve([](const Var& v) { return cast(v, xg::DType::Float32); }, b),
                                   {"linear_solve", "float32", "float64"}));
  BOOST_TEST(throws<xg::TypeError>(solve([](const Var& v) { return v; }, Var(xt::xarray<int>{1, 2})),
                                   {"linear_solve", "int64"}));
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return v * v; }, b), {"linear_solve", "not linear"}));
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return v * v.array<double>()(0); }, b)));
  // What has values without derivatives would be left out of the transpose.
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return v + stop_gradient(v); }, b),
                                   {"linear_solve", "not linear", "stop_gradient"}));
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return v + sign(v); }, b), {"not linear", "sign"}));
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return v + cast(v > 0.5, xg::DType::Float64); }, b),
                                   {"not linear", "less"}));
  const xg::Requirement small("it is {}");
  const auto only_checked = [&](const Var& v) { return checked(2.0 * v, v < 1e9, small) + zeros_like(v); };
  BOOST_TEST(near(solve(only_checked, b)(), 0.5 * b));
  BOOST_TEST(throws<xg::TapeError>(solve([](const Var& v) { return 2.0 * v + 1.0; }, b), {"not linear", "add"}));
  const auto affine = xg::checkpoint([](const Var& v) { return 2.0 * v + 1.0; });  // which is not looked into
  for (const Method method : all_methods) {
    BOOST_TEST(
        throws<xg::ValueError>(solve(affine, b, {.method = method}), {"linear_solve", "matvec(0) is 1", "linear"}));
  }
  const auto same = [](const Var& v) { return v; };
  BOOST_TEST(throws<xg::ValueError>(solve(same, b, {.tolerance = -1.0}), {"linear_solve", "tolerance", "-1"}));
  BOOST_TEST(throws<xg::ValueError>(solve(same, b, {.tolerance = std::nan("")}), {"tolerance", "between 0 and 1"}));
  BOOST_TEST(throws<xg::ValueError>(solve(same, b, {.max_iterations = 0}), {"max_iterations", "positive"}));
  BOOST_TEST(throws<xg::ValueError>(solve(same, b, {.restart = 0}), {"restart", "positive"}));
  for (const Method method : all_methods) {
    BOOST_TEST(near(solve(same, b, {.method = method, .max_iterations = SIZE_MAX, .restart = SIZE_MAX})(), b));
  }
  // Nothing is zero in silence: what is not connected has no solution.
  BOOST_TEST(throws<xg::ValueError>(solve([](const Var& v) { return 0.0 * v; }, b), {"linear_solve"}));
  BOOST_TEST(throws<xg::ValueError>(solve([](const Var& v) { return zeros_like(v); }, b), {"linear_solve"}));
}

BOOST_AUTO_TEST_SUITE_END()
