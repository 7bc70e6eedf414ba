#include <xgrad/transform/linear.hpp>

#include <algorithm>

#include <xgrad/ops/elementwise.hpp>

#include "derivatives/functions/linearity.hpp"
#include "derivatives/taylor/taylor.hpp"
#include "linear_solve.hpp"
#include "ops/axes.hpp"
#include "var/record.hpp"

namespace xgrad::detail {

std::vector<Var> without_values(Trace& trace, std::span<const Var> like) {
  std::vector<Var> result;
  for (const Var& x : like) {
    require_usable(x, "linear_transpose");
    result.push_back(opaque(trace.tape(), x.dtype(), x.shape()));
  }
  return result;
}

using Part = TapeState::Transposition;

TransposedScope::TransposedScope(Trace& trace)
    : trace_(trace), outer_(static_cast<std::uint8_t>(trace.tape().transposition())) {
  trace.tape().note_transposition(Part::Recorded);
}
TransposedScope::~TransposedScope() { trace_.tape().note_transposition(static_cast<Part>(outer_)); }
void TransposedScope::sweep(std::span<const Var> inputs, std::span<const Var> outputs) {
  derivatives::require_linear("linear_transpose", "the function", trace_.tape(), inputs, outputs);
  trace_.tape().note_transposition(Part::Swept);
}

namespace {

/// The unit arrays of a shape, along a new first axis.
Var unit_arrays(const Var& like) {
  const Shape shape = like.shape();
  const std::size_t count = size_of(shape);
  Shape all = shape;
  require_rank("laplacian", all.size() + 1);
  all.insert(0, count);
  auto units = Array<double>::from_shape(all);
  std::fill_n(units.data(), units.size(), 0.0);
  for (std::size_t k = 0; k < count; ++k) units.data()[k * count + k] = 1.0;
  return cast(Var(std::move(units)), like.dtype());
}

}  // namespace

Var laplacian(Trace& trace, const Var& input, const Var& output) {
  const Var directions = trace.node(unit_arrays(input));
  std::vector<Var> result = derivatives::laplacian_sweep(trace.tape(), input, directions, {&output, 1});
  complete(result, {&output, 1});
  return result[0];
}

}  // namespace xgrad::detail
