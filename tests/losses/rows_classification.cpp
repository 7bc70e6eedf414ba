// Rows of the losses of softmax.
#include <xgrad/loss/classification.hpp>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

using namespace rows;

const double ln3 = std::log(3.0);

long double cross_entropy(const Line& z, const Line& t) {
  long double total = 0.0L;
  const Line p = softmax(z);
  for (std::size_t k = 0; k < z.size(); ++k) total -= t[k] * std::log(p[k]);
  return total;
}

Reference weighted_cross_entropy(const Line& w) {
  return by_row([w](const Line& z, const Line& t) {
    Line weighted;
    for (std::size_t k = 0; k < z.size(); ++k) weighted.push_back(w[k] * t[k]);
    return cross_entropy(z, weighted);
  });
}

/// 0 for samples with a label.
Reference without_label(std::size_t ignored, const Reference& f) {
  return [=](const std::vector<Numbers>& x) {
    std::vector<long double> values = f(x);
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (x[1].label(i) == ignored) values[i] = 0.0L;
    }
    return values;
  };
}

const auto class_weights = [] { return doubles({4}, {0.5, 2.0, 1.5, 0.0}); };
// Differences on both sides of a weight must not make it negative.
const auto positive_weights = [] { return doubles({4}, {0.5, 2.0, 1.5, 0.25}); };
const Line same_weights{0.5L, 2.0L, 1.5L, 0.0L};

