#include <xgrad/train/run.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <limits>
#include <optional>
#include <typeinfo>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/solve/interrupt.hpp>
#include <xgrad/train/progress.hpp>

#include "core/text.hpp"

namespace xgrad::train::detail {
namespace {

/// Steps that are not finite, one after another, before a run that skips them ends.
constexpr std::size_t most_skipped = 100;

double since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// The learning rate of the next step, if it is known.
class Rate {
 public:
  Rate(const TypedRun& run, std::optional<optim::Setting> given) : run_(run), given_(std::move(given)) {
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
  Loop(TypedRun& run, const LoopOptions& options)
      : run_(run), options_(options), rate_(run, options.rate), key_of_steps_(options.key.fold_in(1)) {}

  LoopResult run() {
    std::optional<solve::StopAtInterrupt> guard;
    if (options_.catch_interrupt) guard.emplace();
    where_.sums.assign(1 + options_.terms.size(), 0.0);
    where_.per_epoch = run_.per_epoch();
    where_.rows = run_.rows();
    where_.batch_rows = run_.samples(where_);
    const bool resumed = run_.resume(where_, result_.history);
    saved_ = resumed ? where_.step : not_saved;
    begin_ = std::chrono::steady_clock::now();
    seconds_before_ = where_.seconds;
    Progress progress(
        {.show = options_.show, .out = options_.out, .steps = all_steps(), .per_epoch = run_.per_epoch()});
    progress_ = &progress;
    try {
      while (!is_over()) step();
    } catch (...) {
      save_what_there_is();
      throw;
    }
    finish();
    progress.end(result_.message);
    result_.where = where_;
    return std::move(result_);
  }

 private:
  static constexpr std::size_t not_saved = static_cast<std::size_t>(-1);

  [[nodiscard]] std::size_t all_steps() const {
    constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
    const std::size_t batches = run_.per_epoch();
    const std::size_t of_epochs = options_.epochs > most / batches ? most : options_.epochs * batches;
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
      const std::string best = where_.has_best() ? "; the best, " + core::text_of(where_.best) + ", was in epoch " +
                                                       std::to_string(where_.best_epoch)
                                                 : "; it has never been a number";
      end(Ended::Patience, options_.watch + " has not become better for " +
                               core::count_of(where_.stale, "validation", "validations") + best);
    } else if (where_.step >= all_steps()) {
      end(Ended::Finished);
    } else if (run_.any(options_.catch_interrupt && solve::StopAtInterrupt::interrupted())) {
      end(Ended::Interrupted);
    }
    return over_;
  }

  void step() {
    const random::Key key = key_of_steps_.fold_in(static_cast<std::int64_t>(where_.step));
    Progressed now{.epoch = where_.epoch, .rate = rate_.at(where_.updates)};
    last_rate_ = now.rate;
    const Stepped stepped = stepped_with(key);
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
    between_ = true;
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
    between_ = false;
    save_if_due(whole);
  }

  /// What is wrong with values or shapes, a label out of range, a last batch of one row, is said with the place.
  Stepped stepped_with(const random::Key& key) {
    try {
      return run_.step(where_, key);
    } catch (const ValueError& error) {
      rethrow_located(error);
    } catch (const ShapeError& error) {
      rethrow_located(error);
    }
  }
  template <class E>
  [[noreturn]] void rethrow_located(const E& error) const {
    if (typeid(error) != typeid(E)) throw;
    throw E("train::fit, " + place() + ": " + error.what());
  }
  [[nodiscard]] std::string place() const {
    return "step " + std::to_string(where_.step) + " (batch " + std::to_string(where_.batch) + " of epoch " +
           std::to_string(where_.epoch) + ')';
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
    std::string message = "train::fit: the loss or its gradient is not finite in " + place();
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
  void save(const CheckpointNotes& now) {
    where_.seconds = seconds();
    try {
      run_.save(where_, now);
      save_error_.clear();
    } catch (const IoError& error) {  // a full disk must not cost what has been learnt
      save_error_ = error.what();
      xgrad::detail::log("fit goes on without a checkpoint: " + save_error_);
    }
    saved_ = where_.step;
  }
  /// After an error: the model is that before the step.
  void save_what_there_is() noexcept {
    if (!run_.saves_alone() || between_ || saved_ == where_.step || where_.step == 0) return;
    try {
      save(notes());
    } catch (...) {  // the first error is the one to tell
      saved_ = where_.step;
    }
  }
  void save_if_due(bool ends_epoch) {
    if (!run_.saves()) return;
    CheckpointNotes now{.step = where_.step, .epoch = where_.epoch, .batch = where_.batch};
    if (ends_epoch) now.score = std::exchange(score_, std::nullopt);
    if (!run_.is_due(now)) return;
    now.history = result_.history;
    save(now);
  }

  void finish() {
    // Before the rest of an epoch is looked at, so that a run that is made longer goes on as if it had always been.
    if (run_.saves() && saved_ != where_.step && where_.step > 0) save(notes());
    if (!save_error_.empty()) result_.message += "; the last checkpoint could not be written: " + save_error_;
    if (result_.ended == Ended::Finished && where_.batch > 0) end_epoch(last_rate_);
    const Progressed now = !result_.history.epochs.empty() ? result_.history.epochs.back() : Progressed{};
    if (run_.has_callback(TypedRun::Event::end)) {
      static_cast<void>(run_.call(TypedRun::Event::end, now, where_.position(options_.key), result_.history));
    }
  }

  TypedRun& run_;
  const LoopOptions& options_;
  Rate rate_;
  random::Key key_of_steps_;
  Where where_;
  LoopResult result_;
  Progress* progress_ = nullptr;
  std::optional<double> score_;
  std::size_t saved_ = not_saved;
  std::chrono::steady_clock::time_point begin_;
  double seconds_before_ = 0.0;
  double last_rate_ = std::numeric_limits<double>::quiet_NaN();
  std::string save_error_;  ///< why the last checkpoint is missing
  bool over_ = false;
  bool between_ = false;  ///< a step was made, and what comes of it is not done yet
};

}  // namespace

LoopResult run_loop(TypedRun& run, const LoopOptions& options) { return Loop(run, options).run(); }

}  // namespace xgrad::train::detail
