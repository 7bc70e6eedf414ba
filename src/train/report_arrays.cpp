// Histograms of weights, and the confusion matrix.
#include <algorithm>
#include <cmath>

#include <xgrad/core/errors.hpp>
#include <xgrad/draw.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "core/text.hpp"
#include "train/html.hpp"
#include "train/report_pictures.hpp"

namespace xgrad::train {
namespace {

struct Spread {
  double count = 0.0, mean = 0.0, deviation = 0.0;
  double least = HUGE_VAL, most = -HUGE_VAL;
};

Spread spread_of(const Array<double>& values) {
  Spread result;
  double squares = 0.0;
  for (const double x : values) {
    if (!std::isfinite(x)) continue;
    result.count += 1.0;
    const double off = x - result.mean;
    result.mean += off / result.count;
    squares += off * (x - result.mean);
    result.least = std::min(result.least, x);
    result.most = std::max(result.most, x);
  }
  result.deviation = std::sqrt(squares / result.count);
  return result;
}

/// The outline of a histogram. One of equal numbers is a bar as wide as 1.
draw::Series outline_of(const Array<double>& values, const Spread& spread, std::size_t bins) {
  const bool is_flat = spread.least == spread.most;
  const double low = is_flat ? spread.least - 0.5 : spread.least;
  const double high = is_flat ? spread.most + 0.5 : spread.most;
  const double n = static_cast<double>(bins);
  std::vector<double> counts(bins, 0.0);
  for (const double x : values) {
    if (!std::isfinite(x)) continue;
    const double place = (x / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0) * n;  // halves: a range may overflow
    counts[std::min(bins - 1, static_cast<std::size_t>(std::max(0.0, place)))] += 1.0;
  }
  draw::Series result;
  const auto add = [&](std::size_t edge, double y) {
    const double share = static_cast<double>(edge) / n;
    result.x.push_back(low * (1.0 - share) + high * share);
    result.y.push_back(y);
  };
  add(0, 0.0);
  for (std::size_t k = 0; k < bins; ++k) {
    add(k, counts[k]);
    add(k + 1, counts[k]);
  }
  add(bins, 0.0);
  return result;
}

std::string histogram_of(const std::string& path, const Var& array, std::size_t bins) {
  const Var as_double = cast(array, DType::Float64);
  const Array<double>& values = as_double.array<double>();
  const Spread spread = spread_of(values);
  const std::size_t lost = values.size() - static_cast<std::size_t>(spread.count);
  std::string result = "<figure>\n<h3>" + html_text(path) + "</h3>\n";
  std::string caption = std::string(name(array.dtype())) + " " + to_string(array.shape());
  if (spread.count > 0.0) {
    const draw::Plot plot{.y_label = "elements", .series = {outline_of(values, spread, bins)}};
    result += inline_svg(draw::svg(plot));
    caption += ", mean " + short_number(spread.mean) + ", standard deviation " + short_number(spread.deviation) +
               ", from " + short_number(spread.least) + " to " + short_number(spread.most);
  }
  if (lost > 0) caption += ", " + core::count_of(lost, "element that is", "elements that are") + " not finite";
  return result + html_element("figcaption", caption) + "</figure>\n";
}

void require_confusion(const Var& counts, const std::vector<std::string>& classes) {
  if (counts.dimension() != 2 || counts.shape()[0] != counts.shape()[1]) {
    throw ShapeError("report: the confusion matrix is " + to_string(counts.shape()) + "; it is [classes, classes]");
  }
  if (!classes.empty() && classes.size() != counts.shape()[0]) {
    throw ShapeError("report: " + std::to_string(classes.size()) + " names of classes for a confusion matrix of " +
                     to_string(counts.shape()) + "; each class needs one, or none has one");
  }
}

/// Whole numbers with all their digits.
std::string count_text(double count) {
  const bool is_whole = count == std::floor(count) && count < 1e15;
  return is_whole ? std::to_string(static_cast<long long>(count)) : short_number(count);
}

/// A count with its share of the row as the colour behind it.
std::string cell(double count, double sum) {
  const double share = sum > 0.0 ? count / sum : 0.0;
  return "<td style=\"background: rgba(0, 114, 178, " + short_number(share) + ")" +
         (share > 0.5 ? "; color: white" : "") + "\">" + count_text(count) + "</td>";
}

}  // namespace

std::string histograms_of(const io::ArraysByName& weights, std::size_t bins) {
  if (bins == 0) throw ValueError("report: a histogram has at least one bin, and `bins` is 0");
  std::string result;
  for (const auto& [path, array] : weights) {
    if (!array.defined() || !is_floating(array.dtype()) || array.size() == 0) continue;
    result += histogram_of(path, array, bins);
  }
  return result;
}

std::string confusion_of(const Var& counts, const std::vector<std::string>& classes) {
  require_confusion(counts, classes);
  const Var as_double = cast(counts, DType::Float64);
  const Array<double>& values = as_double.array<double>();
  for (const double x : values) {
    if (!(x >= 0.0) || std::isinf(x)) {
      throw ValueError("report: the confusion matrix has the count " + core::text_of(x) +
                       "; counts are finite and >= 0");
    }
  }
  const std::size_t size = counts.shape()[0];
  const auto header = [&](std::size_t k) {
    return "<th>" + html_text(classes.empty() ? std::to_string(k) : classes[k]) + "</th>";
  };
  std::string result = "<div class=\"wide\">\n<table class=\"numbers\">\n<tr><td></td>";
  for (std::size_t k = 0; k < size; ++k) result += header(k);
  result += "</tr>\n";
  for (std::size_t row = 0; row < size; ++row) {
    double sum = 0.0;
    for (std::size_t column = 0; column < size; ++column) sum += values(row, column);
    result += "<tr>" + header(row);
    for (std::size_t column = 0; column < size; ++column) result += cell(values(row, column), sum);
    result += "</tr>\n";
  }
  return result +
         "</table>\n</div>\n<p class=\"note\">Rows: what is. Columns: what was predicted. Colour: share of the "
         "row.</p>\n";
}

}  // namespace xgrad::train
