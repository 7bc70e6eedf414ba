// Which kernels this processor runs; and the kernels that are the same on all of them: integers, booleans, moving.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <xgrad/core/errors.hpp>

#include "backend/cpu/kernels/but_one.hpp"
#include "backend/cpu/kernels/operand.hpp"
#include "block.hpp"
#include "primitives/list.hpp"

namespace xgrad::backend::cpu::kernels {

void add_baseline_float32(BlockTable& table);
void add_baseline_float64(BlockTable& table);
void add_baseline_draw(BlockTable& table);
void add_baseline_matrix(BlockTable& table);
void add_baseline_view(BlockTable& table);
void add_baseline_convolve(BlockTable& table);
void add_baseline_int8(BlockTable& table);
void add_baseline_largest(BlockTable& table);
#if defined(__x86_64__)
void add_avx2_float32(BlockTable& table);
void add_avx2_float64(BlockTable& table);
void add_avx2_draw(BlockTable& table);
void add_avx2_matrix(BlockTable& table);
void add_avx2_view(BlockTable& table);
void add_avx512_float32(BlockTable& table);
void add_avx512_float64(BlockTable& table);
void add_avx512_draw(BlockTable& table);
void add_avx512_matrix(BlockTable& table);
void add_avx512_view(BlockTable& table);
void add_avx2_convolve(BlockTable& table);
void add_avx512_convolve(BlockTable& table);
void add_avx2_int8(BlockTable& table);
void add_avx2_largest(BlockTable& table);
void add_avx512_int8(BlockTable& table);
void add_avx512_largest(BlockTable& table);
#endif

namespace {

using namespace primitives;
static_assert(list_size <= opcode_slots);

template <class T>
T* at(std::byte* const* slots, std::uint32_t slot) {
  return reinterpret_cast<T*>(slots[slot]);
}

// ---- integers and booleans

template <class P, class R, class T>
void unary(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* in = at<const T>(slots, i.a);
  R* out = at<R>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) out[k] = static_cast<R>(P::eval(in[k]));
}

template <class P, class R, class T, bool single_a, bool single_b>
void binary(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* a = at<const T>(slots, i.a);
  const T* b = at<const T>(slots, i.b);
  R* out = at<R>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) {
    out[k] = static_cast<R>(P::eval(a[single_a ? 0 : k], b[single_b ? 0 : k]));
  }
}

template <class T, bool single_a, bool single_b>
void where(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const bool* condition = at<const bool>(slots, i.a);
  const T* a = at<const T>(slots, i.b);
  const T* b = at<const T>(slots, i.c);
  T* out = at<T>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) {
    out[k] = condition[k] ? a[single_a ? 0 : k] : b[single_b ? 0 : k];
  }
}

template <class P, class T>
constexpr bool accepts() {
  if constexpr (!IsScalarFunction<P>) return false;
  else if constexpr (std::is_same_v<T, bool>)
    return P::operands == Operands::Any || P::operands == Operands::Booleans || P::operands == Operands::Integers;
  else return P::operands == Operands::Any || P::operands == Operands::Numbers || P::operands == Operands::Integers;
}

template <class P, class T>
void add(BlockTable& table) {
  BlockKernel* entry = table.elementwise[primitives::opcode<P>][static_cast<std::size_t>(dtype_of<T>)];
  if constexpr (IsSelection<P>) {
    entry[0] = where<T, false, false>;
    entry[1] = where<T, true, false>;
    entry[2] = where<T, false, true>;
    entry[3] = where<T, true, true>;
  } else if constexpr (accepts<P, T>()) {
    using R = std::conditional_t<IsPredicate<P>, bool, T>;
    if constexpr (P::arity == 1) {
      entry[0] = unary<P, R, T>;
    } else {
      entry[0] = binary<P, R, T, false, false>;
      entry[1] = binary<P, R, T, true, false>;
      entry[2] = binary<P, R, T, false, true>;
    }
  }
}

// ---- functions that are computed one number at a time

template <class P, class T>
void add_special(BlockTable& table) {
  BlockKernel* entry = table.elementwise[primitives::opcode<P>][static_cast<std::size_t>(dtype_of<T>)];
  if constexpr (P::arity == 1) {
    entry[0] = unary<P, T, T>;
  } else {
    entry[0] = binary<P, T, T, false, false>;
    entry[1] = binary<P, T, T, true, false>;
    entry[2] = binary<P, T, T, false, true>;
  }
}

template <class T>
void add_specials(BlockTable& table) {
  [&]<class... P>(boost::hana::tuple<boost::hana::basic_type<P>...>*) {
    const auto each = [&]<class Q>(Q*) {
      if constexpr (IsSpecial<Q>) add_special<Q, T>(table);
    };
    (each(static_cast<P*>(nullptr)), ...);
  }(static_cast<AllPrimitives*>(nullptr));
}

