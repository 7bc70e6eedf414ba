// branch(): programs of many branches against what they compute without compile(), donated arguments, what is
// remembered and what is refused, and threads.
#include "comparing.hpp"
#include "donation.hpp"
#include "messages.hpp"

#include <atomic>
#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/log.hpp>
#include <xgrad/xgrad.hpp>

BOOST_AUTO_TEST_SUITE(test_branch_programs)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Var;

namespace {

/// A program with branches, the same for the same seed: what it does next depends on the way that it has gone.
class BranchyProgram {
 public:
  explicit BranchyProgram(std::uint64_t seed) : seed_(seed) {}

  std::pair<Var, Var> operator()(const Var& w, const Var& x) const {
    std::uint64_t way = seed_;
    std::vector<Var> known{w, x};
    for (int k = 0; k < 7; ++k) {
      std::mt19937_64 choose(way * 1000003U + static_cast<std::uint64_t>(k));
      const Var& a = known[choose() % known.size()];
      const Var& b = known[choose() % known.size()];
      known.push_back(combined(choose() % 6, a, b));
      if (choose() % 3 == 0) continue;
      const Var& c = known[choose() % known.size()];
      const bool goes = choose() % 4 == 0 ? xg::branch(amax(c) > 0.4) : xg::branch(mean(c) > 0.1);
      way = way * 2U + (goes ? 1U : 0U);
    }
    return {known.back() + known[2], sum(known[known.size() / 2]) + static_cast<double>(way % 16)};
  }

 private:
  static Var combined(std::uint64_t kind, const Var& a, const Var& b) {
    switch (kind) {
      case 0:
        return sin(a + b);
      case 1:
        return a * b;
      case 2:
        return tanh(a) - mean(b);
      case 3:
        return where(a > b, a, 0.5 * b);
      case 4:
        return cumsum(a) * 0.1 + b;
      default:
        return xg::grad([&](const Var& y) { return sum(cos(y) * b); })(a);
    }
  }

