// Rows of the binary losses.
#include <xgrad/loss/classification_binary.hpp>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

/// From the loss of one element: f(logit or probability, target).
template <class F>
Reference by_element(F f) {
  return [f](const std::vector<Numbers>& x) {
    std::vector<long double> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) values.push_back(f(x[0](i), x[1](i)));
    return values;
  };
}

long double sigmoid_of(long double z) { return 1.0L / (1.0L + std::exp(-z)); }

long double binary_cross_entropy(long double z, long double t) {
  return -t * std::log(sigmoid_of(z)) - (1.0L - t) * std::log(sigmoid_of(-z));
}

Var logits() { return doubles({2, 3}, {0.7, -1.3, 2.4, -0.2, 3.1, -2.8}); }
Var soft() { return doubles({2, 3}, {0.25, 0.5, 0.9, 0.1, 0.75, 0.3}); }
Var hard() { return labels({2, 3}, {1, 0, 1, 0, 0, 1}); }

std::vector<Case> smooth_cases() {
  return {{logits(), soft()}, {logits(), hard()}, {doubles({}, {0.4}), labels({}, {1})}};
}

std::vector<Case> large_logits() {
  return {{floats({4}, {1e4F, 1e4F, -1e4F, -1e4F}), floats({4}, {0, 1, 0, 1})},
          {floats({3}, {1e4F, 0.0F, -1e4F}), floats({3}, {0.5F, 0.5F, 0.5F})},
          {floats({1}, {0.0F}), labels({1}, {1})},
          {floats({0, 3}, {}), floats({0, 3}, {})}};
}