void append_cross_entropy(LossRows& rows) {
  rows.push_back({.name = "CrossEntropy",
                  .function = call(loss::CrossEntropy{}),
                  .smooth = {{some_logits(), some_labels()}, {doubles({2, 1}, {0.7, -3.0}), labels({2}, {0, 0})}},
                  .reference = by_row(cross_entropy),
                  .known = {{.arguments = {doubles({2, 3}, {0, 0, 0, 4, 4, 4}), labels({2}, {1, 2})},
                             .values = {ln3, ln3},
                             .gradients = {{1. / 3, -2. / 3, 1. / 3, 1. / 3, 1. / 3, -2. / 3}}},
                            {.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 1000},
                             .gradients = {{0, 0, 1, -1}}},
                            {.arguments = {doubles({1, 3}, {-infinity, 0, 0}), labels({1}, {1})},
                             .values = {ln2},
                             .gradients = {{0, -0.5, 0.5}}},
                            {.arguments = {doubles({2, 1}, {3, -4}), labels({2}, {0, 0})},
                             .values = {0, 0},
                             .gradients = {{0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities(),
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.sample",
                  .function = call(loss::CrossEntropy{}),
                  .smooth = {{doubles({4}, {0.3, -1.2, 0.8, 0.1}), labels({}, {2})}},
                  .reference = by_row(cross_entropy),
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.probabilities",
                  .function = call(loss::CrossEntropy{}),
                  .smooth = {{some_logits(), some_probabilities()},
                             {doubles({3}, {0.5, 1.5, -1.0}), doubles({3}, {0.75, 0.125, 0.125})}},
                  .reference = by_row(cross_entropy),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), labels({1, 2}, {0, 1})},
                             .values = {ln2},
                             .gradients = {{0.5, -0.5}}}},
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.weights",
                  .function = call(loss::CrossEntropy{.class_weight = class_weights()}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = weighted_cross_entropy(same_weights),
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.trained_weights",
                  .function = [](const Case& x) { return loss::CrossEntropy{.class_weight = x[2]}(x[0], x[1]); },
                  .smooth = {{some_logits(), some_labels(), positive_weights()},
                             {some_logits(), some_probabilities(), positive_weights()}},
                  .reference = weighted_cross_entropy({0.5L, 2.0L, 1.5L, 0.25L})});
  rows.push_back({.name = "CrossEntropy.ignore",
                  .function = call(loss::CrossEntropy{.ignore_index = 2}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = without_label(2, by_row(cross_entropy)),
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.ignore_weights",
                  .function = call(loss::CrossEntropy{.ignore_index = 0, .class_weight = class_weights()}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = without_label(0, weighted_cross_entropy(same_weights)),
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.ignore_outside",
                  .function = call(loss::CrossEntropy{.ignore_index = -100}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = by_row(cross_entropy),
                  .known = {{.arguments = {doubles({2, 2}, {not_a_number, 1, 0, 0}), labels({2}, {-100, 0})},
                             .values = {0, ln2},
                             .gradients = {{0, 0, -0.5, 0.5}}},
                            {.arguments = {doubles({2, 2}, {1, 2, 3, 4}), labels({2}, {-100, -100})},
                             .values = {0, 0},
                             .gradients = {{0, 0, 0, 0}}}},
                  .extreme = {{large_logits(), labels({4}, {-100, -100, 1, -100})}}});
  rows.push_back({.name = "CrossEntropy.views",
                  .function = [](const Case& x) { return loss::CrossEntropy{}(transpose(x[0]), x[1]); },
                  .smooth = {{doubles({3, 2}, {0.3, -1.2, 0.8, 0.1, 2.0, 0.4}), labels({2}, {2, 0})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        std::vector<long double> values;
                        for (std::size_t i = 0; i < 2; ++i) {
                          Line t(3, 0.0L);
                          t[x[1].label(i)] = 1.0L;
                          values.push_back(cross_entropy({x[0](0, i), x[0](1, i), x[0](2, i)}, t));
                        }
                        return values;
                      }});
}

/// The classes along the second of three axes.
std::vector<long double> cross_entropy_along_1(const std::vector<Numbers>& x) {
  std::vector<long double> values;
  const bool labelled = x[1].shape.size() == 2;
  for (std::size_t i = 0; i < x[0].shape[0]; ++i) {
    for (std::size_t j = 0; j < x[0].shape[2]; ++j) {
      Line z;
      Line t;
      for (std::size_t k = 0; k < x[0].shape[1]; ++k) {
        z.push_back(x[0](i, k, j));
        t.push_back(labelled ? (x[1](i, j) == static_cast<long double>(k) ? 1.0L : 0.0L) : x[1](i, k, j));
      }
      values.push_back(cross_entropy(z, t));
    }
  }
  return values;
}

void append_axes(LossRows& rows) {
  const Var logits = reshape(some_logits(), {2, 3, 2});
  rows.push_back({.name = "CrossEntropy.axis",
                  .function = call(loss::CrossEntropy{.axis = 1}),
                  .smooth = {{logits, labels({2, 2}, {2, 0, 1, 1})}},
                  .reference = cross_entropy_along_1,
                  .torch = true});
  rows.push_back({.name = "CrossEntropy.axis_probabilities",
                  .function = call(loss::CrossEntropy{.axis = -2}),
                  .smooth = {{logits, reshape(some_probabilities(), {2, 3, 2})}},
                  .reference = cross_entropy_along_1,
                  .torch = true});
  const Var ones = doubles({3}, {1, 1, 1});
  rows.push_back(
      {.name = "CrossEntropy.axis_weights",
       .function = call(loss::CrossEntropy{.class_weight = ones, .axis = 1}),
       .smooth = {{logits, labels({2, 2}, {2, 0, 1, 1})}, {logits, reshape(some_probabilities(), {2, 3, 2})}},
       .reference = cross_entropy_along_1,
       .torch = true});
  rows.push_back({.name = "Nll.axis",
                  .function = [](const Case& x) { return loss::Nll{.axis = 1}(log_softmax(x[0], 1), x[1]); },
                  .smooth = {{logits, labels({2, 2}, {2, 0, 1, 1})}},
                  .reference = cross_entropy_along_1,
                  .torch = true});
}

void append_nll(LossRows& rows) {
  const Reference nll = by_row([](const Line& l, const Line& t) {
    long double total = 0.0L;
    for (std::size_t k = 0; k < l.size(); ++k) total -= t[k] * l[k];
    return total;
  });
  rows.push_back(
      {.name = "Nll",
       .function = call(loss::Nll{}),
       .smooth = {{some_logits(), some_labels()}, {doubles({2}, {-0.5, -1.0}), labels({}, {1})}},
       .reference = nll,
       .known = {{.arguments = {doubles({2, 2}, {0, -infinity, -1, -2}), labels({2}, {0, 1})},
                  .values = {0, 2},
                  .gradients = {{-1, 0, 0, -1}}},
                 {.arguments = {doubles({0, 2}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
       .extreme = {{floats({2, 2}, {-1e4F, 0, 0, -1e4F}), labels({2}, {0, 1})}, {floats({0, 2}, {}), labels({0}, {})}},
       .torch = true});
  rows.push_back({.name = "Nll.weights_ignore",
                  .function = call(loss::Nll{.ignore_index = 0, .class_weight = class_weights()}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = without_label(0, by_row([](const Line& l, const Line& t) {
                                               long double total = 0.0L;
                                               for (std::size_t k = 0; k < l.size(); ++k) {
                                                 total -= same_weights[k] * t[k] * l[k];
                                               }
                                               return total;
                                             })),
                  .known = {{.arguments = {doubles({2, 4}, {-1, -2, -3, -4, -5, -6, -7, -8}), labels({2}, {0, 1})},
                             .values = {0, 12},
                             .gradients = {{0, 0, 0, 0, 0, -2, 0, 0}}}},
                  .torch = true});
}

Reference categorical_focal(long double gamma) {
  return by_row([gamma](const Line& z, const Line& t) {
    const Line p = softmax(z);
    long double total = 0.0L;
    for (std::size_t k = 0; k < z.size(); ++k) total -= t[k] * std::pow(1.0L - p[k], gamma) * std::log(p[k]);
    return total;
  });
}

void append_focal(LossRows& rows) {
  rows.push_back({.name = "CategoricalFocal",
                  .function = call(loss::CategoricalFocal{}),
                  .smooth = {{some_logits(), some_labels()}, {doubles({3}, {0.2, -0.4, 1.0}), labels({}, {1})}},
                  .reference = categorical_focal(2.0L),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), labels({1}, {0})},
                             .values = {0.25 * ln2},
                             .gradients = {{-0.125 - 0.25 * ln2, 0.125 + 0.25 * ln2}}},
                            {.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 1000},
                             .gradients = {{0, 0, 1, -1}}},
                            {.arguments = {doubles({2, 1}, {3, -4}), labels({2}, {0, 0})},
                             .values = {0, 0},
                             .gradients = {{0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases()});
  rows.push_back({.name = "CategoricalFocal.less_than_1",
                  .function = call(loss::CategoricalFocal{.gamma = 0.5}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = categorical_focal(0.5L),
                  .extreme = large_cases()});
  rows.push_back({.name = "CategoricalFocal.zero",
                  .function = call(loss::CategoricalFocal{.gamma = 0.0}),
                  .smooth = {{reshape(some_logits(), {2, 2, 3}), labels({2, 2}, {2, 0, 1, 1})}},
                  .reference = by_row(cross_entropy),
                  .extreme = large_cases()});
}

Reference poly1(long double eps) {
  return by_row([eps](const Line& z, const Line& t) {
    const Line p = softmax(z);
    long double total = 0.0L;
    for (std::size_t k = 0; k < z.size(); ++k) total += t[k] * (-std::log(p[k]) + eps * (1.0L - p[k]));
    return total;
  });
}

void append_poly1(LossRows& rows) {
  rows.push_back({.name = "Poly1",
                  .function = call(loss::Poly1{}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = poly1(1.0L),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), labels({1}, {0})},
                             .values = {ln2 + 0.5},
                             .gradients = {{-0.75, 0.75}}},
                            {.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 1001},
                             .gradients = {{0, 0, 1, -1}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "Poly1.negative",
                  .function = call(loss::Poly1{.eps = -1.0}),
                  .smooth = {{some_logits(), some_labels()}},
                  .reference = poly1(-1.0L)});
}

void append_logit_adjusted(LossRows& rows) {
  const auto adjusted = [](const std::vector<Numbers>& x) {
    const std::vector<long double> prior{0.5L, 0.25L, 0.125L, 0.125L};
    return by_row([&](Line z, const Line& t) {
      for (std::size_t k = 0; k < z.size(); ++k) z[k] += 1.5L * std::log(prior[k]);
      return cross_entropy(z, t);
    })(x);
  };
  const Var prior = doubles({4}, {0.5, 0.25, 0.125, 0.125});
  rows.push_back({.name = "LogitAdjusted",
                  .function = call(loss::LogitAdjusted{}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = by_row(cross_entropy),
                  .known = {{.arguments = {doubles({1, 3}, {2, 2, 2}), labels({1}, {1})},
                             .values = {ln3},
                             .gradients = {{1. / 3, -2. / 3, 1. / 3}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "LogitAdjusted.prior",
                  .function = call(loss::LogitAdjusted{.prior = prior, .tau = 1.5}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = adjusted});
  rows.push_back({.name = "LogitAdjusted.trained_prior",
                  .function = [](const Case& x) { return loss::LogitAdjusted{.prior = x[2], .tau = 1.5}(x[0], x[1]); },
                  .smooth = {{some_logits(), some_labels(), prior}},
                  .reference = adjusted});
}

void append_brier(LossRows& rows) {
  rows.push_back({.name = "Brier",
                  .function = call(loss::Brier{}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = by_row([](const Line& z, const Line& t) {
                    const Line p = softmax(z);
                    long double total = 0.0L;
                    for (std::size_t k = 0; k < z.size(); ++k) total += (p[k] - t[k]) * (p[k] - t[k]);
                    return total;
                  }),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), labels({1}, {0})},
                             .values = {0.5},
                             .gradients = {{-0.5, 0.5}}},
                            {.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 2},
                             .gradients = {{0, 0, 0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
}

}  // namespace

void append_classification_softmax(LossRows& rows) {
  append_cross_entropy(rows);
  append_axes(rows);
  append_nll(rows);
  append_focal(rows);
  append_poly1(rows);
  append_logit_adjusted(rows);
  append_brier(rows);
}

void append_classification(LossRows& rows) {
  append_classification_softmax(rows);
  append_classification_binary(rows);
  append_classification_robust(rows);
  append_classification_sparse(rows);
  append_classification_angular(rows);
  append_classification_ordinal(rows);
}

}  // namespace xgrad::testing
