// C++ functions of arrays as operations: host_call.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <xgrad/transform/trace.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

/// What vmap() makes of a function given to host_call(): one call for each example, or one call for all, with one more
/// axis, the first, of all arguments and results. In nested vmap() that is said of the inner one; there is one call for
/// each example of the outer. A call none of whose arguments is of one example is made once, for all.
enum class Batches : std::uint8_t { OneByOne, Together };

namespace detail {

/// Parameters and result of a function.
template <class F>
struct SignatureOf : SignatureOf<decltype(&F::operator())> {};
template <class R, class... P>
struct SignatureOf<R (*)(P...)> {
  using Result = std::remove_cvref_t<R>;
  using Parameters = std::tuple<std::remove_cvref_t<P>...>;
};
template <class R, class... P>
struct SignatureOf<R (*)(P...) noexcept> : SignatureOf<R (*)(P...)> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...)> : SignatureOf<R (*)(P...)> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const> : SignatureOf<R (*)(P...)> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) noexcept> : SignatureOf<R (*)(P...)> {};
template <class R, class C, class... P>
struct SignatureOf<R (C::*)(P...) const noexcept> : SignatureOf<R (*)(P...)> {};

/// Functions whose parameters have types of their own, which say what elements they take.
template <class F>
concept HasSignature = requires {
  typename SignatureOf<std::remove_cvref_t<F>>::Parameters;
};

/// Numbers, and xtensor containers and expressions.
template <class T>
concept HostValue = (std::is_arithmetic_v<T> && Storable<T>) || Expression<T>;

template <class T>
struct HostElement {
  using type = stored_t<T>;
};
template <Expression T>
struct HostElement<T> {
  using type = stored_t<typename T::value_type>;
};
template <class T>
using host_element_t = typename HostElement<T>::type;

/// The element type that a parameter wants; none: any.
template <class P>
constexpr std::optional<DType> wanted_dtype() {
  if constexpr (std::same_as<P, Var>) return std::nullopt;
  else return dtype_of<host_element_t<P>>;
}

/// A value as the function takes it.
template <class P>
decltype(auto) to_host(const Var& x) {
  if constexpr (std::same_as<P, Var>) {
    return (x);
  } else if constexpr (std::is_arithmetic_v<P>) {
    return static_cast<P>(x.item<host_element_t<P>>());
  } else if constexpr (std::same_as<P, Array<host_element_t<P>>>) {
    return (x.array<host_element_t<P>>());
  } else {
    return P(x.array<host_element_t<P>>());
  }
}

/// What it returned as an array.
template <class R>
Var from_host(const R& result) {
  if constexpr (std::is_arithmetic_v<R>) {
    auto array = Array<stored_t<R>>::from_shape({});
    *array.data() = static_cast<stored_t<R>>(result);
    return Var(std::move(array));
  } else {
    return Var(result);
  }
}

/// Results: one, or a tuple of several.
template <class R>
struct HostResults {
  static_assert(HostValue<R>,
                "a function given to host_call returns a number, an xtensor container or expression, or a "
                "std::tuple of such");
  static constexpr std::size_t count = 1;
  static std::vector<DType> dtypes() { return {dtype_of<host_element_t<R>>}; }
  static std::vector<Var> to_vars(const R& result) { return {from_host(result)}; }
  static Var from_vars(const std::vector<Var>& all) { return all[0]; }
};
template <class... R>
struct HostResults<std::tuple<R...>> {
  static_assert((HostValue<R> && ...),
                "a function given to host_call returns a number, an xtensor container or "
                "expression, or a std::tuple of such");
  static constexpr std::size_t count = sizeof...(R);
  static std::vector<DType> dtypes() { return {dtype_of<host_element_t<R>>...}; }
  static std::vector<Var> to_vars(const std::tuple<R...>& results) {
    return std::apply([](const R&... each) { return std::vector<Var>{from_host(each)...}; }, results);
  }
  static auto from_vars(const std::vector<Var>& all) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) { return std::tuple{all[I]...}; }
    (std::index_sequence_for<R...>());
  }
};

/// A function of the user's, of values.
struct HostBody {
  std::string name;
  std::function<std::vector<Var>(std::span<const Var> values)> call;
  bool takes_batches = false;
  std::vector<std::optional<DType>> parameters;
  std::vector<DType> results;
};

/// \throws TapeError  for an empty Var or one of a finished tape.
void require_usable(const HostBody& body, std::span<const Var> arguments);

/// Records a call of it; of values it is called at once.
/// \throws TypeError  if an argument has another element type than the function takes.
std::vector<Var> record_host_call(const std::shared_ptr<const HostBody>& body, std::span<const Var> arguments,
                                  const std::vector<Shape>& shapes);

template <class Shapes, class R, class... P>
class HostOperation {
  using Results = HostResults<R>;
  static constexpr std::size_t arity = sizeof...(P);

