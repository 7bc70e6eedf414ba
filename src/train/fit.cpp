#include <xgrad/train/fit.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <optional>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/solve/interrupt.hpp>

#include "core/text.hpp"
#include "var/record.hpp"

namespace xgrad::train {

std::string_view text(Ended ended) noexcept {
  switch (ended) {
    case Ended::Finished:
      return "all epochs or steps are done";
    case Ended::Patience:
      return "what was watched has not become better for too long";
    case Ended::Stopped:
      return "a callback has stopped the run";
    case Ended::Interrupted:
      return "the run was interrupted";
    case Ended::NotFinite:
      return "loss or gradient were not finite";
  }
  return "";
}

namespace detail {

// ---- where a run is

namespace {

constexpr std::size_t fixed_numbers = 10;
/// Steps that are not finite, one after another, before a run that skips them ends.
constexpr std::size_t most_skipped = 100;

Var integer(std::size_t number) { return Var(static_cast<std::int64_t>(number)); }

}  // namespace

Var Where::as_numbers() const {
  const auto real = [](std::size_t number) { return static_cast<double>(number); };
  std::vector<double> all{real(epoch), real(batch), real(step), best,    real(best_epoch),
                          real(stale), real(bad),   seconds,    samples, real(updates)};
  all.insert(all.end(), sums.begin(), sums.end());
  return Var(all);
}

void Where::read(const Var& numbers) {
  const auto& all = numbers.array<double>();
  const auto whole = [&](std::size_t i) { return static_cast<std::size_t>(all(i)); };
  epoch = whole(0);
  batch = whole(1);
  step = whole(2);
  best = all(3);
  best_epoch = whole(4);
  stale = whole(5);
  bad = whole(6);
  seconds = all(7);
  samples = all(8);
  updates = whole(9);
  sums.assign(all.begin() + fixed_numbers, all.end());
}

Position Where::position(const random::Key& key) const { return {integer(epoch), integer(batch), integer(step), key}; }

// ---- what is asked

void require_options(const LoopOptions& options, bool has_metrics, bool has_predict, std::size_t validation_rows) {
  if (options.epochs == 0 && options.steps == 0) {
    throw ValueError("train::fit: how long? Neither epochs nor steps are given: say .epochs = 10, or .steps = 1000");
  }
  if (options.validate_every == 0) throw ValueError("train::fit: validate_every is 0; it must be at least 1 epoch");
  if (validation_rows == 0) throw ValueError("train::fit: validation_rows is 0; it must be at least 1");
  if (has_metrics && !has_predict) {
    throw ValueError(
        "train::fit: there are metrics, but nothing that they look at: say .predict = a function of model and batch "
        "that returns prediction and target");
  }
  if (!(options.least_gain >= 0.0 && std::isfinite(options.least_gain))) {
    throw ValueError("train::fit: least_gain is " + core::text_of(options.least_gain) +
                     "; it must be at least 0 and finite");
  }
  if (options.patience > 0 && options.watch.empty()) {
    throw ValueError(
        "train::fit: patience is " + std::to_string(options.patience) +
        ", but there is nothing to watch: give a validation set and an objective that has a form without nn::Training, "
        "or say by .watch which metric");
  }
}

data::BatchOptions batches_of(const data::BatchOptions& asked, bool shuffle, const random::Key& key, std::size_t rows) {
  data::BatchOptions result = asked;
  const bool all_at_once = asked.size == 0;
  if (all_at_once) result.size = std::max<std::size_t>(rows, 1);
  if (!result.shuffle && shuffle && !all_at_once) result.shuffle = key.fold_in(0);
  return result;
}

void require_parts(std::size_t micro_batches, const data::BatchOptions& options, std::size_t rows,
                   std::size_t rows_of_last) {
  const bool fits = rows % micro_batches == 0;
  if (fits && (options.last != data::Last::Keep || rows_of_last % micro_batches == 0)) return;
  throw ValueError("train::fit: " + std::to_string(micro_batches) + " micro-batches do not divide a batch of " +
                   std::to_string(fits ? rows_of_last : rows) + " rows" +
                   (fits ? ", the last of an epoch: leave it out, .batches.last = data::Last::Drop"
                         : ": take a multiple for .batches.size"));
}

namespace {

std::string form_of(const Var& x, bool whole) {
  const Shape& shape = x.shape();
  if (whole || shape.empty()) return xgrad::detail::describe(x);
  std::string text = std::string(name(x.dtype())) + " [rows";
  for (std::size_t i = 1; i < shape.size(); ++i) text += ", " + std::to_string(shape[i]);
  return text + ']';
}

std::string field(const std::string& path) { return path.empty() ? "the array" : '"' + path + '"'; }

}  // namespace

void require_same_fields(const std::vector<std::string>& paths, const std::vector<Var>& training,
                         const std::vector<std::string>& other_paths, const std::vector<Var>& validation) {
  const std::string start = "train::fit: the validation set has other fields than the training data: ";
  for (std::size_t i = 0; i < std::max(paths.size(), other_paths.size()); ++i) {
    if (i >= paths.size()) throw ShapeError(start + field(other_paths[i]) + " is not in the training data");
    if (i >= other_paths.size()) throw ShapeError(start + field(paths[i]) + " is missing");
    if (paths[i] != other_paths[i]) {
      throw ShapeError(start + field(other_paths[i]) + " is in the place of " + field(paths[i]));
    }
    const Shape& a = training[i].shape();
    const Shape& b = validation[i].shape();
    const bool same_rows =
        a.size() == b.size() && std::equal(a.begin() + (a.empty() ? 0 : 1), a.end(), b.begin() + (b.empty() ? 0 : 1));
    const bool same_type = training[i].dtype() == validation[i].dtype();
    if (same_rows && same_type) continue;
    const std::string text = start + field(paths[i]) + " is " + form_of(validation[i], false) + "; in training it is " +
                             form_of(training[i], false);
    if (same_rows) throw TypeError(text + ": cast() one of them");
    throw ShapeError(text);
  }
}

std::string message_of(const std::exception& error) { return error.what(); }

// ---- the loop

namespace {

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The learning rate of the next step, if it is known.
class Rate {
 public:
  Rate(const TypedRun& run, const std::optional<optim::Setting>& given) : run_(run), given_(given) {
    if (!given_ && run.optimiser().rate() != nullptr) given_ = *run.optimiser().rate();
    if (given_) return;
    try {
      static_cast<void>(run.state().number("rate"));
      in_state_ = true;
    } catch (const ValueError&) {
    }
  }
  /// \param updates  that there were before.
  [[nodiscard]] double at(std::size_t updates) const {
    if (given_) return number_of(given_->at(Var(static_cast<double>(updates))));
    if (in_state_) return number_of(run_.state().number("rate"));
    return std::numeric_limits<double>::quiet_NaN();
  }

