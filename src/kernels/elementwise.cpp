// One loop for each scalar function and element type.
#include <array>
#include <utility>

#include "kernels.hpp"
#include "loops.hpp"
#include "primitives/list.hpp"

namespace xgrad::kernels {
namespace {

using namespace primitives;

using Loop = void (*)(std::size_t n, std::byte* out, const std::byte* const* in, const std::ptrdiff_t* strides);

/// Strides known to the compiler, so that it can vectorise: 0 or 1 for each input, or (-1) only known when run.
template <class P, class R, class... A>
struct LoopOf {
  template <int... fixed>
  static void run(std::size_t n, std::byte* out, const std::byte* const* in, const std::ptrdiff_t* strides) {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      R* result = reinterpret_cast<R*>(out);
      const std::tuple<const A*...> args{reinterpret_cast<const A*>(in[I])...};
      const std::array<std::ptrdiff_t, sizeof...(A)> step{(fixed >= 0 ? fixed : strides[I])...};
      for (std::size_t i = 0; i < n; ++i) {
        result[i] = static_cast<R>(
            P::eval(std::get<I>(args)[static_cast<std::ptrdiff_t>(i) * (fixed >= 0 ? fixed : step[I])]...));
      }
    }
    (std::index_sequence_for<A...>());
  }

  static void choose(std::size_t n, std::byte* out, const std::byte* const* in, const std::ptrdiff_t* s) {
    constexpr std::size_t arity = sizeof...(A);
    if constexpr (arity == 1) {
      return s[0] == 1 ? run<1>(n, out, in, s) : run<-1>(n, out, in, s);
    } else if constexpr (arity == 2) {
      if (s[0] == 1 && s[1] == 1) return run<1, 1>(n, out, in, s);
      if (s[0] == 1 && s[1] == 0) return run<1, 0>(n, out, in, s);
      if (s[0] == 0 && s[1] == 1) return run<0, 1>(n, out, in, s);
      return run<-1, -1>(n, out, in, s);
    } else {
      return s[0] == 1 && s[1] == 1 && s[2] == 1 ? run<1, 1, 1>(n, out, in, s) : run<-1, -1, -1>(n, out, in, s);
    }
  }
};

template <class P, class T>
constexpr bool accepts() {
  if constexpr (IsScalarFunction<P>) {
    switch (P::operands) {
      case Operands::Floats:
        return std::is_floating_point_v<T>;
      case Operands::Numbers:
        return !std::is_same_v<T, bool>;
      case Operands::Any:
        return true;
      case Operands::Booleans:
        return std::is_same_v<T, bool>;
    }
  }
  return std::is_same_v<P, Where> || std::is_floating_point_v<T>;
}

template <class P, class T>
constexpr Loop loop_for() {
  if constexpr (!IsElementwise<P>) {
    return nullptr;
  } else if constexpr (!accepts<P, T>()) {
    return nullptr;
  } else if constexpr (std::is_same_v<P, Where>) {
    return LoopOf<P, T, bool, T, T>::choose;
  } else {
    using R = std::conditional_t < requires { P::is_predicate; }
    , bool, T > ;
    if constexpr (requires(T x) { P::eval(x); }) return LoopOf<P, R, T>::choose;
    else return LoopOf<P, R, T, T>::choose;
  }
}

constexpr auto loops =
    detail::table_of_primitives<std::array<Loop, dtype_count>>([]<class P>(boost::hana::basic_type<P>) {
      return std::array<Loop, dtype_count>{loop_for<P, bool>(), loop_for<P, std::int64_t>(), loop_for<P, float>(),
                                           loop_for<P, double>()};
    });

template <std::size_t N>
void run(Loop loop, const Call& call) {
  const Shape& shape = *call.output.shape;
  std::array<const Strides*, N + 1> strides{&call.output.strides};
  for (std::size_t k = 0; k < N; ++k) strides[k + 1] = &call.inputs[k].strides;
  const Walk<N + 1> walk(shape, strides);
  const std::size_t out_size = size_of(call.output.dtype);
  std::array<std::ptrdiff_t, N> step;
  for (std::size_t k = 0; k < N; ++k) step[k] = walk.run_stride()[k + 1];
  walk.for_each_run([&](const std::array<std::ptrdiff_t, N + 1>& offset) {
    std::array<const std::byte*, N> in;
    for (std::size_t k = 0; k < N; ++k) {
      in[k] = call.inputs[k].data + offset[k + 1] * static_cast<std::ptrdiff_t>(size_of(call.inputs[k].dtype));
    }
    loop(walk.run_length(), call.output.data + offset[0] * static_cast<std::ptrdiff_t>(out_size), in.data(),
         step.data());
  });
}

}  // namespace

void elementwise_run(detail::Opcode op, DType dtype, std::size_t count, std::byte* output,
                     const std::byte* const* inputs, const std::ptrdiff_t* step) {
  loops[op][static_cast<std::size_t>(dtype)](count, output, inputs, step);
}

void elementwise(detail::Opcode op, const Call& call) {
  const Loop loop = loops[op][static_cast<std::size_t>(call.inputs.back().dtype)];
  switch (call.inputs.size()) {
    case 1:
      return run<1>(loop, call);
    case 2:
      return run<2>(loop, call);
    default:
      return run<3>(loop, call);
  }
}

}  // namespace xgrad::kernels
