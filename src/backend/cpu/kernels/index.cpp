// Kernels that choose elements by position. Inputs are dense.
#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <type_traits>

#include <xgrad/core/errors.hpp>

#include "axis_lines.hpp"
#include "block/block.hpp"
#include "in_parts.hpp"
#include "kernels.hpp"
#include "primitives/arrays.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

std::string_view chooser(const KernelCall& call) {
  return primitives::name_of(static_cast<primitives::Chooser>(call.attributes[1]));
}

[[noreturn]] void throw_bad_index(std::string_view operation, std::int64_t index, std::size_t extent) {
  throw ValueError(std::string(operation) + ": index " + std::to_string(index) +
                   " is out of range for an axis of extent " + std::to_string(extent));
}

/// Apart from the text of its error, so that it is expanded where elements are chosen one by one.
inline std::size_t checked(std::string_view operation, std::int64_t index, std::size_t extent) {
  const auto n = static_cast<std::int64_t>(extent);
  if (index < -n || index >= n) throw_bad_index(operation, index, extent);
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

/// Sums of rows, as many at a time and as many columns of each as fit the cache. Those of float32 are added up in
/// double, as everywhere.
template <class T>
class Sums {
 public:
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;

  Sums(std::size_t rows, std::size_t columns)
      : rows_(rows),
        columns_(std::min(columns, std::max(least_columns, at_once / std::max<std::size_t>(rows, 1)))),
        sums_(std::make_unique<Wide[]>(rows_ * columns_)) {}

  [[nodiscard]] std::size_t columns() const noexcept { return columns_; }
  void start() { std::fill_n(sums_.get(), rows_ * columns_, Wide(0)); }
  void add(std::size_t row, const T* values, std::size_t columns) {
    Wide* sum = sums_.get() + row * columns_;
    for (std::size_t i = 0; i < columns; ++i) sum[i] = primitives::Add::eval(sum[i], static_cast<Wide>(values[i]));
  }
  void finish(T* out, std::size_t step, std::size_t columns) const {
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t i = 0; i < columns; ++i) out[row * step + i] = static_cast<T>(sums_[row * columns_ + i]);
    }
  }

 private:
  static constexpr std::size_t at_once = std::size_t{1} << 17U;  // a megabyte of doubles
  static constexpr std::size_t least_columns = 16;

  std::size_t rows_;
  std::size_t columns_;
  std::unique_ptr<Wide[]> sums_;
};

}  // namespace

void take(const KernelCall& call) {
  const std::string_view name = chooser(call);
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    const T* in = call.inputs[0].as<T>();
    if (lines.inner == 1) {  // elements, such as those of windows
      const std::int64_t* indices = call.inputs[1].as<std::int64_t>();
      const std::size_t count = size_of(*call.inputs[1].shape);
      for (std::size_t o = 0; o < lines.outer; ++o, in += lines.extent, out += count) {
        for (std::size_t i = 0; i < count; ++i) out[i] = in[checked(name, indices[i], lines.extent)];
      }
      return;
    }
    for_each_taken(
        name, *call.inputs[0].shape, axis_of(call), call.inputs[1],
        [&](std::size_t from, std::size_t to, std::size_t length) { std::copy_n(in + from, length, out + to); });
  });
}