template <Reduction R, class T>
constexpr T neutral() {
  if constexpr (R == Reduction::Sum) return T(0);
  else if constexpr (R == Reduction::Max) return std::numeric_limits<T>::lowest();
  else return std::numeric_limits<T>::max();
}

template <Reduction R, class T>
T combine(T a, T b) {
  if constexpr (R == Reduction::Sum) return Add::eval(a, b);
  else if constexpr (R == Reduction::Max) return Maximum::eval(a, b);
  else return Minimum::eval(a, b);
}

template <Reduction R, class T>
void start(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  for (std::size_t k = 0; k < frame.count; ++k) at<T>(slots, i.out)[k] = neutral<R, T>();
}
template <Reduction R, class T>
void reduce_rows(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* x = at<const T>(slots, i.a);
  T* out = at<T>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) {
    T& total = out[k / frame.columns];
    total = combine<R>(total, x[k]);
  }
}
template <Reduction R, class T>
void reduce_all(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  T& total = *at<T>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) total = combine<R>(total, at<const T>(slots, i.a)[k]);
}
template <Reduction R, class T>
void reduce_columns(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* x = at<const T>(slots, i.a);
  T* out = at<T>(slots, i.out);
  for (std::size_t row = 0; row < frame.count; row += frame.columns) {
    for (std::size_t k = 0; k < frame.columns; ++k) out[k] = combine<R>(out[k], x[row + k]);
  }
}

template <Reduction R, class T>
void add_reduction(BlockTable& table) {
  constexpr auto r = static_cast<std::size_t>(R);
  constexpr auto dtype = static_cast<std::size_t>(dtype_of<T>);
  table.start[r][dtype] = start<R, T>;
  table.reduce_rows[r][dtype] = reduce_rows<R, T>;
  table.reduce_all[r][dtype] = reduce_all<R, T>;
  table.reduce_columns[r][dtype] = reduce_columns<R, T>;
}

// ---- moving elements

template <class T>
void copy(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  std::memmove(slots[i.out], slots[i.a], frame.count * sizeof(T));
}
/// Stores that go past the caches: the line is not read before it is written, and nothing useful is driven out.
template <class T>
void stream(const Frame& frame, std::byte* const* slots, const Instruction& i) {
#if defined(__SSE2__)
  std::byte* out = slots[i.out];
  const std::byte* in = slots[i.a];
  std::size_t left = frame.count * sizeof(T);
  constexpr std::size_t width = sizeof(__m128i);
  while (left != 0 && reinterpret_cast<std::uintptr_t>(out) % width != 0) {
    *out++ = *in++;
    --left;
  }
  for (; left >= width; left -= width, out += width, in += width) {
    _mm_stream_si128(reinterpret_cast<__m128i*>(out), _mm_loadu_si128(reinterpret_cast<const __m128i*>(in)));
  }
  std::memcpy(out, in, left);
#else
  copy<T>(frame, slots, i);
#endif
}
template <class T>
void splat(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T value = *at<const T>(slots, i.a);
  T* out = at<T>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) out[k] = value;
}

/// The column that an index names; -1 if it is out of range, or not among the columns of this block.
std::ptrdiff_t column_of(const Frame& frame, std::int64_t index) {
  const auto extent = static_cast<std::int64_t>(frame.extent);
  if (index < -extent || index >= extent) {
    if (!*frame.has_bad_index) *frame.bad_index = index;
    *frame.has_bad_index = true;
    return -1;
  }
  const std::int64_t column = (index < 0 ? index + extent : index) - static_cast<std::int64_t>(frame.first_column);
  return column < static_cast<std::int64_t>(frame.columns) ? column : -1;
}

template <class T>
void row_gather(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* x = at<const T>(slots, i.a);
  const std::int64_t* index = at<const std::int64_t>(slots, i.b);
  T* out = at<T>(slots, i.out);
  for (std::size_t row = 0; row < frame.count; row += frame.columns, ++index, ++out) {
    const std::ptrdiff_t column = column_of(frame, *index);
    if (column >= 0) *out = x[row + static_cast<std::size_t>(column)];
  }
}
template <class T>
void row_scatter(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const T* x = at<const T>(slots, i.a);
  const std::int64_t* index = at<const std::int64_t>(slots, i.b);
  T* out = at<T>(slots, i.out);
  std::memset(out, 0, frame.count * sizeof(T));
  for (std::size_t row = 0; row < frame.count; row += frame.columns, ++index, ++x) {
    const std::ptrdiff_t column = column_of(frame, *index);
    if (column >= 0) out[row + static_cast<std::size_t>(column)] = *x;
  }
}

template <class To, class From>
void cast(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const From* in = at<const From>(slots, i.a);
  To* out = at<To>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) {
    if constexpr (std::is_same_v<To, bool>) out[k] = in[k] != From(0);
    else out[k] = static_cast<To>(in[k]);
  }
}

void complete_norm(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const double* in = at<const double>(slots, i.a);
  auto* out = at<float>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) out[k] = static_cast<float>(std::sqrt(in[k]));
}

