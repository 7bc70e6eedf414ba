// compile(): arguments handed over with std::move, over which results may be written.
#include "comparing.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::Var;

namespace {

/// An array of its own that nobody shares.
Var clone(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return {xg::Array<bool>(x.array<bool>())};
    case DType::Int64:
      return {xg::Array<std::int64_t>(x.array<std::int64_t>())};
    case DType::Float32:
      return {xg::Array<float>(x.array<float>())};
    default:
      return {xg::Array<double>(x.array<double>())};
  }
}

const double* place(const Var& x) { return x.array<double>().data(); }

/// A result of f(w, x), w being donated, is what it is without compile(), whoever shares w.
template <class F>
void check(const char* what, F f, const Var& w_values, const Var& x, double tolerance = 1e-12) {
  BOOST_TEST_INFO_SCOPE(what);
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Var> expected = f(w_values, x);
    Var w = clone(w_values);
    const Var other = round == 1 ? w : Var();
    const std::vector<Var> given = compiled(std::move(w), x);
    BOOST_TEST_REQUIRE(given.size() == expected.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      BOOST_TEST_INFO("result " << k << " in round " << round);
      BOOST_TEST(near(given[k], expected[k], tolerance));
    }
    if (other.defined()) {
      BOOST_TEST(same(other, w_values));
      BOOST_TEST(w.defined());  // NOLINT(bugprone-use-after-move)
    }
    if (w.defined()) BOOST_TEST(same(w, w_values));
  }
}

using List = std::vector<Var>;

/// near, but infinities and NaN are equal to themselves.
comparing::assertion_result alike(const Var& a, const Var& expected) {
  const std::vector<double> x = comparing::doubles(a);
  const std::vector<double> y = comparing::doubles(expected);
  bool equal = a.shape() == expected.shape() && a.dtype() == expected.dtype();
  for (std::size_t i = 0; equal && i < x.size(); ++i) {
    equal = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])) || std::abs(x[i] - y[i]) <= 1e-12 * std::abs(y[i]);
  }
  return equal ? comparing::assertion_result(true)
               : comparing::failed(comparing::printed(a) + " is not near " + comparing::printed(expected));
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_exclusive_array_is_updated_in_place) {
  const auto compiled = xg::compile([](const Var& w, const Var& g) { return w - 0.1 * g; });
  const Var g = wave({100}, 1.0);
  Var w = wave({100});
  const double* const memory = place(w);
  for (int i = 0; i < 3; ++i) {
    const Var expected = wave({100}) - 0.1 * (i + 1) * g;
    w = compiled(std::move(w), g);
    BOOST_TEST(place(w) == memory);
    BOOST_TEST(near(w, expected));
  }
  const Var next = compiled(std::move(w), g);
  BOOST_TEST(!w.defined());  // NOLINT(bugprone-use-after-move)
  BOOST_TEST(place(next) == memory);
  BOOST_TEST(same(g, wave({100}, 1.0)));
}

BOOST_AUTO_TEST_CASE(a_shared_array_is_left_alone) {
  const auto compiled = xg::compile([](const Var& w, const Var& g) { return w - 0.1 * g; });
  const Var g = wave({100}, 1.0);
  Var w = wave({100});
  const Var other = w;
  const Var next = compiled(std::move(w), g);
  BOOST_TEST(place(next) != place(other));
  BOOST_TEST(same(other, wave({100})));
  BOOST_TEST(near(next, wave({100}) - 0.1 * g));
  BOOST_TEST_REQUIRE(w.defined());  // NOLINT(bugprone-use-after-move)
  BOOST_TEST(place(w) == place(other));

  // A tape shares it too.
  xg::Tape tape;
  Var v = wave({100});
  const Var leaf = tape.leaf(v);
  (void)compiled(std::move(v), g);
  BOOST_TEST(same(tape.evaluate(leaf), wave({100})));
}

