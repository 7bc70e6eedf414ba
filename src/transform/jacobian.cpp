#include <xgrad/transform/jacobian.hpp>

#include <algorithm>
#include <functional>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "derivatives/sweep.hpp"
#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// Units of an array like x from the first-th on: `count` of them along a new first axis, each 1 at one element.
Var units_like(Trace& trace, const Var& x, std::size_t first, std::size_t count) {
  const auto make = [&]<class T>() {
    Shape shape{count, x.size()};
    auto values = Array<T>::from_shape(shape);
    std::fill_n(values.data(), values.size(), T(0));
    for (std::size_t i = 0; i < count; ++i) values.data()[i * x.size() + first + i] = T(1);
    return Var(std::move(values));
  };
  const Var flat = trace.node(x.dtype() == DType::Float32 ? make.operator()<float>() : make.operator()<double>());
  if (x.dimension() == max_dimension) return flat;
  Strides shape{static_cast<std::ptrdiff_t>(count)};
  for (const std::size_t extent : x.shape()) shape.push_back(static_cast<std::ptrdiff_t>(extent));
  return reshape(flat, shape);
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

/// What one sweep with a unit appends to the tape, and what comes out of it.
struct SweepOfOne {
  Var unit;
  std::vector<Var> results;  ///< empty Vars: zero
  std::size_t largest;       ///< number of elements of the largest array that it computes
  bool full;                 ///< one of these has as many axes as there can be, and no batch
};

using Sweep = std::function<std::vector<Var>(const Var& unit)>;

/// A sweep with a unit that stands for all.
SweepOfOne sweep_of_one(Trace& trace, const Var& like, const Sweep& sweep) {
  TapeState& tape = trace.tape();
  const Var unit = opaque(tape, like.dtype(), like.shape());
  std::vector<Var> results = sweep(unit);
  std::size_t largest = 1;
  bool full = false;
  for (NodeId id = VarAccess::node(unit); id < tape.size(); ++id) {
    largest = std::max(largest, size_of(tape.shape(id)));
    full = full || tape.shape(id).size() == max_dimension;
  }
  return {unit, std::move(results), largest, full};
}

/// The sweep for some units, from the first-th on: each result a matrix with a row for each of them.
using SweepOfSome = std::function<std::vector<Var>(std::size_t first, std::size_t count)>;

Strides matrix(std::size_t rows, std::size_t columns) {
  return {static_cast<std::ptrdiff_t>(rows), static_cast<std::ptrdiff_t>(columns)};
}

/// The sweep for all units, so many at a time: each result a matrix with a row for each of them.
std::vector<Var> in_parts(std::size_t units, std::size_t at_once, std::size_t results, const SweepOfSome& sweep) {
  std::vector<std::vector<Var>> parts(results);
  std::size_t first = 0;
  do {
    const std::size_t count = std::min(at_once, units - first);
    const std::vector<Var> some = sweep(first, count);
    for (std::size_t k = 0; k < results; ++k) parts[k].push_back(some[k]);
    first += count;
  } while (first < units);
  std::vector<Var> result;
  for (const std::vector<Var>& each : parts) result.push_back(each.size() == 1 ? each[0] : concatenate(each, 0));
  return result;
}

/// In batches of so many that intermediate arrays stay small; one by one where an array has no axis left for a batch.
std::vector<Var> for_all_units(Trace& trace, const Var& like, std::span<const Var> to, const Sweep& sweep) {
  constexpr std::size_t most_elements = std::size_t{1} << 22U;
  const SweepOfOne one = sweep_of_one(trace, like, sweep);
  const auto defined = [&](const std::vector<Var>& results) {
    std::vector<Var> all;
    for (std::size_t k = 0; k < to.size(); ++k) {
      all.push_back(results[k].defined() ? results[k] : zeros_like(to[k]));
    }
    return all;
  };
  const auto as_matrices = [&](std::vector<Var> all, std::size_t rows) {
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = reshape(all[k], matrix(rows, to[k].size()));
    return all;
  };
  const bool full = one.full || std::ranges::any_of(to, [](const Var& x) { return x.dimension() == max_dimension; });
  if (full) {
    return in_parts(like.size(), 1, to.size(), [&](std::size_t first, std::size_t count) {
      if (count == 0) return as_matrices(std::vector<Var>(to.size(), zeros_like(like)), 0);
      const Var unit = reshape(units_like(trace, like, first, 1), joined(like.shape(), {}));
      return as_matrices(defined(sweep(unit)), 1);
    });
  }
  const std::vector<Var> outputs = defined(one.results);
  const std::size_t at_once = std::max<std::size_t>(most_elements / one.largest, 1);
  return in_parts(like.size(), at_once, to.size(), [&](std::size_t first, std::size_t count) {
    const Var units = units_like(trace, like, first, count);
    return as_matrices(derivatives::batch_sweep(trace.tape(), {&one.unit, 1}, {&units, 1}, count, outputs), count);
  });
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

std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs, Mode mode) {
  require_differentiable("jacobian", outputs, [&] { return std::vector<std::string>(outputs.size(), "output"); });
  std::vector<Var> result(outputs.size() * inputs.size());
  const bool forward = mode == Mode::forward || (mode == Mode::automatic && total_size(inputs) < total_size(outputs));
  const std::span<const Var> from = forward ? inputs : outputs;
  const std::span<const Var> to = forward ? outputs : inputs;
  for (std::size_t f = 0; f < from.size(); ++f) {
    const std::vector<Var> rows = for_all_units(trace, from[f], to, [&](const Var& unit) {
      return forward ? trace.forward({&from[f], 1}, {&unit, 1}, to) : trace.reverse({&from[f], 1}, {&unit, 1}, to);
    });
    for (std::size_t t = 0; t < to.size(); ++t) {
      const std::size_t o = forward ? t : f;
      const std::size_t i = forward ? f : t;
      result[o * inputs.size() + i] = as_jacobian(rows[t], outputs[o], inputs[i], forward);
    }
  }
  return result;
}

}  // namespace xgrad::detail
