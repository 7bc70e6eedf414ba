#include <algorithm>
#include <cmath>

#include <xgrad/loss/divergence.hpp>

#include "loss_table.hpp"
#include "rows_divergence_samples.hpp"

namespace xgrad::testing {
namespace {

using Vector = std::vector<long double>;

/// Two distributions of four classes in each of three rows; no two probabilities are equal.
Case two_distributions() {
  return {doubles({3, 4}, {0.15, 0.2, 0.25, 0.4, 0.25, 0.42, 0.15, 0.18, 0.5, 0.17, 0.2, 0.13}),
          doubles({3, 4}, {0.3, 0.35, 0.2, 0.15, 0.2, 0.13, 0.51, 0.16, 0.37, 0.3, 0.14, 0.19})};
}

std::vector<Case> cases_of_distributions() {
  return {two_distributions(),
          {transpose(doubles({2, 2}, {0.1, 0.45, 0.9, 0.55})), transpose(doubles({2, 2}, {0.6, 0.25, 0.4, 0.75}))},
          {doubles({2}, {0.3, 0.7}), doubles({2}, {0.8, 0.2})},
          {doubles({1, 2, 2}, {0.3, 0.7, 0.85, 0.15}), doubles({1, 2, 2}, {0.8, 0.2, 0.6, 0.4})}};
}

/// Probabilities of 0 and 1, with none, one or two distributions.
std::vector<Case> extremes_of_distributions() {
  const Var p = floats({4, 3}, {0, 0, 1, 1, 0, 0, 0.5F, 0.5F, 0, 0, 0, 0});
  const Var t = floats({4, 3}, {0, 0.5F, 0.5F, 1, 0, 0, 0, 0.25F, 0.75F, 0, 0, 0});
  return {{p, t},
          {t, p},
          {floats({1, 2}, {1, 0}), floats({1, 2}, {0, 1})},
          {floats({2, 1}, {1, 0}), floats({2, 1}, {1, 1})},
          {floats({1, 2}, {1e-9F, 1}), floats({1, 2}, {1, 1e-9F})},
          {floats({0, 3}, {}), floats({0, 3}, {})}};
}

Known no_distribution() {
  return {.arguments = {doubles({0, 3}, {}), doubles({0, 3}, {})}, .values = {}, .gradients = {{}, {}}};
}

/// One value for each row of two arrays [..., K].
template <class F>
Reference of_rows(F f) {
  return [f](const std::vector<Numbers>& x) {
    const std::size_t classes = x[0].shape.back();
    Vector result;
    for (std::size_t n = 0; n * classes < x[0].at.size(); ++n) {
      const auto row = [&](const Numbers& all) {
        const auto first = all.at.begin() + static_cast<std::ptrdiff_t>(n * classes);
        return Vector(first, first + static_cast<std::ptrdiff_t>(classes));
      };
      result.push_back(f(row(x[0]), row(x[1])));
    }
    return result;
  };
}

Reference of_elements(long double (*f)(long double, long double)) {
  return [f](const std::vector<Numbers>& x) {
    Vector result;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) result.push_back(f(x[0](i), x[1](i)));
    return result;
  };
}

// ---- element by element

void append_kl(LossRows& rows) {
  const Var logs = doubles({2, 3}, {-0.2, -1.7, -3.1, -0.9, -1.2, -2.4});
  const Var target = doubles({2, 3}, {0.7, 0.2, 0.1, 0.35, 0.6, 0.05});
  rows.push_back(
      {.name = "KlDivergence",
       .function = call(loss::KlDivergence{}),
       .smooth = {{logs, target}, {transpose(logs), transpose(target)}, {doubles({}, {-1.5}), doubles({}, {0.4})}},
       .reference = of_elements([](long double z, long double t) { return t * (std::log(t) - z); }),
       // Equal; targets of 0 and 1; a prediction that leaves out the target, and one that need not have it.
       .known = {{.arguments = {doubles({3}, {std::log(0.25), -2.0, -3.0}), doubles({3}, {0.25, 0.0, 1.0})},
                  .values = {0, 0, 3},
                  .gradients = {{-0.25, 0, -1}, {1, 0, 4}}},
                 {.arguments = {doubles({2}, {-infinity, -infinity}), labels({2}, {1, 0})},
                  .values = {infinity, 0},
                  .gradients = {{-1, 0}}},
                 {.arguments = {doubles({0}, {}), doubles({0}, {})}, .values = {}, .gradients = {{}, {}}}},
       .extreme = {{floats({4}, {-1e4F, -1e4F, 0, 0}), floats({4}, {0, 1, 0, 1})},
                   {floats({2}, {-INFINITY, -INFINITY}), floats({2}, {0, 1})},
                   {floats({1}, {-1e4F}), floats({1}, {1e-38F})},
                   {floats({0}, {}), floats({0}, {})}},
       .torch = true});
  rows.push_back(
      {.name = "KlDivergence.log_target",
       .function = call(loss::KlDivergence{.log_target = true}),
       .smooth = {{logs, log(target)}},
       .reference = of_elements([](long double z, long double t) { return std::exp(t) * (t - z); }),
       .known = {{.arguments = {doubles({3}, {-2.0, -infinity, -1.5}), doubles({3}, {-infinity, -infinity, 0.0})},
                  .values = {0, 0, 1.5},
                  .gradients = {{0, 0, -1}, {0, 0, 2.5}}}},
       .extreme = {{floats({4}, {-1e4F, -1e4F, 0, 0}), floats({4}, {-1e4F, 0, -INFINITY, -1e4F})}},
       .torch = true});
}

void append_generalized_kl(LossRows& rows) {
  const Var p = doubles({2, 3}, {0.2, 1.7, 30.1, 0.9, 1.2, 2.4});
  const Var t = doubles({2, 3}, {0.7, 2.2, 19.0, 0.35, 0.6, 5.0});
  rows.push_back({.name = "GeneralizedKl",
                  .function = call(loss::GeneralizedKl{}),
                  .smooth = {{p, t}, {transpose(p), transpose(t)}, {doubles({}, {1.5}), doubles({}, {0.4})}},
                  .reference = of_elements([](long double a, long double b) { return b * std::log(b / a) - b + a; }),
                  .known = {{.arguments = {doubles({4}, {0.0, 2.0, 3.0, 0.0}), labels({4}, {0, 2, 0, 1})},
                             .values = {0, 0, 3, infinity},
                             .gradients = {{1, 0, 1, -infinity}}},
                            {.arguments = {doubles({0}, {}), doubles({0}, {})}, .values = {}, .gradients = {{}, {}}}},
                  .extreme = {{floats({4}, {0, 1e4F, 1e-4F, 1}), floats({4}, {0, 0, 1e4F, 1})},
                              {floats({2}, {0, 0}), labels({2}, {1, 0})},
                              {floats({0}, {}), floats({0}, {})}}});
}

void append_gaussian(LossRows& rows) {
  const Var mean = doubles({2, 2}, {0.3, -1.2, 2.0, 0.0});
  const Var logs = doubles({2, 2}, {-0.5, 0.8, 0.0, -2.0});
  const Var mean2 = doubles({2, 2}, {-0.1, 0.4, 1.5, 0.0});
  const Var logs2 = doubles({2, 2}, {0.2, -0.3, 0.5, -1.5});
  const auto normal = [](long double m, long double l, long double m2, long double l2) {
    const long double s = std::exp(l / 2);
    const long double s2 = std::exp(l2 / 2);
    return std::log(s2 / s) + (s * s + (m - m2) * (m - m2)) / (2 * s2 * s2) - 0.5L;
  };
  rows.push_back(
      {.name = "GaussianKl",
       .function = call(loss::GaussianKl{}),
       .smooth = {{mean, logs}, {transpose(mean), transpose(logs)}, {doubles({}, {1.0}), doubles({}, {0.5})}},
       .reference =
           [normal](const std::vector<Numbers>& x) {
             Vector result;
             for (std::size_t i = 0; i < x[0].at.size(); ++i) result.push_back(normal(x[0](i), x[1](i), 0, 0));
             return result;
           },
       .known = {{.arguments = {doubles({3}, {0.0, 2.0, 0.0}), doubles({3}, {0.0, 0.0, -1e4})},
                  .values = {0, 2, 4999.5},
                  .gradients = {{0, 2, 0}, {0, 0, -0.5}}},
                 {.arguments = {doubles({0}, {}), doubles({0}, {})}, .values = {}, .gradients = {{}, {}}}},
       .extreme = {{floats({4}, {1e4F, -1e4F, 0, 0}), floats({4}, {0, -1e4F, 1e4F, -1e4F})},
                   {floats({1, 1}, {0}), floats({1, 1}, {0})},
                   {floats({0, 2}, {}), floats({0, 2}, {})}}});
  rows.push_back({.name = "GaussianKl.two",
                  .function = call(loss::GaussianKl{}),
                  .smooth = {{mean, logs, mean2, logs2}},
                  .reference =
                      [normal](const std::vector<Numbers>& x) {
                        Vector result;
                        for (std::size_t i = 0; i < x[0].at.size(); ++i) {
                          result.push_back(normal(x[0](i), x[1](i), x[2](i), x[3](i)));
                        }
                        return result;
                      },
                  .known = {{.arguments = {doubles({2}, {3.0, 1.0}), doubles({2}, {-1.0, -1e4}),
                                           doubles({2}, {3.0, 1.0}), doubles({2}, {-1.0, -1e4})},
                             .values = {0, 0},
                             .gradients = {{0, 0}, {0, 0}, {0, 0}, {0, 0}}}},
                  .extreme = {{floats({3}, {1e4F, 0, 5}), floats({3}, {-1e4F, -1e4F, -1e4F}),
                               floats({3}, {-1e4F, 0, 5}), floats({3}, {1e4F, -1e4F, 0})}}});
}

// ---- over the last axis

void append_jensen_shannon(LossRows& rows) {
  const double half = 0.5 * std::log(2.0);
  rows.push_back(
      {.name = "JensenShannon",
       .function = call(loss::JensenShannon{}),
       .smooth = cases_of_distributions(),
       .reference = of_rows([](const Vector& p, const Vector& t) {
         const auto entropy = [](const auto& probability, std::size_t count) {
           long double total = 0;
           for (std::size_t k = 0; k < count; ++k) total -= probability(k) * std::log(probability(k));
           return total;
         };
         return entropy([&](std::size_t k) { return (p[k] + t[k]) / 2; }, p.size()) -
                entropy([&](std::size_t k) { return p[k]; }, p.size()) / 2 -
                entropy([&](std::size_t k) { return t[k]; }, p.size()) / 2;
       }),
       .known = {{.arguments = {doubles({3, 2}, {0.3, 0.7, 1, 0, 0, 1}), doubles({3, 2}, {0.3, 0.7, 0, 1, 0, 1})},
                  .values = {0, std::log(2.0), 0},
                  .gradients = {{0, 0, half, 0, 0, 0}, {0, 0, 0, half, 0, 0}}},
                 no_distribution()},
       .extreme = extremes_of_distributions()});
}

Reference renyi(long double alpha) {
  return of_rows([alpha](const Vector& p, const Vector& t) {
    long double total = 0;
    long double mass = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      total += alpha == 1 ? t[k] * std::log(t[k] / p[k]) : std::pow(t[k], alpha) * std::pow(p[k], 1 - alpha);
      mass += t[k];
    }
    return alpha == 1 ? total / mass : std::log(total / mass) / (alpha - 1);
  });
}