BOOST_AUTO_TEST_CASE(lvalues_and_constants_are_not_donated) {
  const auto compiled = xg::compile([](const Var& w) { return w * 2.0; });
  Var w = wave({100});
  const double* const memory = place(w);
  BOOST_TEST(place(compiled(w)) != memory);
  BOOST_TEST(place(compiled(std::as_const(w))) != memory);
  BOOST_TEST(place(compiled(std::move(std::as_const(w)))) != memory);  // NOLINT(performance-move-const-arg)
  BOOST_TEST(same(w, wave({100})));
  BOOST_TEST(same(compiled(wave({100})), wave({100}) * 2.0));
  BOOST_TEST(same(compiled(2.5), Var(xg::Array<double>(xg::Shape(), 5.0))));
}

BOOST_AUTO_TEST_CASE(only_leaves_whose_memory_was_taken_are_emptied) {
  // (taken, used without being taken, not used, returned)
  using Four = std::array<Var, 4>;
  const auto compiled = xg::compile([](const Four& x) { return std::tuple{x[0] * 2.0, sum(x[1]), x[3]}; });
  Four x{wave({10}), wave({11}, 1.0), wave({12}, 2.0), wave({13}, 3.0)};
  const auto [doubled, total, last] = compiled(std::move(x));
  BOOST_TEST(same(doubled, wave({10}) * 2.0));
  BOOST_TEST(near(total, sum(wave({11}, 1.0))));
  BOOST_TEST(same(last, wave({13}, 3.0)));
  BOOST_TEST(!x[0].defined());  // NOLINT(bugprone-use-after-move)
  BOOST_TEST_REQUIRE(x[1].defined());
  BOOST_TEST(same(x[1], wave({11}, 1.0)));
  BOOST_TEST_REQUIRE(x[2].defined());
  BOOST_TEST(same(x[2], wave({12}, 2.0)));
  if (x[3].defined()) BOOST_TEST(same(x[3], wave({13}, 3.0)));
}

BOOST_AUTO_TEST_CASE(one_var_as_two_arguments) {
  const auto f = [](const Var& a, const Var& b) {
    return std::tuple{a * 2.0, b + 1.0, matmul(b, a), sum(b * a), transpose(b) - a};
  };
  const auto expected = f(wave({5, 5}), wave({5, 5}));
  const auto compiled = xg::compile(f);
  const auto right = [&](const auto& given) {
    BOOST_TEST(near(std::get<0>(given), std::get<0>(expected)));
    BOOST_TEST(near(std::get<1>(given), std::get<1>(expected)));
    BOOST_TEST(near(std::get<2>(given), std::get<2>(expected)));
    BOOST_TEST(near(std::get<3>(given), std::get<3>(expected)));
    BOOST_TEST(near(std::get<4>(given), std::get<4>(expected)));
  };
  for (int round = 0; round < 2; ++round) {
    // NOLINTBEGIN(bugprone-use-after-move)
    Var w = wave({5, 5});
    BOOST_TEST_CONTEXT("both donated") { right(compiled(std::move(w), std::move(w))); }
    Var u = wave({5, 5});
    BOOST_TEST_CONTEXT("the first donated") { right(compiled(std::move(u), u)); }
    Var v = wave({5, 5});
    BOOST_TEST_CONTEXT("the second donated") { right(compiled(v, std::move(v))); }
    // NOLINTEND(bugprone-use-after-move)
    Var x = wave({5, 5});
    Var copy = x;
    BOOST_TEST_CONTEXT("copies") { right(compiled(std::move(x), std::move(copy))); }
    BOOST_TEST_CONTEXT("twice in a tree") {
      const auto of_pair = xg::compile([&](const std::pair<Var, Var>& p) { return f(p.first, p.second); });
      const Var y = wave({5, 5});
      right(of_pair(std::pair{y, y}));
      BOOST_TEST(same(y, wave({5, 5})));
    }
  }
}

// Two results of one donated Var must not become one array.
BOOST_AUTO_TEST_CASE(one_var_as_two_arguments_with_a_result_each) {
  const auto compiled = xg::compile([](const Var& a, const Var& b) { return std::pair{a * 2.0, b * 3.0}; });
  Var w = wave({100});
  const auto [twice, thrice] = compiled(std::move(w), std::move(w));  // NOLINT(bugprone-use-after-move)
  BOOST_TEST(same(twice, wave({100}) * 2.0));
  BOOST_TEST(same(thrice, wave({100}) * 3.0));
}

