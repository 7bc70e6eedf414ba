// Losses of real targets; those that are robust are in rows_robust.cpp.
#include <algorithm>
#include <cmath>
#include <numbers>

#include <xgrad/loss/regression.hpp>

#include "regression_cases.hpp"

namespace xgrad::testing {

void append_robust(LossRows& rows);

namespace {

using Real = long double;
using Reals = std::vector<Real>;

void append_squared(LossRows& rows) {
  rows.push_back({.name = "Mse",
                  .function = call(loss::Mse{}),
                  .smooth = elementwise_cases(1),
                  .reference = of_residuals([](Real e) { return e * e; }),
                  .known = {at_residuals({0, 3, -0.5}, {0, 9, 0.25}, {0, 6, -1}),
                            of_nothing(),
                            {.arguments = {labels({2}, {3, 5}), labels({2}, {1, 6})}, .values = {4, 1}},
                            {.arguments = {doubles({2}, {1.5, 2}), labels({2}, {1, 4})},
                             .values = {0.25, 4},
                             .gradients = {{1, -4}}}},
                  .extreme = extreme_residuals(),
                  .torch = true});
  rows.push_back({.name = "HalfSquared",
                  .function = call(loss::HalfSquared{}),
                  .smooth = elementwise_cases(2),
                  .reference = of_residuals([](Real e) { return e * e / 2; }),
                  .known = {at_residuals({0, 3, -0.5}, {0, 4.5, 0.125}, {0, 3, -0.5}), of_nothing()},
                  .extreme = extreme_residuals()});
}

/// Along the last axis of a matrix.
Reference root_of_mean_square_of_rows() {
  return [](const std::vector<Numbers>& x) {
    Reals values;
    for (std::size_t i = 0; i < x[0].rows(); ++i) {
      Real total = 0;
      for (std::size_t j = 0; j < x[0].columns(); ++j) total += std::pow(x[0](i, j) - x[1](i, j), 2.0L);
      values.push_back(std::sqrt(total / static_cast<Real>(x[0].columns())));
    }
    return values;
  };
}

void append_rmse(LossRows& rows) {
  const Case matrix = prediction_and_target({4, 3}, 3);
  const Case wide = prediction_and_target({3, 5}, 4);
  rows.push_back(
      {.name = "Rmse",
       .function = call(loss::Rmse{}),
       .smooth = {matrix, {transpose(wide[0]), transpose(wide[1])}},
       .reference = root_of_mean_square_of_rows(),
       .known = {{.arguments = {doubles({3, 2}, {1, 2, 0, 0, 3, 4}), doubles({3, 2}, {1, 2, 0, 0, 0, 0})},
                  .values = {0, 0, std::sqrt(12.5)},
                  .gradients = {{0, 0, 0, 0, 1.5 / std::sqrt(12.5), 2 / std::sqrt(12.5)},
                                {0, 0, 0, 0, -1.5 / std::sqrt(12.5), -2 / std::sqrt(12.5)}}},
                 {.arguments = {doubles({0, 2}, {}), doubles({0, 2}, {})}, .values = {}, .gradients = {{}, {}}},
                 {.arguments = {doubles({2, 0}, {}), doubles({2, 0}, {})}, .values = {0, 0}, .gradients = {{}, {}}},
                 {.arguments = {doubles({1}, {-3}), doubles({1}, {1})}, .values = {4}, .gradients = {{-1}, {1}}}},
       .extreme = {{floats({2, 2}, {1e4F, -1e4F, 0.0F, 0.0F}), floats({2, 2}, {-1e4F, 1e4F, 0.0F, 0.0F})},
                   {floats({0, 2}, {}), floats({0, 2}, {})},
                   {floats({2, 0}, {}), floats({2, 0}, {})},
                   {floats({1, 1}, {2.0F}), floats({1, 1}, {2.0F})}}});
  rows.push_back({.name = "Rmse.first_axis",
                  .function = [](const Case& x) { return loss::Rmse{.axis = 0}(transpose(x[0]), transpose(x[1])); },
                  .smooth = {matrix},
                  .reference = root_of_mean_square_of_rows()});
  rows.push_back({.name = "Rmse.batch",
                  .function = call(loss::Rmse{.axis = 0}),
                  .smooth = {prediction_and_target({6}, 5)},
                  .reference = [](const std::vector<Numbers>& x) {
                    Real total = 0;
                    for (std::size_t i = 0; i < 6; ++i) total += (x[0](i) - x[1](i)) * (x[0](i) - x[1](i));
                    return Reals{std::sqrt(total / 6)};
                  }});
}

void append_absolute(LossRows& rows) {
  rows.push_back({.name = "Mae",
                  .function = call(loss::Mae{}),
                  .smooth = elementwise_cases(6),
                  .reference = of_residuals([](Real e) { return std::abs(e); }),
                  .known = {at_residuals({0, 3, -0.5}, {0, 3, 0.5}, {0, 1, -1}), of_nothing()},
                  .extreme = extreme_residuals(),
                  .torch = true});
  const double tau = 0.8;
  rows.push_back({.name = "Pinball",
                  .function = call(loss::Pinball{.tau = tau}),
                  .smooth = elementwise_cases(7),
                  .reference = of_residuals([=](Real e) { return e > 0 ? (1 - Real{tau}) * e : -Real{tau} * e; }),
                  .known = {at_residuals({0, 2, -2}, {0, 0.4, 1.6}, {-0.3, 0.2, -0.8}), of_nothing()},
                  .extreme = extreme_residuals()});
  rows.push_back({.name = "Pinball.median",
                  .function = call(loss::Pinball{}),
                  .smooth = elementwise_cases(8),
                  .reference = of_residuals([](Real e) { return std::abs(e) / 2; }),
                  .known = {at_residuals({0, 2, -2}, {0, 1, 1}, {0, 0.5, -0.5})}});
  rows.push_back(
      {.name = "Expectile",
       .function = call(loss::Expectile{.tau = tau}),
       .smooth = elementwise_cases(9),
       .reference = of_residuals([=](Real e) { return std::abs(Real{tau} - (e > 0 ? 1.0L : 0.0L)) * e * e; }),
       .known = {at_residuals({0, 2, -2}, {0, 0.8, 3.2}, {0, 0.8, -3.2}), of_nothing()},
       .extreme = extreme_residuals()});
  const double eps = 0.4;
  const auto beyond = [=](Real e) { return std::max(0.0L, std::abs(e) - Real{eps}); };
  rows.push_back({.name = "EpsilonInsensitive",
                  .function = call(loss::EpsilonInsensitive{.eps = eps}),
                  .smooth = elementwise_cases(10),
                  .reference = of_residuals(beyond),
                  .known = {at_residuals({0, 0.4, -0.4, 1.4, -1.4}, {0, 0, 0, 1, 1}, {0, 0, 0, 1, -1}), of_nothing()},
                  .extreme = extreme_residuals()});
  rows.push_back({.name = "EpsilonInsensitive.zero",
                  .function = call(loss::EpsilonInsensitive{.eps = 0.0}),
                  .smooth = elementwise_cases(11),
                  .reference = of_residuals([](Real e) { return std::abs(e); }),
                  .known = {at_residuals({0, 1}, {0, 1}, {0, 1})}});
  rows.push_back({.name = "SquaredEpsilonInsensitive",
                  .function = call(loss::SquaredEpsilonInsensitive{.eps = eps}),
                  .smooth = elementwise_cases(12),
                  .reference = of_residuals([=](Real e) { return beyond(e) * beyond(e); }),
                  .known = {at_residuals({0, 0.4, -0.4, 1.4, -1.4}, {0, 0, 0, 1, 1}, {0, 0, 0, 2, -2}), of_nothing()},
                  .extreme = extreme_residuals()});
}

void append_exponential(LossRows& rows) {
  const auto softly = [](double e) { return std::log(std::cosh(e)); };
  rows.push_back(
      {.name = "LogCosh",
       .function = call(loss::LogCosh{}),
       .smooth = {prediction_and_target({7}, 13),
                  {doubles({5}, {0.0, 1e-3, -1e-3, 4.0, -30.0}), doubles({5}, {0.0, 0.0, 0.0, 0.0, 0.0})}},
       .reference = of_residuals([](Real e) { return std::log(std::cosh(e)); }),
       .known = {at_residuals({0, 2, -2}, {0, softly(2), softly(-2)}, {0, std::tanh(2.0), std::tanh(-2.0)}),
                 at_residuals({1e4, -1e4}, {1e4 - std::numbers::ln2, 1e4 - std::numbers::ln2}, {1, -1}), of_nothing()},
       .extreme = extreme_residuals()});
  const double a = -1.5;
  // The positive side overflows beyond a e = 88 in float32: it is among the tests of special values.
  rows.push_back({.name = "Linex",
                  .function = call(loss::Linex{.a = a}),
                  .smooth = elementwise_cases(14),
                  .reference = of_residuals([=](Real e) { return std::exp(a * e) - a * e - 1; }),
                  .known = {at_residuals({0, 2, -2}, {0, std::exp(-3.0) + 2, std::exp(3.0) - 4},
                                         {0, -1.5 * (std::exp(-3.0) - 1), -1.5 * (std::exp(3.0) - 1)}),
                            of_nothing()},
                  .extreme = {{floats({4}, {1e4F, -40.0F, 0.0F, 2e4F}), floats({4}, {0.0F, 0.0F, 0.0F, -1e4F})},
                              {floats({0}, {}), floats({0}, {})},
                              {floats({1}, {1e4F}), floats({1}, {0.0F})}}});
}

void append_relative(LossRows& rows) {
  rows.push_back(
      {.name = "Mape",
       .function = call(loss::Mape{}),
       .smooth = {{doubles({4}, {1.0, -2.0, 3.0, 0.1}), doubles({4}, {0.5, -2.5, -1.0, 0.2})},
                  {doubles({}, {1.0}), doubles({}, {1.5})}},
       .reference = of_pairs([](Real p, Real t) { return 100 * std::abs(p - t) / std::max(std::abs(t), 1e-7L); }),
       .known = {{.arguments = {doubles({3}, {2, 3, 1}), doubles({3}, {2, 2, -2})},
                  .values = {0, 50, 150},
                  .gradients = {{0, 50, 50}, {0, -75, 25}}},
                 {.arguments = {doubles({2}, {0, 1}), doubles({2}, {0, 0})},
                  .values = {0, 1e9},
                  .gradients = {{0, 1e9}, {0, -1e9}}},
                 of_nothing()},
       .extreme = extreme_residuals()});
  rows.push_back(
      {.name = "Mape.eps",
       .function = call(loss::Mape{.eps = 0.5}),
       .smooth = {{doubles({4}, {1.0, -2.0, 0.1, 0.3}), doubles({4}, {0.3, -2.5, -0.1, 0.7})}},
       .reference = of_pairs([](Real p, Real t) { return 100 * std::abs(p - t) / std::max(std::abs(t), 0.5L); })});
  rows.push_back(
      {.name = "Smape",
       .function = call(loss::Smape{}),
       .smooth = {{doubles({4}, {1.0, -2.0, 3.0, 0.1}), doubles({4}, {0.5, -2.5, -1.0, 0.2})},
                  {doubles({}, {1.0}), doubles({}, {1.5})}},
       .reference = of_pairs([](Real p, Real t) { return 200 * std::abs(p - t) / (std::abs(p) + std::abs(t)); }),
       .known = {{.arguments = {doubles({4}, {2, 3, 1, 0}), doubles({4}, {2, 1, -2, 0})},
                  .values = {0, 100, 200, 0},
                  .gradients = {{0, 25, 0, 0}, {0, -75, 0, 0}}},
                 of_nothing()},
       .extreme = extreme_residuals()});
  const auto difference = [](Real p, Real t) { return std::pow(std::log1p(p) - std::log1p(t), 2.0L); };
  const std::vector<Case> positive{{doubles({4}, {0.5, 3.0, -0.5, 100.0}), doubles({4}, {0.0, 7.0, 0.5, 90.0})},
                                   {doubles({}, {1.0}), doubles({}, {1.5})}};
  const double half = std::numbers::ln2;
  rows.push_back({.name = "Msle",
                  .function = call(loss::Msle{}),
                  .smooth = positive,
                  .reference = of_pairs(difference),
                  .known = {{.arguments = {doubles({3}, {4, 1, 0}), doubles({3}, {4, 0, 1})},
                             .values = {0, half * half, half * half},
                             .gradients = {{0, half, -2 * half}, {0, -2 * half, half}}},
                            of_nothing()},
                  .extreme = {{floats({4}, {1e4F, 0.0F, 1e4F, -0.999F}), floats({4}, {0.0F, 1e4F, 1e4F, 1.0F})},
                              {floats({0}, {}), floats({0}, {})},
                              {floats({1}, {0.0F}), floats({1}, {0.0F})}}});
  rows.push_back({.name = "Msle.unchecked",
                  .function = call(loss::Msle{.check_targets = false}),
                  .smooth = positive,
                  .reference = of_pairs(difference)});
}

/// Along the last axis of a matrix.
Reference cosine_distance_of_rows(Real eps) {
  return [eps](const std::vector<Numbers>& x) {
    Reals values;
    for (std::size_t i = 0; i < x[0].rows(); ++i) {
      Real product = 0;
      Real p = 0;
      Real t = 0;
      for (std::size_t j = 0; j < x[0].columns(); ++j) {
        product += x[0](i, j) * x[1](i, j);
        p += x[0](i, j) * x[0](i, j);
        t += x[1](i, j) * x[1](i, j);
      }
      values.push_back(1 - product / (std::max(std::sqrt(p), eps) * std::max(std::sqrt(t), eps)));
    }
    return values;
  };
}

void append_cosine(LossRows& rows) {
  const Case matrix = prediction_and_target({4, 3}, 15);
  rows.push_back(
      {.name = "CosineDistance",
       .function = call(loss::CosineDistance{}),
       .smooth = {matrix},
       .reference = cosine_distance_of_rows(1e-8L),
       .known = {{.arguments = {doubles({4, 2}, {3, 4, 3, 4, 1, 0, 2, 0}), doubles({4, 2}, {6, 8, -3, -4, 0, 5, 1, 1})},
                  .values = {0, 2, 1, 1 - 1 / std::sqrt(2.0)},
                  .gradients = {{0, 0, 0, 0, 0, -1, 0, -0.5 / std::sqrt(2.0)},
                                {0, 0, 0, 0, -0.2, 0, -0.5 / std::sqrt(2.0), 0.5 / std::sqrt(2.0)}}},
                 // vectors of zeros
                 {.arguments = {doubles({2, 2}, {0, 0, 0, 0}), doubles({2, 2}, {0, 0, 0, 2})},
                  .values = {1, 1},
                  .gradients = {{0, 0, 0, -1e8}, {0, 0, 0, 0}}},
                 {.arguments = {doubles({0, 2}, {}), doubles({0, 2}, {})}, .values = {}, .gradients = {{}, {}}},
                 {.arguments = {doubles({1, 0}, {}), doubles({1, 0}, {})}, .values = {1}, .gradients = {{}, {}}}},
       .extreme = {{floats({4, 2}, {1e4F, -1e4F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F, 0.0F}),
                    floats({4, 2}, {1e4F, 1e4F, 0.0F, 0.0F, 1.0F, 0.0F, 1.0F, 0.0F})},
                   {floats({0, 2}, {}), floats({0, 2}, {})},
                   {floats({1, 1}, {1e4F}), floats({1, 1}, {-1e4F})}}});
  rows.push_back(
      {.name = "CosineDistance.first_axis",
       .function =
           [](const Case& x) { return loss::CosineSimilarityLoss{.axis = 0}(transpose(x[0]), transpose(x[1])); },
       .smooth = {matrix},
       .reference = cosine_distance_of_rows(1e-8L)});
  // The norms of the first rows are less than eps.
  rows.push_back({.name = "CosineDistance.eps",
                  .function = call(loss::CosineDistance{.eps = 0.5}),
                  .smooth = {{doubles({2, 2}, {0.1, 0.2, 1.0, -2.0}), doubles({2, 2}, {0.3, -0.1, 0.2, 0.1})}},
                  .reference = cosine_distance_of_rows(0.5L)});
}

}  // namespace

void append_regression(LossRows& rows) {
  append_squared(rows);
  append_rmse(rows);
  append_absolute(rows);
  append_exponential(rows);
  append_relative(rows);
  append_cosine(rows);
  append_robust(rows);
}

}  // namespace xgrad::testing
