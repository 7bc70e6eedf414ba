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
#include <xgrad/train/shard_work.hpp>
#include <xgrad/train/shards.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

struct StepOptions {
  /// The batch is cut into so many equal parts, whose gradients are averaged before the one update: see Shards. One
  /// after another they need memory for one part only.
  Shards shards = 1;
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
using MaybeKey = std::optional<random::Key>;

/// Loss and gradient of a batch, or of its samples, with an axis in front, if the optimiser wants these.
Differentiated differentiated(ListObjective objective, const Lists& model, std::span<const Var> batch,
                              const MaybeKey& key, optim::Transformation::Gradients kind);

/// What comes of one shard.
/// \param key  of the batch.
OfShards of_shard(ListObjective objective, const Lists& model, std::span<const Var> rows, const MaybeKey& key,
                  const Var& number);
/// Loss and gradient of a batch by what has come of all of its shards. Extras are for one process only.
/// \param terms  how many.
Differentiated averaged(ListObjective objective, const Lists& model, std::span<const Var> batch, const MaybeKey& key,
                        const ShardWork& work, const OfShards& total, std::size_t terms);
/// The path of a state that is no sum, by its place among these.
std::string path_of_other_state(const std::vector<std::string>& paths, const Lists& model, std::span<const char> is_sum,
                                std::size_t place);

/// Puts what was before in the place of what comes after, where loss or gradient are not finite.
/// \param known  whether they are, if that is known.
void keep_finite(Differentiated& of, std::span<const Var> before, std::vector<Var>& after,
                 const std::optional<Var>& known);

/// A word to the log if a model has a state that its objective, though it is for training, does not hand on.
void remark_state_that_stays(const std::vector<std::string>& paths, const Lists& model);

/// A word to the log if layers of a model are another function in training, but its objective has no form for that.
void remark_layers_as_in_use(const std::vector<std::string>& paths);

void require_options(const StepOptions& options, const optim::Optimiser& optimiser);
/// What processes compare before their first step.
std::string settings_of(const StepOptions& options, const optim::Optimiser& optimiser);

/// Parts as one batch: one is itself, more are a tuple. What is no tree becomes a Var.
template <class B>
decltype(auto) as_batch(B&& batch) {
  using K = xgrad::detail::differentiated_t<B>;
  if constexpr (std::same_as<K, std::remove_cvref_t<B>>) return std::forward<B>(batch);
  else return K(batch);
}
template <class A, class B, class... C>
auto as_batch(A&& a, B&& b, C&&... c) {
  return std::tuple<xgrad::detail::differentiated_t<A>, xgrad::detail::differentiated_t<B>,
                    xgrad::detail::differentiated_t<C>...>(std::forward<A>(a), std::forward<B>(b),
                                                           std::forward<C>(c)...);
}

/// An objective as one of lists.
template <class F, class M, class B>
class ObjectiveOfLists {
 public:
  ObjectiveOfLists(const F& objective, const M& model, const B& batch)
      : objective_(objective), model_(model), batch_(batch) {}

  Outcome operator()(std::span<const Var> arrays, std::span<const Var> rows, const nn::Training* training) const {
    Evaluated<M> result =
        detail::evaluate(objective_, tree::with_arrays(model_, arrays), tree::with_arrays(batch_, rows), training);
    if constexpr (has_training_form<F, M, B>) {
      if (training != nullptr && !result.next) remark_state_that_stays(tree::array_paths(model_), lists_of(model_));
    }
    return Outcome{std::move(result.loss), std::move(result.terms),
                   result.next ? tree::arrays(*result.next) : std::vector<Var>()};
  }
  void remark() const {
    if constexpr (!has_training_form<F, M, B>) {
      nn::detail::Differing walk;
      walk.look(model_);
      remark_layers_as_in_use(walk.paths());
    }
  }

 private:
  const F& objective_;
  const M& model_;
  const B& batch_;
};

/// What a step gives.
template <class F, class M>
struct Moved {
  M model;
  optim::State state;
  Var loss, terms;

  auto tuple() && {
    if constexpr (is_mixed<F>) {
      return std::tuple{std::move(model), std::move(state), std::move(loss), std::move(terms)};
    } else {
      return std::tuple{std::move(model), std::move(state), std::move(loss)};
    }
  }
};

/// The update by loss and gradient.
template <class F, class M>
Moved<F, M> moved(const optim::Optimiser& optimiser, const StepOptions& options, const M& model,
                  const optim::State& state, Differentiated found, const std::optional<Var>& fine = {}) {
  auto [updates, next] = optimiser.update(tree::with_leaves(model, found.gradient), state, model, found.extras);
  M after = optim::apply(tree::with_arrays(model, found.arrays), updates);
  if (options.keep_finite) {
    std::vector<Var> before = tree::arrays(model);
    std::vector<Var> all = tree::arrays(after);
    const std::size_t size = all.size();
    tree::detail::visit(state, tree::detail::appends(before, tree::detail::Visit::arrays));
    tree::detail::visit(next, tree::detail::appends(all, tree::detail::Visit::arrays));
    detail::keep_finite(found, before, all, fine);
    after = tree::with_arrays(after, std::span<const Var>(all).first(size));
    next = tree::with_arrays(next, std::span<const Var>(all).subspan(size));
  }
  return {std::move(after), std::move(next), std::move(found.loss), std::move(found.terms)};
}

/// A step of a batch as a whole.
template <class F>
struct WholeStep {
  F objective;
  optim::Optimiser optimiser;
  StepOptions options;

