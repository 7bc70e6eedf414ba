// compile(): arguments handed over with std::move, over which results may be written. Products:
// test_compile_products.cpp; calls that throw: test_compile_donation_failures.cpp.
#include "comparing.hpp"
#include "donation.hpp"

#include <array>
#include <tuple>
#include <utility>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_compile_donation)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::wave;
using donation::check;
using donation::place;
using donation::Vars;
using xg::DType;
using xg::Var;

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
    each("returned and used", [](const Var& a, const Var&) { return Vars{a, a * 2.0}; });
    each("used and returned", [](const Var& a, const Var&) { return Vars{a * 2.0, a}; });
    each("returned as a view", [](const Var& a, const Var&) { return Vars{a * 2.0, transpose(a), reshape(a, {36})}; });
    each("two results", [](const Var& a, const Var& b) { return Vars{a + b, a - b}; });
    each("duplicates", [](const Var& a, const Var& b) {
      const Var y = a + b;
      return Vars{y, y, a - y};
    });
    each("sum", [](const Var& a, const Var&) { return Vars{a * 2.0, sum(a), sum(a, 0), sum(a, 1)}; });
    each("product", [](const Var& a, const Var& b) { return Vars{a * 2.0, matmul(b, a), matmul(a, b)}; });
    each("sum first", [](const Var& a, const Var&) { return Vars{a / sum(exp(a)), sum(a)}; });
    each("of rows", [](const Var& a, const Var&) { return Vars{softmax(a), a + mean(a, 1, xg::keep_dims)}; });
    each("of columns", [](const Var& a, const Var&) { return Vars{softmax(a, 0), a - mean(a, 0)}; });
    each("transposed", [](const Var& a, const Var&) { return Vars{a + transpose(a)}; });
    each("reversed", [](const Var& a, const Var&) { return Vars{a - view(a, xt::range(_, _, -1))}; });
    each("reversed columns",
         [](const Var& a, const Var&) { return Vars{a - view(a, xt::all(), xt::range(_, _, -1))}; });
    each("its first row", [](const Var& a, const Var&) { return Vars{a * view(a, 0)}; });
    each("its last row", [](const Var& a, const Var&) { return Vars{a * view(a, 5)}; });
    each("its first column", [](const Var& a, const Var&) { return Vars{a * view(a, xt::all(), xt::range(0, 1))}; });
    each("its last column", [](const Var& a, const Var&) { return Vars{a * view(a, xt::all(), xt::range(5, 6))}; });
    each("its first element", [](const Var& a, const Var&) { return Vars{a + view(a, 0, 0)}; });
    each("its last element", [](const Var& a, const Var&) { return Vars{a + view(a, 5, 5)}; });
    each("flattened", [](const Var& a, const Var&) { return Vars{reshape(a, {36}) * 2.0}; });
    each("its rows", [&](const Var& a, const Var&) { return Vars{a + take(a, rows, 0)}; });
    each("its columns", [&](const Var& a, const Var&) { return Vars{a + take(a, rows, 1)}; });
    each("chosen", [&](const Var& a, const Var&) { return Vars{a * take_along_axis(a, choice, 1)}; });
    each("chosen of log_softmax", [&](const Var& a, const Var&) {
      return Vars{take_along_axis(log_softmax(a), choice, 1), a * 3.0};
    });
    each("where", [](const Var& a, const Var& b) { return Vars{where(a > b, a, transpose(a))}; });
    each("joined", [](const Var& a, const Var&) { return Vars{xg::concatenate({a, a}), a * 2.0}; });
    each("part of joined", [](const Var& a, const Var&) {
      return Vars{xg::view(xg::concatenate({a * 2.0, a}), xt::range(3, 9))};
    });
    each("other types", [](const Var& a, const Var&) {
      return Vars{cast(a, DType::Float32), cast(a, DType::Float64), cast(a, DType::Int64), a > 0.0};
    });
    each("gradient", [](const Var& a, const Var& b) {
      const auto [loss, g] = xg::value_and_grad([&](const Var& y) { return sum(square(matmul(b, y))); })(a);
      return Vars{a - 0.01 * g, loss, g};
    });
    each("long program", [](const Var& a, const Var& b) {
      Var y = a;
      Vars all;
      for (int i = 0; i < 8; ++i) {
        y = tanh(matmul(b, y)) * 0.5 + a;
        all.push_back(y);
      }
      return all;
    });
  }
}

