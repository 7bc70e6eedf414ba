// Kernels that go along an axis in order. Inputs are dense.
#include <algorithm>
#include <cmath>
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

/// Sorts the places 0 ... n - 1 by key: stable, and NaN last in either order.
template <class T>
void sort_places(std::vector<std::int64_t>& places, const std::vector<T>& key, bool descending) {
  const auto at = [&](std::int64_t i) { return key[static_cast<std::size_t>(i)]; };
  auto end = places.end();
  if constexpr (std::is_floating_point_v<T>) {
    end = std::stable_partition(places.begin(), places.end(), [&](std::int64_t i) { return !is_nan(at(i)); });
  }
  if (descending) {
    std::stable_sort(places.begin(), end, [&](std::int64_t i, std::int64_t j) { return at(i) > at(j); });
  } else {
    std::stable_sort(places.begin(), end, [&](std::int64_t i, std::int64_t j) { return at(i) < at(j); });
  }
}

}  // namespace

void argsort(const Call& call) {
  const Around around(*call.inputs[0].shape, axis_of(call));
  const bool descending = call.attributes[1] != 0;
  dispatch(call.inputs[0].dtype, [&]<class T>() {
    // Not vectors of bool, whose elements are bits.
    using Key = std::conditional_t<std::is_same_v<T, bool>, unsigned char, T>;
    std::vector<Key> key(around.extent);
    std::vector<std::int64_t> places(around.extent);
    around.for_each_line([&](std::size_t first) {
      for (std::size_t k = 0; k < around.extent; ++k) {
        key[k] = static_cast<Key>(call.inputs[0].as<T>()[first + k * around.inner]);
      }
      std::iota(places.begin(), places.end(), std::int64_t{0});
      sort_places(places, key, descending);
      for (std::size_t k = 0; k < around.extent; ++k) {
        call.output.as<std::int64_t>()[first + k * around.inner] = places[k];
      }
    });
  });
}

void cumsum(const Call& call) {
  const Around around(*call.inputs[0].shape, axis_of(call));
  const bool backward = call.attributes[1] != 0;
  dispatch(call.output.dtype, [&]<class T>() {
    using Wide = std::conditional_t<std::is_same_v<T, float>, double, T>;
    around.for_each_line([&](std::size_t first) {
      Wide total(0);
      for (std::size_t k = 0; k < around.extent; ++k) {
        const std::size_t at = first + (backward ? around.extent - 1 - k : k) * around.inner;
        total = primitives::Add::eval(total, static_cast<Wide>(call.inputs[0].as<T>()[at]));
        call.output.as<T>()[at] = static_cast<T>(total);
      }
    });
  });
}

}  // namespace xgrad::kernels
