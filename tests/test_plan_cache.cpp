// Plans that are found again: which evaluations share one, and that they compute what they should all the same.
#include "comparing.hpp"
#include "messages.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/log.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/cpu/machine_code.hpp"

BOOST_AUTO_TEST_SUITE(test_plan_cache)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using xg::DType;
using xg::Var;

namespace {

constexpr std::size_t usual_limit = xg::usual_plan_cache_limit;

/// An empty cache for each test.
struct Fresh {
  Fresh() {
    xg::set_plan_cache_limit(0);
    xg::set_plan_cache_limit(usual_limit);
  }
  ~Fresh() { xg::set_plan_cache_limit(usual_limit); }
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;
};

struct Counted {
  std::size_t hits, misses;
};

/// What one call of f adds to the counts.
template <class F>
Counted count(F f) {
  const xg::PlanCache before = xg::plan_cache();
  (void)f();
  const xg::PlanCache after = xg::plan_cache();
  return {after.hits - before.hits, after.misses - before.misses};
}

Var wave(const xg::Shape& shape, double phase = 0.0) {
  auto array = xg::Array<double>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = std::sin(phase + 0.7 * static_cast<double>(i));
  return {std::move(array)};
}

/// Recorded and evaluated at once.
template <class F>
Var evaluated(F f, const Var& x) {
  xg::Tape tape;
  return tape.evaluate(f(tape.leaf(x)));
}

bool is_hit(const Counted& c) { return c.hits == 1 && c.misses == 0; }
bool is_miss(const Counted& c) { return c.hits == 0 && c.misses == 1; }

}  // namespace

BOOST_FIXTURE_TEST_SUITE(plans, Fresh)

BOOST_AUTO_TEST_CASE(the_same_structure_is_a_hit) {
  const auto f = [](const Var& x) { return sum(exp(x) * x, 0); };
  const Var a = wave({4, 5});
  const Var b = wave({4, 5}, 1.0);
  BOOST_TEST(is_miss(count([&] { return evaluated(f, a); })));
  BOOST_TEST(is_hit(count([&] { return evaluated(f, a); })));
  BOOST_TEST(is_hit(count([&] { return evaluated(f, b); })));
  BOOST_TEST(near(evaluated(f, b), sum(exp(b) * b, 0)));
  BOOST_TEST(is_miss(count([&] { return evaluated(f, wave({5, 4})); })));
  BOOST_TEST(near(evaluated(f, wave({5, 4})), sum(exp(wave({5, 4})) * wave({5, 4}), 0)));
  const Var narrow = cast(a, DType::Float32);  // operations that are not recorded have plans too
  const std::size_t plans = xg::plan_cache().plans;
  BOOST_TEST(is_miss(count([&] { return evaluated(f, wave({4, 5, 1})); })));
  BOOST_TEST(is_miss(count([&] { return evaluated(f, narrow); })));
  BOOST_TEST(is_miss(count([&] { return evaluated([](const Var& x) { return sum(exp(x) * x, 1); }, a); })));
  BOOST_TEST(is_miss(count([&] { return evaluated([](const Var& x) { return sum(exp(x) + x, 0); }, a); })));
  BOOST_TEST(is_miss(count([&] { return evaluated([](const Var& x) { return amax(exp(x) * x, 0); }, a); })));
  BOOST_TEST(is_hit(count([&] { return evaluated(f, a); })));
  BOOST_TEST(xg::plan_cache().plans == plans + 5);
  BOOST_TEST(xg::plan_cache().bytes > 0U);
}

BOOST_AUTO_TEST_CASE(gradients_are_hits) {
  const auto loss = [](const Var& w) { return sum(square(matmul(wave({6, 3}), w))); };
  (void)xg::value_and_grad(loss)(wave({3}));
  const Counted c = count([&] { return xg::value_and_grad(loss)(wave({3}, 2.0)); });
  BOOST_TEST(c.misses == 0U);
  BOOST_TEST(c.hits > 0U);
}

BOOST_AUTO_TEST_CASE(which_outputs_are_asked_for) {
  const Var a = wave({4});
  const auto ask = [&](int which) {
    xg::Tape tape;
    const Var x = tape.leaf(a);
    const Var y = exp(x);
    const Var z = y * x;
    if (which == 0) return tape.evaluate({y, z});
    if (which == 1) return tape.evaluate({z, y});
    if (which == 2) return tape.evaluate({z, z});
    return tape.evaluate({z});
  };
  for (int round = 0; round < 2; ++round) {
    BOOST_TEST(near(ask(0)[0], exp(a)));
    BOOST_TEST(near(ask(0)[1], exp(a) * a));
    BOOST_TEST(near(ask(1)[0], exp(a) * a));
    BOOST_TEST(near(ask(1)[1], exp(a)));
    BOOST_TEST(near(ask(2)[1], exp(a) * a));
    BOOST_TEST(near(ask(3)[0], exp(a) * a));
  }
}

