// The pictures of a report, as parts of a page.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include <xgrad/train/report.hpp>

namespace xgrad::train {

/// Curves of loss, of each metric beside that of the validation, and of the learning rate, with headings.
[[nodiscard]] std::string curves_of(const History& history);

/// A histogram of each array of fractions, with mean, deviation and range.
[[nodiscard]] std::string histograms_of(const io::ArraysByName& weights, std::size_t bins);

/// The confusion matrix, each cell as dark as its share of the row.
/// \throws ShapeError, ValueError  as report().
[[nodiscard]] std::string confusion_of(const Var& counts, const std::vector<std::string>& classes);

}  // namespace xgrad::train
