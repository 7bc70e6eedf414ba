// Sums over processes and other exchanges of arrays between them, as operations on Vars and trees.
//
// They are operations like others: in compiled functions they are steps of the plan; vmap() makes one exchange for the
// whole batch; scan(), cond() and checkpoint() may contain them, if all processes take the same way through them; and
// they have derivatives of every order in both modes.
//
// Convention: an array that each of P processes has is one array with one more axis, of extent P; an operation here is
// a linear function of that, and derivatives are those of this function. So what a gradient is of is the *sum over all
// processes* of what they call the loss, and the adjoint of all_sum is all_sum of the cotangents.
//
//     auto [loss, gradient] = xg::value_and_grad(local_loss)(model, x, y);    // of this process's samples
//     gradient = mpi::all_mean(world, gradient);                              // of the mean over all
//
// All processes of the group must call the same, with the same element types and shapes, in the same order; this is
// checked, and MismatchError names two processes that did not. A recorded call runs when its values are asked for: ask
// on all processes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// With whom a process exchanges.
struct Exchange {
  std::size_t to;    ///< the rank that gets what this one has
  std::size_t from;  ///< the rank whose array this one gets
};

namespace detail {

enum class Kind : std::uint8_t { Sum, Broadcast, SumTo, Gather, ScatterSum, Send, ReceiveAdd, Receive, SendZero, Swap };

/// \param partner  the root; to whom it is sent; from whom it is received.
/// \param from     of an exchange.
/// \param paths    of the arrays, for messages.
std::vector<Var> exchange(Kind kind, const Communicator& group, std::span<const Var> arrays,
                          std::vector<std::string> paths, std::size_t partner = 0, std::size_t from = 0);
/// The quotients of sums by the number of processes.
/// \throws TypeError  unless all are floating-point numbers.
std::vector<Var> means(const Communicator& group, std::span<const Var> arrays, std::vector<std::string> paths);

template <class T>
T exchange_tree(Kind kind, const Communicator& group, const T& x, std::size_t partner = 0, std::size_t from = 0) {
  return tree::with_arrays(x, exchange(kind, group, tree::arrays(x), tree::array_paths(x), partner, from));
}

}  // namespace detail

/// y_r = sum over all ranks s of x_s, elementwise, on all ranks r. Each sum is added along one fixed tree, so that its
/// bits are the same on all ranks and whenever it is repeated; booleans are counted, as sum() does. Adjoint: all_sum.
/// \throws MismatchError  on all ranks, if they do not call the same, or their trees differ.
/// \throws TimeoutError, PeerError  see Communicator.
template <tree::Tree T>
[[nodiscard]] T all_sum(const Communicator& group, const T& x) {
  return detail::exchange_tree(detail::Kind::Sum, group, x);
}

/// all_sum() divided by the number of processes.
/// \throws TypeError  if x holds integers or booleans.
/// \throws MismatchError, TimeoutError, PeerError  as all_sum.
template <tree::Tree T>
[[nodiscard]] T all_mean(const Communicator& group, const T& x) {
  return tree::with_arrays(x, detail::means(group, tree::arrays(x), tree::array_paths(x)));
}

/// y_r = x_root on all ranks. What the others give says shapes and element types. Adjoint: the sum of all cotangents on
/// the root, and zeros elsewhere.
/// \throws ValueError  if there is no such rank.
/// \throws MismatchError, TimeoutError, PeerError  as all_sum.
template <tree::Tree T>
[[nodiscard]] T broadcast(const Communicator& group, const T& x, std::size_t root = 0) {
  return detail::exchange_tree(detail::Kind::Broadcast, group, x, root);
}

/// The arrays of all ranks, in their order along a new first axis: of shape [s...] they become [P, s...]. Adjoint:
/// reduce_scatter.
/// \throws ShapeError  if that is one axis too many.
/// \throws MismatchError, TimeoutError, PeerError  as all_sum.
template <tree::Tree T>
[[nodiscard]] T all_gather(const Communicator& group, const T& x) {
  return detail::exchange_tree(detail::Kind::Gather, group, x);
}

/// y_r = sum over s of x_s[r]: of arrays of shape [P, s...], whose first axis has an element for each rank, each rank
/// gets the sum of its element, of shape [s...], added along the tree of all_sum. Adjoint: all_gather.
/// \throws ShapeError  unless the first axis has the extent P.
/// \throws MismatchError, TimeoutError, PeerError  as all_sum.
template <tree::Tree T>
[[nodiscard]] T reduce_scatter(const Communicator& group, const T& x) {
  return detail::exchange_tree(detail::Kind::ScatterSum, group, x);
}

/// y_r = x_from: all ranks call it, each sends what it has to one and gets what another has; of what r sends to t, t
/// says that it comes from r. Adjoint: the same the other way.
/// \throws ValueError  if there is no such rank.
/// \throws MismatchError  if the one that sends and the one that receives have other shapes or element types.
/// \throws TimeoutError, PeerError  see Communicator.
template <tree::Tree T>
[[nodiscard]] T send_receive(const Communicator& group, const T& x, Exchange exchange) {
  return detail::exchange_tree(detail::Kind::Swap, group, x, exchange.to, exchange.from);
}

/// Sends x to one rank, which calls receive(), and gives x. It runs when what it gives is computed: go on with that,
/// not with x. Adjoint: what comes back from receive() there is added to the cotangent.
/// \throws ValueError  if there is no other such rank.
/// \throws MismatchError, TimeoutError, PeerError  as send_receive.
template <tree::Tree T>
[[nodiscard]] T send(const Communicator& group, const T& x, std::size_t to) {
  return detail::exchange_tree(detail::Kind::Send, group, x, to);
}

/// What another rank sends with send(). `like` says shapes and element types. Adjoint: the cotangent goes back to the
/// other rank, and is zero for `like`. It is sent when the cotangent of `like` is computed: where the loss of send() is
/// differentiated, `like` must be differentiated here.
/// \throws ValueError  if there is no other such rank.
/// \throws MismatchError, TimeoutError, PeerError  as send_receive.
template <tree::Tree T>
[[nodiscard]] T receive(const Communicator& group, const T& like, std::size_t from) {
  return detail::exchange_tree(detail::Kind::Receive, group, like, from);
}

}  // namespace xgrad::mpi

#pragma GCC visibility pop
