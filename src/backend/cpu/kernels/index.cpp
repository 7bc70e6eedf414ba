// Kernels that choose elements by position. Inputs are dense.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include <xgrad/core/errors.hpp>

#include "axis_lines.hpp"
#include "block/block.hpp"
#include "in_parts.hpp"
#include "kernels.hpp"
#include "moves.hpp"
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

/// Throws unless all are in range: before anything is moved, so that moving has no branches and may be cut.
void require_indices(std::string_view operation, const Operand& indices, std::size_t extent) {
  const auto n = static_cast<std::int64_t>(extent);
  const std::span all(indices.as<const std::int64_t>(), size_of(*indices.shape));
  std::size_t largest = 0;  // without branches, and with one comparison: what is less than -n wraps around
  for (const std::int64_t index : all) largest = std::max(largest, static_cast<std::size_t>(index) + extent);
  if (all.empty() || largest < 2 * extent) return;
  const auto is_bad = [&](std::int64_t index) { return index < -n || index >= n; };
  if (const auto bad = std::ranges::find_if(all, is_bad); bad != all.end()) throw_bad_index(operation, *bad, extent);
}

inline std::size_t place_of(std::int64_t index, std::size_t extent) {
  if (index < 0) [[unlikely]]
    index += static_cast<std::int64_t>(extent);
  return static_cast<std::size_t>(index);
}

/// Calls f(flat offset in x, flat offset in the taken array) for each slice that an index chooses, from the slice
/// `first` of the taken array to `last`.
template <class F>
void for_each_taken(AxisLines x, const Operand& indices, std::size_t first, std::size_t last, F f) {
  const std::size_t count = size_of(*indices.shape);
  const std::int64_t* index = indices.as<std::int64_t>();
  while (first < last) {
    const std::size_t o = first / count;
    const std::size_t end = std::min(last, (o + 1) * count);
    for (; first < end; ++first) {
      f((o * x.extent + place_of(index[first - o * count], x.extent)) * x.inner, first * x.inner);
    }
  }
}

