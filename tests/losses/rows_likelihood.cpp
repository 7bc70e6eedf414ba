// The likelihoods of real targets and the scores of distributions. Arguments: uniform numbers, with scales and targets
// away from 0 where they must be positive.
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

#include <xgrad/loss/likelihood.hpp>

#include "losses/likelihood_reference.hpp"
#include "losses/loss_table.hpp"

namespace xgrad::testing {
namespace {

Real normal_density(Real x, Real mean, Real scale) {
  const Real y = (x - mean) / scale;
  return std::exp(-y * y / 2) / (scale * std::sqrt(2 * pi));
}

void append_normal(LossRows& rows) {
  Random random(301);
  const Case flat{random.uniform({7}), random.uniform({7}), random.uniform({7}, 0.3, 2.0)};
  const Case matrix{random.uniform({3, 4}), random.uniform({3, 4}), random.uniform({3, 4}, 0.3, 2.0)};
  const Case views{transpose(random.uniform({4, 3})), strided(random.uniform({4, 6})),
                   transpose(random.uniform({4, 3}, 0.3, 2.0))};
  const Case number{random.uniform({5}), random.uniform({5}), doubles({}, {0.7})};
  const Case scalars{doubles({}, {0.4}), doubles({}, {-0.3}), doubles({}, {0.7})};
  const auto nll = [](const std::vector<Real>& x) { return -std::log(normal_density(x[1], x[0], std::sqrt(x[2]))); };
  const double floor = std::log(1e-6) / 2;
  const Case extreme{floats({8}, {1e4F, -1e4F, 1e4F, 0, 0, 1, 0, 0}),
                     floats({8}, {-1e4F, 1e4F, 1e4F, 0, 0, 0, 1e4F, 0}),
                     floats({8}, {1, 0, 0, 0, 1e4F, 1e-30F, 1e30F, 1e-30F})};
  const Case empty{floats({0}, {}), floats({0}, {}), floats({0}, {})};
  rows.push_back({.name = "GaussianNll",
                  .function = call(loss::GaussianNll{}),
                  .smooth = {flat, matrix, views, number, scalars},
                  .reference = each([nll](const auto& x) { return nll(x) - std::log(2 * pi) / 2; }),
                  // Perfect; a variance that counts as eps and yet has a derivative; no sample.
                  .known = {{{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {1})}, {0}, {{0}, {0}, {0.5}}},
                            {{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {0})}, {floor}, {{0}, {0}, {5e5}}},
                            {{doubles({1}, {0.002}), doubles({1}, {0}), doubles({1}, {1e-9})},
                             {floor + 2},
                             {{2e3}, {-2e3}, {-1.5e6}}},
                            {{doubles({0}, {}), doubles({0}, {}), doubles({0}, {})}, {}, {{}, {}, {}}}},
                  .extreme = {extreme, empty},
                  .torch = true});
  rows.push_back({.name = "GaussianNll.full",
                  .function = call(loss::GaussianNll{.full = true, .eps = 0.01}),
                  .smooth = {flat, matrix, number},
                  .reference = each(nll),
                  .torch = true});
}

void append_laplace(LossRows& rows) {
  Random random(302);
  const Case flat{random.lattice({7}, 0.0), random.lattice({7}, 0.2), random.uniform({7}, 0.3, 2.0)};
  const Case views{transpose(random.lattice({4, 3}, 0.0)), strided(random.lattice({4, 6}, 0.2)),
                   transpose(random.uniform({4, 3}, 0.3, 2.0))};
  const Case number{random.lattice({2, 3}, 0.0), random.lattice({2, 3}, 0.2), doubles({}, {0.7})};
  const Case extreme{floats({7}, {1e4F, -1e4F, 1e4F, 0, 0, 1, 0}), floats({7}, {-1e4F, 1e4F, 1e4F, 0, 0, 0, 1e4F}),
                     floats({7}, {1, 0, 0, 0, 1e4F, 1e-30F, 1e30F})};
  rows.push_back(
      {.name = "LaplaceNll",
       .function = call(loss::LaplaceNll{}),
       .smooth = {flat, views, number},
       .reference = each([](const auto& x) { return -std::log(std::exp(-std::abs(x[1] - x[0]) / x[2]) / (2 * x[2])); }),
       .known = {{{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {0.5})}, {0}, {{0}, {0}, {2}}},
                 {{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {0})}, {std::log(2e-6)}, {{0}, {0}, {1e6}}},
                 {{doubles({0}, {}), doubles({0}, {}), doubles({}, {1})}, {}, {{}, {}, {0}}}},
       .extreme = {extreme, {floats({0}, {}), floats({0}, {}), floats({0}, {})}}});
}

