// Packs that compute nothing but write down what is computed of them: the functions of simd, applied to these, become
// lines of machine code with the bits of the kernels.
#pragma once

#include <bit>

#include "backend/cpu/kernels/simd/math.hpp"
#include "pack_writer.hpp"

namespace xgrad::backend::cpu::kernels {

/// In the place of an instruction set. The processors that machine code is for fuse products and sums.
struct Recorded {};
template <>
inline constexpr bool simd::has_fma<Recorded> = true;

/// Where packs of this thread write.
inline thread_local constinit PackWriter* recording = nullptr;

/// One value of a program.
struct RecordedValue {
  std::uint32_t id;

  static std::uint32_t write(PackOp op, RecordedValue a, RecordedValue b = {}, RecordedValue c = {}) {
    return recording->value(op, a.id, b.id, c.id);
  }
  static std::uint32_t shifted(PackOp op, RecordedValue a, int count) {
    return recording->value(op, a.id, 0, 0, static_cast<std::uint32_t>(count));
  }
};

namespace simd {

template <class T>
struct Mask<T, Recorded> : RecordedValue {
  explicit Mask(std::uint32_t value) : RecordedValue{value} {}

  friend Mask operator&&(Mask a, Mask b) { return Mask(write(PackOp::And, a, b)); }
  friend Mask operator||(Mask a, Mask b) { return Mask(write(PackOp::Or, a, b)); }
  friend Mask operator!(Mask a) { return Mask(write(PackOp::Not, a)); }
  friend bool all(Mask a) { return recording->holds(a.id); }
  friend bool every(Mask a) { return all(a); }
};

template <class T>
struct Bits<T, Recorded> : RecordedValue {
  using Unsigned = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

  Bits(RecordedValue value) : RecordedValue(value) {}
  Bits(Unsigned value) : RecordedValue{recording->constant(value)} {}

  friend Bits operator+(Bits a, Bits b) { return RecordedValue{write(PackOp::AddBits, a, b)}; }
  friend Bits operator-(Bits a, Bits b) { return RecordedValue{write(PackOp::SubtractBits, a, b)}; }
  friend Bits operator&(Bits a, Bits b) { return RecordedValue{write(PackOp::And, a, b)}; }
  friend Bits operator|(Bits a, Bits b) { return RecordedValue{write(PackOp::Or, a, b)}; }
  friend Bits operator^(Bits a, Bits b) { return RecordedValue{write(PackOp::Xor, a, b)}; }
  friend Bits operator<<(Bits a, int count) { return RecordedValue{shifted(PackOp::ShiftLeft, a, count)}; }
  friend Bits operator>>(Bits a, int count) { return RecordedValue{shifted(PackOp::ShiftRight, a, count)}; }
};

template <class T>
struct Pack<T, Recorded> : RecordedValue {
  using value_type = T;
  using MaskType = Mask<T, Recorded>;
  using BitsType = Bits<T, Recorded>;

  Pack(RecordedValue value) : RecordedValue(value) {}
  Pack(T value) : RecordedValue{recording->constant(std::bit_cast<typename BitsType::Unsigned>(value))} {}

  friend Pack operator+(Pack a, Pack b) { return RecordedValue{write(PackOp::Add, a, b)}; }
  friend Pack operator-(Pack a, Pack b) { return RecordedValue{write(PackOp::Subtract, a, b)}; }
  friend Pack operator*(Pack a, Pack b) { return RecordedValue{write(PackOp::Multiply, a, b)}; }
  friend Pack operator/(Pack a, Pack b) { return RecordedValue{write(PackOp::Divide, a, b)}; }
  friend Pack operator-(Pack a) { return RecordedValue{write(PackOp::Negate, a)}; }

  friend MaskType operator<(Pack a, Pack b) { return MaskType(write(PackOp::Less, a, b)); }
  friend MaskType operator<=(Pack a, Pack b) { return MaskType(write(PackOp::LessEqual, a, b)); }
  friend MaskType operator>(Pack a, Pack b) { return b < a; }
  friend MaskType operator>=(Pack a, Pack b) { return b <= a; }
  friend MaskType operator==(Pack a, Pack b) { return MaskType(write(PackOp::Equal, a, b)); }
  friend MaskType operator!=(Pack a, Pack b) { return MaskType(write(PackOp::NotEqual, a, b)); }

  friend Pack select(MaskType mask, Pack a, Pack b) { return RecordedValue{write(PackOp::Select, mask, a, b)}; }

  /// Signs of products and sums are part of the instruction.
  friend Pack fma(Pack a, Pack b, Pack c) {
    const auto is_negated = [](Pack x) { return recording->at(x.id).op == PackOp::Negate; };
    const auto without_sign = [](Pack x) { return RecordedValue{recording->at(x.id).a}; };
    if (is_negated(a)) return RecordedValue{write(PackOp::NegativeMultiplyAdd, without_sign(a), b, c)};
    if (is_negated(c)) return RecordedValue{write(PackOp::MultiplySubtract, a, b, without_sign(c))};
    return RecordedValue{write(PackOp::MultiplyAdd, a, b, c)};
  }
  friend Pack max(Pack a, Pack b) { return RecordedValue{write(PackOp::Larger, a, b)}; }
  friend Pack min(Pack a, Pack b) { return RecordedValue{write(PackOp::Smaller, a, b)}; }
  friend Pack sqrt(Pack a) { return RecordedValue{write(PackOp::Sqrt, a)}; }
  friend Pack abs(Pack a) { return RecordedValue{write(PackOp::Absolute, a)}; }

  friend BitsType to_bits(Pack a) { return RecordedValue(a); }
  static Pack from_bits(BitsType bits) { return RecordedValue(bits); }
  static constexpr typename BitsType::Unsigned sign_bit() {
    return typename BitsType::Unsigned{1} << (8 * sizeof(T) - 1);
  }
};

template <class T, class F>
Pack<T, Recorded> unless(Mask<T, Recorded> usual, Pack<T, Recorded> value, F f) {
  return RecordedValue{recording->unless(usual.id, value.id, [&] { return f().id; })};
}

}  // namespace simd
}  // namespace xgrad::backend::cpu::kernels
