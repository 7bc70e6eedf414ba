#include <xgrad/data/splits.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <numeric>
#include <string>
#include <string_view>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "core/text.hpp"
#include "row_numbers.hpp"

namespace xgrad::data {
namespace {

using detail::ordered_rows;
using RowList = std::vector<std::int64_t>;

Array<std::int64_t> kinds_of(std::string_view operation, std::string_view what, const Var& x, std::size_t length) {
  if (is_floating(x.dtype())) {
    throw TypeError(std::string(operation) + ": the " + std::string(what) + " are " + std::string(name(x.dtype())) +
                    "; they must be integers or booleans");
  }
  if (x.shape() != Shape{length}) {
    throw ShapeError(std::string(operation) + ": the " + std::string(what) + " have the shape " + to_string(x.shape()) +
                     "; there is one for each of " + core::count_of(length, "row", "rows"));
  }
  return cast(x, DType::Int64).array<std::int64_t>();
}

/// Rows of one kind together, in the order in which they come, the kind that comes first before the others.
std::vector<RowList> rows_by_kind(const Array<std::int64_t>& kinds, const RowList& rows) {
  std::vector<RowList> result;
  std::map<std::int64_t, std::size_t> places;
  for (const std::int64_t row : rows) {
    const auto [place, is_new] = places.emplace(kinds(static_cast<std::size_t>(row)), result.size());
    if (is_new) result.emplace_back();
    result[place->second].push_back(row);
  }
  return result;
}

/// The same, in random order if there is a key.
std::vector<RowList> shuffled_groups(const Array<std::int64_t>& groups, const std::optional<random::Key>& key) {
  std::vector<RowList> all = rows_by_kind(groups, ordered_rows(groups.size(), {}));
  std::vector<RowList> result;
  for (const std::int64_t k : ordered_rows(all.size(), key))
    result.push_back(std::move(all[static_cast<std::size_t>(k)]));
  return result;
}

void put_largest_first(std::vector<RowList>& groups) {
  std::ranges::stable_sort(groups, std::ranges::greater(), &RowList::size);
}

/// The part that lacks most of what it shall have when `dealt` rows have been dealt.
std::size_t neediest(std::span<const double> fractions, const std::vector<RowList>& parts, std::size_t dealt) {
  std::size_t result = 0;
  double most = -1e300;
  for (std::size_t k = 0; k < fractions.size(); ++k) {
    const double lack = fractions[k] * static_cast<double>(dealt) - static_cast<double>(parts[k].size());
    if (lack > most + 1e-9) {
      most = lack;
      result = k;
    }
  }
  return result;
}

/// The first rows to the first part, and so on.
void deal_in_order(const RowList& rows, std::span<const double> fractions, std::vector<RowList>& parts) {
  std::size_t begin = 0;
  double until = 0.0;
  for (std::size_t k = 0; k < fractions.size(); ++k) {
    until += fractions[k];
    const std::size_t end = k + 1 == fractions.size()
                                ? rows.size()
                                : static_cast<std::size_t>(std::llround(until * static_cast<double>(rows.size())));
    for (; begin < end; ++begin) parts[k].push_back(rows[begin]);
  }
}

/// As many rows of a class to each fold as if all rows, sorted by class, were dealt out one by one; the first ones to
/// the first fold.
void deal_class(const RowList& rows, std::size_t dealt, std::vector<RowList>& tests) {
  std::size_t begin = 0;
  for (std::size_t k = 0; k < tests.size(); ++k) {
    const auto up_to = [&](std::size_t count) { return (count + tests.size() - 1 - k) / tests.size(); };
    const std::size_t end = begin + up_to(dealt + rows.size()) - up_to(dealt);
    for (; begin < end; ++begin) tests[k].push_back(rows[begin]);
  }
}

void require_fractions(std::span<const double> fractions) {
  const double sum = std::accumulate(fractions.begin(), fractions.end(), 0.0);
  for (const double each : fractions) {
    if (!(each > 0.0)) throw ValueError("split: a fraction is " + core::text_of(each) + "; all are positive");
  }
  if (!(std::abs(sum - 1.0) <= 1e-6)) {
    throw ValueError("split: the fractions add up to " + core::text_of(sum) + "; they must add up to 1");
  }
}

void require_one_way(std::string_view operation, const SplitOptions& options) {
  if (options.stratify && options.groups) {
    throw ValueError(std::string(operation) + ": classes and groups are given; rows are dealt by one of both");
  }
}

std::vector<RowList> tests_of_folds(std::size_t length, std::size_t folds, const SplitOptions& options) {
  std::vector<RowList> tests(folds);
  if (options.groups) {
    const Array<std::int64_t> groups = kinds_of("k_folds", "groups", *options.groups, length);
    std::vector<RowList> whole = shuffled_groups(groups, options.shuffle);
    put_largest_first(whole);
    if (folds > whole.size()) {
      throw ValueError("k_folds: " + std::to_string(folds) + " folds of " +
                       core::count_of(whole.size(), "group", "groups") + "; there are no more than groups");
    }
    for (const RowList& rows : whole) {
      RowList& shortest = *std::ranges::min_element(tests, {}, &RowList::size);
      shortest.insert(shortest.end(), rows.begin(), rows.end());
    }
  } else if (options.stratify) {
    const Array<std::int64_t> classes = kinds_of("k_folds", "classes", *options.stratify, length);
    std::size_t dealt = 0;
    for (const RowList& rows : rows_by_kind(classes, ordered_rows(length, options.shuffle))) {
      deal_class(rows, dealt, tests);
      dealt += rows.size();
    }
  } else {
    const RowList rows = ordered_rows(length, options.shuffle);
    for (std::size_t k = 0, begin = 0; k < folds; ++k) {
      const std::size_t end = begin + length / folds + (k < length % folds ? 1 : 0);
      for (; begin < end; ++begin) tests[k].push_back(rows[begin]);
    }
  }
  return tests;
}

Var as_rising(RowList rows) {
  std::ranges::sort(rows);
  return rows;
}

}  // namespace

std::vector<Var> split_rows(std::size_t length, std::span<const double> fractions, const SplitOptions& options) {
  require_fractions(fractions);
  require_one_way("split", options);
  std::vector<RowList> parts(fractions.size());
  std::size_t dealt = 0;
  if (options.groups) {
    const Array<std::int64_t> groups = kinds_of("split", "groups", *options.groups, length);
    std::vector<RowList> whole = shuffled_groups(groups, options.shuffle);
    if (!options.shuffle) put_largest_first(whole);
    for (const RowList& rows : whole) {
      RowList& part = parts[neediest(fractions, parts, length)];
      part.insert(part.end(), rows.begin(), rows.end());
    }
  } else if (options.stratify) {
    const Array<std::int64_t> classes = kinds_of("split", "classes", *options.stratify, length);
    for (const RowList& rows : rows_by_kind(classes, ordered_rows(length, options.shuffle))) {
      for (const std::int64_t row : rows) parts[neediest(fractions, parts, ++dealt)].push_back(row);
    }
  } else {
    deal_in_order(ordered_rows(length, options.shuffle), fractions, parts);
  }
  std::vector<Var> result;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    if (parts[k].empty()) {
      throw ValueError("split: part " + std::to_string(k) + ", " + core::text_of(fractions[k]) + " of " +
                       core::count_of(length, "row", "rows") + ", would be empty; each part has one row at least");
    }
    result.push_back(as_rising(std::move(parts[k])));
  }
  return result;
}