 private:
  const TypedRun& run_;
  std::optional<optim::Setting> given_;
  bool in_state_ = false;
};

class Loop {
 public:
  Loop(TypedRun& run, const LoopOptions& options) : run_(run), options_(options), rate_(run, options.rate) {}

  LoopResult run() {
    std::optional<solve::StopAtInterrupt> guard;
    if (options_.catch_interrupt) guard.emplace();
    where_.sums.assign(1 + options_.terms.size(), 0.0);
    const bool resumed = run_.resume(where_, result_.history);
    saved_ = resumed ? where_.step : not_saved;
    begin_ = std::chrono::steady_clock::now();
    seconds_before_ = where_.seconds;
    Progress progress(
        {.show = options_.show, .out = options_.out, .steps = all_steps(), .per_epoch = run_.per_epoch()});
    progress_ = &progress;
    while (!is_over()) step();
    finish();
    progress.end(result_.message);
    result_.where = where_;
    return std::move(result_);
  }

 private:
  static constexpr std::size_t not_saved = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t all_steps() const {
    const std::size_t of_epochs = options_.epochs * run_.per_epoch();
    if (options_.steps == 0) return of_epochs;
    return options_.epochs == 0 ? options_.steps : std::min(of_epochs, options_.steps);
  }
  void end(Ended why, std::string message = {}) {
    over_ = true;
    result_.ended = why;
    result_.message = message.empty() ? std::string(text(why)) : std::move(message);
  }
  /// Nothing here is remembered from before: a run that goes on ends where it would have ended.
  bool is_over() {
    if (over_) return true;
    if (options_.patience > 0 && where_.stale >= options_.patience) {
      end(Ended::Patience, options_.watch + " has not become better for " +
                               core::count_of(where_.stale, "validation", "validations") + "; the best, " +
                               core::text_of(where_.best) + ", was in epoch " + std::to_string(where_.best_epoch));
    } else if (where_.step >= all_steps()) {
      end(Ended::Finished);
    } else if (options_.catch_interrupt && solve::StopAtInterrupt::interrupted()) {
      end(Ended::Interrupted);
    }
    return over_;
  }

