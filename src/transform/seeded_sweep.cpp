#include "seeded_sweep.hpp"

#include <algorithm>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "derivatives/sweep.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

Strides matrix_shape(std::size_t rows, std::size_t columns) {
  return {static_cast<std::ptrdiff_t>(rows), static_cast<std::ptrdiff_t>(columns)};
}

Strides with_rows(std::size_t rows, const Shape& shape) {
  Strides result{static_cast<std::ptrdiff_t>(rows)};
  for (const std::size_t extent : shape) result.push_back(static_cast<std::ptrdiff_t>(extent));
  return result;
}

bool has_no_axis_left(const Var& x) { return x.dimension() == max_dimension; }

}  // namespace

SeededSweep::SeededSweep(Trace& trace, std::span<const Var> from, std::span<const Var> to, bool forward)
    : trace_(trace), from_(from.begin(), from.end()), to_(to.begin(), to.end()), forward_(forward) {
  TapeState& tape = trace.tape();
  const auto first = static_cast<NodeId>(tape.size());
  for (const Var& x : from) units_.push_back(opaque(tape, x.dtype(), x.shape()));
  results_ = sweep(units_);
  full_ = std::ranges::any_of(to, has_no_axis_left);
  for (NodeId id = first; id < tape.size(); ++id) {
    largest_ = std::max(largest_, size_of(tape.shape(id)));
    full_ = full_ || tape.shape(id).size() == max_dimension;
  }
}

std::vector<Var> SeededSweep::rows(std::size_t count, const Seeds& seeds, std::optional<std::size_t> chunk) const {
  constexpr std::size_t most_elements = std::size_t{1} << 22U;
  const std::size_t at_once = full_ ? 1 : chunk.value_or(std::max<std::size_t>(most_elements / largest_, 1));
  std::vector<std::vector<Var>> parts(to_.size());
  std::size_t first = 0;
  do {
    const std::size_t some = std::min(at_once, count - first);
    const std::vector<Var> rows = full_ ? one_row(first, some, seeds) : some_rows(first, some, seeds);
    for (std::size_t k = 0; k < rows.size(); ++k) parts[k].push_back(rows[k]);
    first += some;
  } while (first < count);
  std::vector<Var> result;
  for (const std::vector<Var>& each : parts) result.push_back(each.size() == 1 ? each[0] : concatenate(each, 0));
  return result;
}

std::vector<Var> SeededSweep::some_rows(std::size_t first, std::size_t count, const Seeds& seeds) const {
  std::vector<Var> batches = seeds(first, count);
  for (std::size_t k = 0; k < batches.size(); ++k) {
    batches[k] = reshape(trace_.node(batches[k]), with_rows(count, from_[k].shape()));
  }
  return as_matrices(derivatives::batch_sweep(trace_.tape(), units_, batches, count, defined(results_)), count);
}

std::vector<Var> SeededSweep::one_row(std::size_t first, std::size_t count, const Seeds& seeds) const {
  if (count == 0) {
    std::vector<Var> none;
    for (const Var& x : to_)
      none.push_back(trace_.node(cast(Var(Array<double>::from_shape(Shape{0, x.size()})), x.dtype())));
    return none;
  }
  std::vector<Var> one = seeds(first, 1);
  for (std::size_t k = 0; k < one.size(); ++k) one[k] = reshape(trace_.node(one[k]), Strides(from_[k].shape()));
  return as_matrices(defined(sweep(one)), 1);
}

std::vector<Var> SeededSweep::sweep(std::span<const Var> seeds) const {
  return forward_ ? trace_.forward(from_, seeds, to_) : trace_.reverse(from_, seeds, to_);
}

std::vector<Var> SeededSweep::defined(std::span<const Var> results) const {
  std::vector<Var> all;
  for (std::size_t k = 0; k < to_.size(); ++k) all.push_back(results[k].defined() ? results[k] : zeros_like(to_[k]));
  return all;
}

std::vector<Var> SeededSweep::as_matrices(std::vector<Var> all, std::size_t rows) const {
  for (std::size_t k = 0; k < all.size(); ++k) all[k] = reshape(all[k], matrix_shape(rows, to_[k].size()));
  return all;
}

}  // namespace xgrad::detail
