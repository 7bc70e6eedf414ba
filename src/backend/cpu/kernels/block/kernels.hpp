// The kernels of float and double for one instruction set, element by element. Included by two translation units for
// each; everything is a template over the instruction set, so that the linker cannot mix them up.
#pragma once

#include <type_traits>

#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>

#include "backend/cpu/kernels/simd/math.hpp"
#include "backend/cpu/kernels/simd/pack.hpp"
#include "block.hpp"
#include "primitives/list.hpp"
#include "reductions.hpp"

namespace xgrad::backend::cpu::kernels {

template <class Arch>
struct FloatKernels {
  static constexpr std::size_t boolean = 0;  ///< indices of the types in tables
  static constexpr std::size_t float32 = 2;
  static constexpr std::size_t float64 = 3;

  template <class T>
  using Pack = simd::Pack<T, Arch>;
  template <class T>
  static T* at(std::byte* const* slots, std::uint32_t slot) {
    return reinterpret_cast<T*>(slots[slot]);
  }

  /// An operand of a loop over packs: consecutive elements, or one number.
  template <class T, bool single>
  struct BlockOperand {
    const T* data;
    Pack<T> number;
    [[gnu::always_inline]] explicit BlockOperand(const T* from) : data(from), number(single ? *from : T(0)) {}
    [[gnu::always_inline]] Pack<T> load(std::size_t i) const {
      if constexpr (single) return number;
      else return Pack<T>::load(data + i);
    }
    /// The first n elements, fewer than a pack.
    [[gnu::always_inline]] Pack<T> load_part(std::size_t n) const {
      if constexpr (single) return number;
      else return Pack<T>::load_part(data, n);
    }
  };

  /// out[i] = f(operands[i]...). The last elements go through a whole pack too, so that no value depends on where it
  /// is; out may be the memory of an operand.
  template <class T, class F, class... O>
  [[gnu::always_inline]] static void map(std::size_t n, T* out, F f, const O&... operands) {
    constexpr std::size_t width = Pack<T>::size;
    if (n < width) {
      if (n == 0) return;
      T part[width];
      f(operands.load_part(n)...).store(part);
      for (std::size_t i = 0; i < n; ++i) out[i] = part[i];
      return;
    }
    const std::size_t rest = n % width;
    const Pack<T> last = rest == 0 ? Pack<T>(T(0)) : f(operands.load(n - width)...);  // before anything is overwritten
    const std::size_t whole = n - rest;
#pragma GCC unroll 2
    for (std::size_t i = 0; i < whole; i += width) f(operands.load(i)...).store(out + i);
    if (rest != 0) last.store(out + n - width);
  }

  template <class P, class T>
  [[gnu::flatten]] static void unary(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    map<T>(
        frame.count, at<T>(slots, i.out), [](Pack<T> x) __attribute__((always_inline)) { return P::eval(x); },
        BlockOperand<T, false>(at<const T>(slots, i.a)));
  }

  template <class P, class T, bool single_a, bool single_b>
  [[gnu::flatten]] static void binary(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    const BlockOperand<T, single_a> a(at<const T>(slots, i.a));
    const BlockOperand<T, single_b> b(at<const T>(slots, i.b));
    // Some are cheaper where the second argument is one number for all, such as an exponent.
    if constexpr (single_b && !single_a && requires(Pack<T> x, T y) { P::eval_with_one(x, y); }) {
      const T one = *b.data;
      map<T>(
          frame.count,
          at<T>(slots, i.out), [one](Pack<T> x) __attribute__((always_inline)) { return P::eval_with_one(x, one); }, a);
    } else {
      map<T>(
          frame.count, at<T>(slots, i.out),
          [](Pack<T> x, Pack<T> y) __attribute__((always_inline)) { return P::eval(x, y); }, a, b);
    }
  }

