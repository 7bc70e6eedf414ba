// Rows of the losses for labels that may be wrong.
#include <xgrad/loss/classification_robust.hpp>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

using namespace rows;

Reference generalized(long double q) {
  return by_row([q](const Line& z, const Line& t) {
    const Line p = softmax(z);
    long double total = 0.0L;
    for (std::size_t k = 0; k < z.size(); ++k) total += t[k] * (1.0L - std::pow(p[k], q)) / q;
    return total;
  });
}

void append_generalized_cross_entropy(LossRows& rows) {
  rows.push_back({.name = "GeneralizedCrossEntropy",
                  .function = call(loss::GeneralizedCrossEntropy{}),
                  .smooth = {{some_logits(), some_labels()},
                             {some_logits(), some_probabilities()},
                             {doubles({3}, {0.2, -0.4, 1.0}), labels({}, {1})}},
                  .reference = generalized(0.7L),
                  .known = {{.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 1 / 0.7},
                             .gradients = {{0, 0, 0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  rows.push_back(
      {.name = "GeneralizedCrossEntropy.one",
       .function = call(loss::GeneralizedCrossEntropy{.q = 1.0}),
       .smooth = {{some_logits(), some_labels()}},
       .reference = generalized(1.0L),
       .known = {
           {.arguments = {doubles({1, 2}, {0, 0}), labels({1}, {0})}, .values = {0.5}, .gradients = {{-0.25, 0.25}}}}});
}

Reference symmetric(long double alpha, long double beta, long double log_zero) {
  return by_row([=](const Line& z, const Line& t) {
    const Line p = softmax(z);
    long double total = 0.0L;
    for (std::size_t k = 0; k < z.size(); ++k) {
      const long double log_t = t[k] > 0.0L ? std::max(std::log(t[k]), log_zero) : log_zero;
      total += -alpha * t[k] * std::log(p[k]) - beta * p[k] * log_t;
    }
    return total;
  });
}

void append_symmetric(LossRows& rows) {
  rows.push_back({.name = "SymmetricCrossEntropy",
                  .function = call(loss::SymmetricCrossEntropy{}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = symmetric(0.1L, 1.0L, -4.0L),
                  .known = {{.arguments = {doubles({1, 2}, {0, 0}), labels({1}, {0})},
                             .values = {0.1 * ln2 + 2.0},
                             .gradients = {{-1.05, 1.05}}},
                            {.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 104},
                             .gradients = {{0, 0, 0.1, -0.1}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "SymmetricCrossEntropy.cut",  // a probability of 1/16 counts as e^-2
                  .function = call(loss::SymmetricCrossEntropy{.alpha = 6.0, .beta = 0.1, .log_zero = -2.0}),
                  .smooth = {{some_logits(), some_labels()}, {some_logits(), some_probabilities()}},
                  .reference = symmetric(6.0L, 0.1L, -2.0L)});
}

long double log_t(long double x, long double t) {
  return t == 1.0L ? std::log(x) : (std::pow(x, 1.0L - t) - 1.0L) / (1.0L - t);
}

long double exp_t(long double x, long double t) {
  if (t == 1.0L) return std::exp(x);
  return std::pow(std::max(1.0L + (1.0L - t) * x, 0.0L), 1.0L / (1.0L - t));
}

Line tempered_softmax(const Line& z, long double t) {
  const long double largest = *std::max_element(z.begin(), z.end());
  const auto excess = [&](long double lambda) {
    long double total = -1.0L;
    for (const long double each : z) total += exp_t(each - lambda, t);
    return total;
  };
  const long double lambda = root(excess, largest, largest + 100.0L);
  Line p;
  for (const long double each : z) p.push_back(exp_t(each - lambda, t));
  return p;
}

Reference bi_tempered(long double t1, long double t2) {
  return by_row([=](const Line& z, const Line& t) {
    const Line p = tempered_softmax(z, t2);
    long double total = 0.0L;
    for (std::size_t k = 0; k < z.size(); ++k) {
      if (t[k] > 0.0L) total += t[k] * (log_t(t[k], t1) - log_t(p[k], t1));
      total -= (std::pow(t[k], 2.0L - t1) - std::pow(p[k], 2.0L - t1)) / (2.0L - t1);
    }
    return total;
  });
}

void append_bi_tempered(LossRows& rows) {
  const std::vector<Case> both{{some_logits(), some_labels()}, {some_logits(), some_probabilities()}};
  rows.push_back({.name = "BiTempered",
                  .function = call(loss::BiTempered{}),
                  .smooth = {{some_logits(), some_labels()},
                             {some_logits(), some_probabilities()},
                             {doubles({3}, {0.2, -40.0, 9.0}), labels({}, {1})}},
                  .reference = bi_tempered(0.8L, 1.2L),
                  .known = {{.arguments = {doubles({1, 2}, {7, 7}), labels({1}, {0})},
                             .values = {(1 - std::pow(0.5, 0.2)) / 0.2 - (1 - std::pow(0.5, 0.2)) / 1.2}},
                            {.arguments = {doubles({2, 1}, {3, -4}), labels({2}, {0, 0})},
                             .values = {0, 0},
                             .gradients = {{0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "BiTempered.heavy",
                  .function = call(loss::BiTempered{.t1 = 0.0, .t2 = 4.0}),
                  .smooth = both,
                  .reference = bi_tempered(0.0L, 4.0L),
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "BiTempered.almost_one",
                  .function = call(loss::BiTempered{.t1 = 0.999, .t2 = 1.001}),
                  .smooth = both,
                  .reference = bi_tempered(0.999L, 1.001L),
                  .extreme = large_cases_with_probabilities()});
  rows.push_back({.name = "BiTempered.one",
                  .function = call(loss::BiTempered{.t1 = 1.0, .t2 = 1.0}),
                  .smooth = both,
                  .reference = bi_tempered(1.0L, 1.0L),
                  .known = {{.arguments = {doubles({2, 2}, {1000, 0, 1000, 0}), labels({2}, {0, 1})},
                             .values = {0, 1000},
                             .gradients = {{0, 0, 1, -1}}}},
                  .extreme = large_cases_with_probabilities()});
  // Few steps: the last two, which are differentiated, are Newton's as well.
  rows.push_back({.name = "BiTempered.four_steps",
                  .function = call(loss::BiTempered{.t1 = 0.5, .t2 = 1.5, .iterations = 4}),
                  .smooth = both,
                  .reference = bi_tempered(0.5L, 1.5L)});
}

}  // namespace

void append_classification_robust(LossRows& rows) {
  append_generalized_cross_entropy(rows);
  append_symmetric(rows);
  append_bi_tempered(rows);
}

}  // namespace xgrad::testing