  template <class M, class B>
  auto operator()(const M& model, const optim::State& state, const B& batch, const MaybeKey& key) const {
    const ObjectiveOfLists of_lists(objective, model, batch);
    of_lists.remark();
    Differentiated found =
        differentiated(ListObjective(of_lists), lists_of(model), tree::arrays(batch), key, optimiser.gradients());
    return moved<F>(optimiser, options, model, state, std::move(found)).tuple();
  }
};

/// What comes of a shard.
template <class F>
struct OneShard {
  F objective;

  template <class M, class B>
  OfShards operator()(const M& model, const B& rows, const MaybeKey& key, const Var& number) const {
    const ObjectiveOfLists of_lists(objective, model, rows);
    of_lists.remark();
    return of_shard(ListObjective(of_lists), lists_of(model), tree::arrays(rows), key, number);
  }
};

/// The update when all shards are added.
template <class F>
struct UpdateByShards {
  F objective;
  optim::Optimiser optimiser;
  StepOptions options;
  ShardWork work;

  template <class M, class B>
  auto operator()(const M& model, const optim::State& state, const OfShards& total, const B& batch, const MaybeKey& key,
                  const std::optional<Var>& fine) const {
    const ObjectiveOfLists of_lists(objective, model, batch);
    return moved<F>(optimiser, options, model, state,
                    averaged(ListObjective(of_lists), lists_of(model), tree::arrays(batch), key, work, total,
                             term_names(objective).size()),
                    fine)
        .tuple();
  }
};

}  // namespace detail

/// See step().
template <class F>
class Step {
 public:
  Step(F objective, const optim::Optimiser& optimiser, const StepOptions& options)
      : optimiser_(optimiser),
        work_(options.shards),
        terms_(detail::term_names(objective).size()),
        keep_finite_(options.keep_finite),
        settings_(detail::settings_of(options, optimiser)),
        whole_(compile(detail::WholeStep<F>{objective, optimiser, options})),
        shard_(compile(detail::OneShard<F>{objective})),
        update_(compile(detail::UpdateByShards<F>{std::move(objective), optimiser, options, work_})) {}

