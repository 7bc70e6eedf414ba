#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/data/preprocessing.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/search.hpp>

#include "core/text.hpp"
#include "fitted.hpp"

namespace xgrad::data {
namespace {

/// The categories of each column of [n] or [n, columns].
std::vector<Var> categories_of(std::string_view operation, const Var& x) {
  require_rows_of_data(operation, x);
  if (x.dimension() > 2) {
    throw ShapeError(std::string(operation) + ": data of the shape " + to_string(x.shape()) +
                     "; they must be [rows] or [rows, columns]");
  }
  if (any(isnan(x)).item<bool>()) {
    throw ValueError(std::string(operation) + ": a category is NaN; fill in what is missing before, see impute");
  }
  const Var numbers = x.dtype() == DType::Bool ? cast(x, DType::Int64) : x;
  if (x.dimension() == 1) return {unique(numbers)};
  std::vector<Var> result;
  for (std::size_t k = 0; k < x.shape()[1]; ++k) result.push_back(unique(view(numbers, xt::all(), k)));
  return result;
}

/// The last axis is that of the columns, unless a row is a number.
void require_columns(std::string_view operation, const Var& x, std::size_t columns, bool one_column) {
  if (!one_column) require_rows_as(operation, x, Shape{columns});
}

Var column_of(const Var& x, std::size_t k, bool one_column) { return one_column ? x : view(x, xt::ellipsis(), k); }

Var columns_together(const std::vector<Var>& columns, bool one_column) {
  return one_column ? columns[0] : stack(columns, -1);
}

}  // namespace

OneHot one_hot_of(const Var& x, const OneHotOptions& options) {
  return {categories_of("one_hot_of", x), x.dimension() == 1, options.unknown, options.dtype};
}

Var OneHot::operator()(const Var& x) const {
  static const Requirement known("OneHot: {} is none of the {} categories of its column");
  require_columns("OneHot", x, categories.size(), one_column);
  std::vector<Var> parts;
  for (std::size_t k = 0; k < categories.size(); ++k) {
    Var column = column_of(x, k, one_column);
    const Var same = equal(expand_dims(column, -1), categories[k]);
    if (unknown == Unknown::Zeros) {
      parts.push_back(cast(same, dtype));
      continue;
    }
    column = checked(column, any(same, -1), known, static_cast<std::int64_t>(categories[k].size()));
    parts.push_back(cast(equal(expand_dims(column, -1), categories[k]), dtype));
  }
  return concatenate(parts, -1);
}

Var OneHot::inverse(const Var& y) const {
  static const Requirement some("OneHot::inverse: the largest number of a column is {}; it must be positive");
  std::size_t count = 0;
  for (const Var& each : categories) count += each.size();
  require_rows_as("OneHot::inverse", y, Shape{count});
  std::vector<Var> columns;
  std::size_t begin = 0;
  for (const Var& each : categories) {
    const Var part = view(y, xt::ellipsis(), xt::range(begin, begin + each.size()));
    const Var largest = checked(part, amax(part, -1, keep_dims) > 0.0, some);
    columns.push_back(take(each, argmax(largest, -1), 0));
    begin += each.size();
  }
  return columns_together(columns, one_column);
}

Ordinal ordinal(const Var& x) { return {categories_of("ordinal", x), x.dimension() == 1}; }

Var Ordinal::operator()(const Var& x) const {
  static const Requirement known("Ordinal: {} is none of the {} categories of its column");
  require_columns("Ordinal", x, categories.size(), one_column);
  std::vector<Var> columns;
  for (std::size_t k = 0; k < categories.size(); ++k) {
    const Var& all = categories[k];
    const auto count = static_cast<std::int64_t>(all.size());
    const Var column = column_of(x, k, one_column);
    const Var place = minimum(searchsorted(all, column), count - 1);
    const Var good = checked(column, equal(take(all, place, 0), column), known, count);
    columns.push_back(searchsorted(all, good));
  }
  return columns_together(columns, one_column);
}

Var Ordinal::inverse(const Var& y) const {
  static const Requirement known("Ordinal::inverse: no category has the number {}; there are {}");
  require_columns("Ordinal::inverse", y, categories.size(), one_column);
  if (is_floating(y.dtype())) {
    throw TypeError("Ordinal::inverse: the numbers of categories are " + std::string(name(y.dtype())) +
                    "; they must be integers");
  }
  std::vector<Var> columns;
  for (std::size_t k = 0; k < categories.size(); ++k) {
    const auto count = static_cast<std::int64_t>(categories[k].size());
    const Var column = cast(column_of(y, k, one_column), DType::Int64);
    columns.push_back(
        take(categories[k], checked(column, column >= std::int64_t{0} && column < count, known, count), 0));
  }
  return columns_together(columns, one_column);
}

Vocabulary vocabulary(const std::vector<std::string>& texts) {
  Vocabulary result{texts};
  std::ranges::sort(result.texts);
  result.texts.erase(std::unique(result.texts.begin(), result.texts.end()), result.texts.end());
  return result;
}

Var Vocabulary::operator()(const std::vector<std::string>& some) const {
  std::vector<std::int64_t> result;
  for (const std::string& text : some) {
    const auto found = std::ranges::lower_bound(texts, text);
    if (found == texts.end() || *found != text) {
      throw ValueError("Vocabulary: '" + text + "' is none of its " + core::count_of(texts.size(), "text", "texts"));
    }
    result.push_back(found - texts.begin());
  }
  return result;
}

std::vector<std::string> Vocabulary::inverse(const Var& numbers) const {
  if (numbers.dimension() != 1) {
    throw ShapeError("Vocabulary::inverse: the numbers have the shape " + to_string(numbers.shape()) +
                     "; they must have one axis");
  }
  std::vector<std::string> result;
  for (const std::int64_t number : numbers.array<std::int64_t>()) {
    if (number < 0 || static_cast<std::size_t>(number) >= texts.size()) {
      throw ValueError("Vocabulary::inverse: no text has the number " + std::to_string(number) + "; there are " +
                       std::to_string(texts.size()));
    }
    result.push_back(texts[static_cast<std::size_t>(number)]);
  }
  return result;
}

}  // namespace xgrad::data
