// From a loss to a trained model: fit().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/data/batches.hpp>
#include <xgrad/debug.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/train/checkpoint.hpp>
#include <xgrad/train/history.hpp>
#include <xgrad/train/metric.hpp>
#include <xgrad/train/objective.hpp>
#include <xgrad/train/progress.hpp>
#include <xgrad/train/step.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train {

/// Why a run ended.
enum class Ended : std::uint8_t {
  Finished,     ///< all epochs or steps are done
  Patience,     ///< what was watched has not become better for too long
  Stopped,      ///< by a callback
  Interrupted,  ///< by Ctrl-C
  NotFinite     ///< loss or gradient were not finite; the model is that before the step
};

/// A sentence.
[[nodiscard]] std::string_view text(Ended ended) noexcept;

/// What becomes of a step whose loss or gradient is not finite. The model is never touched by it.
enum class NotFinite : std::uint8_t {
  stop,   ///< the run ends; Fitted::message says what made the first of them (debug::nan_guard)
  skip,   ///< the next batch, please; a hundred of them one after another end the run as well
  raise,  ///< ValueError, with that message
  ignore  ///< not looked at: saves a pass over the gradient
};

/// What callbacks get to see.
template <class M>
struct Seen {
  const Progressed& now;
  const M& model;
  const optim::State& state;
  const Position& position;
  const History& history;
};
/// Is told of each step or epoch; ends the run by returning false.
template <class M>
using Callback = std::function<bool(const Seen<M>&)>;

/// How fit() runs. Of M the model and D the dataset.
template <class M, class D>
struct Options {
  std::size_t epochs = 0;  ///< so many, or ...
  std::size_t steps = 0;   ///< ... so many steps: what comes first. One of both must be said.

  /// Size 0: all rows at once. Without `.shuffle` of its own, the order is that of `key`.
  data::BatchOptions batches = {};
  bool shuffle = true;  ///< another order in each epoch
  /// Of which all random numbers of the run come. The same key gives the same run.
  random::Key key = random::Key(0);

  std::size_t micro_batches = 1;  ///< see StepOptions
  NotFinite not_finite = NotFinite::stop;

  /// Data that is not trained on, looked at after each epoch: its loss, for objectives that have a form without
  /// nn::Training, and its metrics.
  std::optional<D> validation = {};
  std::size_t validate_every = 1;            ///< epochs
  std::size_t validation_rows = 256;         ///< at once
  Predict<M, data::RowsOf<D>> predict = {};  ///< what metrics look at
  std::vector<NamedMetric> metrics = {};
  bool training_metrics = false;  ///< of the data that is trained on, too: another pass over it

  /// What decides which model is the best: a name of the history. Empty: "validation loss", if there is one.
  std::string watch = {};
  bool larger_is_better = false;
  std::size_t patience = 0;  ///< validations without a better one before the run ends; 0: it does not
  double least_gain = 0.0;   ///< what is better by less does not count

  /// The learning rate, to be logged: the setting that the optimiser was given. Not necessary if the optimiser knows
  /// its rate (Transformation::rate), as most do, or the state has a number "rate" (optim::inject).
  std::optional<optim::Setting> rate = {};
  std::size_t log_every = 1;  ///< steps for each row in History::steps; 0: none

  Callback<M> on_step = {};
  Callback<M> on_epoch = {};
  std::function<void(const Seen<M>&)> on_end = {};
  Show show = Show::automatic;
  std::ostream* out = nullptr;  ///< where it is shown; null: standard error
  /// Ctrl-C ends the run after the step that is going on; a second one ends the program.
  bool catch_interrupt = true;
  /// Files from which the run goes on with the same bits if it was killed: see Checkpoint.
  std::optional<CheckpointOptions> checkpoint = {};
};

/// What fit() returns.
template <class M>
struct Fitted {
  M model;  ///< the last
  M best;   ///< the best one of those that were validated; if none was, the last
  optim::State state;
  Position position;
  History history;
  Ended ended = Ended::Finished;
  std::string message;      ///< why, in words
  double best_value = 0.0;  ///< of what was watched; NaN: nothing was
  std::size_t best_epoch = 0;
};

