// scan and fori_loop: what may be carried, what is refused and how, lengths, threads, plans and memory.
#include <cmath>
#include <limits>
#include <optional>
#include <regex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "loops.hpp"

BOOST_AUTO_TEST_SUITE(test_scan_types)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using comparing::throws;
using comparing::wave;
using xg::DType;
using xg::Shape;
using xg::Var;

namespace {

struct State {
  Var position, velocity;
  Var steps;
  double rate = 0.1;
};
XGRAD_FIELDS(State, position, velocity, state(steps), rate)

struct Cell {
  Var weight, bias;
};
XGRAD_FIELDS(Cell, weight, bias)

Var cell_loss(const Cell& cell, const Var& xs) {
  const auto step = [&](const Var& h, const Var& x) {
    const Var next = tanh(matmul(cell.weight, h) + cell.bias + x);
    return std::pair{next, sum(next * x)};
  };
  const auto [last, all] = xg::scan(step, zeros_like(cell.bias), xs);
  return sum(all) + sum(square(last));
}

/// Text in which numbers do not matter.
std::string without_numbers(const std::string& plan) { return std::regex_replace(plan, std::regex("[0-9]+"), "#"); }

double arena_bytes(const std::string& plan) {
  return std::stod(plan.substr(plan.rfind("memory: arena ") + std::string("memory: arena ").size()));
}

const auto keep = [](const Var& h, const Var& x) { return std::pair{h + x, h}; };

}  // namespace

BOOST_AUTO_TEST_CASE(structs_with_state_and_numbers) {
  const auto step = [](const State& s, const std::tuple<Var, std::vector<Var>>& x) {
    const auto& [force, kicks] = x;
    State next = s;
    next.velocity = s.velocity + s.rate * (force - s.position) + kicks.at(0) * kicks.at(1);
    next.position = s.position + s.rate * next.velocity;
    next.steps = s.steps + 1;
    return std::pair{next, std::optional<Var>(next.position * next.velocity)};
  };
  const std::tuple elements{wave({5, 2}), std::vector<Var>{wave({5, 2}, 0.1), wave({5}, 0.2)}};
  const auto energy = [&](const auto& loop) {
    return [&](const State& first) {
      const auto [last, all] = loop(step, first, elements);
      return std::pair{sum(square(last.position)) + sum(*all), last};
    };
  };
  const State first{wave({2}), wave({2}, 1.0), xt::xarray<std::int64_t>{3}, 0.2};
  const auto found = xg::value_and_grad(energy(loops::Scanned()))(first);
  const auto expected = xg::value_and_grad(energy(loops::Unrolled()))(first);
  BOOST_TEST(near(found.value, expected.value));
  BOOST_TEST(near(found.gradient.position, expected.gradient.position));
  BOOST_TEST(near(found.gradient.velocity, expected.gradient.velocity));
  BOOST_TEST(same(found.auxiliary.steps, Var(xt::xarray<std::int64_t>{8})));
  BOOST_TEST(found.auxiliary.rate == 0.2);
  const State compiled = xg::compile([&](const State& s) { return energy(loops::Scanned())(s).second; })(first);
  BOOST_TEST(near(compiled.position, expected.auxiliary.position));
}

BOOST_AUTO_TEST_CASE(the_number_of_the_run) {
  const Var a = wave({3});
  const auto powers = [&](const Var& x) {
    return xg::fori_loop(
        4, [&](const Var& i, const Var& y) { return y * x + cast(i, DType::Float64); }, xg::ones_like(x));
  };
  const auto plain = [](const Var& x) { return (((x + 0.0) * x + 1.0) * x + 2.0) * x + 3.0; };
  BOOST_TEST(near(powers(a), plain(a)));
  BOOST_TEST(near(xg::jacobian(powers)(a), xg::jacobian(plain)(a)));
  BOOST_TEST(same(xg::fori_loop(
                      5, [](const Var& i, const Var& s) { return s + i; }, Var(xt::xarray<std::int64_t>(0))),
                  Var(xt::xarray<std::int64_t>(10))));
  BOOST_TEST(same(xg::fori_loop(
                      0, [](const Var&, const Var& s) { return sin(s); }, a),
                  a));
  const auto [q, flag] = xg::fori_loop(
      3,
      [](const Var&, const std::pair<Var, Var>& c) {
        return std::pair{c.first * 2.0, !c.second};
      },
      std::pair{a, Var(xt::xarray<bool>{true, false})});
  BOOST_TEST(same(q, 8.0 * a));
  BOOST_TEST(same(flag, Var(xt::xarray<bool>{false, true})));
}

