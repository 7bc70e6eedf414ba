// Linear algebra: factors multiply back, matrices without a result, stacks, wide, tall and empty matrices, threads.
#include "comparing.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "ops_table_rows.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_linalg)

namespace xg = xgrad;
namespace la = xgrad::linalg;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::MatrixError;
using xg::Shape;
using xg::Var;
using xg::testing::infinity;
using xg::testing::not_a_number;
using xg::testing::Random;

namespace {

Var transposed(const Var& x) {
  Shape order;
  for (std::size_t i = 0; i < x.dimension(); ++i) order.push_back(i);
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return transpose(x, xg::Axes(order));
}
Var unit(const Var& x) { return la::matrix_power(x, 0); }
Var definite(const Var& x) { return matmul(x, transposed(x)) + static_cast<double>(x.shape().back()) * unit(x); }
Var scaled_columns(const Var& x, const Var& s) { return x * expand_dims(s, -2); }

/// Square, tall and wide ones, stacks of them, of one element, without elements, larger than blocks of kernels.
const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all{{3, 3}, {5, 2},    {2, 5}, {1, 1}, {2, 3, 4, 4}, {3, 4, 2},
                                      {0, 0}, {2, 0, 0}, {0, 3}, {3, 0}, {0, 2, 2},    {70, 70}};
  return all;
}

std::vector<Shape> square_shapes() {
  std::vector<Shape> result;
  for (const Shape& shape : shapes()) {
    if (shape.end()[-1] == shape.end()[-2]) result.push_back(shape);
  }
  return result;
}

/// For float64 and float32: f(matrix, tolerance).
template <class F>
void for_each_matrix(const std::vector<Shape>& all, F f) {
  Random random(5);
  for (const Shape& shape : all) {
    const Var x = random.uniform(shape);
    BOOST_TEST_CONTEXT(to_string(shape)) {
      f(x, 1e-12);
      f(cast<float>(x), 2e-4);
    }
  }
}

}  // namespace

// ---- values

BOOST_AUTO_TEST_CASE(cholesky_factors_multiply_back) {
  for_each_matrix(square_shapes(), [](const Var& x, double tolerance) {
    const Var a = definite(x);
    const Var l = la::cholesky(a);
    BOOST_TEST(near(matmul(l, transposed(l)), a, tolerance));
    BOOST_TEST(same(l, where(equal(l, 0.0), 0.0, l)));
  });
}

BOOST_AUTO_TEST_CASE(of_a_symmetric_matrix_the_lower_triangle_is_read) {
  const Var a = xt::xarray<double>{{4.0, not_a_number, infinity}, {2.0, 5.0, not_a_number}, {1.0, 2.0, 6.0}};
  const Var whole = xt::xarray<double>{{4.0, 2.0, 1.0}, {2.0, 5.0, 2.0}, {1.0, 2.0, 6.0}};
  BOOST_TEST(same(la::cholesky(a), la::cholesky(whole)));
  BOOST_TEST(same(la::eigvalsh(a), la::eigvalsh(whole)));
}

BOOST_AUTO_TEST_CASE(lu_factors_multiply_back) {
  for_each_matrix(shapes(), [](const Var& x, double tolerance) {
    const auto [l, u, permutation, pivots] = la::lu(x);
    const Var rows = take_along_axis(x, broadcast_to(expand_dims(permutation, -1), x.shape()), -2);
    BOOST_TEST(near(matmul(l, u), rows, tolerance));
    const std::size_t rank = std::min(x.shape().end()[-1], x.shape().end()[-2]);
    BOOST_TEST(l.shape().back() == rank);
    BOOST_TEST(pivots.shape().back() == rank);
  });
}

BOOST_AUTO_TEST_CASE(qr_factors_multiply_back) {
  for_each_matrix(shapes(), [](const Var& x, double tolerance) {
    const auto [q, r] = la::qr(x);
    BOOST_TEST(near(matmul(q, r), x, tolerance));
    const Var gram = matmul(transposed(q), q);
    BOOST_TEST(near(gram, unit(gram), tolerance));
  });
}

BOOST_AUTO_TEST_CASE(singular_values_and_vectors_multiply_back) {
  for_each_matrix(shapes(), [](const Var& x, double tolerance) {
    const auto [u, s, vt] = la::svd(x);
    BOOST_TEST(near(matmul(scaled_columns(u, s), vt), x, tolerance));
    BOOST_TEST(near(matmul(transposed(u), u), unit(matmul(transposed(u), u)), tolerance));
    BOOST_TEST(near(matmul(vt, transposed(vt)), unit(matmul(vt, transposed(vt))), tolerance));
    BOOST_TEST(near(la::svdvals(x), s, tolerance));
  });
}

