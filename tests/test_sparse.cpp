// sparse_jacobian, sparse_hessian and their patterns, against the dense ones.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "sparse_functions.hpp"
#include "transform/sparse/colouring.hpp"

BOOST_AUTO_TEST_SUITE(test_sparse)

namespace xg = xgrad;
using namespace sparse_functions;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::Mode;

namespace {

std::ptrdiff_t extent_of(const Var& x) { return static_cast<std::ptrdiff_t>(x.size()); }

/// A row for each element of y, a column for each of x.
Var as_matrix(const Var& jacobian, const Var& y, const Var& x) {
  return reshape(jacobian, {extent_of(y), extent_of(x)});
}

Var with_weights(const SparseFunction& f, const Var& x) {
  const Var y = f(x);
  return sum(y * wave(y.shape(), 0.4));
}

/// Whether every element that is not 0 has an entry.
bool covers(const SparsityPattern& pattern, const Var& dense) {
  std::set<std::pair<std::int64_t, std::int64_t>> entries;
  const auto& rows = pattern.rows.array<std::int64_t>();
  const auto& columns = pattern.columns.array<std::int64_t>();
  for (std::size_t k = 0; k < rows.size(); ++k) entries.emplace(rows(k), columns(k));
  const std::vector<double> values = comparing::doubles(dense);
  for (std::size_t k = 0; k < values.size(); ++k) {
    const auto columns_in_all = static_cast<std::int64_t>(pattern.shape[1]);
    const auto at = static_cast<std::int64_t>(k);
    if (values[k] != 0.0 && !entries.contains({at / columns_in_all, at % columns_in_all})) return false;
  }
  return true;
}

/// Central differences of sixth order.
Var jacobian_of_differences(const SparseFunction& f, const Var& x) {
  constexpr double step = 0.005;
  std::vector<Var> columns;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const Var unit = reshape(xg::one_hot(Var(static_cast<std::int64_t>(i)), x.size()), xg::Strides(x.shape()));
    const auto at = [&](double count) { return flatten(f(x + unit * (count * step))); };
    columns.push_back((45.0 * (at(1) - at(-1)) - 9.0 * (at(2) - at(-2)) + (at(3) - at(-3))) / (60.0 * step));
  }
  return xg::stack(columns, 1);
}

/// The Jacobian in each mode, at once and compiled, its derivatives and batches, and the Hessian, against the dense
/// ones.
void check_all(const SparseFunction& f, const Var& x, bool differences = true) {
  const Var y = f(x);
  const Var dense = as_matrix(xg::jacobian(f)(x), y, x);
  BOOST_TEST(covers(xg::jacobian_pattern(f, x), dense));
  if (differences) BOOST_TEST(near(dense, jacobian_of_differences(f, x), 1e-8));
  for (const Mode mode : {Mode::automatic, Mode::forward, Mode::reverse}) {
    const auto jacobian = xg::sparse_jacobian(f, {.mode = mode, .check = true});
    BOOST_TEST(near(jacobian(x).dense(), dense, 1e-11));
    BOOST_TEST(near(xg::compile(jacobian)(0.9 * x).dense(), as_matrix(xg::jacobian(f)(0.9 * x), y, x), 1e-11));
  }
  const auto values = [&](const Var& at) { return square(sin(xg::sparse_jacobian(f)(at).dense())); };
  const auto reference = [&](const Var& at) { return square(sin(as_matrix(xg::jacobian(f)(at), y, at))); };
  BOOST_TEST(near(xg::jacobian(values)(x), xg::jacobian(reference)(x), 1e-9));
  const Var batch = xg::stack({x, 0.9 * x, 1.1 * x});
  BOOST_TEST(near(xg::vmap(values)(batch), xg::vmap(reference)(batch), 1e-10));
  BOOST_TEST(near(xg::vmap(xg::sparse_jacobian(f))(batch).dense(),
                  xg::vmap([&](const Var& at) { return as_matrix(xg::jacobian(f)(at), y, at); })(batch), 1e-10));

  const auto total = [&](const Var& at) { return with_weights(f, at); };
  const Var second = as_matrix(xg::hessian(total)(x), x, x);
  BOOST_TEST(covers(xg::hessian_pattern(total, x), second));
  const auto hessian = xg::sparse_hessian(total, {.check = true});
  BOOST_TEST(near(hessian(x).dense(), second, 1e-10));
  BOOST_TEST(near(xg::compile(hessian)(x).dense(), second, 1e-10));
}

std::size_t entries(const SparsityPattern& pattern) { return pattern.rows.size(); }