  template <class M, class S, class... A>
  requires(std::same_as<std::remove_cvref_t<S>, optim::State> && sizeof...(A) > 0) auto operator()(
      M&& model, S&& state, A&&... batch_and_key) const {
    constexpr std::size_t count = sizeof...(A) - 1;
    using Last = std::remove_cvref_t<std::tuple_element_t<count, std::tuple<A...>>>;
    const auto all = std::forward_as_tuple(std::forward<A>(batch_and_key)...);
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      using Parts = std::tuple<A...>;
      const auto part = [&]<std::size_t i>(std::integral_constant<std::size_t, i>) -> decltype(auto) {
        return std::forward<std::tuple_element_t<i, Parts>>(std::get<i>(all));
      };
      detail::MaybeKey key;
      if constexpr (std::same_as<Last, random::Key>) key = std::get<count>(all);
      return run(std::forward<M>(model), std::forward<S>(state),
                 detail::as_batch(part(std::integral_constant<std::size_t, I>())...), key);
    }
    (std::make_index_sequence<count + (std::same_as<Last, random::Key> ? 0 : 1)>());
  }

  /// The first state of the optimiser, as this step takes it: the whole, or this process's slices of it.
  /// \throws ValueError  if it shall be in slices, and the optimiser does not work element by element.
  template <class M>
  [[nodiscard]] optim::State init(const M& model) const {
    if (!work_.slices_state()) return optimiser_.init(model);
    const detail::List leaves = detail::list_of(model, tree::detail::Visit::leaves);
    require_elementwise(tree::with_leaves(model, detail::without_ones(leaves)),
                        tree::with_leaves(model, detail::other_shapes(leaves)));
    return optimiser_.init(tree::with_leaves(model, work_.slices(leaves)));
  }
  /// The whole state of what this step takes, and the other way about: for checkpoints, from which any number of
  /// processes goes on. If it is in slices, all processes call it.
  template <class M>
  [[nodiscard]] optim::State whole_state(const optim::State& state, const M& model) const {
    if (!work_.slices_state()) return state;
    const optim::State like = optimiser_.init(model);
    return tree::with_arrays(like, work_.whole_state(detail::list_of(state), detail::list_of(like)));
  }
  template <class M>
  [[nodiscard]] optim::State own_state(const optim::State& whole, const M& model) const {
    if (!work_.slices_state()) return whole;
    const optim::State like = init(model);
    return tree::with_arrays(like, work_.sliced_state(detail::list_of(whole), detail::list_of(like)));
  }

 private:
  template <class M, class S, class B>
  auto run(M&& model, S&& state, B&& batch, const detail::MaybeKey& key) const {
    if (work_.shards().count == 1) {
      return whole_(std::forward<M>(model), std::forward<S>(state), std::forward<B>(batch), key);
    }
    return in_shards(std::remove_cvref_t<M>(std::forward<M>(model)), optim::State(std::forward<S>(state)),
                     std::as_const(batch), key);
  }
  template <class M, class B>
  auto in_shards(M model, optim::State state, const B& batch, const detail::MaybeKey& key) const {
    using Visit = tree::detail::Visit;
    auto paths = [&] { return tree::array_paths(model); };
    work_.require_same(xgrad::detail::FunctionOf<std::vector<std::string>>(paths), detail::list_of(model), settings_);
    auto of_shard = [&](const detail::List& rows, std::size_t number) {
      return shard_(std::as_const(model), tree::with_arrays(batch, rows), key, Var(static_cast<std::int64_t>(number)));
    };
    auto path = [&](const detail::OfShards& of, std::size_t place) {
      return detail::path_of_other_state(tree::array_paths(model), detail::lists_of(model), of.is_sum, place);
    };
    std::size_t leaves = 0;
    tree::for_each(std::as_const(model), [&](const Var&) { ++leaves; });
    detail::OfShards total = work_.total(detail::list_of(batch), terms_, leaves, detail::ShardWork::OfShard(of_shard),
                                         detail::ShardWork::Path(path));
    if (!work_.slices_state()) {
      return update_(std::move(model), std::move(state), std::move(total), batch, key, std::optional<Var>());
    }
    const std::optional<Var> fine = keep_finite_ ? std::optional(work_.all_finite(total)) : std::nullopt;
    const detail::List whole = detail::list_of(model, Visit::leaves);
    auto result =
        update_(tree::with_leaves(model, work_.slices(whole)), std::move(state), std::move(total), batch, key, fine);
    M& moved = std::get<0>(result);
    moved = tree::with_leaves(moved, work_.whole(detail::list_of(moved, Visit::leaves), whole));
    return result;
  }
  template <class M>
  void require_elementwise(const M& whole, const M& slices) const {
    using Visit = tree::detail::Visit;
    const auto parts = [&](const M& of) {
      detail::UpdateParts result{detail::list_of(of, Visit::leaves), detail::list_of(optimiser_.init(of)), {}};
      for (const Var& x : detail::list_of(optimiser_.init(slices)))
        result.is_part.push_back(x.dimension() == 1 ? 1 : 0);
      return result;
    };
    const auto recorder = [&](const M& of) {
      return
          [&](std::span<const Var> leaves, std::span<const Var> gradient, std::span<const Var> state, const Var& loss) {
            optim::Extras extras;
            extras.value = loss;
            const M at = tree::with_leaves(of, leaves);
            auto [updates, next] = optimiser_.update(tree::with_leaves(of, gradient),
                                                     tree::with_arrays(optimiser_.init(of), state), at, extras);
            std::vector<Var> all = tree::leaves(updates);
            for (Var& x : tree::arrays(next)) all.push_back(std::move(x));
            return all;
          };
    };
    auto of_whole = recorder(whole);
    auto of_slices = recorder(slices);
    detail::require_elementwise(optimiser_.text(), parts(whole), parts(slices), detail::RecordUpdate(of_whole),
                                detail::RecordUpdate(of_slices));
  }

  optim::Optimiser optimiser_;
  detail::ShardWork work_;
  std::size_t terms_;
  bool keep_finite_;
  std::string settings_;
  decltype(compile(std::declval<detail::WholeStep<F>>())) whole_;
  decltype(compile(std::declval<detail::OneShard<F>>())) shard_;
  decltype(compile(std::declval<detail::UpdateByShards<F>>())) update_;
};

/// The compiled function of a step of training, which is what fit() runs (in shards it is two: that of a shard, and the
/// update):
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
/// \throws ValueError  if there are no shards, fewer than processes, or more than one beside gradients of single
///                     samples; when called: if the loss does not depend on the model, or shards have other states
///                     that are no floating-point numbers.
/// \throws ShapeError  when called: unless the loss is one number, and shards divide the batch.
template <class F>
[[nodiscard]] Step<F> step(F objective, const optim::Optimiser& optimiser, const StepOptions& options = {}) {
  detail::require_options(options, optimiser);
  return Step<F>(std::move(objective), optimiser, options);
}

}  // namespace xgrad::train

#pragma GCC visibility pop
