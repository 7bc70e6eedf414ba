// cond, switch_, while_loop and checkpoint against what they stand for, in every transform and order.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

BOOST_AUTO_TEST_SUITE(test_control)

namespace xg = xgrad;
using comparing::count_in;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::Shape;
using xg::Var;
using xg::whole;

namespace {

const Var& weights() {
  static const Var w = wave({3, 3}, 0.4) * 0.3;
  return w;
}

Var first_branch(const Var& x) { return sin(matmul(weights(), x)) * x; }
Var second_branch(const Var& x) { return exp(0.3 * x) + sum(x); }

/// Both do the same in value and all derivatives, for arguments [3].
template <class F, class G>
void check_same(const F& f, const G& g, const Var& x, const Var& v, double tolerance = 1e-12) {
  BOOST_TEST(near(f(x), g(x), tolerance));
  BOOST_TEST(near(xg::compile(f)(x), g(x), tolerance));
  BOOST_TEST(near(xg::grad(f)(x), xg::grad(g)(x), tolerance));
  BOOST_TEST(near(xg::compile(xg::grad(f))(x), xg::grad(g)(x), tolerance));
  BOOST_TEST(near(xg::jvp(f, x, v).tangent, xg::jvp(g, x, v).tangent, tolerance));
  BOOST_TEST(near(xg::hvp(f, x, v), xg::hvp(g, x, v), tolerance));
  BOOST_TEST(near(xg::hessian(f)(x), xg::hessian(g)(x), tolerance));
  const auto third = [&](const auto& h) {
    return xg::grad([&](const Var& y) { return sum(sin(xg::hessian(h)(y))); })(x);
  };
  BOOST_TEST(near(third(f), third(g), 10.0 * tolerance));
}

/// In batches, too.
template <class F, class G>
void check_batches(const F& f, const G& g, const Var& xs) {
  BOOST_TEST(near(xg::vmap(f)(xs), xg::vmap(g)(xs)));
  BOOST_TEST(near(xg::vmap(xg::grad(f))(xs), xg::vmap(xg::grad(g))(xs)));
  BOOST_TEST(near(xg::compile(xg::vmap(xg::grad(f)))(xs), xg::vmap(xg::grad(g))(xs)));
  BOOST_TEST(near(xg::vmap(xg::hessian(f))(xs), xg::vmap(xg::hessian(g))(xs)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(cond_is_the_branch_that_it_takes) {
  const auto f = [](const Var& x) { return sum(xg::cond(sum(x) > 0.5, first_branch, second_branch, x)); };
  const auto g = [](const Var& x) { return sum(where(sum(x) > 0.5, first_branch(x), second_branch(x))); };
  for (const double sign : {1.0, -1.0}) check_same(f, g, sign * (wave({3}, 0.3) + 0.2), wave({3}, 1.0));
  check_batches(f, g, wave({4, 3}));
  // Known beforehand, it is a call of one of the two.
  const auto never = [](const Var& x) -> Var { throw xg::ValueError("called with " + std::to_string(x.size())); };
  BOOST_TEST(same(xg::cond(true, first_branch, never, wave({3})), first_branch(wave({3}))));
  BOOST_TEST(same(xg::cond(Var(1.0) > 2.0, never, second_branch, wave({3})), second_branch(wave({3}))));
}

BOOST_AUTO_TEST_CASE(only_one_branch_is_computed) {
  int calls = 0;
  const auto costly = xg::host_call(
      "costly", [](const Shape& x) { return x; },
      [&](const xg::Array<double>& x) -> xg::Array<double> {
        ++calls;
        return x;
      });
  const auto f = xg::compile([&](const Var& x) {
    return xg::cond(
        sum(x) > 0.0, [&](const Var& y) { return costly(y) + 1.0; }, [](const Var& y) { return y - 1.0; }, x);
  });
  BOOST_TEST(same(f(xt::xarray<double>{1.0, 2.0}), Var(xt::xarray<double>{2.0, 3.0})));
  BOOST_TEST(calls == 1);
  BOOST_TEST(same(f(xt::xarray<double>{-1.0, -2.0}), Var(xt::xarray<double>{-2.0, -3.0})));
  BOOST_TEST(calls == 1);
  // A condition that does not hold is no error in the branch that is not taken.
  static const xg::Requirement positive("test: {} is not positive");
  const auto checked_log = xg::compile([](const Var& x) {
    return xg::cond(
        x > 0.0, [](const Var& y) { return log(checked(y, y > 0.0, positive)); }, [](const Var& y) { return y * 0.0; },
        x);
  });
  BOOST_TEST(same(checked_log(Var(xt::xarray<double>(-1.0))), Var(xt::xarray<double>(-0.0))));
}

BOOST_AUTO_TEST_CASE(switch_takes_any_number_of_branches) {
  const auto branches = std::tuple{&first_branch, &second_branch, [](const Var& x) { return x * x; }};
  const auto f = [&](const Var& k, const Var& x) { return xg::switch_(k, branches, x); };
  const Var x = wave({3});
  const std::vector<Var> expected{first_branch(x), second_branch(x), x * x};
  const auto compiled = xg::compile(f);
  for (int k = 0; k < 3; ++k) {
    const Var number = xt::xarray<std::int64_t>(k);
    BOOST_TEST(near(compiled(number, x), expected[static_cast<std::size_t>(k)]));
    BOOST_TEST(near(f(k, x), expected[static_cast<std::size_t>(k)]));
  }
  const Var xs = wave({4, 3});
  const Var numbers = xt::xarray<std::int64_t>{2, 0, 1, 2};
  const Var each = xg::vmap(f)(numbers, xs);
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(near(view(each, k), f(view(numbers, k), view(xs, k))));
  BOOST_TEST(near(xg::vmap(f, {.in = {whole, 0}})(Var(xt::xarray<std::int64_t>(2)), xs), xs * xs));
  BOOST_TEST(throws<xg::ValueError>([&] { return compiled(Var(xt::xarray<std::int64_t>(3)), x); },
                                    {"switch", "no branch 3 of 3"}));
  BOOST_TEST(throws<xg::ValueError>([&] { return f(-1, x); }, {"switch_", "no branch -1 of 3"}));
}

BOOST_AUTO_TEST_CASE(branches_are_alike) {
  const Var x = wave({3});
  const auto f = [](const auto& a, const auto& b) {
    return xg::compile([a, b](const Var& y) { return xg::cond(sum(y) > 0.0, a, b, y); });
  };
  const auto same_form = [](const Var& y) { return y; };
  BOOST_TEST(throws<xg::ShapeError>([&] { return f(same_form, [](const Var& y) { return sum(y); })(x); },
                                    {"cond", "branch 1 gives float64 [3], branch 0 float64 []", "alike"}));
  BOOST_TEST(throws<xg::TypeError>([&] { return f(same_form, [](const Var& y) { return cast<float>(y); })(x); },
                                   {"cond", "float32"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] { return f(same_form, [](const Var& y) { return y * sum(y).item<double>(); })(x); }, {"value"}));
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return xg::cond(x > 0.0, first_branch, second_branch, x); }, {"cond", "[3]"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::cond(sum(x), first_branch, second_branch, x); }, {"cond", "truth value"}));
  BOOST_TEST(
      throws<xg::TypeError>([&] { return xg::switch_(0.5, std::tuple{&first_branch}, x); }, {"switch_", "integer"}));
}

BOOST_AUTO_TEST_CASE(trees_keep_their_form) {
  using Several = std::vector<Var>;
  const Var x = wave({3});
  const Var xs = wave({4, 3});
  const auto grows = [](const Several& s) {
    Several more = s;
    more.push_back(s[0]);
    return more;
  };
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::scan([&](const Several& s, const Var& e) { return std::pair{grows(s), e}; }, Several{x}, xs).second;
      },
      {"scan", "same tree"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] { return xg::while_loop([](const Several& s) { return sum(s[0]) < 9.0; }, grows, Several{x})[0]; },
      {"while_loop", "same tree"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::associative_scan([](const Several& a, const Several& b) { return Several{a[0] + b[0]}; },
                                    Several{xs, xs})[0];
      },
      {"associative_scan", "1 arrays of 2"}));
  const auto two = [](const Var& y) { return Several{y, y}; };
  const auto one = [](const Var& y) { return Several{y}; };
  const auto chosen = xg::compile([&](const Var& flag) { return xg::cond(flag, two, one, x); });
  BOOST_TEST(
      throws<xg::ShapeError>([&] { return chosen(Var(xt::xarray<bool>(true)))[0]; }, {"cond", "different trees"}));
}