Var chained_rosenbrock(const Var& x) {
  const Var a = view(x, xt::range(1, _));
  const Var b = view(x, xt::range(0, -1));
  return sum(100.0 * square(a - square(b)) + square(1.0 - b));
}

}  // namespace

BOOST_AUTO_TEST_CASE(structured_functions_have_their_entries_and_no_more) {
  for (const Structured& each : structured_functions()) {
    BOOST_TEST_CONTEXT(each.name) {
      BOOST_TEST(entries(xg::jacobian_pattern(each.f, usual_point())) == each.jacobian);
      BOOST_TEST(
          entries(xg::compile([&](const Var& x) { return xg::sparse_jacobian(each.f)(x); })(usual_point()).pattern()) ==
          each.jacobian);
      check_all(each.f, usual_point(), each.smooth);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_hessian_in_closed_form) {
  const Var x = wave({50}, 0.3) * 0.4;
  const xg::SparseMatrix h = xg::sparse_hessian(chained_rosenbrock, {.check = true})(x);
  BOOST_TEST(h.shape == (Shape{50, 50}));
  BOOST_TEST(entries(h.pattern()) == 148U);
  const Var dense = h.dense();
  const auto& at = x.array<double>();
  for (std::size_t i = 0; i < 50; ++i) {
    const double own = (i > 0 ? 200.0 : 0.0) + (i < 49 ? 1200.0 * at(i) * at(i) - 400.0 * at(i + 1) + 2.0 : 0.0);
    BOOST_TEST(std::abs(dense.array<double>()(i, i) - own) < 1e-10);
    if (i < 49) BOOST_TEST(std::abs(dense.array<double>()(i, i + 1) + 400.0 * at(i)) < 1e-10);
  }
  BOOST_TEST(same(dense, transpose(dense)));
  // Third derivatives: of the entries, by a fourth way.
  const auto entries_of = [](const Var& y) { return xg::sparse_hessian(chained_rosenbrock)(y).values; };
  BOOST_TEST(
      near(xg::sparse_jacobian(entries_of, {.check = true})(x).dense(), jacobian_of_differences(entries_of, x), 1e-8));
  BOOST_TEST(entries(xg::jacobian_pattern(entries_of, x)) <= 3U * 148U);
}

BOOST_AUTO_TEST_CASE(random_programs) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  using Op = std::function<Var(const Var&)>;
  const auto random_op = [&]() -> Op {
    const int shift = below(12);
    switch (below(14)) {
      case 0:
        return [=](const Var& x) { return xg::roll(x, shift, 0); };
      case 1:
        return [](const Var& x) { return sin(x); };
      case 2:
        return [=](const Var& x) { return xg::roll(x, shift, 0) * x; };
      case 3:
        return [](const Var& x) { return flatten(transpose(reshape(x, {3, 4}))); };
      case 4: {
        std::vector<int> indices;
        for (int k = 0; k < 12; ++k) indices.push_back(below(12));
        return [=](const Var& x) { return take(x, Var(indices), 0); };
      }
      case 5: {
        std::vector<int> indices;
        for (int k = 0; k < 12; ++k) indices.push_back(below(12));
        return [=](const Var& x) { return 0.3 * scatter_add(x, Var(indices), 12, 0); };
      }
      case 6:
        return [](const Var& x) {
          return flatten(matmul(reshape(wave({12}, 0.1), {3, 2, 2}) * 0.3, reshape(x, {3, 2, 2})));
        };
      case 7:
        return [](const Var& x) { return where(x > 0.2, sin(x), view(x, xt::range(_, _, -1))); };
      case 8:
        return [=](const Var& x) { return where(wave({12}, shift) > 0.0, x, 0.5); };
      case 9:
        return [](const Var& x) {
          return flatten(broadcast_to(sin(xg::mean(reshape(x, {3, 4}), 1, xg::keep_dims)), {3, 4}));
        };
      case 10:
        return [](const Var& x) { return flatten(0.4 * cumsum(reshape(x, {6, 2}), 1)); };
      case 11:
        return [=](const Var& x) {
          return xg::concatenate({view(x, xt::range(shift, _)), square(sin(view(x, xt::range(0, shift))))});
        };
      case 12:
        return [](const Var& x) { return maximum(x, 0.5 * xg::roll(x, 5, 0)); };
      default:
        return [](const Var& x) {
          const auto body = [](const Var& h, const Var& each) { return std::pair{0.5 * each, sin(h) + each}; };
          return flatten(xg::scan(body, view(reshape(x, {4, 3}), 0), reshape(x, {4, 3})).second);
        };
    }
  };
  for (int program = 0; program < 60; ++program) {
    std::vector<Op> ops;
    for (int k = 0; k < 5; ++k) ops.push_back(random_op());
    const auto f = [&](const Var& x) {
      Var y = x;
      for (const Op& op : ops) y = op(y);
      return y;
    };
    BOOST_TEST_CONTEXT("program " << program) {
      const Var x = wave({12}, 0.1 * program) * 0.4;
      const Var dense = xg::jacobian(f)(x);
      BOOST_TEST(covers(xg::jacobian_pattern(f, x), dense));
      for (const Mode mode : {Mode::forward, Mode::reverse}) {
        BOOST_TEST(near(xg::sparse_jacobian(f, {.mode = mode, .check = true})(x).dense(), dense, 1e-11));
      }
      const auto total = [&](const Var& at) { return sum(square(f(at))); };
      BOOST_TEST(near(xg::sparse_hessian(total, {.check = true})(x).dense(), xg::hessian(total)(x), 1e-10));
    }
  }
}

BOOST_AUTO_TEST_CASE(loops_of_unknown_length) {
  const auto until_large = [](const Var& x) {
    const auto goes_on = [](const Var& h) { return sum(abs(h)) < 40.0; };
    return xg::while_loop(goes_on, [](const Var& h) { return xg::roll(h, 2, 0) * Var(1.3) + 0.1 * square(h); }, x,
                          {.at_most = 40});
  };
  const Var x = usual_point();
  BOOST_TEST(entries(xg::jacobian_pattern(until_large, x)) == 32U);  // each second of eight
  check_all(until_large, x, false);
}

BOOST_AUTO_TEST_CASE(what_varies_is_not_taken_for_what_it_is_now) {
  const Var x = usual_point();
  const Var indices = numbers_up_to(8);
  const auto chosen = [](const Var& at, const Var& which) { return square(take(at, which, 0)); };
  // An index that is an argument may be another one, one that is captured may not.
  BOOST_TEST(entries(xg::jacobian_pattern(chosen, x, indices)) == 64U);
  BOOST_TEST(entries(xg::jacobian_pattern([&](const Var& at) { return chosen(at, indices); }, x)) == 8U);
  BOOST_TEST(entries(xg::jacobian_pattern([&](const Var& at) { return chosen(at, 7 - indices); }, x)) == 8U);
  const auto jacobian = xg::compile([&](const Var& at, const Var& which) {
    return xg::sparse_jacobian([&](const Var& y) { return chosen(y, which); })(at).dense();
  });
  for (const Var& which : {indices, 7 - indices, indices * 0}) {
    BOOST_TEST(near(jacobian(x, which), xg::jacobian(chosen)(x, which)));
  }
  // An index out of range fails when values are asked for, as ever.
  const auto beyond = [&](const Var& at) { return take(at, indices + 5, 0); };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::sparse_jacobian(beyond)(x).values; }, {"take", "8"}));
}