namespace detail {

/// The options without their types.
struct LoopOptions {
  std::size_t epochs, steps;
  random::Key key;
  NotFinite not_finite;
  bool validates;
  std::size_t validate_every;
  std::string watch;
  bool larger_is_better;
  std::size_t patience;
  double least_gain;
  std::optional<optim::Setting> rate;
  std::size_t log_every;
  Show show;
  std::ostream* out;
  bool catch_interrupt;
  std::vector<std::string> terms;
};

/// All that the loop changes and a checkpoint has to bring back, beside trees.
struct Where {
  std::size_t epoch = 0;
  std::size_t batch = 0;
  std::size_t step = 0;
  double best = std::numeric_limits<double>::quiet_NaN();  ///< NaN: none yet
  std::size_t best_epoch = 0;
  std::size_t stale = 0;  ///< validations since the best
  std::size_t bad = 0;    ///< steps that were not finite, one after another
  std::size_t updates = 0;  ///< steps that were finite
  double seconds = 0.0;
  double samples = 0.0;      ///< of this epoch so far
  std::vector<double> sums;  ///< of the losses times samples: the whole, then terms

  [[nodiscard]] Var as_numbers() const;
  void read(const Var& numbers);
  [[nodiscard]] bool has_best() const noexcept { return best == best; }
  [[nodiscard]] Position position(const random::Key& key) const;
};

struct Stepped {
  Var loss;
  Var terms;
};

/// What the loop asks of a run whose types it does not know.
class TypedRun {
 public:
  TypedRun() = default;
  TypedRun(const TypedRun&) = delete;
  TypedRun& operator=(const TypedRun&) = delete;
  virtual ~TypedRun() = default;

  [[nodiscard]] virtual std::size_t per_epoch() const = 0;
  [[nodiscard]] virtual std::size_t samples(const Where& at) const = 0;
  virtual Stepped step(const Where& at, const random::Key& key) = 0;
  /// What nan_guard says of a step that was not finite; empty: nothing.
  virtual std::string explain(const Where& at, const random::Key& key) = 0;
  virtual void evaluate(std::map<std::string, double>& values) = 0;
  virtual void keep_best() = 0;
  [[nodiscard]] virtual const optim::State& state() const = 0;
  [[nodiscard]] virtual const optim::Optimiser& optimiser() const = 0;

  enum class Event : std::uint8_t { step, epoch, end };
  [[nodiscard]] virtual bool has_callback(Event event) const = 0;
  virtual bool call(Event event, const Progressed& now, const Position& position, const History& history) = 0;

  virtual bool resume(Where& where, History& history) = 0;
  virtual bool is_due(const CheckpointNotes& notes) = 0;
  virtual void save(const Where& where, const CheckpointNotes& notes) = 0;
  [[nodiscard]] virtual bool saves() const = 0;
};

struct LoopResult {
  Where where;
  History history;
  Ended ended = Ended::Finished;
  std::string message;
};
LoopResult run_loop(TypedRun& run, const LoopOptions& options);

/// \throws ValueError, ShapeError  for options that cannot be meant.
void require_options(const LoopOptions& options, bool has_metrics, bool has_predict, std::size_t validation_rows);
/// Batches as options say, of a dataset of so many rows.
data::BatchOptions batches_of(const data::BatchOptions& asked, bool shuffle, const random::Key& key, std::size_t rows);
/// \throws ValueError  unless all batches can be cut into so many parts.
void require_parts(std::size_t micro_batches, const data::BatchOptions& options, std::size_t rows,
                   std::size_t rows_of_last);
/// \throws ShapeError, TypeError  unless a validation set is one like the training data, but for the number of rows.
void require_same_fields(const std::vector<std::string>& paths, const std::vector<Var>& training,
                         const std::vector<std::string>& other_paths, const std::vector<Var>& validation);
std::string message_of(const std::exception& error);

/// What is saved of a run.
template <class M>
struct SavedRun {
  M model;
  optim::State state;
  std::optional<M> best;
  Position position;
  Var numbers;
  XGRAD_MEMBER_FIELDS(SavedRun, model, state, best, position, state(numbers))
};

template <class M, class F, class D>
class RunOf final : public TypedRun {
 public:
  using B = data::RowsOf<D>;

