#include <xgrad/data/sequences.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/index.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "core/text.hpp"
#include "row_numbers.hpp"

namespace xgrad::data {
namespace detail {

std::size_t count_windows(std::size_t rows, const SlidingOptions& options) {
  if (options.length == 0 || options.stride == 0 || options.dilation == 0) {
    throw ValueError("sliding_windows: length " + std::to_string(options.length) + ", stride " +
                     std::to_string(options.stride) + " and dilation " + std::to_string(options.dilation) +
                     "; all must be 1 or more");
  }
  // (length - 1) * dilation < rows, without overflow.
  if (rows == 0 || options.length - 1 > (rows - 1) / options.dilation) {
    throw ValueError("sliding_windows: a series of " + core::count_of(rows, "row", "rows") +
                     " holds no window of length " + std::to_string(options.length) + " and dilation " +
                     std::to_string(options.dilation));
  }
  return (rows - 1 - (options.length - 1) * options.dilation) / options.stride + 1;
}

Var rows_of_windows(std::size_t count, const Var& which, const SlidingOptions& options) {
  static const Requirement there("rows: there is no window {} among {}");
  require_row_numbers(which);
  const auto windows = static_cast<std::int64_t>(count);
  const Var known = checked(which, which >= -windows && which < windows, there, windows);
  const Var begins = where(known < std::int64_t{0}, known + windows, known) * static_cast<std::int64_t>(options.stride);
  const Var steps = arange(static_cast<std::int64_t>(options.length)) * static_cast<std::int64_t>(options.dilation);
  return flatten(expand_dims(begins, 1) + steps);
}

Var cut_into_windows(const Var& x, std::size_t length) {
  Shape shape = x.shape();
  shape[0] /= length;
  shape.insert(1, length);
  return reshape(x, Strides(shape));
}

}  // namespace detail

Var PaddedSequences::mask() const {
  return arange(static_cast<std::int64_t>(values.shape(1))) < expand_dims(lengths, -1);
}

namespace {

void require_alike(std::span<const Var> list) {
  if (list.empty()) throw ValueError("Sequences: there are none; there must be one at least");
  for (std::size_t k = 0; k < list.size(); ++k) {
    const Shape& shape = list[k].shape();
    const Shape& first = list[0].shape();
    if (shape.empty()) throw ShapeError("Sequences: number " + std::to_string(k) + " is a number, not [length, ...]");
    if (shape.size() != first.size() || !std::equal(shape.begin() + 1, shape.end(), first.begin() + 1)) {
      throw ShapeError("Sequences: number 0 has the shape " + to_string(first) + ", number " + std::to_string(k) + " " +
                       to_string(shape) + "; all axes but the first must be alike");
    }
    if (list[k].dtype() != list[0].dtype()) {
      throw TypeError("Sequences: number 0 is " + std::string(name(list[0].dtype())) + ", number " + std::to_string(k) +
                      " " + std::string(name(list[k].dtype())) + "; all must have one element type");
    }
  }
}

void require_bounds(std::span<const std::size_t> bounds, std::size_t longest) {
  if (!std::ranges::is_sorted(bounds, std::ranges::less_equal())) {
    throw ValueError("Sequences: the bounds are not in rising order; each is above the one before");
  }
  if (!bounds.empty() && bounds.back() < longest) {
    throw ValueError("Sequences: the longest has a length of " + std::to_string(longest) + ", and the last bound is " +
                     std::to_string(bounds.back()) + "; it must hold all of them");
  }
}

}  // namespace

Sequences::Sequences(std::span<const Var> list, std::vector<std::size_t> bounds) : bounds_(std::move(bounds)) {
  require_alike(list);
  std::vector<std::int64_t> lengths;
  begins_.push_back(0);
  for (const Var& each : list) {
    lengths.push_back(static_cast<std::int64_t>(each.shape()[0]));
    begins_.push_back(begins_.back() + lengths.back());
  }
  require_bounds(bounds_, static_cast<std::size_t>(*std::ranges::max_element(lengths)));
  values_ = concatenate(list, 0);
  lengths_ = lengths;
}

PaddedSequences Sequences::rows(const Var& which) const {
  const Var chosen = detail::rows_of(lengths_, which);
  const Array<std::int64_t>& lengths = chosen.array<std::int64_t>();
  std::size_t longest = 0;
  for (const std::int64_t each : lengths) longest = std::max(longest, static_cast<std::size_t>(each));
  if (const auto bound = std::ranges::lower_bound(bounds_, longest); bound != bounds_.end()) longest = *bound;
  // The rows of each sequence, and behind its end one that is there, to be replaced by 0.
  const Var numbers = detail::rows_of(Var(begins_), where(which < std::int64_t{0}, which - std::int64_t{1}, which));
  const Var steps = arange(static_cast<std::int64_t>(longest));
  PaddedSequences result{{}, chosen};
  const Var inside = steps < expand_dims(chosen, 1);
  const auto n = static_cast<std::ptrdiff_t>(lengths.size());
  Strides shape(values_.shape());
  shape[0] = n;
  shape.insert(1, static_cast<std::ptrdiff_t>(longest));
  if (values_.shape()[0] == 0) {
    result.values = zeros(Shape(shape), values_.dtype());
    return result;
  }
  const Var taken = take(values_, where(inside, expand_dims(numbers, 1) + steps, std::int64_t{0}), 0);
  Strides mask(shape.size(), 1);
  mask[0] = n;
  mask[1] = static_cast<std::ptrdiff_t>(longest);
  result.values = where(reshape(inside, mask), taken, zeros_like(taken));
  return result;
}

Buckets Sequences::buckets() const {
  if (bounds_.empty()) throw ValueError("Sequences::buckets: there are no bounds; give them with the sequences");
  return {lengths_, bounds_};
}

}  // namespace xgrad::data