  template <class P, class T>
  [[gnu::always_inline]] static auto compared(T x, T y) {
    using namespace primitives;
    static_assert(std::is_same_v<P, Less> || std::is_same_v<P, LessEqual> || std::is_same_v<P, Equal> ||
                  std::is_same_v<P, NotEqual>);
    if constexpr (std::is_same_v<P, Less>) return x < y;
    else if constexpr (std::is_same_v<P, LessEqual>) return x <= y;
    else if constexpr (std::is_same_v<P, Equal>) return x == y;
    else return x != y;
  }

  /// Truth values are bytes, numbers are not: the compiler does not vectorise what mixes them well.
  template <class P, class T, bool single_a, bool single_b>
  [[gnu::flatten]] static void compare(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    const BlockOperand<T, single_a> a(at<const T>(slots, i.a));
    const BlockOperand<T, single_b> b(at<const T>(slots, i.b));
    bool* out = at<bool>(slots, i.out);
    const std::size_t n = frame.count;
    std::size_t k = 0;
    for (; k + Pack<T>::size <= n; k += Pack<T>::size) compared<P>(a.load(k), b.load(k)).store(out + k);
    for (; k < n; ++k) out[k] = compared<P, T>(a.data[single_a ? 0 : k], b.data[single_b ? 0 : k]);
  }

  template <class T, bool single_a, bool single_b>
  [[gnu::flatten]] static void where(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    const bool* condition = at<const bool>(slots, i.a);
    const BlockOperand<T, single_a> a(at<const T>(slots, i.b));
    const BlockOperand<T, single_b> b(at<const T>(slots, i.c));
    T* out = at<T>(slots, i.out);
    const T first_a = *a.data;
    const T first_b = *b.data;
    const std::size_t n = frame.count;
    std::size_t k = 0;
    for (; k + Pack<T>::size <= n; k += Pack<T>::size) {
      select(simd::Mask<T, Arch>::load(condition + k), a.load(k), b.load(k)).store(out + k);
    }
    for (; k < n; ++k) out[k] = condition[k] ? (single_a ? first_a : a.data[k]) : (single_b ? first_b : b.data[k]);
  }

  // ---- see Part

  /// A function of packs as a type.
#define XGRAD_PART(Name, function)                                \
  struct Name {                                                   \
    template <class... P>                                         \
    [[gnu::always_inline]] auto operator()(P... operands) const { \
      return function(operands...);                               \
    }                                                             \
  };
  XGRAD_PART(ExpNegAbs, simd::exp_neg_abs)
  XGRAD_PART(SigmoidFrom, simd::sigmoid_from)
  XGRAD_PART(ExpNegSquare, simd::exp_neg_square)
  XGRAD_PART(ErfFrom, simd::erf_from)
  XGRAD_PART(HalfExpm1, simd::half_expm1)
  XGRAD_PART(TanhFrom, simd::tanh_from)
  XGRAD_PART(LogCoshFrom, simd::log_cosh_from)
  XGRAD_PART(CosineFrom, primitives::DirectionCosine::eval_from)
#undef XGRAD_PART

  template <class F, class T>
  [[gnu::flatten]] static void part_of_one(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    map<T>(frame.count, at<T>(slots, i.out), F(), BlockOperand<T, false>(at<const T>(slots, i.a)));
  }
  template <class F, class T>
  [[gnu::flatten]] static void part_of_two(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    map<T>(frame.count, at<T>(slots, i.out), F(), BlockOperand<T, false>(at<const T>(slots, i.a)),
           BlockOperand<T, false>(at<const T>(slots, i.b)));
  }
  template <class F, class T>
  [[gnu::flatten]] static void part_of_three(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    map<T>(frame.count, at<T>(slots, i.out), F(), BlockOperand<T, false>(at<const T>(slots, i.a)),
           BlockOperand<T, false>(at<const T>(slots, i.b)), BlockOperand<T, false>(at<const T>(slots, i.c)));
  }

