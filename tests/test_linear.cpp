// linearize, linear_transpose and laplacian.
#include <tuple>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_linear)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

Var curved(const Var& x) { return sin(x) * sum(x * x) + cumsum(exp(x)); }

}  // namespace

BOOST_AUTO_TEST_CASE(linearize_is_jvp_in_any_direction) {
  const Var x = wave({4}, 0.2);
  const auto [value, pushforward] = xg::linearize(curved, x);
  BOOST_TEST(near(value, curved(x)));
  for (const double phase : {0.0, 1.0, 2.0}) {
    const Var v = wave({4}, phase);
    BOOST_TEST(near(pushforward(v), xg::jvp(curved, x, v).tangent));
  }
  // Every column of the Jacobian; inside of other transforms; trees.
  const Var jacobian = xg::jacobian(curved)(x);
  const Var units = Var(xt::eye<double>(4));
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(near(pushforward(view(units, k)), view(jacobian, xt::all(), k)));
  const auto columns = [&](const Var& at) { return xg::vmap(xg::linearize(curved, at).pushforward)(units); };
  BOOST_TEST(near(xg::compile(columns)(x), transpose(jacobian)));
  BOOST_TEST(
      throws<xg::TapeError>([&, p = &pushforward] { return xg::vmap(*p)(units); }, {"another tape", "same function"}));
  const auto directional = [&](const Var& at) { return sum(xg::linearize(curved, at).pushforward(at * at)); };
  BOOST_TEST(near(xg::grad(directional)(x),
                  xg::grad([](const Var& at) { return sum(xg::jvp(curved, at, at * at).tangent); })(x)));
  BOOST_TEST(near(xg::compile(directional)(x), directional(x)));
  const auto of_pair = [](const std::pair<Var, Var>& p) { return std::tuple{p.first * p.second, sum(p.first)}; };
  const auto linear = xg::linearize(of_pair, std::pair{x, x * 2.0});
  const auto [product, total] = linear.pushforward(std::pair{ones_like(x), x});
  BOOST_TEST(near(product, 2.0 * x + x * x));
  BOOST_TEST(near(total, Var(xt::xarray<double>(4.0))));
  BOOST_TEST(throws<xg::ShapeError>([&, p = &pushforward] { return (*p)(wave({3})); }, {"linearize", "[3]", "[4]"}));
  BOOST_TEST(throws<xg::TypeError>(
      [] {
        return xg::linearize(curved, Var(xt::xarray<int>{1, 2})).value;
      },
      {"linearize", "int64"}));
}

BOOST_AUTO_TEST_CASE(linear_functions_are_transposed) {
  const Var w = wave({3, 4});
  const auto map = [&](const Var& x) { return matmul(w, cumsum(x) * 2.0); };
  const Var like = wave({4});
  const Var cotangent = wave({3}, 1.0);
  const auto transposed = xg::linear_transpose(map, like);
  BOOST_TEST(near(transposed(cotangent), xg::vjp(map, like).pullback(cotangent)));
  BOOST_TEST(near(xg::compile(transposed)(cotangent), transposed(cotangent)));
  BOOST_TEST(near(xg::vmap(transposed)(wave({2, 3})), matmul(wave({2, 3}), xg::jacobian(map)(like))));
  // The transpose of the transpose is the function itself.
  BOOST_TEST(near(xg::linear_transpose(transposed, cotangent)(like), map(like)));
  BOOST_TEST(near(xg::grad([&](const Var& c) { return sum(sin(transposed(c))); })(cotangent),
                  map(cos(transposed(cotangent)))));
  // A loop that is linear in what it carries.
  const auto loop = [](const Var& x) {
    return xg::scan(
               [](const Var& c, const Var& e) {
                 return std::pair{0.5 * c + e, 2.0 * c};
               },
               Var(xt::xarray<double>(0.0)), x)
        .second;
  };
  BOOST_TEST(near(xg::linear_transpose(loop, like)(like), xg::vjp(loop, like).pullback(like)));
  const auto of_body = [](const Var& x) {
    return xg::scan([](const Var& c, const Var& e) { return std::pair{c * sin(e), c}; }, x, wave({4})).first;
  };
  BOOST_TEST(near(xg::linear_transpose(of_body, like)(like), xg::vjp(of_body, like).pullback(like)));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::linear_transpose([](const Var& x) { return x * x; }, like)(like); },
                                   {"linear"}));
  // What has values without derivatives would be left out of the transpose.
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::linear_transpose([](const Var& x) { return x + stop_gradient(x); }, like)(like); },
      {"linear_transpose", "not linear", "stop_gradient"}));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::linear_transpose([](const Var& x) { return x + sign(x); }, like)(like); },
                            {"not linear", "sign"}));
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::linear_transpose([](const Var& y) { return y + 1.0; }, like)(like); },
                            {"linear_transpose", "not linear", "add"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::linear_transpose([](const Var& y) { return y * y; }, like)(like); },
                                   {"linear_transpose", "not linear", "multiply"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::linear_transpose([](const Var& y) { return y + xt::xarray<int>{1}; }, like)(like); },
      {"not linear", "add"}));
}

