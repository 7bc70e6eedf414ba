// Derivatives of linear algebra where the table of operations does not reach: large matrices, equal eigenvalues,
// singular matrices; and the marginal likelihood of a Gaussian process.
#include "comparing.hpp"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_linalg_derivatives)

namespace xg = xgrad;
namespace la = xgrad::linalg;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::MatrixError;
using xg::Shape;
using xg::Var;
using xg::testing::Random;

namespace {

Var unit(const Var& x) { return la::matrix_power(x, 0); }
Var symmetric(const Var& x) { return 0.5 * (x + transpose(x)); }
Var definite(const Var& x) { return matmul(x, transpose(x)) + static_cast<double>(x.shape().back()) * unit(x); }

template <class F>
Var gradient(F f, const Var& x) {
  return xg::grad(f)(x);
}

/// The second derivative of f at x in a direction, twice.
template <class F>
Var second(F f, const Var& x, const Var& h) {
  const auto first = [&](const Var& y) { return xg::jvp(f, y, h).tangent; };
  return xg::jvp(first, x, h).tangent;
}

}  // namespace

// ---- to nine digits

namespace {

/// Of eighth order: with a step of 1/250 they leave out f^(9) / 10^22, and rounding adds some 10^-13 of f.
template <class F>
Var precise_difference(const F& f, const Var& x, const Var& v) {
  constexpr double step = 0.004;
  const auto odd = [&](double count) { return f(x + v * (count * step)) - f(x - v * (count * step)); };
  return (672.0 * odd(1) - 168.0 * odd(2) + 32.0 * odd(3) - 3.0 * odd(4)) / (840.0 * step);
}

Var joined(const std::vector<Var>& arrays) {
  std::vector<Var> all;
  for (const Var& each : arrays) all.push_back(flatten(each));
  return xg::concatenate(all, 0);
}

/// First derivatives by every element in both modes, and the second ones along a direction.
template <class F>
void check_nine_digits(const char* name, const F& function, const Var& x) {
  BOOST_TEST_CONTEXT(name << " of " << to_string(x.shape())) {
    const auto f = [&](const Var& y) { return flatten(function(y)); };
    const auto count = static_cast<std::ptrdiff_t>(x.size());
    std::vector<Var> columns;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const Var e = reshape(xg::one_hot(Var(static_cast<std::int64_t>(i)), x.size()),
                            xg::Strides(x.shape().begin(), x.shape().end()));
      columns.push_back(precise_difference(f, x, e));
    }
    const Var expected = xg::stack(columns, -1);
    const auto by_rows = [&](xg::Mode mode) { return reshape(xg::jacobian(f, mode)(x), {-1, count}); };
    BOOST_TEST(near(by_rows(xg::Mode::reverse), expected, 1e-9));
    BOOST_TEST(near(by_rows(xg::Mode::forward), expected, 1e-9));
    Random random(12);
    const Var weights = random.uniform(f(x).shape());
    const Var direction = random.uniform(x.shape());
    const auto total = [&](const Var& y) { return sum(f(y) * weights); };
    const auto slopes = [&](const Var& y) { return gradient(total, y); };
    BOOST_TEST(near(xg::hvp(total, x, direction), precise_difference(slopes, x, direction), 1e-9));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(factors_and_solutions_beside_differences_to_nine_digits) {
  const Var square_one = xt::xarray<double>{{2.0, 0.5, -0.3}, {0.1, -1.2, 0.7}, {-0.6, 0.4, 3.3}};
  const Var tall = xt::xarray<double>{{2.0, 0.5}, {0.1, -1.2}, {-0.6, 0.4}};
  const Var wide = transpose(tall);
  const Var stacked = xg::stack({square_one, 0.7 * square_one + 0.2 * transpose(square_one)});
  const auto last = [](const Var& y) { return view(y, xt::all(), -1); };
  const auto others = [](const Var& y) { return view(y, xt::all(), xt::range(0, -1)); };
  const auto lu = [](const Var& y) {
    const auto [l, u, permutation, pivots] = la::lu(y);
    return joined({l, u});
  };
  const auto qr = [](const Var& y) {
    const auto [q, r] = la::qr(y);
    return joined({q, r});
  };
  // Signs of vectors may be any.
  const auto svd = [](const Var& y) {
    const auto [u, s, vt] = la::svd(y);
    return joined({square(u), s, square(vt)});
  };
  const auto eigh = [](const Var& y) {
    const auto [w, v] = la::eigh(0.5 * (y + xg::swapaxes(y, -1, -2)));
    return joined({w, square(v)});
  };
  for (const Var& a : {square_one, stacked}) {
    const auto definite_one = [](const Var& y) { return matmul(y, xg::swapaxes(y, -1, -2)) + unit(y); };
    check_nine_digits(
        "cholesky", [&](const Var& y) { return la::cholesky(definite_one(y)); }, a);
    check_nine_digits(
        "inv", [](const Var& y) { return la::inv(y); }, a);
    check_nine_digits(
        "det", [](const Var& y) { return la::det(y); }, a);
    check_nine_digits(
        "slogdet", [](const Var& y) { return la::slogdet(y).logabsdet; }, a);
    check_nine_digits("eigh", eigh, a);
    check_nine_digits(
        "expm", [](const Var& y) { return la::expm(y); }, a);
  }
  for (const Var& a : {square_one, stacked, tall, wide}) {
    check_nine_digits("lu", lu, a);
    check_nine_digits("qr", qr, a);
    check_nine_digits("svd", svd, a);
    check_nine_digits(
        "pinv", [](const Var& y) { return la::pinv(y); }, a);
  }
  const Var with_column = xg::concatenate({square_one, view(square_one, xt::all(), xt::range(0, 1))}, 1);
  check_nine_digits(
      "solve", [&](const Var& y) { return la::solve(others(y), last(y)); }, with_column);
  const Var of_tall = xg::concatenate({tall, view(tall, xt::all(), xt::range(0, 1)) + 0.3}, 1);
  const Var of_wide = xg::concatenate({wide, view(wide, xt::all(), xt::range(0, 1)) + 0.3}, 1);
  for (const Var& a : {of_tall, of_wide}) {
    check_nine_digits(
        "lstsq", [&](const Var& y) { return la::lstsq(others(y), last(y)); }, a);
  }
}

// ---- large enough for blocks

BOOST_AUTO_TEST_CASE(gradients_of_large_factors) {
  Random random(2);
  const Var x = random.uniform({150, 150});
  const Var a = definite(x);
  const auto by_cholesky = [](const Var& y) {
    const Var l = la::cholesky(y);
    return 2.0 * sum(log(sum(l * unit(l), -1)));
  };
  const auto by_lu = [](const Var& y) { return la::slogdet(y).logabsdet; };
  BOOST_TEST(near(gradient(by_cholesky, a), la::inv(a), 1e-11));
  BOOST_TEST(near(gradient(by_lu, a), la::inv(a), 1e-11));
  // The gradient of a function of all of L, along a direction, beside its forward derivative.
  const Var weights = random.uniform({150, 150});
  const auto weighed = [&](const Var& y) { return sum(la::cholesky(y) * weights); };
  const Var direction = symmetric(random.uniform({150, 150}));
  BOOST_TEST(near(sum(gradient(weighed, a) * direction), xg::jvp(weighed, a, direction).tangent, 1e-11));
  const auto curved = [&](const Var& y) { return sum(gradient(weighed, y) * direction); };
  BOOST_TEST(near(sum(gradient(curved, a) * direction), second(weighed, a, direction), 1e-11));
}

// ---- equal eigenvalues

BOOST_AUTO_TEST_CASE(functions_of_eigenvalues_alone_where_some_are_equal) {
  Random random(4);
  const auto [q, r] = la::qr(random.uniform({4, 4}));
  const Var w = xt::xarray<double>{1.0, 2.0, 2.0, 5.0};
  const Var a = symmetric(matmul(q * w, transpose(q)));
  const auto cubes = [](const Var& y) { return sum(pow(la::eigvalsh(y), 3.0)); };
  BOOST_TEST(near(gradient(cubes, a), 3.0 * matmul(a, a), 1e-12));
  BOOST_TEST(near(gradient(cubes, unit(a)), 3.0 * unit(a), 1e-14));
  const auto logs = [](const Var& y) { return sum(log(la::svdvals(y))); };
  BOOST_TEST(near(gradient(logs, a), la::inv(a), 1e-12));
}

BOOST_AUTO_TEST_CASE(projections_on_spaces_of_equal_eigenvalues) {
  Random random(6);
  const auto [q, r] = la::qr(random.uniform({4, 4}));
  const Var w = xt::xarray<double>{1.0, 2.0, 2.0, 5.0};
  const Var a = symmetric(matmul(q * w, transpose(q)));
  const Var h = symmetric(random.uniform({4, 4}));
  const auto projection = [](const Var& y) {
    const Var v = view(la::eigh(y).v, xt::all(), xt::range(1, 3));
    return matmul(v, transpose(v));
  };
  // P' = sum over pairs inside and outside of (P_i H P_j + P_j H P_i) / (w_i - w_j).
  const Var inside = matmul(transpose(q), matmul(h, q));
  const Var factor = Var(xt::xarray<double>{{0.0, -1.0, -1.0, 0.0},
                                            {-1.0, 0.0, 0.0, -1.0 / 3.0},
                                            {-1.0, 0.0, 0.0, -1.0 / 3.0},
                                            {0.0, -1.0 / 3.0, -1.0 / 3.0, 0.0}});
  const Var sign = Var(
      xt::xarray<double>{{0.0, -1.0, -1.0, 0.0}, {-1.0, 0.0, 0.0, 1.0}, {-1.0, 0.0, 0.0, 1.0}, {0.0, 1.0, 1.0, 0.0}});
  const Var expected = matmul(q, matmul(abs(factor) * -1.0 * sign * inside, transpose(q)));
  BOOST_TEST(near(xg::jvp(projection, a, h).tangent, expected, 1e-12));
  const Var weights = random.uniform({4, 4});
  const auto weighed = [&](const Var& y) { return sum(projection(y) * weights); };
  BOOST_TEST(near(sum(gradient(weighed, a) * h), sum(expected * weights), 1e-12));
}

BOOST_AUTO_TEST_CASE(functions_of_symmetric_matrices_with_equal_eigenvalues) {
  Random random(7);
  const Var h = symmetric(random.uniform({3, 3}));
  const Var one = unit(h);
  const Var h2 = matmul(h, h);
  const Var h3 = matmul(h2, h);
  const auto root = [](const Var& y) { return la::sqrtm(y); };
  const auto log = [](const Var& y) { return la::logm(y); };
  const auto exp = [](const Var& y) { return la::expm(y); };
  BOOST_TEST(near(xg::jvp(root, one, h).tangent, 0.5 * h, 1e-14));
  BOOST_TEST(near(second(root, one, h), -0.25 * h2, 1e-14));
  BOOST_TEST(near(xg::jvp(log, one, h).tangent, h, 1e-14));
  BOOST_TEST(near(second(log, one, h), -1.0 * h2, 1e-13));
  BOOST_TEST(near(xg::jvp(exp, 0.0 * one, h).tangent, h, 1e-14));
  BOOST_TEST(near(second(exp, 0.0 * one, h), h2, 1e-13));
  const auto third = [&](const auto& f) {
    return xg::jvp(
               [&](const Var& y) {
                 return xg::jvp([&](const Var& z) { return xg::jvp(f, z, h).tangent; }, y, h).tangent;
               },
               one, h)
        .tangent;
  };
  BOOST_TEST(near(third(log), 2.0 * h3, 1e-12));
  BOOST_TEST(near(third(root), 0.375 * h3, 1e-12));
  // Two equal, one almost: reverse mode beside differences.
  const auto [q, r] = la::qr(random.uniform({3, 3}));
  for (const double gap : {0.0, 1e-9, 1e-3}) {
    const Var a = symmetric(matmul(q * Var(xt::xarray<double>{1.0, 1.0 + gap, 3.0}), transpose(q)));
    BOOST_TEST(xg::testing::check_gradients([](const Var& y) { return la::sqrtm(symmetric(y)); }, a));
    BOOST_TEST(xg::testing::check_gradients([](const Var& y) { return la::logm(symmetric(y)); }, a));
  }
}

// ---- singular matrices

BOOST_AUTO_TEST_CASE(determinants_of_singular_matrices_have_derivatives) {
  const auto det = [](const Var& y) { return la::det(y); };
  const Var a = xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}};
  BOOST_TEST(near(gradient(det, a), Var(xt::xarray<double>{{4.0, -2.0}, {-2.0, 1.0}}), 1e-14));
  BOOST_TEST(near(gradient(det, Var(xt::xarray<double>{{0.0, 1.0}, {0.0, 0.0}})),
                  Var(xt::xarray<double>{{0.0, 0.0}, {-1.0, 0.0}}), 1e-15));
  BOOST_TEST(near(gradient(det, 0.0 * a), 0.0 * a, 1e-15));
  const Var b = xt::xarray<double>{{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}, {7.0, 8.0, 9.0}};
  BOOST_TEST(
      near(gradient(det, b), Var(xt::xarray<double>{{-3.0, 6.0, -3.0}, {6.0, -12.0, 6.0}, {-3.0, 6.0, -3.0}}), 1e-13));
  const Var rank_one = xt::xarray<double>{{1.0, 2.0, 3.0}, {2.0, 4.0, 6.0}, {3.0, 6.0, 9.0}};
  BOOST_TEST(near(gradient(det, rank_one), 0.0 * rank_one, 1e-13));
  BOOST_TEST((throws<MatrixError>([&] { return xg::hvp(det, 0.0 * a, a); }, {"singular"})));
  const auto log = [](const Var& y) { return la::slogdet(y).logabsdet; };
  BOOST_TEST((throws<MatrixError>([&] { return gradient(log, 0.0 * a); }, {"singular", "pivot 0"})));
}

