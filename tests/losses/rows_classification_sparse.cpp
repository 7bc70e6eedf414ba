// Rows of the losses of sparse probabilities.
#include <xgrad/loss/classification_sparse.hpp>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

using namespace rows;

/// The maximiser of <p, z> - Omega(p), with the multiplier found by bisection.
Line entmax(const Line& z, long double alpha) {
  if (alpha == 1.0L) return softmax(z);
  const auto weight = [&](long double score, long double tau) {
    return std::pow(std::max((alpha - 1.0L) * score - tau, 0.0L), 1.0L / (alpha - 1.0L));
  };
  const long double largest = (alpha - 1.0L) * *std::max_element(z.begin(), z.end());
  const auto excess = [&](long double tau) {
    long double total = -1.0L;
    for (const long double each : z) total += weight(each, tau);
    return total;
  };
  const long double tau = root(excess, largest - 1.0L, largest);
  Line p;
  for (const long double each : z) p.push_back(weight(each, tau));
  return p;
}

long double omega(const Line& p, long double alpha) {
  long double total = 0.0L;
  for (const long double each : p) {
    if (alpha == 1.0L) total += each > 0.0L ? each * std::log(each) : 0.0L;
    else total += (std::pow(each, alpha) - each) / (alpha * (alpha - 1.0L));
  }
  return total;
}

/// <p, z> - Omega(p) + Omega(t) - <t, z>.
Reference fenchel_young(long double alpha) {
  return by_row([alpha](const Line& z, const Line& t) {
    const Line p = entmax(z, alpha);
    long double total = omega(t, alpha) - omega(p, alpha);
    for (std::size_t k = 0; k < z.size(); ++k) total += (p[k] - t[k]) * z[k];
    return total;
  });
}

/// Some probabilities are 0: the third and fourth, the second and third, the last.
Var sparse_logits() { return doubles({3, 4}, {1.0, 0.8, -1.5, -2.0, 2.0, -0.9, -0.7, 1.6, -0.2, 0.3, 0.1, -3.0}); }

void append_sparsemax(LossRows& rows) {
  rows.push_back(
      {.name = "Sparsemax",
       .function = call(loss::Sparsemax{}),
       .smooth = {{sparse_logits(), some_labels()},
                  {sparse_logits(), some_probabilities()},
                  {doubles({3}, {0.2, -0.4, 0.3}), labels({}, {1})}},
       .reference = fenchel_young(2.0L),
       // Two classes, d = z_y - z_j (section 3.3 of the paper): 0 for d >= 1, -d for d <= -1, else (1 - d)^2 / 4.
       .known = {{.arguments = {doubles({5, 2}, {3, 0, 1.5, 0, 0.5, 0, 0, 0.5, 0, 3}), labels({5}, {0, 0, 0, 0, 0})},
                  .values = {0, 0, 0.0625, 0.5625, 3},
                  .gradients = {{0, 0, 0, 0, -0.25, 0.25, -0.75, 0.75, -1, 1}}},
                 {.arguments = {doubles({2, 2}, {1, 0, 4, 4}), labels({2}, {0, 1})},
                  .values = {0, 0.25},
                  .gradients = {{0, 0, 0.5, -0.5}}},
                 {.arguments = {doubles({2, 1}, {3, -4}), labels({2}, {0, 0})},
                  .values = {0, 0},
                  .gradients = {{0, 0}}},
                 {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
       .extreme = large_cases_with_probabilities()});
}

void append_fenchel_young(LossRows& rows) {
  const std::vector<Case> cases{{sparse_logits(), some_labels()},
                                {sparse_logits(), some_probabilities()},
                                {doubles({3}, {0.2, -0.4, 0.3}), labels({}, {1})}};
  const double half = std::sqrt(2.0) / 2.0;
  rows.push_back({.name = "FenchelYoung",
                  .function = call(loss::FenchelYoung{}),
                  .smooth = cases,
                  .reference = fenchel_young(1.5L),
                  .known = {{.arguments = {doubles({3, 2}, {9, 0, 0, 9, 5, 5}), labels({3}, {0, 0, 1})},
                             .values = {0, 9, (1 - half) / 0.75},
                             .gradients = {{0, 0, -1, 1, 0.5, -0.5}}},
                            {.arguments = {doubles({2, 1}, {3, -4}), labels({2}, {0, 0})},
                             .values = {0, 0},
                             .gradients = {{0, 0}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = large_cases_with_probabilities()});
  for (const double alpha : {1.0, 1.001, 1.2, 1.75, 2.0}) {
    rows.push_back({.name = "FenchelYoung." + std::to_string(alpha),
                    .function = call(loss::FenchelYoung{.alpha = alpha}),
                    .smooth = cases,
                    .reference = fenchel_young(static_cast<long double>(alpha)),
                    .extreme = large_cases_with_probabilities()});
  }
  rows.push_back({.name = "FenchelYoung.softmax",
                  .function = call(loss::FenchelYoung{.alpha = 1.0}),
                  .smooth = cases,
                  .reference = fenchel_young(1.0L),
                  .known = {{.arguments = {doubles({2, 2}, {3, 3, 1000, 0}), labels({2}, {0, 1})},
                             .values = {ln2, 1000},
                             .gradients = {{-0.5, 0.5, 1, -1}}}}});
}

}  // namespace

void append_classification_sparse(LossRows& rows) {
  append_sparsemax(rows);
  append_fenchel_young(rows);
}

}  // namespace xgrad::testing
