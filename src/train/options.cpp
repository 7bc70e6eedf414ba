#include <xgrad/train/options.hpp>

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <optional>

#include <xgrad/core/errors.hpp>
#include <xgrad/log.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/train/run.hpp>

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

constexpr std::size_t fixed_numbers = 13;

Var integer(std::size_t number) { return Var(static_cast<std::int64_t>(number)); }

}  // namespace

Var Where::as_numbers() const {
  const auto real = [](std::size_t number) { return static_cast<double>(number); };
  std::vector<double> all{real(epoch),     real(batch), real(step),      best,    real(best_epoch),
                          real(stale),     real(bad),   seconds,         samples, real(updates),
                          real(per_epoch), real(rows),  real(batch_rows)};
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
  per_epoch = whole(10);
  rows = whole(11);
  batch_rows = whole(12);
  sums.assign(all.begin() + fixed_numbers, all.end());
}

Position Where::position(const random::Key& key) const {
  const bool at_end = batch == per_epoch && per_epoch > 0;
  return {integer(epoch + (at_end ? 1 : 0)), integer(at_end ? 0 : batch), integer(step), key};
}

// ---- what is asked

void require_options(const LoopOptions& options, bool has_metrics, bool has_predict, std::size_t validation_rows) {
  if (options.epochs == 0 && options.steps == 0) {
    throw ValueError("train::fit: how long? Neither epochs nor steps are given: say .epochs = 10, or .steps = 1000");
  }
  if (options.validate_every == 0) throw ValueError("train::fit: validate_every is 0; it must be at least 1 epoch");
  if (validation_rows == 0) throw ValueError("train::fit: validation_rows is 0; it must be at least 1");
  require_prediction("train::fit", has_metrics, has_predict);
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

void require_names(const std::vector<NamedMetric>& metrics, const std::vector<std::string>& terms, bool of_training,
                   bool of_validation, bool has_loss, const std::string& watch) {
  static_cast<void>(Evaluation(metrics, terms));
  if (!metrics.empty() && !of_training && !of_validation) {
    throw ValueError(
        "train::fit: there are metrics, and no data that they are of: give a validation set, or say .training_metrics "
        "= true");
  }
  std::vector<std::string> names{"loss"};
  names.insert(names.end(), terms.begin(), terms.end());
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) != names.end()) {
      throw ValueError("train::fit: two numbers of the history have the name \"" + name +
                       "\"; each is logged under its own");
    }
    names.push_back(name);
  };
  const std::size_t of_losses = names.size();
  for (const NamedMetric& metric : metrics) {
    if (of_training) add(metric.name());
  }
  for (std::size_t i = 0; of_validation && has_loss && i < of_losses; ++i) add("validation " + std::string(names[i]));
  for (const NamedMetric& metric : metrics) {
    if (of_validation) add("validation " + metric.name());
  }
  if (watch.empty() || std::ranges::find(names, watch) != names.end()) return;
  std::string known;
  for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
  throw ValueError("train::fit: \"" + watch + "\", which shall be watched, is not there; there is " + known);
}

data::BatchOptions batches_of(const data::BatchOptions& asked, bool shuffle, const random::Key& key, std::size_t rows,
                              const data::Part& part) {
  data::BatchOptions result = asked;
  result.part = part;
  const bool all_at_once = asked.size == 0;
  if (all_at_once) result.size = std::max<std::size_t>(rows, 1);
  if (!result.shuffle && shuffle && !all_at_once) result.shuffle = key.fold_in(0);
  return result;
}

void require_parts(std::size_t shards, const data::BatchOptions& options, std::size_t rows, std::size_t rows_of_last) {
  const bool fits = rows % shards == 0;
  if (fits && (options.last != data::Last::Keep || rows_of_last % shards == 0)) return;
  throw ValueError("train::fit: " + std::to_string(shards) + " shards do not divide a batch of " +
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

void require_same_run(const std::string& path, const Var& numbers, const Where& now, const random::Key& key_then,
                      const random::Key& key_now) {
  Where then;
  then.read(numbers);
  const std::string start = "train::fit: the run in " + path + " cannot go on: ";
  const std::string advice = "; take the options that it began with, or another folder";
  if (then.per_epoch != now.per_epoch) {
    throw ValueError(start + "it had " + core::count_of(then.per_epoch, "batch", "batches") +
                     " in an epoch, now there " + (now.per_epoch == 1 ? "is " : "are ") +
                     std::to_string(now.per_epoch) + advice);
  }
  if (then.rows != now.rows || then.batch_rows != now.batch_rows) {
    const auto text = [](const Where& of) {
      return core::count_of(of.rows, "row", "rows") + " in batches of " + std::to_string(of.batch_rows);
    };
    throw ValueError(start + "it had " + text(then) + ", now there " + (now.rows == 1 ? "is " : "are ") + text(now) +
                     advice);
  }
  if (!all(equal(key_then.bits, key_now.bits)).item<bool>()) throw ValueError(start + "it had another key" + advice);
}

void require_same_shards(const std::string& path, const std::map<std::string, std::string>& texts, std::size_t now) {
  const auto then = texts.find("shards");
  if (then == texts.end() || then->second == std::to_string(now)) return;
  throw ValueError("train::fit: the run in " + path + " cannot go on: its batches were cut into " + then->second +
                   (then->second == "1" ? " shard" : " shards") + ", now into " + std::to_string(now) +
                   ", which gives other bits; take the shards that it began with, on any number of processes, or "
                   "another folder");
}

void require_same_optimiser(const std::string& path, const std::map<std::string, std::string>& texts,
                            const std::string& now) {
  const auto then = texts.find("optimiser");
  if (then == texts.end() || then->second == now) return;
  const auto name = [](const std::string& text) { return text.substr(0, text.find('(')); };
  if (name(then->second) != name(now)) {  // whose state may look alike and mean something else
    throw ValueError("train::fit: the run in " + path + " cannot go on: its optimiser was " + then->second +
                     ", now it is " + now + "; take the one that it began with, or another folder");
  }
  xgrad::detail::log("fit goes on with " + now + "; in " + path + " it was " + then->second);
}

}  // namespace detail
}  // namespace xgrad::train