BOOST_AUTO_TEST_CASE(rules_of_the_users) {
  const Var x = usual_point();
  const auto straight_through = xg::custom_vjp(
      [](const Var& at) {
        return std::pair{where(at > 0.0, 1.0, 0.0) + 0.0 * at, std::tuple<>()};
      },
      [](const std::tuple<>&, const Var& dy) { return dy; });
  const auto f = [&](const Var& at) { return straight_through(at) * xg::roll(at, 1, 0); };
  BOOST_TEST(entries(xg::jacobian_pattern(f, x)) == 16U);
  check_all(f, x, false);
  const auto forward_rule = xg::custom_jvp([](const Var& at) { return square(at); },
                                           [](const Var& at, const Var& v) { return 3.0 * at * xg::roll(v, 1, 0); });
  check_all([&](const Var& at) { return forward_rule(at) * at; }, x, false);
  // A gradient that is none has no symmetric Hessian.
  const auto odd = xg::custom_vjp(
      [](const Var& at) {
        return std::pair{sum(square(at)), at};
      },
      [](const Var& at, const Var& dy) { return dy * square(xg::roll(at, -1, 0)); });
  const Var h = xg::sparse_hessian(odd, {.check = true})(x).dense();
  BOOST_TEST(near(h, xg::hessian(odd)(x)));
  BOOST_TEST(!near(h, transpose(h)));
  BOOST_TEST(entries(xg::hessian_pattern(odd, x)) == 8U);
  // Of a host function all depends on all, and it has a derivative one way only.
  const auto host_square = xg::host_call(
      "square", [](const Shape& shape) { return shape; },
      [](const xg::Array<double>& a) -> xg::Array<double> { return a * a; });
  const auto ruled = xg::custom_vjp(
      [&](const Var& at) {
        return std::pair{host_square(at), at};
      },
      [](const Var& at, const Var& dy) { return 2.0 * at * dy; });
  BOOST_TEST(
      near(xg::sparse_jacobian(ruled, {.mode = Mode::reverse, .check = true})(x).dense(), xg::jacobian(ruled)(x)));
}