  void step() {
    const random::Key key = options_.key.fold_in(1).fold_in(static_cast<std::int64_t>(where_.step));
    Progressed now{.epoch = where_.epoch, .rate = rate_.at(where_.updates)};
    last_rate_ = now.rate;
    const Stepped stepped = run_.step(where_, key);
    now.loss = number_of(stepped.loss);
    std::vector<double> losses{now.loss};
    if (!options_.terms.empty()) {
      const Var terms = cast(stepped.terms, DType::Float64);
      for (const double term : terms.array<double>()) losses.push_back(term);
    }
    for (std::size_t i = 0; i < options_.terms.size(); ++i) now.metrics[options_.terms[i]] = losses[i + 1];
    if (!std::isfinite(now.loss) && options_.not_finite != NotFinite::ignore && !goes_on_without(key)) return;
    if (std::isfinite(now.loss) || options_.not_finite == NotFinite::ignore) {
      where_.bad = 0;
      ++where_.updates;
      add(losses);
    }
    now.step = ++where_.step;
    now.seconds = seconds();
    if (options_.log_every > 0 && where_.step % options_.log_every == 0) result_.history.steps.push_back(now);
    ++where_.batch;
    progress_->step(now);
    tell(TypedRun::Event::step, now);
    const bool whole = where_.batch == run_.per_epoch();
    if (whole) {
      end_epoch(now.rate);
      where_.batch = 0;
      ++where_.epoch;
      where_.samples = 0.0;
      std::ranges::fill(where_.sums, 0.0);
      tell(TypedRun::Event::epoch, result_.history.epochs.back());
    }
    save_if_due(whole);
  }

  void add(const std::vector<double>& losses) {
    const auto samples = static_cast<double>(run_.samples(where_));
    where_.samples += samples;
    for (std::size_t i = 0; i < losses.size(); ++i) where_.sums[i] += samples * losses[i];
  }

  /// Whether the next batch comes after a step that was not finite.
  bool goes_on_without(const random::Key& key) {
    ++where_.bad;
    if (options_.not_finite == NotFinite::skip && where_.bad < most_skipped) return true;
    std::string message = "train::fit: the loss or its gradient is not finite in step " + std::to_string(where_.step) +
                          " (batch " + std::to_string(where_.batch) + " of epoch " + std::to_string(where_.epoch) + ')';
    if (where_.bad > 1) message += ", and in " + core::count_of(where_.bad - 1, "step", "steps") + " before it";
    const std::string found = run_.explain(where_, key);
    if (!found.empty()) message += ": " + found;
    if (options_.not_finite == NotFinite::raise) throw ValueError(message);
    end(Ended::NotFinite, std::move(message));
    return false;
  }