BOOST_AUTO_TEST_CASE(pseudo_inverses_of_lesser_rank_have_derivatives_that_keep_it) {
  const Var u = xt::xarray<double>{{1.0, 0.5}, {2.0, -1.0}, {0.3, 0.7}};
  const Var v = xt::xarray<double>{{0.2, 1.0, -0.4, 0.9}, {1.0, 0.1, 0.6, -0.5}};
  const auto f = [](const Var& a, const Var& b) { return la::pinv(matmul(a, b), {.relative = 1e-8}); };
  BOOST_TEST(xg::testing::check_gradients(f, u, v));
}

// ---- the exponential function

namespace {

const auto exponential = [](const Var& y) { return la::expm(y); };

Var of_exponential(const Var& a, const Var& direction) { return xg::jvp(exponential, a, direction).tangent; }

const Var some_matrix = xt::xarray<double>{{1.0, 2.0, -0.5}, {0.25, -1.0, 3.0}, {0.75, 0.5, -2.0}};
const Var some_direction = xt::xarray<double>{{0.5, -1.0, 2.0}, {1.0, 0.25, -0.75}, {0.0, 1.5, 1.0}};
const Var other_direction = xt::xarray<double>{{1.0, 0.0, 0.5}, {-0.25, 2.0, 0.0}, {0.5, -1.0, 1.0}};

bool near_relative(const Var& a, const Var& b, double tolerance) {
  return amax(abs(a - b)).item<double>() <= tolerance * amax(abs(b)).item<double>();
}

}  // namespace