BOOST_AUTO_TEST_CASE(eigenvalues_and_vectors_multiply_back) {
  for_each_matrix(square_shapes(), [](const Var& x, double tolerance) {
    const Var a = x + transposed(x);
    const auto [w, v] = la::eigh(a);
    BOOST_TEST(near(matmul(scaled_columns(v, w), transposed(v)), a, 10 * tolerance));
    BOOST_TEST(near(matmul(transposed(v), v), unit(v), tolerance));
    BOOST_TEST(near(la::eigvalsh(a), w, 10 * tolerance));
  });
}

BOOST_AUTO_TEST_CASE(solutions_and_inverses_multiply_back) {
  for_each_matrix(square_shapes(), [](const Var& x, double tolerance) {
    const Var a = x + 4.0 * unit(x);
    const Var b = xg::concatenate({x, 2.0 * x}, -1);
    BOOST_TEST(near(matmul(a, la::solve(a, b)), b, 10 * tolerance));
    BOOST_TEST(near(matmul(a, la::inv(a)), unit(a), 10 * tolerance));
    const Var l = la::cholesky(definite(x));
    BOOST_TEST(near(matmul(definite(x), la::cho_solve(l, b)), b, 10 * tolerance));
  });
}

BOOST_AUTO_TEST_CASE(determinants) {
  const Var a = xt::xarray<double>{{{2.0, 1.0}, {5.0, 3.0}}, {{0.0, 1.0}, {1.0, 0.0}}, {{1.0, 2.0}, {2.0, 4.0}}};
  BOOST_TEST(near(la::det(a), Var(xt::xarray<double>{1.0, -1.0, 0.0}), 1e-15));
  const auto [sign, logabsdet] = la::slogdet(a);
  BOOST_TEST(same(sign, Var(xt::xarray<double>{1.0, -1.0, 0.0})));
  BOOST_TEST(same(view(logabsdet, 2), Var(xt::xarray<double>(-infinity))));
  BOOST_TEST(la::det(Var(xt::xarray<double>::from_shape({0, 0}))).item<double>() == 1.0);
  // 100 tenths: out of range on the way, or at the end.
  const Var tenths = 1e-5 * unit(Var(xt::zeros<double>({100, 100})));
  BOOST_TEST(la::det(tenths).item<double>() == 0.0);
  BOOST_TEST(near(la::slogdet(tenths).logabsdet, Var(xt::xarray<double>(-500.0 * std::log(10.0))), 1e-14));
  const Var diagonal = unit(Var(xt::zeros<double>({80, 80}))) *
                       Var(xt::concatenate(xt::xtuple(1e10 * xt::ones<double>({40}), 1e-10 * xt::ones<double>({40}))));
  BOOST_TEST(near(la::det(diagonal), Var(xt::xarray<double>(1.0)), 1e-12));
}

BOOST_AUTO_TEST_CASE(pseudo_inverses_of_any_rank) {
  for_each_matrix(shapes(), [](const Var& x, double tolerance) {
    const Var p = la::pinv(x);
    BOOST_TEST(near(matmul(matmul(x, p), x), x, 20 * tolerance));
    BOOST_TEST(near(matmul(matmul(p, x), p), p, 100 * tolerance));
  });
  const Var a = xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}, {3.0, 6.0}};
  BOOST_TEST(near(la::pinv(a), transpose(a) / 70.0, 1e-15));
  BOOST_TEST(la::matrix_rank(a).item<std::int64_t>() == 1);
  BOOST_TEST(la::matrix_rank(0.0 * a).item<std::int64_t>() == 0);
  BOOST_TEST(la::matrix_rank(a, {.relative = 2.0}).item<std::int64_t>() == 0);
  BOOST_TEST(near(la::lstsq(a, Var(xt::xarray<double>{1.0, 2.0, 3.0})), Var(xt::xarray<double>{0.2, 0.4}), 1e-14));
}