// What is known already is a leaf of the plan, at another place of the same tape.
BOOST_AUTO_TEST_CASE(values_that_are_known_already) {
  const Var a = wave({4});
  for (int round = 0; round < 4; ++round) {
    xg::Tape tape;
    const Var x = tape.leaf(a);
    const Var y = exp(x);
    if (round % 2 == 1) (void)y.array<double>();
    BOOST_TEST(near(tape.evaluate(y * x), exp(a) * a));
  }
}

BOOST_AUTO_TEST_CASE(another_learning_rate_is_a_hit) {
  const Var w = wave({10});
  const auto step = [&](double rate) { return evaluated([rate](const Var& x) { return x - rate * square(x); }, w); };
  BOOST_TEST(is_miss(count([&] { return step(0.1); })));
  for (const double rate : {0.01, 0.3, -7.0, 1e-300, 1e300}) {
    BOOST_TEST(is_hit(count([&] { return step(rate); })));
    BOOST_TEST(near(step(rate), w - rate * square(w)));
  }
}

BOOST_AUTO_TEST_CASE(attributes_belong_to_the_structure) {
  const Var x = wave({6, 4});
  for (int round = 0; round < 2; ++round) {
    for (int from = 0; from < 4; ++from) {
      const auto slice = [=](const Var& y) { return view(y, xt::range(from, from + 2)) * 2.0; };
      BOOST_TEST(same(evaluated(slice, x), slice(x)));
    }
    for (const auto& axes : {std::vector<std::ptrdiff_t>{0, 1}, std::vector<std::ptrdiff_t>{1, 0}}) {
      const auto turn = [&](const Var& y) { return transpose(y, xg::Axes({axes[0], axes[1]})) + 1.0; };
      BOOST_TEST(same(evaluated(turn, x), turn(x)));
    }
    for (const std::size_t classes : {4U, 5U}) {
      const auto hot = [=](const Var& y) { return one_hot(y, classes); };
      const Var labels = xt::xarray<std::int64_t>{0, 3, 1};
      BOOST_TEST(same(evaluated(hot, labels), hot(labels)));
    }
  }
}

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double numbers[] = {0.3,   0.0,    -0.0,   1.0,  -1.0,  2.0, 0.5,  -2.0, 3.0, -0.5,
                              1e-50, -1e-50, 1e-320, 1e50, 1e300, inf, -inf, nan,  4.0, 0.25};

/// All ways in which a number can matter to the planner.
std::vector<Var> programs(const Var& x, double number) {
  const Var n = number;
  const Var zero = 0.0;
  const Var positive = abs(x);
  return {x * n,
          n * x,
          x / n,
          n / x,
          x + n,
          n + x,
          x - n,
          n - x,
          pow(positive, n),
          pow(n, x),
          -(x * n),
          maximum(x, n),
          minimum(x, n),
          where(equal(full_like(x, n), 0.0), x, -x),
          where(not_equal(full_like(x, n), 1.0), x, -x),
          where(equal(full_like(x, n), full_like(x, 0.3)), x, -x),
          where(x > n, x, n),
          where(full_like(x, n) > 0.25, x, -x),
          sum(full_like(x, n)) + 0.0,  // whether a sum of -0 is -0 or 0 is nobody's business
          amax(full_like(x, n)),
          mean(x * n),
          relu(x * n) * n,
          full_like(x, n),
          sqrt(full_like(x, n)),
          (x * n) * (x * n),
          x * n + x * n,
          (x + n) * n - n};
}

/// Element by element the same number, up to a few units in the last place; zeros have the same sign.
bool agree(const Var& a, const Var& expected) {
  const std::vector<double> x = comparing::doubles(a);
  const std::vector<double> y = comparing::doubles(expected);
  const double tolerance = expected.dtype() == DType::Float32 ? 1e-6 : 1e-14;
  bool good = a.dtype() == expected.dtype() && a.shape() == expected.shape();
  for (std::size_t i = 0; good && i < x.size(); ++i) {
    if (std::isnan(x[i]) || std::isnan(y[i])) good = std::isnan(x[i]) && std::isnan(y[i]);
    else if (x[i] == 0 && y[i] == 0) good = std::signbit(x[i]) == std::signbit(y[i]);
    else good = x[i] == y[i] || std::abs(x[i] - y[i]) <= tolerance * std::abs(y[i]);
  }
  return good;
}

