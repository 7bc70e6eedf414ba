#include "instruction_of.hpp"

#include "primitives/list.hpp"

namespace xgrad::kernels {
namespace {

using namespace primitives;

constexpr Do instruction_for(Type<Add>) { return Do::Add; }
constexpr Do instruction_for(Type<Subtract>) { return Do::Subtract; }
constexpr Do instruction_for(Type<Offset>) { return Do::Offset; }
constexpr Do instruction_for(Type<Multiply>) { return Do::Multiply; }
constexpr Do instruction_for(Type<AbsorbingMultiply>) { return Do::AbsorbingMultiply; }
constexpr Do instruction_for(Type<Square>) { return Do::Multiply; }
constexpr Do instruction_for(Type<Divide>) { return Do::Divide; }
constexpr Do instruction_for(Type<Negate>) { return Do::Negate; }
constexpr Do instruction_for(Type<Absolute>) { return Do::Absolute; }
constexpr Do instruction_for(Type<Sign>) { return Do::Sign; }
constexpr Do instruction_for(Type<Relu>) { return Do::Relu; }
constexpr Do instruction_for(Type<Sqrt>) { return Do::Sqrt; }
constexpr Do instruction_for(Type<Maximum>) { return Do::Maximum; }
constexpr Do instruction_for(Type<Minimum>) { return Do::Minimum; }
constexpr Do instruction_for(Type<Less>) { return Do::Less; }
constexpr Do instruction_for(Type<LessEqual>) { return Do::LessEqual; }
constexpr Do instruction_for(Type<Equal>) { return Do::Equal; }
constexpr Do instruction_for(Type<NotEqual>) { return Do::NotEqual; }
constexpr Do instruction_for(Type<LogicalAnd>) { return Do::And; }
constexpr Do instruction_for(Type<LogicalOr>) { return Do::Or; }
constexpr Do instruction_for(Type<LogicalNot>) { return Do::Not; }
constexpr Do instruction_for(Type<Where>) { return Do::Select; }
constexpr Do instruction_for(Type<Cast>) { return Do::FromMask; }  // of truth values only

}  // namespace

std::optional<Do> instruction_of(std::uint8_t opcode) noexcept {
  using Entry = std::optional<Do>;
  static constexpr auto table = detail::table_of_primitives<Entry>([]<class P>(Type<P> primitive) -> Entry {
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

}  // namespace xgrad::kernels