// Read by a later step than the one that writes.
BOOST_AUTO_TEST_CASE(one_var_as_two_arguments_of_two_steps) {
  const auto f = [](const Var& a, const Var& b) {
    const Var y = a * 2.0;
    return std::pair{y, matmul(y, b)};
  };
  const auto compiled = xg::compile(f);
  const auto [doubled, product] = f(wave({5, 5}), wave({5, 5}));
  const auto right = [&, &doubled = doubled, &product = product](const auto& given) {
    BOOST_TEST(near(given.first, doubled));
    BOOST_TEST(near(given.second, product));
  };
  // NOLINTBEGIN(bugprone-use-after-move)
  Var w = wave({5, 5});
  BOOST_TEST_CONTEXT("both donated") { right(compiled(std::move(w), std::move(w))); }
  Var u = wave({5, 5});
  BOOST_TEST_CONTEXT("the first donated") { right(compiled(std::move(u), u)); }
  Var v = wave({5, 5});
  BOOST_TEST_CONTEXT("the second donated") { right(compiled(v, std::move(v))); }
  // NOLINTEND(bugprone-use-after-move)
}

BOOST_AUTO_TEST_CASE(a_captured_var_that_is_also_donated) {
  Var w = wave({100});
  const auto compiled = xg::compile([kept = w](const Var& x) { return std::pair{x * 2.0, kept + 1.0}; });
  for (int round = 0; round < 2; ++round) {
    const auto [doubled, captured] = compiled(std::move(w));
    BOOST_TEST(same(doubled, wave({100}) * 2.0));
    BOOST_TEST(same(captured, wave({100}) + 1.0));
    w = wave({100});
  }
}

BOOST_AUTO_TEST_CASE(results_and_later_uses) {
  const Var x = wave({6, 6}, 1.0);
  const Var rows = xt::xarray<std::int64_t>{5, 0, 3, 3, 1, 2};
  const Var choice = reshape(rows, {6, 1});
  using xt::placeholders::_;
  for (const Var& w : {wave({6, 6}), wave<float>({6, 6})}) {
    const double tolerance = w.dtype() == DType::Float32 ? 1e-5 : 1e-12;
    const auto each = [&](const char* what, auto f) { check(what, f, w, cast(x, w.dtype()), tolerance); };
    each("returned and used", [](const Var& a, const Var&) { return List{a, a * 2.0}; });
    each("used and returned", [](const Var& a, const Var&) { return List{a * 2.0, a}; });
    each("returned as a view", [](const Var& a, const Var&) { return List{a * 2.0, transpose(a), reshape(a, {36})}; });
    each("two results", [](const Var& a, const Var& b) { return List{a + b, a - b}; });
    each("duplicates", [](const Var& a, const Var& b) {
      const Var y = a + b;
      return List{y, y, a - y};
    });
    each("sum", [](const Var& a, const Var&) { return List{a * 2.0, sum(a), sum(a, 0), sum(a, 1)}; });
    each("product", [](const Var& a, const Var& b) { return List{a * 2.0, matmul(b, a), matmul(a, b)}; });
    each("sum first", [](const Var& a, const Var&) { return List{a / sum(exp(a)), sum(a)}; });
    each("of rows", [](const Var& a, const Var&) { return List{softmax(a), a + mean(a, 1, xg::keep_dims)}; });
    each("of columns", [](const Var& a, const Var&) { return List{softmax(a, 0), a - mean(a, 0)}; });
    each("transposed", [](const Var& a, const Var&) { return List{a + transpose(a)}; });
    each("reversed", [](const Var& a, const Var&) { return List{a - view(a, xt::range(_, _, -1))}; });
    each("reversed columns",
         [](const Var& a, const Var&) { return List{a - view(a, xt::all(), xt::range(_, _, -1))}; });
    each("its first row", [](const Var& a, const Var&) { return List{a * view(a, 0)}; });
    each("its last row", [](const Var& a, const Var&) { return List{a * view(a, 5)}; });
    each("its first column", [](const Var& a, const Var&) { return List{a * view(a, xt::all(), xt::range(0, 1))}; });
    each("its last column", [](const Var& a, const Var&) { return List{a * view(a, xt::all(), xt::range(5, 6))}; });
    each("its first element", [](const Var& a, const Var&) { return List{a + view(a, 0, 0)}; });
    each("its last element", [](const Var& a, const Var&) { return List{a + view(a, 5, 5)}; });
    each("flattened", [](const Var& a, const Var&) { return List{reshape(a, {36}) * 2.0}; });
    each("its rows", [&](const Var& a, const Var&) { return List{a + take(a, rows, 0)}; });
    each("its columns", [&](const Var& a, const Var&) { return List{a + take(a, rows, 1)}; });
    each("chosen", [&](const Var& a, const Var&) { return List{a * take_along_axis(a, choice, 1)}; });
    each("chosen of log_softmax", [&](const Var& a, const Var&) {
      return List{take_along_axis(log_softmax(a), choice, 1), a * 3.0};
    });
    each("where", [](const Var& a, const Var& b) { return List{where(a > b, a, transpose(a))}; });
    each("joined", [](const Var& a, const Var&) { return List{xg::concatenate({a, a}), a * 2.0}; });
    each("part of joined", [](const Var& a, const Var&) {
      return List{xg::view(xg::concatenate({a * 2.0, a}), xt::range(3, 9))};
    });
    each("other types", [](const Var& a, const Var&) {
      return List{cast(a, DType::Float32), cast(a, DType::Float64), cast(a, DType::Int64), a > 0.0};
    });
    each("gradient", [](const Var& a, const Var& b) {
      const auto [loss, g] = xg::value_and_grad([&](const Var& y) { return sum(square(matmul(b, y))); })(a);
      return List{a - 0.01 * g, loss, g};
    });
    each("long program", [](const Var& a, const Var& b) {
      Var y = a;
      List all;
      for (int i = 0; i < 8; ++i) {
        y = tanh(matmul(b, y)) * 0.5 + a;
        all.push_back(y);
      }
      return all;
    });
  }
}