  std::uint64_t seed_;
};

/// No messages while it lives: these tests record at nearly every call, which is said.
class Silence {
 public:
  Silence() : before_(xg::set_log_handler([](std::string_view) {})) {}
  ~Silence() { xg::set_log_handler(before_); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  xg::LogHandler before_;
};

/// How many steps the Collatz sequence of a number takes to 1, counted by operations on Vars.
Var collatz(const Var& start) {
  Var n = start;
  Var steps = 0;
  while (xg::branch(n > 1)) {
    const Var half = cast(cast(n * 0.5, xg::DType::Int64), xg::DType::Float64);  // rounded towards 0
    n = xg::branch(half * 2.0 < n) ? 3.0 * n + 1.0 : half;
    steps = steps + 1;
  }
  return steps;
}

}  // namespace

// No answer is that of another way, whatever the order of calls and however few recordings are remembered.
BOOST_AUTO_TEST_CASE(random_programs) {
  const Silence silence;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  const auto any_array = [&] {
    auto array = xg::Array<double>::from_shape({5});
    for (double& each : array) each = normal(random);
    return Var(std::move(array));
  };
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    BOOST_TEST_INFO_SCOPE("seed " << seed);
    const BranchyProgram program(seed);
    const auto roomy = xg::compile(program);
    const auto tight = xg::compile(program, {.recordings = 2});
    for (int i = 0; i < 30; ++i) {
      const Var w = any_array();
      const Var x = any_array();
      const auto expected = program(w, x);
      for (const auto& given : {roomy(w, x), tight(w, x), roomy(donation::clone(w), x)}) {
        BOOST_TEST(near(given.first, expected.first, 1e-10));
        BOOST_TEST(near(given.second, expected.second, 1e-10));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(loops_of_unknown_length) {
  const Silence silence;
  int recorded = 0;
  const auto compiled = xg::compile([&](const Var& n) {
    ++recorded;
    return collatz(n);
  });
  const std::vector<int> steps{0, 1, 7, 2, 5, 8, 16, 3, 19, 6, 14, 9, 9, 17, 17, 4, 12, 20};
  for (int round = 0; round < 2; ++round) {
    for (std::size_t n = 1; n <= steps.size(); ++n) {
      BOOST_TEST(compiled(static_cast<double>(n)).item<std::int64_t>() == steps[n - 1]);
    }
  }
  BOOST_TEST(recorded == static_cast<int>(steps.size()));
}

BOOST_AUTO_TEST_CASE(the_least_recently_used_recording_goes) {
  int recorded = 0;
  const auto compiled = xg::compile(
      [&](const Var& x) {
        ++recorded;
        if (xg::branch(x < 1.0)) return x + 10.0;
        if (xg::branch(x < 2.0)) return x + 20.0;
        return x + 30.0;
      },
      {.recordings = 2});
  const auto call = [&](double x, bool anew) {
    const int before = recorded;
    BOOST_TEST(compiled(x).item<double>() == x + (x < 1.0 ? 10.0 : x < 2.0 ? 20.0 : 30.0));
    BOOST_TEST((recorded > before) == anew);
  };
  call(0.5, true);
  call(1.5, true);
  call(0.6, false);
  call(2.5, true);  // 1.5 goes
  call(0.7, false);
  call(2.6, false);
  call(1.6, true);  // 0.5 goes
  call(2.7, false);
  call(0.5, true);
  BOOST_TEST(throws<xg::ValueError>([] { return xg::compile([](const Var& x) { return x; }, {.recordings = 0}); },
                                    {"recordings"}));
}

BOOST_AUTO_TEST_CASE(donated_arguments_stay_until_the_way_is_known) {
  bool fails = false;
  const auto compiled = xg::compile([&](const Var& w, const Var& limit) {
    const Var next = w * 2.0 + 1.0;
    if (xg::branch(sum(next) > limit)) {
      if (fails) throw std::runtime_error("not this way");
      return next - limit;
    }
    static const xg::Requirement reached("{} is for a limit that is never reached");
    return xg::branch(limit > 1e9) ? xg::checked(next, limit < 1e10, reached) : next;
  });
  Var w = wave({1000}, 0.2) * 0.01;
  const Var values = donation::clone(w);
  const double total = sum(values * 2.0 + 1.0).item<double>();
  w = compiled(std::move(w), total + 1.0);
  BOOST_TEST(near(w, values * 2.0 + 1.0));
  w = donation::clone(values);
  const double* const place = donation::place(w);
  w = compiled(std::move(w), total + 1.0);
  BOOST_TEST(donation::place(w) == place);  // written over

  fails = true;
  w = donation::clone(values);
  for (int round = 0; round < 2; ++round) {
    BOOST_CHECK_THROW((void)compiled(std::move(w), total - 1.0), std::runtime_error);
    BOOST_TEST(same(w, values));  // NOLINT(bugprone-use-after-move)
  }
  fails = false;
  w = compiled(std::move(w), total - 1.0);
  BOOST_TEST(near(w, values * 2.0 + 1.0 - (total - 1.0), 1e-9));
  w = donation::clone(values);
  BOOST_TEST(throws<xg::ValueError>([&] { return compiled(std::move(w), 1e11); }, {"never reached"}));
  BOOST_TEST(same(w, values));  // NOLINT(bugprone-use-after-move)
  w = donation::clone(values);
  for (int i = 0; i < 3; ++i) {  // each way again, after the other
    const Var before = donation::clone(w);
    const double limit = sum(before * 2.0 + 1.0).item<double>() + (i % 2 == 0 ? 1.0 : -1.0);
    w = compiled(std::move(w), limit);
    BOOST_TEST(near(w, before * 2.0 + 1.0 - (i % 2 == 0 ? 0.0 : limit), 1e-9));
  }
}

BOOST_AUTO_TEST_CASE(exceptions_of_one_way) {
  const auto compiled = xg::compile([](const Var& x) {
    if (xg::branch(x > 1.0)) throw std::runtime_error("too large");
    static const xg::Requirement known("x is {}, which nobody knows");
    return xg::branch(xg::checked(x, x >= -1.0, known) > 0.0) ? x : -x;
  });
  for (int round = 0; round < 3; ++round) {
    BOOST_CHECK_THROW((void)compiled(2.0), std::runtime_error);
    BOOST_TEST(same(compiled(0.5), Var(0.5)));
    BOOST_TEST(throws<xg::ValueError>([&] { return compiled(-2.0); }, {"nobody"}));
    BOOST_TEST(same(compiled(-0.5), Var(0.5)));
  }
}

// Which way an exception goes cannot be recorded: with other values there may be none.
BOOST_AUTO_TEST_CASE(exceptions_that_are_caught_in_the_function) {
  const auto compiled = xg::compile([](const Var& x) {
    static const xg::Requirement small("x is {} and must be small");
    try {
      return xg::branch(xg::checked(x, x < 1.0, small) > 0.0) ? x : -x;
    } catch (const xg::ValueError&) {
      return x * 0.0;
    }
  });
  BOOST_TEST(throws<xg::TapeError>([&] { return compiled(2.0); }, {"compile", "condition"}));
  BOOST_TEST(same(compiled(0.5), Var(0.5)));
  BOOST_TEST(throws<xg::ValueError>([&] { return compiled(2.0); }, {"small"}));  // of the condition that is known now
  BOOST_TEST(same(compiled(-0.5), Var(0.5)));
}

// What a function has captured is fixed in each recording; if it has changed since, recordings are not mixed.
BOOST_AUTO_TEST_CASE(captures_that_change_between_recordings) {
  const auto check = [](auto offset_of) {
    auto offset = offset_of(3.0);
    const auto compiled = xg::compile([&](const Var& x) {
      const Var y = x + offset;
      return xg::branch(sum(x * offset) > 0.0) ? sum(y) : -sum(y);
    });
    const auto expected = [](const Var& x, double with) {
      return sum(x + with) * (sum(x * with).item<double>() > 0.0 ? 1.0 : -1.0);
    };
    const Var positive = abs(wave({4}, 0.3));
    const Var negative = -positive;
    BOOST_TEST(near(compiled(positive), expected(positive, 3.0)));
    offset = offset_of(-5.0);
    BOOST_TEST(near(compiled(positive), expected(positive, 3.0)));   // as it was recorded
    BOOST_TEST(near(compiled(negative), expected(negative, -5.0)));  // recorded now
    BOOST_TEST(near(compiled(positive), expected(positive, -5.0)));  // so is this way, which had the other condition
    BOOST_TEST(near(compiled(negative), expected(negative, -5.0)));
  };
  const Silence silence;
  check([](double value) { return value; });
  check([](double value) { return full_like(wave({4}), value); });
}

BOOST_AUTO_TEST_CASE(what_is_refused) {
  const auto asks = [](const Var& x) { return xg::branch(x > 0.0) ? x : -x; };
  BOOST_TEST(throws<xg::TypeError>([] { return xg::branch(Var(1.0)); }, {"branch", "float64", "truth value"}));
  BOOST_TEST(throws<xg::ShapeError>([] { return xg::branch(wave({2}) > 0.0); }, {"branch", "[2]"}));
  BOOST_TEST(throws<xg::TapeError>([] { return xg::branch(Var()); }, {"branch", "empty"}));
  const auto wrong = xg::compile([](const Var& x) { return xg::branch(x) ? x : -x; });
  BOOST_TEST(throws<xg::TypeError>([&] { return wrong(1.0); }, {"branch", "float64"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return wrong(wave({2}) > 0.0); }, {"branch", "[2]"}));

  const auto everywhere = [&](const auto& f, const Var& x) {
    BOOST_TEST(throws<xg::TapeError>([&] { return f(x); }, {"branch", "where()", "cond()"}));
    BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile(f)(x); }, {"branch", "where()", "cond()"}));
    const auto guarded = xg::compile(f, {.guard_values = true});
    BOOST_TEST(throws<xg::TapeError>([&] { return guarded(x); }, {"branch", "where()", "cond()"}));
  };
  everywhere([&](const Var& x) { return xg::vmap(asks)(x); }, wave({3}));
  everywhere(
      [&](const Var& x) {
        return xg::scan([&](const Var& c, const Var& e) { return std::pair{c + asks(e), c}; }, 0.0, x).first;
      },
      wave({3}));
  everywhere(
      [&](const Var& x) {
        return xg::grad([&](const Var& y) {
          return xg::cond(
              y > 1.0, [&] { return asks(y); }, [&] { return y; });
        })(x);
      },
      Var(2.0));
  everywhere(
      [&](const Var& x) {
        return xg::jvp(
                   [&](const Var& y) {
                     return xg::while_loop([](const Var& c) { return c < 9.0; },
                                           [&](const Var& c) { return asks(c) * 2.0; }, y);
                   },
                   x, 1.0)
            .tangent;
      },
      Var(2.0));

  const auto reads = [](const Var& x) { return x * x.array<double>()(0); };
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::compile(reads)(wave({2})); }, {"compile", "branch", "guard_values"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::compile(reads, {.guard_values = true})(wave({2})); },
                                   {"compile", "one element", "[2]"}));
  BOOST_TEST(same(xg::compile(reads, {.guard_values = true})(wave({1}, 1.0)), square(wave({1}, 1.0))));
  const auto in_a_batch = [](const Var& x) { return xg::vmap([](const Var& e) { return e * e.item<double>(); })(x); };
  BOOST_TEST(
      throws<xg::TapeError>([&] { return xg::compile(in_a_batch, {.guard_values = true})(wave({2})); }, {"vmap"}));
}

