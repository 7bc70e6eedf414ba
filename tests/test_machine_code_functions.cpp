// Functions as lines of machine code give the bits of their kernels: for all numbers, in all packs.
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <boost/mpl/list.hpp>
#include <boost/test/unit_test.hpp>
#include <xgrad/core/dtype.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/generated/functions.hpp"
#include "plan/operations.hpp"

BOOST_AUTO_TEST_SUITE(test_machine_code_functions)

using namespace xgrad::backend::cpu::kernels;
using xgrad::plan::Opcode;

namespace {

using Types = boost::mpl::list<float, double>;

struct Needs {
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    boost::test_tools::assertion_result result(can_generate());
    result.message() << "this machine has no AVX2, or machine code is switched off";
    return result;
  }
};

/// What a slot of the code points to.
enum class Operand : std::uint8_t { Full, OneForAll, OneForEachRow, OneForEachColumn };

constexpr std::size_t rows = 19;
constexpr std::size_t columns = 37;
constexpr std::size_t count = rows * columns;

/// Numbers of all sizes in which every n-th is special: packs without any are as frequent as others.
template <class T>
std::vector<T> numbers(std::size_t size, unsigned seed) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> special{T(0),
                               T(-0.0),
                               T(1),
                               T(-1),
                               T(0.5),
                               T(2),
                               T(3),
                               T(-3),
                               T(1e6),
                               T(-1e6),
                               T(709.5),
                               T(-745),
                               T(88.5),
                               T(-104),
                               Limits::min(),
                               Limits::denorm_min(),
                               Limits::max(),
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::quiet_NaN()};
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  const std::array<double, 4> sizes{0.01, 1.0, 30.0, 600.0};
  const double scale = sizes[seed % sizes.size()];
  const std::size_t every = seed % 3 == 0 ? 2 : seed % 3 == 1 ? 40 : 1000000;
  std::vector<T> result(size);
  for (std::size_t i = 0; i < size; ++i) {
    const bool is_special = random() % every == every - 1;
    result[i] = is_special ? special[random() % special.size()] : static_cast<T>(scale * normal(random));
    if (seed % 2 == 1 && !is_special) result[i] = std::abs(result[i]);
    if (seed % 5 == 1 && !is_special) result[i] = std::round(result[i]);
  }
  return result;
}

BlockKernel kernel_of(Opcode op, std::size_t dtype) {
  const BlockTable& table = block_table();
  return xgrad::plan::is_part(op) ? table.parts[op - xgrad::primitives::list_size][dtype]
                                  : table.elementwise[op][dtype][0];
}

std::string name_of(Opcode op) {
  return xgrad::plan::is_part(op) ? "part " + std::to_string(op - xgrad::primitives::list_size)
                                  : std::string(xgrad::primitives::name_of(op));
}

/// An operand as the code has it and as kernels do, with an element for each.
template <class T>
struct Input {
  std::vector<T> slot;
  std::vector<T> full;

  Input(Operand how, unsigned seed) : full(count) {
    const std::size_t size = how == Operand::Full            ? count
                             : how == Operand::OneForAll     ? 1
                             : how == Operand::OneForEachRow ? rows
                                                             : columns;
    slot = numbers<T>(size, seed);
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t at = how == Operand::Full            ? i
                             : how == Operand::OneForAll     ? 0
                             : how == Operand::OneForEachRow ? i / columns
                                                             : i % columns;
      full[i] = slot[at];
    }
  }
};

PackOp load_of(Operand how) {
  switch (how) {
    case Operand::Full:
      return PackOp::Load;
    case Operand::OneForAll:
      return PackOp::Number;
    case Operand::OneForEachRow:
      return PackOp::OfRow;
    case Operand::OneForEachColumn:
      break;
  }
  return PackOp::OfColumn;
}

template <class T>
std::vector<T> by_kernel(Opcode op, std::array<Input<T>, 3>& inputs) {
  std::vector<T> result(count);
  const auto bytes = [](std::vector<T>& x) { return reinterpret_cast<std::byte*>(x.data()); };
  const std::array<std::byte*, 4> slots{bytes(result), bytes(inputs[0].full), bytes(inputs[1].full),
                                        bytes(inputs[2].full)};
  const BlockKernel kernel = kernel_of(op, static_cast<std::size_t>(xgrad::dtype_of<T>));
  Frame frame{};
  frame.count = count;
  frame.columns = columns;
  kernel(frame, slots.data(), {kernel, 0, 1, 2, 3});
  return result;
}

