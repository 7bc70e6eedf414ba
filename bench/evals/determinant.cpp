// Determinant of a small matrix by expansion along its first row, minor by minor: l! products of scalars.
#include "contest.hpp"
#include "tape.hpp"

namespace bench_evals {
namespace {

/// Of the rows from `row` on, without the columns whose bits are set.
template <class T>
T minor(const std::vector<T>& a, std::size_t l, std::size_t row, unsigned without) {
  T sum = 0.0;
  bool positive = true;
  bool first = true;
  for (std::size_t column = 0; column < l; ++column) {
    if ((without >> column & 1U) != 0) continue;
    const T& element = a[row * l + column];
    if (row + 1 == l) return element;
    const T below = minor(a, l, row + 1, without | 1U << column);
    if (first) sum = element * below;
    else if (positive) sum = sum + element * below;
    else sum = sum - element * below;
    first = false;
    positive = !positive;
  }
  return sum;
}

Var determinant_of(const Var& matrix) {
  const std::size_t l = matrix.shape()[0];
  std::vector<Var> elements;
  for (std::size_t i = 0; i < l * l; ++i) elements.push_back(view(matrix, i / l, i % l));
  return minor(elements, l, 0, 0U);
}

Sides sides(std::size_t l) {
  const Numbers matrix = Source(l).normals(l * l);
  const auto on_tape = [l](const std::vector<tape::Number>& a) { return minor(a, l, 0, 0U); };
  return {with_xgrad(xg::compile(xg::value_and_grad(determinant_of)), var(matrix, {l, l})),
          by_hand(l * l, [=](Numbers& result) { tape::value_and_gradient(on_tape, matrix, result); })};
}

}  // namespace

Contests determinant() {
  Contests all;
  for (const std::size_t l : {5U, 6U, 7U, 8U}) {
    const std::string size = std::to_string(l);
    all.push_back(
        {"determinant_" + size, size + " x " + size, "tape of scalars", at_least(1.2), [l] { return sides(l); }});
  }
  return all;
}

}  // namespace bench_evals
