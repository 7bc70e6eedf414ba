// Rows of the losses of sequences.
#include <cmath>

#include <xgrad/loss/sequence.hpp>

#include "loss_table.hpp"

namespace xgrad::testing {
namespace {

using Symbols = std::vector<std::size_t>;

/// What an alignment spells: repeated symbols merged, then blanks (0) dropped.
Symbols spelt(const Symbols& alignment) {
  Symbols result;
  for (std::size_t t = 0; t < alignment.size(); ++t) {
    const bool repeated = t > 0 && alignment[t] == alignment[t - 1];
    if (alignment[t] != 0 && !repeated) result.push_back(alignment[t]);
  }
  return result;
}

/// Every alignment is tried.
std::vector<long double> by_enumeration(const std::vector<Numbers>& x) {
  const Numbers& p = x[0];
  const std::size_t classes = p.shape[2];
  std::vector<long double> result;
  for (std::size_t n = 0; n < p.shape[1]; ++n) {
    const std::size_t steps = x[2].label(n);
    Symbols target;
    for (std::size_t s = 0; s < x[3].label(n); ++s) target.push_back(static_cast<std::size_t>(x[1](n, s)));
    long double total = 0;
    Symbols alignment(steps, 0);
    for (bool more = true; more;) {
      long double log_p = 0;
      for (std::size_t t = 0; t < steps; ++t) log_p += p(t, n, alignment[t]);
      if (spelt(alignment) == target) total += std::exp(log_p);
      more = false;
      for (std::size_t& symbol : alignment) {
        symbol = (symbol + 1) % classes;
        more = symbol != 0;
        if (more) break;
      }
    }
    result.push_back(-std::log(total));
  }
  return result;
}

}  // namespace

void append_sequence(LossRows& rows) {
  Random random(71);
  const Var targets = labels({3, 3}, {1, 1, 2, 2, 1, 9, 2, -7, 0});
  const Var steps = labels({3}, {6, 5, 4});
  const Var lengths = labels({3}, {3, 2, 1});
  const Var first = random.uniform({6, 3, 3});
  const Var logits = random.uniform({6, 3, 3}, -3.0, 3.0);
  const auto after_softmax = [](loss::Ctc ctc) {
    return [ctc](const Case& x) { return ctc(log_softmax(x[0]), x[1], x[2], x[3]); };
  };
  const auto reference = [](const std::vector<Numbers>& x) {
    std::vector<Numbers> normalised = x;
    Numbers& p = normalised[0];
    for (std::size_t row = 0; row < p.at.size(); row += p.shape[2]) {
      long double total = 0;
      for (std::size_t c = 0; c < p.shape[2]; ++c) total += std::exp(p.at[row + c]);
      for (std::size_t c = 0; c < p.shape[2]; ++c) p.at[row + c] -= std::log(total);
    }
    return by_enumeration(normalised);
  };
  const auto far = [](float sign) {
    std::vector<float> numbers;
    for (int i = 0; i < 4 * 1 * 3; ++i)
      numbers.push_back(i % 3 == 1 ? sign * 1e4F : (i % 3 == 2 ? -sign * 1e4F : 0.0F));
    return floats({4, 1, 3}, numbers);
  };
  const double half = std::log(0.5);
  rows.push_back(
      {.name = "Ctc",
       .function = after_softmax({}),
       .smooth = {{first, targets, steps, lengths}, {logits, targets, steps, lengths}},
       .reference = reference,
       .known =
           {{.arguments = {doubles({2, 1, 2}, {0, 0, 0, 0}), labels({1, 1}, {1}), labels({1}, {2}), labels({1}, {1})},
             .values = {-std::log(0.75)}},  // a-, -a and aa
            {.arguments = {doubles({2, 1, 2}, {0, 0, 0, 0}), labels({1, 1}, {1}), labels({1}, {2}), labels({1}, {0})},
             .values = {-2.0 * half}},  // only blanks
            {.arguments = {doubles({1, 1, 2}, {0, 0}), labels({1, 2}, {1, 1}), labels({1}, {1}), labels({1}, {2})},
             .values = {infinity},
             .gradients = {{0, 0}}},
            {.arguments = {doubles({2, 0, 2}, {}), labels({0, 1}, {}), labels({0}, {}), labels({0}, {})},
             .values = {},
             .gradients = {{}}},
            {.arguments = {doubles({0, 1, 2}, {}), labels({1, 1}, {1}), labels({1}, {0}), labels({1}, {0})},
             .values = {0.0}}},
       .extreme = {{far(1.0F), labels({1, 2}, {1, 2}), labels({1}, {4}), labels({1}, {2})},
                   {far(-1.0F), labels({1, 2}, {1, 1}), labels({1}, {4}), labels({1}, {2})},
                   {far(1.0F), labels({1, 0}, {}), labels({1}, {4}), labels({1}, {0})}},
       .torch = true,
       .torch_order = 1});
  rows.push_back({.name = "Ctc.log_probabilities",  // whose rows need not add up to 1 for the formula to hold
                  .function = call(loss::Ctc{}),
                  .smooth = {{random.uniform({6, 3, 3}, -3.0, -0.5), targets, steps, lengths}},
                  .reference = by_enumeration,
                  .extreme = {{floats({2, 1, 2}, {0.0F, -INFINITY, -INFINITY, 0.0F}), labels({1, 1}, {1}),
                               labels({1}, {2}), labels({1}, {1})}}});
  rows.push_back(
      {.name = "Ctc.zero_infinity",
       .function = after_softmax({.zero_infinity = true}),
       .smooth = {{first, targets, steps, lengths}},
       .reference = reference,
       .known = {{.arguments = {doubles({1, 1, 2}, {0, 0}), labels({1, 2}, {1, 1}), labels({1}, {1}), labels({1}, {2})},
                  .values = {0.0},
                  .gradients = {{0, 0}}}}});
}

}  // namespace xgrad::testing
