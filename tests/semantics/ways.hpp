// The ways in which a value comes about.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/generated/instruction_of.hpp"
#include "backend/cpu/kernels/generated/pack_program.hpp"
#include "cases.hpp"
#include "samples.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

namespace semantics {

namespace kernels = xgrad::backend::cpu::kernels;
using xgrad::Var;

template <class T>
constexpr auto slot_of_type = static_cast<std::size_t>(xgrad::dtype_of<T>);

/// By the primitive's `eval` of numbers.
template <class T, class R>
Array<R> by_eval(const Case<T, R>& each, const Arguments<T>& x) {
  auto result = Array<R>::from_shape(x.a.shape());
  for (std::size_t i = 0; i < x.a.size(); ++i) {
    result.data()[i] = each.eval(x.condition.data()[i], x.a.data()[i], x.b.data()[i]);
  }
  return result;
}

/// Which arguments are the one number in their first element: a bit each.
using Modes = kernels::OperandModes;

/// Runs over the arguments in pieces of so many elements. `run` gets the addresses of a result, condition, a and b, and
/// how many there are. Behind a result nothing may be written, and behind a number nothing is to be found.
template <class T, class R, class Run>
Array<R> piece_by_piece(const Arguments<T>& x, Modes modes, std::size_t piece, Run run) {
  constexpr std::size_t guard = 64 / sizeof(R);
  auto result = Array<R>::from_shape(x.a.shape());
  piece = std::min(piece, x.a.size());
  std::vector<std::byte> out((piece + guard) * sizeof(R));
  for (std::size_t at = 0; at < x.a.size(); at += piece) {
    const std::size_t count = std::min(piece, x.a.size() - at);
    std::memset(out.data(), 0x55, out.size());
    const auto alone = [](const T* number) {
      alignas(T) std::array<std::byte, 128> bytes;
      bytes.fill(std::byte{1});
      std::memcpy(bytes.data(), number, sizeof(T));
      return bytes;
    };
    alignas(T) std::array<std::byte, 128> one_a = alone(x.a.data());
    alignas(T) std::array<std::byte, 128> one_b = alone(x.b.data());
    // Kernels take addresses of what they may write.
    const auto address = [](const auto* data) {
      return const_cast<std::byte*>(reinterpret_cast<const std::byte*>(data));
    };
    const std::array<std::byte*, 4> slots{out.data(), address(x.condition.data() + at),
                                          (modes & 1U) != 0 ? one_a.data() : address(x.a.data() + at),
                                          (modes & 2U) != 0 ? one_b.data() : address(x.b.data() + at)};
    run(slots, count);
    std::memcpy(result.data() + at, out.data(), count * sizeof(R));
    for (std::size_t k = count * sizeof(R); k < out.size(); ++k) {
      if (out[k] != std::byte{0x55}) throw std::logic_error("something was written behind the last element");
    }
  }
  return result;
}

template <class T, class R>
kernels::BlockKernel kernel_of(const kernels::BlockTable& table, const Case<T, R>& each, Modes modes) {
  return table.elementwise[each.opcode][slot_of_type<T>][modes];
}

/// By a block kernel.
template <class T, class R>
Array<R> by_kernel(kernels::BlockKernel kernel, const Case<T, R>& each, const Arguments<T>& x, Modes modes,
                   std::size_t piece) {
  const kernels::Instruction instruction =
      each.selects ? kernels::Instruction{kernel, 0, 1, 2, 3} : kernels::Instruction{kernel, 0, 2, 3, 0};
  return piece_by_piece<T, R>(x, modes, piece, [&](const std::array<std::byte*, 4>& slots, std::size_t count) {
    kernels::Frame frame{};
    frame.count = count;
    frame.columns = count;
    kernel(frame, slots.data(), instruction);
  });
}

/// The program that a primitive alone is; null if no machine code is written for it.
template <class T, class R>
std::shared_ptr<const kernels::Generated> machine_code(const Case<T, R>& each, Modes modes) {
  using kernels::PackOp;
  const auto pack_op = kernels::instruction_of(each.opcode);
  if (!pack_op || std::is_same_v<T, std::int64_t> || !kernels::can_generate()) return nullptr;
  const bool logical = *pack_op == PackOp::And || *pack_op == PackOp::Or || *pack_op == PackOp::Not;
  if (std::is_same_v<T, bool> && !logical) return nullptr;
  kernels::PackProgram program{std::is_same_v<T, float>, false, {}};
  const auto load = [&](std::uint32_t k) {
    if (logical) return PackOp::LoadMask;
    return (modes & (1U << k)) != 0 ? PackOp::Number : PackOp::Load;
  };
  program.instructions = {{PackOp::LoadMask, 0, 0, 0, 1}, {load(0), 0, 0, 0, 2}, {load(1), 0, 0, 0, 3}};
  if (each.selects) program.instructions.push_back({*pack_op, 0, 1, 2, 0});
  else program.instructions.push_back({*pack_op, 1, *pack_op == PackOp::Multiply && each.of_one ? 1U : 2U, 0, 0});
  program.instructions.push_back({std::is_same_v<R, bool> ? PackOp::StoreMask : PackOp::Store, 3, 0, 0, 0});
  return kernels::generate(program);
}

template <class T, class R>
Array<R> by_machine_code(const kernels::Generated& code, const Arguments<T>& x, Modes modes, std::size_t piece) {
  return piece_by_piece<T, R>(x, modes, piece, [&](const std::array<std::byte*, 4>& slots, std::size_t count) {
    kernels::CheckFailure failure;
    code(slots.data(), count, count, failure);
  });
}

/// The primitive of Vars: recorded or, if all are concrete, evaluated at once.
template <class T, class R>
Var of_vars(const Case<T, R>& each, const Var& condition, const Var& a, const Var& b) {
  std::vector<const Var*> inputs{&a};
  if (each.selects) inputs.insert(inputs.begin(), &condition);
  if (!each.of_one) inputs.push_back(&b);
  return xgrad::detail::record(each.opcode, xgrad::dtype_of<R>, a.shape(), inputs);
}

template <class T, class R>
Array<R> at_once(const Case<T, R>& each, const Arguments<T>& x) {
  return of_vars(each, x.condition, x.a, x.b).template array<R>();
}

/// Together with other arithmetic in one loop, which selects the arguments before and the result after: all of them,
/// but no plan can know that.
template <class T, class R>
Array<R> in_a_loop(const Case<T, R>& each, const Arguments<T>& x) {
  xgrad::Tape tape;
  const Var yes = tape.leaf(Array<bool>({x.a.size()}, true));
  const Var no = tape.leaf(Array<T>({x.a.size()}, T(1)));
  const auto selected = [&](const Var& y) { return where(yes, y, cast(no, y.dtype())); };
  const Var y = of_vars(each, tape.leaf(x.condition), selected(tape.leaf(x.a)), selected(tape.leaf(x.b)));
  return tape.evaluate({selected(y)})[0].template array<R>();
}

/// A number beside an array, in a program: known when the plan is made, or not.
enum class Number { Known, Unknown };
/// Constants are made of doubles.
template <class T>
bool fits_constant(T number) {
  return !std::is_same_v<T, std::int64_t> || std::abs(static_cast<double>(number)) < 0x1p53;
}
template <class T, class R>
Array<R> with_number_in_a_loop(const Case<T, R>& each, const Arguments<T>& x, std::size_t which, T number,
                               Number kind) {
  xgrad::Tape tape;
  const Var array = tape.leaf(which == 0 ? x.b : x.a);
  const Var one = kind == Number::Known
                      ? xgrad::detail::record_constant(xgrad::VarAccess::tape(array), xgrad::dtype_of<T>, array.shape(),
                                                       static_cast<double>(number))
                      : broadcast_to(tape.leaf(Array<T>(xgrad::Shape(), number)), array.shape());
  const Var y = of_vars(each, tape.leaf(x.condition), which == 0 ? one : array, which == 0 ? array : one);
  return tape.evaluate({y})[0].template array<R>();
}

}  // namespace semantics
