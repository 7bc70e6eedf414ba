// Numbers and categories made fit for models. What is found out of data is kept as state, so that it is saved with the
// model, and the same is done to new data.
//
// All are made from data, x [rows, ...], by a function, and then called with other rows, one row or any number of them,
// inside of compiled functions, too. NaN is a missing number: it is left out when things are found out, and stays NaN
// when it is mapped. Integers count as float64. All throw ShapeError unless the last axes are those of a row of the
// data that they are of; and, when they are made, ShapeError for a number, and ValueError for no rows, for an infinite
// number, for a column of nothing but NaN, and for a range or scale beyond the element type (raised when evaluated).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <xgrad/core/dtype.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

/// (x - mean) / scale, column by column.
struct Standardise {
  Var mean;   ///< [...]
  Var scale;  ///< [...]: standard deviations, 1 where nothing varies
  Var operator()(const Var& x) const;
  /// x of what the call operator makes of it.
  [[nodiscard]] Var inverse(const Var& y) const;
};
XGRAD_FIELDS(Standardise, state(mean), state(scale))
/// Mean 0 and deviation 1 (over n, not n - 1). A column that varies by no more than rounding counts as constant. As
/// scikit-learn's StandardScaler.
[[nodiscard]] Standardise standardise(const Var& x);

/// low + (high - low) (x - minimum) / (maximum - minimum), column by column.
struct MinMax {
  Var minimum;  ///< [...]
  Var range;    ///< [...]: maximum - minimum, 1 where that is 0
  Var low;      ///< []
  Var high;     ///< []
  Var operator()(const Var& x) const;
  [[nodiscard]] Var inverse(const Var& y) const;
};
XGRAD_FIELDS(MinMax, state(minimum), state(range), state(low), state(high))
/// The smallest number becomes low, the largest high; new ones may be beyond. As scikit-learn's MinMaxScaler.
/// \throws ValueError  unless low < high, both finite.
[[nodiscard]] MinMax min_max(const Var& x, double low = 0.0, double high = 1.0);

/// (x - centre) / scale, column by column.
struct RobustScale {
  Var centre;  ///< [...]: medians
  Var scale;   ///< [...]: distances of two quantiles, 1 where they are equal
  Var operator()(const Var& x) const;
  [[nodiscard]] Var inverse(const Var& y) const;
};
XGRAD_FIELDS(RobustScale, state(centre), state(scale))
/// By median and quartiles, of which outliers change little. As scikit-learn's RobustScaler.
/// \throws ValueError  unless 0 <= low < high <= 1.
[[nodiscard]] RobustScale robust_scale(const Var& x, double low = 0.25, double high = 0.75);

/// A number in place of NaN, column by column.
struct Impute {
  Var fill;  ///< [...]
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Impute, state(fill))

/// Which number that is, of those that there are.
enum class Filling : std::uint8_t {
  Mean,
  Median,
  MostFrequent  ///< the smallest of several
};
/// As scikit-learn's SimpleImputer, which leaves columns of nothing but NaN out, where this throws ValueError.
/// \throws ValueError  for another constant than a finite one.
[[nodiscard]] Impute impute(const Var& x, Filling filling = Filling::Mean);
/// The same number everywhere: a number, or one for each column. Rows of x may all be NaN.
/// \throws ShapeError  unless it broadcasts to a row of x.
[[nodiscard]] Impute impute(const Var& x, const Var& constant);

/// What becomes of a category that was not in the data.
enum class Unknown : std::uint8_t {
  Refuse,  ///< ValueError, when values are computed
  Zeros    ///< none of the numbers of its column is 1
};

/// A category as a number that is 1 among others that are 0.
struct OneHot {
  std::vector<Var> categories;  ///< of each column, [k] in rising order
  bool one_column = false;      ///< whether the data were [n], and a row is a number
  Unknown unknown = Unknown::Refuse;
  DType dtype = DType::Float32;
  /// [..., columns], or [...] of one column -> [..., categories of all columns].
  /// \throws ValueError  for an unknown category (raised when evaluated).
  Var operator()(const Var& x) const;
  /// The category of the largest number of each column.
  /// \throws ValueError  where no number is positive (raised when evaluated).
  [[nodiscard]] Var inverse(const Var& y) const;
};
XGRAD_FIELDS(OneHot, state(categories), one_column, unknown, dtype)

struct OneHotOptions {
  Unknown unknown = Unknown::Refuse;
  DType dtype = DType::Float32;
};
/// The categories of each column are the numbers that occur in it. As scikit-learn's OneHotEncoder.
/// \param x  [n] or [n, columns], integers, booleans or floating-point numbers; NaN is refused.
[[nodiscard]] OneHot one_hot_of(const Var& x, const OneHotOptions& options = {});

/// A category as its number among all: labels from 0 on.
struct Ordinal {
  std::vector<Var> categories;  ///< of each column, [k] in rising order
  bool one_column = false;      ///< whether the data were [n], and a row is a number
  /// In the shape of x, int64.
  /// \throws ValueError  for an unknown category (raised when evaluated).
  Var operator()(const Var& x) const;
  /// \throws TypeError   unless y are integers.
  /// \throws ValueError  for a number that no category has (raised when evaluated).
  [[nodiscard]] Var inverse(const Var& y) const;
};
XGRAD_FIELDS(Ordinal, state(categories), one_column)
/// As scikit-learn's OrdinalEncoder, and LabelEncoder of [n].
/// \param x  as of one_hot_of.
[[nodiscard]] Ordinal ordinal(const Var& x);

/// Texts as numbers: labels from 0 on. Texts are no arrays: files of arrays keep them as metadata.
struct Vocabulary {
  std::vector<std::string> texts;  ///< in rising order
  /// \throws ValueError  for a text that is not among them.
  [[nodiscard]] Var operator()(const std::vector<std::string>& some) const;
  /// \throws TypeError, ShapeError  unless the numbers are [n], int64.
  /// \throws ValueError  for a number that no text has.
  [[nodiscard]] std::vector<std::string> inverse(const Var& numbers) const;
};
XGRAD_FIELDS(Vocabulary, texts)
/// The texts that occur.
[[nodiscard]] Vocabulary vocabulary(const std::vector<std::string>& texts);

}  // namespace xgrad::data

#pragma GCC visibility pop
