// compile(): what was handed over with std::move is there as it was after a call that throws, whatever threw.
#include "comparing.hpp"
#include "donation.hpp"

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <stdexcept>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_compile_donation_failures)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using donation::place;
using donation::Vars;
using xg::DType;
using xg::Var;

namespace {

/// Calls that throw leave w as it was, and the next call is not disturbed. Returns whether a good call overwrites w.
template <class E = xg::ValueError, class F>
bool survives(const char* what, F f, const Var& w_values, const Var& good, const Var& bad, const char* message) {
  BOOST_TEST_INFO_SCOPE(what);
  const auto compiled = xg::compile(f);
  const Vars expected = f(w_values, good);
  bool overwritten = false;
  for (int round = 0; round < 3; ++round) {
    Var w = donation::clone(w_values);
    const void* const memory = place(w);
    BOOST_TEST(throws<E>([&] { return compiled(std::move(w), bad); }, {message}));
    BOOST_TEST_REQUIRE(w.defined());  // NOLINT(bugprone-use-after-move)
    BOOST_TEST(place(w) == memory);
    BOOST_TEST(same(w, w_values));
    const Vars results = compiled(std::move(w), good);
    BOOST_TEST_REQUIRE(results.size() == expected.size());
    for (std::size_t k = 0; k < results.size(); ++k) BOOST_TEST(near(results[k], expected[k]));
    overwritten = !w.defined();  // NOLINT(bugprone-use-after-move)
  }
  return overwritten;
}

Var labels(std::initializer_list<std::int64_t> values) { return xt::xarray<std::int64_t>(values); }

}  // namespace

BOOST_AUTO_TEST_CASE(a_failed_call_leaves_what_was_donated) {
  const Var good = labels({0, 2, 1, 1});
  const Var bad = labels({0, 2, 1, 3});
  const auto each = [&](const char* what, auto f, const char* message) {
    (void)survives(what, f, wave({4, 3}), good, bad, message);
  };
  each(
      "one_hot after the update",
      [](const Var& w, const Var& y) {
        return Vars{w * 2.0, one_hot(y, 3)};
      },
      "label 3");
  each(
      "take of something else",
      [](const Var& w, const Var& y) {
        return Vars{w * 2.0, take(wave({3, 5}), y, 0)};
      },
      "index 3");
  each(
      "take of the update",
      [](const Var& w, const Var& y) {
        const Var next = w - 0.1 * w;
        return Vars{next, take(reshape(next, {3, 4}), y, 0)};
      },
      "index 3");
  each(
      "in the loop of the update",
      [](const Var& w, const Var& y) {
        const Var index = reshape(y, {4, 1});
        return Vars{w - softmax(w), take_along_axis(log_softmax(w), index, 1)};
      },
      "index 3");
  each(
      "the gradient of what was chosen",
      [](const Var& w, const Var& y) {
        const auto loss = [&](const Var& x) { return -mean(take_along_axis(log_softmax(x), reshape(y, {4, 1}), 1)); };
        return Vars{w - 0.1 * xg::grad(loss)(w)};
      },
      "index 3");
  each(
      "scattered",
      [](const Var& w, const Var& y) {
        return Vars{w * 2.0, xg::scatter_add(wave({4, 2}), y, 3, 0)};
      },
      "index 3");
}

