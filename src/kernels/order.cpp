// Kernels that go along an axis in order. Inputs are dense.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <type_traits>
#include <vector>

#include "around.hpp"
#include "kernels.hpp"
#include "primitives/scalar_functions.hpp"

namespace xgrad::kernels {
namespace {

template <class T>
bool is_nan(T x) {
  return x != x;
}

/// Sorts the places 0 ... n - 1 by key, so that the first `count` are right: stable, and NaN last in either order.
template <class T>
void sort_places(std::vector<std::int64_t>& places, const std::vector<T>& key, bool descending, std::size_t count) {
  const auto at = [&](std::int64_t i) { return key[static_cast<std::size_t>(i)]; };
  auto end = places.end();
  if constexpr (std::is_floating_point_v<T>) {
    end = std::stable_partition(places.begin(), places.end(), [&](std::int64_t i) { return !is_nan(at(i)); });
  }
  const auto sort = [&](auto before) {
    // A few of many are found faster than all are sorted.
    if (16 * count >= places.size()) return std::stable_sort(places.begin(), end, before);
    const auto stable = [&](std::int64_t i, std::int64_t j) { return before(i, j) || (!before(j, i) && i < j); };
    const auto few = static_cast<std::ptrdiff_t>(count);
    std::partial_sort(places.begin(), places.begin() + std::min(few, end - places.begin()), end, stable);
  };
  if (descending) sort([&](std::int64_t i, std::int64_t j) { return at(i) > at(j); });
  else sort([&](std::int64_t i, std::int64_t j) { return at(i) < at(j); });
}

/// Calls f(offset of the line's first element, places of its elements in sorted order, of which `count` are right).
template <class F>
void for_each_sorted_line(const Operand& x, const Around& around, bool descending, std::size_t count, F&& f) {
  dispatch(x.dtype, [&]<class T>() {
    // Not vectors of bool, whose elements are bits.
    using Key = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
    std::vector<Key> key(around.extent);
    std::vector<std::int64_t> places(around.extent);
    around.for_each_line([&](std::size_t first) {
      for (std::size_t k = 0; k < around.extent; ++k) key[k] = static_cast<Key>(x.as<T>()[first + k * around.inner]);
      std::iota(places.begin(), places.end(), std::int64_t{0});
      sort_places(places, key, descending, count);
      f(first, places);
    });
  });
}

}  // namespace

void argsort(const Call& call) {
  const Around around(*call.inputs[0].shape, axis_of(call));
  auto* const out = call.output().as<std::int64_t>();
  for_each_sorted_line(call.inputs[0], around, call.attributes[1] != 0, around.extent,
                       [&](std::size_t first, const std::vector<std::int64_t>& places) {
                         for (std::size_t k = 0; k < around.extent; ++k) out[first + k * around.inner] = places[k];
                       });
}

void top_k(const Call& call) {
  const Operand& x = call.inputs[0];
  const Around around(*x.shape, axis_of(call));
  const auto count = static_cast<std::size_t>(call.attributes[2]);
  const Operand& values = call.outputs[0];
  const Operand indices = call.outputs.size() > 1 ? call.outputs[1] : Operand();
  const std::size_t element = size_of(x.dtype);
  std::size_t line = 0;
  for_each_sorted_line(x, around, call.attributes[1] != 0, count,
                       [&](std::size_t first, const std::vector<std::int64_t>& places) {
                         const std::size_t start = line / around.inner * count * around.inner + line % around.inner;
                         ++line;
                         for (std::size_t k = 0; k < count; ++k) {
                           const std::size_t to = start + k * around.inner;
                           const std::size_t from = first + static_cast<std::size_t>(places[k]) * around.inner;
                           if (values.data != nullptr)
                             std::memcpy(values.data + to * element, x.data + from * element, element);
                           if (indices.data != nullptr) indices.as<std::int64_t>()[to] = places[k];
                         }
                       });
}

void cumsum(const Call& call) {
  const Around around(*call.inputs[0].shape, axis_of(call));
  const bool backward = call.attributes[1] != 0;
  dispatch(call.output().dtype, [&]<class T>() {
    using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
    around.for_each_line([&](std::size_t first) {
      Wide total(0);
      for (std::size_t k = 0; k < around.extent; ++k) {
        const std::size_t at = first + (backward ? around.extent - 1 - k : k) * around.inner;
        total = primitives::Add::eval(total, static_cast<Wide>(call.inputs[0].as<T>()[at]));
        call.output().as<T>()[at] = static_cast<T>(total);
      }
    });
  });
}

}  // namespace xgrad::kernels