BOOST_AUTO_TEST_CASE(of_solutions_of_equations) {
  const Var a = xt::xarray<double>{{3.0, 1.0}, {0.5, 2.0}};
  const Var b = xt::xarray<double>{1.0, -2.0};
  const auto solve = [&](const Var& v) { return xg::linalg::solve(a, v); };
  BOOST_TEST(near(xg::linear_transpose(solve, b)(b), xg::linalg::solve(transpose(a), b)));
  const auto triangle = [&](const Var& v) { return xg::linalg::solve_triangular(a, v); };
  BOOST_TEST(near(xg::linear_transpose(triangle, b)(b), xg::vjp(triangle, b).pullback(b)));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return xg::linear_transpose([&](const Var& v) { return xg::linalg::solve(a + v, b); }, b)(b); },
      {"not linear"}));
  const auto ruled = xg::custom_jvp([&](const Var& v) { return xg::linalg::solve(a, v * v); },
                                    [&](const Var& v, const Var& dv) { return xg::linalg::solve(a, 2.0 * v * dv); });
  const auto plain = [&](const Var& v) { return xg::linalg::solve(a, v * v); };
  BOOST_TEST(near(xg::jacobian(ruled, xg::Mode::reverse)(b), xg::jacobian(plain)(b)));
  // Zeros that were computed add nothing, however they were.
  const Var zeros = -1.0 * zeros_like(b);
  const auto with_zeros = [&](const Var& v) {
    Var z = zeros;
    for (int i = 0; i < 40; ++i) z = z + z;
    return 2.0 * v + z;
  };
  BOOST_TEST(near(xg::linear_transpose(with_zeros, b)(b), 2.0 * b));
}

BOOST_AUTO_TEST_CASE(the_laplacian_is_the_trace_of_the_hessian) {
  const auto net = [](const Var& x) {
    return sum(tanh(matmul(wave({5, 3}), x)) * wave({5}, 1.0)) + exp(0.3 * sum(x)) * prod(x);
  };
  const Var x = wave({3}, 0.4);
  const Var hessian = xg::hessian(net)(x);
  const Var trace = sum(hessian * Var(xt::eye<double>(3)));
  BOOST_TEST(near(xg::laplacian(net)(x), trace));
  BOOST_TEST(near(xg::compile(xg::laplacian(net))(x), trace));
  const Var points = wave({6, 3}, 0.1);
  const Var each = xg::vmap(xg::laplacian(net))(points);
  for (std::size_t k = 0; k < 6; ++k) BOOST_TEST(near(view(each, k), xg::laplacian(net)(view(points, k))));
  // Of fields with several components, of matrices, and differentiated again.
  const auto field = [](const Var& y) { return sin(y) * sum(y * y * y); };
  const Var second = xg::jacobian(xg::jacobian(field))(x);
  BOOST_TEST(near(xg::laplacian(field)(x), sum(second * Var(xt::eye<double>(3)), {1, 2})));
  const auto of_matrix = [](const Var& m) { return sum(square(matmul(m, m))); };
  const Var m = wave({2, 2});
  const Var flat = xg::hessian([&](const Var& v) { return of_matrix(reshape(v, {2, 2})); })(flatten(m));
  BOOST_TEST(near(xg::laplacian(of_matrix)(m), sum(flat * Var(xt::eye<double>(4)))));
  // Few directions and many, and a net whose layers are computed again.
  const auto wide = [](const Var& y) { return sum(tanh(matmul(wave({4, 12}) * 0.2, y)) * sin(sum(y * y))); };
  const Var many = wave({12}, 0.3) * 0.3;
  BOOST_TEST(near(xg::laplacian(wide)(many), sum(xg::hessian(wide)(many) * Var(xt::eye<double>(12))), 1e-11));
  BOOST_TEST(near(xg::laplacian(xg::checkpoint(net))(x), trace));
  BOOST_TEST(near(xg::compile(xg::laplacian(xg::checkpoint(net)))(x), trace));
  const auto poisson = [&](const Var& y) { return square(xg::laplacian(net)(y)); };
  const auto reference = [&](const Var& y) { return square(sum(xg::hessian(net)(y) * Var(xt::eye<double>(3)))); };
  BOOST_TEST(near(xg::grad(poisson)(x), xg::grad(reference)(x), 1e-11));
  BOOST_TEST(near(xg::laplacian([](const Var& y) { return y * y; })(Var(xt::xarray<float>(3.0F))),
                  Var(xt::xarray<float>(2.0F))));
}

BOOST_AUTO_TEST_SUITE_END()