BOOST_AUTO_TEST_CASE(norms_and_condition) {
  using la::MatrixNorm;
  const Var a = xt::xarray<double>{{1.0, -2.0}, {3.0, 4.0}};
  const auto norm = [&](MatrixNorm which) { return la::matrix_norm(a, which).item<double>(); };
  // Of [[1, -2], [3, 4]]: s^2 = 15 +- sqrt(125).
  const double largest = std::sqrt(15.0 + std::sqrt(125.0));
  const double least = std::sqrt(15.0 - std::sqrt(125.0));
  BOOST_TEST(std::abs(norm(MatrixNorm::Frobenius) - std::sqrt(30.0)) < 1e-14);
  BOOST_TEST(std::abs(norm(MatrixNorm::Nuclear) - largest - least) < 1e-14);
  BOOST_TEST(norm(MatrixNorm::One) == 6.0);
  BOOST_TEST(norm(MatrixNorm::MinusOne) == 4.0);
  BOOST_TEST(norm(MatrixNorm::Inf) == 7.0);
  BOOST_TEST(norm(MatrixNorm::MinusInf) == 3.0);
  BOOST_TEST(std::abs(norm(MatrixNorm::Two) - largest) < 1e-14);
  BOOST_TEST(std::abs(norm(MatrixNorm::MinusTwo) - least) < 1e-14);
  BOOST_TEST(std::abs(la::cond(a).item<double>() - largest / least) < 1e-13);
  BOOST_TEST(std::abs(la::cond(a, MatrixNorm::One).item<double>() - 4.2) < 1e-14);
  BOOST_TEST(la::matrix_norm(a, MatrixNorm::One, xg::keep_dims).shape() == Shape({1, 1}));
}

BOOST_AUTO_TEST_CASE(functions_of_matrices) {
  // A quarter of a turn; a nilpotent matrix; one that is halved often.
  const double quarter = std::acos(0.0);
  const Var turn = xt::xarray<double>{{0.0, -quarter}, {quarter, 0.0}};
  BOOST_TEST(near(la::expm(turn), Var(xt::xarray<double>{{0.0, -1.0}, {1.0, 0.0}}), 1e-15));
  const Var nilpotent = xt::xarray<double>{{0.0, 1.0, 2.0}, {0.0, 0.0, 3.0}, {0.0, 0.0, 0.0}};
  BOOST_TEST(near(la::expm(nilpotent), Var(xt::xarray<double>{{1.0, 1.0, 3.5}, {0.0, 1.0, 3.0}, {0.0, 0.0, 1.0}})));
  const Var large = xt::xarray<double>{{-300.0, 0.0}, {0.0, 50.0}};
  BOOST_TEST(near(view(la::expm(large), 1, 1) / std::exp(50.0), Var(xt::xarray<double>(1.0)), 1e-12));
  for_each_matrix(square_shapes(), [](const Var& x, double tolerance) {
    const Var a = definite(x);
    const Var s = la::sqrtm(a);
    BOOST_TEST(near(matmul(s, s), a, 10 * tolerance));
    BOOST_TEST(near(la::expm(la::logm(a)), a, 100 * tolerance));
  });
  const Var a = xt::xarray<double>{{1.0, 2.0}, {0.0, 1.0}};
  BOOST_TEST(same(la::matrix_power(a, 5), Var(xt::xarray<double>{{1.0, 10.0}, {0.0, 1.0}})));
  BOOST_TEST(same(la::matrix_power(a, -3), Var(xt::xarray<double>{{1.0, -6.0}, {0.0, 1.0}})));
  BOOST_TEST(same(la::toeplitz(Var(xt::xarray<double>{1.0, 2.0}), Var(xt::xarray<double>{9.0, 3.0, 4.0})),
                  Var(xt::xarray<double>{{1.0, 3.0, 4.0}, {2.0, 1.0, 3.0}})));
  BOOST_TEST(same(la::block_diag({a, reshape(Var(xt::xarray<double>{7.0}), {1, 1})}),
                  Var(xt::xarray<double>{{1.0, 2.0, 0.0}, {0.0, 1.0, 0.0}, {0.0, 0.0, 7.0}})));
}

BOOST_AUTO_TEST_CASE(integers_become_floating) {
  const Var a = xt::xarray<std::int64_t>{{2, 1}, {1, 2}};
  BOOST_TEST(near(la::inv(a), Var(xt::xarray<double>{{2.0, -1.0}, {-1.0, 2.0}}) / 3.0, 1e-15));
  BOOST_TEST(near(la::solve(a, Var(xt::xarray<float>{3.0F, 3.0F})), Var(xt::xarray<double>{1.0, 1.0}), 1e-15));
}

// ---- one matrix for many right-hand sides