BOOST_AUTO_TEST_CASE(every_example_of_a_batch_has_a_branch) {
  const auto f = [](const Var& k, const Var& x) {
    return xg::switch_(k, std::tuple{[](const Var& y) { return y; }, [](const Var& y) { return 10.0 * y; }}, x);
  };
  const Var x = xt::xarray<double>{1.0, 2.0, 3.0};
  BOOST_TEST(same(xg::vmap(f)(Var(xt::xarray<int>{0, 1, 1}), x), Var(xt::xarray<double>{1.0, 20.0, 30.0})));
  for (const int wrong : {-1, 2, 7}) {
    BOOST_TEST(throws<xg::ValueError>(
        [&] {
          return xg::vmap(f)(Var(xt::xarray<int>{0, 1, wrong}), x);
        },
        {"switch", "no branch", std::to_string(wrong)}));
  }
}

BOOST_AUTO_TEST_CASE(numbers_stay_numbers) {
  const Var x = xt::xarray<float>{1.0F, 2.0F};
  const auto scaled = [&](const Var& flag) {
    return xg::cond(
               flag, [] { return Var(1.5); }, [] { return Var(2.5); }) *
           x;
  };
  const auto guarded = [&](const Var& y) {
    return xg::cond(
        sum(y) > 0.0, [](const Var& z) { return sum(z); }, [](const Var&) { return Var(0.0); }, y);
  };
  const Var yes = xt::xarray<bool>(true);
  BOOST_TEST(same(xg::compile(scaled)(yes), scaled(yes)));
  BOOST_TEST(same(xg::compile(guarded)(x), Var(xt::xarray<float>(3.0F))));
  const auto halved = [&](const xg::WhileOptions& options) {
    return xg::while_loop([](const Var& c) { return c > 0.1; }, [](const Var& c) { return c * 0.5; }, Var(1.0),
                          options) *
           x;
  };
  BOOST_TEST(same(halved({.at_most = 20}), halved({})));
  BOOST_TEST(same(xg::debug::observe(Var(2.0), [](const Var&) {}) * x, 2.0 * x));
}