BOOST_AUTO_TEST_CASE(numbers_take_the_type_that_they_get) {
  for (const DType type : {DType::Float32, DType::Float64}) {
    const Var xs = cast(wave({4, 3}), type);
    const auto total = [](const Var& x) {
      return xg::scan([](const Var& s, const Var& each) { return std::pair{s + sum(each), s}; }, 0.0, x);
    };
    const auto [last, before] = total(xs);
    BOOST_TEST((last.dtype() == type && before.dtype() == type));
    BOOST_TEST(near(last, sum(xs), 1e-5));
    BOOST_TEST(near(xg::grad([&](const Var& x) { return total(x).first; })(xs), xg::ones_like(xs)));
    const auto compiled = xg::compile([&](const Var& x) { return total(x).second; });
    BOOST_TEST(same(compiled(xs), before));
  }
  // One that meets no array stays a number.
  const Var still = xg::fori_loop(
      3, [](const Var&, const Var& r) { return r * 0.5; }, 1.0);
  BOOST_TEST(((cast(wave({2}), DType::Float32) * still).dtype() == DType::Float32));
  // An int that becomes a floating-point number, or not.
  const auto [mean, _] = xg::scan(
      [](const Var& s, const Var& x) {
        return std::pair{s * 0.5F + x, s};
      },
      0.0F, cast(wave({3}), DType::Float32));
  BOOST_TEST((mean.dtype() == DType::Float32));
}

BOOST_AUTO_TEST_CASE(single_precision) {
  const Cell cell{cast(wave({3, 3}) * 0.2, DType::Float32), cast(wave({3}, 1.0), DType::Float32)};
  const Cell wide = xg::tree::map(cell, [](const Var& x) { return cast(x, DType::Float64); });
  const Var xs = cast(wave({6, 3}, 2.0), DType::Float32);
  const auto found = xg::value_and_grad(cell_loss)(cell, xs);
  const auto expected = xg::value_and_grad(cell_loss)(wide, cast(xs, DType::Float64));
  BOOST_TEST((found.gradient.weight.dtype() == DType::Float32));
  BOOST_TEST(near(cast(found.value, DType::Float64), expected.value, 1e-5));
  BOOST_TEST(near(cast(found.gradient.weight, DType::Float64), expected.gradient.weight, 1e-4));
  BOOST_TEST(near(cast(found.gradient.bias, DType::Float64), expected.gradient.bias, 1e-4));
}

BOOST_AUTO_TEST_CASE(infinities_stay_where_they_are) {
  const auto [last, all] = xg::scan(
      [](const Var& h, const Var& x) {
        return std::pair{exp(h * 30.0), h * x};
      },
      xt::xarray<double>{1.0, -1.0}, Var(xt::xarray<double>{1.0, 2.0}));
  const double inf = std::numeric_limits<double>::infinity();
  BOOST_TEST(comparing::doubles(last)[0] == inf);
  BOOST_TEST(std::isfinite(comparing::doubles(last)[1]));
  const Var slope = xg::grad([](const Var& x) {
    return sum(xg::scan(
                   [](const Var& h, const Var& each) {
                     return std::pair{h + each, where(each > 0.0, log(each), h)};
                   },
                   0.0, x)
                   .second);
  })(Var(xt::xarray<double>{0.0, 2.0, -1.0, 4.0}));
  BOOST_TEST(near(slope, Var(xt::xarray<double>{1.0, 1.5, 0.0, 0.25})));
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_refused) {
  const Var xs = wave({4, 3});
  const Var a = wave({3});
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::scan(
            [](const Var& h, const std::pair<Var, Var>& x) {
              return std::pair{h + x.first, h};
            },
            a, std::pair{xs, wave({5, 3})});
      },
      {"scan: the array 1", "5 elements", "4 runs"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::scan(keep, a, Var(2.0)); }, {"scan: the array", "no axis"}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return xg::scan(keep, a, xs, {.length = 3}); }, {"4 elements", "3 runs"}));
  const auto alone = [](const Var& h, const std::tuple<>&) { return std::pair{sin(h), h}; };
  BOOST_TEST(throws<xg::ValueError>([&] { return xg::scan(alone, a, std::tuple<>()); }, {"scan", "length"}));
  const State first{a, a, Var(std::int64_t{0}), 0.1};
  const auto with = [&](const Var& position, const Var& steps) {
    return [=] {
      return xg::scan(
          [&](const State& s, const Var& x) {
            State next = s;
            next.position = position;
            next.steps = steps;
            return std::pair{next, x};
          },
          first, xs);
    };
  };
  BOOST_TEST(
      throws<xg::ShapeError>(with(wave({2}), 0), {"scan: what is carried (position)", "float64 [3]", "float64 [2]"}));
  BOOST_TEST(
      throws<xg::TypeError>(with(cast(a, DType::Float32), 0), {"what is carried (position)", "float32", "stay"}));
  BOOST_TEST(throws<xg::ShapeError>(with(a, xt::xarray<std::int64_t>{1, 2}), {"what is carried (steps)"}));
}