// Rows that are longer than a block, columns of many chunks.
BOOST_AUTO_TEST_CASE(values_that_two_loops_compute) {
  // The difference crosses loops: it is computed again from what is still there, and kept where that is given away.
  const auto unit = [](const Var& w, const Var& x) {
    const Var difference = w - x;
    return Vars{difference / sqrt(sum(square(difference)))};
  };
  const auto update = [](const Var& w, const Var& x) {
    const Var difference = x - 2.0 * x * x;
    return Vars{w - difference / sqrt(sum(square(difference))), sum(w * difference)};
  };
  for (const xg::Shape& shape : {xg::Shape{40'000}, xg::Shape{300, 200}, xg::Shape{7}}) {
    check("unit", unit, wave(shape), wave(shape, 1.0));
    check("update", update, wave(shape), wave(shape, 1.0), 1e-10);
  }
}

BOOST_AUTO_TEST_CASE(large_arrays) {
  const Var none = 1.0;
  for (const xg::Shape& shape : {xg::Shape{3, 20'000}, xg::Shape{20'000, 3}, xg::Shape{60'000}, xg::Shape{300, 200}}) {
    const Var w = wave(shape);
    check(
        "softmax", [](const Var& a, const Var&) { return Vars{softmax(a)}; }, w, none);
    check(
        "centred",
        [](const Var& a, const Var&) {
          return Vars{a - mean(a, -1, xg::keep_dims), sum(a)};
        },
        w, none);
    check(
        "columns",
        [](const Var& a, const Var&) {
          return Vars{a - mean(a, 0), amax(a)};
        },
        w, none);
    check(
        "scaled",
        [](const Var& a, const Var&) {
          return Vars{a * amax(a), a * 2.0};
        },
        w, none);
    check(
        "turned",
        [](const Var& a, const Var&) {
          return Vars{a * reshape(transpose(a), xg::Strides(a.shape().begin(), a.shape().end()))};
        },
        w, none);
    check(
        "reversed",
        [](const Var& a, const Var&) {
          return Vars{a - view(a, xt::range(xt::placeholders::_, xt::placeholders::_, -1))};
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
            "cast", [=](const Var& a, const Var&) { return Vars{cast(a, to)}; }, w, 1.0);
      }
      check(
          "times a number", [](const Var& a, const Var&) { return Vars{a * 2.5}; }, w, 1.0, 1e-6);
      check(
          "compared", [](const Var& a, const Var&) { return Vars{a < 1}; }, w, 1.0);
      check(
          "divided", [](const Var& a, const Var&) { return Vars{a / 2}; }, w, 1.0, 1e-6);
      check(
          "chosen by", [](const Var& a, const Var&) { return Vars{where(a > 0, 1.5, 2.5)}; }, w, 1.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(results_of_another_shape) {
  const auto f = [](const Var& a, const Var&) {
    return Vars{reshape(a, {3, 4}) * 2.0, reshape(a, {4, 3}), sum(reshape(a, {2, 6}), 0),
                broadcast_to(a, {2, 12}) + 1.0};
  };
  check("reshaped", f, wave({12}), 1.0);
  check(
      "reshaped only",
      [](const Var& a, const Var&) {
        return Vars{reshape(a, {3, 4})};
      },
      wave({12}), 1.0);
  check(
      "smaller", [](const Var& a, const Var&) { return Vars{view(a, xt::range(0, 5)) * 2.0}; }, wave({8}), 1.0);
  check(
      "larger",
      [](const Var& a, const Var&) {
        return Vars{xg::concatenate({a, a}) * 2.0};
      },
      wave({3}), 1.0);
  check(
      "one element",
      [](const Var& a, const Var&) {
        return Vars{a * 2.0, reshape(a, {}) + 1.0, sum(a)};
      },
      wave({1}), 1.0);
  check(
      "scalar",
      [](const Var& a, const Var& b) {
        return Vars{a * 2.0, b * a};
      },
      wave({}), wave({5}));
  check(
      "empty",
      [](const Var& a, const Var&) {
        return Vars{a * 2.0, sum(a)};
      },
      wave({0, 3}), 1.0);
}

BOOST_AUTO_TEST_SUITE_END()
