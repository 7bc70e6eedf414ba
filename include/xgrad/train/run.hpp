// A run of training behind fit(): the loop, which knows no types, and what it asks of those that there are.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iosfwd>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <tuple>
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
#include <xgrad/train/options.hpp>
#include <xgrad/train/step.hpp>
#include <xgrad/train/together.hpp>
#include <xgrad/transform/compile.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::train::detail {

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
  std::size_t stale = 0;       ///< validations since the best
  std::size_t bad = 0;         ///< steps that were not finite, one after another
  std::size_t updates = 0;     ///< steps that were finite
  std::size_t per_epoch = 0;   ///< batches
  std::size_t rows = 0;        ///< of the dataset
  std::size_t batch_rows = 0;  ///< of the first batch
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
  [[nodiscard]] virtual std::size_t rows() const = 0;
  [[nodiscard]] virtual std::size_t samples(const Where& at) const = 0;
  virtual Stepped step(const Where& at, const random::Key& key) = 0;
  /// What nan_guard says of a step that was not finite; empty: nothing.
  virtual std::string explain(const Where& at, const random::Key& key) = 0;
  virtual void evaluate(std::map<std::string, double>& values) = 0;
  virtual void keep_best() = 0;
  [[nodiscard]] virtual const optim::State& state() const = 0;
  [[nodiscard]] virtual const optim::Optimiser& optimiser() const = 0;

  enum class Event : std::uint8_t { step, epoch, end };
  /// Whether some process has one.
  [[nodiscard]] virtual bool has_callback(Event event) const = 0;
  virtual bool call(Event event, const Progressed& now, const Position& position, const History& history) = 0;

  virtual bool resume(Where& where, History& history) = 0;
  /// Whether some process says so.
  [[nodiscard]] virtual bool any(bool here) const = 0;
  virtual bool is_due(const CheckpointNotes& notes) = 0;
  virtual void save(const Where& where, const CheckpointNotes& notes) = 0;
  [[nodiscard]] virtual bool saves() const = 0;
  /// Whether it can save without the other processes, whatever they do.
  [[nodiscard]] virtual bool saves_alone() const = 0;
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
/// \throws ValueError  unless the numbers of the history have names of their own, what is watched is among them, and
///                     metrics have something to look at.
/// \param has_loss    of the validation set
void require_names(const std::vector<NamedMetric>& metrics, const std::vector<std::string>& terms, bool of_training,
                   bool of_validation, bool has_loss, const std::string& watch);
/// Batches as options say, of a dataset of so many rows.
data::BatchOptions batches_of(const data::BatchOptions& asked, bool shuffle, const random::Key& key, std::size_t rows,
                              const data::Part& part);
/// \throws ValueError  unless all batches can be cut into so many parts.
void require_parts(std::size_t shards, const data::BatchOptions& options, std::size_t rows, std::size_t rows_of_last);
/// \throws ShapeError, TypeError  unless a validation set is one like the training data, but for the number of rows.
void require_same_fields(const std::vector<std::string>& paths, const std::vector<Var>& training,
                         const std::vector<std::string>& other_paths, const std::vector<Var>& validation);
/// \throws ValueError  if a checkpoint is of a run with other batches or another key.
void require_same_run(const std::string& path, const Var& numbers, const Where& now, const random::Key& key_then,
                      const random::Key& key_now);