BOOST_AUTO_TEST_CASE(bodies_that_cannot_be_loops) {
  const Var xs = wave({4, 3});
  const Var a = wave({3});
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        return xg::scan([](const Var& h, const Var& x) { return std::pair{h * sum(x).item<double>(), h}; }, a, xs);
      },
      {"scan"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        return xg::scan([](const Var& h, const Var&) { return std::pair{h, Var()}; }, a, xs);
      },
      {"scan", "empty"}));
  BOOST_TEST(throws<xg::TapeError>(
      [&] {
        return xg::scan([](const Var&, const Var& x) { return std::pair{Var(), x}; }, a, xs);
      },
      {"scan", "empty"}));
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::scan(keep, Var(), xs); }, {"empty"}));
  const Var stale = [&] {
    xg::Tape tape;
    return sin(tape.leaf(a));
  }();
  BOOST_TEST(throws<xg::TapeError>([&] {
    return xg::scan([&](const Var& h, const Var&) { return std::pair{h, stale}; }, a, xs);
  }));
  // What has left the body has no value.
  Var escaped;
  const auto [last, all] = xg::scan(
      [&](const Var& h, const Var& x) {
        escaped = h * x;
        return std::pair{h + x, escaped};
      },
      a, xs);
  BOOST_TEST(throws<xg::TapeError>([&] { return escaped.array<double>().size(); }));
  // As many axes as there may be, and one more.
  const Shape seven{1, 1, 1, 1, 1, 1, 2};
  const Shape eight{1, 1, 1, 1, 1, 1, 1, 2};
  const auto run = [](const Shape& shape) {
    return xg::scan([](const Var& h, const Var& x) { return std::pair{h * x, h}; }, wave(shape), wave({2}));
  };
  BOOST_TEST((run(seven).second.shape() == Shape{2, 1, 1, 1, 1, 1, 1, 2}));
  BOOST_TEST(throws<xg::ShapeError>([&] { return run(eight); }, {"9 dimensions"}));
  BOOST_TEST((xg::scan(
                  [](const Var& h, const Var& x) {
                    return std::pair{h + sum(x), sum(x)};
                  },
                  a, wave(eight))
                  .second.shape() == Shape{1}));
  // What has no axis left for the runs is computed again by derivatives.
  const auto between = [&](const auto& loop) {
    return [&](const Var& x) {
      return sum(loop(
                     [&](const Var& h, const Var& each) {
                       const Var wide = exp(sin(reshape(each, {1, 1, 1, 1, 1, 1, 1, 3})) * h);
                       return std::pair{h * 0.5 + sum(wide * sin(wide)), h};
                     },
                     Var(0.5), x)
                     .second);
    };
  };
  BOOST_TEST(near(xg::grad(between(loops::Scanned()))(xs), xg::grad(between(loops::Unrolled()))(xs)));
  BOOST_TEST(near(xg::hessian(between(loops::Scanned()))(xs), xg::hessian(between(loops::Unrolled()))(xs)));
  BOOST_TEST(throws<xg::ShapeError>(
      [&] {
        return xg::grad([&](const Var& h) {
          return sum(xg::scan([](const Var& p, const Var& x) { return std::pair{sin(p) * x, x}; }, h, wave({2})).first);
        })(wave(eight));
      },
      {"9 dimensions"}));
}