BOOST_AUTO_TEST_CASE(a_broken_condition_leaves_what_was_donated) {
  static const xg::Requirement positive("rate: {} is not positive");
  for (const std::size_t n :
       {5U, 3000U, 200'000U}) {  // of many chunks: the first ones are done when the last one fails
    BOOST_TEST_INFO_SCOPE(n << " elements");
    xg::Array<double> values = xg::Array<double>::from_shape({n});
    std::fill_n(values.data(), n, 1.5);
    const Var good = values;
    values.data()[n - 1] = -2.0;
    const Var bad = values;
    (void)survives(
        "in the loop of the update",
        [](const Var& w, const Var& r) { return Vars{w - 0.1 * checked(r, r > 0.0, positive)}; }, wave({n}), good, bad,
        "-2 is not positive");
    (void)survives(
        "after the update",
        [](const Var& w, const Var& r) {
          const Var next = w - 0.1 * sum(r) * w;
          return Vars{next, sum(next), sum(sqrt(checked(r, r > 0.0, positive) + mean(next)))};
        },
        wave({n}), good, bad, "-2 is not positive");
    const bool overwritten = survives(
        "before the update",
        [](const Var& w, const Var& r) { return Vars{w - 0.1 * sum(checked(r, r > 0.0, positive)) * w}; }, wave({n}),
        good, bad, "-2 is not positive");
    BOOST_TEST(overwritten == (n > 16'384));  // shorter sums and the update are one loop
    (void)survives(
        "a number that no integer can hold",
        [](const Var& w, const Var& r) {
          return Vars{w * 2.0, cast(r * 1e10, DType::Int64)};
        },
        wave({n}), good, bad * 1e10, "does not fit int64");
  }
}

namespace {

/// Square roots of numbers, of which a C++ function wants none below 0.
const auto host_root = xg::host_call(
    "root", [](const xg::Shape& x) { return x; },
    [](const xg::Array<double>& x) -> xg::Array<double> {
      if (std::any_of(x.begin(), x.end(), [](double each) { return each < 0.0; })) throw std::domain_error("below 0");
      return xt::sqrt(x);
    });

}  // namespace

BOOST_AUTO_TEST_CASE(a_host_function_that_throws_leaves_what_was_donated) {
  const auto each = [](const char* what, auto f) {
    (void)survives<xg::HostError>(what, f, wave({100}), wave({100}) + 4.0, wave({100}), "below 0");
  };
  each("before the update", [](const Var& w, const Var& x) { return Vars{w - 0.1 * host_root(x)}; });
  each("after the update", [](const Var& w, const Var& x) {
    const Var next = w - 0.1 * w;
    return Vars{next, sum(next), host_root(x + 0.0 * sum(next))};
  });
  each("observed", [](const Var& w, const Var& x) {
    const auto look = [](const Var& seen) {
      if (amin(seen).item<double>() < 0.0) throw std::domain_error("below 0");
    };
    return Vars{w * 2.0, xg::debug::observe(x, look)};
  });
}

BOOST_AUTO_TEST_CASE(functions_that_fail_leave_what_was_donated) {
  static const xg::Requirement positive("rate: {} is not positive");
  const auto asked = [](const Var& r) { return checked(r, r > 0.0, positive); };
  const Var good = wave({100}) + 4.0;
  const Var bad = wave({100});
  const auto each = [&](const char* what, auto f, const char* message = "is not positive") {
    (void)survives(what, f, wave({100}), good, bad, message);
  };
  each("cond", [&](const Var& w, const Var& r) {
    const Var next = w - 0.1 * w;
    return Vars{next,
                xg::cond(
                    sum(r) < 1e9, [&](const Var& x) { return sum(asked(x)); }, [](const Var& x) { return sum(x); }, r)};
  });
  each("switch_", [&](const Var& w, const Var& r) {
    const auto first = [&](const Var& x, const Var& y) { return x - 0.1 * asked(y); };
    const auto second = [](const Var& x, const Var&) { return x; };
    return Vars{xg::switch_(cast(amin(r) > 1e9, DType::Int64), std::tuple{first, second}, w, r)};
  });
  each(
      "a branch that there is not",
      [](const Var& w, const Var& r) {
        const auto same_again = [](const Var& x) { return x * 1.0; };
        const Var number = where(amin(r) > 0.0, 0, 7);
        return Vars{w * 2.0, xg::switch_(number, std::tuple{same_again, same_again}, w)};
      },
      "there is no branch 7 of 2");
  each("scan", [&](const Var& w, const Var& r) {
    const auto run = [&](const Var& h, const Var& x) { return std::pair{h + asked(x), h}; };
    const Var next = w - 0.1 * w;
    return Vars{next, xg::scan(run, sum(next), r).second};
  });
  each("the gradient of scan", [&](const Var& w, const Var& r) {
    const auto loss = [&](const Var& v) {
      const auto run = [&](const Var& h, const Var& x) { return std::pair{h * v + asked(x), std::tuple<>()}; };
      return sum(xg::scan(run, v, r).first);
    };
    return Vars{w - 0.1 * xg::grad(loss)(w)};
  });
  each("while_loop", [&](const Var& w, const Var& r) {
    const auto goes_on = [](const Var& x) { return sum(x) < 1e4; };
    return Vars{w - 0.1 * w, xg::while_loop(
                                 goes_on, [&](const Var& x) { return 2.0 * asked(x); }, r)};
  });
  each(
      "too many runs",
      [](const Var& w, const Var& r) {
        const auto goes_on = [](const Var& x) { return amin(x) < 1e3; };
        return Vars{w * 2.0, xg::while_loop(goes_on, [](const Var& x) { return 2.0 * x; }, r, {.at_most = 50})};
      },
      "at_most");
}

// What is known to be in range does not keep later updates from being written in place.
BOOST_AUTO_TEST_CASE(updates_after_the_last_condition_are_in_place) {
  const auto loss = [](const Var& table, const Var& y) { return sum(square(take(table, y, 0) - 1.0)); };
  const bool embedding = survives(
      "embedding", [&](const Var& table, const Var& y) { return Vars{table - 0.1 * xg::grad(loss)(table, y)}; },
      wave({40, 3}), labels({0, 39, 7, 7}), labels({0, 40, 7, 7}), "index 40");
  BOOST_TEST(embedding);
  const bool ordered = survives(
      "sorted",
      [](const Var& w, const Var& y) {
        const Var weight = take(wave({3}), y, 0);
        return Vars{w - 0.1 * xg::grad([&](const Var& x) { return sum(sort(x) * weight); })(w)};
      },
      wave({4}), labels({0, 2, 1, 1}), labels({0, 2, 1, 3}), "index 3");
  BOOST_TEST(ordered);
}

namespace {

struct Layer {
  Var weight, bias;
  Var operator()(const Var& x) const { return matmul(x, weight) + bias; }
};
XGRAD_FIELDS(Layer, weight, bias)
struct Net {
  Layer hidden, out;
  Var operator()(const Var& x) const { return out(tanh(hidden(x))); }
};
XGRAD_FIELDS(Net, hidden, out)

}  // namespace

BOOST_AUTO_TEST_CASE(a_model_survives_a_label_out_of_range) {
  const auto step = xg::compile([](const Net& net, const Var& x, const Var& y) {
    const auto objective = [&](const Net& m) { return mean(xg::loss::CrossEntropy{}(m(x), y)); };
    return xg::tree::map(net, xg::grad(objective)(net), [](const Var& w, const Var& g) { return w - 0.1 * g; });
  });
  const auto fresh = [] { return Net{{wave({8, 16}), wave({16}, 1.0)}, {wave({16, 3}, 2.0), wave({3}, 3.0)}}; };
  const Var x = wave({4, 8}, 4.0);
  Net net = fresh();
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(throws<xg::ValueError>([&] { return net = step(std::move(net), x, labels({0, 1, 2, 3})); }));
    const std::vector<Var> expected = xg::tree::leaves(fresh());
    const std::vector<Var> left = xg::tree::leaves(net);  // NOLINT(bugprone-use-after-move)
    for (std::size_t k = 0; k < left.size(); ++k) {
      BOOST_TEST_REQUIRE(left[k].defined());
      BOOST_TEST(same(left[k], expected[k]));
    }
  }
  const double* const memory = place(net.hidden.weight);
  net = step(std::move(net), x, labels({0, 1, 2, 2}));
  BOOST_TEST(place(net.hidden.weight) == memory);
}

BOOST_AUTO_TEST_SUITE_END()
