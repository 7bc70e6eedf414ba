// Kernels that choose elements by position. Inputs are dense.
#include <algorithm>
#include <string>

#include <xgrad/core/errors.hpp>

#include "axis_lines.hpp"
#include "kernels.hpp"
#include "primitives/arrays.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

std::string_view chooser(const KernelCall& call) {
  return primitives::name_of(static_cast<primitives::Chooser>(call.attributes[1]));
}

std::size_t checked(std::string_view operation, std::int64_t index, std::size_t extent) {
  const auto n = static_cast<std::int64_t>(extent);
  if (index < -n || index >= n) {
    throw ValueError(std::string(operation) + ": index " + std::to_string(index) +
                     " is out of range for an axis of extent " + std::to_string(extent));
  }
  return static_cast<std::size_t>(index < 0 ? index + n : index);
}

/// Calls f(flat offset in x, flat offset in the taken array, length) for each slice that an index chooses.
template <class F>
void for_each_taken(std::string_view operation, const Shape& x, std::size_t axis, const Operand& indices, F&& f) {
  const AxisLines lines(x, axis);
  const std::size_t count = size_of(*indices.shape);
  for (std::size_t o = 0; o < lines.outer; ++o) {
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t chosen = checked(operation, indices.as<std::int64_t>()[i], lines.extent);
      f((o * lines.extent + chosen) * lines.inner, (o * count + i) * lines.inner, lines.inner);
    }
  }
}

/// Calls f(flat offset in x, flat offset in the taken array) for each index.
template <class F>
void for_each_along(std::string_view operation, const Shape& x, std::size_t axis, const Operand& indices, F&& f) {
  const AxisLines from(x, axis);
  const AxisLines at(*indices.shape, axis);
  for (std::size_t o = 0; o < at.outer; ++o) {
    for (std::size_t k = 0; k < at.extent; ++k) {
      for (std::size_t i = 0; i < at.inner; ++i) {
        const std::size_t flat = (o * at.extent + k) * at.inner + i;
        const std::size_t chosen = checked(operation, indices.as<std::int64_t>()[flat], from.extent);
        f((o * from.extent + chosen) * from.inner + i, flat);
      }
    }
  }
}

}  // namespace

void take(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    const T* in = call.inputs[0].as<T>();
    for_each_taken(chooser(call), *call.inputs[0].shape, axis_of(call), call.inputs[1],
                   [&](std::size_t from, std::size_t to, std::size_t length) {
                     if (length == 1) out[to] = in[from];  // without a call
                     else std::copy_n(in + from, length, out + to);
                   });
  });
}

void scatter_add(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    const T* in = call.inputs[0].as<T>();
    std::fill_n(out, size_of(*call.output().shape), T(0));
    for_each_taken(chooser(call), *call.output().shape, axis_of(call), call.inputs[1],
                   [&](std::size_t to, std::size_t from, std::size_t length) {
                     for (std::size_t i = 0; i < length; ++i) {
                       out[to + i] = primitives::Add::eval(out[to + i], in[from + i]);
                     }
                   });
  });
}

void scatter_extremum(const KernelCall& call) {
  const bool smallest = call.attributes[2] != 0;
  const bool only_values = call.attributes[3] != 0;
  const Operand& rows = call.inputs[2];
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    const T* in = call.inputs[0].as<T>();
    std::copy_n(rows.as<T>(), size_of(*rows.shape), out);
    const auto for_each = [&](auto f) {
      for_each_taken(chooser(call), *rows.shape, 0, call.inputs[1],
                     [&](std::size_t to, std::size_t from, std::size_t length) {
                       for (std::size_t i = 0; i < length; ++i) f(out[to + i], in[from + i]);
                     });
    };
    if (only_values) for_each([](T& best, T value) { best = value; });
    if (smallest) for_each([](T& best, T value) { best = value < best || value != value ? value : best; });
    else for_each([](T& best, T value) { best = value > best || value != value ? value : best; });  // NaN stays
  });
}

void take_along_axis(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class T>() {
    for_each_along(chooser(call), *call.inputs[0].shape, axis_of(call), call.inputs[1],
                   [&](std::size_t from, std::size_t to) { call.output().as<T>()[to] = call.inputs[0].as<T>()[from]; });
  });
}

void scatter_add_along_axis(const KernelCall& call) {
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    std::fill_n(out, size_of(*call.output().shape), T(0));
    for_each_along(chooser(call), *call.output().shape, axis_of(call), call.inputs[1],
                   [&](std::size_t to, std::size_t from) {
                     out[to] = primitives::Add::eval(out[to], call.inputs[0].as<T>()[from]);
                   });
  });
}

void one_hot(const KernelCall& call) {
  const std::size_t classes = call.output().shape->back();
  const std::size_t count = size_of(*call.inputs[0].shape);
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    std::fill_n(out, count * classes, T(0));
    for (std::size_t i = 0; i < count; ++i) {
      const std::int64_t label = call.inputs[0].as<std::int64_t>()[i];
      if (label < 0 || label >= static_cast<std::int64_t>(classes)) {
        throw ValueError("one_hot: label " + std::to_string(label) + " is out of range; labels are in [0, " +
                         std::to_string(classes) + ")");
      }
      out[i * classes + static_cast<std::size_t>(label)] = T(1);
    }
  });
}

void argmax(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  dispatch(call.inputs[0].dtype, [&]<class T>() {
    const T* in = call.inputs[0].as<T>();
    for (std::size_t o = 0; o < lines.outer; ++o) {
      for (std::size_t i = 0; i < lines.inner; ++i) {
        const T* x = in + o * lines.extent * lines.inner + i;
        std::size_t best = 0;
        for (std::size_t k = 1; k < lines.extent; ++k) {
          const T value = x[k * lines.inner];
          const T largest = x[best * lines.inner];
          if (value > largest || (value != value && largest == largest)) best = k;  // the first NaN wins
        }
        call.output().as<std::int64_t>()[o * lines.inner + i] = static_cast<std::int64_t>(best);
      }
    }
  });
}

}  // namespace xgrad::backend::cpu::kernels
