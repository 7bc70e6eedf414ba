// Checks derivatives, your own and ours. Works with any test framework: `BOOST_TEST(xg::testing::check_gradients(f,
// x))`.
#pragma once

#include <cstddef>
#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>
#include <xgrad/transform/vjp.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::testing {

struct CheckOptions {
  /// Highest order of derivatives to check.
  int order = 2;
  /// Largest difference between reverse mode and central differences, relative to the larger of 1 and the derivative.
  double tolerance = 1e-6;
  /// The same between reverse and forward mode.
  double mode_tolerance = 1e-12;
  /// Step of the central differences, relative to the larger of 1 and the element.
  double step = 1e-3;
};

/// What a check found; true if all is well.
struct [[nodiscard]] CheckReport {
  bool passed = true;
  /// Largest error found, as measured by CheckOptions::tolerance.
  double worst_error = 0.0;
  /// What went wrong, with the worst element by name, order and index, and its derivative computed both ways.
  std::string message;

  explicit operator bool() const noexcept { return passed; }
};

/// Prints the message, or that all is well, with the largest error.
std::ostream& operator<<(std::ostream& out, const CheckReport& report);

namespace detail {

using Function = std::function<std::vector<Var>(const std::vector<Var>&)>;

CheckReport check_gradients(const CheckOptions& options, const Function& f, const std::vector<Var>& at,
                            const std::vector<std::string>& paths);

}  // namespace detail

/// Compares derivatives of a function that are computed in three ways: by central differences (of fourth order, in
/// double), in reverse and in forward mode; and the derivatives of its derivatives, up to the order asked for. The
/// outputs are weighed with fixed random numbers, so every output matters. float32 arguments are checked as float64;
/// integers and booleans are held fixed.
///
/// \param f          of trees, xtensor expressions or numbers, to a tree; smooth near the arguments.
/// \param arguments  where to check.
template <class F, class... A>
CheckReport check_gradients(const CheckOptions& options, F f, const A&... arguments) {
  using Trees = std::tuple<xgrad::detail::differentiated_t<A>...>;
  const Trees trees(arguments...);
  const detail::Function flat = [&](const std::vector<Var>& leaves) {
    return tree::leaves(xgrad::detail::as_tree(std::apply(f, tree::with_leaves(trees, leaves))));
  };
  return detail::check_gradients(options, flat, tree::leaves(trees), tree::paths(trees));
}

template <class F, class... A>
requires(!std::same_as<std::remove_cvref_t<F>, CheckOptions>) CheckReport check_gradients(F f, const A&... arguments) {
  return check_gradients(CheckOptions(), std::move(f), arguments...);
}

}  // namespace xgrad::testing

#pragma GCC visibility pop