BOOST_AUTO_TEST_CASE(branches_that_are_known_take_part_in_any_recording) {
  xg::Tape tape;
  const Var w = tape.leaf(wave({3}));
  const Var y = xg::cond(
      true, [&] { return w * 2.0; }, [&] { return w; });
  BOOST_TEST(same(tape.gradient(sum(y), w), 2.0 * ones_like(wave({3}))));
}

BOOST_AUTO_TEST_CASE(what_may_fail_is_computed_in_runs_alone) {
  const Var wrong = xt::xarray<int>(7);
  const auto f = xg::compile([&](const Var& table, const Var& arrays) {
    const auto body = [&](const Var& c, const Var& e) { return std::pair{c + take(table, wrong) * e, e}; };
    return xg::scan(body, Var(xt::xarray<double>(1.0)), arrays).first;
  });
  BOOST_TEST(same(f(wave({3}), Var(xg::Array<double>::from_shape({0}))), Var(xt::xarray<double>(1.0))));
  BOOST_TEST(throws<xg::ValueError>([&] { return f(wave({3}), wave({1})); }, {"take", "7"}));
}

namespace {

using Pair = std::pair<Var, Var>;

/// The root of a, by as many steps of Newton's method as it takes.
Var newton(const Var& a, const xg::WhileOptions& options) {
  return xg::while_loop([](const Pair& s) { return abs(s.second) > 1e-13 * abs(s.first); },
                        [&](const Pair& s) {
                          const Var next = 0.5 * (s.first + a / s.first);
                          return Pair{next, next - s.first};
                        },
                        Pair{a, a}, options)
      .first;
}

}  // namespace

