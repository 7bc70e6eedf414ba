// Penalties on the derivatives of functions, and losses that join others.
#include "rows_joining.hpp"

#include <cmath>
#include <vector>

#include <xgrad/loss/gradient_penalty.hpp>
#include <xgrad/loss/joining.hpp>

namespace xgrad::testing {
namespace {

using Number = long double;
using Values = std::vector<Number>;

// ---- derivatives of functions

/// tanh(z W) a, a score for each sample.
Operation gradient_penalty(loss::GradientPenalty penalty) {
  return [penalty](const Case& x) {
    return penalty([&](const Var& z) { return matmul(tanh(matmul(z, x[1])), x[2]); }, x[0]);
  };
}

Number tanh_slope(const Numbers& z, const Numbers& w, std::size_t n, std::size_t h) {
  Number sum = 0;
  for (std::size_t d = 0; d < z.columns(); ++d) sum += z(n, d) * w(d, h);
  return 1 - std::tanh(sum) * std::tanh(sum);
}

/// The squared length of the gradient of each sample.
Values squared_gradients(const std::vector<Numbers>& x) {
  Values result;
  for (std::size_t n = 0; n < x[0].rows(); ++n) {
    Number squares = 0;
    for (std::size_t d = 0; d < x[0].columns(); ++d) {
      Number slope = 0;
      for (std::size_t h = 0; h < x[2].at.size(); ++h) slope += x[1](d, h) * tanh_slope(x[0], x[1], n, h) * x[2](h);
      squares += slope * slope;
    }
    result.push_back(squares);
  }
  return result;
}

Reference gradient_reference(Number target, bool one_sided) {
  return [=](const std::vector<Numbers>& x) {
    Values result = squared_gradients(x);
    for (Number& value : result) {
      const Number excess = std::sqrt(value) - target;
      value = one_sided && excess < 0 ? 0 : excess * excess;
    }
    return result;
  };
}

void append_gradient_penalty(LossRows& rows) {
  Random random(26);
  const Case smooth = {random.uniform({4, 2}, -0.6, 0.6), random.away_from_zero({2, 3}), random.away_from_zero({3})};
  const Var one = doubles({1, 1}, {1.0});
  const std::vector<Case> extreme = {
      {floats({2, 1}, {1e4F, 0.0F}), floats({1, 2}, {1.0F, -1e4F}), floats({2}, {1.0F, 2.0F})},
      {floats({1, 2}, {1.0F, 2.0F}), floats({2, 1}, {0.0F, 0.0F}), floats({1}, {0.0F})},
      {floats({0, 2}, {}), floats({2, 1}, {1.0F, 2.0F}), floats({1}, {1.0F})}};

  // At 0, tanh(z w) a has the gradient w a.
  rows.push_back({.name = "GradientPenalty",
                  .function = gradient_penalty({}),
                  .smooth = {smooth},
                  .reference = gradient_reference(1, false),
                  .known = {{{doubles({1, 1}, {0.0}), one, doubles({1}, {1.0})}, {0.0}, {{0.0}, {0.0}, {0.0}}},
                            {{doubles({1, 1}, {0.0}), one, doubles({1}, {3.0})}, {4.0}, {{0.0}, {12.0}, {4.0}}},
                            {{doubles({1, 1}, {0.0}), one, doubles({1}, {0.0})}, {1.0}, {{0.0}, {0.0}, {0.0}}}},
                  .extreme = extreme});
  rows.push_back({.name = "GradientPenalty.zero_target",
                  .function = gradient_penalty({.target = 0.0}),
                  .smooth = {smooth},
                  .reference = gradient_reference(0, false),
                  .known = {{{doubles({1, 1}, {0.0}), one, doubles({1}, {0.0})}, {0.0}, {{0.0}, {0.0}, {0.0}}}},
                  .extreme = extreme});
  rows.push_back({.name = "GradientPenalty.one_sided",
                  .function = gradient_penalty({.target = 0.7, .one_sided = true}),
                  .smooth = {smooth},
                  .reference = gradient_reference(0.7L, true),
                  .known = {{{doubles({1, 1}, {0.0}), one, doubles({1}, {0.5})}, {0.0}, {{0.0}, {0.0}, {0.0}}}},
                  .extreme = extreme});
}

/// tanh(z W), an output for each column.
Operation jacobian_penalty(const loss::JacobianPenalty& penalty) {
  return [penalty](const Case& x) { return penalty([&](const Var& z) { return tanh(matmul(z, x[1])); }, x[0]); };
}

Values squared_jacobians(const std::vector<Numbers>& x) {
  Values result;
  for (std::size_t n = 0; n < x[0].rows(); ++n) {
    Number squares = 0;
    for (std::size_t c = 0; c < x[1].columns(); ++c) {
      const Number slope = tanh_slope(x[0], x[1], n, c);
      for (std::size_t d = 0; d < x[1].rows(); ++d) squares += slope * slope * x[1](d, c) * x[1](d, c);
    }
    result.push_back(squares);
  }
  return result;
}

/// The mean over projections v of |v^T J|^2.
Values projected_jacobians(const Numbers& v, const std::vector<Numbers>& x) {
  Values result;
  for (std::size_t n = 0; n < x[0].rows(); ++n) {
    Number squares = 0;
    for (std::size_t p = 0; p < v.shape[0]; ++p) {
      for (std::size_t d = 0; d < x[1].rows(); ++d) {
        Number slope = 0;
        for (std::size_t c = 0; c < x[1].columns(); ++c) {
          slope += v(p, n, c) * tanh_slope(x[0], x[1], n, c) * x[1](d, c);
        }
        squares += slope * slope;
      }
    }
    result.push_back(squares / static_cast<Number>(v.shape[0]));
  }
  return result;
}

void append_jacobian_penalty(LossRows& rows) {
  Random random(27);
  const Case few_outputs = {random.uniform({3, 4}, -0.6, 0.6), random.uniform({4, 2})};
  const Case few_inputs = {random.uniform({3, 2}, -0.6, 0.6), random.uniform({2, 5})};
  const std::vector<Case> extreme = {{floats({2, 1}, {1e4F, 0.0F}), floats({1, 2}, {1.0F, -1e4F})},
                                     {floats({0, 2}, {}), floats({2, 2}, {1.0F, 2.0F, 3.0F, 4.0F})},
                                     {floats({1, 2}, {0, 0}), floats({2, 1}, {0, 0})}};
  rows.push_back({.name = "JacobianPenalty",
                  .function = jacobian_penalty({}),
                  .smooth = {few_outputs, few_inputs},
                  .reference = squared_jacobians,
                  .known = {{{doubles({1, 2}, {0.0, 0.0}), doubles({2, 2}, {1.0, 2.0, 3.0, 4.0})},
                             {30.0},
                             {{0.0, 0.0}, {2.0, 4.0, 6.0, 8.0}}}},
                  .extreme = extreme});
  const Var projections = random.uniform({2, 3, 2});
  const Numbers numbers{{2, 3, 2}, {projections.array<double>().begin(), projections.array<double>().end()}};
  rows.push_back({.name = "JacobianPenalty.projected",
                  .function = jacobian_penalty({.projections = projections}),
                  .smooth = {few_outputs},
                  .reference = [numbers](const std::vector<Numbers>& x) { return projected_jacobians(numbers, x); }});
}

// ---- losses that join others

void append_uncertainty(LossRows& rows) {
  const auto number = [](double x) { return doubles({}, {x}); };
  const auto single = [](float x) { return floats({}, {x}); };
  rows.push_back({.name = "UncertaintyWeighting",
                  .function =
                      [](const Case& x) {
                        const loss::UncertaintyWeighting joined{.log_variances = x[0]};
                        return joined(std::vector<Var>(x.begin() + 1, x.end()));
                      },
                  .smooth = {{doubles({3}, {0.3, -0.8, 1.2}), number(0.7), number(2.0), number(0.1)}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Number result = 0;
                        for (std::size_t i = 0; i + 1 < x.size(); ++i) {
                          const Number variance = std::exp(x[0](i));
                          result += x[i + 1].at[0] / (2 * variance) + std::log(std::sqrt(variance));
                        }
                        return Values{result};
                      },
                  .known = {{{doubles({2}, {0.0, 0.0}), number(1.0), number(3.0)}, {2.0}, {{0.0, -1.0}, {0.5}, {0.5}}},
                            {{doubles({1}, {std::log(4.0)}), number(4.0)}, {0.5 + std::log(2.0)}, {{0.0}, {0.125}}},
                            {{doubles({0}, {})}, {0.0}, {{}}}},
                  .extreme = {{floats({2}, {50.0F, -50.0F}), single(1e4F), single(0.0F)},
                              {floats({2}, {1e4F, 0.0F}), single(1e4F), single(-1e4F)}}});
}

Reference distillation(Numbers teacher, Number temperature, Number alpha) {
  return [=](const std::vector<Numbers>& x) {
    const std::size_t classes = teacher.shape.back();
    Values result;
    for (std::size_t n = 0; n < x[1].at.size(); ++n) {
      const auto softmax = [&](const Numbers& logits, std::size_t k, Number t) {
        Number total = 0;
        for (std::size_t j = 0; j < classes; ++j) total += std::exp(logits.at[n * classes + j] / t);
        return std::exp(logits.at[n * classes + k] / t) / total;
      };
      Number divergence = 0;
      for (std::size_t k = 0; k < classes; ++k) {
        const Number q = softmax(teacher, k, temperature);
        divergence += q * std::log(q / softmax(x[0], k, temperature));
      }
      result.push_back(alpha * temperature * temperature * divergence -
                       (1 - alpha) * std::log(softmax(x[0], x[1].label(n), 1)));
    }
    return result;
  };
}

/// The teacher is no argument of the row: no derivative flows there.
LossRow with_teacher(const std::string& name, const loss::Distillation& loss, const Var& teacher, const Case& at) {
  const Array<double>& numbers = teacher.array<double>();
  return {.name = name,
          .function = [=](const Case& x) { return loss(x[0], cast(teacher, x[0].dtype()), x[1]); },
          .smooth = {at},
          .reference = distillation({teacher.shape(), {numbers.begin(), numbers.end()}}, loss.temperature, loss.alpha)};
}

void append_distillation(LossRows& rows) {
  Random random(28);
  const Var teacher = doubles({2, 3}, {0.5, 0.5, 0.5, -0.5, 2.0, 1.0});
  rows.push_back(with_teacher("Distillation", {.temperature = 2.5, .alpha = 0.7}, teacher,
                              {transpose(random.uniform({3, 2})), labels({2}, {1, 2})}));
  // A student with the teacher's logits has the loss of its labels only.
  const double total = std::exp(-0.5) + std::exp(2.0) + std::exp(1.0);
  rows.back().known = {{{teacher, labels({2}, {0, 2})},
                        {0.3 * std::log(3.0), 0.3 * (std::log(total) - 1.0)},
                        {{-0.2, 0.1, 0.1, 0.3 * std::exp(-0.5) / total, 0.3 * std::exp(2.0) / total,
                          0.3 * std::exp(1.0) / total - 0.3}}}};
  rows.back().extreme = {{floats({2, 3}, {1e4F, -1e4F, 0.0F, 1e4F, 1e4F, 1e4F}), labels({2}, {0, 1})}};

  rows.push_back(with_teacher("Distillation.certain_teacher", {.alpha = 0.75}, doubles({2, 2}, {1e4, -1e4, 1e4, -1e4}),
                              {doubles({2, 2}, {0.3, -0.4, 0.1, 0.2}), labels({2}, {0, 1})}));
  rows.back().reference = [](const std::vector<Numbers>& x) {
    Values result;
    for (std::size_t n = 0; n < 2; ++n) {
      const Number hard = std::log1p(std::exp(x[0](n, 1 - x[1].label(n)) - x[0](n, x[1].label(n))));
      result.push_back(0.75L * 4 * std::log1p(std::exp((x[0](n, 1) - x[0](n, 0)) / 2)) + 0.25L * hard);
    }
    return result;
  };
  rows.back().known = {{{doubles({2, 2}, {1e4, -1e4, -1e4, 1e4}), labels({2}, {0, 0})},
                        {0.0, 0.75 * 4.0 * 1e4 + 0.25 * 2e4},
                        {{0.0, 0.0, -1.75, 1.75}}}};
  rows.back().extreme = {{floats({2, 2}, {1e4F, -1e4F, -1e4F, 1e4F}), labels({2}, {0, 0})}};

  rows.push_back(
      with_teacher("Distillation.one_axis", {}, random.uniform({4}), {random.uniform({4}), labels({}, {2})}));
  rows.push_back(with_teacher("Distillation.three_axes", {.alpha = 1.0}, random.uniform({2, 2, 3}),
                              {random.uniform({2, 2, 3}), labels({2, 2}, {2, 1, 0, 0})}));
  rows.push_back(with_teacher("Distillation.one_class", {}, random.uniform({2, 1}),
                              {random.uniform({2, 1}), labels({2}, {0, 0})}));
  rows.back().extreme = {{floats({2, 1}, {1e4F, 0.0F}), labels({2}, {0, 0})}};
  rows.push_back(with_teacher("Distillation.empty", {}, doubles({0, 3}, {}), {doubles({0, 3}, {}), labels({0}, {})}));
}

}  // namespace

void append_gradient_penalties(LossRows& rows) {
  append_gradient_penalty(rows);
  append_jacobian_penalty(rows);
}

void append_joining(LossRows& rows) {
  append_uncertainty(rows);
  append_distillation(rows);
}

}  // namespace xgrad::testing
