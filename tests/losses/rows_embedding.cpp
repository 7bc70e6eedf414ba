// Losses of pairs and triplets of vectors.
#include <algorithm>
#include <cmath>
#include <string>

#include <xgrad/loss/embedding.hpp>

#include "embedding_reference.hpp"

namespace xgrad::testing {
namespace {

Real distance(const Numbers& a, const Numbers& b, std::size_t i, Real p = 2, Real eps = 0) {
  Real total = 0;
  Real largest = 0;
  for (std::size_t k = 0; k < a.columns(); ++k) {
    const Real size = std::abs(a(i, k) - b(i, k) + eps);
    total += std::pow(size, p);
    largest = std::max(largest, size);
  }
  return std::isinf(p) ? largest : std::pow(total, 1 / p);
}

Reference triplet(Real margin, Real p, bool swap) {
  return by_row([=](const Arguments& x, std::size_t i) {
    const Real eps = 1e-6;
    Real far = distance(x[0], x[2], i, p, eps);
    if (swap) far = std::min(far, distance(x[1], x[2], i, p, eps));
    return positive_part(margin + distance(x[0], x[1], i, p, eps) - far);
  });
}

const std::vector<std::int64_t> signs{1, -1, -1, 1, -1, 1};

void append_cosine(LossRows& rows, Random& random) {
  const auto reference = [](Real margin) {
    return by_row([=](const Arguments& x, std::size_t i) {
      const Real lengths = (product(x[0], i, x[0], i) + 1e-12L) * (product(x[1], i, x[1], i) + 1e-12L);
      const Real c = product(x[0], i, x[1], i) / std::sqrt(lengths);
      return x[2](i) == 1 ? 1 - c : positive_part(c - margin);
    });
  };
  const double one = 1 / (1 + 1e-12);
  const Case vectors{random.away_from_zero({6, 4}), random.away_from_zero({6, 4}), labels({6}, signs)};
  rows.push_back(
      {.name = "CosineEmbedding",
       .function = call(loss::CosineEmbedding{}),
       .smooth = {vectors, {random.away_from_zero({6, 1}), random.away_from_zero({6, 1}), labels({6}, signs)}},
       .reference = reference(0),
       .known = {{.arguments = {doubles({3, 2}, {3, 4, 0, 0, 0, 0}), doubles({3, 2}, {3, 4, 1, 0, 1, 0}),
                                labels({3}, {1, 1, -1})},
                  .values = {0, 1, 0},
                  .gradients = {{0, 0, -1e6, 0, 0, 0}, {0, 0, 0, 0, 0, 0}}},
                 {.arguments = {doubles({2}, {1, 0}), doubles({2}, {0, 1}), labels({}, {1})},
                  .values = {1},
                  .gradients = {{0, -one}, {-one, 0}}},
                 {.arguments = {doubles({0, 3}, {}), doubles({0, 3}, {}), labels({0}, {})}, .values = {}}},
       .extreme = {{floats({4, 2}, {1e4, -1e4, 0, 0, 1e-20F, 0, 1e10F, 1e10F}),
                    floats({4, 2}, {1e4, 1e4, 0, 0, 1e-20F, 0, 1e10F, 1e10F}), labels({4}, {1, -1, 1, -1})},
                   {floats({1, 1}, {2}), floats({1, 1}, {2}), labels({1}, {1})},
                   {floats({0, 3}, {}), floats({0, 3}, {}), labels({0}, {})}},
       .torch = true});
  rows.push_back({.name = "CosineEmbedding.margin",
                  .function = call(loss::CosineEmbedding{.margin = 0.3}),
                  .smooth = {vectors},
                  .reference = reference(0.3L),
                  .torch = true});
  rows.push_back(
      {.name = "CosineEmbedding.transposed",
       .function =
           [](const Case& x) { return loss::CosineEmbedding{.margin = -0.2}(transpose(x[0]), transpose(x[1]), x[2]); },
       .smooth = {{transpose(vectors[0]), transpose(vectors[1]), vectors[2]}},
       .torch = true});
}

void append_hinges(LossRows& rows, Random& random) {
  const auto hinge = [](Real margin) {
    return [=](const Arguments& x) {
      Reals result;
      for (std::size_t i = 0; i < x[0].at.size(); ++i) {
        result.push_back(x[1](i) == 1 ? x[0](i) : positive_part(margin - x[0](i)));
      }
      return result;
    };
  };
  rows.push_back(
      {.name = "HingeEmbedding",
       .function = call(loss::HingeEmbedding{}),
       .smooth = {{random.lattice({6}, 0.2), labels({6}, signs)}, {random.lattice({2, 3}, 0.1), labels({2, 3}, signs)}},
       .reference = hinge(1),
       .known = {{.arguments = {doubles({4}, {0, 0, 1, 2}), labels({4}, {1, -1, -1, -1})},
                  .values = {0, 1, 0, 0},
                  .gradients = {{1, -1, 0, 0}}},
                 {.arguments = {doubles({}, {0.5}), labels({}, {-1})}, .values = {0.5}, .gradients = {{-1}}}},
       .extreme = {{floats({4}, {1e4, -1e4, 1e4, -1e4}), labels({4}, {1, 1, -1, -1})},
                   {floats({0}, {}), labels({0}, {})}},
       .torch = true});
  rows.push_back({.name = "HingeEmbedding.margin",
                  .function = call(loss::HingeEmbedding{.margin = 0.45}),
                  .smooth = {{random.lattice({3, 2}, 0.1), labels({3, 2}, signs)}},
                  .reference = hinge(0.45L),
                  .torch = true});

  const auto ranking = [](Real margin) {
    return [=](const Arguments& x) {
      Reals result;
      for (std::size_t i = 0; i < x[0].at.size(); ++i) {
        result.push_back(positive_part(margin - x[2](i) * (x[0](i) - x[1](i))));
      }
      return result;
    };
  };
  const Case scores{random.lattice({6}, 0), random.lattice({6}, 0.2), labels({6}, signs)};
  rows.push_back({.name = "MarginRanking",
                  .function = call(loss::MarginRanking{}),
                  .smooth = {scores},
                  .reference = ranking(0),
                  .known = {{.arguments = {doubles({3}, {2, 2, 1}), doubles({3}, {1, 1, 1}), labels({3}, {1, -1, 1})},
                             .values = {0, 1, 0},
                             .gradients = {{0, 1, 0}, {0, -1, 0}}}},
                  .extreme = {{floats({2}, {1e4, -1e4}), floats({2}, {-1e4, 1e4}), labels({2}, {1, 1})},
                              {floats({0}, {}), floats({0}, {}), labels({0}, {})}},
                  .torch = true});
  rows.push_back({.name = "MarginRanking.margin",
                  .function = call(loss::MarginRanking{.margin = 0.5}),
                  .smooth = {scores},
                  .reference = ranking(0.5L),
                  .torch = true});
}

Case triplet_of(Random& random, const Shape& shape) {
  return {random.uniform(shape), random.uniform(shape), random.uniform(shape)};
}

void append_triplet(LossRows& rows, Random& random) {
  const Case zeros{doubles({2, 2}, {0, 0, 0, 0}), doubles({2, 2}, {3, 4, 0, 0}), doubles({2, 2}, {0, 0, 6, 8})};
  const Case same{floats({2, 3}, {1, 1, 1, 1e4, 1e4, 1e4}), floats({2, 3}, {1, 1, 1, -1e4, 1e4, -1e4}),
                  floats({2, 3}, {1, 1, 1, 1e4, 1e4, 1e4})};
  const Case empty{floats({0, 3}, {}), floats({0, 3}, {}), floats({0, 3}, {})};
  const auto add = [&](const std::string& variant, const loss::TripletMargin& settings, std::vector<Known> known = {}) {
    rows.push_back({.name = "TripletMargin" + variant,
                    .function = call(settings),
                    .smooth = {triplet_of(random, {6, 4}), triplet_of(random, {5, 1})},
                    .reference = triplet(settings.margin, settings.p, settings.swap),
                    .known = std::move(known),
                    .extreme = {same, empty, {floats({1, 0}, {}), floats({1, 0}, {}), floats({1, 0}, {})}},
                    .torch = true});
  };
  add("", {}, {{.arguments = empty, .values = {}}});
  add(".p1", {.margin = 2.5, .p = 1});
  add(".p3", {.p = 3});
  add(".p15", {.margin = 1.5, .p = 1.5});
  add(".p12", {.p = 12});
  add(".infinite", {.p = infinity});
  add(".swap", {.margin = 1.5, .swap = true});
  for (const double p : {1.0, 2.0, 3.0, infinity}) {
    const double d = p == 1.0 ? 7 : p == 2.0 ? 5 : p == 3.0 ? std::cbrt(91.0) : 4;
    rows.push_back({.name = "TripletMargin.exact" + std::to_string(static_cast<int>(std::min(p, 9.0))),
                    .function = call(loss::TripletMargin{.p = p, .eps = 0}),
                    .smooth = {triplet_of(random, {4, 3})},
                    .reference = by_row([p](const Arguments& x, std::size_t i) {
                      return positive_part(1 + distance(x[0], x[1], i, p) - distance(x[0], x[2], i, p));
                    }),
                    .known = {{.arguments = zeros, .values = {1 + d, 0}}, {.arguments = empty, .values = {}}},
                    .extreme = {same}});
  }
  rows.push_back({.name = "TripletMargin.distance",
                  .function = call(loss::TripletMargin{
                      .margin = 0.3,
                      .distance = [](const Var& a, const Var& b) { return mean(square(a - b), -1) + sum(a - b, -1); }}),
                  .smooth = {triplet_of(random, {6, 3})},
                  .reference = by_row([](const Arguments& x, std::size_t i) {
                    Real value = 0.3L;
                    for (std::size_t k = 0; k < 3; ++k) {
                      const Real near = x[0](i, k) - x[1](i, k);
                      const Real far = x[0](i, k) - x[2](i, k);
                      value += near * near / 3 + near - far * far / 3 - far;
                    }
                    return positive_part(value);
                  }),
                  .torch = true});
  rows.push_back({.name = "TripletMargin.one",
                  .function = call(loss::TripletMargin{.p = 0.5, .eps = 0}),
                  .smooth = {{doubles({2}, {0.3, -0.4}), doubles({2}, {1, 2}), doubles({2}, {0.5, -0.1})}},
                  .reference =
                      [](const Arguments& x) {
                        const auto root = [&](std::size_t k, std::size_t i) {
                          return std::sqrt(std::abs(x[0](i) - x[k](i)));
                        };
                        const Real near = root(1, 0) + root(1, 1);
                        const Real far = root(2, 0) + root(2, 1);
                        return Reals{1 + near * near - far * far};
                      },
                  .extreme = {same}});
}

void append_contrastive(LossRows& rows, Random& random) {
  const auto value = [](Real d, Real same, Real margin) {
    return same == 1 ? d * d / 2 : positive_part(margin - d) * positive_part(margin - d) / 2;
  };
  rows.push_back({.name = "Contrastive",
                  .function = call(loss::Contrastive{.margin = 2.0}),
                  .smooth = {{random.uniform({6, 3}), random.uniform({6, 3}), labels({6}, {1, 0, 0, 1, 0, 1})}},
                  .reference = by_row(
                      [=](const Arguments& x, std::size_t i) { return value(distance(x[0], x[1], i), x[2](i), 2); }),
                  .known = {{.arguments = {doubles({4, 2}, {0, 0, 0, 0, 0, 0, 0, 0}),
                                           doubles({4, 2}, {0, 0, 0, 0, 0, 2, 0, 1}), labels({4}, {1, 0, 0, 0})},
                             .values = {0, 2, 0, 0.5},
                             .gradients = {{0, 0, 0, 0, 0, 0, 0, 1}, {0, 0, 0, 0, 0, 0, 0, -1}}}},
                  .extreme = {{floats({4, 2}, {1e4, -1e4, 1e4, -1e4, 0, 0, 0, 0}),
                               floats({4, 2}, {-1e4, 1e4, -1e4, 1e4, 0, 0, 0, 0}), labels({4}, {0, 1, 0, 1})},
                              {floats({0, 2}, {}), floats({0, 2}, {}), labels({0}, {})}}});
  rows.push_back({.name = "Contrastive.distance",
                  .function = call(loss::Contrastive{}),
                  .smooth = {{random.uniform({2, 3}, 0.1, 0.9), random.mask({2, 3})}},
                  .reference =
                      [=](const Arguments& x) {
                        Reals result;
                        for (std::size_t i = 0; i < x[0].at.size(); ++i) result.push_back(value(x[0](i), x[1](i), 1));
                        return result;
                      },
                  .known = {{.arguments = {doubles({3}, {0, 0, 1}), labels({3}, {1, 0, 0})},
                             .values = {0, 0.5, 0},
                             .gradients = {{0, -1, 0}}}},
                  .extreme = {{floats({3}, {1e4, 1e4, 0}), labels({3}, {1, 0, 0})}}});
}

}  // namespace

void append_embedding(LossRows& rows) {
  Random random(1201);
  append_cosine(rows, random);
  append_hinges(rows, random);
  append_triplet(rows, random);
  append_contrastive(rows, random);
  append_embedding_batches(rows);
}

}  // namespace xgrad::testing