// Numbers of 50 digits by the exponential of [[A, H], [0, A]]; SciPy's expm_frechet gives the same.
BOOST_AUTO_TEST_CASE(derivatives_of_the_exponential_in_a_direction) {
  const std::vector<std::pair<double, Var>> known{
      {0.001, xt::xarray<double>{{0.5021249283802389, -0.9991230531342282, 1.9963794260585512},
                                 {0.9998140988796262, 0.25268445118517185, -0.7470004284925575},
                                 {0.0010002916012790141, 1.4976904567021003, 1.0008101281808168}}},
      {0.05, xt::xarray<double>{{0.6062300373897539, -0.9515044127158316, 1.8296895134526778},
                                {0.9946130368694157, 0.3771433262613651, -0.6012306156515327},
                                {0.050723199049298624, 1.3915725221072734, 1.0350724167008454}}},
      {0.3, xt::xarray<double>{{1.1664574409169413, -0.5818240879377296, 1.2840552835516414},
                               {1.0864931204057755, 0.8580569950518439, 0.08846811926724808},
                               {0.3271390513289792, 1.0352682650009026, 1.1011381340923105}}},
      {1.0, xt::xarray<double>{{4.017116523814426, 1.7078689056670937, 2.079267686123336},
                               {2.5375857038202, 2.088482968922145, 1.7004762351760865},
                               {1.5070739940330315, 1.2183174657508493, 1.2890546020746334}}},
      {5.0, xt::xarray<double>{{3135.2205223727487, 2513.9431188517106, 1804.2929750144024},
                               {1404.0087503074928, 1137.4931555957721, 807.6922984105728},
                               {908.3358826865114, 734.3662923436071, 522.5811262949297}}}};
  for (const auto& [size, expected] : known) {
    BOOST_TEST_CONTEXT(size) {
      BOOST_TEST(near_relative(of_exponential(size * some_matrix, some_direction), expected, 1e-14));
      const Var of_floats = of_exponential(cast<float>(size * some_matrix), cast<float>(some_direction));
      BOOST_TEST(of_floats.dtype() == xg::DType::Float32);
      BOOST_TEST(near_relative(cast<double>(of_floats), expected, 2e-6));
      // The cotangent of A for G, against the tangent for H: <G, L(A, H)> both ways.
      const Var g = other_direction;
      const Var back = xg::grad([&](const Var& a) { return sum(la::expm(a) * g); })(size * some_matrix);
      BOOST_TEST(near_relative(sum(back * some_direction), sum(expected * g), 1e-13));
      BOOST_TEST(near_relative(back, of_exponential(size * transpose(some_matrix), g), 1e-14));
    }
  }
  const Var of_scipy =
      of_exponential(xt::xarray<double>{{1.0, 2.0}, {3.0, 4.0}}, xt::xarray<double>{{5.0, 6.0}, {7.0, 8.0}});
  BOOST_TEST(near_relative(
      of_scipy,
      Var(xt::xarray<double>{{729.2771205469038, 1022.5837940443047}, {1459.1391264994538, 2038.9431179123512}}),
      1e-14));
}