Real student_t(Real x, Real nu) {
  const Real constant = std::tgamma((nu + 1) / 2) / (std::sqrt(pi * nu) * std::tgamma(nu / 2));
  return constant * std::pow(1 + x * x / nu, -(nu + 1) / 2);
}

void append_student_t(LossRows& rows) {
  Random random(303);
  const Case flat{random.uniform({7}), random.uniform({7}), random.uniform({7}, 0.3, 2.0)};
  const Case views{transpose(random.uniform({4, 3})), strided(random.uniform({4, 6})),
                   transpose(random.uniform({4, 3}, 0.3, 2.0))};
  const Case number{random.uniform({2, 3}), random.uniform({2, 3}), doubles({}, {0.7})};
  const Case extreme{floats({7}, {1e4F, -1e4F, 1e4F, 0, 0, 1, 0}), floats({7}, {-1e4F, 1e4F, 1e4F, 0, 0, 0, 1e4F}),
                     floats({7}, {1, 0, 0, 0, 1e4F, 1e-30F, 1e15F})};
  const auto nll = [](const std::vector<Real>& x, Real nu) {
    return -std::log(student_t((x[1] - x[0]) / x[2], nu) / x[2]);
  };
  const double cauchy = std::log(std::numbers::pi);
  rows.push_back(
      {.name = "StudentTNll",
       .function = call(loss::StudentTNll{}),
       .smooth = {flat, views, number},
       .reference = each([nll](const auto& x) { return nll(x, 4); }),
       // The density of four degrees of freedom at 0 is 3/8.
       .known = {{{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {1})}, {std::log(8.0 / 3.0)}, {{0}, {0}, {1}}},
                 {{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {0})}, {std::log(8e-6 / 3.0)}, {{0}, {0}, {1e6}}},
                 {{doubles({0}, {}), doubles({0}, {}), doubles({0}, {})}, {}, {{}, {}, {}}}},
       .extreme = {extreme, {floats({0}, {}), floats({0}, {}), floats({0}, {})}}});
  rows.push_back({.name = "StudentTNll.cauchy",
                  .function = call(loss::StudentTNll{.nu = 1.0}),
                  .smooth = {flat},
                  .reference = each([](const auto& x) {
                    const Real y = (x[1] - x[0]) / x[2];
                    return std::log(pi * x[2] * (1 + y * y));
                  }),
                  .known = {{{doubles({1}, {2}), doubles({1}, {3}), doubles({1}, {1})},
                             {cauchy + std::numbers::ln2},
                             {{-1}, {1}, {0}}}},
                  .extreme = {extreme}});
  // Trainable: one nu for all, and one for each element; large ones are nearly normal.
  const auto trainable = [](const Case& x) { return loss::StudentTNll{.nu = x[3]}(x[0], x[1], x[2]); };
  rows.push_back({.name = "StudentTNll.trainable_nu",
                  .function = trainable,
                  .smooth = {{flat[0], flat[1], flat[2], doubles({}, {3.3})},
                             {flat[0], flat[1], flat[2], doubles({7}, {0.2, 0.5, 1, 2.5, 5, 30, 300})}},
                  .reference = each([nll](const auto& x) { return nll(x, x[3]); }),
                  .extreme = {{extreme[0], extreme[1], extreme[2], floats({}, {1e4F})},
                              {extreme[0], extreme[1], extreme[2], floats({}, {1e-2F})}}});
}

Real crps_gaussian(Real mean, Real target, Real scale) {
  const Real y = (target - mean) / scale;
  return scale * (y * std::erf(y / std::sqrt(Real(2))) + 2 * normal_density(y, 0, 1) - 1 / std::sqrt(pi));
}