BOOST_AUTO_TEST_CASE(a_plan_shows_conditions) {
  const auto compiled = xg::compile(
      [](const Var& x) {
        if (xg::branch(sum(x) > 1.0)) return x * 2.0;
        return x + sum(x).item<double>();
      },
      {.guard_values = true});
  const std::string high = compiled.plan(xt::xarray<double>{1.0, 2.0});
  BOOST_TEST(high.find("condition 0, true here: plan") == 0U);
  BOOST_TEST(high.find("results: plan") != std::string::npos);
  BOOST_TEST(high.find("argument 0 float64 [2]") != std::string::npos);
  const std::string low = compiled.plan(xt::xarray<double>{1.0, -2.0});
  BOOST_TEST(low.find("condition 0, false here: plan") == 0U);
  BOOST_TEST(low.find("condition 1, -1 here: plan") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(ways_that_are_always_new_are_said_once) {
  const Messages messages;
  const auto compiled = xg::compile([](const Var& x) { return x * x.item<double>(); }, {.guard_values = true});
  for (int i = 0; i < 30; ++i) BOOST_TEST(same(compiled(1.0 + i), Var(1.0 + i) * (1.0 + i)));
  const auto fine = xg::compile([](const Var& x) { return xg::branch(x > 0.0) ? x : -x; });
  for (int i = 0; i < 60; ++i) (void)fine(i % 2 == 0 ? 1.0 : -1.0);
  BOOST_TEST(messages.one_has("CompileOptions::recordings"));
}

// Several threads record ways, drop them and replay them at once.
BOOST_AUTO_TEST_CASE(called_by_several_threads) {
  const Silence silence;
  const BranchyProgram program(3);
  const auto compiled = xg::compile(program, {.recordings = 3});
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(static_cast<std::uint64_t>(t));
      std::normal_distribution<double> normal;
      for (int i = 0; i < 60; ++i) {
        auto array = xg::Array<double>::from_shape({5});
        for (double& each : array) each = normal(random);
        const Var x = std::move(array);
        const Var w = wave({5}, normal(random));
        const auto expected = program(w, x);
        const auto given = compiled(donation::clone(w), x);
        if (!near(given.first, expected.first, 1e-10) || !near(given.second, expected.second, 1e-10)) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