/// \throws ValueError  if a checkpoint is of a run with another number of shards.
void require_same_shards(const std::string& path, const std::map<std::string, std::string>& texts, std::size_t now);
/// A word to the log if the settings of the optimiser are others.
/// \throws ValueError  if a checkpoint is of a run with another optimiser.
void require_same_optimiser(const std::string& path, const std::map<std::string, std::string>& texts,
                            const std::string& now);
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
        together_(options.shards),
        rows_(data::length(data)),
        batches_(data::batches(
            data, batches_of(options.batches, options.shuffle, options.key, data::length(data), options.shards.own()))),
        step_(train::step(objective, optimiser,
                          {.shards = options.shards, .keep_finite = options.not_finite != NotFinite::ignore})),
        in_use_(
            compile(InUseOf{objective, options.metrics.empty() ? options.predict : asked_or_usual(options.predict)})),
        state_(step_.init(model)) {
    static_assert(has_plain_form<F, M, B> || has_training_form<F, M, B>,
                  "fit: the objective is a function of (model, batch) or (model, batch, nn::Training); of a dataset "
                  "that is a tuple also of (model, parts...)");
    require_names(options.metrics, term_names(objective), options.training_metrics, options.validation.has_value(),
                  has_plain_form<F, M, B>, options.watch);
    const std::size_t rows = options.batches.size == 0 ? data::length(data) : options.batches.size;
    require_parts(options.shards.count, options.batches, rows, batches_.count(0, batches_.per_epoch() - 1));
    if constexpr (tree::Tree<D>) {  // the same rows in the same order in each epoch
      const bool moves = options.batches.shuffle || (options.shuffle && options.batches.size != 0);
      if (batches_.per_epoch() == 1 && !moves) whole_ = batches_.at(0, 0);
    }
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
    for (const Event event : {Event::step, Event::epoch, Event::end}) {
      has_callback_[static_cast<std::size_t>(event)] = together_.any(is_called_here(event));
    }
    if (options.checkpoint) together_.at_first([&] { checkpoint_.emplace(*options.checkpoint); });
  }

  [[nodiscard]] std::size_t per_epoch() const override { return batches_.per_epoch(); }
  [[nodiscard]] std::size_t rows() const override { return rows_; }
  [[nodiscard]] std::size_t samples(const Where& at) const override {
    return batches_.count(static_cast<std::int64_t>(at.epoch), at.batch);
  }

  Stepped step(const Where& at, const random::Key& key) override {
    if (whole_) return updated(*whole_, key);
    return updated(batch_at(at), key);
  }

  std::string explain(const Where& at, const random::Key& key) override {
    const data::Part own = options_.shards.own();
    std::string found;
    for (std::size_t i = own.first; i < own.first + own.count && found.empty(); ++i) {
      const B rows = batches_.at(static_cast<std::int64_t>(at.epoch), at.batch, {i, 1, own.of});
      found = explain(rows, own.of == 1 ? key : key.fold_in(static_cast<std::int64_t>(i)));
    }
    return together_.first_text(found);
  }

  void evaluate(std::map<std::string, double>& values) override {
    if (training_) add_values(*training_, false, "", values);
    if (validation_) add_values(*validation_, true, "validation ", values);
  }
  void keep_best() override { best = model; }
  [[nodiscard]] const optim::State& state() const override { return state_; }
  [[nodiscard]] const optim::Optimiser& optimiser() const override { return optimiser_; }

  [[nodiscard]] bool has_callback(Event event) const override { return has_callback_[static_cast<std::size_t>(event)]; }
  bool call(Event event, const Progressed& now, const Position& position, const History& history) override {
    const Seen<M> seen{now, model, state_, position, history};
    bool goes_on = true;
    if (is_called_here(event)) {
      if (event == Event::step) goes_on = options_.on_step(seen);
      else if (event == Event::epoch) goes_on = options_.on_epoch(seen);
      else options_.on_end(seen);
    }
    return !together_.any(!goes_on);
  }
  [[nodiscard]] bool any(bool here) const override { return together_.any(here); }

  bool resume(Where& where, History& history) override {
    if (!options_.checkpoint) return false;
    const SavedRun<M> like = saved(where, optimiser_.init(model));
    std::optional<Restored<SavedRun<M>>> found;
    together_.at_first([&] {
      found = checkpoint_->resume(like);
      if (!found) return;
      const std::string path = found->path.string();
      require_same_run(path, found->run.numbers, where, found->run.position.key, options_.key);
      require_same_optimiser(path, found->notes.texts, optimiser_.text());
      require_same_shards(path, found->notes.texts, options_.shards.count);
    });
    const std::string path = together_.of_first(found ? found->path.string() : std::string());
    if (path.empty()) return false;
    if (!found) found = train::restore(path, like);
    model = std::move(found->run.model);
    state_ = step_.own_state(found->run.state, model);
    best = std::move(found->run.best);
    where.read(found->run.numbers);
    if (!where.has_best()) best.reset();
    history = std::move(found->notes.history);
    return true;
  }
  bool is_due(const CheckpointNotes& notes) override {
    return options_.checkpoint && !together_.of_first(checkpoint_ && checkpoint_->is_due(notes) ? "1" : "").empty();
  }
  void save(const Where& where, const CheckpointNotes& notes) override {
    const SavedRun<M> run = saved(where, step_.whole_state(state_, model));
    if (!checkpoint_) return;
    CheckpointNotes all = notes;
    all.texts["optimiser"] = optimiser_.text();
    all.texts["shards"] = std::to_string(options_.shards.count);
    checkpoint_->save(run, all);
  }
  [[nodiscard]] bool saves() const override { return options_.checkpoint.has_value(); }
  [[nodiscard]] bool saves_alone() const override {
    return checkpoint_ && (!options_.shards.state_in_slices || together_.size() == 1);
  }

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
    // Each process looks at batches of its own; all add up all of them in their order.
    for (std::size_t first = 0; first < of.per_epoch(); first += together_.size()) {
      const std::size_t own = first + together_.rank();
      const auto found = together_.each(
          [&] { return own < of.per_epoch() ? std::optional<InUse>(in_use_(model, of.at(0, own))) : std::nullopt; });
      for (std::size_t k = 0; k < found.size() && found[k]; ++k) {
        InUse batch = *found[k];
        if (!with_loss) batch.loss.reset();
        evaluation.add(batch, of.count(0, first + k));
      }
    }
    values.merge(evaluation.values(prefix));
  }
  [[nodiscard]] bool is_called_here(Event event) const {
    return event == Event::step ? !!options_.on_step : event == Event::epoch ? !!options_.on_epoch : !!options_.on_end;
  }
  std::string explain(const B& rows, const random::Key& key) const {
    const auto loss = [&](const M& m, const B& batch) {
      const nn::Training training{key};
      return detail::evaluate(objective_, m, batch, &training).loss;
    };
    try {
      static_cast<void>(debug::nan_guard(value_and_grad(loss))(model, rows));
    } catch (const std::exception& error) {
      return message_of(error);
    }
    return {};
  }
  [[nodiscard]] SavedRun<M> saved(const Where& where, optim::State state) const {
    return {model, std::move(state), best ? best : std::optional<M>(model), where.position(options_.key),
            where.as_numbers()};
  }

  F objective_;
  optim::Optimiser optimiser_;
  const Options<M, D>& options_;
  Together together_;
  std::array<bool, 3> has_callback_ = {};
  std::size_t rows_;
  data::Batches<D> batches_;
  std::optional<data::Batches<D>> validation_;
  std::optional<data::Batches<D>> training_;
  std::optional<B> whole_;
  decltype(train::step(std::declval<F>(), std::declval<const optim::Optimiser&>())) step_;
  decltype(compile(std::declval<InUseOf>())) in_use_;
  optim::State state_;
  std::optional<Checkpoint> checkpoint_;
};

}  // namespace xgrad::train::detail

#pragma GCC visibility pop
