// Running results of any associative function: associative_scan, cumprod, cummax, cummin.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/ops/order.hpp>
#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

namespace detail {

/// Names of the arrays of a tree, made only when an error has to name one.
using PathsOfScan = FunctionOf<std::vector<std::string>>;

/// The extent that all arrays have along an axis.
/// \throws ShapeError, ValueError  if they differ, have no such axis, or if there is none.
std::size_t extent_of_scan(std::span<const Var> arrays, std::ptrdiff_t axis, PathsOfScan paths);
/// Some elements of each array along an axis: `count` from `first` on, `step` apart.
std::vector<Var> elements_along(std::span<const Var> arrays, std::ptrdiff_t axis, std::size_t first,
                                std::ptrdiff_t step, std::size_t count);
/// The elements of the first and then those of the second.
std::vector<Var> joined_along(std::span<const Var> first, std::span<const Var> second, std::ptrdiff_t axis);
/// Elements of both in turn; of the first there may be one more.
std::vector<Var> interleaved(std::span<const Var> even, std::span<const Var> odd, std::ptrdiff_t axis);
/// What was combined must have the form of what it was combined of.
void require_same_form(std::span<const Var> combined, std::span<const Var> elements, PathsOfScan paths);

template <class F, class T>
T scan_pairs(const F& combine, const T& elements, std::ptrdiff_t axis, std::size_t count) {
  if (count < 2) return elements;
  const auto some = [&](const T& of, std::size_t first, std::ptrdiff_t step, std::size_t n) {
    return tree::with_arrays(of, elements_along(tree::arrays(of), axis, first, step, n));
  };
  const auto combined = [&](const T& a, const T& b) {
    T result = combine(a, b);
    const auto paths = [&] { return tree::array_paths(a); };
    require_same_form(tree::arrays(result), tree::arrays(a), PathsOfScan(paths));
    return result;
  };
  // Neighbours in pairs give every second result; the others are one step from these.
  const std::size_t pairs = count / 2;
  const T odd = scan_pairs(combine, combined(some(elements, 0, 2, pairs), some(elements, 1, 2, pairs)), axis, pairs);
  const std::size_t others = (count - 1) / 2;
  const T first = some(elements, 0, 1, 1);
  if (others == 0) return tree::with_arrays(elements, interleaved(tree::arrays(first), tree::arrays(odd), axis));
  const T behind = combined(some(odd, 0, 1, others), some(elements, 2, 2, others));
  const T even = tree::with_arrays(elements, joined_along(tree::arrays(first), tree::arrays(behind), axis));
  return tree::with_arrays(elements, interleaved(tree::arrays(even), tree::arrays(odd), axis));
}

}  // namespace detail

/// Running results of an associative function along an axis: result[0] = x[0], result[i] = combine(result[i - 1],
/// x[i]), from the last on if `direction` is Backward. It is called 2 log2(n) times, of many elements at once.
///
///     // x[i] = a[i] x[i - 1] + b[i]
///     auto [a_all, x] = xg::associative_scan(
///         [](const auto& p, const auto& q) { return std::pair{q.first * p.first, q.first * p.second + q.second}; },
///         std::pair{a, b});
///
/// \param combine   associative: of two trees like `elements`, of the same shapes, element by element along the axis.
/// \param elements  a tree of arrays with the same extent along the axis.
/// \throws ShapeError  unless they have; if combine gives other shapes; for arrays of as many axes as there can be.
template <class F, class T>
requires tree::Tree<T> && std::is_invocable_r_v<T, const F&, const T&, const T&>
[[nodiscard]] T associative_scan(const F& combine, const T& elements, std::ptrdiff_t axis = 0,
                                 Direction direction = Direction::Forward) {
  const auto paths = [&] { return tree::array_paths(elements); };
  const std::size_t count = detail::extent_of_scan(tree::arrays(elements), axis, detail::PathsOfScan(paths));
  if (count == 0) return elements;
  if (direction == Direction::Forward) return detail::scan_pairs(combine, elements, axis, count);
  const auto turned = [&](const T& x) {
    return tree::with_arrays(x, detail::elements_along(tree::arrays(x), axis, count - 1, -1, count));
  };
  return turned(detail::scan_pairs(combine, turned(elements), axis, count));
}

template <class F, class T>
T associative_scan(const F&, const T& elements, std::ptrdiff_t = 0, Direction = Direction::Forward) {
  static_assert(tree::Tree<T>, "associative_scan is of a Var or a tree of Vars");
  static_assert(!tree::Tree<T> || detail::mistaken<F>,
                "associative_scan: the function is called with two trees like the elements, and returns one: write "
                "associative_scan([](const xg::Var& a, const xg::Var& b) { return a * b; }, x)");
  return elements;
}

/// Running products: result[i] = x[0] ... x[i]; backward x[i] ... x[n - 1]; right where they can be represented, in
/// floating point. Booleans count as int64.
/// \throws ShapeError  for a scalar, and for an array of as many axes as there can be; so do the others.
Var cumprod(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);
/// Running maxima and minima; NaN stays. Where elements are equal the derivative is divided as that of maximum().
/// \throws ShapeError  for a scalar.
Var cummax(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);
Var cummin(const Var& x, std::ptrdiff_t axis = -1, Direction direction = Direction::Forward);

}  // namespace xgrad

#pragma GCC visibility pop