void check_numbers(const Var& x, double number) {
  xg::Tape tape;
  const std::vector<Var> expected = programs(x, number);
  const std::vector<Var> recorded = programs(tape.leaf(x), number);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    xg::Tape alone;
    const Var given = alone.evaluate(programs(alone.leaf(x), number)[k]);
    BOOST_TEST_INFO("program " << k << " with " << number << ": " << comparing::printed(given) << " instead of "
                               << comparing::printed(expected[k]));
    BOOST_TEST(agree(given, expected[k]));
  }
  const std::vector<Var> together = tape.evaluate(recorded);
  for (std::size_t k = 0; k < expected.size(); ++k) {
    BOOST_TEST_INFO("program " << k << " of all, with " << number);
    BOOST_TEST(agree(together[k], expected[k]));
  }
}

}  // namespace

// The plan of one number must not be used for another that means something else.
BOOST_AUTO_TEST_CASE(special_numbers) {
  for (const DType dtype : {DType::Float64, DType::Float32}) {
    const Var x = cast(Var(xt::xarray<double>{0.0, -0.0, 1.5, -2.5, inf, -inf, nan, 1e-3, 0.3}), dtype);
    for (int round = 0; round < 2; ++round) {
      for (const double number : numbers) check_numbers(x, number);
      for (std::size_t k = std::size(numbers); k-- > 0;) check_numbers(x, numbers[k]);
    }
  }
}

BOOST_AUTO_TEST_CASE(special_integers) {
  const Var x = xt::xarray<std::int64_t>{0, 1, -1, 7, std::numeric_limits<std::int64_t>::max()};
  for (int round = 0; round < 2; ++round) {
    for (const std::int64_t n : {5, 0, 1, -1, 2, 3, -2}) {
      const auto f = [n](const Var& y) {
        return std::vector<Var>{y * n,
                                y + n,
                                y - n,
                                n - y,
                                where(equal(full_like(y, n), 1), y, -y),
                                sum(full_like(y, n)),
                                cast(y, DType::Float64) / n};
      };
      const std::vector<Var> expected = f(x);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        BOOST_TEST_INFO("program " << k << " with " << n);
        BOOST_TEST(same(evaluated([&](const Var& y) { return f(y)[k]; }, x), expected[k]));
      }
    }
  }
}

