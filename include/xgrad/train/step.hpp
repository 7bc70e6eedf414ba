// One step of training: loss, gradients and update as one compiled function.
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/nn/differing.hpp>
#include <xgrad/nn/layer.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/train/objective.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

struct StepOptions {
  /// The batch is cut into so many equal parts, whose gradients are averaged before the one update: memory for one part
  /// only. A state that the objective hands on goes from part to part.
  std::size_t micro_batches = 1;
  /// Where the loss or the gradient is not finite, model and state stay as they were, and the loss that is returned is
  /// not finite (NaN, if it was). It costs a pass over the gradient.
  bool keep_finite = false;
};

namespace detail {

/// What an objective of lists gave: `next` are all arrays of the model, or none.
struct Outcome {
  Var loss;
  std::vector<Var> terms;
  std::vector<Var> next;
};
/// An objective of the arrays of a model and of a batch.
using ListObjective =
    xgrad::detail::FunctionOf<Outcome, std::span<const Var>, std::span<const Var>, const nn::Training*>;

/// A model or a batch without its type.
struct Lists {
  std::vector<Var> arrays;
  std::vector<char> is_leaf;
};
template <class T>
Lists lists_of(const T& tree) {
  return {tree::arrays(tree), tree::detail::leaf_flags(tree)};
}

struct Differentiated {
  Var loss;
  Var terms;                  ///< [n], if there are any
  std::vector<Var> gradient;  ///< of the leaves
  std::vector<Var> arrays;    ///< of the model: leaves as they were, and the next state
  optim::Extras extras;
};
/// Loss and gradient of a batch, or of its samples, with an axis in front, if the optimiser wants these.
/// \param key  empty: none.
Differentiated differentiated(ListObjective objective, const Lists& model, std::span<const Var> batch,
                              const random::Key& key, const StepOptions& options,
                              optim::Transformation::Gradients kind);

/// Puts what was before in the place of what comes after, where loss or gradient are not finite.
void keep_finite(Differentiated& of, std::span<const Var> before, std::vector<Var>& after);

/// A word to the log if a model has a state that its objective, though it is for training, does not hand on.
void remark_state_that_stays(const std::vector<std::string>& paths, const Lists& model);

/// A word to the log if layers of a model are another function in training, but its objective has no form for that.
void remark_layers_as_in_use(const std::vector<std::string>& paths);

void require_options(const StepOptions& options);

/// Parts as one batch: one is itself, more are a tuple.
template <class B>
const B& as_batch(const B& batch) {
  return batch;
}
template <class A, class B, class... C>
std::tuple<A, B, C...> as_batch(const A& a, const B& b, const C&... c) {
  return {a, b, c...};
}

template <class F>
struct StepOf {
  F objective;
  optim::Optimiser optimiser;
  StepOptions options;

  template <class M, class... A>
  requires(sizeof...(A) > 0) auto operator()(const M& model, const optim::State& state,
                                             const A&... batch_and_key) const {
    constexpr std::size_t count = sizeof...(A) - 1;
    using Last = std::tuple_element_t<count, std::tuple<A...>>;
    const std::tuple<const A&...> all(batch_and_key...);
    if constexpr (std::same_as<Last, random::Key>) {
      static_assert(count > 0, "a step takes a model, the state of the optimiser, a batch and a key");
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return run(model, state, detail::as_batch(std::get<I>(all)...), std::get<count>(all));
      }
      (std::make_index_sequence<count>());
    } else {
      return run(model, state, detail::as_batch(batch_and_key...), random::Key());
    }
  }

 private:
  template <class M, class B>
  auto run(const M& model, const optim::State& state, const B& batch, const random::Key& key) const {
    const auto of_lists = [&](std::span<const Var> arrays, std::span<const Var> rows, const nn::Training* training) {
      Evaluated<M> result =
          detail::evaluate(objective, tree::with_arrays(model, arrays), tree::with_arrays(batch, rows), training);
      if constexpr (has_training_form<F, M, B>) {
        if (training != nullptr && !result.next) remark_state_that_stays(tree::array_paths(model), lists_of(model));
      }
      return Outcome{std::move(result.loss), std::move(result.terms),
                     result.next ? tree::arrays(*result.next) : std::vector<Var>()};
    };
    if constexpr (!has_training_form<F, M, B>) {
      nn::detail::Differing walk;
      walk.look(model);
      remark_layers_as_in_use(walk.paths());
    }
    Differentiated found = differentiated(ListObjective(of_lists), lists_of(model), tree::arrays(batch), key, options,
                                          optimiser.gradients());
    auto [updates, next] = optimiser.update(tree::with_leaves(model, found.gradient), state, model, found.extras);
    M moved = optim::apply(tree::with_arrays(model, found.arrays), updates);
    if (options.keep_finite) {
      std::vector<Var> before = tree::arrays(model);
      std::vector<Var> after = tree::arrays(moved);
      const std::size_t size = after.size();
      tree::detail::visit(state, tree::detail::appends(before, tree::detail::Visit::arrays));
      tree::detail::visit(next, tree::detail::appends(after, tree::detail::Visit::arrays));
      detail::keep_finite(found, before, after);
      moved = tree::with_arrays(moved, std::span<const Var>(after).first(size));
      next = tree::with_arrays(next, std::span<const Var>(after).subspan(size));
    }
    if constexpr (is_mixed<F>) {
      return std::tuple{std::move(moved), std::move(next), found.loss, found.terms};
    } else {
      return std::tuple{std::move(moved), std::move(next), found.loss};
    }
  }
};

}  // namespace detail

/// The compiled function of a step of training, which is what fit() runs:
///
///     auto step = train::step(objective, optimiser);
///     optim::State state = optimiser.init(model);
///     xg::Var loss;
///     for (std::int64_t i = 0; i < 1000; ++i) {
///       std::tie(model, state, loss) = step(std::move(model), std::move(state), x, y, key.fold_in(i));
///     }
///
/// It takes the model, the state, a batch (one tree, or several arguments in place of a tuple) and a key for objectives
/// that take nn::Training; without a key these are called without, and must have that form. It returns a tuple of the
/// next model, the next state and the loss before the update; of a mixed objective also its terms, as one array [n].
/// What is handed over with std::move is written over, and a step that has run before with arrays of these shapes asks
/// for no memory, as far as copying the model does not. The optimiser gets the loss, the gradient of this batch
/// elsewhere, and, if it asks for them (dp_sgd), gradients of single samples; these are objectives of batches of one.
///
/// \param objective  see Objective.
/// \throws ValueError  if micro_batches is 0, or not 1 beside gradients of single samples; when called: if the loss does
///                     not depend on the model.
/// \throws ShapeError  when called: unless the loss is one number, and micro-batches divide the batch.
template <class F>
[[nodiscard]] auto step(F objective, const optim::Optimiser& optimiser, const StepOptions& options = {}) {
  detail::require_options(options);
  return compile(detail::StepOf<F>{std::move(objective), optimiser, options});
}

}  // namespace xgrad::train

#pragma GCC visibility pop
