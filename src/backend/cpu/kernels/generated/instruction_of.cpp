#include "instruction_of.hpp"

#include "primitives/list.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using namespace primitives;

constexpr PackOp instruction_for(Type<Add>) { return PackOp::Add; }
constexpr PackOp instruction_for(Type<Subtract>) { return PackOp::Subtract; }
constexpr PackOp instruction_for(Type<Offset>) { return PackOp::Offset; }
constexpr PackOp instruction_for(Type<Multiply>) { return PackOp::Multiply; }
constexpr PackOp instruction_for(Type<AbsorbingMultiply>) { return PackOp::AbsorbingMultiply; }
constexpr PackOp instruction_for(Type<Square>) { return PackOp::Multiply; }
constexpr PackOp instruction_for(Type<Divide>) { return PackOp::Divide; }
constexpr PackOp instruction_for(Type<Negate>) { return PackOp::Negate; }
constexpr PackOp instruction_for(Type<Absolute>) { return PackOp::Absolute; }
constexpr PackOp instruction_for(Type<Sign>) { return PackOp::Sign; }
constexpr PackOp instruction_for(Type<Relu>) { return PackOp::Relu; }
constexpr PackOp instruction_for(Type<Sqrt>) { return PackOp::Sqrt; }
constexpr PackOp instruction_for(Type<Floor>) { return PackOp::Floor; }
constexpr PackOp instruction_for(Type<Ceil>) { return PackOp::Ceil; }
constexpr PackOp instruction_for(Type<Round>) { return PackOp::Round; }
constexpr PackOp instruction_for(Type<Trunc>) { return PackOp::Trunc; }
constexpr PackOp instruction_for(Type<CopySign>) { return PackOp::CopySign; }
constexpr PackOp instruction_for(Type<Maximum>) { return PackOp::Maximum; }
constexpr PackOp instruction_for(Type<Minimum>) { return PackOp::Minimum; }
constexpr PackOp instruction_for(Type<Less>) { return PackOp::Less; }
constexpr PackOp instruction_for(Type<LessEqual>) { return PackOp::LessEqual; }
constexpr PackOp instruction_for(Type<Equal>) { return PackOp::Equal; }
constexpr PackOp instruction_for(Type<NotEqual>) { return PackOp::NotEqual; }
constexpr PackOp instruction_for(Type<LogicalAnd>) { return PackOp::And; }
constexpr PackOp instruction_for(Type<LogicalOr>) { return PackOp::Or; }
constexpr PackOp instruction_for(Type<LogicalNot>) { return PackOp::Not; }
constexpr PackOp instruction_for(Type<Where>) { return PackOp::Select; }
constexpr PackOp instruction_for(Type<Cast>) { return PackOp::FromMask; }  // of truth values only

}  // namespace

std::optional<PackOp> instruction_of(std::uint8_t opcode) noexcept {
  using Entry = std::optional<PackOp>;
  static constexpr auto table = primitives::table_of_primitives<Entry>([]<class P>(Type<P> primitive) -> Entry {
    constexpr bool has_line = requires { instruction_for(primitive); };
    if constexpr (IsElementwise<P>) {
      static_assert(has_line || P::cost == Cost::Function, "cheap or moderate, but not in the table above");
      static_assert(!has_line || P::cost != Cost::Function, "in the table above, but neither cheap nor moderate");
    }
    if constexpr (has_line) return instruction_for(primitive);
    else return std::nullopt;
  });
  return table[opcode];
}

}  // namespace xgrad::backend::cpu::kernels