BOOST_AUTO_TEST_CASE(errors_leave_everything_as_it_was) {
  xg::Tape tape;
  const Var a = tape.leaf(wave({3}));
  const Var xs = tape.leaf(wave({4, 3}));
  const auto failing = [](const Var& h, const Var& x) {
    (void)sum(x).item<double>();
    return std::pair{h, x};
  };
  BOOST_TEST(throws<xg::TapeError>([&] { return xg::scan(failing, a, xs); }));
  BOOST_TEST(near(sum(a), sum(wave({3}))));  // values are not forbidden any more
  const auto [last, all] = xg::scan(keep, a, xs);
  BOOST_TEST(near(last, wave({3}) + sum(wave({4, 3}), 0)));  // asked for in between
  const Var slope = tape.gradient(sum(sin(all) * last), xs);
  BOOST_TEST(near(sum(all), sum(tape.evaluate({all})[0])));
  const Var expected = xg::grad([&](const Var& x) {
    const auto [end, every] = loops::Unrolled()(keep, wave({3}), x);
    return sum(sin(every) * end);
  })(wave({4, 3}));
  BOOST_TEST(near(slope, expected));
}

BOOST_AUTO_TEST_CASE(plans_do_not_grow) {
  const Cell cell{wave({3, 3}) * 0.2, wave({3}, 1.0)};
  const auto program = xg::compile(xg::value_and_grad(cell_loss));
  const std::string few = program.plan(cell, wave({100, 3}));
  BOOST_TEST(few.find("scan of 100 runs") != std::string::npos, few);
  BOOST_TEST(without_numbers(few) == without_numbers(program.plan(cell, wave({1000, 3}))));
  // Memory grows with what is kept of the runs: a state of 64 numbers, no matrix.
  const Cell large{wave({64, 64}) * 0.01, wave({64})};
  const double shorter = arena_bytes(program.plan(large, wave({1000, 64})));
  const double longer = arena_bytes(program.plan(large, wave({2000, 64})));
  const double of_a_state = 1000 * 64 * 8;
  BOOST_TEST(longer - shorter <= 4 * of_a_state);
}

BOOST_AUTO_TEST_CASE(what_is_the_same_in_all_runs_is_computed_once) {
  const auto program = xg::compile([](const Var& w, const Var& xs) {
    return xg::scan([&](const Var& h, const Var& x) { return std::pair{h * exp(w) + x, h}; }, zeros_like(w), xs).second;
  });
  const std::string plan = program.plan(wave({3}), wave({5, 3}));
  BOOST_TEST(plan.find("exp") < plan.find("scan of"), plan);
  BOOST_TEST(plan.find("exp") != std::string::npos, plan);
}

BOOST_AUTO_TEST_CASE(several_threads) {
  const Cell cell{wave({3, 3}) * 0.2, wave({3}, 1.0)};
  const Var xs = wave({20, 3});
  const auto program = xg::compile(xg::grad(cell_loss));
  const Cell expected = program(cell, xs);
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 20; ++k) {
        wrong[t] += same(program(cell, xs).weight, expected.weight) ? 0 : 1;
        wrong[t] += near(xg::grad(cell_loss)(cell, xs).bias, expected.bias) ? 0 : 1;
      }
    });
  }
  for (std::thread& each : threads) each.join();
  for (const int count : wrong) BOOST_TEST(count == 0);
  // A large body, divided among threads.
  const Var large = wave({2, 40000});
  const auto wide = [&] {
    return xg::scan(
        [](const Var& h, const Var& x) {
          return std::pair{sin(h) + x, sum(exp(h))};
        },
        view(large, 0), large);
  };
  const auto alone = wide();
  xg::set_threads(3);
  const auto together = wide();
  xg::set_threads(1);
  BOOST_TEST(same(alone.first, together.first));
  BOOST_TEST(same(alone.second, together.second));
}

BOOST_AUTO_TEST_SUITE_END()