// Rows that are longer than a block, columns of many chunks.
BOOST_AUTO_TEST_CASE(large_arrays) {
  const Var none = 1.0;
  for (const xg::Shape& shape : {xg::Shape{3, 20'000}, xg::Shape{20'000, 3}, xg::Shape{60'000}, xg::Shape{300, 200}}) {
    const Var w = wave(shape);
    check(
        "softmax", [](const Var& a, const Var&) { return List{softmax(a)}; }, w, none);
    check(
        "centred",
        [](const Var& a, const Var&) {
          return List{a - mean(a, -1, xg::keep_dims), sum(a)};
        },
        w, none);
    check(
        "columns",
        [](const Var& a, const Var&) {
          return List{a - mean(a, 0), amax(a)};
        },
        w, none);
    check(
        "scaled",
        [](const Var& a, const Var&) {
          return List{a * amax(a), a * 2.0};
        },
        w, none);
    check(
        "turned",
        [](const Var& a, const Var&) {
          return List{a * reshape(transpose(a), xg::Strides(a.shape().begin(), a.shape().end()))};
        },
        w, none);
    check(
        "reversed",
        [](const Var& a, const Var&) {
          return List{a - view(a, xt::range(xt::placeholders::_, xt::placeholders::_, -1))};
        },
        w, none);
  }
}

BOOST_AUTO_TEST_CASE(results_of_another_element_type) {
  for (const std::size_t n : {8U, 9U, 1000U}) {  // 8: memory is counted in pieces of 64 bytes
    BOOST_TEST_INFO_SCOPE(n << " elements");
    for (const DType from : {DType::Bool, DType::Int64, DType::Float32, DType::Float64}) {
      const Var w = cast(wave({n}), from);
      for (const DType to : {DType::Bool, DType::Int64, DType::Float32, DType::Float64}) {
        check(
            "cast", [=](const Var& a, const Var&) { return List{cast(a, to)}; }, w, 1.0);
      }
      check(
          "times a number", [](const Var& a, const Var&) { return List{a * 2.5}; }, w, 1.0, 1e-6);
      check(
          "compared", [](const Var& a, const Var&) { return List{a < 1}; }, w, 1.0);
      check(
          "divided", [](const Var& a, const Var&) { return List{a / 2}; }, w, 1.0, 1e-6);
      check(
          "chosen by", [](const Var& a, const Var&) { return List{where(a > 0, 1.5, 2.5)}; }, w, 1.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(results_of_another_shape) {
  const auto f = [](const Var& a, const Var&) {
    return List{reshape(a, {3, 4}) * 2.0, reshape(a, {4, 3}), sum(reshape(a, {2, 6}), 0),
                broadcast_to(a, {2, 12}) + 1.0};
  };
  check("reshaped", f, wave({12}), 1.0);
  check(
      "reshaped only",
      [](const Var& a, const Var&) {
        return List{reshape(a, {3, 4})};
      },
      wave({12}), 1.0);
  check(
      "smaller", [](const Var& a, const Var&) { return List{view(a, xt::range(0, 5)) * 2.0}; }, wave({8}), 1.0);
  check(
      "larger",
      [](const Var& a, const Var&) {
        return List{xg::concatenate({a, a}) * 2.0};
      },
      wave({3}), 1.0);
  check(
      "one element",
      [](const Var& a, const Var&) {
        return List{a * 2.0, reshape(a, {}) + 1.0, sum(a)};
      },
      wave({1}), 1.0);
  check(
      "scalar",
      [](const Var& a, const Var& b) {
        return List{a * 2.0, b * a};
      },
      wave({}), wave({5}));
  check(
      "empty",
      [](const Var& a, const Var&) {
        return List{a * 2.0, sum(a)};
      },
      wave({0, 3}), 1.0);
}

BOOST_AUTO_TEST_CASE(a_bad_index_during_an_update) {
  const auto compiled = xg::compile([](const Var& w, const Var& rows) { return std::pair{w * 2.0, take(w, rows, 0)}; });
  const Var good = xt::xarray<std::int64_t>{0, 2};
  const Var bad = xt::xarray<std::int64_t>{0, 3};
  for (int round = 0; round < 2; ++round) {
    Var w = wave({3, 4});
    BOOST_TEST(throws<xg::ValueError>([&] { return compiled(std::move(w), bad); }));
    const auto [doubled, rows] = compiled(wave({3, 4}), good);
    BOOST_TEST(same(doubled, wave({3, 4}) * 2.0));
    BOOST_TEST(same(rows, take(wave({3, 4}), good, 0)));
  }
}

BOOST_AUTO_TEST_SUITE(products)

namespace {

/// W - lr * (A^T B) and the like, with every way of writing it.
void check_products(const Var& w, const Var& a, const Var& b, const Var& rate, double tolerance) {
  const auto each = [&](const char* what, auto f) { check(what, f, w, rate, tolerance); };
  const Var at = transpose(a);
  each("-", [=](const Var& c, const Var&) { return List{c - matmul(at, b)}; });
  each("- number", [=](const Var& c, const Var&) { return List{c - 0.1 * matmul(at, b)}; });
  each("- argument", [=](const Var& c, const Var& lr) { return List{c - lr * matmul(at, b)}; });
  each("- behind", [=](const Var& c, const Var& lr) { return List{c - matmul(at, b) * lr}; });
  each("+", [=](const Var& c, const Var& lr) { return List{c + lr * matmul(at, b)}; });
  each("+ in front", [=](const Var& c, const Var& lr) { return List{lr * matmul(at, b) + c}; });
  each("reverse -", [=](const Var& c, const Var& lr) { return List{lr * matmul(at, b) - c}; });
  each("- -", [=](const Var& c, const Var& lr) { return List{c - -(lr * matmul(at, b))}; });
  each("+ -", [=](const Var& c, const Var& lr) { return List{-(lr * matmul(at, b)) + c}; });
  each("+ - inner", [=](const Var& c, const Var& lr) { return List{c + lr * -matmul(at, b)}; });
  each("special", [=](const Var& c, const Var&) {
    return List{c - 0.0 * matmul(at, b), c + 1.0 * matmul(at, b), c - -1.0 * matmul(at, b), c + 2.0 * matmul(at, b)};
  });
  each("product is a result", [=](const Var& c, const Var& lr) {
    const Var product = matmul(at, b);
    return List{c - lr * product, product};
  });
  each("product used twice", [=](const Var& c, const Var& lr) {
    const Var product = matmul(at, b);
    return List{c - lr * product, sum(product)};
  });
  each("argument is used later", [=](const Var& c, const Var& lr) {
    return List{c - lr * matmul(at, b), sum(c), c + 1.0};
  });
  each("argument is a result", [=](const Var& c, const Var& lr) { return List{c - lr * matmul(at, b), c}; });
  each("twice", [=](const Var& c, const Var& lr) {
    const Var once = c - lr * matmul(at, b);
    return List{once - lr * matmul(at, b)};
  });
  each("both", [=](const Var& c, const Var& lr) { return List{c - lr * matmul(at, b), c + lr * matmul(at, b)}; });
  each("transposed", [=](const Var& c, const Var& lr) { return List{transpose(c) - lr * matmul(transpose(b), a)}; });
}

}  // namespace

BOOST_AUTO_TEST_CASE(in_place) {
  const Var rates[] = {0.1, 0.0, 1.0, Var(xg::Array<double>(xg::Shape(), 0.25)), Var(xg::Array<double>({1}, 0.25))};
  for (const Var& rate : rates) {
    check_products(wave({3, 4}), wave({5, 3}, 1.0), wave({5, 4}, 2.0), rate, 1e-12);
    check_products(wave({3, 3}), wave({3, 3}, 1.0), wave({3, 3}, 2.0), rate, 1e-12);
    check_products(wave({1, 1}), wave({5, 1}, 1.0), wave({5, 1}, 2.0), rate, 1e-12);
    check_products(wave({3, 4}), wave({0, 3}), wave({0, 4}), rate, 1e-12);
    check_products(wave({0, 4}), wave({5, 0}), wave({5, 4}), rate, 1e-12);
    check_products(wave({1, 4}), wave({5, 1}, 1.0), wave({5, 4}, 2.0), rate, 1e-12);
    check_products(wave({3, 1}), wave({5, 3}, 1.0), wave({5, 1}, 2.0), rate, 1e-12);
  }
  check_products(wave<float>({30, 40}), wave<float>({50, 30}, 1.0), wave<float>({50, 40}, 2.0),
                 Var(xg::Array<float>(xg::Shape(), 0.1F)), 1e-5);
}

BOOST_AUTO_TEST_CASE(memory_is_kept) {
  const Var a = wave({5, 3}, 1.0);
  const Var b = wave({5, 4}, 2.0);
  const auto compiled = xg::compile([=](const Var& w, const Var& lr) { return w - lr * matmul(transpose(a), b); });
  Var w = wave({3, 4});
  const double* const memory = place(w);
  for (const double rate : {0.1, 0.0, -0.5}) {
    const Var expected = (w * 1.0) - rate * matmul(transpose(a), b);
    w = compiled(std::move(w), rate);
    BOOST_TEST(place(w) == memory);
    BOOST_TEST(near(w, expected));
  }
}

BOOST_AUTO_TEST_CASE(a_product_of_the_argument_itself) {
  const Var x = wave({4, 4}, 1.0);
  for (const Var& w : {wave({4, 4}), wave<float>({4, 4}), wave({70, 70}), wave({300, 300}), wave({1, 1})}) {
    const double tolerance = w.dtype() == DType::Float32 ? 1e-5 : 1e-12;
    const Var lr = cast(Var(xg::Array<double>(xg::Shape(), 0.1)), w.dtype());
    const auto each = [&](const char* what, auto f) { check(what, f, w, lr, tolerance); };
    each("W - W W", [](const Var& c, const Var&) { return List{c - matmul(c, c)}; });
    each("W - lr W W", [](const Var& c, const Var& rate) { return List{c - rate * matmul(c, c)}; });
    each("W - W W^T", [](const Var& c, const Var&) { return List{c - 0.1 * matmul(c, transpose(c))}; });
    each("W - W^T W", [](const Var& c, const Var&) { return List{c - 0.1 * matmul(transpose(c), c)}; });
    each("W + (2 W) W", [](const Var& c, const Var&) { return List{c + matmul(2.0 * c, c)}; });
    each("W + W (2 W)", [](const Var& c, const Var&) { return List{c + matmul(c, 2.0 * c)}; });
    each("W - W[0, 0] (2 W) (3 W)",
         [](const Var& c, const Var&) { return List{c - view(c, 0, 0) * matmul(2.0 * c, 3.0 * c)}; });
    each("matrix times vector", [](const Var& c, const Var&) {
      return List{view(c, 0) - matmul(c, view(c, 0)), c + 1.0};
    });
  }
  check(
      "outer",
      [](const Var& c, const Var&) {
        return List{c - matmul(c, wave({4, 4}, 1.0))};
      },
      wave({4}), 1.0);
}

BOOST_AUTO_TEST_CASE(stacks_and_vectors) {
  const Var lr = 0.3;
  check(
      "stack",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({2, 3, 5}), wave({2, 5, 4}))};
      },
      wave({2, 3, 4}), lr);
  check(
      "one matrix for all",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({2, 3, 5}), wave({5, 4}))};
      },
      wave({2, 3, 4}), lr);
  check(
      "rates of rows",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({3, 5}), wave({5, 4}))};
      },
      wave({3, 4}), wave({3, 1}));
  check(
      "broadcast",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({3, 5}), wave({5, 4}))};
      },
      wave({4}), lr);
  check(
      "broadcast product",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({1, 5}), wave({5, 4}))};
      },
      wave({3, 4}), lr);
  check(
      "vector",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({3, 5}), wave({5}))};
      },
      wave({3}), lr);
  check(
      "vector in front",
      [](const Var& c, const Var& r) {
        return List{c - r * matmul(wave({5}), wave({5, 3}))};
      },
      wave({3}), lr);
  check(
      "scalar product", [](const Var& c, const Var& r) { return List{c - r * matmul(wave({5}), wave({5}, 1.0))}; },
      wave({}), lr);
  check(
      "integers",
      [](const Var& c, const Var&) {
        return List{c - 2 * matmul(wave<std::int64_t>({3, 5}), wave<std::int64_t>({5, 4}))};
      },
      wave<std::int64_t>({3, 4}), lr);
}

