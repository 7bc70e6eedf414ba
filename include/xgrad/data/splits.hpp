// Datasets in parts: for training, validation and tests, and for cross-validation.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <xgrad/data/dataset.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

struct SplitOptions {
  std::optional<random::Key> shuffle = {};  ///< which rows go where; none: in the order of the dataset
  /// [rows], int64 or bool: each part has as much of each class as the whole, to a row or two.
  std::optional<Var> stratify = {};
  /// [rows], int64 or bool: rows of one group stay together, such as those of one patient.
  std::optional<Var> groups = {};
};

/// The numbers of the rows of each part, int64, in rising order. Parts have the lengths `fractions * length`, rounded.
/// Rows in the order of the dataset are cut where they are: the last part is the latest one of a series. Stratified
/// ones are dealt out class by class; whole groups each to the part that lacks most rows, in random order or, without a
/// key, the largest first, so that with groups the lengths are near what is asked for only if groups are small.
/// \throws ShapeError  unless there are as many classes or groups as rows.
/// \throws TypeError   unless they are integers or booleans.
/// \throws ValueError  for fractions that are not positive or do not add up to 1; if a part would be empty; for classes
///                     and groups at once.
[[nodiscard]] std::vector<Var> split_rows(std::size_t length, std::span<const double> fractions,
                                          const SplitOptions& options = {});

/// A dataset in parts.
///
///     auto [train, validation, test] = xg::data::split(digits, {0.7, 0.15, 0.15}, {.shuffle = key});
///
/// \throws  as split_rows and length.
template <Dataset D, std::size_t N>
[[nodiscard]] std::array<RowsOf<D>, N> split(const D& dataset, const double (&fractions)[N],  // NOLINT(*-c-arrays)
                                             const SplitOptions& options = {}) {
  const std::vector<Var> parts = split_rows(data::length(dataset), fractions, options);
  return [&]<std::size_t... I>(std::index_sequence<I...>) {
    return std::array<RowsOf<D>, N>{data::rows(dataset, parts[I])...};
  }
  (std::make_index_sequence<N>());
}

/// One of several ways to leave rows out. The numbers of rows, int64, in rising order.
struct Fold {
  Var train;
  Var test;
};
XGRAD_FIELDS(Fold, state(train), state(test))

/// Each row is in the test of one fold, and in the training of the others.
///
///     for (const auto& fold : xg::data::k_folds(xg::data::length(digits), 5, {.shuffle = key})) {
///       const Digits train = xg::data::rows(digits, fold.train), test = xg::data::rows(digits, fold.test);
///     }
///
/// Tests have equal lengths, to a row: the first ones are longer. Stratified, they have as much of each class, to a
/// row. With groups, the largest goes first, each to the shortest test. Without a key they are those of scikit-learn's
/// KFold, StratifiedKFold and, but for groups of equal lengths, GroupKFold.
/// \throws ShapeError, TypeError  as split_rows.
/// \throws ValueError  for fewer than 2 folds, or more than there are rows or groups; for classes and groups at once.
[[nodiscard]] std::vector<Fold> k_folds(std::size_t length, std::size_t folds, const SplitOptions& options = {});

/// Weights with which each class is drawn as often as any other: 1 / (classes * rows of its class). For
/// `BatchOptions::weighted`, and for losses.
/// \param labels  [rows], int64 or bool; a class that does not occur does not count.
/// \throws ShapeError  unless there is one axis.
/// \throws TypeError   unless they are integers or booleans.
[[nodiscard]] Var balanced_weights(const Var& labels);

}  // namespace xgrad::data

#pragma GCC visibility pop