  RunOf(M first, const F& objective, const optim::Optimiser& optimiser, const D& data, const Options<M, D>& options)
      : model(std::move(first)),
        objective_(objective),
        optimiser_(optimiser),
        options_(options),
        batches_(data::batches(data, batches_of(options.batches, options.shuffle, options.key, data::length(data)))),
        step_(train::step(
            objective, optimiser,
            {.micro_batches = options.micro_batches, .keep_finite = options.not_finite != NotFinite::ignore})),
        in_use_(compile(InUseOf{objective, options.predict})),
        state_(optimiser.init(model)) {
    static_assert(has_plain_form<F, M, B> || has_training_form<F, M, B>,
                  "fit: the objective is a function of (model, batch) or (model, batch, nn::Training); of a dataset "
                  "that is a tuple also of (model, parts...)");
    const std::size_t rows = options.batches.size == 0 ? data::length(data) : options.batches.size;
    require_parts(options.micro_batches, options.batches, rows, batches_.count(0, batches_.per_epoch() - 1));
    if (batches_.per_epoch() == 1) whole_ = batches_.at(0, 0);
    if (options.validation) {
      validation_.emplace(data::batches(
          *options.validation, {.size = std::min(options.validation_rows, data::length(*options.validation))}));
      const B training = batches_.at(0, 0);
      const B other = validation_->at(0, 0);
      require_same_fields(tree::array_paths(training), tree::arrays(training), tree::array_paths(other),
                          tree::arrays(other));
    }
    if (options.training_metrics) {
      training_.emplace(data::batches(data, {.size = std::min(options.validation_rows, data::length(data))}));
    }
    if (options.checkpoint) checkpoint_.emplace(*options.checkpoint);
  }

  [[nodiscard]] std::size_t per_epoch() const override { return batches_.per_epoch(); }
  [[nodiscard]] std::size_t samples(const Where& at) const override {
    return batches_.count(static_cast<std::int64_t>(at.epoch), at.batch);
  }

  Stepped step(const Where& at, const random::Key& key) override {
    if (whole_) return updated(*whole_, key);
    return updated(batch_at(at), key);
  }

  std::string explain(const Where& at, const random::Key& key) override {
    const auto loss = [&](const M& m, const B& batch) {
      const nn::Training training{key};
      return detail::evaluate(objective_, m, batch, &training).loss;
    };
    try {
      static_cast<void>(debug::nan_guard(value_and_grad(loss))(model, whole_ ? *whole_ : batch_at(at)));
    } catch (const std::exception& error) {
      return message_of(error);
    }
    return {};
  }

  void evaluate(std::map<std::string, double>& values) override {
    if (training_) add_values(*training_, false, "", values);
    if (validation_) add_values(*validation_, true, "validation ", values);
  }
  void keep_best() override { best = model; }
  [[nodiscard]] const optim::State& state() const override { return state_; }
  [[nodiscard]] const optim::Optimiser& optimiser() const override { return optimiser_; }

  [[nodiscard]] bool has_callback(Event event) const override {
    return event == Event::step ? !!options_.on_step : event == Event::epoch ? !!options_.on_epoch : !!options_.on_end;
  }
  bool call(Event event, const Progressed& now, const Position& position, const History& history) override {
    const Seen<M> seen{now, model, state_, position, history};
    if (event == Event::step) return options_.on_step(seen);
    if (event == Event::epoch) return options_.on_epoch(seen);
    options_.on_end(seen);
    return true;
  }

