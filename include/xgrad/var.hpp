// Var: the one array handle.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <iosfwd>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/core/array.hpp>
#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>

namespace xgrad {  // not exported: a type keeps the visibility of its first declaration

namespace memory {
class Buffer;
}
namespace ir {
class TapeState;
}

}  // namespace xgrad

#pragma GCC visibility push(default)

namespace xgrad {

class Var;

namespace detail {

/// Any xtensor container, view or lazy expression whose elements can be stored.
template <class E>
concept Expression =
    xt::is_xexpression<std::remove_cvref_t<E>>::value && Storable<typename std::remove_cvref_t<E>::value_type>;

/// The array that an xtensor expression stands for.
/// \throws ValueError  if an unsigned number is too large for int64.
template <Expression E>
auto to_array(const E& expression);

/// An array of one axis.
template <class Iterator>
auto to_array(Iterator first, std::size_t count);

/// Both `unsigned long` and `unsigned long long`, only one of which is std::uint64_t.
template <class T>
inline constexpr bool unsigned_64 = std::unsigned_integral<T> && sizeof(T) == sizeof(std::uint64_t);

[[noreturn]] void throw_unsigned_overflow(std::uint64_t value);

/// False, said only when a template is used that stands for a mistake and tells what to write instead.
template <class...>
inline constexpr bool mistaken = false;

}  // namespace detail

namespace detail::preferred {
/// A base class of Var, so that its functions are found beside those of xgrad (see ops/using_xtensor.hpp).
struct Found {};
}  // namespace detail::preferred

/// An array, or the result of recorded operations on arrays.
///
/// A *concrete* Var shares an immutable array; copying it copies a pointer, and threads may share it freely. A
/// *recorded* Var names a node of a Tape: its shape and element type are known, its values are computed when asked for.
/// A default-constructed Var is neither, and using it throws TapeError.
///
/// Operations on concrete Vars run at once; operations with a recorded Var among their operands are recorded.
class [[nodiscard]] Var : detail::preferred::Found {
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

  /// From the numbers of a vector or a span: an array of one axis; integers become int64.
  /// \throws ValueError  if an unsigned number is too large for int64.
  template <Storable T, class A>
  Var(const std::vector<T, A>& numbers) : Var(detail::to_array(numbers.begin(), numbers.size())) {}
  template <class T, std::size_t N>
  requires Storable<std::remove_const_t<T>> Var(std::span<T, N> numbers)
      : Var(detail::to_array(numbers.begin(), numbers.size())) {}

