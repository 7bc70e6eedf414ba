// Classes of predictions and targets, for all metrics of classes.
#pragma once

#include <cstddef>
#include <string_view>

#include <xgrad/metrics/labels.hpp>
#include <xgrad/var.hpp>

namespace xgrad::metrics::detail {

/// Classes as numbers, int64 [n]; weights [n]. What has the weight 0 is class 0.
struct Pairs {
  Var predicted, actual, weights;
};

/// Each class or label as 0 or 1, float64 [n, K]; weights [n, 1].
struct Flags {
  Var predicted, actual, weights;
};

/// Scores, float64 [n, K], and what is true, 0 or 1 in float64 [n, K]; weights [n]. What has the weight 0 has the
/// score 0.
struct Scored {
  Var scores, actual, weights;
};

/// \throws ValueError  for multilabel tasks.
Pairs pairs_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
               const Var& weights);
Flags flags_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
               const Var& weights);
Scored scored_of(std::string_view metric, const Labels& labels, const Var& prediction, const Var& target,
                 const Var& weights);

/// How many classes there are; 2 of a binary task.
std::size_t classes_of(const Labels& labels);

/// int64 labels that are checked to be in [0, count) where they have a weight; 0 where not.
Var labels_in(std::string_view metric, std::string_view what, const Var& x, const Var& weights, std::size_t count);

/// One number of K values, or all of them. \param support  of the classes, for Average::Weighted.
Var averaged(const Var& values, const Var& support, Average average);

}  // namespace xgrad::metrics::detail
