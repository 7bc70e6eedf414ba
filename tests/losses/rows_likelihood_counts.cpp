// The likelihoods of counts, of positive targets and of times. Targets are uniform where they have derivatives;
// otherwise they are integers, which have none.
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <xgrad/loss/likelihood.hpp>

#include "losses/likelihood_reference.hpp"
#include "losses/loss_table.hpp"

namespace xgrad::testing {
namespace {

/// -ln of Poisson's probability, with the mean, without ln t!.
Real poisson(Real mean, Real target) { return -std::log(std::exp(-mean) * std::pow(mean, target)); }

Real stirling(Real t) { return t > 1 ? std::log(std::sqrt(2 * pi * t) * std::pow(t / std::exp(Real(1)), t)) : 0; }

void append_poisson(LossRows& rows) {
  Random random(311);
  const Case logarithms{random.uniform({7}), random.uniform({7}, 0.1, 4.0)};
  const Case views{transpose(random.uniform({4, 3})), strided(random.uniform({4, 6}, 0.1, 4.0))};
  const Case counts{random.uniform({6}), labels({6}, {0, 1, 2, 3, 10, 0})};
  const Case scalars{doubles({}, {0.3}), doubles({}, {2.5})};
  const Case means{random.uniform({7}, 0.2, 4.0), random.uniform({7}, 0.1, 4.0)};
  const Case extreme{floats({6}, {1e4F, -1e4F, 1e4F, -1e4F, 0, 80}), labels({6}, {0, 0, 10000, 10000, 0, 1})};
  const Case float_targets{floats({4}, {1e4F, -1e4F, 0, -1e4F}), floats({4}, {1e4F, 0, 1, 1e4F})};
  const Case empty{floats({0}, {}), floats({0}, {})};
  const double stirling_of_two = 2 * std::log(2) - 2 + 0.5 * std::log(4 * std::numbers::pi);
  rows.push_back({.name = "PoissonNll",
                  .function = call(loss::PoissonNll{}),
                  .smooth = {logarithms, views, counts, scalars},
                  .reference = each([](const auto& x) { return poisson(std::exp(x[0]), x[1]); }),
                  // The mean is the target; no event; nothing was expected; no sample.
                  .known = {{{doubles({1}, {0}), doubles({1}, {1})}, {1}, {{0}, {0}}},
                            {{doubles({2}, {0, -1e4}), labels({2}, {0, 0})}, {1, 0}, {{1, 0}}},
                            {{doubles({1}, {-infinity}), labels({1}, {2})}, {infinity}, {{-2}}},
                            {{doubles({0}, {}), doubles({0}, {})}, {}, {{}, {}}}},
                  .extreme = {extreme, float_targets, empty},
                  .torch = true});
  rows.push_back(
      {.name = "PoissonNll.full",
       .function = call(loss::PoissonNll{.full = true}),
       .smooth = {logarithms, counts},
       .reference = each([](const auto& x) { return poisson(std::exp(x[0]), x[1]) + stirling(x[1]); }),
       // At 1, the approximation of ln 1! is already left out.
       .known = {{{doubles({3}, {0, 0, 0}), labels({3}, {0, 1, 2})}, {1, 1, 1 + stirling_of_two}, {{1, 0, -1}}},
                 {{doubles({1}, {0}), doubles({1}, {0})}, {1}, {{1}, {0}}}},
       .extreme = {extreme, float_targets},
       .torch = true});
  rows.push_back({.name = "PoissonNll.mean",
                  .function = call(loss::PoissonNll{.log_input = false}),
                  .smooth = {means},
                  .reference = each([](const auto& x) { return x[0] - x[1] * std::log(x[0] + Real(1e-8)); }),
                  .known = {{{doubles({2}, {0, 0}), labels({2}, {0, 1})}, {0, -std::log(1e-8)}, {{1, 1 - 1e8}}}},
                  .extreme = {{floats({5}, {0, 0, 1e4F, 1e4F, 1e-30F}), floats({5}, {0, 1e4F, 0, 1e4F, 1})}, empty},
                  .torch = true});
  rows.push_back(
      {.name = "PoissonNll.mean_full",
       .function = call(loss::PoissonNll{.log_input = false, .full = true, .eps = 0.05}),
       .smooth = {means},
       .reference = each([](const auto& x) { return x[0] - x[1] * std::log(x[0] + Real(0.05)) + stirling(x[1]); }),
       .torch = true});
}

void append_gamma(LossRows& rows) {
  Random random(312);
  const Case flat{random.uniform({7}, 0.3, 3.0), random.uniform({7}, 0.3, 3.0)};
  const Case views{transpose(random.uniform({4, 3}, 0.3, 3.0)), strided(random.uniform({4, 6}, 0.3, 3.0))};
  const Case logarithms{random.uniform({2, 3}), random.uniform({2, 3}, 0.3, 3.0)};
  const Case empty{floats({0}, {}), floats({0}, {})};
  rows.push_back({.name = "GammaNll",
                  .function = call(loss::GammaNll{}),
                  .smooth = {flat, views},
                  // The density of the exponential distribution, which has the shape parameter 1.
                  .reference = each([](const auto& x) { return -std::log(std::exp(-x[1] / x[0]) / x[0]); }),
                  .known = {{{doubles({1}, {1}), doubles({1}, {1})}, {1}, {{0}, {1}}},
                            {{doubles({1}, {0}), doubles({1}, {0})}, {std::log(1e-8)}, {{1e8}, {1e8}}},
                            {{doubles({0}, {}), doubles({0}, {})}, {}, {{}, {}}}},
                  .extreme = {{floats({5}, {0, 0, 1e4F, 1e4F, 1e-30F}), floats({5}, {0, 1e4F, 0, 1e4F, 1})}, empty}});
  rows.push_back({.name = "GammaNll.log_input",
                  .function = call(loss::GammaNll{.log_input = true}),
                  .smooth = {logarithms},
                  .reference = each([](const auto& x) { return x[1] / std::exp(x[0]) + x[0]; }),
                  .known = {{{doubles({2}, {0, -1e4}), labels({2}, {1, 0})}, {1, -1e4}, {{0, 1}}}},
                  .extreme = {{floats({5}, {1e4F, -1e4F, 1e4F, -1e4F, 0}), labels({5}, {0, 0, 10000, 10000, 0})},
                              {floats({3}, {1e4F, -1e4F, 0}), floats({3}, {1e4F, 0, 0})}}});
}

/// The deviance is twice the integral of (t - m) / m^rho over the mean m from p to t, here by the antiderivative at
/// both ends.
Real tweedie(Real p, Real t, Real rho) {
  const auto antiderivative = [&](Real m) {
    return t * std::pow(m, 1 - rho) / (1 - rho) - std::pow(m, 2 - rho) / (2 - rho);
  };
  return 2 * (antiderivative(t) - antiderivative(p));
}

void append_tweedie(LossRows& rows) {
  Random random(313);
  const Case flat{random.uniform({7}, 0.3, 3.0), random.uniform({7}, 0.3, 3.0)};
  const Case views{transpose(random.uniform({4, 3}, 0.3, 3.0)), strided(random.uniform({4, 6}, 0.3, 3.0))};
  const Case counts{random.uniform({3}, 0.3, 3.0), labels({3}, {1, 2, 5})};
  const Case logarithms{random.uniform({2, 3}), random.uniform({2, 3}, 0.3, 3.0)};
  const Case extreme{floats({5}, {0, 0, 1e4F, 1e4F, 1e-30F}), floats({5}, {0, 1e4F, 0, 1e4F, 1})};
  const Case empty{floats({0}, {}), floats({0}, {})};
  rows.push_back({.name = "Tweedie",
                  .function = call(loss::Tweedie{}),
                  .smooth = {flat, views, counts},
                  .reference = each([](const auto& x) { return tweedie(x[0], x[1], Real(1.5)); }),
                  // Perfect; no claim: 4 sqrt(p); a mean that counts as eps and yet has a derivative; no sample.
                  .known = {{{doubles({2}, {1, 4}), doubles({2}, {1, 4})}, {0, 0}, {{0, 0}, {0, 0}}},
                            {{doubles({1}, {4}), doubles({1}, {0})}, {8}, {{1}, {2}}},
                            {{doubles({1}, {0}), labels({1}, {0})}, {4e-4}, {{2e4}}},
                            {{doubles({0}, {}), doubles({0}, {})}, {}, {{}, {}}}},
                  .extreme = {extreme, empty}});
  rows.push_back({.name = "Tweedie.rho",
                  .function = call(loss::Tweedie{.rho = 1.8}),
                  .smooth = {flat},
                  .reference = each([](const auto& x) { return tweedie(x[0], x[1], Real(1.8)); }),
                  .extreme = {extreme}});
  rows.push_back({.name = "Tweedie.log_input",
                  .function = call(loss::Tweedie{.rho = 1.2, .log_input = true}),
                  .smooth = {logarithms},
                  .reference = each([](const auto& x) { return tweedie(std::exp(x[0]), x[1], Real(1.2)); }),
                  .known = {{{doubles({2}, {0, -1e4}), labels({2}, {1, 0})}, {0, 0}, {{0, 0}}}},
                  .extreme = {{floats({5}, {1e4F, -1e4F, 1e4F, -1e4F, 0}), labels({5}, {0, 0, 10000, 10000, 0})}}});
}

/// From the probability itself: r (r + 1) ... (r + t - 1) / t! (r / (r + m))^r (m / (r + m))^t for integers t, with the
/// gamma function for others.
Real negative_binomial(Real mean, Real target, Real r) {
  Real probability = std::pow(r / (r + mean), r) * std::pow(mean / (r + mean), target);
  if (target == std::floor(target)) {
    for (Real i = 0; i < target; ++i) probability *= (r + i) / (i + 1);
  } else {
    probability *= std::tgamma(r + target) / (std::tgamma(r) * std::tgamma(target + 1));
  }
  return -std::log(probability);
}

void append_negative_binomial(LossRows& rows) {
  Random random(314);
  const Case flat{random.uniform({7}, 0.3, 3.0), random.uniform({7}, 0.3, 3.0), random.uniform({7}, 0.3, 3.0)};
  const Case views{transpose(random.uniform({4, 3}, 0.3, 3.0)), strided(random.uniform({4, 6}, 0.3, 3.0)),
                   transpose(random.uniform({4, 3}, 0.3, 3.0))};
  const Case counts{random.uniform({6}, 0.3, 3.0), labels({6}, {0, 1, 2, 3, 10, 0}), doubles({}, {1.7})};
  const Case near_poisson{random.uniform({3}, 0.3, 3.0), labels({3}, {0, 1, 4}), doubles({}, {2e3})};
  const Case logarithms{random.uniform({2, 3}), random.uniform({2, 3}, 0.3, 3.0), random.uniform({2, 3}, 0.3, 3.0)};
  const Case extreme{floats({7}, {0, 0, 1e4F, 1e4F, 1e-30F, 1, 1}), floats({7}, {0, 1e4F, 0, 1e4F, 1, 1, 1}),
                     floats({7}, {1, 1, 0, 1, 1, 0, 1e4F})};
  rows.push_back({.name = "NegativeBinomialNll",
                  .function = call(loss::NegativeBinomialNll{}),
                  .smooth = {flat, views, counts, near_poisson},
                  .reference = each([](const auto& x) { return negative_binomial(x[0], x[1], x[2]); }),
                  // The geometric distribution, which has r = 1; nothing expected and nothing seen; no sample.
                  .known = {{{doubles({2}, {1, 3}), labels({2}, {0, 2}), doubles({}, {1})},
                             {std::log(2), std::log(64.0 / 9.0)},
                             {{0.5, 1.0 / 12}, {3 * std::log(2) - 2.25}}},
                            {{doubles({1}, {0}), labels({1}, {0}), doubles({1}, {1e8})}, {1e-8}},
                            {{doubles({0}, {}), doubles({0}, {}), doubles({}, {1})}, {}, {{}, {}, {0}}}},
                  .extreme = {extreme, {floats({0}, {}), floats({0}, {}), floats({0}, {})}}});
  rows.push_back({.name = "NegativeBinomialNll.log_input",
                  .function = call(loss::NegativeBinomialNll{.log_input = true}),
                  .smooth = {logarithms},
                  .reference = each([](const auto& x) { return negative_binomial(std::exp(x[0]), x[1], x[2]); }),
                  .extreme = {{floats({6}, {1e4F, -1e4F, 1e4F, -1e4F, 0, 0}), floats({6}, {0, 0, 1e4F, 1e4F, 0, 1}),
                               floats({6}, {1, 1, 1e4F, 0, 0, 1e-30F})}}});
}

/// Straight from the definition, with a loop over the risk set of each event.
std::vector<Real> cox(const std::vector<Numbers>& x) {
  std::vector<Real> values;
  for (std::size_t i = 0; i < x[0].rows(); ++i) {
    Real at_risk = 0;
    for (std::size_t j = 0; j < x[0].rows(); ++j) {
      if (x[1](j) >= x[1](i)) at_risk += std::exp(x[0](j));
    }
    values.push_back(x[2](i) != 0 ? std::log(at_risk) - x[0](i) : 0);
  }
  return values;
}

Var flags(const std::vector<int>& values) {
  auto array = Array<bool>::from_shape({values.size()});
  for (std::size_t i = 0; i < values.size(); ++i) array(i) = values[i] != 0;
  return {std::move(array)};
}

void append_survival(LossRows& rows) {
  Random random(315);
  const Var events = flags({1, 0, 1, 1, 0, 1, 1, 0});
  const Var ties = doubles({8}, {3, 1, 3, 2, 3, 2, 1, 7});
  const Var column = view(random.uniform({8, 2}), xt::all(), 1);
  const double ln2 = std::numbers::ln2;
  const double ln3 = std::log(3);
  rows.push_back(
      {.name = "CoxPartial",
       .function = call(loss::CoxPartial{}),
       .smooth = {{random.uniform({8}), random.distinct({8}), events},
                  {random.uniform({8}), labels({8}, {3, 1, 3, 2, 3, 2, 1, 7}), events},
                  {random.uniform({8}), cast(ties, DType::Int64), labels({8}, {1, 0, 1, 1, 0, 1, 1, 2})},
                  {column, random.distinct({8}), events}},
       .reference = cox,
       // Equal scores, so that only numbers at risk count; all times equal; one sample; no event; no sample.
       .known = {{{doubles({3}, {0, 0, 0}), doubles({3}, {2, 1, 3}), flags({1, 1, 1})},
                  {ln2, ln3, 0},
                  {{-1.0 / 6, -2.0 / 3, 5.0 / 6}, {0, 0, 0}}},
                 {{doubles({3}, {0, 0, 0}), doubles({3}, {5, 5, 5}), flags({1, 0, 1})},
                  {ln3, 0, ln3},
                  {{-1.0 / 3, 2.0 / 3, -1.0 / 3}, {0, 0, 0}}},
                 {{doubles({1}, {7}), doubles({1}, {5}), flags({1})}, {0}, {{0}, {0}}},
                 {{doubles({2}, {7, 3}), doubles({2}, {5, infinity}), flags({0, 0})}, {0, 0}, {{0, 0}, {0, 0}}},
                 {{doubles({0}, {}), doubles({0}, {}), flags({})}, {}, {{}, {}}}},
       .extreme = {{floats({4}, {1e4F, -1e4F, 1e4F, 0}), floats({4}, {1, 2, 3, 3}), flags({1, 1, 1, 1})},
                   {floats({4}, {-1e4F, -1e4F, 1e4F, 0}), floats({4}, {3, 3, 1, 2}), flags({1, 1, 1, 1})},
                   {floats({2}, {1e4F, -1e4F}), floats({2}, {1e4F, 0}), flags({0, 0})},
                   {floats({1}, {1e4F}), floats({1}, {0}), flags({1})},
                   {floats({0}, {}), floats({0}, {}), flags({})}}});
}

}  // namespace

void append_likelihood_of_counts(LossRows& rows) {
  append_poisson(rows);
  append_gamma(rows);
  append_tweedie(rows);
  append_negative_binomial(rows);
  append_survival(rows);
}

}  // namespace xgrad::testing