BOOST_AUTO_TEST_CASE(while_runs_until_it_ends) {
  const auto root = [](const Var& a) { return newton(a, {}); };
  const Var a = xt::xarray<double>(7.0);
  BOOST_TEST(near(root(a), sqrt(a)));
  BOOST_TEST(near(xg::compile(root)(a), sqrt(a)));
  BOOST_TEST(near(xg::jvp(root, a, 1.0).tangent, 0.5 / sqrt(a)));
  const auto slope = [&](const Var& v) { return xg::jvp(root, v, Var(1.0)).tangent; };
  BOOST_TEST(near(xg::jvp(slope, a, 1.0).tangent, -0.25 / (a * sqrt(a))));
  BOOST_TEST(near(xg::jacobian(root, xg::Mode::forward)(a), 0.5 / sqrt(a)));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::grad(root)(a); }, {"while_loop", "reverse mode", "at_most"}));
  // Each example of a batch takes its own number of runs.
  const Var all = xt::xarray<double>{0.5, 2.0, 100.0, 1e6};
  BOOST_TEST(near(xg::vmap(root)(all), sqrt(all)));
  BOOST_TEST(near(xg::jvp(xg::vmap(root), all, ones_like(all)).tangent, 0.5 / sqrt(all)));
  BOOST_TEST(near(xg::compile(xg::vmap(root))(all), sqrt(all)));
  // Not at all, and with what is not carried through the condition.
  const auto count = [](const Var& n) {
    return xg::while_loop([&](const Var& k) { return k < n; }, [](const Var& k) { return k + 3; }, Var(0));
  };
  for (const int n : {-1, 0, 1, 3, 10}) {
    const Var limit = xt::xarray<std::int64_t>(n);
    BOOST_TEST(count(limit).item<std::int64_t>() == (n <= 0 ? 0 : (n + 2) / 3 * 3), n);
  }
}

BOOST_AUTO_TEST_CASE(a_bounded_while_has_derivatives_in_reverse_mode) {
  const auto root = [](const Var& a) { return newton(a, {.at_most = 40}); };
  const Var a = xt::xarray<double>(7.0);
  BOOST_TEST(near(root(a), sqrt(a)));
  BOOST_TEST(near(xg::grad(root)(a), 0.5 / sqrt(a)));
  BOOST_TEST(near(xg::grad(xg::grad(root))(a), -0.25 / (a * sqrt(a))));
  BOOST_TEST(near(xg::jvp(root, a, 1.0).tangent, 0.5 / sqrt(a)));
  const Var all = xt::xarray<double>{0.5, 2.0, 100.0, 1e6};
  BOOST_TEST(near(xg::vmap(xg::grad(root))(all), 0.5 / sqrt(all)));
  BOOST_TEST(throws<xg::ValueError>([&] { return newton(a, {.at_most = 2}); }, {"while_loop", "at_most allows: 2"}));
  BOOST_TEST(throws<xg::ValueError>(
      [&] { return xg::compile([](const Var& x) { return newton(x, {.at_most = 2}); })(a); }, {"while_loop"}));
}