void append_scores(LossRows& rows) {
  Random random(304);
  const Case flat{random.uniform({7}), random.uniform({7}), random.uniform({7}, 0.3, 2.0)};
  const Case views{transpose(random.uniform({4, 3})), strided(random.uniform({4, 6})),
                   transpose(random.uniform({4, 3}, 0.3, 2.0))};
  const Case number{random.uniform({2, 3}), random.uniform({2, 3}), doubles({}, {0.7})};
  const Case extreme{floats({8}, {1e4F, -1e4F, 1e4F, 0, 0, 1, 0, 1}),
                     floats({8}, {-1e4F, 1e4F, 1e4F, 0, 0, 0, 1e4F, 0}),
                     floats({8}, {1, 0, 0, 0, 1e4F, 1e-30F, 1e30F, 0.01F})};
  const double perfect = (std::numbers::sqrt2 - 1.0) * std::numbers::inv_sqrtpi;
  rows.push_back(
      {.name = "CrpsGaussian",
       .function = call(loss::CrpsGaussian{}),
       .smooth = {flat, views, number},
       .reference = each([](const auto& x) { return crps_gaussian(x[0], x[1], x[2]); }),
       // At the mean, (sqrt 2 - 1) / sqrt pi scales; far away or without spread, the absolute error.
       .known = {{{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {3})}, {3 * perfect}, {{0}, {0}, {perfect}}},
                 {{doubles({1}, {2}), doubles({1}, {2}), doubles({1}, {0})}, {1e-6 * perfect}},
                 {{doubles({1}, {2}), doubles({1}, {7}), doubles({1}, {0})},
                  {5 - 1e-6 * std::numbers::inv_sqrtpi},
                  {{-1}, {1}, {-std::numbers::inv_sqrtpi}}},
                 {{doubles({0}, {}), doubles({0}, {}), doubles({}, {1})}, {}, {{}, {}, {0}}}},
       .extreme = {extreme, {floats({0}, {}), floats({0}, {}), floats({0}, {})}}});
  // No two members and no member and the target come close.
  const Var apart = random.distinct({3, 6});
  rows.push_back({.name = "CrpsEnsemble",
                  .function = call(loss::CrpsEnsemble{}),
                  .smooth = {{view(apart, xt::all(), xt::range(0, 5)), view(apart, xt::all(), 5)},
                             {transpose(random.distinct({4, 2})), doubles({2}, {0.01, -0.01})},
                             {random.distinct({4}), doubles({}, {0.02})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        const std::size_t members = x[0].shape[x[0].shape.size() - 1];
                        std::vector<Real> values;
                        for (std::size_t n = 0; n < x[1].at.size(); ++n) {
                          const Real* member = x[0].at.data() + n * members;
                          Real error = 0;
                          Real spread = 0;
                          for (std::size_t i = 0; i < members; ++i) {
                            error += std::abs(member[i] - x[1](n));
                            for (std::size_t j = 0; j < members; ++j) spread += std::abs(member[i] - member[j]);
                          }
                          const auto m = static_cast<Real>(members);
                          values.push_back(error / m - spread / (2 * m * m));
                        }
                        return values;
                      },
                  // One member; equal members; the target is a member; a perfect ensemble; no sample.
                  .known = {{{doubles({2, 1}, {3, -1}), doubles({2}, {1, 1})}, {2, 2}, {{1, -1}, {-1, 1}}},
                            {{doubles({1, 3}, {2, 2, 5}), doubles({1}, {1})}, {2 - 2.0 / 3.0}},
                            {{doubles({1, 3}, {7, 1, 4}), doubles({1}, {4})},
                             {2 - 4.0 / 3.0},
                             {{1.0 / 3 - 2.0 / 9, -1.0 / 3 + 2.0 / 9, 0}, {0}}},
                            {{doubles({1, 2}, {4, 4}), doubles({1}, {4})}, {0}},
                            {{doubles({0, 3}, {}), doubles({0}, {})}, {}, {{}, {}}},
                            {{labels({1, 2}, {1, 4}), labels({1}, {3})}, {0.75}}},
                  .extreme = {{floats({2, 3}, {1e4F, -1e4F, 0, 0, 0, 0}), floats({2}, {1e4F, 0})},
                              {floats({1, 1}, {1e4F}), floats({1}, {-1e4F})},
                              {floats({0, 3}, {}), floats({0}, {})}}});
}

