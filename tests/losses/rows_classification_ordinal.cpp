// Rows of the loss of ordered classes.
#include <xgrad/loss/classification_ordinal.hpp>

#include "rows_classification.hpp"

namespace xgrad::testing {
namespace {

long double at_most(long double x) { return 1.0L / (1.0L + std::exp(-x)); }

Reference ordinal(const std::vector<long double>& thresholds) {
  return [=](const std::vector<Numbers>& x) {
    std::vector<long double> values;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) {
      const std::size_t y = x[1].label(i);
      const long double upper = y < thresholds.size() ? at_most(thresholds[y] - x[0](i)) : 1.0L;
      const long double lower = y > 0 ? at_most(thresholds[y - 1] - x[0](i)) : 0.0L;
      values.push_back(-std::log(upper - lower));
    }
    return values;
  };
}

Var scores() { return doubles({2, 3}, {0.3, -1.2, 2.8, 0.1, -2.0, 0.6}); }
Var ratings() { return labels({2, 3}, {0, 1, 3, 2, 0, 1}); }
Var cuts() { return doubles({3}, {-1.0, 0.25, 2.0}); }

const auto with_thresholds = [](const Case& x) { return loss::Ordinal{.thresholds = x[2]}(x[0], x[1]); };

}  // namespace

void append_classification_ordinal(LossRows& rows) {
  rows.push_back({.name = "Ordinal",
                  .function = call(loss::Ordinal{}),
                  .smooth = {{scores(), labels({2, 3}, {0, 1, 1, 0, 1, 0})}, {doubles({}, {0.4}), labels({}, {1})}},
                  .reference = ordinal({0.0L}),
                  .known = {{.arguments = {doubles({2}, {0, 0}), labels({2}, {0, 1})},
                             .values = {ln2, ln2},
                             .gradients = {{0.5, -0.5}}},
                            {.arguments = {doubles({4}, {1000, 1000, -1000, -1000}), labels({4}, {0, 1, 0, 1})},
                             .values = {1000, 0, 0, 1000},
                             .gradients = {{1, 0, 0, -1}}},
                            {.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = {{floats({4}, {1e4F, 1e4F, -1e4F, -1e4F}), labels({4}, {0, 1, 0, 1})},
                              {floats({1}, {0.0F}), labels({1}, {0})},
                              {floats({0, 2}, {}), labels({0, 2}, {})}}});
  rows.push_back({.name = "Ordinal.settings",
                  .function = call(loss::Ordinal{.thresholds = cuts()}),
                  .smooth = {{scores(), ratings()}},
                  .reference = ordinal({-1.0L, 0.25L, 2.0L})});
  rows.push_back(
      {.name = "Ordinal.trained",
       .function = with_thresholds,
       .smooth = {{scores(), ratings(), cuts()}},
       .reference = ordinal({-1.0L, 0.25L, 2.0L}),
       .known = {{.arguments = {doubles({1}, {0}), labels({1}, {1}), doubles({2}, {-0.5, 0.5})},
                  .values = {-std::log(std::tanh(0.25))}},
                 {.arguments = {doubles({3}, {1000, 0, -1000}), labels({3}, {1, 1, 1}), doubles({2}, {-300, 300})},
                  .values = {700, 0, 700},
                  .gradients = {{1, 0, -1}, {1, -1}}},
                 {.arguments = {doubles({2}, {3, -4}), labels({2}, {0, 0}), doubles({0}, {})},
                  .values = {0, 0},
                  .gradients = {{0, 0}, {}}},
                 {.arguments = {doubles({0}, {}), labels({0}, {}), doubles({2}, {-1, 1})},
                  .values = {},
                  .gradients = {{}, {0, 0}}}},
       .extreme = {{floats({6}, {1e4F, 1e4F, 1e4F, -1e4F, -1e4F, -1e4F}), labels({6}, {0, 1, 2, 0, 1, 2}),
                    floats({2}, {-1, 1})},
                   {floats({3}, {0, 0, 0}), labels({3}, {0, 1, 2}), floats({2}, {-1e4F, 1e4F})},
                   {floats({3}, {0, 0, 0}), labels({3}, {0, 1, 2}), floats({2}, {0.0F, 1e-6F})}}});
}

}  // namespace xgrad::testing
