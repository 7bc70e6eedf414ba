// Losses that contrast the samples of a batch.
#include <cmath>

#include <xgrad/loss/embedding.hpp>

#include "embedding_reference.hpp"

namespace xgrad::testing {
namespace {

// ---- references

Real cosine(const Numbers& a, std::size_t i, const Numbers& b, std::size_t j) {
  return product(a, i, b, j) / std::sqrt(product(a, i, a, i) * product(b, j, b, j));
}

/// Both views in one array.
Numbers joined(const Numbers& a, const Numbers& b) {
  Numbers result{{a.rows() + b.rows(), a.columns()}, a.at};
  result.at.insert(result.at.end(), b.at.begin(), b.at.end());
  return result;
}

Reference info_nce(Real temperature) {
  return by_row([=](const Arguments& x, std::size_t i) {
    const Real t = x.size() > 2 ? x[2](0) : temperature;
    Real total = 0;
    for (std::size_t j = 0; j < x[0].rows(); ++j) total += std::exp(cosine(x[0], i, x[1], j) / t);
    return -std::log(std::exp(cosine(x[0], i, x[1], i) / t) / total);
  });
}

Reals nt_xent(const Numbers& z, Real temperature) {
  Reals result;
  const std::size_t n = z.rows();
  for (std::size_t i = 0; i < n; ++i) {
    Real total = 0;
    for (std::size_t k = 0; k < n; ++k) total += k == i ? 0 : std::exp(cosine(z, i, z, k) / temperature);
    result.push_back(-std::log(std::exp(cosine(z, i, z, (i + n / 2) % n) / temperature) / total));
  }
  return result;
}

Reference sup_con(Real temperature) {
  return by_row([=](const Arguments& x, std::size_t i) {
    Real total = 0;
    for (std::size_t a = 0; a < x[0].rows(); ++a)
      total += a == i ? 0 : std::exp(cosine(x[0], i, x[0], a) / temperature);
    Real value = 0;
    int positives = 0;
    for (std::size_t p = 0; p < x[0].rows(); ++p) {
      if (p == i || x[1](p) != x[1](i)) continue;
      ++positives;
      value -= std::log(std::exp(cosine(x[0], i, x[0], p) / temperature) / total);
    }
    return positives == 0 ? 0 : value / positives;
  });
}

Reference circle(Real m, Real gamma) {
  return by_row([=](const Arguments& x, std::size_t i) {
    Real positives = 0;
    Real negatives = 0;
    for (std::size_t k = 0; k < x[0].rows(); ++k) {
      const Real s = cosine(x[0], i, x[0], k);
      if (x[1](k) != x[1](i)) {
        negatives += std::exp(gamma * positive_part(s + m) * (s - m));
      } else if (k != i) {
        positives += std::exp(-gamma * positive_part(1 + m - s) * (s - 1 + m));
      }
    }
    return std::log1p(negatives * positives);
  });
}

/// Mean of the products of two features about their means, with a divisor.
Real covariance(const Numbers& a, std::size_t i, const Numbers& b, std::size_t j, Real divisor) {
  const auto n = static_cast<Real>(a.rows());
  Real mean_a = 0;
  Real mean_b = 0;
  for (std::size_t r = 0; r < a.rows(); ++r) mean_a += a(r, i) / n, mean_b += b(r, j) / n;
  Real total = 0;
  for (std::size_t r = 0; r < a.rows(); ++r) total += (a(r, i) - mean_a) * (b(r, j) - mean_b);
  return total / divisor;
}

Reference barlow_twins(Real lambda, Real eps) {
  return [=](const Arguments& x) {
    const auto n = static_cast<Real>(x[0].rows());
    Real total = 0;
    for (std::size_t i = 0; i < x[0].columns(); ++i) {
      for (std::size_t j = 0; j < x[0].columns(); ++j) {
        const Real c = covariance(x[0], i, x[1], j, n) / std::sqrt(covariance(x[0], i, x[0], i, n) + eps) /
                       std::sqrt(covariance(x[1], j, x[1], j, n) + eps);
        total += i == j ? (1 - c) * (1 - c) : lambda * c * c;
      }
    }
    return Reals{total};
  };
}

Reference vicreg(const loss::Vicreg& settings) {
  return [settings](const Arguments& x) {
    const auto n = static_cast<Real>(x[0].rows());
    const auto d = static_cast<Real>(x[0].columns());
    Real total = 0;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) {
      total += settings.invariance * (x[0](i) - x[1](i)) * (x[0](i) - x[1](i)) / (n * d);
    }
    for (const Numbers& z : x) {
      for (std::size_t i = 0; i < z.columns(); ++i) {
        for (std::size_t j = 0; j < z.columns(); ++j) {
          const Real c = covariance(z, i, z, j, n - 1);
          if (i != j) total += settings.covariance * c * c / d;
          if (i == j)
            total += settings.variance * positive_part(1 - std::sqrt(c + static_cast<Real>(settings.eps))) / d;
        }
      }
    }
    return Reals{total};
  };
}

// ---- rows

void append_batches_of_pairs(LossRows& rows, Random& random) {
  const Case pairs{random.away_from_zero({5, 3}), random.away_from_zero({5, 3})};
  const Var identity = doubles({2, 2}, {1, 0, 0, 1});
  const Known empty{.arguments = {doubles({0, 3}, {}), doubles({0, 3}, {})}, .values = {}};
  const Known single{
      .arguments = {doubles({1, 2}, {1, 2}), doubles({1, 2}, {3, 1})}, .values = {0}, .gradients = {{0, 0}, {0, 0}}};
  const std::vector<Case> extreme{
      {floats({3, 2}, {1e4, -1e4, 1e4, 1e4, 0, 0}), floats({3, 2}, {1e4, -1e4, -1e4, 1e4, 1e4, 0})},
      {floats({3, 2}, {0, 0, 0, 0, 0, 0}), floats({3, 2}, {0, 0, 0, 0, 0, 0})},
      {floats({1, 2}, {1, 2}), floats({1, 2}, {-1, -2})},
      {floats({2, 0}, {}), floats({2, 0}, {})},
      {floats({0, 2}, {}), floats({0, 2}, {})}};
  const double third = 1 / (1 + std::exp(1.0));
  rows.push_back({.name = "NPairs",
                  .function = call(loss::NPairs{}),
                  .smooth = {pairs},
                  .reference = by_row([](const Arguments& x, std::size_t i) {
                    Real total = 0;
                    for (std::size_t j = 0; j < x[0].rows(); ++j) {
                      if (j != i) total += std::exp(product(x[0], i, x[1], j) - product(x[0], i, x[1], i));
                    }
                    return std::log1p(total);
                  }),
                  .known = {{.arguments = {identity, identity},
                             .values = {0.31326168751822286, 0.31326168751822286},
                             .gradients = {{-third, third, third, -third}, {-third, third, third, -third}}},
                            empty,
                            single},
                  .extreme = extreme});
  rows.push_back({.name = "InfoNce",
                  .function = call(loss::InfoNce{.temperature = 0.5}),
                  .smooth = {pairs},
                  .reference = info_nce(0.5L),
                  .known = {{.arguments = {identity, identity}, .values = {0.1269280110429726, 0.1269280110429726}},
                            empty,
                            {.arguments = single.arguments, .values = {0}}},
                  .extreme = extreme});
  rows.push_back({.name = "InfoNce.temperature",
                  .function = [](const Case& x) { return loss::InfoNce{.temperature = x[2]}(x[0], x[1]); },
                  .smooth = {{pairs[0], pairs[1], doubles({}, {0.6})}},
                  .reference = info_nce(0),
                  .extreme = {{floats({2, 2}, {1, 0, 0, 1}), floats({2, 2}, {0, 1, 1, 0}), floats({}, {1e-4F})},
                              {floats({2, 2}, {1, 0, 0, 1}), floats({2, 2}, {0, 1, 1, 0}), floats({}, {1e4F})}}});
  rows.push_back(
      {.name = "Clip",
       .function = [](const Case& x) { return loss::Clip{.temperature = x.size() > 2 ? x[2] : Var(0.5)}(x[0], x[1]); },
       .smooth = {pairs, {pairs[0], pairs[1], doubles({}, {0.4})}},
       .reference =
           [](const Arguments& x) {
             const Real t = x.size() > 2 ? x[2](0) : 0.5L;
             Reals result = info_nce(t)({x[0], x[1]});
             const Reals back = info_nce(t)({x[1], x[0]});
             for (std::size_t i = 0; i < result.size(); ++i) result[i] = (result[i] + back[i]) / 2;
             return result;
           },
       .known = {{.arguments = {identity, identity}, .values = {0.1269280110429726, 0.1269280110429726}},
                 empty,
                 {.arguments = single.arguments, .values = {0}}},
       .extreme = extreme});
  rows.push_back(
      {.name = "NtXent",
       .function =
           [](const Case& x) { return loss::NtXent{.temperature = x.size() > 2 ? x[2] : Var(0.5)}(x[0], x[1]); },
       .smooth = {pairs, {transpose(random.away_from_zero({3, 4})), random.away_from_zero({4, 3}), doubles({}, {0.3})}},
       .reference = [](const Arguments& x) { return nt_xent(joined(x[0], x[1]), x.size() > 2 ? x[2](0) : 0.5L); },
       .known = {{.arguments = {identity, identity}, .values = std::vector<double>(4, 0.23954476622188453)},
                 empty,
                 {.arguments = single.arguments, .values = {0, 0}, .gradients = {{0, 0}, {0, 0}}}},
       .extreme = extreme});
}

void append_classes(LossRows& rows, Random& random) {
  const Case features{random.away_from_zero({6, 3}), labels({6}, {4, 0, 4, 0, 7, 4})};
  const Var three = doubles({3, 2}, {1, 0, 1, 0, 0, 1});
  const Known empty{.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}};
  const Known single{.arguments = {doubles({1, 2}, {1, 2}), labels({1}, {0})}, .values = {0}, .gradients = {{0, 0}}};
  const std::vector<Case> extreme{{floats({4, 2}, {1e4, -1e4, 1e4, 1e4, 0, 0, 1, 1}), labels({4}, {0, 1, 1, 0})},
                                  {floats({3, 2}, {0, 0, 0, 0, 0, 0}), labels({3}, {0, 0, 1})},
                                  {floats({3, 2}, {1, 2, 1, 2, 1, 2}), labels({3}, {0, 0, 0})},
                                  {floats({3, 2}, {1, 2, 1, 2, 1, 2}), labels({3}, {0, 1, 2})},
                                  {floats({1, 2}, {1, 2}), labels({1}, {0})},
                                  {floats({0, 2}, {}), labels({0}, {})}};
  rows.push_back(
      {.name = "SupCon",
       .function =
           [](const Case& x) { return loss::SupCon{.temperature = x.size() > 2 ? x[2] : Var(0.5)}(x[0], x[1]); },
       .smooth = {features, {features[0], features[1], doubles({}, {0.5})}},
       .reference = sup_con(0.5L),
       .known = {{.arguments = {three, labels({3}, {0, 0, 1})}, .values = {0.1269280110429726, 0.1269280110429726, 0}},
                 {.arguments = {three, labels({3}, {1, 2, 3})}, .values = {0, 0, 0}, .gradients = {{0, 0, 0, 0, 0, 0}}},
                 empty,
                 single},
       .extreme = extreme});
  // The weights are differentiated here, so that the derivatives are those of the value. The default has the same
  // values.
  rows.push_back(
      {.name = "Circle",
       .function = call(loss::Circle{.gamma = 2.0, .constant_weights = false}),
       .smooth = {features},
       .reference = circle(0.25L, 2),
       .known = {{.arguments = {three, labels({3}, {0, 0, 1})}, .values = {0.5759394198788436, 0.5759394198788436, 0}},
                 {.arguments = {three, labels({3}, {1, 1, 1})}, .values = {0, 0, 0}, .gradients = {{0, 0, 0, 0, 0, 0}}},
                 empty,
                 single},
       .extreme = extreme});
}