void append_binary_cross_entropy(LossRows& rows) {
  rows.push_back({.name = "BinaryCrossEntropy",
                  .function = call(loss::BinaryCrossEntropy{}),
                  .smooth = smooth_cases(),
                  .reference = by_element(binary_cross_entropy),
                  .known = {{.arguments = {doubles({4}, {1000, 1000, -1000, -1000}), labels({4}, {1, 0, 0, 1})},
                             .values = {0, 1000, 0, 1000},
                             .gradients = {{0, 1, 0, -1}}},
                            {.arguments = {doubles({3}, {0, 0, 0}), doubles({3}, {0, 0.5, 1})},
                             .values = {ln2, ln2, ln2},
                             .gradients = {{0.5, 0, -0.5}, {0, 0, 0}}},
                            {.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_logits(),
                  .torch = true});
  const auto weighted = by_element([](long double z, long double t) {
    return -2.5L * t * std::log(sigmoid_of(z)) - (1.0L - t) * std::log(sigmoid_of(-z));
  });
  rows.push_back({.name = "BinaryCrossEntropy.pos_weight",
                  .function = call(loss::BinaryCrossEntropy{.pos_weight = 2.5}),
                  .smooth = smooth_cases(),
                  .reference = weighted,
                  .known = {{.arguments = {doubles({5}, {1000, 1000, -1000, -1000, 0}), labels({5}, {1, 0, 0, 1, 1})},
                             .values = {0, 1000, 0, 2500, 2.5 * ln2},
                             .gradients = {{0, 1, 0, -2.5, -1.25}}}},
                  .extreme = large_logits(),
                  .torch = true});
  rows.push_back({.name = "BinaryCrossEntropy.weights_of_labels",
                  .function = [](const Case& x) { return loss::BinaryCrossEntropy{.pos_weight = x[2]}(x[0], x[1]); },
                  .smooth = {{logits(), soft(), doubles({3}, {0.5, 2.0, 3.0})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        std::vector<long double> values;
                        for (std::size_t i = 0; i < 6; ++i) {
                          const long double z = x[0](i);
                          values.push_back(-x[2](i % 3) * x[1](i) * std::log(sigmoid_of(z)) -
                                           (1.0L - x[1](i)) * std::log(sigmoid_of(-z)));
                        }
                        return values;
                      }});
  rows.push_back(
      {.name = "BinaryCrossEntropy.views",
       .function = [](const Case& x) { return loss::BinaryCrossEntropy{}(transpose(x[0]), transpose(x[1])); },
       .smooth = {{logits(), soft()}},
       .reference =
           [](const std::vector<Numbers>& x) {
             std::vector<long double> values;
             for (std::size_t j = 0; j < 3; ++j) {
               for (std::size_t i = 0; i < 2; ++i) values.push_back(binary_cross_entropy(x[0](i, j), x[1](i, j)));
             }
             return values;
           }});
}

void append_probability(LossRows& rows) {
  const Var p = doubles({2, 3}, {0.7, 0.3, 0.2, 0.5, 0.85, 0.4});
  rows.push_back({.name = "BinaryCrossEntropyProbability",
                  .function = call(loss::BinaryCrossEntropyProbability{}),
                  .smooth = {{p, soft()}, {p, hard()}, {doubles({}, {0.4}), labels({}, {1})}},
                  .reference = by_element(
                      [](long double q, long double t) { return -t * std::log(q) - (1.0L - t) * std::log(1.0L - q); }),
                  .known = {{.arguments = {doubles({4}, {0, 1, 0, 1}), labels({4}, {0, 1, 1, 0})},
                             .values = {0, 0, 100, 100},
                             .gradients = {{1, -1, -1e12, 1e12}}},
                            {.arguments = {doubles({2}, {1e-13, 1e-50}), labels({2}, {1, 1})},
                             .values = {13 * std::log(10.0), 100},
                             .gradients = {{-1e12, -1e12}}},
                            {.arguments = {doubles({2}, {0.5, 0.25}), labels({2}, {1, 0})},
                             .values = {ln2, std::log(4.0 / 3.0)},
                             .gradients = {{-2, 4.0 / 3.0}}},
                            {.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = {{floats({6}, {0, 1, 0, 1, 0, 1}), floats({6}, {0, 1, 1, 0, 0.5F, 0.5F})},
                              {floats({2}, {1e-30F, 1e-11F}), labels({2}, {1, 1})},
                              {floats({0, 3}, {}), floats({0, 3}, {})}},
                  .torch = true});
}

Reference focal(long double gamma, long double positive, long double negative) {
  return by_element([=](long double z, long double t) {
    const long double p = sigmoid_of(z);
    const long double q = sigmoid_of(-z);
    return -positive * t * std::pow(q, gamma) * std::log(p) - negative * (1.0L - t) * std::pow(p, gamma) * std::log(q);
  });
}

void append_binary_focal(LossRows& rows) {
  rows.push_back({.name = "Focal",
                  .function = call(loss::Focal{}),
                  .smooth = smooth_cases(),
                  .reference = focal(2.0L, 0.25L, 0.75L),
                  .known = {{.arguments = {doubles({4}, {1000, 1000, -1000, -1000}), labels({4}, {1, 0, 0, 1})},
                             .values = {0, 750, 0, 250},
                             .gradients = {{0, 0.75, 0, -0.25}}},
                            {.arguments = {doubles({1}, {0}), labels({1}, {1})},
                             .values = {0.0625 * ln2},
                             .gradients = {{-0.03125 - 0.0625 * ln2}}},
                            {.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_logits()});
  rows.push_back({.name = "Focal.less_than_1",
                  .function = call(loss::Focal{.gamma = 0.5, .alpha = {}}),
                  .smooth = smooth_cases(),
                  .reference = focal(0.5L, 1.0L, 1.0L),
                  .extreme = large_logits()});
  rows.push_back({.name = "Focal.zero",
                  .function = call(loss::Focal{.gamma = 0.0, .alpha = {}}),
                  .smooth = smooth_cases(),
                  .reference = by_element(binary_cross_entropy),
                  .extreme = large_logits()});
}

Reference asymmetric(long double positive, long double negative, long double margin) {
  return by_element([=](long double z, long double t) {
    const long double p = sigmoid_of(z);
    const long double q = std::max(p - margin, 0.0L);
    return -t * std::pow(1.0L - p, positive) * std::log(p) - (1.0L - t) * std::pow(q, negative) * std::log(1.0L - q);
  });
}

void append_asymmetric(LossRows& rows) {
  rows.push_back({.name = "AsymmetricLoss",
                  .function = call(loss::AsymmetricLoss{}),
                  .smooth = smooth_cases(),
                  .reference = asymmetric(1.0L, 4.0L, 0.05L),
                  .known = {{.arguments = {doubles({4}, {1000, 1000, -1000, -1000}), labels({4}, {1, 0, 0, 1})},
                             .values = {0, -std::pow(0.95, 4) * std::log(0.05), 0, 1000},
                             .gradients = {{0, 0, 0, -1}}},
                            {.arguments = {doubles({1}, {-3}), labels({1}, {0})}, .values = {0}, .gradients = {{0}}},
                            {.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_logits()});
  rows.push_back({.name = "AsymmetricLoss.no_margin",
                  .function = call(loss::AsymmetricLoss{.gamma_positive = 0.0, .gamma_negative = 2.5, .margin = 0.0}),
                  .smooth = smooth_cases(),
                  .reference = asymmetric(0.0L, 2.5L, 0.0L),
                  .known = {{.arguments = {doubles({2}, {1000, -1000}), labels({2}, {0, 1})},
                             .values = {1000, 1000},
                             .gradients = {{1, -1}}}},
                  .extreme = large_logits()});
  rows.push_back({.name = "AsymmetricLoss.no_focus",
                  .function = call(loss::AsymmetricLoss{.gamma_positive = 0.0, .gamma_negative = 0.0, .margin = 0.2}),
                  .smooth = smooth_cases(),
                  .reference = asymmetric(0.0L, 0.0L, 0.2L),
                  .extreme = large_logits()});
}

}  // namespace

void append_classification_binary(LossRows& rows) {
  append_binary_cross_entropy(rows);
  append_probability(rows);
  append_binary_focal(rows);
  append_asymmetric(rows);
}

}  // namespace xgrad::testing
