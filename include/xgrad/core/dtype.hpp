// The element types that a Var can have.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string_view>

#include <xgrad/core/language.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// Element type of a Var: a run-time property, so that functions over Var are not templates.
enum class DType : std::uint8_t { Bool, Int64, Float32, Float64 };

inline constexpr std::size_t dtype_count = 4;

/// "bool", "int64", "float32" or "float64".
[[nodiscard]] std::string_view name(DType dtype) noexcept;
/// Prints the name.
std::ostream& operator<<(std::ostream& out, DType dtype);

/// Bytes of one element.
[[nodiscard]] std::size_t size_of(DType dtype) noexcept;

/// Only floating-point values have derivatives.
[[nodiscard]] constexpr bool is_floating(DType dtype) noexcept { return dtype >= DType::Float32; }

/// The type that holds values of both: bool < int64 < float32 < float64, but int64 with float32 gives float64,
/// as in NumPy.
[[nodiscard]] constexpr DType promote(DType a, DType b) noexcept {
  if ((a == DType::Int64 && b == DType::Float32) || (a == DType::Float32 && b == DType::Int64)) return DType::Float64;
  return a < b ? b : a;
}

/// C++ types that are stored as they are.
template <class T>
concept Element =
    std::same_as<T, bool> || std::same_as<T, std::int64_t> || std::same_as<T, float> || std::same_as<T, double>;

template <Element T>
inline constexpr DType dtype_of = std::same_as<T, bool>           ? DType::Bool
                                  : std::same_as<T, std::int64_t> ? DType::Int64
                                  : std::same_as<T, float>        ? DType::Float32
                                                                  : DType::Float64;

namespace detail {

template <class T>
struct StoredAs {};
template <>
struct StoredAs<bool> {
  using type = bool;
};
template <std::integral T>
struct StoredAs<T> {
  using type = std::int64_t;
};
template <>
struct StoredAs<float> {
  using type = float;
};
template <>
struct StoredAs<double> {
  using type = double;
};

}  // namespace detail

/// The element type in which values of a C++ type are stored: every integer as int64.
template <class T>
using stored_t = typename detail::StoredAs<T>::type;

template <class T>
concept Storable = requires {
  typename detail::StoredAs<T>::type;
};

}  // namespace xgrad

#pragma GCC visibility pop
