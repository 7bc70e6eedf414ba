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
};

/// A sweep with a unit that stands for all.
SweepOfOne sweep_of_one(Trace& trace, const Var& like, const std::function<std::vector<Var>(const Var&)>& sweep) {
  TapeState& tape = trace.tape();
  const Var unit = opaque(tape, like.dtype(), like.shape());
  std::vector<Var> results = sweep(unit);
  std::size_t largest = 1;
  for (NodeId id = VarAccess::node(unit); id < tape.size(); ++id) largest = std::max(largest, size_of(tape.shape(id)));
  return {unit, std::move(results), largest};
}

/// The sweep for all units of an array at once, or for so many at a time that intermediate arrays stay small:
/// each result along a new first axis, which is as long as the array has elements.
std::vector<Var> for_all_units(Trace& trace, const SweepOfOne& one, const Var& like, std::span<const Var> zeros) {
  constexpr std::size_t most_elements = std::size_t{1} << 22U;
  const std::size_t size = like.size();
  const std::size_t at_once = std::max<std::size_t>(most_elements / one.largest, 1);
  std::vector<Var> outputs;
  for (std::size_t k = 0; k < zeros.size(); ++k) {
    outputs.push_back(one.results[k].defined() ? one.results[k] : zeros_like(zeros[k]));
  }
  std::vector<std::vector<Var>> parts(outputs.size());
  std::size_t first = 0;
  do {
    const std::size_t count = std::min(at_once, size - first);
    const Var units = units_like(trace, like, first, count);
    const std::vector<Var> some = batch_sweep(trace.tape(), {&one.unit, 1}, {&units, 1}, count, outputs);
    for (std::size_t k = 0; k < parts.size(); ++k) parts[k].push_back(some[k]);
    first += count;
  } while (first < size);
  std::vector<Var> result;
  for (const std::vector<Var>& each : parts) result.push_back(each.size() == 1 ? each[0] : concatenate(each, 0));
  return result;
}

/// A number gives way to the type of an array here too; of a number with respect to a number it is one.
Var typed(const Var& jacobian, const Var& output, const Var& input) {
  const bool number = VarAccess::is_weak(output);
  if (VarAccess::is_weak(input)) return as_weak(cast(jacobian, output.dtype()), number);
  return number ? cast(jacobian, input.dtype()) : jacobian;
}

/// The first axis stands for the elements of an array and becomes its axes; it goes behind the others if that is the
/// input.
Var as_jacobian(const Var& batch, const Var& output, const Var& input, bool forward) {
  Shape order;
  for (std::size_t i = 1; i < batch.dimension(); ++i) order.push_back(i);
  order.insert(forward ? order.size() : 0, 0);
  return typed(reshape(transpose(batch, Axes(order)), joined(output.shape(), input.shape())), output, input);
}

}  // namespace

std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs, Mode mode) {
  require_differentiable("jacobian", outputs, [&] { return std::vector<std::string>(outputs.size(), "output"); });
  std::vector<Var> result(outputs.size() * inputs.size());
  const bool forward = mode == Mode::forward || (mode == Mode::automatic && total_size(inputs) < total_size(outputs));
  const std::span<const Var> from = forward ? inputs : outputs;
  const std::span<const Var> to = forward ? outputs : inputs;
  for (std::size_t f = 0; f < from.size(); ++f) {
    const SweepOfOne one = sweep_of_one(trace, from[f], [&](const Var& unit) {
      return forward ? trace.forward({&from[f], 1}, {&unit, 1}, to) : trace.reverse({&from[f], 1}, {&unit, 1}, to);
    });
    const std::vector<Var> batches = for_all_units(trace, one, from[f], to);
    for (std::size_t t = 0; t < to.size(); ++t) {
      const std::size_t o = forward ? t : f;
      const std::size_t i = forward ? f : t;
      result[o * inputs.size() + i] = as_jacobian(batches[t], outputs[o], inputs[i], forward);
    }
  }
  return result;
}

}  // namespace xgrad::detail
