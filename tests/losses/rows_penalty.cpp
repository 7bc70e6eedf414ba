// Penalties on parameters; those on gradients and losses that join others are in rows_joining.cpp.
#include <cmath>
#include <tuple>
#include <vector>

#include <xgrad/loss/penalty.hpp>

#include "rows_joining.hpp"

namespace xgrad::testing {
namespace {

using Number = long double;
using Values = std::vector<Number>;

/// A penalty of all arguments, as a tree.
template <class P>
Operation of_tree(P penalty) {
  return [penalty](const Case& x) { return penalty(x); };
}

template <class F>
Reference each_element(F f) {
  return [f](const std::vector<Numbers>& x) {
    Number result = 0;
    for (const Numbers& leaf : x) {
      for (const Number w : leaf.at) result += f(w);
    }
    return Values{result};
  };
}

void append_norms(LossRows& rows) {
  Random random(21);
  const Var matrix = random.away_from_zero({3, 2});
  const Var vector = random.away_from_zero({4});
  const Var kinks = doubles({5}, {-2.0, 0.0, 0.5, -0.0, 3.0});
  const std::vector<Case> extreme = {{floats({3}, {1e4F, -1e4F, 0.0F})}, {floats({0}, {})}, {floats({}, {0.0F})}};

  rows.push_back({.name = "L1",
                  .function = of_tree(loss::L1{}),
                  .smooth = {{matrix, vector}, {transpose(matrix)}, {Var(doubles({}, {-1.5}))}},
                  .reference = each_element([](Number w) { return std::abs(w); }),
                  .known = {{{kinks}, {5.5}, {{-1.0, 0.0, 1.0, 0.0, 1.0}}},
                            {{doubles({0}, {}), labels({2}, {5, 7})}, {0.0}, {{}}}},
                  .extreme = extreme});
  rows.push_back({.name = "L2",
                  .function = of_tree(loss::L2{}),
                  .smooth = {{matrix, vector}, {transpose(matrix)}},
                  .reference = each_element([](Number w) { return w * w; }),
                  .known = {{{kinks}, {13.25}, {{-4.0, 0.0, 1.0, 0.0, 6.0}}}, {{doubles({0}, {})}, {0.0}, {{}}}},
                  .extreme = extreme});
  rows.push_back({.name = "ElasticNet",
                  .function = of_tree(loss::ElasticNet{.l1_ratio = 0.3}),
                  .smooth = {{matrix, vector}},
                  .reference = each_element([](Number w) { return 0.3L * std::abs(w) + 0.7L * w * w; }),
                  .known = {{{kinks}, {0.3 * 5.5 + 0.7 * 13.25}, {{-3.1, 0.0, 1.0, 0.0, 4.5}}}},
                  .extreme = extreme});
}

void append_groups(LossRows& rows) {
  Random random(22);
  const Var matrix = random.away_from_zero({3, 2});
  const Var kernel = random.away_from_zero({2, 3, 2});
  const Var vector = random.away_from_zero({4});
  const std::vector<Case> extreme = {{floats({2, 2}, {1e4F, -1e4F, 0.0F, 0.0F})}, {floats({0, 3}, {})}};

  rows.push_back({.name = "GroupLasso",
                  .function = of_tree(loss::GroupLasso{}),
                  .smooth = {{matrix, vector}, {kernel}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Number result = 0;
                        for (const Numbers& leaf : x) {
                          Number squares = 0;
                          for (const Number w : leaf.at) squares += w * w;
                          result += std::sqrt(squares * static_cast<Number>(leaf.at.size()));
                        }
                        return Values{result};
                      },
                  .known = {{{doubles({2}, {0.0, 0.0}), doubles({4}, {2.0, 0.0, 0.0, 0.0})},
                             {4.0},
                             {{0.0, 0.0}, {2.0, 0.0, 0.0, 0.0}}}},
                  .extreme = extreme});
  // One group for each row; the vector has no axis 1 and is a group of its own.
  rows.push_back({.name = "GroupLasso.rows",
                  .function = of_tree(loss::GroupLasso{.axis = 0}),
                  .smooth = {{matrix}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Number result = 0;
                        for (std::size_t i = 0; i < x[0].rows(); ++i) {
                          result += std::sqrt(2.0L) * std::hypot(x[0](i, 0), x[0](i, 1));
                        }
                        return Values{result};
                      },
                  .known = {{{doubles({2, 2}, {0.0, 0.0, 3.0, 4.0})},
                             {5.0 * std::sqrt(2.0)},
                             {{0.0, 0.0, 0.6 * std::sqrt(2.0), 0.8 * std::sqrt(2.0)}}}},
                  .extreme = extreme});
  rows.push_back({.name = "GroupLasso.last_axis",
                  .function = of_tree(loss::GroupLasso{.axis = 2, .weigh_by_size = false}),
                  .smooth = {{kernel, vector}},
                  .reference = [](const std::vector<Numbers>& x) {
                    Number result = 0;
                    for (std::size_t k = 0; k < 2; ++k) {
                      Number squares = 0;
                      for (std::size_t i = 0; i < 2; ++i) {
                        for (std::size_t j = 0; j < 3; ++j) {
                          const Number w = x[0].at[(i * 3 + j) * 2 + k];
                          squares += w * w;
                        }
                      }
                      result += std::sqrt(squares);
                    }
                    Number squares = 0;
                    for (const Number w : x[1].at) squares += w * w;
                    return Values{result + std::sqrt(squares)};
                  }});
  // Each element of a vector is a group: the absolute value, with its kink.
  rows.push_back({.name = "GroupLasso.elements",
                  .function = of_tree(loss::GroupLasso{.axis = -1}),
                  .smooth = {{vector}},
                  .reference = each_element([](Number w) { return std::abs(w); }),
                  .known = {{{doubles({3}, {-2.0, 0.0, 1.0})}, {3.0}, {{-1.0, 0.0, 1.0}}}}});
}

/// |W^T W - I|^2 of a matrix of `r` rows with elements w(i, j).
template <class W>
Number far_from_orthonormal(std::size_t r, std::size_t c, W w) {
  Number result = 0;
  for (std::size_t i = 0; i < c; ++i) {
    for (std::size_t j = 0; j < c; ++j) {
      Number product = i == j ? -1 : 0;
      for (std::size_t k = 0; k < r; ++k) product += w(k, i) * w(k, j);
      result += product * product;
    }
  }
  return result;
}

void append_orthogonality(LossRows& rows) {
  Random random(23);
  rows.push_back({.name = "Orthogonality",
                  .function = of_tree(loss::Orthogonality{}),
                  .smooth = {{random.uniform({4, 2})}, {transpose(random.uniform({3, 3}))}, {random.uniform({3, 1})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        return Values{far_from_orthonormal(x[0].rows(), x[0].columns(), x[0])};
                      },
                  .known = {{{doubles({2, 2}, {0.6, -0.8, 0.8, 0.6})}, {0.0}, {{0.0, 0.0, 0.0, 0.0}}},
                            {{doubles({1, 2}, {0.0, 0.0}), doubles({2}, {5.0, 6.0})}, {1.0}, {{0.0, 0.0}, {0.0, 0.0}}},
                            {{doubles({0, 2}, {})}, {0.0}, {{}}}},
                  .extreme = {{floats({2, 2}, {1e4F, -1e4F, 0.0F, 1e4F})}, {floats({2, 3}, {0, 0, 0, 0, 0, 0})}}});
  // A kernel [2, 3, 2] counts as the matrix [2, 6], which is wide.
  rows.push_back({.name = "Orthogonality.kernel",
                  .function = of_tree(loss::Orthogonality{}),
                  .smooth = {{random.uniform({2, 3, 2}), random.uniform({2})}},
                  .reference = [](const std::vector<Numbers>& x) {
                    const auto transposed = [&](std::size_t i, std::size_t j) { return x[0].at[j * 6 + i]; };
                    return Values{far_from_orthonormal(6, 2, transposed)};
                  }});
}

/// The largest singular value of a matrix with two rows or two columns: the root of a quadratic equation.
Number largest_singular_value(const Numbers& w) {
  Number a = 0;
  Number b = 0;
  Number c = 0;
  const bool tall = w.columns() == 2;
  for (std::size_t i = 0; i < (tall ? w.rows() : w.columns()); ++i) {
    const Number p = tall ? w(i, 0) : w(0, i);
    const Number q = tall ? w(i, 1) : w(1, i);
    a += p * p;
    b += p * q;
    c += q * q;
  }
  return std::sqrt((a + c + std::sqrt((a - c) * (a - c) + 4 * b * b)) / 2);
}

void append_singular_values(LossRows& rows) {
  Random random(24);
  const Var tall = doubles({3, 2}, {1.3, 0.9, -0.2, 0.4, 0.8, 1.1});
  const Var wide = doubles({2, 3}, {0.9, -0.7, 0.3, -0.2, 0.6, 0.1});
  const Var vector = random.uniform({2});
  const Var diagonal = doubles({2, 3}, {0.0, -3.0, 0.0, 1.0, 0.0, 0.0});
  const Var zero = doubles({2, 2}, {0, 0, 0, 0});
  const std::vector<Case> extreme = {{floats({2, 2}, {1e4F, -1e4F, 1e4F, 1e4F})},
                                     {floats({2, 2}, {0, 0, 0, 0})},
                                     {floats({2, 2}, {1, 0, 0, 1})},
                                     {floats({1, 1}, {-2.0F})},
                                     {floats({0, 2}, {})}};

  rows.push_back({.name = "SpectralNorm",
                  .function = of_tree(loss::SpectralNorm{.iterations = 30, .second_order = true}),
                  .smooth = {{tall, wide, vector}, {transpose(tall)}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Number result = 0;
                        for (const Numbers& w : x) result += w.shape.size() == 2 ? largest_singular_value(w) : 0;
                        return Values{result};
                      },
                  .known = {{{diagonal}, {3.0}, {{0.0, -1.0, 0.0, 0.0, 0.0, 0.0}}}, {{zero}, {0.0}, {{0, 0, 0, 0}}}},
                  .extreme = extreme});
  // With v held fixed, second derivatives are right only where v cannot turn.
  rows.push_back({.name = "SpectralNorm.fixed_vector",
                  .function = of_tree(loss::SpectralNorm{.iterations = 30}),
                  .smooth = {{random.away_from_zero({3, 1})}, {doubles({1, 1}, {-1.7})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        Number squares = 0;
                        for (const Number w : x[0].at) squares += w * w;
                        return Values{std::sqrt(squares)};
                      },
                  .known = {{{diagonal}, {3.0}, {{0.0, -1.0, 0.0, 0.0, 0.0, 0.0}}}, {{zero}, {0.0}, {{0, 0, 0, 0}}}},
                  .extreme = extreme});
  rows.push_back(
      {.name = "Lipschitz",
       .function = of_tree(loss::Lipschitz{.iterations = 30, .second_order = true}),
       .smooth = {{tall, vector, wide}},
       .reference =
           [](const std::vector<Numbers>& x) {
             return Values{largest_singular_value(x[0]) * largest_singular_value(x[2])};
           },
       .known = {{{diagonal, doubles({2, 1}, {0.0, -2.0})}, {6.0}, {{0.0, -2.0, 0.0, 0.0, 0.0, 0.0}, {0.0, -3.0}}},
                 {{zero}, {0.0}, {{0, 0, 0, 0}}}},
       .extreme = extreme});
}

void append_entropy(LossRows& rows) {
  Random random(25);
  const double third = std::log(3.0);
  rows.push_back({.name = "EntropyBonus",
                  .function = call(loss::EntropyBonus{}),
                  .smooth = {{random.uniform({3, 4})}, {transpose(random.uniform({3, 2}))}, {random.uniform({5})}},
                  .reference =
                      [](const std::vector<Numbers>& x) {
                        const std::size_t classes = x[0].shape.back();
                        Values result;
                        for (std::size_t first = 0; first < x[0].at.size(); first += classes) {
                          Number total = 0;
                          for (std::size_t k = 0; k < classes; ++k) total += std::exp(x[0].at[first + k]);
                          Number entropy = 0;
                          for (std::size_t k = 0; k < classes; ++k) {
                            const Number p = std::exp(x[0].at[first + k]) / total;
                            entropy -= p * std::log(p);
                          }
                          result.push_back(-entropy);
                        }
                        return result;
                      },
                  .known = {{{doubles({2, 3}, {5.0, 5.0, 5.0, -800.0, 800.0, 0.0})},
                             {-third, 0.0},
                             {{0.0, 0.0, 0.0, 0.0, 0.0, 0.0}}},
                            // A class ruled out does not count.
                            {{doubles({1, 3}, {1.0, -infinity, 1.0})}, {-std::log(2.0)}, {{0.0, 0.0, 0.0}}},
                            {{doubles({2, 1}, {3.0, -4.0})}, {0.0, 0.0}, {{0.0, 0.0}}},
                            {{doubles({0, 3}, {})}, {}, {{}}}},
                  .extreme = {{floats({3, 2}, {1e4F, -1e4F, -1e4F, -1e4F, 0.0F, 1e4F})},
                              {floats({1, 1}, {1e4F})},
                              {floats({1, 3}, {0.0F, -static_cast<float>(infinity), 1.0F})},
                              {floats({0, 2}, {})}}});
}

}  // namespace

void append_penalty(LossRows& rows) {
  append_norms(rows);
  append_groups(rows);
  append_orthogonality(rows);
  append_singular_values(rows);
  append_entropy(rows);
  append_gradient_penalties(rows);
  append_joining(rows);
}

}  // namespace xgrad::testing