 public:
  HostOperation(std::shared_ptr<const HostBody> body, Shapes shapes)
      : body_(std::move(body)), shapes_(std::move(shapes)) {}

  template <class... A>
  [[nodiscard]] auto operator()(const A&... arguments) const {
    static_assert(sizeof...(A) == arity, "a function given to host_call is called with as many arguments as it has");
    static_assert((std::is_convertible_v<const A&, Var> && ...),
                  "arguments of host_call are Vars, numbers or xtensor "
                  "expressions");
    const std::array<Var, arity> all{Var(arguments)...};
    require_usable(*body_, all);
    return Results::from_vars(record_host_call(body_, all, shapes_of(all, std::make_index_sequence<arity>())));
  }

 private:
  template <std::size_t... I>
  [[nodiscard]] std::vector<Shape> shapes_of(const std::array<Var, arity>& all, std::index_sequence<I...>) const {
    if constexpr (std::invocable<const Shapes&, decltype((void)I, std::declval<const Shape&>())...>) {
      return listed(shapes_(all[I].shape()...));
    } else {
      return listed(shapes_);
    }
  }
  template <class S>
  static std::vector<Shape> listed(const S& shapes) {
    if constexpr (std::is_convertible_v<const S&, Shape>) {
      static_assert(Results::count == 1, "host_call: each result has a shape, in a std::array");
      return {Shape(shapes)};
    } else {
      static_assert(std::tuple_size_v<S> == Results::count, "host_call: each result has a shape, in a std::array");
      return {shapes.begin(), shapes.end()};
    }
  }

  std::shared_ptr<const HostBody> body_;
  Shapes shapes_;
};

template <class R, class Shapes, class F, class... P>
auto host_operation(std::string name, Shapes shapes, F f, Batches batches, std::tuple<P...>*) {
  static_assert(
      ((std::same_as<P, Var> || HostValue<P>)&&...),
      "a function given to host_call takes numbers, xtensor containers such as const xgrad::Array<double>&, or "
      "Vars, by value or as const&");
  auto body = std::make_shared<HostBody>();
  body->name = "host_call " + std::move(name);
  body->takes_batches = batches == Batches::Together;
  body->parameters = {wanted_dtype<P>()...};
  body->results = HostResults<R>::dtypes();
  // Shared by all who call it; that it may be called often, and by several threads, is said to the user.
  body->call = [shared = std::make_shared<F>(std::move(f))](std::span<const Var> values) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return HostResults<R>::to_vars((*shared)(to_host<P>(values[I])...));
    }
    (std::index_sequence_for<P...>());
  };
  return HostOperation<Shapes, R, P...>(std::move(body), std::move(shapes));
}

}  // namespace detail

/// A C++ function of arrays as an operation: a solver, a table, a measurement, a draw of random numbers.
///
///     auto spline = xg::host_call(
///         "spline", [](const xg::Shape& x) { return x; },
///         [&](const xg::Array<double>& x) -> xg::Array<double> { return table.interpolate(x); });
///     xg::Var y = spline(x);
///
/// \param name    for messages.
/// \param shapes  of the results: a Shape, or a function of the shapes of the arguments that gives one; for several
///                results a std::array of shapes.
/// \param f       of numbers and xtensor containers, whose types say what elements it takes, or of Vars, which are values
///                then. It returns a number, an xtensor container or expression, or a std::tuple of such.
/// \param batches what vmap() makes of it.
/// f is called on the thread that asks for values, whenever they are computed: when a compiled function runs, not while
/// it is recorded; more than once, or never, if values are needed more than once, or never. Derivatives of cond(),
/// switch_(), checkpoint() and loops in loops compute them again: what a function returns must depend on its arguments
/// alone there, so that a draw of random numbers is made outside and given as an argument. It may use xgrad itself. It
/// has no derivative: give it one with custom_vjp() or custom_jvp().
///
/// \throws TypeError   if an argument has other elements than f takes; numbers take the type that is wanted.
/// \throws ShapeError  when values are computed, if a result has another shape than was said.
/// \throws HostError   when values are computed, if f throws; what it threw is nested.
template <class Shapes, class F>
[[nodiscard]] auto host_call(std::string name, Shapes shapes, F f, Batches batches = Batches::OneByOne) {
  static_assert(detail::HasSignature<F>,
                "host_call needs to know the element types: write the types of the function's parameters, no auto");
  using Signature = detail::SignatureOf<F>;
  return detail::host_operation<typename Signature::Result>(std::move(name), std::move(shapes), std::move(f), batches,
                                                            static_cast<typename Signature::Parameters*>(nullptr));
}
/// The same with the shape of the only result in braces.
template <class F>
[[nodiscard]] auto host_call(std::string name, std::initializer_list<std::size_t> shape, F f,
                             Batches batches = Batches::OneByOne) {
  return host_call<Shape, F>(std::move(name), Shape(shape.begin(), shape.end()), std::move(f), batches);
}

}  // namespace xgrad

#pragma GCC visibility pop
