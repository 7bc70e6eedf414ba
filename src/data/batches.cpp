#include <xgrad/data/batches.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/discrete.hpp>

#include "core/text.hpp"

namespace xgrad::data::detail {
namespace {

std::string rows_text(std::size_t count) { return core::count_of(count, "row", "rows"); }

void require_drawing_weights(const BatchOptions& options, std::size_t length, std::size_t draws) {
  const Var weights = cast(*options.weights, DType::Float64);
  if (!options.shuffle) throw ValueError("batches: rows are drawn by weights; that needs a key, `.shuffle`");
  if (weights.shape() != Shape{length}) {
    throw ShapeError("batches: the weights have the shape " + to_string(weights.shape()) + ", the dataset has " +
                     rows_text(length) + "; each row has one weight");
  }
  std::size_t positive = 0;
  for (const double weight : weights.array<double>()) {
    if (!(weight >= 0.0 && std::isfinite(weight))) {
      throw ValueError("batches: a weight is " + core::text_of(weight) + "; weights are finite and not negative");
    }
    if (weight > 0.0) ++positive;
  }
  if (positive == 0) throw ValueError("batches: all weights are 0; some row must have a positive one");
  if (!options.replace && draws > positive) {
    throw ValueError("batches: " + rows_text(draws) + " of " + std::to_string(positive) +
                     " with a positive weight cannot be drawn without replacement; say how many, `.draws`");
  }
}

std::size_t checked_draws(std::size_t length, const BatchOptions& options) {
  if (length == 0) throw ValueError("batches: the dataset has no rows");
  if (options.size == 0) throw ValueError("batches: batches of 0 rows; a batch has one row at least");
  if (!options.weights && options.draws != 0) {
    throw ValueError("batches: `.draws` is " + std::to_string(options.draws) +
                     " without `.weights`; each row comes once in an epoch");
  }
  const std::size_t draws = options.draws == 0 ? length : options.draws;
  if (options.weights) require_drawing_weights(options, length, draws);
  if (options.size > draws && options.last != Last::Pad) {
    throw ValueError("batches: batches of " + rows_text(options.size) + " of an epoch of " + std::to_string(draws) +
                     "; take smaller ones, or fill them up, `.last = Last::Pad`");
  }
  return draws;
}

}  // namespace

Order::Order(std::size_t length, const BatchOptions& options)
    : options_(options),
      draws_(checked_draws(length, options)),
      per_epoch_(options.last == Last::Drop ? draws_ / options.size : (draws_ + options.size - 1) / options.size) {
  if (!options_.weights) return;
  const Var weights = cast(*options_.weights, DType::Float64);
  const Var scaled = weights / amax(weights);  // the sum of large ones may overflow
  options_.weights = scaled / sum(scaled);
}

std::size_t Order::count(std::size_t batch) const {
  if (batch >= per_epoch_) {
    throw ValueError("batches: there is no batch " + std::to_string(batch) + " among the " +
                     std::to_string(per_epoch_) + " of an epoch");
  }
  return std::min(options_.size, draws_ - batch * options_.size);
}

const Var& Order::order_of(std::int64_t epoch) const {
  if (epoch_ != epoch) {
    const auto n = static_cast<std::int64_t>(draws_);
    const random::Key key = options_.shuffle->fold_in(epoch);
    if (options_.weights) {
      order_ = random::choice(key, static_cast<std::int64_t>(options_.weights->size()), Shape{draws_},
                              {.replace = options_.replace, .p = *options_.weights});
    } else {
      order_ = random::permutation(key, n);
    }
    epoch_ = epoch;
  }
  return order_;
}

Var Order::rows(std::int64_t epoch, std::size_t batch) const {
  if (epoch < 0) throw ValueError("batches: there is no epoch " + std::to_string(epoch) + "; they are counted from 0");
  const std::size_t rows = count(batch);
  const std::size_t first = batch * options_.size;
  if (!options_.shuffle) {
    return arange(static_cast<std::int64_t>(first), static_cast<std::int64_t>(first + rows));
  }
  return std::span(order_of(epoch).array<std::int64_t>().data() + first, rows);
}

Var padded(const Var& x, std::size_t rows) {
  std::vector<PadWidths::Pair> widths(x.dimension(), {0, 0});
  widths[0].second = static_cast<std::ptrdiff_t>(rows - x.shape()[0]);
  return pad(x, widths);
}

Place place_of(const Position& position, std::size_t per_epoch) {
  const auto number = [](const Var& x) { return x.item<std::int64_t>(); };
  const std::int64_t epoch = number(position.epoch);
  const std::int64_t batch = number(position.batch);
  if (epoch < 0 || batch < 0 || static_cast<std::size_t>(batch) >= per_epoch) {
    throw ValueError("resume: batch " + std::to_string(batch) + " of epoch " + std::to_string(epoch) +
                     " is not there: an epoch has " + std::to_string(per_epoch) +
                     "; the position is that of other data or another batch size");
  }
  return {epoch, static_cast<std::size_t>(batch)};
}

Position position_of(const Place& place) { return {place.epoch, static_cast<std::int64_t>(place.batch)}; }

}  // namespace xgrad::data::detail