BOOST_AUTO_TEST_CASE(what_a_loop_carries_keeps_its_form) {
  const Var x = wave({3});
  const auto below = [](const Var& y) { return sum(y) < 10.0; };
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::while_loop(
            below,
            [](const Var& y) {
              return xg::concatenate({y, y});
            },
            x);
      },
      {"while_loop", "float64 [3] before a run", "float64 [6] after it"}));
  BOOST_TEST(throws<xg::TypeError>(
      [&] {
        return xg::while_loop(
            below, [](const Var& y) { return cast<float>(y); }, x);
      },
      {"while_loop", "float32"}));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] { return xg::while_loop([](const Var& y) { return y < 1.0; }, [](const Var& y) { return y + 1.0; }, x); },
      {"while_loop", "condition", "[3]"}));
  // A number takes the type that it meets.
  const Var halves = xg::while_loop([](const Var& y) { return y < 4.0; },
                                    [](const Var& y) { return y + Var(xt::xarray<float>(0.5F)); }, 0.0);
  BOOST_TEST(same(halves, Var(xt::xarray<float>(4.0F))));
}

BOOST_AUTO_TEST_CASE(checkpoints_change_no_value) {
  const auto layer = [](const Var& x) { return tanh(xg::keep(matmul(weights(), x)) + exp(0.2 * x)) * x; };
  for (const xg::Keep kept : {xg::Keep::Nothing, xg::Keep::Products, xg::Keep::Marked}) {
    const auto again = xg::checkpoint(layer, kept);
    const auto nested = xg::checkpoint([again](const Var& x) { return again(again(x)); }, kept);
    const auto f = [&](const Var& x) { return sum(square(nested(x))); };
    const auto g = [&](const Var& x) { return sum(square(layer(layer(x)))); };
    check_same(f, g, wave({3}), wave({3}, 1.0));
    check_batches(f, g, wave({4, 3}));
  }
}

BOOST_AUTO_TEST_CASE(checkpoints_compute_again) {
  // exp once for the value, and once more for the gradient; not at all again where it is kept.
  const auto times = [](xg::Keep kept) {
    const auto f = xg::checkpoint([](const Var& x) { return sum(sin(xg::keep(exp(x)))); }, kept);
    return count_in(xg::compile(xg::value_and_grad(f)).plan(wave({3})), "exp");
  };
  // The first layer as well, of which only what it captures is recorded.
  const auto of_weights = xg::compile(xg::value_and_grad(
      [](const Var& w) { return xg::checkpoint([&](const Var& x) { return sum(sin(exp(w * x))); })(wave({3})); }));
  const std::string plan = of_weights.plan(wave({3}));
  BOOST_TEST(plan.find("exp") != plan.rfind("exp"), plan);
  BOOST_TEST(times(xg::Keep::Nothing) == 2U);
  BOOST_TEST(times(xg::Keep::Marked) == 1U);
  // A product once for the value, another for its gradient, and the first one again unless products are kept: what is
  // computed of it is then the rest.
  const auto of_product = [](xg::Keep kept, const char* what) {
    const auto f = xg::checkpoint([](const Var& x) { return sum(sin(exp(matmul(weights(), x)))); }, kept);
    const std::string text = xg::compile(xg::value_and_grad(f)).plan(wave({3}));
    BOOST_TEST_INFO(text);
    return count_in(text, what);
  };
  BOOST_TEST(of_product(xg::Keep::Nothing, "product of") == 3U);
  BOOST_TEST(of_product(xg::Keep::Products, "product of") == 2U);
  BOOST_TEST(of_product(xg::Keep::Products, "exp") == 2U);
}

