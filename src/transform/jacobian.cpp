#include <xgrad/transform/jacobian.hpp>

#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "seeded_sweep.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// Units of an array like x from the first-th on: `count` of them along a new first axis, each 1 at one element.
Var units_like(const Var& x, std::size_t first, std::size_t count) {
  const auto make = [&]<class T>() {
    auto values = Array<T>::from_shape(Shape{count, x.size()});
    std::fill_n(values.data(), values.size(), T(0));
    for (std::size_t i = 0; i < count; ++i) values.data()[i * x.size() + first + i] = T(1);
    return Var(std::move(values));
  };
  return x.dtype() == DType::Float32 ? make.operator()<float>() : make.operator()<double>();
}

Strides joined(const Shape& a, const Shape& b) {
  Strides result(a);
  for (const std::size_t extent : b) result.push_back(static_cast<std::ptrdiff_t>(extent));
  return result;
}

std::size_t total_size(std::span<const Var> all) {
  std::size_t size = 0;
  for (const Var& x : all) size += x.size();
  return size;
}

/// A number gives way to the type of an array here too; of a number with respect to a number it is one.
Var typed(const Var& jacobian, const Var& output, const Var& input) {
  const bool number = VarAccess::is_weak(output);
  if (VarAccess::is_weak(input)) return as_weak(cast(jacobian, output.dtype()), number);
  return number ? cast(jacobian, input.dtype()) : jacobian;
}

/// A row for each unit of the output, or of the input if the sweep went forward.
Var as_jacobian(const Var& rows, const Var& output, const Var& input, bool forward) {
  return typed(reshape(forward ? transpose(rows) : rows, joined(output.shape(), input.shape())), output, input);
}

}  // namespace

const JacobianOptions& checked_options(std::string_view operation, const JacobianOptions& options) {
  if (options.chunk_size != std::size_t{0}) return options;
  throw ValueError(std::string(operation) + ": chunk_size is 0, and must be at least 1");
}

std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs,
                          const JacobianOptions& options) {
  const Mode mode = options.mode;
  require_differentiable_outputs("jacobian", outputs);
  std::vector<Var> result(outputs.size() * inputs.size());
  const bool forward = mode == Mode::forward || (mode == Mode::automatic && total_size(inputs) < total_size(outputs));
  const std::span<const Var> from = forward ? inputs : outputs;
  const std::span<const Var> to = forward ? outputs : inputs;
  for (std::size_t f = 0; f < from.size(); ++f) {
    const SeededSweep sweep(trace, from.subspan(f, 1), to, forward);
    const std::vector<Var> rows = sweep.rows(
        from[f].size(),
        [&](std::size_t first, std::size_t count) { return std::vector{units_like(from[f], first, count)}; },
        options.chunk_size);
    for (std::size_t t = 0; t < to.size(); ++t) {
      const std::size_t o = forward ? t : f;
      const std::size_t i = forward ? f : t;
      result[o * inputs.size() + i] = as_jacobian(rows[t], outputs[o], inputs[i], forward);
    }
  }
  return result;
}

}  // namespace xgrad::detail