void append_mixture(LossRows& rows) {
  Random random(305);
  const auto arguments = [&](const Shape& batch, std::size_t components) {
    Shape shape = batch;
    shape.push_back(components);
    return Case{random.uniform(shape), random.uniform(batch), random.uniform(shape, 0.3, 2.0), random.uniform(shape)};
  };
  const Case views{transpose(random.uniform({3, 4})), strided(random.uniform({8, 1})),
                   transpose(random.uniform({3, 4}, 0.3, 2.0)), transpose(random.uniform({3, 4}))};
  const Case columns{views[0], reshape(random.uniform({4}), {4}), views[2], views[3]};
  const double half_log_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  rows.push_back(
      {.name = "MixtureGaussianNll",
       .function = call(loss::MixtureGaussianNll{}),
       .smooth = {arguments({5}, 3), arguments({2, 2}, 2), arguments({4}, 1), arguments({}, 3), columns},
       .reference =
           [](const std::vector<Numbers>& x) {
             const std::size_t components = x[0].shape[x[0].shape.size() - 1];
             std::vector<Real> values;
             for (std::size_t n = 0; n < x[1].at.size(); ++n) {
               Real weights = 0;
               Real density = 0;
               for (std::size_t k = n * components; k < (n + 1) * components; ++k) {
                 weights += std::exp(x[3](k));
                 density += std::exp(x[3](k)) * normal_density(x[1](n), x[0](k), x[2](k));
               }
               values.push_back(-std::log(density / weights));
             }
             return values;
           },
       // One component is a normal distribution; two equal ones are one; a logit of minus infinity removes one.
       .known = {{{doubles({1, 1}, {1}), doubles({1}, {3}), doubles({1, 1}, {2}), doubles({1, 1}, {5})},
                  {0.5 + std::log(2) + half_log_two_pi},
                  {{-0.5}, {0.5}, {0}, {0}}},
                 {{doubles({1, 2}, {1, 1}), doubles({1}, {1}), doubles({1, 2}, {1, 1}), doubles({1, 2}, {0, 8})},
                  {half_log_two_pi}},
                 {{doubles({1, 2}, {1, 9}), doubles({1}, {1}), doubles({1, 2}, {1, 1}),
                   doubles({1, 2}, {0, -infinity})},
                  {half_log_two_pi},
                  {{0, 0}, {0}, {1, 0}, {0, 0}}},
                 {{doubles({0, 2}, {}), doubles({0}, {}), doubles({0, 2}, {}), doubles({0, 2}, {})}, {}}},
       .extreme = {{floats({4, 2}, {1e4F, -1e4F, 0, 1, 0, 0, 1e4F, 1e4F}), floats({4}, {0, 1e4F, 0, 1e4F}),
                    floats({4, 2}, {1, 1, 1, 2, 0, 1, 1, 1e-30F}), floats({4, 2}, {1e4F, -1e4F, 1e4F, 0, 0, 0, 0, 1})},
                   {floats({2, 2}, {0, 1e4F, 1e4F, 1e4F}), floats({2}, {0, -1e4F}), floats({2, 2}, {1, 0, 0, 0}),
                    floats({2, 2}, {0, 0, 0, 0})},
                   {floats({1, 1}, {-1e4F}), floats({1}, {1e4F}), floats({1, 1}, {0}), floats({1, 1}, {1e4F})},
                   {floats({0, 2}, {}), floats({0}, {}), floats({0, 2}, {}), floats({0, 2}, {})}}});
}

}  // namespace

void append_likelihood(LossRows& rows) {
  append_normal(rows);
  append_laplace(rows);
  append_student_t(rows);
  append_scores(rows);
  append_mixture(rows);
  append_likelihood_of_counts(rows);
}

}  // namespace xgrad::testing
