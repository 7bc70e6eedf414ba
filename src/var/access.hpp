// The library's own view of a Var.
#pragma once

#include <string>
#include <string_view>

#include <xgrad/var.hpp>

#include "ir/state.hpp"

namespace xgrad {

struct VarAccess {
  using Kind = Var::Kind;

  static Kind kind(const Var& x) noexcept { return x.kind_; }
  static bool is_scalar(const Var& x) noexcept { return x.kind_ == Kind::Scalar; }
  /// Whether a Var is a number, concrete or recorded, and not an array of rank 0.
  static bool is_weak(const Var& x) noexcept {
    return is_scalar(x) || (x.recorded() && is_live(x) && live_tape(x).node(node(x)).weak);
  }
  /// The element type, for a Var that is known to be defined.
  static DType dtype(const Var& x) noexcept { return x.dtype_; }

  static Var recorded(ir::TapeState& tape, ir::NodeId node) noexcept {
    Var result;
    result.kind_ = Kind::Recorded;
    result.dtype_ = tape.node(node).dtype;
    result.first_.tape = &tape;
    result.second_ = node | (static_cast<std::uint64_t>(tape.generation()) << 32U);
    return result;
  }
  static Var concrete(memory::BufferPtr buffer) noexcept {
    Var result;
    result.kind_ = Kind::Array;
    result.dtype_ = buffer->dtype();
    result.first_.buffer = buffer.detach();
    return result;
  }
  /// A weak scalar with the value of a one-element array.
  static Var scalar(const memory::Buffer& buffer);
  /// The value of a node, as weak as that.
  static Var value(const ir::TapeState& tape, ir::NodeId node, memory::BufferPtr buffer) {
    return tape.node(node).weak ? scalar(*buffer.get()) : concrete(std::move(buffer));
  }

  /// The tape of a recorded Var.
  /// \throws TapeError  if it has ended.
  static ir::TapeState& tape(const Var& x);
  /// The same for a recorded Var that is known to be live.
  static ir::TapeState& live_tape(const Var& x) noexcept { return *x.first_.tape; }
  static ir::NodeId node(const Var& x) noexcept { return static_cast<ir::NodeId>(x.second_); }
  /// The number in a weak scalar, in the representation of the given element type.
  static ir::Scalar scalar_as(const Var& x, DType dtype) noexcept;
  /// Whether the tape of a recorded Var still runs.
  static bool is_live(const Var& x) noexcept { return x.first_.tape->generation() == x.second_ >> 32U; }
  /// Writes the value of a weak scalar in its own element type.
  static void store_scalar(const Var& x, std::byte* target) noexcept;
  /// The value of a recorded Var, for the user: it leaves the tape.
  static memory::Buffer* read(const Var& x);
  /// Whether two Vars of one kind are one number, share one array, or name one node.
  static bool same(const Var& a, const Var& b) noexcept {
    switch (a.kind_) {
      case Kind::Empty:
        return true;
      case Kind::Scalar:  // bits: 1 / x tells zeros apart, and NaN is what it was
        return a.first_.integer == b.first_.integer;
      case Kind::Array:
        return a.first_.buffer == b.first_.buffer;
      case Kind::Recorded:
        break;
    }
    return a.first_.tape == b.first_.tape && a.second_ == b.second_;
  }
  /// A share of the array of a concrete Var.
  static memory::BufferPtr buffer(const Var& x);
  /// The array itself, of a Var of the kind Array.
  static const memory::Buffer& array(const Var& x) noexcept { return *x.first_.buffer; }
};

namespace detail {

using namespace memory;
using namespace ir;

/// "float64 [2, 3]", for messages.
std::string describe(const Var& x);

[[noreturn]] void throw_unusable(const Var& x, std::string_view operation);

/// \throws TapeError  for an empty Var or one of a finished tape.
inline void require_usable(const Var& x, std::string_view operation) {
  if (!x.defined() || (x.recorded() && !VarAccess::is_live(x))) throw_unusable(x, operation);
}

}  // namespace detail
}  // namespace xgrad
