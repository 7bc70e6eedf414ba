// Extents, strides and axes: small fixed-capacity sequences, because nothing here has more than eight dimensions.
//
// core: what everything else is said in. Shapes, element types, arrays, errors, texts, the log, and objects of which
// each thread has one. It includes nothing of xgrad; of xtensor only what arrays are made of.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

#include <xtl/xsequence.hpp>

#include <xgrad/core/language.hpp>
#include <xgrad/core/xtensor.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Largest number of dimensions of an array.
inline constexpr std::size_t max_dimension = 8;

namespace detail {
[[noreturn]] void throw_too_many_dimensions(std::size_t dimension);
std::ostream& print(std::ostream& out, std::string_view text);

/// An element of a braced list, so that signed and unsigned numbers may stand in one: `reshape(x, {x.shape(0), -1})`.
template <class T>
struct Extent {
  T value;
  constexpr Extent(std::integral auto number) : value(static_cast<T>(number)) {}  // NOLINT(*-explicit-*)
};
}  // namespace detail

/// A sequence of at most `max_dimension` numbers, held in place. It meets xtensor's requirements on a shape type, and
/// is ours so that the type of an array does not depend on the flags a user compiles with.
template <class T>
class Dimensions {
 public:
  using value_type = T;
  using reference = T&;
  using const_reference = const T&;
  using pointer = T*;
  using const_pointer = const T*;
  using size_type = std::size_t;
  using difference_type = std::ptrdiff_t;
  using allocator_type = std::allocator<T>;
  using iterator = T*;
  using const_iterator = const T*;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  constexpr Dimensions() noexcept = default;
  /// A single extent, as in braces: clang 14 turns the `Shape{5}` of a template into `Shape(5)`.
  explicit constexpr Dimensions(std::integral auto extent) { push_back(static_cast<T>(extent)); }
  constexpr Dimensions(std::size_t count, T value) { resize(count, value); }
  constexpr Dimensions(std::initializer_list<detail::Extent<T>> values) {
    for (const detail::Extent<T>& each : values) push_back(each.value);
  }
  template <std::input_iterator I>
  constexpr Dimensions(I first, I last) {
    for (; first != last; ++first) push_back(static_cast<T>(*first));
  }
  /// From any other sequence of integers, such as the shape of an xtensor expression or a std::vector.
  template <class S>
  requires(!std::same_as<S, Dimensions> &&
           requires(const S& s) {
             { *s.begin() } -> std::convertible_to<T>;
             s.size();
             s.end();
           }) constexpr Dimensions(const S& sequence)
      : Dimensions(sequence.begin(), sequence.end()) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] constexpr std::size_t size() const noexcept { return size_; }
  [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
  constexpr T* begin() noexcept { return values_.data(); }
  constexpr T* end() noexcept { return values_.data() + size_; }
  [[nodiscard]] constexpr const T* begin() const noexcept { return values_.data(); }
  [[nodiscard]] constexpr const T* end() const noexcept { return values_.data() + size_; }
  [[nodiscard]] constexpr const T* cbegin() const noexcept { return begin(); }
  [[nodiscard]] constexpr const T* cend() const noexcept { return end(); }
  constexpr reverse_iterator rbegin() noexcept { return reverse_iterator(end()); }
  constexpr reverse_iterator rend() noexcept { return reverse_iterator(begin()); }
  [[nodiscard]] constexpr const_reverse_iterator rbegin() const noexcept { return const_reverse_iterator(end()); }
  [[nodiscard]] constexpr const_reverse_iterator rend() const noexcept { return const_reverse_iterator(begin()); }
  [[nodiscard]] constexpr const_reverse_iterator crbegin() const noexcept { return rbegin(); }
  [[nodiscard]] constexpr const_reverse_iterator crend() const noexcept { return rend(); }
  constexpr T* data() noexcept { return values_.data(); }
  [[nodiscard]] constexpr const T* data() const noexcept { return values_.data(); }
  constexpr T& operator[](std::size_t i) noexcept { return values_[i]; }
  constexpr const T& operator[](std::size_t i) const noexcept { return values_[i]; }
  constexpr T& front() noexcept { return values_[0]; }
  [[nodiscard]] constexpr const T& front() const noexcept { return values_[0]; }
  constexpr T& back() noexcept { return values_[size_ - 1]; }
  [[nodiscard]] constexpr const T& back() const noexcept { return values_[size_ - 1]; }

  constexpr void resize(std::size_t count, T value = T()) {
    if (count > max_dimension) detail::throw_too_many_dimensions(count);
    for (std::size_t i = size_; i < count; ++i) values_[i] = value;
    size_ = count;
  }
  constexpr void push_back(T value) { resize(size_ + 1, value); }
  constexpr void insert(std::size_t position, T value) {
    push_back(value);
    std::rotate(begin() + position, end() - 1, end());
  }
  constexpr void clear() noexcept { size_ = 0; }

  friend constexpr bool operator==(const Dimensions& a, const Dimensions& b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }
  friend constexpr bool operator<(const Dimensions& a, const Dimensions& b) noexcept {
    return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end());
  }

  /// Prints "[2, 3]".
  friend std::ostream& operator<<(std::ostream& out, const Dimensions& values) {
    std::string text = "[";
    for (const T& value : values) text += (text.size() > 1 ? ", " : "") + std::to_string(value);
    return detail::print(out, text += ']');
  }

 private:
  std::array<T, max_dimension> values_{};
  std::size_t size_ = 0;
};

