#include <xgrad/data/batches.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/pad.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/discrete.hpp>

#include "core/text.hpp"
#include "memory/buffer.hpp"
#include "row_numbers.hpp"
#include "var/access.hpp"

namespace xgrad::data::detail {
namespace {

std::string rows_text(std::size_t count) { return core::count_of(count, "row", "rows"); }

void require_one_for_each_row(std::string_view what, const Var& x, std::size_t length) {
  if (x.shape() == Shape{length}) return;
  throw ShapeError("batches: the " + std::string(what) + " have the shape " + to_string(x.shape()) +
                   ", the dataset has " + rows_text(length) + "; each row has one");
}

/// What adds up to 1, of weights that may be used.
Var probabilities_of(const Weighted& weighted, std::size_t length, std::size_t draws) {
  require_one_for_each_row("weights", weighted.weights, length);
  const Var weights = cast(weighted.weights, DType::Float64);
  std::size_t positive = 0;
  for (const double weight : weights.array<double>()) {
    if (!(weight >= 0.0 && std::isfinite(weight))) {
      throw ValueError("batches: a weight is " + core::text_of(weight) + "; weights are finite and not negative");
    }
    if (weight > 0.0) ++positive;
  }
  if (positive == 0) throw ValueError("batches: all weights are 0; some row must have a positive one");
  if (!weighted.replace && draws > positive) {
    throw ValueError("batches: " + rows_text(draws) + " of " + std::to_string(positive) +
                     " with a positive weight cannot be drawn without replacement; say how many, `.draws`");
  }
  const Var scaled = weights / amax(weights);  // the sum of large ones may overflow
  return scaled / sum(scaled);
}

/// In which bucket each row is.
std::vector<std::size_t> places_in_buckets(const Buckets& buckets, std::size_t length) {
  require_one_for_each_row("lengths", buckets.lengths, length);
  const std::vector<std::size_t>& bounds = buckets.bounds;
  if (bounds.empty() || !std::ranges::is_sorted(bounds, std::ranges::less_equal())) {
    throw ValueError("batches: the bounds of buckets are missing or not in rising order; each is above the one before");
  }
  std::vector<std::size_t> result;
  result.reserve(length);
  for (const std::int64_t each : buckets.lengths.array<std::int64_t>()) {
    const auto found = each < 0 ? bounds.end() : std::ranges::lower_bound(bounds, static_cast<std::size_t>(each));
    if (found == bounds.end()) {
      throw ValueError("batches: a length is " + std::to_string(each) + "; the buckets hold lengths from 0 to " +
                       std::to_string(bounds.back()));
    }
    result.push_back(static_cast<std::size_t>(found - bounds.begin()));
  }
  return result;
}

std::size_t rows_of_epoch(std::size_t length, const BatchOptions& options) {
  if (length == 0) throw ValueError("batches: the dataset has no rows");
  if (options.size == 0) throw ValueError("batches: batches of 0 rows; a batch has one row at least");
  const Part& part = options.part;
  if (part.of == 0 || part.count == 0 || part.count > part.of || part.first > part.of - part.count) {
    throw ValueError("batches: " + core::count_of(part.count, "part", "parts") + " from " + std::to_string(part.first) +
                     " on are no parts of " + std::to_string(part.of));
  }
  if (options.weighted && !options.shuffle) {
    throw ValueError("batches: rows are drawn by weights; that needs a key, `.shuffle`");
  }
  if (options.weighted && options.buckets) {
    throw ValueError("batches: rows are drawn by weights and put into buckets; only one of both can be");
  }
  const std::size_t rows = options.weighted && options.weighted->draws != 0 ? options.weighted->draws : length;
  if (options.size > rows && options.last == Last::Drop) {
    throw ValueError("batches: batches of " + rows_text(options.size) + " of an epoch of " + std::to_string(rows) +
                     ", and smaller ones are dropped; take smaller ones, or keep them, `.last = Last::Keep`");
  }
  return rows;
}

}  // namespace

Order::Order(std::size_t length, const BatchOptions& options) : options_(options), length_(length) {
  const std::size_t rows = rows_of_epoch(length, options);
  if (options_.weighted) {
    Weighted& weighted = *options_.weighted;
    weighted.draws = rows;
    weighted.weights = probabilities_of(weighted, length, rows);
  }
  if (options_.buckets) bucket_of_ = places_in_buckets(*options_.buckets, length);
  // How many batches there are is the same in every epoch.
  per_epoch_ = epoch_of(0).begins.size() - 1;
  if (per_epoch_ == 0) {
    throw ValueError("batches: no bucket has the " + rows_text(options_.size) +
                     " of a batch, and smaller ones are dropped");
  }
}

std::vector<std::int64_t> Order::drawn(const std::optional<random::Key>& key) const {
  if (!options_.weighted) return ordered_rows(length_, key);
  const Weighted& weighted = *options_.weighted;
  const Var rows = random::choice(*key, static_cast<std::int64_t>(length_), Shape{weighted.draws},
                                  {.replace = weighted.replace, .p = weighted.weights});
  const auto& numbers = rows.array<std::int64_t>();
  return {numbers.begin(), numbers.end()};
}

/// Appends rows to those of an epoch, cut into batches.
void Order::cut(Epoch& epoch, std::span<const std::int64_t> rows) const {
  const std::size_t size = options_.size;
  const std::size_t count = options_.last == Last::Drop ? rows.size() / size * size : rows.size();
  for (std::size_t k = 0; k < count; ++k) {
    epoch.rows.push_back(rows[k]);
    if ((k + 1) % size == 0 || k + 1 == count) epoch.begins.push_back(epoch.rows.size());
  }
}

void Order::cut_buckets(Epoch& epoch, std::span<const std::int64_t> rows) const {
  std::vector<std::vector<std::int64_t>> buckets(options_.buckets->bounds.size());
  for (const std::int64_t row : rows) buckets[bucket_of_[static_cast<std::size_t>(row)]].push_back(row);
  Epoch ordered;
  ordered.begins.push_back(0);
  for (const std::vector<std::int64_t>& bucket : buckets) cut(ordered, bucket);
  const auto key = options_.shuffle ? std::optional(options_.shuffle->fold_in(epoch.number).fold_in(1)) : std::nullopt;
  const std::vector<std::int64_t> batches = ordered_rows(ordered.begins.size() - 1, key);
  for (const std::int64_t batch : batches) {
    const auto k = static_cast<std::size_t>(batch);
    epoch.rows.insert(epoch.rows.end(), ordered.rows.begin() + static_cast<std::ptrdiff_t>(ordered.begins[k]),
                      ordered.rows.begin() + static_cast<std::ptrdiff_t>(ordered.begins[k + 1]));
    epoch.begins.push_back(epoch.rows.size());
  }
}

const Order::Epoch& Order::epoch_of(std::int64_t number) const {
  if (number < 0) {
    throw ValueError("batches: there is no epoch " + std::to_string(number) + "; they are counted from 0");
  }
  if (epoch_.number == number) return epoch_;
  if (!options_.shuffle && epoch_.number >= 0) {  // all alike
    epoch_.number = number;
    return epoch_;
  }
  Epoch result{.number = number};
  const auto key = options_.shuffle ? std::optional(options_.shuffle->fold_in(number)) : std::nullopt;
  const std::vector<std::int64_t> rows = drawn(key);
  result.rows.reserve(rows.size());
  result.begins.push_back(0);
  if (options_.buckets) cut_buckets(result, rows);
  else cut(result, rows);
  epoch_ = std::move(result);
  return epoch_;
}

std::span<const std::int64_t> Order::rows(std::int64_t epoch, std::size_t batch) const {
  const Epoch& all = epoch_of(epoch);
  if (batch >= per_epoch_) {
    throw ValueError("batches: there is no batch " + std::to_string(batch) + " among the " +
                     std::to_string(per_epoch_) + " of an epoch");
  }
  return std::span(all.rows).subspan(all.begins[batch], all.begins[batch + 1] - all.begins[batch]);
}

Order::Taken Order::taken(std::int64_t epoch, std::size_t batch, const Part& part) const {
  const std::span<const std::int64_t> all = rows(epoch, batch);
  const std::size_t size = options_.last == Last::Pad ? std::max(options_.size, all.size()) : all.size();
  if (size % part.of != 0) {
    throw ValueError("batches: batch " + std::to_string(batch) + " of epoch " + std::to_string(epoch) + " has " +
                     rows_text(size) + ", which cannot be cut into " + std::to_string(part.of) +
                     " equal parts; take a multiple for its size, and leave out the last one if it is smaller, "
                     ".last = data::Last::Drop");
  }
  const std::size_t each = size / part.of;
  const std::size_t begin = std::min(part.first * each, all.size());
  const std::size_t end = std::min((part.first + part.count) * each, all.size());
  return {all.subspan(begin, end - begin), part.count * each};
}

Var numbers_of(std::span<const std::int64_t> rows) {
  memory::BufferPtr result = memory::make_buffer(DType::Int64, Shape{rows.size()});
  std::ranges::copy(rows, reinterpret_cast<std::int64_t*>(result->data()));
  return VarAccess::concrete(std::move(result));
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
