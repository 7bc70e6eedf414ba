// Means over processes that are sent as numbers of 16 bits, with feedback of the error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

enum class Half : std::uint8_t {
  float16,  ///< 11 bits of the fraction, up to 65504
  bfloat16  ///< 8 bits of the fraction, the range of float32
};

/// How numbers are rounded, and what that has left to be added the next time. Empty at the beginning. It is of this
/// process and of this number of processes: a run that goes on with others begins with an empty one.
struct Rounding {
  Half half = Half::bfloat16;
  Var own = {};   ///< of what this process sent, [elements]
  Var mean = {};  ///< of the means that it has made, [elements / P]
};
XGRAD_FIELDS(Rounding, half, state(own), state(mean))

namespace detail {

/// A mean of leaves, and what it leaves.
std::pair<std::vector<Var>, Rounding> rounded_mean(const Communicator& group, const std::vector<std::string>& paths,
                                                   const std::vector<Var>& leaves, const Rounding& before);

}  // namespace detail

/// The mean over all processes of each leaf of a tree, such as a gradient, of which half as many bytes are sent as of
/// float32. It is not exact, and depends on the number of processes:
///
///     q = round(g + e);  e = g + e - q        on each process
///     m = sum(q) / P + f;  round(m);  f = m - round(m)      on the one that adds these elements
///
/// so that what is lost in one step is added in the next: sums over steps are off by one rounding. All processes get
/// the same bits, added along a tree in the order of ranks. What is too large for float16 waits in the rest. Infinity
/// and NaN are handed on, and leave nothing.
///
///     mpi::Rounding rounding;
///     std::tie(gradient, rounding) = mpi::rounded_mean(world, gradient, rounding);
///
/// \throws MismatchError  if the trees or Half differ between processes
/// \throws TypeError      for leaves that are not floating-point
/// \throws ShapeError     if the rounding is that of another tree
/// \source  F. Seide et al., 1-bit stochastic gradient descent, 2014; both sides: H. Tang et al., DoubleSqueeze, 2019.
template <tree::Tree T>
[[nodiscard]] std::pair<T, Rounding> rounded_mean(const Communicator& group, const T& tree, const Rounding& before) {
  auto [leaves, rounding] = detail::rounded_mean(group, tree::paths(tree), tree::leaves(tree), before);
  return {tree::with_leaves(tree, leaves), std::move(rounding)};
}

}  // namespace xgrad::mpi

#pragma GCC visibility pop