std::vector<Fold> k_folds(std::size_t length, std::size_t folds, const SplitOptions& options) {
  require_one_way("k_folds", options);
  if (folds < 2 || folds > length) {
    throw ValueError("k_folds: " + core::count_of(folds, "fold", "folds") + " of " +
                     core::count_of(length, "row", "rows") + "; there are two at least, and no more than rows");
  }
  const std::vector<RowList> tests = tests_of_folds(length, folds, options);
  std::vector<Fold> result;
  for (std::size_t k = 0; k < folds; ++k) {
    RowList train;
    for (std::size_t other = 0; other < folds; ++other) {
      if (other != k) train.insert(train.end(), tests[other].begin(), tests[other].end());
    }
    result.push_back({as_rising(std::move(train)), as_rising(tests[k])});
  }
  return result;
}

Var balanced_weights(const Var& labels) {
  const std::size_t length = labels.dimension() == 1 ? labels.size() : 0;
  const Array<std::int64_t> classes = kinds_of("balanced_weights", "labels", labels, length);
  std::map<std::int64_t, std::size_t> counts;
  for (const std::int64_t label : classes) ++counts[label];
  auto result = Array<double>::from_shape(Shape{length});
  for (std::size_t row = 0; row < length; ++row) {
    result(row) = 1.0 / static_cast<double>(counts.size() * counts[classes(row)]);
  }
  return result;
}

}  // namespace xgrad::data