BOOST_AUTO_TEST_CASE(scans_with_checkpoints_change_no_value) {
  const Var xs = wave({7, 3}, 0.2);
  const Var h = wave({3}, 0.6);
  const auto loss = [&](bool reverse, std::size_t every, std::size_t levels = 0) {
    return [=](const Var& first, const Var& arrays) {
      const auto body = [](const Var& c, const Var& e) {
        const Var next = tanh(matmul(weights(), c) + e);
        return std::pair{next, next * e};
      };
      const auto [last, all] =
          xg::scan(body, first, arrays, {.reverse = reverse, .checkpoint_every = every, .checkpoint_levels = levels});
      return sum(last) + sum(sin(all));
    };
  };
  for (const bool reverse : {false, true}) {
    for (const std::size_t every : {1U, 2U, 3U, 7U, 20U}) {
      const auto f = loss(reverse, every);
      const auto g = loss(reverse, 0);
      BOOST_TEST(near(f(h, xs), g(h, xs)));
      const auto [dh, dxs] = xg::grad<0, 1>(f)(h, xs);
      const auto [eh, exs] = xg::grad<0, 1>(g)(h, xs);
      BOOST_TEST(near(dh, eh));
      BOOST_TEST(near(dxs, exs));
    }
    for (const std::size_t levels : {std::size_t{2}, std::size_t{3}, std::size_t{5}, SIZE_MAX}) {
      const auto f = loss(reverse, 0, levels);
      const auto g = loss(reverse, 0);
      BOOST_TEST(near(f(h, xs), g(h, xs)));
      const auto [dh, dxs] = xg::grad<0, 1>(f)(h, xs);
      const auto [eh, exs] = xg::grad<0, 1>(g)(h, xs);
      BOOST_TEST(near(dh, eh));
      BOOST_TEST(near(dxs, exs));
      const auto of_first = [&](const Var& first) { return f(first, xs); };
      const auto plain_of_first = [&](const Var& first) { return g(first, xs); };
      BOOST_TEST(near(xg::hessian(of_first)(h), xg::hessian(plain_of_first)(h)));
    }
    BOOST_CHECK_THROW((void)loss(reverse, 3, 2)(h, xs), xg::ValueError);
    const auto of_h = [&](std::size_t every) {
      return [=](const Var& first) { return loss(reverse, every)(first, xs); };
    };
    check_same(of_h(3), of_h(0), h, wave({3}, 1.0));
    check_batches(of_h(2), of_h(0), wave({4, 3}));
  }
}

BOOST_AUTO_TEST_CASE(each_level_of_checkpoints_has_several_segments) {
  // 8^(1/50) is nearly 1: without a bound, fifty checkpoints one in another would compute all runs again.
  BOOST_TEST(xg::detail::length_of_segments(8, {.checkpoint_levels = 50}) == 4U);
  BOOST_TEST(xg::detail::length_of_segments(2, {.checkpoint_levels = 50}) == 1U);
  BOOST_TEST(xg::detail::length_of_segments(0, {.checkpoint_levels = 50}) == 1U);
  BOOST_TEST(xg::detail::length_of_segments(729, {.checkpoint_levels = 3}) == 81U);
}

BOOST_AUTO_TEST_CASE(levels_of_checkpoints_need_less_memory) {
  const Var h = wave({10000});
  const auto mebibytes = [&](std::size_t levels) {
    const auto gradient = xg::compile(xg::grad([levels](const Var& first) {
      const auto body = [](const Var& c, const Var&) { return std::pair{Var(sin(c) * 1.01), std::tuple<>()}; };
      return sum(xg::scan(body, first, wave({729}), {.checkpoint_levels = levels}).first);
    }));
    xg::release_memory();
    const std::size_t before = xg::memory_in_use().kept;
    (void)gradient(h);
    return (xg::memory_in_use().kept - before) >> 20U;
  };
  const std::size_t all = mebibytes(0);    // 729 states of 80 kB: 56 MiB
  const std::size_t two = mebibytes(2);    // 2 * 27
  const std::size_t three = mebibytes(3);  // 3 * 9
  BOOST_TEST(all >= 50U);
  BOOST_TEST(two <= 12U);
  BOOST_TEST(three <= 7U);
}

BOOST_AUTO_TEST_SUITE_END()