BOOST_AUTO_TEST_CASE(trees_and_positions) {
  const auto f = [](const Var& scale, const std::pair<Var, Var>& p) {
    return std::tuple{p.first * scale, sum(p.second, 0), stop_gradient(scale) * Var(xt::ones<double>({2}))};
  };
  const Var a = wave({3}, 0.1);
  const Var b = wave({2, 2}, 0.9);
  const Var scale = 1.5;
  const xg::SparseMatrix j = xg::sparse_jacobian<1>(f, {.check = true})(scale, std::pair{a, b});
  BOOST_TEST(j.shape == (Shape{7, 7}));
  xt::xarray<double> expected = xt::zeros<double>({7, 7});
  for (std::size_t i = 0; i < 3; ++i) expected(i, i) = 1.5;
  for (std::size_t i = 0; i < 2; ++i) expected(3 + i, 3 + i) = expected(3 + i, 5 + i) = 1.0;
  BOOST_TEST(same(j.dense(), Var(expected)));
  const xg::SparseMatrix both = xg::sparse_jacobian<0, 1>(f, {.check = true})(scale, std::pair{a, b});
  BOOST_TEST(both.shape == (Shape{7, 8}));
  BOOST_TEST(same(view(both.dense(), xt::all(), xt::range(1, _)), Var(expected)));
  BOOST_TEST(same(view(both.dense(), xt::range(0, 3), 0), a));
  const auto loss = [](const std::pair<Var, Var>& p) { return sum(square(p.first)) + sum(p.second) * sum(p.second); };
  const xg::SparseMatrix h = xg::sparse_hessian(loss, {.check = true})(std::pair{a, b});
  BOOST_TEST(entries(h.pattern()) == 3U + 16U);
  BOOST_TEST(near(view(h.dense(), xt::range(3, _), xt::range(3, _)), Var(xt::ones<double>({4, 4})) * 2.0));
}

BOOST_AUTO_TEST_CASE(edges) {
  const auto cube = [](const Var& x) { return x * x * x; };
  // Rank 0, a number, nothing, as many axes as there can be, one row.
  BOOST_TEST(same(xg::sparse_jacobian(cube, {.check = true})(Var(xt::xarray<double>(2.0))).dense(),
                  12.0 * Var(xt::ones<double>({1, 1}))));
  BOOST_TEST(same(xg::sparse_jacobian(cube, {.check = true})(2.0).dense(), 12.0 * Var(xt::ones<double>({1, 1}))));
  BOOST_TEST(same(xg::sparse_hessian(cube, {.check = true})(2.0).dense(), 12.0 * Var(xt::ones<double>({1, 1}))));
  const Var none = xt::zeros<double>({0});
  for (const Mode mode : {Mode::automatic, Mode::forward, Mode::reverse}) {
    const auto jacobian = xg::sparse_jacobian(cube, {.mode = mode, .check = true});
    BOOST_TEST(jacobian(none).shape == (Shape{0, 0}));
    BOOST_TEST(jacobian(none).dense().shape() == (Shape{0, 0}));
    BOOST_TEST(jacobian(none).csr().row_starts.size() == 1U);
    Shape most;
    for (std::size_t axis = 0; axis < xg::max_dimension; ++axis) most.push_back(axis < 2 ? 2 : 1);
    const Var full = reshape(wave({4}, 0.2), xg::Strides(most));
    BOOST_TEST(near(jacobian(full).dense(), xg::jacobian(cube)(wave({4}, 0.2))));
  }
  const Var x = usual_point();
  const auto total = [](const Var& at) { return sum(at * at * at); };
  BOOST_TEST(near(xg::sparse_jacobian(total, {.check = true})(x).dense(), reshape(3.0 * x * x, {1, 8})));
  BOOST_TEST(xg::sparse_hessian([](const Var& at) { return sum(at); }, {.check = true})(x).values.shape() == Shape{0});
  const auto to_nothing = [](const Var& at) { return view(at, xt::range(0, 0)); };
  BOOST_TEST(xg::sparse_jacobian(to_nothing, {.check = true})(x).shape == (Shape{0, 8}));
  // Element types: that of the results.
  const Var narrow = cast(x, xg::DType::Float32);
  BOOST_TEST(near(xg::sparse_jacobian(cube, {.check = true})(narrow).dense(), xg::jacobian(cube)(narrow), 1e-6));
  const auto widened = [](const Var& at) { return cast(at * at, xg::DType::Float64); };
  for (const Mode mode : {Mode::forward, Mode::reverse}) {
    const Var j = xg::sparse_jacobian(widened, {.mode = mode, .check = true})(narrow).dense();
    BOOST_TEST(near(j, xg::jacobian(widened, Mode::forward)(narrow), 1e-6));
  }
  // What is not finite is where it is, and does not spread.
  const Var poles = xt::xarray<double>{0.0, 1.0, 4.0};
  const Var slopes = xg::sparse_jacobian([](const Var& at) { return sqrt(at); }, {.check = true})(poles).values;
  BOOST_TEST(same(slopes, Var(xt::xarray<double>{std::numeric_limits<double>::infinity(), 0.5, 0.25})));
}