  /// Lists in braces are refused, because `Var{2.0}` is a number.
  template <class... T>
  requires(sizeof...(T) > 1 && (std::is_arithmetic_v<T> && ...)) Var(const T&...) {
    static_assert(detail::mistaken<T...>, "a list in braces is no Var: write Var(std::vector<double>{1, 2, 3})");
  }
  template <class T>
  requires std::is_arithmetic_v<T> Var(std::initializer_list<std::initializer_list<T>>) {
    static_assert(detail::mistaken<T>, "a list in braces is no Var: write Var(xt::xarray<double>{{1, 2}, {3, 4}})");
  }

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
  Var& operator=(const Var& other) & noexcept {
    Var copy(other);
    swap(copy);
    return *this;
  }
  Var& operator=(Var&& other) & noexcept {
    Var moved(std::move(other));
    swap(moved);
    return *this;
  }
  /// A temporary cannot be assigned to: `view(x, 0) = 5.0` would change nothing.
  template <class T>
  void operator=(const T&) && {  // NOLINT(*-unconventional-assign-operator)
    static_assert(detail::mistaken<T>,
                  "this Var is a temporary, and assigning to it changes nothing: arrays do not change, so make another "
                  "one with where() or concatenate()");
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
  /// On a temporary Var: an array of one's own, so that nothing dangles. It is constant, because writing to it would
  /// change nothing; `auto a = f(x).array<double>()` is an array to write to.
  template <Element T>
  [[nodiscard]] const Array<T> array() && {  // NOLINT(readability-const-return-type)
    return std::as_const(*this).template array<T>();
  }

  // What users of other libraries try, and what to write instead. Of Vars it is no function, and says so to who asks.
  template <class... A>
  requires(sizeof...(A) > 0 && ((std::is_arithmetic_v<A> || !std::is_convertible_v<const A&, Var>)&&...)) Var
  operator()(const A&...) const {
    static_assert(detail::mistaken<A...>,
                  "xgrad: a part of x is view(x, i, j), a number in it x.array<double>()(i, j)");
    return {};
  }
  template <class A>
  Var operator[](const A&) const {
    static_assert(detail::mistaken<A>, "xgrad: a part of x is view(x, i), a number in it x.array<double>()(i)");
    return {};
  }
#define XGRAD_DETAIL_INSTEAD(member, message)                 \
  template <class... A>                                       \
  Var member(const A&...) const {                             \
    static_assert(detail::mistaken<A...>, "xgrad: " message); \
    return {};                                                \
  }
#define XGRAD_DETAIL_FUNCTION(name) XGRAD_DETAIL_INSTEAD(name, "write " #name "(x, ...), not x." #name "(...)")
  XGRAD_DETAIL_INSTEAD(data, "the numbers of x are at x.array<double>().data()")
  XGRAD_DETAIL_INSTEAD(max, "write amax(x, ...), not x.max(...)")
  XGRAD_DETAIL_INSTEAD(min, "write amin(x, ...), not x.min(...)")
  XGRAD_DETAIL_INSTEAD(detach, "write stop_gradient(x), not x.detach()")
  XGRAD_DETAIL_INSTEAD(backward, "write xgrad::grad(loss)(x), a function of a function, not loss.backward()")
  XGRAD_DETAIL_INSTEAD(grad, "write xgrad::grad(loss)(x), a function of a function, not x.grad()")
  XGRAD_DETAIL_FUNCTION(sum)
  XGRAD_DETAIL_FUNCTION(mean)
  XGRAD_DETAIL_FUNCTION(abs)
  XGRAD_DETAIL_FUNCTION(exp)
  XGRAD_DETAIL_FUNCTION(log)
  XGRAD_DETAIL_FUNCTION(sqrt)
  XGRAD_DETAIL_FUNCTION(square)
  XGRAD_DETAIL_FUNCTION(pow)
  XGRAD_DETAIL_FUNCTION(dot)
  XGRAD_DETAIL_FUNCTION(matmul)
  XGRAD_DETAIL_FUNCTION(reshape)
  XGRAD_DETAIL_FUNCTION(flatten)
  XGRAD_DETAIL_FUNCTION(transpose)
  XGRAD_DETAIL_FUNCTION(view)
  XGRAD_DETAIL_FUNCTION(cast)
#undef XGRAD_DETAIL_FUNCTION
#undef XGRAD_DETAIL_INSTEAD

 private:
  friend struct VarAccess;
  enum class Kind : std::uint8_t { Empty, Scalar, Array, Recorded };
  union First {
    double real;
    std::int64_t integer;
    memory::Buffer* buffer;
    ir::TapeState* tape;
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

/// Copies numbers in order, each as it is stored.
template <class Value, class Iterator, class T>
void store(Iterator first, std::size_t count, T* target) {
  for (std::size_t i = 0; i < count; ++i, ++first) {
    const Value value = *first;
    if constexpr (unsigned_64<Value>) {
      if (value > static_cast<Value>(INT64_MAX)) throw_unsigned_overflow(value);
    }
    target[i] = static_cast<T>(value);
  }
}

template <Expression E>
auto to_array(const E& expression) {
  using Given = typename E::value_type;
  using T = stored_t<Given>;
  auto array = Array<T>::from_shape(Shape(expression.shape()));
  if constexpr (std::derived_from<E, xt::xcontainer<E>> && E::static_layout == xt::layout_type::row_major) {
    store<Given>(expression.data(), expression.size(), array.data());
  } else if constexpr (unsigned_64<Given>) {
    store<Given>(expression.template begin<xt::layout_type::row_major>(), expression.size(), array.data());
  } else {
    xt::noalias(array) = expression;
  }
  return array;
}

template <class Iterator>
auto to_array(Iterator first, std::size_t count) {
  using Given = typename std::iterator_traits<Iterator>::value_type;
  auto array = Array<stored_t<Given>>::from_shape(Shape{count});
  store<Given>(first, count, array.data());
  return array;
}

}  // namespace detail
}  // namespace xgrad

#pragma GCC visibility pop