template <class T>
void complete_but_one(const Frame& frame, std::byte* const* slots, const Instruction& i) {
  const double* in = at<const double>(slots, i.a);
  T* out = at<T>(slots, i.out);
  for (std::size_t k = 0; k < frame.count; ++k) out[k] = static_cast<T>(but_one::complete(in[k]));
}

void add_complete(BlockTable& table) {
  const auto entry = [&](Reduction r, DType dtype) -> BlockKernel& {
    return table.complete[static_cast<std::size_t>(r)][static_cast<std::size_t>(dtype)];
  };
  entry(Reduction::Sum, DType::Float32) = cast<float, double>;
  entry(Reduction::Norm, DType::Float32) = complete_norm;
  entry(Reduction::SumButOne, DType::Float32) = complete_but_one<float>;
  entry(Reduction::SumButOne, DType::Float64) = complete_but_one<double>;
}

/// Numbers with a fraction do not always fit int64; such casts are no block kernels, because they throw.
template <class To, class From>
void add_cast(BlockTable& table) {
  if constexpr (!(std::is_same_v<To, std::int64_t> && std::is_floating_point_v<From>)) {
    table.cast[static_cast<std::size_t>(dtype_of<To>)][static_cast<std::size_t>(dtype_of<From>)] = cast<To, From>;
  }
}

template <class T>
void add_moves(BlockTable& table) {
  constexpr auto dtype = static_cast<std::size_t>(dtype_of<T>);
  table.elementwise[primitives::opcode<Identity>][dtype][0] = copy<T>;
  table.splat[dtype] = splat<T>;
  table.stream[dtype] = stream<T>;
  table.row_gather[dtype] = row_gather<T>;
  table.row_scatter[dtype] = row_scatter<T>;
  add_cast<T, bool>(table);
  add_cast<T, std::int64_t>(table);
  add_cast<T, float>(table);
  add_cast<T, double>(table);
}

template <class T>
void add_common(BlockTable& table) {
  [&]<class... P>(boost::hana::tuple<boost::hana::basic_type<P>...>*) {
    (add<P, T>(table), ...);
  }(static_cast<AllPrimitives*>(nullptr));
  add_reduction<Reduction::Sum, T>(table);
  add_reduction<Reduction::Max, T>(table);
  add_reduction<Reduction::Min, T>(table);
}

}  // namespace

// ---- choosing

Isa best_isa() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512bw")) {
    return Isa::Avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::Avx2;
#endif
  return Isa::Baseline;
}

namespace {

Isa chosen_isa() {
  const Isa best = best_isa();
  const char* setting = std::getenv("XGRAD_ISA");
  if (setting == nullptr || *setting == '\0') return best;
  constexpr std::array<std::string_view, 3> names{"baseline", "avx2", "avx512"};
  for (std::size_t k = 0; k < names.size(); ++k) {
    if (names[k] == setting) return static_cast<Isa>(k) < best ? static_cast<Isa>(k) : best;
  }
  throw ValueError("XGRAD_ISA: \"" + std::string(setting) + "\" is none of baseline, avx2, avx512");
}

}  // namespace

BlockTable make_table([[maybe_unused]] Isa isa) {
  BlockTable table{};
  add_common<bool>(table);
  add_common<std::int64_t>(table);
  add_baseline_float32(table);
  add_baseline_float64(table);
  add_baseline_draw(table);
  add_baseline_matrix(table);
  add_baseline_view(table);
  add_baseline_convolve(table);
  add_baseline_int8(table);
  add_baseline_largest(table);
  add_specials<float>(table);
  add_specials<double>(table);
  add_moves<bool>(table);
  add_moves<std::int64_t>(table);
  add_moves<float>(table);
  add_moves<double>(table);
  add_complete(table);
  table.name = "baseline";
#if defined(__x86_64__)
  if (isa >= Isa::Avx2) {
    add_avx2_float32(table);
    add_avx2_float64(table);
    add_avx2_draw(table);
    add_avx2_matrix(table);
    add_avx2_view(table);
    add_avx2_convolve(table);
    add_avx2_int8(table);
    add_avx2_largest(table);
    table.name = "avx2";
  }
  if (isa == Isa::Avx512) {
    add_avx512_float32(table);
    add_avx512_float64(table);
    add_avx512_draw(table);
    add_avx512_matrix(table);
    add_avx512_view(table);
    add_avx512_convolve(table);
    add_avx512_int8(table);
    add_avx512_largest(table);
    table.name = "avx512";
  }
#endif
  // The functions of logical values of floating-point type do not exist; `where` of every type does.
  return table;
}

void finish_streams() noexcept {
#if defined(__SSE2__)
  _mm_sfence();
#endif
}

const BlockTable& block_table() {
  static const BlockTable table = make_table(chosen_isa());
  return table;
}

}  // namespace xgrad::backend::cpu::kernels
