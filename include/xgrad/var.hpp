// Var: the one array handle.
#pragma once

#include <concepts>
#include <cstdint>
#include <iosfwd>
#include <type_traits>
#include <utility>

#include <xgrad/core/array.hpp>
#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

namespace xgrad {

class Var;

namespace detail {

class Buffer;
class TapeState;

/// Any xtensor container, view or lazy expression whose elements can be stored.
template <class E>
concept Expression =
    xt::is_xexpression<std::remove_cvref_t<E>>::value && Storable<typename std::remove_cvref_t<E>::value_type>;

/// The array that an xtensor expression stands for.
/// \throws ValueError  if an unsigned number is too large for int64.
template <Expression E>
auto to_array(const E& expression);

/// Both `unsigned long` and `unsigned long long`, only one of which is std::uint64_t.
template <class T>
inline constexpr bool unsigned_64 = std::unsigned_integral<T> && sizeof(T) == sizeof(std::uint64_t);

[[noreturn]] void throw_unsigned_overflow(std::uint64_t value);

}  // namespace detail

/// An array, or the result of recorded operations on arrays.
///
/// A *concrete* Var shares an immutable array; copying it copies a pointer, and threads may share it freely. A
/// *recorded* Var names a node of a Tape: its shape and element type are known, its values are computed when asked for.
/// A default-constructed Var is neither, and using it throws TapeError.
///
/// Operations on concrete Vars run at once; operations with a recorded Var among their operands are recorded.
class Var {
 public:
  Var() noexcept = default;

  /// From a C++ number: a scalar that is *weak*, that is, takes the floating-point type of the arrays it meets.
  template <Storable T>
  requires std::is_arithmetic_v<T> Var(T value)
  noexcept(!detail::unsigned_64<T>) : kind_(Kind::Scalar), dtype_(dtype_of<stored_t<T>>) {
    if constexpr (std::floating_point<T>) {
      first_.real = static_cast<double>(value);
    } else {
      if constexpr (detail::unsigned_64<T>) {
        if (value > static_cast<T>(INT64_MAX)) detail::throw_unsigned_overflow(value);
      }
      first_.integer = static_cast<std::int64_t>(value);
    }
  }

  /// From any xtensor expression or container, which is evaluated (copied) here, once; integers become int64.
  /// Convert large arrays to Vars once and pass the Vars on: copies of a Var share the array.
  template <detail::Expression E>
  Var(const E& expression) : Var(detail::to_array(expression)) {}

  /// Deleted: complex numbers, strings and other elements cannot be stored.
  template <class E>
  requires(xt::is_xexpression<E>::value && !detail::Expression<E>) Var(const E&)
  = delete;

  /// Takes over an array without copying it.
  Var(Array<bool>&& array);
  Var(Array<std::int64_t>&& array);
  Var(Array<float>&& array);
  Var(Array<double>&& array);

  Var(const Var& other) noexcept : first_(other.first_), kind_(other.kind_), dtype_(other.dtype_) {
    if (kind_ == Kind::Recorded) second_ = other.second_;
    if (kind_ == Kind::Array) retain();
  }
  Var(Var&& other) noexcept
      : first_(other.first_), second_(std::exchange(other.second_, 0)), kind_(other.kind_), dtype_(other.dtype_) {
    other.kind_ = Kind::Empty;
  }
  Var& operator=(const Var& other) noexcept {
    Var copy(other);
    swap(copy);
    return *this;
  }
  Var& operator=(Var&& other) noexcept {
    Var moved(std::move(other));
    swap(moved);
    return *this;
  }
  ~Var() {
    if (kind_ == Kind::Array || (kind_ == Kind::Scalar && second_ != 0)) release();
  }

  void swap(Var& other) noexcept {
    std::swap(first_, other.first_);
    std::swap(second_, other.second_);
    std::swap(kind_, other.kind_);
    std::swap(dtype_, other.dtype_);
  }

  /// False for a default-constructed or moved-from Var.
  [[nodiscard]] bool defined() const noexcept { return kind_ != Kind::Empty; }
  /// True if this names a node of a tape.
  [[nodiscard]] bool recorded() const noexcept { return kind_ == Kind::Recorded; }

  [[nodiscard]] DType dtype() const;
  [[nodiscard]] const Shape& shape() const;
  /// Extent along one axis; negative axes count from the end.
  /// \throws ShapeError  if there is no such axis.
  [[nodiscard]] std::size_t shape(std::ptrdiff_t axis) const;
  [[nodiscard]] std::size_t dimension() const { return shape().size(); }
  [[nodiscard]] std::size_t size() const { return size_of(shape()); }

  /// The value of a Var with exactly one element. A recorded Var is evaluated.
  /// \throws TypeError   unless T is the stored element type.
  /// \throws ShapeError  unless there is exactly one element.
  template <Element T>
  [[nodiscard]] T item() const {
    T value;
    read_item(dtype_of<T>, &value);
    return value;
  }

  /// The values as an xtensor array, not copied: valid as long as this Var (concrete) or its tape (recorded) lives.
  /// A recorded Var is evaluated, once.
  /// \throws TypeError  unless T is the stored element type.
  template <Element T>
  [[nodiscard]] const Array<T>& array() const& {
    return *static_cast<const Array<T>*>(array_pointer(dtype_of<T>));
  }
  /// On a temporary Var: an array of one's own, so that nothing dangles.
  template <Element T>
  [[nodiscard]] Array<T> array() && {
    return std::as_const(*this).template array<T>();
  }

 private:
  friend struct VarAccess;
  enum class Kind : std::uint8_t { Empty, Scalar, Array, Recorded };
  union First {
    double real;
    std::int64_t integer;
    detail::Buffer* buffer;
    detail::TapeState* tape;
  };

  void retain() const noexcept;
  void release() const noexcept;
  void read_item(DType requested, void* value) const;
  [[nodiscard]] const void* array_pointer(DType requested) const;

  First first_{.integer = 0};
  /// Recorded: the node (low half) and its tape's generation (high half). Scalar: the array made of it when one is
  /// asked for, which is the one thing that may happen to a shared Var, hence atomically.
  mutable std::uint64_t second_ = 0;
  Kind kind_ = Kind::Empty;
  DType dtype_ = DType::Float64;
};

/// Prints the values, evaluating a recorded Var.
std::ostream& operator<<(std::ostream& out, const Var& x);

namespace detail {

template <Expression E>
auto to_array(const E& expression) {
  using Value = typename E::value_type;
  using T = stored_t<Value>;
  auto array = Array<T>::from_shape(Shape(expression.shape()));
  if constexpr (unsigned_64<Value>) {
    std::transform(expression.template begin<xt::layout_type::row_major>(),
                   expression.template end<xt::layout_type::row_major>(), array.data(), [](Value value) {
                     if (value > static_cast<Value>(INT64_MAX)) throw_unsigned_overflow(value);
                     return static_cast<std::int64_t>(value);
                   });
  } else if constexpr (std::derived_from<E, xt::xcontainer<E>> && E::static_layout == xt::layout_type::row_major) {
    std::transform(expression.data(), expression.data() + expression.size(), array.data(),
                   [](const Value& value) { return static_cast<T>(value); });
  } else {
    xt::noalias(array) = expression;
  }
  return array;
}

}  // namespace detail
}  // namespace xgrad
