// What a dataset is: rows that belong together.
//
// data: what is done to data before a model sees them. It includes io, random, transform and what is below.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/io/npy.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::data {

namespace detail {

/// The one first extent of the arrays that are added.
class Length {
 public:
  void add(const Var& x);
  /// Whether all have one, and there are arrays.
  [[nodiscard]] bool is_one() const noexcept { return is_one_ && !is_first_; }
  [[nodiscard]] std::size_t value() const noexcept { return value_; }

 private:
  std::size_t value_ = 0;
  bool is_first_ = true;
  bool is_one_ = true;
};
/// Says which arrays have no such extent.
[[noreturn]] void throw_no_length(std::span<const std::string> paths, std::span<const Var> arrays);
/// Says what a dataset gave in place of rows.
[[noreturn]] void throw_other_rows(std::span<const Var> arrays, std::size_t asked);
std::size_t length_of(std::span<const std::size_t> parts);
Var rows_of(const Var& x, const Var& which);
Var rows_of(const io::NpyFile& file, const Var& which);

/// What says itself how many rows it has, and gives them.
template <class D>
concept Own = requires(const D& dataset, const Var& which) {
  { dataset.length() } -> std::convertible_to<std::size_t>;
  { dataset.rows(which) } -> tree::Tree;
};

template <class D>
inline constexpr bool is_part = Own<D> || std::same_as<D, io::NpyFile>;
/// A tuple of which a part is no tree.
template <class D>
inline constexpr bool is_parts = false;
template <class... D>
inline constexpr bool is_parts<std::tuple<D...>> = ((is_part<D> || is_parts<D>) || ...);
template <class A, class B>
inline constexpr bool is_parts<std::pair<A, B>> = is_part<A> || is_parts<A> || is_part<B> || is_parts<B>;

}  // namespace detail

/// What has rows: a tree whose arrays all have as many along their first axis,
///
///     struct Digits { xg::Var image, label; };       // [n, 8, 8] and [n]
///     XGRAD_FIELDS(Digits, image, label)
///
/// or a tuple of arrays, or one array; an io::NpyFile, whose rows are read when they are asked for; a tuple in which
/// there are such; or a type of yours that has two functions:
///
///     struct Pictures {                              // of files, of a database, ...
///       std::size_t length() const;
///       Digits rows(const xg::Var& which) const;     // a tree of arrays with as many rows as `which` has numbers
///     };
template <class D>
concept Dataset = detail::is_part<D> || detail::is_parts<D> || tree::Tree<D>;

/// The number of rows.
/// \throws ShapeError  unless all arrays have as many: it names those that differ; for numbers, which have no rows.
/// \throws ValueError  if there are no arrays.
template <Dataset D>
[[nodiscard]] std::size_t length(const D& dataset) {
  if constexpr (detail::Own<D>) {
    return dataset.length();
  } else if constexpr (std::same_as<D, io::NpyFile>) {
    return dataset.size();
  } else if constexpr (detail::is_parts<D>) {
    return std::apply(
        [](const auto&... parts) { return detail::length_of(std::vector<std::size_t>{data::length(parts)...}); },
        dataset);
  } else {
    detail::Length result;
    tree::for_each_array(dataset, [&](const Var& x) { result.add(x); });
    if (!result.is_one()) detail::throw_no_length(tree::array_paths(dataset), tree::arrays(dataset));
    return result.value();
  }
}

/// Some rows, in their order and as often as they are named: a dataset of the same type, or of trees in place of what
/// is none.
/// \param which  int64, one axis; negative ones count from the end. For files they must be concrete.
/// \throws TypeError   unless these are integers.
/// \throws ShapeError  unless they have one axis; as length; if a type of yours gives another number of rows.
/// \throws ValueError  for a row that is not there.
template <Dataset D>
[[nodiscard]] auto rows(const D& dataset, const Var& which) {
  if constexpr (detail::Own<D>) {
    auto result = dataset.rows(which);
    detail::Length given;
    tree::for_each_array(result, [&](const Var& x) { given.add(x); });
    const bool as_asked = given.is_one() && (which.dimension() != 1 || given.value() == which.size());
    if (!as_asked) detail::throw_other_rows(tree::arrays(result), which.size());
    return result;
  } else if constexpr (std::same_as<D, io::NpyFile>) {
    return detail::rows_of(dataset, which);
  } else if constexpr (detail::is_parts<D>) {
    return std::apply([&](const auto&... parts) { return std::tuple(data::rows(parts, which)...); }, dataset);
  } else {
    static_cast<void>(data::length(dataset));
    D result = dataset;
    tree::for_each_array(result, [&](Var& x) { x = detail::rows_of(x, which); });
    return result;
  }
}

/// What rows of a dataset are.
template <Dataset D>
using RowsOf = decltype(data::rows(std::declval<const D&>(), std::declval<const Var&>()));

}  // namespace xgrad::data

#pragma GCC visibility pop
