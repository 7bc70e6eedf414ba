#include "functions.hpp"

#include <utility>
#include <vector>

#include "primitives/list.hpp"
#include "recorded_pack.hpp"

namespace xgrad::backend::cpu::kernels {
namespace {

using namespace primitives;

// Left out are sin, cos and tan, which ask the standard library about huge numbers, and what is computed one number at
// a time.
constexpr bool is_in_registers(Type<Exp>) { return true; }
constexpr bool is_in_registers(Type<Expm1>) { return true; }
constexpr bool is_in_registers(Type<Log>) { return true; }
constexpr bool is_in_registers(Type<Log1p>) { return true; }
constexpr bool is_in_registers(Type<Power>) { return true; }
constexpr bool is_in_registers(Type<Hypot>) { return true; }
constexpr bool is_in_registers(Type<DirectionCosine>) { return true; }
constexpr bool is_in_registers(Type<Atan>) { return true; }
constexpr bool is_in_registers(Type<Sinh>) { return true; }
constexpr bool is_in_registers(Type<Cosh>) { return true; }
constexpr bool is_in_registers(Type<Tanh>) { return true; }
constexpr bool is_in_registers(Type<LogAddExp>) { return true; }

template <class P, std::size_t... I>
auto applied(const std::array<P, 3>& x, auto f, std::index_sequence<I...>) {
  return f(x[I]...);
}

template <class T, std::size_t arity>
std::uint32_t recorded(const std::array<std::uint32_t, 3>& operands, PackWriter& writer, auto f) {
  using P = simd::Pack<T, Recorded>;
  const std::array<P, 3> x{RecordedValue{operands[0]}, RecordedValue{operands[1]}, RecordedValue{operands[2]}};
  PackWriter* const before = std::exchange(recording, &writer);
  const std::uint32_t result = writer.in_two_ways([&] { return applied(x, f, std::make_index_sequence<arity>()).id; });
  recording = before;
  return result;
}

using Lines = std::uint32_t (*)(const std::array<std::uint32_t, 3>&, PackWriter&);

/// F has a call operator for packs.
template <class F, std::size_t arity>
std::uint32_t lines(const std::array<std::uint32_t, 3>& operands, PackWriter& writer) {
  if (writer.program().single_precision) return recorded<float, arity>(operands, writer, F());
  return recorded<double, arity>(operands, writer, F());
}

template <class P>
struct Whole {
  auto operator()(auto... x) const { return P::eval(x...); }
};

template <Part part>
struct OfPart {
  auto operator()(auto... x) const {
    if constexpr (part == Part::ExpNegAbs) return simd::exp_neg_abs(x...);
    else if constexpr (part == Part::SigmoidFrom) return simd::sigmoid_from(x...);
    else if constexpr (part == Part::ExpNegSquare) return simd::exp_neg_square(x...);
    else if constexpr (part == Part::ErfFrom) return simd::erf_from(x...);
    else if constexpr (part == Part::HalfExpm1) return simd::half_expm1(x...);
    else if constexpr (part == Part::TanhFrom) return simd::tanh_from(x...);
    else if constexpr (part == Part::LogCoshFrom) return simd::log_cosh_from(x...);
    else return DirectionCosine::eval_from(x...);
  }
};

Lines lines_of(std::uint8_t operation) noexcept {
  static constexpr auto wholes = table_of_primitives<Lines>([]<class P>(Type<P> primitive) -> Lines {
    if constexpr (requires { is_in_registers(primitive); })
      return is_in_registers(primitive) ? lines<Whole<P>, P::arity> : nullptr;
    else return nullptr;
  });
  static constexpr std::array<Lines, part_count> parts{
      lines<OfPart<Part::ExpNegAbs>, 1>,   lines<OfPart<Part::SigmoidFrom>, 2>, lines<OfPart<Part::ExpNegSquare>, 1>,
      lines<OfPart<Part::ErfFrom>, 2>,     lines<OfPart<Part::HalfExpm1>, 1>,   lines<OfPart<Part::TanhFrom>, 2>,
      lines<OfPart<Part::LogCoshFrom>, 2>, lines<OfPart<Part::CosineFrom>, 3>};
  if (operation < list_size) return wholes[operation];
  const std::size_t part = operation - list_size;
  return part < part_count ? parts[part] : nullptr;
}

}  // namespace

PackProgram with_lines(const PackProgram& program) {
  PackWriter writer;
  writer.begin(program.single_precision);
  writer.program().rows = program.rows;
  std::vector<std::uint32_t> written;
  written.reserve(program.instructions.size());
  for (const PackInstruction& each : program.instructions) {
    const auto now = [&](std::uint32_t v) { return v < written.size() ? written[v] : 0; };
    const bool is_value = each.op > PackOp::Constant && each.op <= PackOp::FromMask;
    if (each.op == PackOp::Function) {
      written.push_back(
          write_lines(static_cast<std::uint8_t>(each.slot), {now(each.a), now(each.b), now(each.c)}, writer));
    } else if (each.op == PackOp::Power) {
      written.push_back(write_power(now(each.a), 0.25 * static_cast<std::int32_t>(each.slot), writer));
    } else if (each.op == PackOp::Constant) {
      written.push_back(writer.value(each.op, each.a, each.b));
    } else if (each.op == PackOp::OfView || each.op == PackOp::OneOfView) {
      written.push_back(writer.append(each));  // `a` is a slot
    } else if (is_value) {
      written.push_back(writer.value(each.op, now(each.a), now(each.b), now(each.c), each.slot));
    } else {
      written.push_back(writer.append({each.op, now(each.a), now(each.b), now(each.c), each.slot}));
    }
  }
  return std::move(writer.program());
}

bool has_lines(std::uint8_t operation) noexcept { return lines_of(operation) != nullptr; }

std::uint32_t write_lines(std::uint8_t operation, const std::array<std::uint32_t, 3>& operands, PackWriter& writer) {
  return lines_of(operation)(operands, writer);
}

std::uint32_t write_power(std::uint32_t base, double exponent, PackWriter& writer) {
  const auto power = [exponent]<class T>(simd::Pack<T, Recorded> x) {
    return Power::eval_with_one(x, static_cast<T>(exponent));
  };
  if (writer.program().single_precision) return recorded<float, 1>({base, 0, 0}, writer, power);
  return recorded<double, 1>({base, 0, 0}, writer, power);
}

}  // namespace xgrad::backend::cpu::kernels