BOOST_AUTO_TEST_CASE(second_derivatives_of_the_exponential) {
  const Var expected = xt::xarray<double>{{5.021699328968664, 2.2851573495793125, 2.7936038305837148},
                                          {3.125206164997214, 2.6894516851608423, 2.453386709339292},
                                          {1.7421393306519333, 1.0843819889361754, 1.4377134280891666}};
  const auto twice = [](const Var& h, const Var& k) {
    return xg::jvp([&](const Var& a) { return of_exponential(a, h); }, some_matrix, k).tangent;
  };
  BOOST_TEST(near_relative(twice(some_direction, other_direction), expected, 1e-14));
  BOOST_TEST(near_relative(twice(other_direction, some_direction), expected, 1e-14));
  // Reverse over forward and reverse over reverse, by A and by the direction.
  const auto form = [](const Var& a, const Var& h) { return sum(of_exponential(a, h) * other_direction); };
  const Var by_a = xg::grad([&](const Var& a) { return form(a, some_direction); })(some_matrix);
  BOOST_TEST(near_relative(sum(by_a * other_direction), sum(expected * other_direction), 1e-13));
  const Var by_h = xg::grad([&](const Var& h) { return form(some_matrix, h); })(some_direction);
  BOOST_TEST(near_relative(by_h, of_exponential(transpose(some_matrix), other_direction), 1e-14));
  const Var form_of_g = xg::grad([&](const Var& a) {
    const Var g = xg::grad([](const Var& y) { return sum(la::expm(y) * other_direction); })(a);
    return sum(g * some_direction);
  })(some_matrix);
  BOOST_TEST(near_relative(form_of_g, by_a, 1e-13));
  BOOST_TEST(xg::testing::check_gradients(form, 0.5 * some_matrix, some_direction));
}