void scatter_add(const KernelCall& call) {
  const std::string_view name = chooser(call);
  const AxisLines lines(*call.output().shape, axis_of(call));
  const std::int64_t* indices = call.inputs[1].as<std::int64_t>();
  const std::size_t count = size_of(*call.inputs[1].shape);
  dispatch(call.output().dtype, [&]<class T>() {
    Sums<T> sums(lines.extent, lines.inner);
    for (std::size_t o = 0; o < lines.outer; ++o) {
      T* out = call.output().as<T>() + o * lines.extent * lines.inner;
      const T* in = call.inputs[0].as<T>() + o * count * lines.inner;
      for (std::size_t first = 0; first < lines.inner; first += sums.columns()) {
        const std::size_t columns = std::min(sums.columns(), lines.inner - first);
        sums.start();
        for (std::size_t i = 0; i < count; ++i) {
          sums.add(checked(name, indices[i], lines.extent), in + i * lines.inner + first, columns);
        }
        sums.finish(out + first, lines.inner, columns);
      }
    }
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
    using Wide = typename Sums<T>::Wide;
    const std::size_t size = size_of(*call.output().shape);
    const auto sums = std::make_unique<Wide[]>(size);
    for_each_along(chooser(call), *call.output().shape, axis_of(call), call.inputs[1],
                   [&](std::size_t to, std::size_t from) {
                     sums[to] = primitives::Add::eval(sums[to], static_cast<Wide>(call.inputs[0].as<T>()[from]));
                   });
    std::transform(sums.get(), sums.get() + size, call.output().as<T>(), [](Wide sum) { return static_cast<T>(sum); });
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

namespace {

template <class T>
std::int64_t place_of_largest(const T* x, std::size_t extent, std::size_t step) {
  std::size_t best = 0;
  for (std::size_t k = 1; k < extent; ++k) {
    const T value = x[k * step];
    const T largest = x[best * step];
    if (value > largest || (value != value && largest == largest)) best = k;  // the first NaN wins
  }
  return static_cast<std::int64_t>(best);
}

/// Of a line whose elements are side by side: of lines of every so manieth element first, and then of what these have.
template <class T>
std::int64_t place_in_long_line(const T* x, std::size_t extent) {
  constexpr std::size_t lanes = 32;
  std::array<std::int64_t, lanes> places;  // NOLINT(*-member-init): written next
  block_table().largest[static_cast<std::size_t>(dtype_of<T>)](
      {.extent = extent / lanes, .lines = lanes, .x = x, .step = lanes, .out = places.data()});
  std::int64_t best = places[0] * std::int64_t{lanes};
  const auto offer = [&](std::int64_t place) {
    const T value = x[place];
    const T largest = x[best];
    const bool equal = value == largest || (value != value && largest != largest);
    if (value > largest || (value != value && largest == largest) || (equal && place < best)) best = place;
  };
  for (std::size_t i = 1; i < lanes; ++i) offer(places[i] * std::int64_t{lanes} + static_cast<std::int64_t>(i));
  for (std::size_t k = extent / lanes * lanes; k < extent; ++k) offer(static_cast<std::int64_t>(k));
  return best;
}

constexpr std::size_t long_line = 256;

/// Short lines whose elements are side by side are turned, some at a time, so that the lines are.
template <class T>
void places_in_short_lines(const T* x, std::size_t extent, std::size_t count, std::int64_t* out) {
  constexpr std::size_t at_once = 4096;
  const BlockTable& table = block_table();
  constexpr auto dtype = static_cast<std::size_t>(dtype_of<T>);
  alignas(64) std::array<T, at_once> turned;  // NOLINT(*-member-init): written before it is read
  const std::size_t most = std::min(at_once / extent, std::size_t{64});
  for (std::size_t first = 0; first < count; first += most) {
    const std::size_t lines = std::min(most, count - first);
    table.transpose[dtype](
        {.rows = lines, .columns = extent, .from = x + first * extent, .step = extent, .to = turned.data()});
    table.largest[dtype]({.extent = extent, .lines = lines, .x = turned.data(), .step = lines, .out = out + first});
  }
}

/// Floating-point numbers of the lines from `first` to `last`.
template <class T>
void places_of_largest(const T* x, const AxisLines& lines, std::int64_t* out, std::size_t first, std::size_t last) {
  if (lines.inner == 1 && lines.extent < long_line) {
    return places_in_short_lines(x + first * lines.extent, lines.extent, last - first, out + first);
  }
  for (std::size_t line = first; line < last;) {
    const std::size_t in_row = line % lines.inner;
    const T* from = x + (line - in_row) * lines.extent + in_row;
    const std::size_t left = std::min(last - line, lines.inner - in_row);
    if (lines.inner == 1) out[line] = place_in_long_line(from, lines.extent);
    else
      block_table().largest[static_cast<std::size_t>(dtype_of<T>)](
          {.extent = lines.extent, .lines = left, .x = from, .step = lines.inner, .out = out + line});
    line += left;
  }
}

}  // namespace

void argmax(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  auto* const out = call.output().as<std::int64_t>();
  dispatch(call.inputs[0].dtype, [&]<class T>() {
    const T* x = call.inputs[0].as<T>();
    in_parts(lines.outer * lines.inner, lines.extent, [&](std::size_t first, std::size_t last) {
      if constexpr (std::is_floating_point_v<T>) {
        places_of_largest(x, lines, out, first, last);
      } else {
        for (std::size_t line = first; line < last; ++line) {
          const std::size_t in_row = line % lines.inner;
          out[line] = place_of_largest(x + (line - in_row) * lines.extent + in_row, lines.extent, lines.inner);
        }
      }
    });
  });
}

}  // namespace xgrad::backend::cpu::kernels
