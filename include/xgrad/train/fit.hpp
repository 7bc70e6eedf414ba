// From a loss to a trained model: fit().
#pragma once

#include <type_traits>
#include <utility>

#include <xgrad/data/dataset.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/train/options.hpp>
#include <xgrad/train/run.hpp>
#include <xgrad/tree/tree.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// Trains a model.
///
///     auto fitted = train::fit(net, objective, optim::adam({.rate = 1e-3}), std::tuple(x, y),
///                              {.epochs = 20, .batches = {.size = 64}});
///     net = fitted.model;
///
/// In each epoch it goes once through the data, in batches of another order, and makes a step() of each. Key and
/// options decide all numbers: the same run gives the same bits, and so does one that goes on from a checkpoint. The
/// batch of epoch e is that of data::batches with the key `key.fold_in(0)`, the nn::Training of step s has
/// `key.fold_in(1).fold_in(s)`: a loop by hand can do the same.
///
/// \param model       a tree; its leaves are trained, its state is carried along
/// \param objective   see Objective, and mixed() for several
/// \param data        see data::Dataset
/// \throws ValueError  for options that cannot be meant, and an empty dataset; for NotFinite::raise.
/// \throws ShapeError  unless all arrays of the dataset have as many rows and the batch fits; for a validation set that
///                     has other fields; for a loss that is not one number.
/// \throws TypeError   for leaves of the model that are not floating-point.
/// What callbacks, metrics and checkpoints throw goes through.
template <tree::Tree M, class F, data::Dataset D>
[[nodiscard]] Fitted<M> fit(M model, F objective, const optim::Optimiser& optimiser, const D& data,
                            const std::type_identity_t<Options<M, D>>& options) {
  using B = data::RowsOf<D>;
  const detail::LoopOptions loop{
      .epochs = options.epochs,
      .steps = options.steps,
      .key = options.key,
      .not_finite = options.not_finite,
      .validates = options.validation.has_value(),
      .validate_every = options.validate_every,
      .watch = !options.watch.empty() || !options.validation || !detail::has_plain_form<F, M, B> ? options.watch
                                                                                                 : "validation loss",
      .larger_is_better = options.larger_is_better,
      .patience = options.patience,
      .least_gain = options.least_gain,
      .rate = options.rate,
      .log_every = options.log_every,
      .show = detail::Together(options.shards).is_first() ? options.show : Show::quiet,
      .out = options.out,
      .catch_interrupt = options.catch_interrupt,
      .terms = detail::term_names(objective)};
  detail::require_options(loop, !options.metrics.empty(), detail::asked_or_usual(options.predict).defined(),
                          options.validation_rows);
  detail::RunOf<M, F, D> run(std::move(model), objective, optimiser, data, options);
  detail::LoopResult result = detail::run_loop(run, loop);
  Position position = result.where.position(options.key);
  M best = run.best ? std::move(*run.best) : run.model;
  return {.model = std::move(run.model),
          .best = std::move(best),
          .state = run.take_state(),
          .position = std::move(position),
          .history = std::move(result.history),
          .ended = result.ended,
          .message = std::move(result.message),
          .best_value = result.where.best,
          .best_epoch = result.where.best_epoch};
}

}  // namespace xgrad::train

#pragma GCC visibility pop
