// Schedules, against their formulas in plain numbers.
#include "optim_rows.hpp"

#include <numbers>

BOOST_AUTO_TEST_SUITE(test_optim_schedules)

using namespace optim_rows;

namespace {

struct Case {
  optim::Schedule schedule;
  std::function<double(double)> formula;
};

double part(double t, double steps) { return std::min(std::max(t / steps, 0.0), 1.0); }
double fall(double a, double b, double s) { return b + (a - b) * 0.5 * (1.0 + std::cos(std::numbers::pi * s)); }

std::vector<Case> cases() {
  using namespace optim;
  return {
      {constant(0.3), [](double) { return 0.3; }},
      {linear(1.0, 0.2, 10), [](double t) { return 1.0 - 0.8 * part(t, 10.0); }},
      {polynomial(1.0, 0.1, 20, 2.0), [](double t) { return 0.1 + 0.9 * std::pow(1.0 - part(t, 20.0), 2.0); }},
      {exponential(0.5, {.factor = 0.9, .steps = 3}), [](double t) { return 0.5 * std::pow(0.9, t / 3.0); }},
      {exponential(0.5, {.factor = 0.5, .steps = 4, .stairs = true, .least = 0.1}),
       [](double t) { return std::max(0.5 * std::pow(0.5, std::floor(t / 4.0)), 0.1); }},
      {stepwise(1.0, 0.1, 7), [](double t) { return std::pow(0.1, std::floor(t / 7.0)); }},
      {multi_step(1.0, 0.5, {3, 10}), [](double t) { return t < 3.0    ? 1.0
                                                            : t < 10.0 ? 0.5
                                                                       : 0.25; }},
      {piecewise({2, 5}, {1.0, 3.0, 2.0}), [](double t) { return t < 2.0   ? 1.0
                                                                 : t < 5.0 ? 3.0
                                                                           : 2.0; }},
      {cosine(1.0, 20), [](double t) { return fall(1.0, 0.0, part(t, 20.0)); }},
      {cosine(1.0, 15, {.end = 0.1, .warmup = 5, .start = 0.05}),
       [](double t) { return t < 5.0 ? 0.05 + 0.95 * t / 5.0 : fall(1.0, 0.1, part(t - 5.0, 15.0)); }},
      {cosine_restarts(1.0, 6, {.end = 0.1}), [](double t) { return fall(1.0, 0.1, std::fmod(t, 6.0) / 6.0); }},
      {cosine_restarts(1.0, 5, {.longer = 2.0, .lower = 0.5}),
       [](double t) {
         double begins = 0.0;
         double length = 5.0;
         double top = 1.0;
         while (t >= begins + length) {
           begins += length;
           length *= 2.0;
           top *= 0.5;
         }
         return fall(top, 0.0, (t - begins) / length);
       }},
      {one_cycle(1.0, 20, {.rising = 0.25}),
       [](double t) {
         return t < 5.0 ? fall(1.0 / 25.0, 1.0, t / 5.0) : fall(1.0, 1.0 / 25.0 / 1e4, part(t - 5.0, 15.0));
       }},
      {one_cycle_linear(1.0, 20, {.rising = 0.4, .divisor = 10.0, .final_divisor = 10.0}),
       [](double t) {
         if (t < 8.0) return 0.1 + 0.9 * t / 8.0;
         if (t < 16.0) return 1.0 - 0.9 * (t - 8.0) / 8.0;
         return 0.1 - 0.09 * part(t - 16.0, 4.0);
       }},
      {one_cycle_linear(1.0, 10, {.rising = 0.5}),
       [](double t) { return t < 5.0    ? 0.04 + 0.96 * t / 5.0
                             : t < 10.0 ? 1.0 - 0.96 * (t - 5.0) / 5.0
                                        : 0.04 / 1e4; }},
      {inverse_time(1.0, 0.5, 4), [](double t) { return 1.0 / (1.0 + 0.5 * t / 4.0); }},
      {inverse_time(1.0, 0.5, 4, true), [](double t) { return 1.0 / (1.0 + 0.5 * std::floor(t / 4.0)); }},
      {inverse_square_root(1.0, 4), [](double t) { return std::min((t + 1.0) / 4.0, std::sqrt(4.0 / (t + 1.0))); }},
      {cyclic(0.1, 1.0, 4),
       [](double t) {
         const double in = std::fmod(t, 8.0);
         return 0.1 + 0.9 * (in < 4.0 ? in / 4.0 : (8.0 - in) / 4.0);
       }},
      {cyclic(0.1, 1.0, 2, {.down = 6, .form = Cycle::triangular2}),
       [](double t) {
         const double in = std::fmod(t, 8.0);
         return 0.1 + 0.9 * (in < 2.0 ? in / 2.0 : (8.0 - in) / 6.0) * std::pow(0.5, std::floor(t / 8.0));
       }},
      {cyclic(0.0, 1.0, 3, {.form = Cycle::exponential, .gamma = 0.9}),
       [](double t) {
         const double in = std::fmod(t, 6.0);
         return (in < 3.0 ? in / 3.0 : (6.0 - in) / 3.0) * std::pow(0.9, t);
       }},
      {join({linear(0.0, 1.0, 5), constant(1.0), stepwise(1.0, 0.5, 2)}, {5, 10}),
       [](double t) { return t < 5.0    ? t / 5.0
                             : t < 10.0 ? 1.0
                                        : std::pow(0.5, std::floor((t - 10.0) / 2.0)); }},
      {rising_half_life(0.9, 0.999, 20),
       [](double t) {
         const double s = part(t, 20.0);
         const double a = std::log(0.9);
         const double b = std::log(0.999);
         return std::min(std::exp(a * b / ((1.0 - s) * b + s * a)), 0.999);
       }},
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(by_their_formulas) {
  for (const Case& each : cases()) {
    BOOST_TEST_CONTEXT(each.schedule.text()) {
      const Var steps = xg::arange(40.0);
      const Var all = each.schedule(steps);
      BOOST_TEST((all.shape() == xg::Shape{40}));
      const auto compiled = xg::compile([&](const Var& t) { return each.schedule(t); });
      for (std::size_t t = 0; t < 40; ++t) {
        const double expected = each.formula(static_cast<double>(t));
        const double given = all.array<double>()(t);
        BOOST_TEST(std::abs(given - expected) <= 4e-15 * std::max(1.0, std::abs(expected)),
                   "step " << t << ": " << given << ", not " << expected);
        const Var step = xg::optim::Setting(each.schedule).at(Var(static_cast<double>(t)));
        const double last_digit = 1e-15 * std::abs(given);  // of exp of one number, or of many
        BOOST_TEST(std::abs(step.item<double>() - given) <= last_digit);
        BOOST_TEST(std::abs(compiled(view(steps, t)).item<double>() - given) <= last_digit);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(first_and_last_values_are_exact) {
  BOOST_TEST(optim::linear(0.1, 0.3, 7)(7.0).item<double>() == 0.3);
  BOOST_TEST(optim::linear(0.1, 0.3, 7)(1e9).item<double>() == 0.3);
  BOOST_TEST(optim::cosine(0.1, 7)(0.0).item<double>() == 0.1);
  BOOST_TEST(optim::cosine(0.1, 7)(1e9).item<double>() == 0.0);
}

BOOST_AUTO_TEST_CASE(restarts_are_where_they_should_be) {
  for (const double longer : {1.5, 2.0, 3.0}) {
    const optim::Schedule schedule = optim::cosine_restarts(1.0, 2, {.longer = longer});
    double begins = 0.0;
    double length = 2.0;
    for (int i = 0; i < 12; ++i) {
      begins += length;
      length *= longer;
      if (begins != std::floor(begins)) continue;
      BOOST_TEST(schedule(begins).item<double>() > 0.999999, "restart " << i << " of " << longer);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_schedule_is_not_recorded_again) {
  const optim::Optimiser optimiser = optim::sgd({.rate = optim::linear(1.0, 0.0, 4)});
  int recorded = 0;
  const auto step = xg::compile([&](const Var& p, const optim::State& state) {
    ++recorded;
    auto [u, next] = optimiser.update(ones_like(p), state, p);
    return std::pair{optim::apply(p, u), next};
  });
  Var p = xt::xarray<double>{0.0};
  optim::State state = optimiser.init(p);
  for (int i = 0; i < 6; ++i) std::tie(p, state) = step(p, state);
  BOOST_TEST(recorded == 1);
  BOOST_TEST(p.array<double>()(0) == -2.5);
}

BOOST_AUTO_TEST_SUITE_END()