/// Calls f(flat offset in x, flat offset in the taken array) for the indices of some lines across the axis.
template <class F>
void for_each_along(AxisLines x, AxisLines at, const Operand& indices, std::size_t first, std::size_t last, F f) {
  const std::int64_t* index = indices.as<std::int64_t>();
  while (first < last) {
    const std::size_t o = first / at.extent;
    const std::size_t end = std::min(last, (o + 1) * at.extent);
    for (; first < end; ++first) {
      for (std::size_t i = 0; i < at.inner; ++i) {
        const std::size_t flat = first * at.inner + i;
        f((o * x.extent + place_of(index[flat], x.extent)) * x.inner + i, flat);
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
  static constexpr std::size_t at_once = std::size_t{1} << 17U;  // a megabyte of doubles

  Sums(std::size_t rows, std::size_t columns)
      : rows_(rows), columns_(columns_of(rows, columns)), sums_(std::make_unique<Wide[]>(rows_ * columns_)) {}

  static std::size_t columns_of(std::size_t rows, std::size_t columns) {
    constexpr std::size_t least_columns = 16;
    return std::min(columns, std::max(least_columns, at_once / std::max<std::size_t>(rows, 1)));
  }

  void start() { std::fill_n(sums_.get(), rows_ * columns_, Wide(0)); }
  /// Where the sums of a row are, and how far from there those of the next.
  [[nodiscard]] Wide* row(std::size_t i) noexcept { return sums_.get() + i * columns_; }
  [[nodiscard]] std::size_t step() const noexcept { return columns_; }
  /// Adds so many of the last rows to the first.
  void fold(std::size_t count) {
    rows_ -= count;
    Wide* sum = sums_.get();
    for (std::size_t i = 0; i < count * columns_; ++i)
      sum[i] = primitives::Add::eval(sum[i], sum[rows_ * columns_ + i]);
  }
  void finish(T* out, std::size_t step, std::size_t columns) const {
    for (std::size_t row = 0; row < rows_; ++row) {
      for (std::size_t i = 0; i < columns; ++i) out[row * step + i] = static_cast<T>(sums_[row * columns_ + i]);
    }
  }

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::unique_ptr<Wide[]> sums_;
};

/// A few columns of the slices that indices choose of one array.
template <class T>
void add_slices(Sums<T>& sums, std::size_t first_row, std::span<const std::int64_t> indices, const T* in,
                std::size_t step, std::size_t columns, std::size_t extent) {
  auto* const first = sums.row(first_row);
  const std::size_t width = sums.step();
  for (const std::int64_t index : indices) {
    auto* const sum = first + place_of(index, extent) * width;
    for (std::size_t i = 0; i < columns; ++i) {
      sum[i] = primitives::Add::eval(sum[i], static_cast<typename Sums<T>::Wide>(in[i]));
    }
    in += step;
  }
}

/// Many slices that are added up to a few rows: in runs, each with sums of its own.
template <class T>
void scatter_runs(T* out, const T* in, std::span<const std::int64_t> indices, const AxisLines& lines,
                  std::size_t runs) {
  Sums<T> sums(runs * lines.extent, lines.inner);
  const std::size_t length = (indices.size() + runs - 1) / runs;
  parallel::parallel_for(runs, [&](std::size_t run) {
    const std::size_t first = std::min(run * length, indices.size());
    const std::size_t count = std::min(length, indices.size() - first);
    add_slices(sums, run * lines.extent, indices.subspan(first, count), in + first * lines.inner, lines.inner,
               lines.inner, lines.extent);
  });
  for (; runs > 1; runs -= runs / 2) sums.fold(runs / 2 * lines.extent);
  sums.finish(out, lines.inner, lines.inner);
}

/// In how many runs slices are added up: it depends on the shapes alone.
std::size_t runs_of(const AxisLines& lines, std::size_t count) {
  constexpr std::size_t little = std::size_t{1} << 17U;
  constexpr std::size_t most = 16;
  if (lines.outer != 1 || count * lines.inner <= little) return 1;
  return most * lines.extent * lines.inner <= Sums<double>::at_once ? most : 1;
}

}  // namespace

void take(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  const Operand& indices = call.inputs[1];
  require_indices(chooser(call), indices, lines.extent);
  dispatch_bytes(call.output().dtype, [&]<class T>(T) {
    const T* in = call.inputs[0].as<T>();
    T* out = call.output().as<T>();
    in_parts(lines.outer * size_of(*indices.shape), lines.inner, [&](std::size_t first, std::size_t last) {
      with_length(lines.inner, [&](auto length) {
        for_each_taken(lines, indices, first, last,
                       [=](std::size_t from, std::size_t to) { std::memcpy(out + to, in + from, length * sizeof(T)); });
      });
    });
  });
}

void scatter_add(const KernelCall& call) {
  const AxisLines lines(*call.output().shape, axis_of(call));
  require_indices(chooser(call), call.inputs[1], lines.extent);
  const std::span indices(call.inputs[1].as<const std::int64_t>(), size_of(*call.inputs[1].shape));
  dispatch(call.output().dtype, [&]<class T>() {
    T* const out = call.output().as<T>();
    const T* const in = call.inputs[0].as<T>();
    const std::size_t runs = runs_of(lines, indices.size());
    if (runs > 1) return scatter_runs(out, in, indices, lines, runs);
    const std::size_t most = std::max<std::size_t>(Sums<T>::columns_of(lines.extent, lines.inner), 1);
    const std::size_t blocks = (lines.inner + most - 1) / most;
    in_parts(lines.outer * blocks, indices.size() * most, [&](std::size_t begin, std::size_t end) {
      Sums<T> sums(lines.extent, lines.inner);
      for (std::size_t k = begin; k < end; ++k) {
        const std::size_t o = k / blocks;
        const std::size_t first = k % blocks * most;
        const std::size_t columns = std::min(most, lines.inner - first);
        sums.start();
        add_slices(sums, 0, indices, in + o * indices.size() * lines.inner + first, lines.inner, columns, lines.extent);
        sums.finish(out + o * lines.extent * lines.inner + first, lines.inner, columns);
      }
    });
  });
}

void scatter_extremum(const KernelCall& call) {
  const bool smallest = call.attributes[2] != 0;
  const bool only_values = call.attributes[3] != 0;
  const Operand& rows = call.inputs[2];
  const AxisLines lines(*rows.shape, 0);
  require_indices(chooser(call), call.inputs[1], lines.extent);
  dispatch(call.output().dtype, [&]<class T>() {
    T* out = call.output().as<T>();
    const T* in = call.inputs[0].as<T>();
    std::copy_n(rows.as<T>(), size_of(*rows.shape), out);
    const auto for_each = [&](auto f) {
      for_each_taken(lines, call.inputs[1], 0, size_of(*call.inputs[1].shape), [&](std::size_t to, std::size_t from) {
        for (std::size_t i = 0; i < lines.inner; ++i) f(out[to + i], in[from + i]);
      });
    };
    if (only_values) for_each([](T& best, T value) { best = value; });
    if (smallest) for_each([](T& best, T value) { best = value < best || value != value ? value : best; });
    else for_each([](T& best, T value) { best = value > best || value != value ? value : best; });  // NaN stays
  });
}

void take_along_axis(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  const AxisLines at(*call.inputs[1].shape, axis_of(call));
  require_indices(chooser(call), call.inputs[1], lines.extent);
  dispatch_bytes(call.output().dtype, [&]<class T>(T) {
    const T* in = call.inputs[0].as<T>();
    T* out = call.output().as<T>();
    in_parts(at.outer * at.extent, at.inner, [&](std::size_t first, std::size_t last) {
      for_each_along(lines, at, call.inputs[1], first, last,
                     [=](std::size_t from, std::size_t to) { out[to] = in[from]; });
    });
  });
}

void scatter_add_along_axis(const KernelCall& call) {
  const AxisLines lines(*call.output().shape, axis_of(call));
  const AxisLines at(*call.inputs[1].shape, axis_of(call));
  require_indices(chooser(call), call.inputs[1], lines.extent);
  dispatch(call.output().dtype, [&]<class T>() {
    using Wide = typename Sums<T>::Wide;
    const std::size_t size = lines.extent * lines.inner;
    const auto sums = std::make_unique<Wide[]>(lines.outer * size);
    const T* in = call.inputs[0].as<T>();
    in_parts(lines.outer, std::max(size, at.extent * at.inner), [&](std::size_t first, std::size_t last) {
      for_each_along(lines, at, call.inputs[1], first * at.extent, last * at.extent,
                     [&](std::size_t to, std::size_t from) {
                       sums[to] = primitives::Add::eval(sums[to], static_cast<Wide>(in[from]));
                     });
      std::transform(sums.get() + first * size, sums.get() + last * size, call.output().as<T>() + first * size,
                     [](Wide sum) { return static_cast<T>(sum); });
    });
  });
}

void one_hot(const KernelCall& call) {
  const std::size_t classes = call.output().shape->back();
  const std::span labels(call.inputs[0].as<const std::int64_t>(), size_of(*call.inputs[0].shape));
  const auto is_bad = [&](std::int64_t label) { return label < 0 || label >= static_cast<std::int64_t>(classes); };
  if (const auto bad = std::ranges::find_if(labels, is_bad); bad != labels.end()) {
    throw ValueError("one_hot: label " + std::to_string(*bad) + " is out of range; labels are in [0, " +
                     std::to_string(classes) + ")");
  }
  dispatch(call.output().dtype, [&]<class T>() {
    in_parts(labels.size(), classes, [&](std::size_t first, std::size_t last) {
      T* out = call.output().as<T>() + first * classes;
      std::fill_n(out, (last - first) * classes, T(0));
      for (; first < last; ++first, out += classes) out[labels[first]] = T(1);
    });
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
