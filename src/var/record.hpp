// How operations get onto a tape.
//
// var: the handle. Var and what the library sees of it, recording, calls and loops as nodes, running at once. It
// includes backend (for asking for values), primitives and what is below. No operation that users call: those are in
// ops.
#pragma once

#include <array>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include <xgrad/var.hpp>

#include "access.hpp"
#include "ir/function.hpp"
#include "primitives/traits.hpp"

namespace xgrad::detail {

using primitives::name_of;
using primitives::opcode;
using primitives::table_of_primitives;

/// One operation on Vars: on the tape of its recorded operands, or, if all are concrete, on a tape of its own that is
/// evaluated at once.
class Recording {
 public:
  /// \throws TapeError  for an empty Var, one of a finished tape, or Vars of two tapes.
  /// \param tape  that of the operands if none of them is recorded; null: one of its own.
  Recording(std::string_view operation, std::span<const Var* const> operands, TapeState* tape = nullptr);
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (scratch_) tape_->release();
  }

  TapeState& tape() noexcept { return *tape_; }
  /// The shape to which the operands broadcast.
  /// \throws ShapeError  if they do not.
  ShapeId broadcast(std::string_view operation, std::span<const Var* const> operands);
  /// An operand as a node; arrays become leaves, weak scalars constants.
  NodeId node(const Var& operand);
  /// An operand in a given element type and broadcast to a given shape.
  NodeId node(const Var& operand, DType dtype, ShapeId shape);
  /// The result: recorded, or evaluated.
  Var finish(NodeId result);
  /// Several results, evaluated together.
  std::vector<Var> finish(std::span<const Var> results);

 private:
  TapeState* tape_ = nullptr;
  bool scratch_ = false;
  bool weak_ = true;  // all operands are weak scalars
};

/// One node. Its inputs are dense operands of their own types and shapes.
Var record(Opcode op, DType dtype, const Shape& shape, std::span<const Var* const> inputs,
           std::span<const std::int64_t> attributes = {});

/// One node of several outputs, each of which is a node.
std::vector<Var> record_several(Opcode op, std::span<const ArrayType> outputs, std::span<const Var* const> inputs,
                                std::span<const std::int64_t> attributes);
/// The same with a payload.
/// \param tape  onto which it is recorded if no operand is; null: it is evaluated at once.
std::vector<Var> record_several(Opcode op, std::span<const ArrayType> outputs, std::span<const Var* const> inputs,
                                std::shared_ptr<const Payload> payload, TapeState* tape = nullptr);

template <class P>
Var record(DType dtype, const Shape& shape, std::initializer_list<const Var*> inputs,
           std::span<const std::int64_t> attributes = {}) {
  return record(opcode<P>, dtype, shape, std::span<const Var* const>(inputs.begin(), inputs.size()), attributes);
}

/// The node of a Var on a given tape.
/// \param operation  what uses it there, for the message.
/// \throws TapeError  for a recorded Var of another tape.
NodeId import(TapeState& tape, const Var& x, std::string_view operation = "a transform");

/// A node of its own for a concrete Var, or for a recorded one of this tape: an input of a function.
NodeId append_input(TapeState& tape, const Var& x);

/// The same value as an array of rank 0 or as a number.
Var as_weak(const Var& x, bool weak);

/// A recorded constant: a number in every element.
Var record_constant(TapeState& tape, DType dtype, const Shape& shape, double value);

/// A node without a value, which stands for others while something is recorded. Asking for what depends on it throws.
Var opaque(TapeState& tape, DType dtype, const Shape& shape);

/// The element type in which operands meet; weak scalars give way.
DType common_dtype(std::span<const Var* const> operands);

/// \throws ShapeError  unless the shapes broadcast.
/// \throws TapeError   for recorded Vars of two tapes.
Shape broadcast_shape(std::string_view operation, std::span<const Var* const> operands);

}  // namespace xgrad::detail
