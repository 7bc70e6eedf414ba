// Processes that train apart and meet now and then.
#pragma once

#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/mpi/communicator.hpp>
#include <xgrad/mpi/rounding.hpp>
#include <xgrad/optim/gradient.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::mpi {

/// The optimiser of DiLoCo for what processes have learnt apart: descent with Nesterov's momentum.
/// \source  A. Douillard et al., DiLoCo: distributed low-communication training of language models, 2023.
[[nodiscard]] inline optim::Optimiser diloco() { return optim::sgd({.rate = 0.7, .momentum = 0.9, .nesterov = true}); }

/// What all processes have in common between two meetings: the same everywhere, but for the rounding.
template <tree::Tree M>
struct Outer {
  M model;
  optim::State state;
  /// Set: the way that models have gone is sent in 16 bits.
  std::optional<Rounding> rounding;
  XGRAD_MEMBER_FIELDS(Outer, model, state, rounding)
};

/// Of a model that is the same on all processes.
template <tree::Tree M>
[[nodiscard]] Outer<M> outer(const M& model, const optim::Optimiser& optimiser = diloco()) {
  return {model, optimiser.init(model), {}};
}

namespace detail {

/// The means of arrays over all processes; integers, which must be the same everywhere, as they are.
/// \param left_out  of each array, whether it stays what it is; none: none does
std::vector<Var> mean_of_all(const Communicator& group, const std::vector<std::string>& paths, std::vector<Var> arrays,
                             const std::vector<char>& left_out);

}  // namespace detail

/// A meeting: all processes bring their models, which they have trained from the last meeting on, each with data of its
/// own and its own inner optimiser, and go on from the model that is returned:
///
///     g = mean over processes of (outer.model - model);  outer.model += update of g
///
///     auto outer = mpi::outer(model);
///     for (std::size_t i = 1; i <= steps; ++i) {
///       std::tie(model, state, loss) = step(std::move(model), std::move(state), batch_of(world.rank(), i));
///       if (i % 500 == 0) std::tie(model, outer) = mpi::meet(world, model, outer);
///     }
///
/// Where the optimiser is sgd({.rate = 1.0}), the model is the mean of all: local SGD. Leaves move so; states that are
/// floating-point, such as running means, are averaged, others must be the same everywhere. The inner optimisers keep
/// their states. Compared with a mean of gradients in each step, a 500th of the bytes is sent; the result depends on
/// the number of processes.
///
/// \throws MismatchError  if the trees differ between processes, or states that are integers do
/// \source  A. Douillard et al., DiLoCo, 2023, algorithm 1; S. U. Stich, Local SGD converges fast and communicates
///          little, 2019.
template <tree::Tree M>
[[nodiscard]] std::pair<M, Outer<M>> meet(const Communicator& group, const M& model, const Outer<M>& before,
                                          const optim::Optimiser& optimiser = diloco()) {
  Outer<M> after = before;
  // How far each leaf has gone; the states are those of this process.
  M mean = tree::map(model, before.model, [](const Var& to, const Var& from) { return from - to; });
  std::vector<char> left_out;
  if (before.rounding) {
    std::tie(mean, *after.rounding) = rounded_mean(group, mean, *before.rounding);
    left_out = tree::detail::leaf_flags(mean);
  }
  mean = tree::with_arrays(mean, detail::mean_of_all(group, tree::array_paths(mean), tree::arrays(mean), left_out));
  auto [updates, state] = optimiser.update(mean, before.state, before.model);
  after.state = std::move(state);
  after.model = tree::with_leaves(mean, tree::leaves(optim::apply(before.model, updates)));
  return {after.model, std::move(after)};
}

}  // namespace xgrad::mpi

#pragma GCC visibility pop