  bool resume(Where& where, History& history) override {
    if (!checkpoint_) return false;
    auto found = checkpoint_->resume(saved(where));
    if (!found) return false;
    model = std::move(found->run.model);
    state_ = std::move(found->run.state);
    best = std::move(found->run.best);
    where.read(found->run.numbers);
    if (!where.has_best()) best.reset();
    history = std::move(found->notes.history);
    return true;
  }
  bool is_due(const CheckpointNotes& notes) override { return checkpoint_ && checkpoint_->is_due(notes); }
  void save(const Where& where, const CheckpointNotes& notes) override { checkpoint_->save(saved(where), notes); }
  [[nodiscard]] bool saves() const override { return checkpoint_.has_value(); }

  [[nodiscard]] optim::State take_state() { return std::move(state_); }

  M model;
  std::optional<M> best;

 private:
  /// Loss and predictions share what they compute.
  struct InUseOf {
    F objective;
    Predict<M, B> predict;
    InUse operator()(const M& m, const B& batch) const {
      InUse result;
      if constexpr (has_plain_form<F, M, B>) {
        Evaluated<M> found = detail::evaluate(objective, m, batch, nullptr);
        result.loss = std::move(found.loss);
        result.terms = std::move(found.terms);
      }
      if (predict.defined()) result.predicted = predict(m, batch);
      return result;
    }
  };

  [[nodiscard]] B batch_at(const Where& at) const { return batches_.at(static_cast<std::int64_t>(at.epoch), at.batch); }
  template <class Batch>
  Stepped updated(Batch&& batch, const random::Key& key) {
    Stepped stepped;
    if constexpr (is_mixed<F>) {
      std::tie(model, state_, stepped.loss, stepped.terms) =
          step_(std::move(model), std::move(state_), std::forward<Batch>(batch), key);
    } else {
      std::tie(model, state_, stepped.loss) =
          step_(std::move(model), std::move(state_), std::forward<Batch>(batch), key);
    }
    return stepped;
  }
  void add_values(const data::Batches<D>& of, bool with_loss, const std::string& prefix,
                  std::map<std::string, double>& values) {
    Evaluation evaluation(options_.metrics, with_loss ? term_names(objective_) : std::vector<std::string>());
    for (std::size_t i = 0; i < of.per_epoch(); ++i) {
      InUse batch = in_use_(model, of.at(0, i));
      if (!with_loss) batch.loss.reset();
      evaluation.add(batch, of.count(0, i));
    }
    values.merge(evaluation.values(prefix));
  }
  [[nodiscard]] SavedRun<M> saved(const Where& where) const {
    return {model, state_, best ? best : std::optional<M>(model), where.position(options_.key), where.as_numbers()};
  }

  F objective_;
  optim::Optimiser optimiser_;
  const Options<M, D>& options_;
  data::Batches<D> batches_;
  std::optional<data::Batches<D>> validation_;
  std::optional<data::Batches<D>> training_;
  std::optional<B> whole_;
  decltype(train::step(std::declval<F>(), std::declval<const optim::Optimiser&>())) step_;
  decltype(compile(std::declval<InUseOf>())) in_use_;
  optim::State state_;
  std::optional<Checkpoint> checkpoint_;
};

}  // namespace detail

/// Trains a model.
///
///     auto fitted = train::fit(net, objective, optim::adam({.rate = 1e-3}), std::tuple(x, y),
///                              {.epochs = 20, .batches = {.size = 64}});
///     net = fitted.model;
///
/// In each epoch it goes once through the data, in batches of another order, and makes a step() of each. Key and
/// options decide all numbers: the same run gives the same bits, and so does one that goes on from a checkpoint. The
/// batch of epoch e is that of data::batches with the key `key.fold_in(0)`, the nn::Training of step s has
/// `key.fold_in(1) .fold_in(s)`: a loop by hand can do the same.
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
      .show = options.show,
      .out = options.out,
      .catch_interrupt = options.catch_interrupt,
      .terms = detail::term_names(objective)};
  detail::require_options(loop, !options.metrics.empty(), options.predict.defined(), options.validation_rows);
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