BOOST_AUTO_TEST_CASE(special_numbers) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double large = 1e200;  // its square is infinite
  const auto f = [](const Var& w, const Var& a, const Var& b, const Var& lr) {
    return w - lr * matmul(transpose(a), b);
  };
  const auto compiled = xg::compile(f);
  for (const double special : {inf, -inf, nan, large, -large, 0.0, 1.0}) {
    for (const double rate : {0.0, -0.0, 1.0, -1.0, 0.5, 1e-3, 1e-320, inf, nan}) {
      for (const std::size_t n : {1U, 4U, 33U}) {
        BOOST_TEST_INFO_SCOPE("rate " << rate << ", element " << special << ", n " << n);
        auto a = xg::Array<double>::from_shape({5, n});
        auto b = xg::Array<double>::from_shape({5, n});
        a.fill(0.5);
        b.fill(0.25);
        a(1, n / 2) = special;
        b(1, n / 2) = special == large ? special : 2.0;
        const Var left = a;
        const Var right = b;
        const Var expected = f(wave({n, n}), left, right, rate);
        BOOST_TEST(alike(compiled(wave({n, n}), left, right, rate), expected));
        Var w = wave({n, n});
        const Var other = w;
        BOOST_TEST(alike(compiled(std::move(w), left, right, rate), expected));
      }
    }
  }
}

// A number that scales a product must not meet its factors before they have met each other.
BOOST_AUTO_TEST_CASE(scales_of_extreme_size) {
  const auto f = [](const Var& w, const Var& a, const Var& b, const Var& lr) {
    return w - lr * matmul(transpose(a), b);
  };
  const auto compiled = xg::compile(f);
  for (const double rate : {1e-200, 1e200}) {
    for (const xg::Shape& shape : {xg::Shape{5, 1}, xg::Shape{5, 4}, xg::Shape{5, 40}}) {
      BOOST_TEST_INFO_SCOPE("rate " << rate << ", shape " << xg::to_string(shape));
      const Var one = ones_like(wave(shape));
      const Var small = one * (1.0 / rate);
      const xg::Shape square{shape[1], shape[1]};
      for (const auto& [a, b] : {std::pair{one * small, one}, std::pair{one, one * small}}) {
        BOOST_TEST(alike(compiled(zeros_like(wave(square)), a, b, rate), f(zeros_like(wave(square)), a, b, rate)));
      }
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
