// How predictions and targets tell classes, and how numbers of several classes become one.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::metrics {

enum class Task : std::uint8_t { Binary, Multiclass, Multilabel };

/// What the arrays of a metric of classes mean. Samples have any shape S; K is `count`.
///
/// | task | prediction | target |
/// |---|---|---|
/// | binary | S: scores (floating-point; the class is 1 above the threshold) or classes 0 and 1 | S: 0 and 1 |
/// | multiclass | S + [K]: scores (floating-point; the class is the first largest) or S: int64 classes in [0, K) | S |
/// | multilabel | S + [K]: scores or 0 and 1 as of K binary ones | S + [K]: 0 and 1 |
///
/// Targets are int64 or bool, else TypeError. Weights are of S. NaN has no class: ValueError when evaluated;
/// and is no threshold.
struct Labels {
  Task task = Task::Binary;
  std::size_t count = 1;
  double threshold = 0.5;
};
XGRAD_FIELDS(Labels, task, count, threshold)

[[nodiscard]] constexpr Labels binary(double threshold = 0.5) { return {Task::Binary, 1, threshold}; }
[[nodiscard]] constexpr Labels multiclass(std::size_t classes) { return {Task::Multiclass, classes, 0.5}; }
[[nodiscard]] constexpr Labels multilabel(std::size_t labels, double threshold = 0.5) {
  return {Task::Multilabel, labels, threshold};
}

/// Micro: the counts of all classes are added up first. Macro: the mean over the classes. Weighted: their mean,
/// weighted by how much each occurs in the targets. None: a number for each class, [K]. With one class (binary) the
/// first three are that of class 1.
enum class Average : std::uint8_t { Micro, Macro, Weighted, None };

}  // namespace xgrad::metrics

#pragma GCC visibility pop