void append_renyi(LossRows& rows) {
  // Equal; nothing in common; the target has less; the prediction has less; no target.
  const Var p = doubles({5, 2}, {0.3, 0.7, 1, 0, 0.25, 0.75, 1, 0, 0.5, 0.5});
  const Var t = doubles({5, 2}, {0.3, 0.7, 0, 1, 1, 0, 0.25, 0.75, 0, 0});
  rows.push_back({.name = "Renyi",
                  .function = call(loss::Renyi{}),
                  .smooth = cases_of_distributions(),
                  .reference = renyi(0.5L),
                  .known = {{.arguments = {p, t}, .values = {0, infinity, std::log(4.0), std::log(4.0), 0}},
                            {.arguments = {doubles({1, 2}, {1, 0}), doubles({1, 2}, {0, 1})},
                             .values = {infinity},
                             .gradients = {{0, 0}, {0, 0}}},
                            no_distribution()},
                  .extreme = extremes_of_distributions()});
  rows.push_back({.name = "Renyi.one",
                  .function = call(loss::Renyi{.alpha = 1.0}),
                  .smooth = cases_of_distributions(),
                  .reference = renyi(1),
                  .known = {{.arguments = {p, t}, .values = {0, infinity, std::log(4.0), infinity, 0}}},
                  .extreme = extremes_of_distributions()});
  rows.push_back({.name = "Renyi.two",
                  .function = call(loss::Renyi{.alpha = 2.0}),
                  .smooth = cases_of_distributions(),
                  .reference = renyi(2),
                  .known = {{.arguments = {p, t}, .values = {0, infinity, std::log(4.0), infinity, 0}}},
                  .extreme = extremes_of_distributions()});
  const double above = 1.0 + 1e-4;
  rows.push_back({.name = "Renyi.near_one",
                  .function = call(loss::Renyi{.alpha = above}),
                  .smooth = cases_of_distributions(),
                  .reference = renyi(above),
                  .extreme = extremes_of_distributions()});
  // Little in common: what is small must not be lost beside 1.
  const double common = 2 * std::pow(0.5, 0.75) * std::pow(1e-9, 0.25) + std::pow(1e-9, 0.75);
  rows.push_back({.name = "Renyi.below_one",
                  .function = call(loss::Renyi{.alpha = 0.75}),
                  .smooth = cases_of_distributions(),
                  .reference = renyi(0.75L),
                  .known = {{.arguments = {doubles({1, 3}, {1e-9, 1e-9, 1}), doubles({1, 3}, {0.5, 0.5, 1e-9})},
                             .values = {-4 * std::log(common / (1 + 1e-9))}},
                            {.arguments = {doubles({2, 2}, {1, 0, 1, 0}), doubles({2, 2}, {0.25, 0.75, 0.75, 0.25})},
                             .values = {3 * std::log(4.0), 3 * std::log(4.0 / 3)}}},
                  .extreme = extremes_of_distributions()});
}

