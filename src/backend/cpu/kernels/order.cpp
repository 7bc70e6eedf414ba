// Kernels that go along an axis in order. Inputs are dense.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <vector>

#include "axis_lines.hpp"
#include "kernels.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

template <class T>
bool is_nan(T x) {
  return x != x;
}

/// Sorts the indices 0 ... n - 1 by key, so that the first `count` are right: stable, and NaN last in either order.
template <class T>
void sort_indices(std::vector<std::int64_t>& order, const std::vector<T>& key, bool descending, std::size_t count) {
  const auto at = [&](std::int64_t i) { return key[static_cast<std::size_t>(i)]; };
  auto end = order.end();
  if constexpr (std::is_floating_point_v<T>) {
    end = std::stable_partition(order.begin(), order.end(), [&](std::int64_t i) { return !is_nan(at(i)); });
  }
  const auto sort = [&](auto before) {
    // A few of many are found faster than all are sorted.
    if (16 * count >= order.size()) return std::stable_sort(order.begin(), end, before);
    const auto stable = [&](std::int64_t i, std::int64_t j) { return before(i, j) || (!before(j, i) && i < j); };
    const auto few = static_cast<std::ptrdiff_t>(count);
    std::partial_sort(order.begin(), order.begin() + std::min(few, end - order.begin()), end, stable);
  };
  if (descending) sort([&](std::int64_t i, std::int64_t j) { return at(i) > at(j); });
  else sort([&](std::int64_t i, std::int64_t j) { return at(i) < at(j); });
}

/// Calls f(offset of the line's first element, indices of its elements in sorted order, of which `count` are right).
template <class F>
void for_each_sorted_line(const Operand& x, const AxisLines& lines, bool descending, std::size_t count, F&& f) {
  dispatch(x.dtype, [&]<class T>() {
    // Not vectors of bool, whose elements are bits.
    using Key = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
    std::vector<Key> key(lines.extent);
    std::vector<std::int64_t> order(lines.extent);
    lines.for_each_line([&](std::size_t first) {
      for (std::size_t k = 0; k < lines.extent; ++k) key[k] = static_cast<Key>(x.as<T>()[first + k * lines.inner]);
      std::iota(order.begin(), order.end(), std::int64_t{0});
      sort_indices(order, key, descending, count);
      f(first, order);
    });
  });
}

}  // namespace

void argsort(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  auto* const out = call.output().as<std::int64_t>();
  for_each_sorted_line(call.inputs[0], lines, call.attributes[1] != 0, lines.extent,
                       [&](std::size_t first, const std::vector<std::int64_t>& order) {
                         for (std::size_t k = 0; k < lines.extent; ++k) out[first + k * lines.inner] = order[k];
                       });
}

void top_k(const KernelCall& call) {
  const Operand& x = call.inputs[0];
  const AxisLines lines(*x.shape, axis_of(call));
  const auto count = static_cast<std::size_t>(call.attributes[2]);
  const Operand& values = call.outputs[0];
  const Operand indices = call.outputs.size() > 1 ? call.outputs[1] : Operand();
  const std::size_t element = size_of(x.dtype);
  std::size_t line = 0;
  for_each_sorted_line(x, lines, call.attributes[1] != 0, count,
                       [&](std::size_t first, const std::vector<std::int64_t>& order) {
                         const std::size_t start = line / lines.inner * count * lines.inner + line % lines.inner;
                         ++line;
                         for (std::size_t k = 0; k < count; ++k) {
                           const std::size_t to = start + k * lines.inner;
                           const std::size_t from = first + static_cast<std::size_t>(order[k]) * lines.inner;
                           if (values.data != nullptr)
                             std::memcpy(values.data + to * element, x.data + from * element, element);
                           if (indices.data != nullptr) indices.as<std::int64_t>()[to] = order[k];
                         }
                       });
}

namespace {

/// The order of sorted numbers: NaN is behind all others.
template <class T>
bool sorts_before(T a, T b) {
  return a < b || (is_nan(b) && !is_nan(a));
}

/// How many elements of a sorted line come before the value, or, if equals count, not after it. The value before is
/// near where this one is, if values are sorted, too.
template <class T>
std::size_t count_before(const T* line, std::size_t extent, T value, bool equals_count, std::size_t near) {
  const auto counts = [&](std::size_t i) {
    return equals_count ? !sorts_before(value, line[i]) : sorts_before(line[i], value);
  };
  std::size_t first = 0;
  std::size_t last = extent;
  if (near < extent) {
    if (!counts(near)) last = near;
    else first = near + 1;
    if (first < last && !counts(first)) return first;
  }
  while (first < last) {
    const std::size_t middle = first + (last - first) / 2;
    if (counts(middle)) first = middle + 1;
    else last = middle;
  }
  return first;
}

}  // namespace

void searchsorted(const KernelCall& call) {
  const Shape& lines = *call.inputs[0].shape;
  const std::size_t extent = lines.back();
  std::size_t outer = 1;
  for (std::size_t i = 0; i + 1 < lines.size(); ++i) outer *= lines[i];
  if (outer == 0) return;
  const std::size_t each = size_of(*call.inputs[1].shape) / outer;
  auto* const out = call.output().as<std::int64_t>();
  dispatch(call.inputs[0].dtype, [&]<class T>() {
    for (std::size_t o = 0; o < outer; ++o) {
      std::size_t found = 0;
      for (std::size_t i = o * each; i < (o + 1) * each; ++i) {
        const T value = call.inputs[1].as<T>()[i];
        found = count_before(call.inputs[0].as<T>() + o * extent, extent, value, call.attributes[0] != 0,
                             found == 0 ? 0 : found - 1);
        out[i] = static_cast<std::int64_t>(found);
      }
    }
  });
}

namespace {

/// Adds up lines that lie side by side, a few together: along one alone each element is in another line of the cache.
template <class T>
void add_up_lines(const AxisLines& lines, const T* in, T* out, bool backward) {
  using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
  constexpr std::size_t most = 128;
  std::array<Wide, most> totals;  // NOLINT(*-member-init): a few may do
  const std::size_t size = lines.extent * lines.inner;
  for (std::size_t outer = 0; outer < lines.outer; ++outer) {
    for (std::size_t first = 0; first < lines.inner; first += most) {
      const std::size_t count = std::min(most, lines.inner - first);
      std::fill_n(totals.begin(), count, Wide(0));
      for (std::size_t k = 0; k < lines.extent; ++k) {
        const std::size_t at = outer * size + (backward ? lines.extent - 1 - k : k) * lines.inner + first;
        for (std::size_t j = 0; j < count; ++j) {
          totals[j] = primitives::Add::eval(totals[j], static_cast<Wide>(in[at + j]));
          out[at + j] = static_cast<T>(totals[j]);
        }
      }
    }
  }
}

}  // namespace

void cumsum(const KernelCall& call) {
  const AxisLines lines(*call.inputs[0].shape, axis_of(call));
  dispatch(call.output().dtype, [&]<class T>() {
    add_up_lines(lines, call.inputs[0].as<T>(), call.output().as<T>(), call.attributes[1] != 0);
  });
}

}  // namespace xgrad::backend::cpu::kernels
