// The storage of concrete values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/core/xtensor.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Allocates on cache-line (64-byte) boundaries, whatever the user's compiler flags, so that an Array has one type in
/// the library and in every program that uses it.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  using is_always_equal = std::true_type;
  static constexpr std::align_val_t alignment{64};

  AlignedAllocator() noexcept = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>&) noexcept {}  // NOLINT(*-explicit-*)

  T* allocate(std::size_t count) {
    if (count > PTRDIFF_MAX / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(::operator new(count * sizeof(T), alignment));
  }
  void deallocate(T* p, std::size_t) noexcept { ::operator delete(p, alignment); }

  friend bool operator==(const AlignedAllocator&, const AlignedAllocator&) noexcept { return true; }
};

/// A dense row-major xtensor container; what `Var::array` hands out.
template <Element T>
using Array = xt::xarray_container<xt::uvector<T, AlignedAllocator<T>>, xt::layout_type::row_major, Shape>;

}  // namespace xgrad

#pragma GCC visibility pop