void append_distances(LossRows& rows) {
  const auto squares = [](const Vector& p, const Vector& t) {
    long double common = 0;
    long double mass = 0;
    for (std::size_t k = 0; k < p.size(); ++k) {
      common += std::sqrt(p[k] * t[k]);
      mass += (p[k] + t[k]) / 2;
    }
    return mass - common;
  };
  const Var p = doubles({3, 2}, {0.3, 0.7, 1, 0, 0, 1});
  const Var t = doubles({3, 2}, {0.3, 0.7, 0, 1, 0, 1});
  rows.push_back({.name = "Hellinger",
                  .function = call(loss::Hellinger{}),
                  .smooth = cases_of_distributions(),
                  .reference = of_rows([=](const Vector& a, const Vector& b) { return std::sqrt(squares(a, b)); }),
                  .known = {{.arguments = {p, t},
                             .values = {0, 1, 0},
                             .gradients = {{0, 0, 0.25, 0, 0, 0}, {0, 0, 0, 0.25, 0, 0}}},
                            no_distribution()},
                  .extreme = extremes_of_distributions()});
  rows.push_back(
      {.name = "Hellinger.squared",
       .function = call(loss::Hellinger{.squared = true}),
       .smooth = cases_of_distributions(),
       .reference = of_rows(squares),
       .known = {{.arguments = {p, t}, .values = {0, 1, 0}, .gradients = {{0, 0, 0.5, 0, 0, 0}, {0, 0, 0, 0.5, 0, 0}}}},
       .extreme = extremes_of_distributions()});
  rows.push_back({.name = "TotalVariation",
                  .function = call(loss::TotalVariation{}),
                  .smooth = cases_of_distributions(),
                  .reference = of_rows([](const Vector& a, const Vector& b) {
                    long double total = 0;  // of the classes that are likelier
                    long double more = 0;
                    for (std::size_t k = 0; k < a.size(); ++k) {
                      total += std::max(0.0L, a[k] - b[k]);
                      more += std::max(0.0L, b[k] - a[k]);
                    }
                    return (total + more) / 2;
                  }),
                  .known = {{.arguments = {p, t},
                             .values = {0, 1, 0},
                             .gradients = {{0, 0, 0.5, -0.5, 0, 0}, {0, 0, -0.5, 0.5, 0, 0}}},
                            no_distribution()},
                  .extreme = extremes_of_distributions()});
}

}  // namespace

void append_divergence(LossRows& rows) {
  append_kl(rows);
  append_generalized_kl(rows);
  append_gaussian(rows);
  append_jensen_shannon(rows);
  append_renyi(rows);
  append_distances(rows);
  append_divergence_samples(rows);
}

}  // namespace xgrad::testing