/// Extents of an array, outermost first; {} is a scalar.
using Shape = Dimensions<std::size_t>;
/// Distances between neighbours along each axis, in elements.
using Strides = Dimensions<std::ptrdiff_t>;

/// Number of elements; 1 for {}.
[[nodiscard]] constexpr std::size_t size_of(const Shape& shape) noexcept {
  std::size_t size = 1;
  for (const std::size_t extent : shape) size *= extent;
  return size;
}

/// \throws ShapeError  if an array of this shape would not fit the address space.
void require_addressable(const Shape& shape);

/// "[2, 3]".
[[nodiscard]] std::string to_string(const Shape& shape);

/// The axes that an operation works on: one, several, or (the default) all of them. Negative ones count from the end.
class Axes {
 public:
  constexpr Axes() noexcept = default;  ///< all axes
  template <std::integral I>
  requires(!std::same_as<I, bool>) constexpr Axes(I axis) : all_(false) {  // NOLINT(*-explicit-*)
    axes_.push_back(static_cast<std::ptrdiff_t>(axis));
  }
  constexpr Axes(std::initializer_list<detail::Extent<std::ptrdiff_t>> axes) : axes_(axes), all_(false) {}
  template <class S>
  requires(!std::same_as<S, Axes> && !std::integral<S> &&
           std::constructible_from<Strides, const S&>) constexpr Axes(const S& axes)
      : axes_(axes), all_(false) {}  // NOLINT(*-explicit-*)

  [[nodiscard]] constexpr bool all() const noexcept { return all_; }
  [[nodiscard]] constexpr const Strides& values() const noexcept { return axes_; }

 private:
  Strides axes_;
  bool all_ = true;
};

/// Whether a reduction keeps the reduced axes with extent 1: `sum(x, 1, xg::keep_dims)`.
enum class KeepDims : bool { no, yes };
inline constexpr KeepDims keep_dims = KeepDims::yes;

}  // namespace xgrad

namespace xtl::detail {
/// xtensor makes its shapes and strides here; by default with `S(count)`.
template <class T>
struct sequence_builder<xgrad::Dimensions<T>> {
  static xgrad::Dimensions<T> make(std::size_t count) { return make(count, T()); }
  static xgrad::Dimensions<T> make(std::size_t count, T value) { return xgrad::Dimensions<T>(count, value); }
  static xgrad::Dimensions<T> make(std::initializer_list<T> values) {
    return xgrad::Dimensions<T>(values.begin(), values.end());
  }
};
}  // namespace xtl::detail

namespace xt {
template <class X, class T>
struct rebind_container<X, xgrad::Dimensions<T>> {
  using type = xgrad::Dimensions<X>;
};
}  // namespace xt

#pragma GCC visibility pop