/// \param crowded  whether more values than there are registers are kept meanwhile.
template <class T>
std::vector<T> by_lines(Opcode op, std::array<Input<T>, 3>& inputs, std::array<Operand, 3> how, bool crowded) {
  PackWriter writer;
  writer.begin(std::is_same_v<T, float>);
  writer.program().rows = true;
  std::array<std::uint32_t, 3> operands{};
  for (std::uint32_t k = 0; k < 3; ++k) operands[k] = writer.append({load_of(how[k]), 0, 0, 0, k + 1});
  std::vector<std::uint32_t> others;
  for (std::uint32_t k = 0; crowded && k < 14; ++k) {
    others.push_back(writer.value(PackOp::Add, k == 0 ? operands[0] : others.back(), operands[k % 3]));
  }
  const std::uint32_t value = writer.append({PackOp::Function, operands[0], operands[1], operands[2], op});
  std::uint32_t total = value;
  for (const std::uint32_t each : others) total = writer.value(PackOp::Add, total, each);
  writer.append({PackOp::Store, total, 0, 0, 4});
  writer.append({PackOp::Store, value, 0, 0, 0});
  const auto code = generate(writer.program());
  BOOST_REQUIRE(code != nullptr);
  std::vector<T> result(count, T(77));
  std::vector<T> rest(count, T(77));
  const auto bytes = [](std::vector<T>& x) { return reinterpret_cast<std::byte*>(x.data()); };
  const std::array<std::byte*, 5> slots{bytes(result), bytes(inputs[0].slot), bytes(inputs[1].slot),
                                        bytes(inputs[2].slot), bytes(rest)};
  CheckFailure failure;
  BOOST_TEST((*code)(slots.data(), count, columns, failure) == 0U);
  for (std::size_t i = 0; crowded && i < count; ++i) {
    std::array<T, 14> sums{};
    for (std::size_t k = 0; k < sums.size(); ++k)
      sums[k] = (k == 0 ? inputs[0].full[i] : sums[k - 1]) + inputs[k % 3].full[i];
    T wanted = result[i];
    for (const T each : sums) wanted += each;
    const bool right = wanted == rest[i] || (std::isnan(wanted) && std::isnan(rest[i]));
    if (!right) BOOST_TEST(right, name_of(op) << ": other registers, element " << i);
  }
  return result;
}

/// The same number; of a NaN neither sign nor payload is promised.
template <class T>
bool same_bits(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

template <class T>
void compare(Opcode op, unsigned seed) {
  std::mt19937 random(seed);
  std::array<Operand, 3> how{};
  for (Operand& each : how) each = seed < 8 ? Operand::Full : static_cast<Operand>(random() % 4);
  const bool of_hypotenuse = op == xgrad::plan::op_of_part(xgrad::primitives::Part::CosineFrom);
  if (of_hypotenuse) how[2] = Operand::Full;
  std::array<Input<T>, 3> inputs{Input<T>(how[0], seed), Input<T>(how[1], seed + 1), Input<T>(how[2], seed + 2)};
  if (of_hypotenuse) {
    inputs[2].slot = inputs[2].full = by_kernel(xgrad::primitives::opcode<xgrad::primitives::Hypot>, inputs);
  }
  const std::vector<T> wanted = by_kernel(op, inputs);
  const std::vector<T> got = by_lines(op, inputs, how, seed % 2 == 1);
  for (std::size_t i = 0; i < count; ++i) {
    const bool right = same_bits(wanted[i], got[i]);
    if (right) continue;
    BOOST_TEST(right, name_of(op) << " of " << inputs[0].full[i] << ", " << inputs[1].full[i] << ", "
                                  << inputs[2].full[i] << ": " << got[i] << ", not " << wanted[i] << "; seed " << seed);
    break;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(functions, *boost::unit_test::precondition(Needs()))

BOOST_AUTO_TEST_CASE_TEMPLATE(bits_of_kernels, T, Types) {
  std::size_t tested = 0;
  for (std::size_t op = 0; op < xgrad::plan::operation_count; ++op) {
    if (!has_lines(static_cast<Opcode>(op))) continue;
    ++tested;
    for (unsigned seed = 0; seed < 60; ++seed) compare<T>(static_cast<Opcode>(op), seed);
  }
  BOOST_TEST(tested >= 20U);
}

// The rare ways of many functions need more of the stack than all else does.
BOOST_AUTO_TEST_CASE_TEMPLATE(many_rare_ways, T, Types) {
  constexpr Opcode op = xgrad::primitives::opcode<xgrad::primitives::Power>;
  constexpr std::size_t functions = 8;
  std::array<Input<T>, 3> inputs{Input<T>(Operand::Full, 0), Input<T>(Operand::Full, 3), Input<T>(Operand::Full, 6)};
  PackWriter writer;
  writer.begin(std::is_same_v<T, float>);
  const std::uint32_t x = writer.append({PackOp::Load, 0, 0, 0, 0});
  std::uint32_t y = writer.append({PackOp::Load, 0, 0, 0, 1});
  std::vector<std::vector<T>> results(functions, std::vector<T>(count, T(77)));
  std::vector<std::byte*> slots;
  for (std::size_t k = 0; k < 2; ++k) slots.push_back(reinterpret_cast<std::byte*>(inputs[k].full.data()));
  for (std::size_t k = 0; k < functions; ++k) {
    const std::uint32_t power = writer.append({PackOp::Function, x, y, 0, op});
    slots.push_back(reinterpret_cast<std::byte*>(results[k].data()));
    writer.append({PackOp::Store, power, 0, 0, static_cast<std::uint32_t>(k) + 2});
    y = writer.append({PackOp::Add, y, x});
  }
  const auto code = generate(writer.program());
  BOOST_REQUIRE(code != nullptr);
  CheckFailure failure;
  BOOST_TEST((*code)(slots.data(), count, count, failure) == 0U);
  for (std::size_t k = 0; k < functions; ++k) {
    const std::vector<T> wanted = by_kernel(op, inputs);
    for (std::size_t i = 0; i < count; ++i) {
      const bool right = same_bits(wanted[i], results[k][i]);
      if (!right) BOOST_TEST(right, "power " << k << ", element " << i);
      inputs[1].full[i] += inputs[0].full[i];
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE_END()
