// Losses of real targets that limit the influence of outliers.
#include <algorithm>
#include <cmath>
#include <limits>

#include <xgrad/loss/regression.hpp>

#include "regression_cases.hpp"

namespace xgrad::testing {

void append_robust(LossRows& rows);

namespace {

using Real = long double;

void append_huber(LossRows& rows) {
  const auto huber = [](Real e, Real delta) {
    return std::abs(e) <= delta ? e * e / 2 : delta * (std::abs(e) - delta / 2);
  };
  rows.push_back({.name = "Huber",
                  .function = call(loss::Huber{.delta = 0.7}),
                  .smooth = elementwise_cases(21),
                  .reference = of_residuals([=](Real e) { return huber(e, 0.7); }),
                  .known = {at_residuals({0, 0.7, -0.7, 2, -2, 0.1}, {0, 0.245, 0.245, 1.155, 1.155, 0.005},
                                         {0, 0.7, -0.7, 0.7, -0.7, 0.1}),
                            at_residuals({1e4, -1e4}, {6999.755, 6999.755}, {0.7, -0.7}), of_nothing()},
                  .extreme = extreme_residuals(),
                  .torch = true});
  rows.push_back({.name = "Huber.default",
                  .function = call(loss::Huber{}),
                  .smooth = {prediction_and_target({2, 3, 2}, 22)},
                  .reference = of_residuals([=](Real e) { return huber(e, 1); }),
                  .torch = true});
  rows.push_back(
      {.name = "SmoothL1",
       .function = call(loss::SmoothL1{.beta = 0.5}),
       .smooth = elementwise_cases(23),
       .reference = of_residuals([=](Real e) { return huber(e, 0.5) / 0.5L; }),
       .known = {at_residuals({0, 0.5, -0.5, 2, -2, 0.25}, {0, 0.25, 0.25, 1.75, 1.75, 0.0625}, {0, 1, -1, 1, -1, 0.5}),
                 of_nothing()},
       .extreme = extreme_residuals(),
       .torch = true});
  rows.push_back({.name = "SmoothL1.zero",
                  .function = call(loss::SmoothL1{.beta = 0.0}),
                  .smooth = elementwise_cases(24),
                  .reference = of_residuals([](Real e) { return std::abs(e); }),
                  .known = {at_residuals({0, 2, -2}, {0, 2, 2}, {0, 1, -1})},
                  .torch = true});
  rows.push_back({.name = "SmoothL1.narrow",
                  .function = call(loss::SmoothL1{.beta = 1e-6}),
                  .smooth = elementwise_cases(25),
                  .reference = of_residuals([=](Real e) { return huber(e, 1e-6) / 1e-6L; }),
                  .extreme = extreme_residuals()});
  const auto wing = [](Real e) {
    const Real constant = 0.5L - 0.5L * std::log(1 + 0.5L / 0.3);
    return std::abs(e) < 0.5L ? 0.5L * std::log(1 + std::abs(e) / 0.3) : std::abs(e) - constant;
  };
  const double at_w = 0.5 * std::log(1 + 0.5 / 0.3);
  rows.push_back(
      {.name = "Wing",
       .function = call(loss::Wing{.w = 0.5, .eps = 0.3}),
       .smooth = elementwise_cases(26),
       .reference = of_residuals(wing),
       .known = {at_residuals({0, 0.5, -0.5, 2.5}, {0, at_w, at_w, 2 + at_w}, {0, 0.625, -0.625, 1}), of_nothing()},
       .extreme = extreme_residuals()});
}

void append_smooth(LossRows& rows) {
  rows.push_back({.name = "Charbonnier",
                  .function = call(loss::Charbonnier{.eps = 0.3}),
                  .smooth = elementwise_cases(31),
                  .reference = of_residuals([](Real e) { return std::hypot(e, Real{0.3}); }),
                  .known = {at_residuals({0, 0.4, -0.4}, {0.3, 0.5, 0.5}, {0, 0.8, -0.8}), of_nothing()},
                  .extreme = extreme_residuals()});
  rows.push_back({.name = "Charbonnier.default",
                  .function = call(loss::Charbonnier{}),
                  .smooth = elementwise_cases(32),
                  .reference = of_residuals([](Real e) { return std::hypot(e, Real{1e-3}); }),
                  .extreme = extreme_residuals()});
  const auto pseudo_huber = [](Real e, Real delta) {
    return delta * delta * (std::sqrt(1 + e * e / (delta * delta)) - 1);
  };
  rows.push_back({.name = "PseudoHuber",
                  .function = call(loss::PseudoHuber{.delta = 0.75}),
                  .smooth = elementwise_cases(33),
                  .reference = of_residuals([=](Real e) { return pseudo_huber(e, 0.75); }),
                  .known = {at_residuals({0, 1, -1}, {0, 0.375, 0.375}, {0, 0.6, -0.6}),
                            at_residuals({1e-9}, {5e-19}, {1e-9}), of_nothing()},
                  .extreme = extreme_residuals()});
  rows.push_back({.name = "PseudoHuber.wide",
                  .function = call(loss::PseudoHuber{.delta = 1e3}),
                  .smooth = elementwise_cases(34),
                  .reference = of_residuals([=](Real e) { return pseudo_huber(e, 1e3); }),
                  .extreme = extreme_residuals()});
}

void append_redescending(LossRows& rows) {
  rows.push_back(
      {.name = "Cauchy",
       .function = call(loss::Cauchy{.c = 0.8}),
       .smooth = elementwise_cases(41),
       .reference = of_residuals([](Real e) { return 0.32L * std::log1p(e * e / 0.64L); }),
       .known = {at_residuals({0, 0.8, -0.8}, {0, 0.32 * std::log(2.0), 0.32 * std::log(2.0)}, {0, 0.4, -0.4}),
                 of_nothing()},
       .extreme = extreme_residuals()});
  const double rest = std::exp(-1.0);
  rows.push_back({.name = "Welsch",
                  .function = call(loss::Welsch{.c = 0.8}),
                  .smooth = elementwise_cases(42),
                  .reference = of_residuals([](Real e) { return -0.32L * std::expm1(-e * e / 0.64L); }),
                  .known = {at_residuals({0, 0.8, -0.8, 1e4}, {0, 0.32 * (1 - rest), 0.32 * (1 - rest), 0.32},
                                         {0, 0.8 * rest, -0.8 * rest, 0}),
                            of_nothing()},
                  .extreme = extreme_residuals()});
  rows.push_back({.name = "GemanMcClure",
                  .function = call(loss::GemanMcClure{.c = 0.5}),
                  .smooth = elementwise_cases(43),
                  .reference = of_residuals([](Real e) { return 8 * e * e / (4 * e * e + 4); }),
                  .known = {at_residuals({0, 1, -1}, {0, 1, 1}, {0, 1, -1}), of_nothing()},
                  .extreme = extreme_residuals()});
  const auto tukey = [](Real e) {
    return std::abs(e) < 1.2L ? 0.24L * (1 - std::pow(1 - e * e / 1.44L, 3.0L)) : 0.24L;
  };
  rows.push_back(
      {.name = "Tukey",
       .function = call(loss::Tukey{.c = 1.2}),
       .smooth = elementwise_cases(44),
       .reference = of_residuals(tukey),
       .known = {at_residuals({0, 1.2, -1.2, 5, -1e4}, {0, 0.24, 0.24, 0.24, 0.24}, {0, 0, 0, 0, 0}),
                 at_residuals({0.6, -0.6}, {0.24 * 37 / 64, 0.24 * 37 / 64}, {0.3375, -0.3375}), of_nothing()},
       .extreme = extreme_residuals()});
}

// ---- Barron's loss

Real barron(Real e, Real alpha, Real c) {
  const Real u = (e / c) * (e / c);
  if (alpha == 2) return u / 2;
  if (alpha == 0) return std::log1p(u / 2);
  if (std::isinf(alpha)) return alpha < 0 ? -std::expm1(-u / 2) : std::expm1(u / 2);
  const Real b = std::abs(alpha - 2);
  return b / alpha * std::expm1(alpha / 2 * std::log1p(u / b));
}

void append_barron_number(LossRows& rows) {
  const double infinite = std::numeric_limits<double>::infinity();
  const struct {
    const char* name;
    double alpha;
    double c;
  } variants[] = {{"Barron", 1.0, 0.7},
                  {"Barron.two", 2.0, 0.7},
                  {"Barron.zero", 0.0, 0.7},
                  {"Barron.next_to_zero", 1e-5, 1.0},
                  {"Barron.almost_zero", 1e-30, 1.0},
                  {"Barron.three_halves", 1.5, 0.7},
                  {"Barron.geman_mc_clure", -2.0, 0.7},
                  {"Barron.below", -3.3, 0.7},
                  {"Barron.four", 4.0, 1.0},
                  {"Barron.above", 2.7, 1.0},
                  {"Barron.next_to_two", 2.0 - 1e-7, 1.0},
                  {"Barron.far_below", -1e9, 1.0},
                  {"Barron.minus_infinity", -infinite, 0.7},
                  {"Barron.infinity", infinite, 1.0}};
  for (const auto& variant : variants) {
    const double alpha = variant.alpha;
    const double c = variant.c;
    LossRow row{.name = variant.name,
                .function = call(loss::Barron{.alpha = alpha, .c = c}),
                .smooth = elementwise_cases(51),
                .reference = of_residuals([=](Real e) { return barron(e, alpha, c); })};
    if (alpha <= 2.0) row.extreme = extreme_residuals();
    if (row.name == "Barron") {
      row.known = {at_residuals({0, 0.7, -0.7}, {0, std::sqrt(2.0) - 1, std::sqrt(2.0) - 1},
                                {0, std::sqrt(0.5) / 0.7, -std::sqrt(0.5) / 0.7}),
                   of_nothing()};
    }
    rows.push_back(row);
  }
}

/// Arguments: prediction, target, alpha, c.
Var trained_barron(const Case& x) { return loss::Barron{.alpha = x[2], .c = x[3]}(x[0], x[1]); }

void append_barron_trained(LossRows& rows) {
  const auto reference = [](const std::vector<Numbers>& x) {
    std::vector<Real> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) {
      const std::size_t last = x[2].at.size();
      values.push_back(barron(x[0](i) - x[1](i), x[2](i % last), x[3](i % x[3].at.size())));
    }
    return values;
  };
  const Case pair = prediction_and_target({8}, 52);
  const Case matrix = prediction_and_target({3, 7}, 53);
  std::vector<Case> smooth;
  for (const double alpha : {1.0, 1e-4, -1e-4, 0.0, 0.3, 1.8, 1.9, 2.1, -0.6, -5.0, 3.0}) {
    smooth.push_back({pair[0], pair[1], doubles({}, {alpha}), doubles({}, {0.9})});
  }
  // One for each column.
  smooth.push_back({matrix[0], matrix[1], doubles({7}, {-3.0, -0.1, 0.0, 0.2, 1.0, 1.9, 2.5}),
                    doubles({7}, {0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1})});
  std::vector<Case> extreme;
  for (const float alpha : {1.0F, 0.0F, 1e-6F, 2.0F, 1.999999F, 2.000001F, -2.0F, -1e30F, -1e4F}) {
    for (Case arguments : extreme_residuals()) {
      arguments.push_back(floats({}, {alpha}));
      arguments.push_back(floats({}, {1.0F}));
      extreme.push_back(arguments);
    }
  }
  extreme.push_back({floats({2}, {1e4F, 0.0F}), floats({2}, {0.0F, 0.0F}),
                     floats({}, {-std::numeric_limits<float>::infinity()}), floats({}, {1.0F})});
  rows.push_back(
      {.name = "Barron.trained",
       .function = trained_barron,
       .smooth = smooth,
       .reference = reference,
       .known = {{.arguments = {doubles({2}, {0, 2}), doubles({2}, {0, 0}), doubles({}, {-infinity}), doubles({}, {2})},
                  .values = {0, 1 - std::exp(-0.5)},
                  .gradients = {{0, 0.5 * std::exp(-0.5)}, {0, -0.5 * std::exp(-0.5)}, {0}, {-0.5 * std::exp(-0.5)}}}},
       .extreme = extreme});
}

}  // namespace

void append_robust(LossRows& rows) {
  append_huber(rows);
  append_smooth(rows);
  append_redescending(rows);
  append_barron_number(rows);
  append_barron_trained(rows);
}

}  // namespace xgrad::testing