  template <class To, class From>
  static void cast(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    const From* __restrict in = at<const From>(slots, i.a);
    To* __restrict out = at<To>(slots, i.out);
    const std::size_t n = frame.count;
    for (std::size_t k = 0; k < n; ++k) out[k] = static_cast<To>(in[k]);
  }

  /// Truth values as 0 and 1.
  template <class T>
  [[gnu::flatten]] static void cast_bool(const Frame& frame, std::byte* const* slots, const Instruction& i) {
    const bool* in = at<const bool>(slots, i.a);
    T* out = at<T>(slots, i.out);
    const std::size_t n = frame.count;
    std::size_t k = 0;
    for (; k + Pack<T>::size <= n; k += Pack<T>::size) {
      select(simd::Mask<T, Arch>::load(in + k), Pack<T>(T(1)), Pack<T>(T(0))).store(out + k);
    }
    for (; k < n; ++k) out[k] = in[k] ? T(1) : T(0);
  }

  // ---- the table

  template <class P, class T>
  static void add(BlockTable& table, std::size_t dtype) {
    using namespace primitives;
    BlockKernel* entry = table.elementwise[primitives::opcode<P>][dtype];
    if constexpr (IsSelection<P>) {
      entry[0] = where<T, false, false>;
      entry[1] = where<T, true, false>;
      entry[2] = where<T, false, true>;
      entry[3] = where<T, true, true>;
    } else if constexpr (!IsElementwise<P> || IsSpecial<P>) {
      return;
    } else if constexpr (IsOfIntegers<P>) {
      return;
    } else if constexpr (IsPredicate<P>) {
      if constexpr (P::operands == Operands::Any && P::arity == 2) {
        entry[0] = compare<P, T, false, false>;
        entry[1] = compare<P, T, true, false>;
        entry[2] = compare<P, T, false, true>;
      }
    } else if constexpr (requires(Pack<T> x) { P::eval(x); }) {
      entry[0] = unary<P, T>;
    } else {
      entry[0] = binary<P, T, false, false>;
      entry[1] = binary<P, T, true, false>;
      entry[2] = binary<P, T, false, true>;
    }
  }

  template <class T>
  static void add_all(BlockTable& table, std::size_t dtype) {
    [&]<class... P>(boost::hana::tuple<boost::hana::basic_type<P>...>*) {
      (add<P, T>(table, dtype), ...);
    }(static_cast<primitives::AllPrimitives*>(nullptr));
    ReductionKernels<Arch>::template add_all<T>(table, dtype);
    const auto add_part = [&](Part part, BlockKernel kernel) {
      table.parts[static_cast<std::size_t>(part)][dtype] = kernel;
    };
    add_part(Part::ExpNegAbs, part_of_one<ExpNegAbs, T>);
    add_part(Part::SigmoidFrom, part_of_two<SigmoidFrom, T>);
    add_part(Part::ExpNegSquare, part_of_one<ExpNegSquare, T>);
    add_part(Part::ErfFrom, part_of_two<ErfFrom, T>);
    add_part(Part::HalfExpm1, part_of_one<HalfExpm1, T>);
    add_part(Part::TanhFrom, part_of_two<TanhFrom, T>);
    add_part(Part::LogCoshFrom, part_of_two<LogCoshFrom, T>);
    add_part(Part::CosineFrom, part_of_three<CosineFrom, T>);
  }

  /// Adds what is faster with this instruction set, of one element type.
  template <class T>
  static void add_to(BlockTable& table) {
    using Other = std::conditional_t<std::is_same_v<T, float>, double, float>;
    constexpr std::size_t dtype = std::is_same_v<T, float> ? float32 : float64;
    constexpr std::size_t other = float32 + float64 - dtype;
    add_all<T>(table, dtype);
    table.cast[dtype][boolean] = cast_bool<T>;
    table.cast[dtype][other] = cast<T, Other>;
  }
};

}  // namespace xgrad::backend::cpu::kernels