// Two numbers that happen to be equal in the program that is remembered.
BOOST_AUTO_TEST_CASE(equal_numbers_that_become_different) {
  const Var x = wave({5});
  const auto check = [&](double a, double b, double c) {
    const auto f = [=](const Var& y) { return (y * a + b) * (y * b - a) + c * (y * c); };
    BOOST_TEST_INFO("numbers " << a << ", " << b << ", " << c);
    BOOST_TEST(near(evaluated(f, x), f(x)));
  };
  for (const double a : {0.3, 0.7, 2.0, 0.0}) {
    for (const double b : {0.3, 0.7, 2.0, 0.0}) {
      for (const double c : {0.3, 0.9, 2.0, 0.0}) check(a, b, c);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_limit_is_kept) {
  const auto evaluate_some = [] {
    for (std::size_t n = 1; n <= 60; ++n) {
      const Var x = wave({n});
      const Var given = evaluated([](const Var& y) { return tanh(y) * y + sum(y); }, x);
      // Not by operations, because these would have plans too.
      const double* const data = x.array<double>().data();
      const double last = std::tanh(data[n - 1]) * data[n - 1] + std::accumulate(data, data + n, 0.0);
      BOOST_TEST(std::abs(given.array<double>().data()[n - 1] - last) < 1e-12);
    }
  };
  const auto usual = std::exchange(xg::backend::cpu::machine_code_limits(), {});  // none, so that plans are of one size
  evaluate_some();
  const xg::PlanCache all = xg::plan_cache();
  BOOST_TEST(all.plans == 60U);
  const std::size_t one = all.bytes / all.plans;

  xg::set_plan_cache_limit(10 * one);
  BOOST_TEST(xg::plan_cache().bytes <= 10 * one);
  BOOST_TEST(xg::plan_cache().plans <= 11U);
  BOOST_TEST(xg::plan_cache().plans >= 5U);
  evaluate_some();
  BOOST_TEST(xg::plan_cache().bytes <= 10 * one);
  BOOST_TEST(xg::plan_cache().plans >= 5U);

  // The most recently used stay.
  const auto last = [] { return evaluated([](const Var& x) { return tanh(x) * x + sum(x); }, wave({60})); };
  BOOST_TEST(is_hit(count(last)));
  const auto first = [] { return evaluated([](const Var& x) { return tanh(x) * x + sum(x); }, wave({1})); };
  BOOST_TEST(is_miss(count(first)));
  for (std::size_t n = 2; n <= 40; ++n) {
    BOOST_TEST(is_hit(count(first)));  // used again and again
    (void)evaluated([](const Var& x) { return tanh(x) * x + sum(x); }, wave({n}));
  }

  // A larger limit lets more stay.
  xg::set_plan_cache_limit(usual_limit);
  evaluate_some();
  BOOST_TEST(xg::plan_cache().plans == 60U);
  xg::backend::cpu::machine_code_limits() = usual;
}

BOOST_AUTO_TEST_CASE(nothing_is_remembered_with_the_limit_0) {
  const auto f = [](const Var& x) { return sum(exp(x) * x); };
  (void)evaluated(f, wave({5}));
  xg::set_plan_cache_limit(0);
  BOOST_TEST(xg::plan_cache().plans == 0U);
  BOOST_TEST(xg::plan_cache().bytes == 0U);
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(is_miss(count([&] { return evaluated(f, wave({5})); })));
    BOOST_TEST(near(evaluated(f, wave({5})), f(wave({5}))));
    BOOST_TEST(near(xg::grad(f)(wave({5})), exp(wave({5})) * (wave({5}) + 1.0)));
  }
  BOOST_TEST(xg::plan_cache().plans == 0U);
}

namespace {

/// A program whose plan is much larger than those of small functions.
Var long_program(const Var& x) {
  Var y = x;
  for (int i = 0; i < 2000; ++i) y = y * 0.5 + sin(y);
  return y;
}

/// What is logged while f runs.
template <class F>
std::vector<std::string> logged(F f) {
  const Messages messages;
  f();
  return messages.texts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_plan_may_take_the_whole_cache) {
  const Var x = wave({5});
  (void)evaluated(long_program, x);
  const std::size_t bytes = xg::plan_cache().bytes;
  xg::set_plan_cache_limit(bytes + 1000);
  const auto small = [](const Var& y) { return exp(y) * y; };
  const auto messages = logged([&] {
    BOOST_TEST(is_hit(count([&] { return evaluated(long_program, x); })));
    (void)evaluated(small, x);
    (void)evaluated(long_program, x);
    BOOST_TEST(is_hit(count([&] { return evaluated(long_program, x); })));
  });
  BOOST_TEST(messages.empty());
}

BOOST_AUTO_TEST_CASE(a_plan_that_does_not_fit_is_said_once) {
  const Var x = wave({5});
  (void)evaluated(long_program, x);
  xg::set_plan_cache_limit(xg::plan_cache().bytes - 1);
  const auto first = logged([&] { (void)evaluated(long_program, x); });
  BOOST_TEST(first.empty());  // perhaps the only time
  const auto again = logged([&] {
    for (int round = 0; round < 3; ++round) BOOST_TEST(is_miss(count([&] { return evaluated(long_program, x); })));
  });
  BOOST_REQUIRE(again.size() == 1U);
  BOOST_TEST_INFO(again[0]);
  BOOST_TEST(again[0].find("MiB for 8001 recorded operations is made anew each time") != std::string::npos);
  BOOST_TEST(again[0].find("set_plan_cache_limit()") != std::string::npos);
  BOOST_TEST(again[0].find("compile()") != std::string::npos);
  // Who wants no cache knows it.
  xg::set_plan_cache_limit(0);
  BOOST_TEST(logged([&] {
               for (int round = 0; round < 3; ++round) (void)evaluated(long_program, x);
             }).empty());
}

BOOST_AUTO_TEST_CASE(a_plan_does_not_keep_arrays) {
  Var x = wave({1000});
  (void)evaluated([](const Var& y) { return y * 2.0; }, x);
  // The array is nobody else's any more: compile() may take it.
  const double* const memory = x.array<double>().data();
  const auto doubled = xg::compile([](const Var& y) { return y * 2.0; });
  const Var taken = doubled(std::move(x));
  BOOST_TEST(taken.array<double>().data() == memory);
}

BOOST_AUTO_TEST_CASE(errors_leave_a_plan_that_works) {
  const auto f = [](const Var& rows) { return sum(take(wave({4, 2}), rows, 0)); };
  const Var good = xt::xarray<std::int64_t>{0, 3};
  const Var bad = xt::xarray<std::int64_t>{0, 4};
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(throws<xg::ValueError>([&] { return evaluated(f, bad); }));
    BOOST_TEST(near(evaluated(f, good), f(good)));
  }
}

BOOST_AUTO_TEST_CASE(threads_at_once) {
  std::atomic<int> wrong{0};
  const auto work = [&](int t) {
    for (int i = 0; i < 200; ++i) {
      const auto n = static_cast<std::size_t>(1 + (i * 7 + t) % 23);
      const double number = i % 3 == 0 ? 1.0 : 0.1 * i;
      const Var x = wave({n, 3}, t);
      const auto f = [=](const Var& y) { return sum(exp(y) * number, 0) + number; };
      if (!near(evaluated(f, x), f(x))) ++wrong;
      if (i % 50 == t) xg::set_plan_cache_limit(i % 100 == t ? 20'000 : usual_limit);
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work, t);
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