BOOST_AUTO_TEST_CASE(the_exponential_is_linear_in_its_directions) {
  const auto along = [](const Var& h) { return of_exponential(some_matrix, h); };
  const Var back = xg::linear_transpose(along, some_direction)(other_direction);
  BOOST_TEST(near_relative(back, of_exponential(transpose(some_matrix), other_direction), 1e-14));
  // So a rule of the user's may be made of it.
  const auto own = xg::custom_jvp(exponential, [](const Var& a, const Var& h) { return of_exponential(a, h); });
  const auto loss = [](const auto& f) { return [&f](const Var& a) { return sum(square(f(a)) * some_direction); }; };
  BOOST_TEST(near_relative(xg::grad(loss(own))(some_matrix), xg::grad(loss(exponential))(some_matrix), 1e-13));
  BOOST_TEST(near_relative(xg::hvp(loss(own), some_matrix, other_direction),
                           xg::hvp(loss(exponential), some_matrix, other_direction), 1e-13));
  // Batches of matrices, of directions, of both.
  const Var matrices = xg::stack({some_matrix, 0.01 * some_matrix, 7.0 * some_matrix});
  const Var directions = xg::stack({some_direction, other_direction, -1.0 * some_direction});
  const auto at = [](const Var& all, int k) { return view(all, k); };
  const Var both = xg::vmap([](const Var& a, const Var& h) { return of_exponential(a, h); })(matrices, directions);
  const Var of_one = xg::vmap(along)(directions);
  for (int k = 0; k < 3; ++k) {
    BOOST_TEST(same(at(both, k), of_exponential(at(matrices, k), at(directions, k))));
    BOOST_TEST(same(at(of_one, k), along(at(directions, k))));
  }
}