void append_statistics(LossRows& rows, Random& random) {
  const Case views{random.away_from_zero({6, 3}), random.away_from_zero({6, 3})};
  const Case small{random.uniform({6, 3}, 0.1, 0.8), random.uniform({6, 3}, 0.1, 0.8)};
  const Case empty{doubles({0, 3}, {}), doubles({0, 3}, {})};
  const Case single{doubles({1, 2}, {1, 2}), doubles({1, 2}, {1, 2})};
  const Case opposites{doubles({2, 2}, {1, 1, -1, -1}), doubles({2, 2}, {1, 1, -1, -1})};
  const std::vector<Case> extreme{{floats({3, 2}, {1e4, -1e4, 1e4, 1e4, 0, 0}), floats({3, 2}, {0, 0, 0, 0, 0, 0})},
                                  {floats({2, 2}, {1, 1, 1, 1}), floats({2, 2}, {1, 1, 1, 1})},
                                  {floats({1, 2}, {1, 2}), floats({1, 2}, {1, 2})},
                                  {floats({2, 0}, {}), floats({2, 0}, {})},
                                  {floats({0, 2}, {}), floats({0, 2}, {})}};
  const double c = 1 / (1 + 1e-5);
  rows.push_back(
      {.name = "BarlowTwins",
       .function = call(loss::BarlowTwins{}),
       .smooth = {views, {transpose(random.away_from_zero({2, 5})), transpose(random.away_from_zero({2, 5}))}},
       .reference = barlow_twins(0.005L, 1e-5L),
       .known = {{.arguments = opposites, .values = {2 * (1 - c) * (1 - c) + 2 * 0.005 * c * c}},
                 {.arguments = single, .values = {2}, .gradients = {{0, 0}, {0, 0}}},
                 {.arguments = empty, .values = {3}}},
       .extreme = extreme});
  rows.push_back({.name = "BarlowTwins.lambda",
                  .function = call(loss::BarlowTwins{.lambda = 0.7, .eps = 0.1}),
                  .smooth = {views},
                  .reference = barlow_twins(0.7L, 0.1L)});
  rows.push_back({.name = "Vicreg",
                  .function = call(loss::Vicreg{}),
                  .smooth = {small},
                  .reference = vicreg({}),
                  .known = {{.arguments = {doubles({2, 2}, {3, 4, 3, 4}), doubles({2, 2}, {3, 4, 3, 4})},
                             .values = {25 * 2 * 0.99},
                             .gradients = {{0, 0, 0, 0}, {0, 0, 0, 0}}},
                            {.arguments = opposites, .values = {8}},
                            {.arguments = single, .values = {25 * 2 * 0.99}, .gradients = {{0, 0}, {0, 0}}},
                            {.arguments = empty, .values = {25 * 2 * 0.99}}},
                  .extreme = extreme});
  const loss::Vicreg weights{.invariance = 2.0, .variance = 3.0, .covariance = 4.0, .eps = 0.01};
  rows.push_back(
      {.name = "Vicreg.weights", .function = call(weights), .smooth = {views}, .reference = vicreg(weights)});
}

}  // namespace

void append_embedding_batches(LossRows& rows) {
  Random random(1203);
  append_batches_of_pairs(rows, random);
  append_classes(rows, random);
  append_statistics(rows, random);
}

}  // namespace xgrad::testing