BOOST_AUTO_TEST_CASE(formats) {
  const auto f = [](const Var& x) { return view(x, xt::range(1, _)) * view(x, xt::range(0, -1)); };
  const Var x = xt::xarray<double>{2.0, 3.0, 5.0, 7.0};
  const xg::SparseMatrix j = xg::sparse_jacobian(f)(x);
  BOOST_TEST(same(j.rows, Var(xt::xarray<int>{0, 0, 1, 1, 2, 2})));
  BOOST_TEST(same(j.columns, Var(xt::xarray<int>{0, 1, 1, 2, 2, 3})));
  BOOST_TEST(same(j.values, Var(xt::xarray<double>{3, 2, 5, 3, 7, 5})));
  const xg::CsrMatrix csr = j.csr();
  BOOST_TEST(same(csr.row_starts, Var(xt::xarray<int>{0, 2, 4, 6})));
  BOOST_TEST(same(csr.coo().rows, j.rows));
  BOOST_TEST(same(csr.coo().dense(), j.dense()));
  // In any order; entries at one place add up; empty rows; batches.
  const xg::SparseMatrix mixed{Shape{4, 3}, Var(xt::xarray<int>{3, 0, 3, 0}), Var(xt::xarray<int>{2, 1, 0, 1}),
                               Var(xt::xarray<double>{{1, 2, 3, 4}, {5, 6, 7, 8}})};
  BOOST_TEST(same(mixed.csr().row_starts, Var(xt::xarray<int>{0, 2, 2, 2, 4})));
  BOOST_TEST(same(mixed.csr().columns, Var(xt::xarray<int>{1, 1, 0, 2})));
  BOOST_TEST(same(mixed.csr().values, Var(xt::xarray<double>{{2, 4, 3, 1}, {6, 8, 7, 5}})));
  BOOST_TEST(same(mixed.csr().coo().dense(), mixed.dense()));
  BOOST_TEST(same(view(mixed.dense(), 1), Var(xt::xarray<double>{{0, 14, 0}, {0, 0, 0}, {0, 0, 0}, {7, 0, 5}})));
  // As a tree: the pattern rides along.
  const auto doubled =
      xg::compile([](const xg::SparseMatrix& m) { return xg::tree::map(m, [](const Var& v) { return 2.0 * v; }); });
  BOOST_TEST(same(doubled(j).dense(), 2.0 * j.dense()));
  const auto squares = [](const xg::SparseMatrix& m) { return sum(square(m.dense())); };
  BOOST_TEST(same(xg::grad(squares)(j).values, 2.0 * j.values));

  const auto matrix = [](const std::vector<int>& rows, const std::vector<int>& columns, const Var& values) {
    return xg::SparseMatrix{Shape{2, 3}, Var(rows), Var(columns), values};
  };
  const Var two = xt::ones<double>({2});
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return matrix({0, 2}, {0, 0}, two).dense();
      },
      {"dense", "rows[1] is 2", "2 of them"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return matrix({0, 1}, {0, -1}, two).csr().values;
      },
      {"csr", "columns[1] is -1"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return matrix({0, 1}, {0}, two).dense(); }, {"2 rows", "1 columns"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return matrix({0, 1}, {0, 1}, Var(xt::ones<double>({3}))).dense();
      },
      {"float64 [3]", "2 entries"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return xg::SparseMatrix{Shape{2, 3}, two, two, two}.dense();
      },
      {"rows", "float64 [2]", "int64"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::SparseMatrix{}.dense(); }, {"dense", "shape []"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] {
        return xg::CsrMatrix{Shape{2, 3}, Var(xt::xarray<int>{0, 2, 1}), Var(xt::xarray<int>{0}),
                             Var(xt::ones<double>({1}))}
            .coo()
            .values;
      },
      {"coo", "row_starts"}));
}

BOOST_AUTO_TEST_SUITE_END()
