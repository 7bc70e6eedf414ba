#include <xgrad/transform/jacobian.hpp>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>

#include "var/record.hpp"

namespace xgrad::detail {
namespace {

/// 1 at one element of an array like x, 0 elsewhere.
Var unit_like(Trace& trace, const Var& x, std::size_t element) {
  const auto make = [&]<class T>() {
    auto values = Array<T>::from_shape(x.shape());
    std::fill_n(values.data(), values.size(), T(0));
    values.data()[element] = T(1);
    return Var(std::move(values));
  };
  return trace.node(x.dtype() == DType::Float32 ? make.operator()<float>() : make.operator()<double>());
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

/// Rows of the Jacobian of one output become the leading axes.
Var assemble_rows(const std::vector<Var>& rows, const Var& output, const Var& input) {
  if (rows.empty()) return reshape(zeros_like(output), joined(output.shape(), input.shape()));
  return reshape(stack(rows), joined(output.shape(), input.shape()));
}

/// Columns of the Jacobian with respect to one input become the trailing axes.
Var assemble_columns(const std::vector<Var>& columns, const Var& output, const Var& input) {
  if (columns.empty()) return reshape(zeros_like(input), joined(output.shape(), input.shape()));
  return reshape(stack(columns, -1), joined(output.shape(), input.shape()));
}

/// A number gives way to the type of an array here too; of a number with respect to a number it is one.
Var typed(const Var& jacobian, const Var& output, const Var& input) {
  const bool number = VarAccess::is_weak(output);
  if (VarAccess::is_weak(input)) return as_weak(cast(jacobian, output.dtype()), number);
  return number ? cast(jacobian, input.dtype()) : jacobian;
}

}  // namespace

std::vector<Var> jacobian(Trace& trace, std::span<const Var> outputs, std::span<const Var> inputs, Mode mode) {
  require_differentiable("jacobian", outputs, [&] { return std::vector<std::string>(outputs.size(), "output"); });
  std::vector<Var> result(outputs.size() * inputs.size());
  const bool forward = mode == Mode::forward || (mode == Mode::automatic && total_size(inputs) < total_size(outputs));
  if (forward) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::vector<std::vector<Var>> columns(outputs.size());
      for (std::size_t element = 0; element < inputs[i].size(); ++element) {
        const Var unit = unit_like(trace, inputs[i], element);
        const std::vector<Var> tangents = trace.forward({&inputs[i], 1}, {&unit, 1}, outputs);
        for (std::size_t o = 0; o < outputs.size(); ++o) {
          columns[o].push_back(tangents[o].defined() ? tangents[o] : zeros_like(outputs[o]));
        }
      }
      for (std::size_t o = 0; o < outputs.size(); ++o) {
        result[o * inputs.size() + i] =
            typed(assemble_columns(columns[o], outputs[o], inputs[i]), outputs[o], inputs[i]);
      }
    }
    return result;
  }
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    std::vector<std::vector<Var>> rows(inputs.size());
    for (std::size_t element = 0; element < outputs[o].size(); ++element) {
      const Var unit = unit_like(trace, outputs[o], element);
      const std::vector<Var> cotangents = trace.reverse({&outputs[o], 1}, {&unit, 1}, inputs);
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        rows[i].push_back(cotangents[i].defined() ? cotangents[i] : zeros_like(inputs[i]));
      }
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      result[o * inputs.size() + i] = typed(assemble_rows(rows[i], outputs[o], inputs[i]), outputs[o], inputs[i]);
    }
  }
  return result;
}

}  // namespace xgrad::detail