BOOST_AUTO_TEST_CASE(directions_of_any_size_cost_no_digits) {
  Random random(9);
  const Var a = random.uniform({3, 3});
  const Var weights = random.uniform({3, 3});
  const auto f = [&](double size) {
    return gradient([&, size](const Var& y) { return sum(la::expm(y) * weights * size); }, a) / size;
  };
  BOOST_TEST(near(f(1e12), f(1.0), 1e-14));
  for (const double size : {0x1p-1000, 0x1p-300, 0x1p1000}) {
    const Var large = of_exponential(some_matrix, some_direction * size);
    BOOST_TEST(same(large * (1.0 / size), of_exponential(some_matrix, some_direction)));
  }
  for (const float size : {0x1p-100F, 0x1p100F}) {
    const auto along = [](const Var& h) { return of_exponential(cast<float>(some_matrix), h); };
    BOOST_TEST(same(along(cast<float>(some_direction) * size) * (1.0F / size), along(cast<float>(some_direction))));
  }
  // What is no number stays in the derivative; the matrix itself must be finite.
  const Var infinite = where(some_direction > 1.75, std::numeric_limits<double>::infinity(), some_direction);
  BOOST_TEST(!all(isfinite(of_exponential(some_matrix, infinite))).item<bool>());
  BOOST_TEST((throws<MatrixError>([&] { return of_exponential(infinite, some_matrix); }, {"expm"})));
  BOOST_TEST(same(of_exponential(some_matrix, 0.0 * some_direction), 0.0 * abs(some_direction)));
}

// ---- without elements

