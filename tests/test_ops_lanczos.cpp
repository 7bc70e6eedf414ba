// Lanczos' method: the relation that defines it, eigenvalues, derivatives, and where it ends early.
#include <boost/test/unit_test.hpp>

#include <cmath>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "refusals.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_lanczos)

namespace xg = xgrad;
namespace linalg = xgrad::linalg;
using xg::Var;

namespace {

Var numbers(std::uint64_t seed, const xg::Shape& shape) { return xg::random::normal(xg::random::Key(seed), shape); }

Var symmetric(std::size_t n) {
  const Var x = numbers(1, {n, n});
  return 0.5 * (x + transpose(x));
}

linalg::Lanczos of_matrix(const Var& a, const Var& start, std::size_t steps,
                          const linalg::LanczosOptions& options = {}) {
  return linalg::lanczos([&](const Var& v) { return matmul(a, v); }, start, steps, options);
}

Var tridiagonal(const linalg::Lanczos& t) {
  const Var upper = diag(t.off_diagonal, 1);
  return diag(t.diagonal) + upper + transpose(upper);
}

double largest(const Var& x) { return amax(abs(x)).item<double>(); }

}  // namespace

BOOST_AUTO_TEST_CASE(all_steps_turn_the_matrix) {
  const Var a = symmetric(7);
  for (const bool reorthogonalise : {true, false}) {
    const linalg::Lanczos t = of_matrix(a, numbers(2, {7}), 7, {.reorthogonalise = reorthogonalise});
    BOOST_TEST(t.diagonal.shape() == xg::Shape{7});
    BOOST_TEST(t.off_diagonal.shape() == xg::Shape{6});
    BOOST_TEST(largest(matmul(t.vectors, transpose(t.vectors)) - xg::eye(7)) < 1e-10);
    BOOST_TEST(largest(matmul(matmul(t.vectors, a), transpose(t.vectors)) - tridiagonal(t)) < 1e-10);
    BOOST_TEST(largest(linalg::eigvalsh(tridiagonal(t)) - linalg::eigvalsh(a)) < 1e-10);
  }
}

BOOST_AUTO_TEST_CASE(a_few_steps_find_the_end_of_the_spectrum) {
  const Var spectrum = xg::concatenate({xg::linspace(0.0, 1.0, 199), Var(xt::xarray<double>{3.0})});
  const auto f = [&](const Var& v) { return spectrum * v; };
  const linalg::Lanczos t = linalg::lanczos(f, numbers(3, {200}), 20);
  BOOST_TEST(std::abs(amax(linalg::eigvalsh(tridiagonal(t))).item<double>() - 3.0) < 1e-12);
  BOOST_TEST(largest(matmul(t.vectors, transpose(t.vectors)) - xg::eye(20)) < 1e-13);
}

BOOST_AUTO_TEST_CASE(derivatives) {
  const Var start = numbers(4, {5});
  const auto f = [&](const Var& x, const Var& from) {
    const linalg::Lanczos t = of_matrix(0.5 * (x + transpose(x)), from, 4);
    return sum(t.diagonal * xt::xarray<double>{1.0, -2.0, 3.0, 0.5}) + sum(square(t.off_diagonal)) +
           sum(view(t.vectors, 2) * xt::xarray<double>{0.1, 0.7, -0.3, 1.0, 0.2});
  };
  const auto report = xg::testing::check_gradients(f, symmetric(5), start);
  BOOST_TEST(report);
  // Of all steps the trace and the sum of squares are the matrix's own.
  const Var a = symmetric(5);
  const Var slope = xg::grad([&](const Var& x) { return sum(of_matrix(x, start, 5).diagonal); })(a);
  BOOST_TEST(largest(slope - xg::eye(5)) < 1e-9);
}

BOOST_AUTO_TEST_CASE(batches_and_compiled_functions) {
  const Var a = symmetric(6);
  const Var starts = numbers(5, {3, 6});
  const auto f = [&](const Var& start) { return of_matrix(a, start, 4).diagonal; };
  const Var all = xg::vmap(f)(starts);
  const auto compiled = xg::compile(f);
  for (std::ptrdiff_t i = 0; i < 3; ++i) {
    BOOST_TEST(largest(view(all, i) - f(view(starts, i))) < 1e-12);
    BOOST_TEST(largest(compiled(view(starts, i)) - f(view(starts, i))) < 1e-12);
  }
}

BOOST_AUTO_TEST_CASE(spaces_that_are_not_left) {
  const Var a = diag(Var(xt::xarray<double>{1.0, 2.0, 3.0, 4.0}));
  const linalg::Lanczos t = of_matrix(a, xt::xarray<double>{1.0, 1.0, 0.0, 0.0}, 4);
  BOOST_TEST(largest(view(t.diagonal, xt::range(0, 2)) - 1.5) < 1e-15);
  BOOST_TEST(std::abs(view(t.off_diagonal, 0).item<double>() - 0.5) < 1e-15);
  BOOST_TEST(largest(view(t.off_diagonal, xt::range(1, 3))) == 0.0);
  BOOST_TEST(largest(view(t.vectors, xt::range(2, 4))) == 0.0);
  BOOST_TEST(of_matrix(a, xt::xarray<std::int64_t>{1, 2, 3, 4}, 1).off_diagonal.shape() == xg::Shape{0});
  const Var single = cast(xt::xarray<double>{1.0, 2.0, 3.0, 4.0}, xg::DType::Float32);
  BOOST_TEST((of_matrix(cast(a, xg::DType::Float32), single, 2).vectors.dtype() == xg::DType::Float32));
}

BOOST_AUTO_TEST_CASE(refusals) {
  const Var a = symmetric(3);
  const Var start = numbers(6, {3});
  ::refusals::check_refused<xg::ShapeError>([&] { return of_matrix(a, a, 2); }, {"lanczos", "[3, 3]", "[n]"});
  ::refusals::check_refused<xg::ValueError>([&] { return of_matrix(a, start, 0); }, {"lanczos", "0", "from 1 to 3"});
  ::refusals::check_refused<xg::ValueError>([&] { return of_matrix(a, start, 4); }, {"lanczos", "4", "from 1 to 3"});
  ::refusals::check_refused<xg::ShapeError>(
      [&] { return linalg::lanczos([](const Var& v) { return sum(v); }, start, 2); }, {"lanczos", "[]", "[3]"});
  ::refusals::check_refused<xg::ValueError>([&] { return of_matrix(a, 0.0 * start, 2); }, {"lanczos", "norm", "0"});
}

BOOST_AUTO_TEST_SUITE_END()
