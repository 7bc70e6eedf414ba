#include <xgrad/data/preprocessing.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/nan.hpp>
#include <xgrad/ops/reduce.hpp>

#include "core/text.hpp"
#include "fitted.hpp"

namespace xgrad::data {
namespace {

/// Data in float64, in which things are found out, whatever they are.
Var data_in_double(std::string_view operation, const Var& x) {
  static const Requirement no_infinity(
      "preprocessing: a number of the data is {}; it must be finite, or NaN if it is missing");
  require_rows_of_data(operation, x);
  const Var wide = cast(x, DType::Float64);
  return checked(wide, !isinf(wide), no_infinity);
}

/// What was found, as data are.
Var found_as(const Var& x, const Var& found) {
  static const Requirement some_number(
      "preprocessing: what is found of a column is {}; a column must have a number that is not NaN, and what is found "
      "must be finite in the element type of the data");
  const Var result = cast(found, is_floating(x.dtype()) ? x.dtype() : DType::Float64);
  return checked(result, isfinite(result), some_number);
}

/// What is divided by, as data are: 1 where nothing varies, in their element type.
Var scale_as(const Var& x, const Var& scale) {
  const Var found = found_as(x, scale);
  return where(equal(found, 0.0), 1.0, found);
}

}  // namespace

Standardise standardise(const Var& x) {
  const Var wide = data_in_double("standardise", x);
  const Var mean = nanmean(wide, 0);
  const Var deviation = nanstd(wide, 0);
  // What varies by no more than the rounding of its sum does not vary: scikit-learn's bound.
  const Var count = sum(cast(!isnan(wide), DType::Float64), 0);
  const Var rounding = count * abs(mean) * std::numeric_limits<double>::epsilon();
  return {found_as(x, mean), scale_as(x, where(deviation <= rounding, 1.0, deviation))};
}

Var Standardise::operator()(const Var& x) const {
  require_rows_as("Standardise", x, mean.shape());
  return (x - mean) / scale;
}
Var Standardise::inverse(const Var& y) const {
  require_rows_as("Standardise::inverse", y, mean.shape());
  return y * scale + mean;
}

MinMax min_max(const Var& x, double low, double high) {
  if (!(low < high && std::isfinite(low) && std::isfinite(high))) {
    throw ValueError("min_max: from " + core::text_of(low) + " to " + core::text_of(high) +
                     "; both must be finite, and the second one larger");
  }
  const Var wide = data_in_double("min_max", x);
  const Var minimum = nanmin(wide, 0);
  const Var range = nanmax(wide, 0) - minimum;
  const DType dtype = is_floating(x.dtype()) ? x.dtype() : DType::Float64;
  return {found_as(x, minimum), scale_as(x, range), cast(low, dtype), cast(high, dtype)};
}

Var MinMax::operator()(const Var& x) const {
  require_rows_as("MinMax", x, minimum.shape());
  return lerp(low, high, (x - minimum) / range);
}
Var MinMax::inverse(const Var& y) const {
  require_rows_as("MinMax::inverse", y, minimum.shape());
  return (y - low) / (high - low) * range + minimum;
}

RobustScale robust_scale(const Var& x, double low, double high) {
  if (!(0.0 <= low && low < high && high <= 1.0)) {
    throw ValueError("robust_scale: the quantiles " + core::text_of(low) + " and " + core::text_of(high) +
                     "; both are from 0 to 1, and the second one is larger");
  }
  const Var wide = data_in_double("robust_scale", x);
  const Var quantiles = nanquantile(wide, std::vector<double>{low, high}, 0);
  return {found_as(x, nanmedian(wide, 0)), scale_as(x, view(quantiles, 1) - view(quantiles, 0))};
}

Var RobustScale::operator()(const Var& x) const {
  require_rows_as("RobustScale", x, centre.shape());
  return (x - centre) / scale;
}
Var RobustScale::inverse(const Var& y) const {
  require_rows_as("RobustScale::inverse", y, centre.shape());
  return y * scale + centre;
}

// ---- what is missing

namespace {

/// The number that is most often in a list, the smallest of several; NaN of nothing but NaN.
double most_frequent(std::vector<double> numbers) {
  std::erase_if(numbers, [](double each) { return std::isnan(each); });
  std::ranges::sort(numbers);
  double result = std::numeric_limits<double>::quiet_NaN();
  std::ptrdiff_t most = 0;
  for (auto begin = numbers.begin(); begin != numbers.end();) {
    const auto end = std::upper_bound(begin, numbers.end(), *begin);
    if (end - begin > most) {
      most = end - begin;
      result = *begin;
    }
    begin = end;
  }
  return result;
}

Var most_frequent_of_columns(const Var& wide) {
  const Array<double>& numbers = wide.array<double>();
  const std::size_t rows = wide.shape()[0];
  const std::size_t columns = rows == 0 ? 0 : numbers.size() / rows;
  std::vector<double> result;
  std::vector<double> column(rows);
  for (std::size_t k = 0; k < columns; ++k) {
    for (std::size_t row = 0; row < rows; ++row) column[row] = numbers.data()[row * columns + k];
    result.push_back(most_frequent(column));
  }
  return reshape(result, Strides(wide.shape().begin() + 1, wide.shape().end()));
}

Var filling_of(const Var& wide, Filling filling) {
  switch (filling) {
    case Filling::Mean:
      return nanmean(wide, 0);
    case Filling::Median:
      return nanmedian(wide, 0);
    case Filling::MostFrequent:
      break;
  }
  return most_frequent_of_columns(wide);
}

}  // namespace

Impute impute(const Var& x, Filling filling) { return {found_as(x, filling_of(data_in_double("impute", x), filling))}; }

Impute impute(const Var& x, const Var& constant) {
  static const Requirement finite("impute: the constant is {}; it must be finite");
  require_rows_of_data("impute", x);
  const Shape row(x.shape().begin() + 1, x.shape().end());
  const Var fill = cast(constant, is_floating(x.dtype()) ? x.dtype() : DType::Float64);
  return {broadcast_to(checked(fill, isfinite(fill), finite), row)};
}

Var Impute::operator()(const Var& x) const {
  require_rows_as("Impute", x, fill.shape());
  return where(isnan(x), fill, x);
}

}  // namespace xgrad::data