BOOST_AUTO_TEST_CASE(a_batch_of_right_hand_sides_is_solved_at_once) {
  Random random(3);
  const Var a = random.uniform({3, 3}) + 3.0 * unit(random.uniform({3, 3}));
  const Var b = random.uniform({5, 3});
  const Var found = xg::vmap([&](const Var& each) { return la::solve(a, each); })(b);
  BOOST_TEST(near(found, transpose(la::solve(a, transpose(b))), 1e-14));
  const auto l = la::cholesky(definite(a));
  const Var by_cholesky = xg::vmap([&](const Var& each) { return la::cho_solve(l, each); })(b);
  BOOST_TEST(near(by_cholesky, transpose(la::cho_solve(l, transpose(b))), 1e-14));
}

// ---- matrices without a result

BOOST_AUTO_TEST_CASE(errors_name_the_matrix_and_the_pivot) {
  const Var good = xt::xarray<double>{{2.0, 1.0}, {1.0, 2.0}};
  const Var indefinite = xt::xarray<double>{{1.0, 2.0}, {2.0, 1.0}};
  const Var singular = xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}};
  const Var bad = xt::xarray<double>{{1.0, 0.0}, {not_a_number, 1.0}};
  const Var stack = reshape(xg::stack({good, good, good, indefinite}), {2, 2, 2, 2});
  BOOST_TEST((throws<MatrixError>([&] { return la::cholesky(indefinite); },
                                  {"cholesky: the matrix [2, 2]", "not positive definite", "pivot 1"})));
  BOOST_TEST((throws<MatrixError>([&] { return la::cholesky(stack); }, {"matrix [1, 1] of [2, 2, 2, 2]", "pivot 1"})));
  BOOST_TEST((throws<MatrixError>(
      [&] {
        return la::solve(xg::stack({good, singular}), good);
      },
      {"solve: matrix [1] of [2, 2, 2]", "singular", "pivot 1"})));
  BOOST_TEST((throws<MatrixError>([&] { return la::inv(singular); }, {"singular", "pivot 1"})));
  BOOST_TEST((throws<MatrixError>([&] { return la::solve_triangular(0.0 * good, good); },
                                  {"solve_triangular", "singular", "pivot 0"})));
  BOOST_TEST((throws<MatrixError>([&] { return la::logm(indefinite); }, {"logm", "eigenvalue 0"})));
  BOOST_TEST((throws<MatrixError>([&] { return la::sqrtm(indefinite); }, {"sqrtm", "eigenvalue 0"})));
  using Function = Var (*)(const Var&);
  const std::vector<std::pair<std::string, Function>> all{{"cholesky", [](const Var& x) { return la::cholesky(x); }},
                                                          {"lu", [](const Var& x) { return la::lu(x).u; }},
                                                          {"qr", [](const Var& x) { return la::qr(x).r; }},
                                                          {"svd", [](const Var& x) { return la::svdvals(x); }},
                                                          {"eigh", [](const Var& x) { return la::eigvalsh(x); }},
                                                          {"expm", [](const Var& x) { return la::expm(x); }},
                                                          {"lu", [](const Var& x) { return la::det(x); }}};
  for (const auto& [name, f] : all) {
    BOOST_TEST((throws<MatrixError>([&, function = f] { return function(bad); }, {name, "not finite", "[1, 0]"})),
               name);
    const auto compiled = xg::compile(f);
    BOOST_TEST((throws<MatrixError>([&] { return compiled(bad); }, {name, "not finite"})), name);
    BOOST_TEST(same(compiled(good), f(good)), name);
  }
}

