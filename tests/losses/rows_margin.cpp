#include <algorithm>
#include <cmath>

#include <xgrad/loss/margin.hpp>

#include "loss_table.hpp"

namespace xgrad::testing {
namespace {

using Vector = std::vector<long double>;

// ---- two classes

/// A loss of t s alone, element by element.
Reference of_agreement(long double (*f)(long double)) {
  return [f](const std::vector<Numbers>& x) {
    Vector result;
    for (std::size_t i = 0; i < x[0].at.size(); ++i) result.push_back(f(x[1](i) * x[0](i)));
    return result;
  };
}

Var some_signs() { return labels({2, 4}, {1, -1, 1, 1, -1, -1, 1, -1}); }
/// Not at the kinks of any of these losses, on both sides of each.
Var some_scores() { return doubles({2, 4}, {0.3, 0.4, -1.2, 2.3, -0.7, -3.1, -0.05, 1.6}); }

/// The rows of a loss with its known values and gradients at the scores -1e4, -1, 0, 1, 2 and targets 1, -1, ...
template <class L>
void append_signed(LossRows& rows, L loss, long double (*formula)(long double), std::vector<Known> known) {
  const std::string name(L::name);
  known.push_back({.arguments = {doubles({0}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}});
  rows.push_back(
      {.name = name,
       .function = call(loss),
       .smooth = {{some_scores(), some_signs()},
                  {transpose(some_scores()), transpose(some_signs())},
                  {doubles({1}, {0.25}), labels({1}, {-1})},
                  {doubles({}, {-0.75}), labels({}, {1})}},
       .reference = of_agreement(formula),
       .known = std::move(known),
       .extreme = {{floats({6}, {-1e4F, 1e4F, 0.0F, -0.0F, 1e4F, -1e4F}), labels({6}, {1, 1, 1, -1, -1, -1})},
                   {floats({2}, {1.0F, -1.0F}), floats({2}, {1.0F, -1.0F})},
                   {floats({0}, {}), floats({0}, {})}},
       .torch = name == "SoftMargin"});
  loss.check_targets = false;  // so that the targets can be differentiated too
  rows.push_back({.name = name + ".numbers",
                  .function = call(loss),
                  .smooth = {{some_scores(), cast(some_signs(), DType::Float64)}},
                  .reference = of_agreement(formula)});
}

void append_two_classes(LossRows& rows) {
  const Var scores = doubles({5}, {2.0, 1.0, 0.0, -1.0, 1.0});
  const Var signs = labels({5}, {1, 1, 1, -1, -1});
  append_signed(rows, loss::Hinge{}, [](long double a) { return a < 1 ? 1 - a : 0.0L; },
                {{.arguments = {scores, signs}, .values = {0, 0, 1, 0, 2}, .gradients = {{0, 0, -1, 0, 1}}}});
  append_signed(rows, loss::SquaredHinge{}, [](long double a) { return a < 1 ? (1 - a) * (1 - a) : 0.0L; },
                {{.arguments = {scores, signs}, .values = {0, 0, 1, 0, 4}, .gradients = {{0, 0, -2, 0, 4}}}});
  append_signed(rows, loss::SoftMargin{}, [](long double a) { return std::log1p(std::exp(-a)); },
                {{.arguments = {doubles({4}, {0.0, 1e4, 1e4, -1e4}), labels({4}, {-1, 1, -1, -1})},
                  .values = {std::log(2.0), 0, 1e4, 0},
                  .gradients = {{0.5, 0, 1, 0}}}});
  append_signed(rows, loss::Perceptron{}, [](long double a) { return a < 0 ? -a : 0.0L; },
                {{.arguments = {scores, signs}, .values = {0, 0, 0, 0, 1}, .gradients = {{0, 0, 0, 0, 1}}}});
  append_signed(rows, loss::Exponential{}, [](long double a) { return std::exp(-a); },
                {{.arguments = {scores, signs},
                  .values = {std::exp(-2.0), std::exp(-1.0), 1, std::exp(-1.0), std::exp(1.0)},
                  .gradients = {{-std::exp(-2.0), -std::exp(-1.0), -1, std::exp(-1.0), std::exp(1.0)}}}});
}

// ---- several classes

/// One value for each row of [..., K] scores beside its label.
template <class F>
Reference of_rows(F f) {
  return [f](const std::vector<Numbers>& x) {
    const std::size_t classes = x[0].shape.back();
    Vector result;
    for (std::size_t n = 0; n * classes < x[0].at.size(); ++n) {
      const Vector z(x[0].at.begin() + static_cast<std::ptrdiff_t>(n * classes),
                     x[0].at.begin() + static_cast<std::ptrdiff_t>((n + 1) * classes));
      result.push_back(f(z, x[1].label(n)));
    }
    return result;
  };
}

Var class_scores() { return doubles({4, 3}, {0.3, 1.9, -0.4, 0.2, -0.1, 2.5, 3.0, 0.6, 0.1, -0.3, 0.15, -1.4}); }
Var class_labels() { return labels({4}, {1, 0, 0, 2}); }

std::vector<Case> labelled_cases() {
  Random random(5);
  return {{class_scores(), class_labels()},
          {transpose(doubles({3, 2}, {0.4, -1.3, 2.1, 0.2, 0.9, 1.0})), labels({2}, {2, 1})},
          {random.uniform({2, 3, 5}, -2.0, 2.0), labels({2, 3}, {0, 4, 1, 2, 3, 3})},
          {doubles({4}, {0.2, -0.9, 1.45, 0.3}), labels({}, {1})}};
}

std::vector<Case> labelled_extremes() {
  return {{floats({3, 3}, {1e4F, -1e4F, 0.0F, -1e4F, 1e4F, 1e4F, 0.0F, 0.0F, 0.0F}), labels({3}, {0, 0, 2})},
          {floats({1, 2}, {-1e4F, -1e4F}), labels({1}, {1})},
          {floats({2, 1}, {3.0F, -1e4F}), labels({2}, {0, 0})},
          {floats({0, 3}, {}), labels({0}, {})}};
}

Known one_class() {
  return {.arguments = {doubles({2, 1}, {3.0, -4.0}), labels({2}, {0, 0})}, .values = {0, 0}, .gradients = {{0, 0}}};
}
Known no_sample() { return {.arguments = {doubles({0, 3}, {}), labels({0}, {})}, .values = {}, .gradients = {{}}}; }

void append_largest(LossRows& rows) {
  rows.push_back({.name = "MulticlassHinge",
                  .function = call(loss::MulticlassHinge{}),
                  .smooth = labelled_cases(),
                  .reference = of_rows([](const Vector& z, std::size_t y) {
                    long double worst = 0;
                    for (std::size_t j = 0; j < z.size(); ++j) {
                      if (j != y) worst = std::max(worst, 1 + z[j] - z[y]);
                    }
                    return worst;
                  }),
                  // Leads by more than 1, by exactly 1 (shared), by nothing.
                  .known = {{.arguments = {doubles({3, 3}, {2, 0, 0.5, 2, 1, 0, 0.5, 0, 0.5}), labels({3}, {0, 0, 2})},
                             .values = {0, 0, 1},
                             .gradients = {{0, 0, 0, -0.5, 0.5, 0, 1, 0, -1}}},
                            one_class(),
                            no_sample()},
                  .extreme = labelled_extremes()});
  rows.push_back({.name = "MulticlassPerceptron",
                  .function = call(loss::MulticlassPerceptron{}),
                  .smooth = labelled_cases(),
                  .reference = of_rows(
                      [](const Vector& z, std::size_t y) { return *std::max_element(z.begin(), z.end()) - z[y]; }),
                  .known = {{.arguments = {doubles({2, 3}, {2, 0, 0.5, 1, 1, 0}), labels({2}, {0, 2})},
                             .values = {0, 1},
                             .gradients = {{0, 0, 0, 0.5, 0.5, -1}}},
                            one_class(),
                            no_sample()},
                  .extreme = labelled_extremes()});
}

Reference multi_margin(int p, long double margin, const Vector& weights = {}) {
  return of_rows([=](const Vector& z, std::size_t y) {
    long double total = 0;
    for (std::size_t j = 0; j < z.size(); ++j) {
      const long double gap = margin - z[y] + z[j];
      if (j != y && gap > 0) total += p == 1 ? gap : gap * gap;
    }
    return (weights.empty() ? 1 : weights[y]) * total / static_cast<long double>(z.size());
  });
}

void append_multi_margin(LossRows& rows) {
  rows.push_back(
      {.name = "MultiMargin",
       .function = call(loss::MultiMargin{}),
       .smooth = labelled_cases(),
       .reference = multi_margin(1, 1),
       .known = {{.arguments = {doubles({3, 4}, {2, 0, 1, 0.5, 0, 1, 0, 0, 5, 0, 0, 0}), labels({3}, {0, 0, 0})},
                  .values = {0, 1, 0},
                  .gradients = {{0, 0, 0, 0, -0.75, 0.25, 0.25, 0.25, 0, 0, 0, 0}}},
                 one_class(),
                 no_sample()},
       .extreme = labelled_extremes()});
  rows.back().torch = true;
  rows.back().smooth.erase(rows.back().smooth.begin() + 2);  // libtorch takes [N, K] and [K]
  rows.push_back({.name = "MultiMargin.stacked",
                  .function = call(loss::MultiMargin{}),
                  .smooth = labelled_cases(),
                  .reference = multi_margin(1, 1)});
  rows.push_back(
      {.name = "MultiMargin.squares",
       .function = call(loss::MultiMargin{.p = 2, .margin = 0.7}),
       .smooth = {{class_scores(), class_labels()}},
       .reference = multi_margin(2, 0.7),
       .known = {{.arguments = {doubles({1, 2}, {0.7, 0.0}), labels({1}, {0})}, .values = {0}, .gradients = {{0, 0}}}},
       .extreme = labelled_extremes(),
       .torch = true});
  rows.push_back({.name = "MultiMargin.weights",
                  .function = [](const Case& x) { return loss::MultiMargin{.p = 2, .class_weight = x[2]}(x[0], x[1]); },
                  .smooth = {{class_scores(), class_labels(), doubles({3}, {0.5, 2.0, 1.25})}},
                  .reference = multi_margin(2, 1, {0.5, 2.0, 1.25}),
                  .torch = true});
  rows.push_back({.name = "MultiMargin.wide_weights",  // weights of double beside predictions of float
                  .function = call(loss::MultiMargin{.class_weight = doubles({3}, {0.5, 2.0, 1.25})}),
                  .smooth = {{class_scores(), class_labels()}},
                  .reference = multi_margin(1, 1, {0.5, 2.0, 1.25})});
}

// ---- several labels for a sample

Vector pairs_within_margin(const std::vector<Numbers>& x) {
  const std::size_t classes = x[0].shape.back();
  const std::size_t columns = x[1].shape.back();
  Vector result;
  for (std::size_t n = 0; n * classes < x[0].at.size(); ++n) {
    std::vector<std::size_t> right;
    for (std::size_t l = 0; l < columns && x[1](n * columns + l) >= 0; ++l) {
      right.push_back(x[1].label(n * columns + l));
    }
    long double total = 0;
    for (const std::size_t j : right) {
      for (std::size_t i = 0; i < classes; ++i) {
        if (std::find(right.begin(), right.end(), i) != right.end()) continue;
        total += std::max(0.0L, 1 - x[0](n * classes + j) + x[0](n * classes + i));
      }
    }
    result.push_back(total / static_cast<long double>(classes));
  }
  return result;
}

/// Four samples with 3, 0, 5 and 1 of five classes, and labels behind the end of the lists.
Case lists_of_labels() {
  return {doubles({4, 5}, {0.1, -0.9, 1.2,  0.75, 0.3, 1.0,  0.4, 0.2,  -0.3, 0.9,
                           0.8, 0.3,  -1.5, 2.2,  0.6, -0.2, 1.1, 0.35, -2.4, 0.55}),
          labels({4, 5}, {3, 0, 1, -1, 2, -1, 1, 2, 3, 0, 4, 3, 2, 1, 0, 2, -1, -1, 4, 4})};
}

/// Many classes and long lists, [samples, 40], two classes of the first listed twice. No two scores differ by about 1.
Case long_lists(std::size_t samples) {
  Random random(11);
  constexpr std::size_t classes = 40;
  auto list = Array<std::int64_t>::from_shape({samples, classes});
  for (std::size_t n = 0; n < samples; ++n) {
    for (std::size_t l = 0; l < classes; ++l) {
      list(n, l) = l < 36 - n ? static_cast<std::int64_t>((7 * l + n) % (classes - 6)) : -1;
    }
  }
  return {random.lattice({samples, classes}, 0.0), Var(std::move(list))};
}

/// Too many columns to go one by one, and a pair exactly at the margin, first from the left and then from the right.
Known sorted_kinks() {
  constexpr std::size_t columns = 33;
  std::vector<std::int64_t> list(2 * columns, -1);
  list[0] = 0;
  list[columns] = 2;
  return {.arguments = {doubles({2, 3}, {1, 0, 0.5, 0.5, 0, 1}), labels({2, columns}, list)},
          .values = {0.5 / 3, 0.5 / 3},
          .gradients = {{-1.0 / 3, 0, 1.0 / 3, 1.0 / 3, 0, -1.0 / 3}}};
}

void append_multi_label(LossRows& rows) {
  const Var kinks = doubles({2, 4}, {1, 0, 0, 2, 0, 1, 0.5, 1});
  // First sample: class 0 is right and leads 1 and 2 by exactly 1. Second: everything but class 0 is right.
  const Var lists = labels({2, 4}, {0, -1, -1, -1, 1, 2, 3, -1});
  const std::vector<double> slopes{-0.25, 0, 0, 0.25, 0.25, 0, -0.25, 0};
  rows.push_back(
      {.name = "MultiLabelMargin",
       .function = call(loss::MultiLabelMargin{}),
       .smooth = {lists_of_labels(),
                  {doubles({3}, {0.2, 0.9, -1.4}), labels({3}, {2, -1, 0})},
                  {transpose(doubles({2, 2}, {0.4, -1.3, 2.1, 0.2})), labels({2, 2}, {1, -1, 0, -1})},
                  long_lists(3)},
       .reference = pairs_within_margin,
       .known = {{.arguments = {kinks, lists}, .values = {0.5, 0.125}, .gradients = {slopes}},
                 sorted_kinks(),
                 {.arguments = {doubles({0, 4}, {}), labels({0, 4}, {})}, .values = {}, .gradients = {{}}},
                 {.arguments = {doubles({2, 1}, {3.0, -4.0}), labels({2, 1}, {0, -1})},
                  .values = {0, 0},
                  .gradients = {{0, 0}}},
                 // A class that is listed twice counts twice.
                 {.arguments = {doubles({1, 3}, {0.0, 0.0, 5.0}), labels({1, 3}, {2, 0, 0})},
                  .values = {2.0 / 3.0},
                  .gradients = {{-2.0 / 3.0, 2.0 / 3.0, 0}}}},
       .extreme = {{floats({2, 3}, {1e4F, -1e4F, 0.0F, 1e4F, 1e4F, -1e4F}), labels({2, 3}, {1, -1, -1, 0, 2, -1})},
                   {floats({1, 2}, {0.0F, 0.0F}), labels({1, 2}, {-1, -1})},
                   {floats({1, 1}, {1e4F}), labels({1, 1}, {0})},
                   {floats({0, 3}, {}), labels({0, 3}, {})}},
       .torch = true});
  // Concrete labels beside recorded scores: empty columns are left out.
  const Case few = lists_of_labels();
  rows.push_back({.name = "MultiLabelMargin.concrete_labels",
                  .function = [few](const Case& x) { return loss::MultiLabelMargin{}(x[0], few[1]); },
                  .smooth = {{few[0]}},
                  .reference =
                      [few](const std::vector<Numbers>& x) {
                        Numbers captured{few[1].shape(), {}};
                        for (const std::int64_t label : few[1].array<std::int64_t>()) {
                          captured.at.push_back(static_cast<long double>(label));
                        }
                        return pairs_within_margin({x[0], captured});
                      }});
  rows.push_back(
      {.name = "MultiLabelMargin.narrow",
       .function = call(loss::MultiLabelMargin{}),
       .smooth = {{doubles({2, 4}, {0.2, 0.9, -1.4, 0.35, -0.1, 1.15, 0.4, 0.3}), labels({2, 2}, {3, 0, 1, -1})},
                  {doubles({1, 2, 3}, {0.2, 0.9, -1.4, 0.35, -0.1, 1.25}), labels({1, 2, 1}, {2, 1})}},
       .reference = pairs_within_margin,
       .known = {{.arguments = {doubles({2, 3}, {1, 2, 3, 4, 5, 6}), labels({2, 0}, {})},
                  .values = {0, 0},
                  .gradients = {{0, 0, 0, 0, 0, 0}}}}});
}

Vector mean_cross_entropy(const std::vector<Numbers>& x) {
  const std::size_t classes = x[0].shape.back();
  Vector result;
  for (std::size_t n = 0; n * classes < x[0].at.size(); ++n) {
    long double total = 0;
    for (std::size_t i = 0; i < classes; ++i) {
      const long double p = 1 / (1 + std::exp(-x[0](n * classes + i)));
      const long double t = x[1](n * classes + i);
      const long double w = x.size() > 2 ? x[2](i) : 1;
      total -= w * (t * std::log(p) + (1 - t) * std::log(1 - p));
    }
    result.push_back(total / static_cast<long double>(classes));
  }
  return result;
}

void append_soft_multi_label(LossRows& rows) {
  const Var logits = doubles({2, 3}, {0.4, -1.7, 2.2, 0.0, 3.1, -0.6});
  const Var target = doubles({2, 3}, {1.0, 0.0, 0.3, 0.5, 0.9, 0.2});
  const Var zeros_and_ones = labels({2, 3}, {1, 0, 1, 0, 0, 1});
  loss::MultiLabelSoftMargin unchecked{.check_targets = false};
  rows.push_back({.name = "MultiLabelSoftMargin",
                  .function = call(unchecked),
                  .smooth = {{logits, target},
                             {transpose(doubles({2, 2}, {0.4, -1.3, 2.1, 0.2})), doubles({2, 2}, {0.1, 0.9, 0.4, 1.0})},
                             {doubles({2}, {0.3, -0.3}), doubles({2}, {1.0, 0.5})}},
                  .reference = mean_cross_entropy,
                  .known = {{.arguments = {doubles({2, 2}, {0.0, 0.0, 1e4, -1e4}), labels({2, 2}, {1, 0, 1, 0})},
                             .values = {std::log(2.0), 0},
                             .gradients = {{-0.25, 0.25, 0, 0}}},
                            {.arguments = {doubles({1, 2}, {-1e4, 1e4}), labels({1, 2}, {1, 0})},
                             .values = {1e4},
                             .gradients = {{-0.5, 0.5}}},
                            {.arguments = {doubles({0, 3}, {}), labels({0, 3}, {})}, .values = {}, .gradients = {{}}}},
                  .extreme = {{floats({2, 2}, {1e4F, -1e4F, 1e4F, 0.0F}), floats({2, 2}, {1.0F, 0.0F, 0.0F, 0.5F})},
                              {floats({1, 1}, {-1e4F}), floats({1, 1}, {1.0F})},
                              {floats({0, 2}, {}), floats({0, 2}, {})}},
                  .torch = true});
  rows.push_back({.name = "MultiLabelSoftMargin.checked",
                  .function = call(loss::MultiLabelSoftMargin{}),
                  .smooth = {{logits, zeros_and_ones}},
                  .reference = mean_cross_entropy});
  rows.push_back({.name = "MultiLabelSoftMargin.weights",
                  .function = [](const Case& x) { return loss::MultiLabelSoftMargin{.weight = x[2]}(x[0], x[1]); },
                  .smooth = {{logits, zeros_and_ones, doubles({3}, {0.5, 2.0, 1.25})}},
                  .reference = mean_cross_entropy,
                  .torch = true});
}

}  // namespace

void append_margin(LossRows& rows) {
  append_two_classes(rows);
  append_largest(rows);
  append_multi_margin(rows);
  append_multi_label(rows);
  append_soft_multi_label(rows);
}

}  // namespace xgrad::testing
