// What the rows of losses of classes share: references that go row by row.
#pragma once

#include <cmath>
#include <functional>
#include <numbers>
#include <utility>
#include <vector>

#include "loss_table.hpp"

namespace xgrad::testing {

using std::numbers::ln2;

void append_classification_softmax(LossRows& rows);
void append_classification_binary(LossRows& rows);
void append_classification_robust(LossRows& rows);
void append_classification_sparse(LossRows& rows);
void append_classification_angular(LossRows& rows);
void append_classification_ordinal(LossRows& rows);

namespace rows {

/// Numbers along the last axis.
using Line = std::vector<long double>;

inline Line softmax(const Line& z) {
  long double total = 0.0L;
  Line p;
  for (const long double each : z) p.push_back(std::exp(each - z[0]));
  for (const long double each : p) total += each;
  for (long double& each : p) each /= total;
  return p;
}

/// From the loss of one sample: f(scores, target), where the target has a probability for each class, 1 at the label
/// if labels are given.
inline Reference by_row(std::function<long double(const Line& z, const Line& t)> f) {
  return [f = std::move(f)](const std::vector<Numbers>& x) {
    const std::size_t classes = x[0].shape.back();
    const bool labelled = x[1].shape.size() < x[0].shape.size();
    std::vector<long double> values;
    for (std::size_t i = 0; i < x[0].at.size() / classes; ++i) {
      const auto first = static_cast<std::ptrdiff_t>(i * classes);
      const auto last = first + static_cast<std::ptrdiff_t>(classes);
      const Line z(x[0].at.begin() + first, x[0].at.begin() + last);
      Line t(classes, 0.0L);
      if (labelled) t[x[1].label(i)] = 1.0L;
      else t.assign(x[1].at.begin() + first, x[1].at.begin() + last);
      values.push_back(f(z, t));
    }
    return values;
  };
}

/// The number between low and high where a falling function passes 0.
template <class F>
long double root(F falling, long double low, long double high) {
  for (int i = 0; i < 200; ++i) {
    const long double middle = 0.5L * (low + high);
    (falling(middle) > 0.0L ? low : high) = middle;
  }
  return low;
}

inline Var some_logits() { return doubles({3, 4}, {0.3, -1.2, 0.8, 0.1, 2.0, 0.4, -0.7, 1.1, -0.2, 0.5, 0.9, -1.6}); }
inline Var some_labels() { return labels({3}, {2, 0, 3}); }
/// Rows that sum to 1 without rounding.
inline Var some_probabilities() {
  return doubles({3, 4}, {0.25, 0.5, 0.125, 0.125, 0.0625, 0.0625, 0.75, 0.125, 0.25, 0.25, 0.25, 0.25});
}
/// Logits of +-10^4, float32.
inline Var large_logits() {
  return floats({4, 3}, {1e4F, -1e4F, 0.0F, -1e4F, -1e4F, -1e4F, 1e4F, 1e4F, 9999.0F, 0.0F, 0.0F, 1e4F});
}
/// Right, wrong, and the least likely.
inline std::vector<Case> large_cases() {
  return {{large_logits(), labels({4}, {0, 1, 2, 2})},
          {large_logits(), labels({4}, {1, 0, 0, 0})},
          {floats({1, 3}, {0.0F, 0.0F, 0.0F}), labels({1}, {1})},
          {floats({2, 1}, {1e4F, -1e4F}), labels({2}, {0, 0})},
          {floats({0, 3}, {}), labels({0}, {})}};
}
/// The same for losses that take probabilities, too.
inline std::vector<Case> large_cases_with_probabilities() {
  std::vector<Case> cases = large_cases();
  cases.push_back({large_logits(), floats({4, 3}, {1, 0, 0, 0.5F, 0.25F, 0.25F, 0, 0, 1, 0.5F, 0.5F, 0})});
  cases.push_back({floats({2, 1}, {1e4F, -1e4F}), floats({2, 1}, {1, 1})});
  cases.push_back({floats({0, 3}, {}), floats({0, 3}, {})});
  return cases;
}

}  // namespace rows
}  // namespace xgrad::testing