BOOST_AUTO_TEST_CASE(derivatives_of_matrices_without_elements_have_none) {
  const std::vector<Shape> shapes{{0, 0}, {2, 0, 0}, {0, 2, 2}};
  const auto check = [&](const auto& f) {
    for (const Shape& shape : shapes) {
      const Var x = Var(xt::xarray<double>(xg::Array<double>::from_shape(shape)));
      const auto total = [&](const Var& y) { return sum(f(y)); };
      BOOST_TEST(to_string(gradient(total, x).shape()) == to_string(shape));
      BOOST_TEST(to_string(xg::hvp(total, x, x).shape()) == to_string(shape));
    }
  };
  check([](const Var& y) { return la::cholesky(y); });
  check([](const Var& y) { return la::inv(y); });
  check([](const Var& y) { return la::lu(y).u; });
  check([](const Var& y) { return la::det(y); });
  check([](const Var& y) { return la::slogdet(y).logabsdet; });
  check([](const Var& y) { return la::qr(y).q; });
  check([](const Var& y) { return la::svd(y).u + la::svd(y).vt; });
  check([](const Var& y) { return la::eigh(y).v; });
  check([](const Var& y) { return la::expm(y); });
  check([](const Var& y) { return la::logm(y); });
  check([](const Var& y) { return la::pinv(y); });
  check([](const Var& y) { return la::solve_triangular(y, y); });
}

// ---- the marginal likelihood of a Gaussian process

namespace {

/// -ln p(y): (y^T K^-1 y + ln det K + n ln 2 pi) / 2.
Var negative_log_likelihood(const Var& k, const Var& y) {
  const Var l = la::cholesky(k);
  const double constant = static_cast<double>(y.size()) * std::log(2.0 * std::acos(-1.0));
  return 0.5 * (sum(y * la::cho_solve(l, y)) + constant) + sum(log(sum(l * unit(l), -1)));
}

/// Squared exponentials of distances, and noise.
Var covariance(const Var& x, const Var& length, const Var& noise) {
  const Var distance = expand_dims(x, 1) - expand_dims(x, 0);
  const Var k = exp(-0.5 * square(distance / length));
  return k + square(noise) * unit(k);
}

}  // namespace

BOOST_AUTO_TEST_CASE(marginal_likelihood_of_a_gaussian_process) {
  Random random(11);
  const Var x = random.uniform({30}, 0.0, 5.0);
  const Var y = sin(x) + 0.1 * random.uniform({30});
  const Var k = covariance(x, 0.8, 0.3);
  // The gradient by K is (K^-1 - K^-1 y y^T K^-1) / 2.
  const Var alpha = la::solve(k, y);
  const Var expected = 0.5 * (la::inv(k) - outer(alpha, alpha));
  BOOST_TEST(near(gradient([&](const Var& each) { return negative_log_likelihood(each, y); }, k), expected, 1e-10));
  const auto by_parameters = [&](const Var& length, const Var& noise) {
    return negative_log_likelihood(covariance(x, length, noise), y);
  };
  BOOST_TEST(xg::testing::check_gradients({.mode_tolerance = 1e-10}, by_parameters, Var(xt::xarray<double>(0.8)),
                                          Var(xt::xarray<double>(0.3))));
  const auto by_lu = [&](const Var& length, const Var& noise) {
    const Var each = covariance(x, length, noise);
    const double constant = 30.0 * std::log(2.0 * std::acos(-1.0));
    return 0.5 * (sum(y * la::solve(each, y)) + la::slogdet(each).logabsdet + constant);
  };
  const Var parameters = xt::xarray<double>{0.8, 0.3};
  const auto of_both = [](const auto& f) { return [f](const Var& p) { return f(view(p, 0), view(p, 1)); }; };
  const auto a = xg::compile(xg::value_and_grad(of_both(by_parameters)))(parameters);
  const auto b = xg::compile(xg::value_and_grad(of_both(by_lu)))(parameters);
  BOOST_TEST(near(a.value, b.value, 1e-11));
  BOOST_TEST(near(a.gradient, b.gradient, 1e-10));
}

BOOST_AUTO_TEST_SUITE_END()