  void end_epoch(double rate) {
    Progressed now{.epoch = where_.epoch, .step = where_.step, .rate = rate};
    if (where_.samples > 0.0) {
      now.loss = where_.sums[0] / where_.samples;
      for (std::size_t i = 0; i < options_.terms.size(); ++i) {
        now.metrics[options_.terms[i]] = where_.sums[i + 1] / where_.samples;
      }
    }
    const bool last = where_.step >= all_steps();
    if ((where_.epoch + 1) % options_.validate_every == 0 || last) {
      run_.evaluate(now.metrics);
      watch(now);
    }
    now.seconds = seconds();
    result_.history.epochs.push_back(now);
    progress_->epoch(now);
  }

  void watch(const Progressed& now) {
    score_.reset();
    if (options_.watch.empty()) return;
    const auto found = now.metrics.find(options_.watch);
    if (found == now.metrics.end() && options_.watch != "loss") {
      std::string names = "loss";
      for (const auto& [name, value] : now.metrics) names += ", " + name;
      throw ValueError("train::fit: \"" + options_.watch + "\", which shall be watched, is not there; there is " +
                       names);
    }
    const double value = found == now.metrics.end() ? now.loss : found->second;
    score_ = options_.larger_is_better ? -value : value;
    const double gain = options_.larger_is_better ? value - where_.best : where_.best - value;
    const bool better = where_.has_best() ? gain > options_.least_gain : !std::isnan(value);
    if (!better) {
      ++where_.stale;
      return;
    }
    where_.best = value;
    where_.best_epoch = where_.epoch;
    where_.stale = 0;
    run_.keep_best();
  }

  void tell(TypedRun::Event event, const Progressed& now) {
    if (!run_.has_callback(event)) return;
    if (!run_.call(event, now, where_.position(options_.key), result_.history)) end(Ended::Stopped);
  }

  [[nodiscard]] double seconds() const { return seconds_before_ + since(begin_); }

  [[nodiscard]] CheckpointNotes notes() const {
    return {.step = where_.step, .epoch = where_.epoch, .batch = where_.batch, .score = {}, .history = result_.history};
  }
  void save(CheckpointNotes now) {
    where_.seconds = seconds();
    run_.save(where_, now);
    saved_ = where_.step;
  }
  void save_if_due(bool ends_epoch) {
    if (!run_.saves()) return;
    CheckpointNotes now{.step = where_.step, .epoch = where_.epoch, .batch = where_.batch};
    if (ends_epoch) now.score = std::exchange(score_, std::nullopt);
    if (!run_.is_due(now)) return;
    now.history = result_.history;
    save(std::move(now));
  }

  void finish() {
    // Before the rest of an epoch is looked at, so that a run that is made longer goes on as if it had always been.
    if (run_.saves() && saved_ != where_.step && where_.step > 0) save(notes());
    if (result_.ended == Ended::Finished && where_.batch > 0) end_epoch(last_rate_);
    const Progressed now = !result_.history.epochs.empty() ? result_.history.epochs.back() : Progressed{};
    if (run_.has_callback(TypedRun::Event::end)) {
      static_cast<void>(run_.call(TypedRun::Event::end, now, where_.position(options_.key), result_.history));
    }
  }

  TypedRun& run_;
  const LoopOptions& options_;
  Rate rate_;
  Where where_;
  LoopResult result_;
  Progress* progress_ = nullptr;
  std::optional<double> score_;
  std::size_t saved_ = not_saved;
  std::chrono::steady_clock::time_point begin_;
  double seconds_before_ = 0.0;
  double last_rate_ = std::numeric_limits<double>::quiet_NaN();
  bool over_ = false;
};

}  // namespace

LoopResult run_loop(TypedRun& run, const LoopOptions& options) { return Loop(run, options).run(); }

}  // namespace detail
}  // namespace xgrad::train
