// Scores of classes and their targets: what the losses of this catalogue that choose one class of K share.
//
// Reductions over the classes keep the axis, with extent 1, until `without_classes`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/var.hpp>

namespace xgrad::loss::classes {

/// What a loss says about bad targets.
struct TargetRequirements {
  explicit TargetRequirements(std::string_view loss_name);
  std::string_view loss;
  Requirement label;
  Requirement probability;
};

/// Scores, and as the target either a label or a probability for each class.
struct Classes {
  Var scores;
  std::ptrdiff_t axis = -1;
  std::size_t count = 0;  ///< K
  bool labelled = true;
  Var labels = {};         ///< extent 1 along the axis; 0 where ignored
  Var probabilities = {};  ///< in the shape of the scores
  Var ignored = {};        ///< booleans in the shape of the labels, if there is a label to be ignored
};

/// How scores and targets are read.
struct Reading {
  std::ptrdiff_t axis = -1;
  bool check = true;
  std::optional<std::int64_t> ignore_index = {};
};

/// Labels: int64 in the shape of the scores without the axis.
Classes read_labels(const TargetRequirements& requirements, const Var& scores, const Var& labels,
                    const Reading& reading);
/// Labels, or probabilities in the shape of the scores.
Classes read_targets(const TargetRequirements& requirements, const Var& scores, const Var& target,
                     const Reading& reading);

Var sum_classes(const Classes& c, const Var& x);
/// t x, but 0 for a class with t = 0 that a score of minus infinity makes impossible.
Var weighed(const Classes& c, const Var& x);
/// x at the label.
Var at_label(const Classes& c, const Var& x);
/// true at the label, in the shape of the scores.
Var is_label(const Classes& c);
/// The largest score of each row as a constant, to be subtracted before exp; 0 where it is infinite.
Var largest_score(const Classes& c, const Var& scores);
/// A value for each row, without the axis of the classes; 0 where the label is ignored.
Var without_classes(const Classes& c, const Var& values);

/// A number for each class, [K], in the element type of the scores.
Var number_of_each(std::string_view loss, std::string_view setting, const Var& numbers, const Var& scores,
                   std::ptrdiff_t axis);
/// The same for weights, which must not be negative.
Var weight_of_each(std::string_view loss, std::string_view setting, const Var& weights, const Var& scores,
                   std::ptrdiff_t axis, bool check);

/// ln softmax(scores).
Var log_probabilities(const Classes& c);

/// -ln p_y. Where the label's score is the largest by far, value and derivatives have all digits: they follow from the
/// sum of the other classes, not from p_y.
Var surprise(const Classes& c);

/// The mean of f(-ln p_k) under the target: f(-ln p_y), or sum_k t_k f(-ln p_k).
template <class F>
Var expected(const Classes& c, F f) {
  if (c.labelled) return f(surprise(c));
  return sum_classes(c, weighed(c, f(-log_probabilities(c))));
}

/// ln(p_y / (1 - p_y)) = s_y - logsumexp_{j != y} s_j, where the label's own score s_y is given apart. Unlike p_y it
/// knows 1 - p_y to all digits: -ln p_y = softplus(-log_odds). Very large for a single class.
Var log_odds(const Classes& c, const Var& own_score);

}  // namespace xgrad::loss::classes