BOOST_AUTO_TEST_CASE(nan_in_place_of_a_result_is_of_that_matrix_alone) {
  const Var good = xt::xarray<double>{{2.0, 1.0}, {1.0, 2.0}};
  const Var indefinite = xt::xarray<double>{{1.0, 2.0}, {2.0, 1.0}};
  const Var bad = xt::xarray<double>{{1.0, 0.0}, {infinity, 1.0}};
  const Var singular = xt::xarray<double>{{1.0, 2.0}, {2.0, 4.0}};
  const Var stack = xg::stack({good, indefinite, bad, singular, good});
  constexpr la::Options nan{la::OnFailure::NaN};
  const auto check = [&](const auto& f, std::vector<bool> fails, const char* name) {
    const Var found = f(stack);
    for (int i = 0; i < 5; ++i) {
      const Var each = view(found, i);
      const std::vector<double> numbers = comparing::doubles(each);
      for (const double x : numbers) BOOST_TEST(std::isnan(x) == fails[static_cast<std::size_t>(i)], name << " " << i);
      if (!fails[static_cast<std::size_t>(i)]) BOOST_TEST(near(each, f(view(stack, i)), 1e-14));
    }
    const Var slope = xg::grad([&](const Var& x) { return sum(f(x)); })(stack);
    for (int i : {0, 4}) BOOST_TEST(std::isfinite(sum(view(slope, i)).template item<double>()), name << " " << i);
  };
  check([&](const Var& x) { return la::cholesky(x, nan); }, {false, true, true, true, false}, "cholesky");
  check([&](const Var& x) { return la::inv(x, nan); }, {false, false, true, true, false}, "inv");
  check([&](const Var& x) { return la::eigvalsh(x, nan); }, {false, false, true, false, false}, "eigvalsh");
  check([&](const Var& x) { return la::svdvals(x, nan); }, {false, false, true, false, false}, "svdvals");
  check([&](const Var& x) { return la::qr(x, nan).r; }, {false, false, true, false, false}, "qr");
  check([&](const Var& x) { return la::expm(x, nan); }, {false, false, true, false, false}, "expm");
  check([&](const Var& x) { return la::det(x, nan); }, {false, false, true, false, false}, "det");
  check([&](const Var& x) { return la::logm(x, nan); }, {false, true, true, true, false}, "logm");
}

BOOST_AUTO_TEST_CASE(shapes_that_do_not_fit) {
  const Var a = xt::ones<double>({2, 3});
  const Var square = xt::ones<double>({3, 3});
  const Var x = xt::ones<double>({3});
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::cholesky(a); }, {"cholesky", "[2, 3]", "square"})));
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::svdvals(x); }, {"svdvals", "[3]", "two axes"})));
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::det(a); }, {"det", "[2, 3]"})));
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::solve(square, a); }, {"solve", "[3, 3]", "[2, 3]", "rows"})));
  BOOST_TEST((throws<xg::ShapeError>(
      [&] {
        return la::solve(Var(xt::ones<double>({2, 3, 3})), Var(xt::ones<double>({4, 3, 1})));
      },
      {"solve", "[2, 3, 3]", "[4, 3, 1]", "broadcast"})));
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::lstsq(a, x); }, {"lstsq", "[2, 3]", "[3]"})));
  BOOST_TEST((throws<xg::ValueError>([&] { return la::pinv(a, {.relative = -1.0}); }, {"pinv", "-1"})));
  BOOST_TEST((throws<xg::ValueError>([&] { return la::multi_dot({a}); }, {"multi_dot", "two"})));
  BOOST_TEST((throws<xg::ShapeError>([&] { return la::multi_dot({a, a}); }, {"multi_dot", "[2, 3]"})));
  BOOST_TEST((throws<xg::ValueError>([&] { return la::cond(Var(xt::ones<double>({0, 0}))); }, {"cond", "[0, 0]"})));
}

// ---- on several threads

BOOST_AUTO_TEST_CASE(stacks_have_the_same_bits_on_any_number_of_threads) {
  Random random(8);
  const Var x = random.uniform({300, 9, 9});
  const auto f = [](const Var& each) {
    const Var a = definite(each);
    const Var l = la::cholesky(a);
    return sum(la::solve(a, each)) + sum(log(la::svdvals(each) + 1.0)) + sum(square(l)) + sum(la::eigvalsh(a));
  };
  const Var alone = xg::grad(f)(x);
  xg::set_threads(3);
  const Var together = xg::grad(f)(x);
  const Var spoiled = xg::concatenate({view(x, xt::range(0, 299)), Var(xt::zeros<double>({1, 9, 9}))});
  BOOST_TEST((throws<MatrixError>([&] { return la::inv(spoiled); }, {"matrix [299]", "pivot 0"})));
  xg::set_threads(1);
  BOOST_TEST(same(alone, together));
}

BOOST_AUTO_TEST_CASE(determinants_that_leave_the_range_of_numbers) {
  for (const float size : {1e-25F, 1e25F}) {
    const xgrad::Var a = xt::xarray<float>{{size, 0.0F}, {0.0F, size}};
    const auto slope = xgrad::grad([](const xgrad::Var& x) { return xgrad::linalg::det(x); })(a).array<float>();
    BOOST_TEST(std::abs(slope(0, 0) - size) <= 1e-6F * size);
    BOOST_TEST(slope(0, 1) == 0.0F);
  }
}

BOOST_AUTO_TEST_SUITE_END()
