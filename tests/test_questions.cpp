// Loops that ask for values while they record: what a question costs, counted in operations and plans, and what is kept
// for the next one.
#include "comparing.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "backend/evaluate.hpp"
#include "plan/keep.hpp"
#include "var/access.hpp"

BOOST_AUTO_TEST_SUITE(test_questions)

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using xg::Var;

namespace {

double ask(const Var& x) { return x.item<double>(); }

Var wave(std::size_t size) {
  auto array = xg::Array<double>::from_shape({size});
  for (std::size_t i = 0; i < size; ++i) array.data()[i] = std::sin(0.7 * static_cast<double>(i));
  return {std::move(array)};
}

Var next(const Var& x) { return 0.9 * x + 0.1 * sin(x); }

std::size_t spare_bytes(const Var& x) { return xg::VarAccess::tape(x).spare_bytes(); }

// ---- recurrences of so many steps; they return how many nodes they recorded

std::size_t carry(std::size_t size, std::size_t steps) {
  xg::Tape tape;
  Var x = tape.leaf(wave(size));
  for (std::size_t i = 0; i < steps; ++i) {
    x = next(x);
    (void)ask(sum(square(x)));
  }
  return tape.size();
}

std::size_t pendulum(std::size_t steps) {
  xg::Tape tape;
  Var angle = tape.leaf(1.0);
  Var speed = tape.leaf(0.0);
  for (std::size_t i = 0; i < steps; ++i) {
    std::tie(angle, speed) = std::tuple{angle + 0.01 * speed, speed - 0.01 * sin(angle)};
    (void)ask(0.5 * square(speed) - cos(angle));
  }
  return tape.size();
}

/// A step of one operation: not worth keeping each.
std::size_t short_steps(std::size_t steps) {
  xg::Tape tape;
  Var x = tape.leaf(wave(100));
  for (std::size_t i = 0; i < steps; ++i) {
    x = sin(x);
    (void)ask(sum(x));
  }
  return tape.size();
}

std::size_t half_asked(std::size_t steps) {
  xg::Tape tape;
  Var mean = tape.leaf(0.0);
  Var squares = tape.leaf(1.0);
  for (std::size_t i = 0; i < steps; ++i) {
    const Var step = sin(mean + 0.3) / sqrt(squares);
    mean = 0.9 * mean + 0.1 * step;
    squares = squares + square(step);
    (void)ask(mean);
  }
  return tape.size();
}

Var newton(const Var& target, std::size_t steps) {
  const auto residual = [&](const Var& x) { return x * x * x + x - target; };
  Var x = 10.0 + 0.0 * target;
  for (std::size_t i = 0; i < steps; ++i) {
    if (ask(abs(residual(x))) < 0) break;
    x = x - 0.1 * residual(x) / xg::grad(residual)(x);
  }
  return x;
}

std::size_t newton_on_a_tape(std::size_t steps) {
  xg::Tape tape;
  (void)ask(newton(tape.leaf(3.0), steps));
  return tape.size();
}

std::size_t gradient_of_newton(std::size_t steps) {
  std::size_t nodes = 0;
  const auto root = [&](const Var& target) {
    const Var x = newton(target, steps);
    nodes = xg::VarAccess::tape(x).size();
    return x;
  };
  const double gradient = ask(xg::grad(root)(xg::Array<double>(xg::Shape(), 3.0)));
  const double x = ask(newton(3.0, steps));
  if (steps >= 150) BOOST_TEST(std::abs(gradient - 1 / (3 * x * x + 1)) < 1e-6);  // dx/dt of x^3 + x = t
  return nodes * 2;                                                               // and the gradient
}

/// A question in each tenth step.
std::size_t now_and_then(std::size_t steps) {
  xg::Tape tape;
  Var x = tape.leaf(wave(100));
  for (std::size_t i = 0; i < steps; ++i) {
    x = next(x);
    if (i % 10 == 9) (void)ask(sum(square(x)));
  }
  return tape.size();
}

/// A gradient of the last step only, asked for in each.
std::size_t a_gradient_each(std::size_t steps) {
  xg::Tape tape;
  Var x = tape.leaf(wave(10));
  for (std::size_t i = 0; i < steps; ++i) {
    const Var point = tape.leaf(x);
    const Var slope = tape.gradient(sum(cos(point) * point), point);
    x = point - 0.1 * slope;
    (void)ask(sum(square(slope)));
  }
  return tape.size();
}

/// Some steps beyond the last asked, of which nothing is kept by the user: a line search.
std::size_t line_search(std::size_t steps) {
  xg::Tape tape;
  const Var start = tape.leaf(wave(10));
  Var x = start;
  for (std::size_t i = 0; i < steps; ++i) {
    const Var direction = -tape.gradient(sum(square(x)), x);
    Var best = x;
    for (const double length : {0.4, 0.2, 0.1, 0.05}) {
      best = x + length * direction;
      if (ask(sum(square(best))) < 0) break;
    }
    x = tape.leaf(best);
  }
  return tape.size();
}

std::size_t asked_later(bool backwards, std::size_t steps) {
  xg::Tape tape;
  std::vector<Var> all{tape.leaf(wave(10))};
  for (std::size_t i = 0; i < steps; ++i) all.push_back(next(all.back()));
  if (backwards) std::reverse(all.begin(), all.end());
  for (const Var& x : all) (void)ask(sum(x));
  return tape.size();
}

struct Work {
  std::size_t computed, recorded, plans;
};

Work work_of(const std::function<std::size_t(std::size_t)>& loop, std::size_t steps) {
  const std::size_t nodes = xg::backend::work_of_evaluations().nodes;
  const std::size_t plans = xg::plan_cache().misses;
  const std::size_t recorded = loop(steps);
  return {xg::backend::work_of_evaluations().nodes - nodes, recorded, xg::plan_cache().misses - plans};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_question_costs_what_is_new) {
  const std::vector<std::pair<std::string, std::function<std::size_t(std::size_t)>>> loops{
      {"a number", [](std::size_t steps) { return carry(1, steps); }},
      {"a vector", [](std::size_t steps) { return carry(1000, steps); }},
      {"short steps", short_steps},
      {"two numbers", pendulum},
      {"one of two", half_asked},
      {"Newton", newton_on_a_tape},
      {"a gradient each", a_gradient_each},
      {"line search", line_search},
      {"now and then", now_and_then},
      {"recorded first", [](std::size_t steps) { return asked_later(false, steps); }},
  };
  for (const auto& [name, loop] : loops) {
    BOOST_TEST_CONTEXT(name) {
      const Work few = work_of(loop, 200);
      const Work many = work_of(loop, 800);
      BOOST_TEST(many.computed <= 4.2 * static_cast<double>(few.computed));
      BOOST_TEST(many.computed <= 4 * many.recorded);
      BOOST_TEST(few.plans <= 30U);
      BOOST_TEST(many.plans <= 2U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_gradient_at_the_end) {
  const Work few = work_of(gradient_of_newton, 200);
  const Work many = work_of(gradient_of_newton, 800);
  BOOST_TEST(many.computed <= 4.2 * static_cast<double>(few.computed));
  BOOST_TEST(many.computed <= 4 * many.recorded);
  BOOST_TEST(many.plans <= 2U);
}

// Each new answer needs less than the one before: the midst of what was computed is kept.
BOOST_AUTO_TEST_CASE(questions_that_go_back) {
  const auto loop = [](std::size_t steps) { return asked_later(true, steps); };
  const Work few = work_of(loop, 200);
  const Work many = work_of(loop, 800);
  BOOST_TEST(many.computed <= 6 * few.computed);
  BOOST_TEST(many.computed <= 10 * many.recorded);
}

BOOST_AUTO_TEST_CASE(who_asks_once_keeps_nothing) {
  xg::Tape tape;
  const Var x = tape.leaf(wave(1000));
  const Var y = next(next(next(x)));
  const Var loss = sum(square(y));
  (void)ask(loss);
  BOOST_TEST(spare_bytes(x) == 0U);
  // Nor does who asks for the gradient afterwards, which reads much of what the loss was made of.
  (void)tape.gradient(loss, x).array<double>();
  BOOST_TEST(spare_bytes(x) == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_bounded) {
  constexpr std::size_t size = 1000;
  constexpr std::size_t arrays = 5;
  const std::size_t usual = std::exchange(xg::plan::most_spare_bytes(), arrays * 2 * size * sizeof(double));
  {
    xg::Tape tape;
    Var x = tape.leaf(wave(size));
    Var expected = wave(size);
    const Var asked = next(x);
    const xg::Array<double>& held = asked.array<double>();
    for (int i = 0; i < 100; ++i) {
      x = next(x);
      expected = next(expected);
      BOOST_TEST(std::abs(ask(sum(square(x))) - ask(sum(square(expected)))) < 1e-9);
      BOOST_TEST(spare_bytes(x) <= xg::plan::most_spare_bytes());
    }
    BOOST_TEST(spare_bytes(x) > 0U);
    // What was asked for stays.
    BOOST_TEST(same(Var(held), next(wave(size))));
    BOOST_TEST(&asked.array<double>() == &held);
  }
  // Not even one array fits: nothing is kept, and all values are right.
  xg::plan::most_spare_bytes() = size;
  {
    xg::Tape tape;
    Var x = tape.leaf(wave(size));
    Var expected = wave(size);
    for (int i = 0; i < 20; ++i) {
      x = next(x);
      expected = next(expected);
      BOOST_TEST(std::abs(ask(sum(square(x))) - ask(sum(square(expected)))) < 1e-9);
    }
    BOOST_TEST(spare_bytes(x) == 0U);
  }
  xg::plan::most_spare_bytes() = usual;
}

BOOST_AUTO_TEST_CASE(a_kept_value_that_is_asked_for_stays) {
  const std::size_t usual = xg::plan::most_spare_bytes();
  {
    xg::Tape tape;
    std::vector<Var> all{tape.leaf(wave(1000))};
    for (int i = 0; i < 10; ++i) {
      all.push_back(next(all.back()));
      (void)ask(sum(square(all.back())));
    }
    const std::size_t before = spare_bytes(all[0]);
    const xg::Array<double>& held = all[5].array<double>();
    BOOST_TEST(spare_bytes(all[0]) < before);  // it is no spare any more
    const Var copy = held;
    xg::plan::most_spare_bytes() = 0;
    (void)ask(sum(next(all.back())));
    BOOST_TEST(spare_bytes(all[0]) < before / 2);
    BOOST_TEST(same(Var(held), copy));
    BOOST_TEST(&all[5].array<double>() == &held);
  }
  xg::plan::most_spare_bytes() = usual;
}

// A pullback forgets what it recorded, but computes the primals that it needs only a few times.
BOOST_AUTO_TEST_CASE(a_pullback_called_often) {
  const auto f = [](const Var& x) {
    Var y = x;
    for (int i = 0; i < 20; ++i) y = tanh(exp(0.1 * cos(y)) * y);
    return y;
  };
  const Var x = wave(10);
  const auto [value, pullback] = xg::vjp(f, x);
  BOOST_TEST(near(value, f(x)));
  const Var expected = pullback(wave(10));
  const auto work = [&, pull = &pullback] {
    const std::size_t before = xg::backend::work_of_evaluations().nodes;
    BOOST_TEST(near((*pull)(wave(10)), expected));
    return xg::backend::work_of_evaluations().nodes - before;
  };
  const std::size_t first = work();
  for (int i = 0; i < 10; ++i) (void)work();
  BOOST_TEST(work() < first);
}

BOOST_AUTO_TEST_CASE(any_questions_in_any_order) {
  const std::size_t usual = xg::plan::most_spare_bytes();
  std::mt19937 random(11);
  for (int round = 0; round < 60; ++round) {
    xg::plan::most_spare_bytes() = round % 3 == 0 ? 2000 : usual;
    xg::Tape tape;
    std::vector<Var> recorded{tape.leaf(wave(12))};
    std::vector<Var> concrete{wave(12)};
    const auto add = [&](auto f, std::size_t a, std::size_t b) {
      recorded.push_back(f(recorded[a], recorded[b]));
      concrete.push_back(f(concrete[a], concrete[b]));
    };
    for (int i = 0; i < 80; ++i) {
      const std::size_t a = recorded.size() - 1 - random() % std::min<std::size_t>(recorded.size(), 5);
      const std::size_t b = random() % 4 == 0 ? random() % recorded.size() : a;
      switch (random() % 5) {
        case 0:
          add([](const Var& x, const Var& y) { return 0.5 * x + 0.4 * tanh(y); }, a, b);
          break;
        case 1:
          add([](const Var& x, const Var& y) { return reshape(transpose(reshape(x, {3, 4})), {12}) - y; }, a, b);
          break;
        case 2:
          add([](const Var& x, const Var& y) { return sin(x) * view(y, 3); }, a, b);
          break;
        case 3:
          add([](const Var& x, const Var& y) { return where(x < y, x, broadcast_to(mean(y), {12})); }, a, b);
          break;
        default:
          add([](const Var& x, const Var& y) { return exp(-square(x)) + 0.1 * y; }, a, b);
      }
      if (random() % 2 == 0) {
        const std::size_t k = random() % 3 == 0 ? random() % recorded.size() : recorded.size() - 1;
        if (random() % 3 == 0) BOOST_TEST(near(tape.evaluate(recorded[k]), concrete[k]));
        else BOOST_TEST(std::abs(ask(sum(recorded[k])) - ask(sum(concrete[k]))) < 1e-9);
      }
    }
  }
  xg::plan::most_spare_bytes() = usual;
}

BOOST_AUTO_TEST_SUITE_END()
