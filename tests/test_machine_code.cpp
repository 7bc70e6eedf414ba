// Machine code gives the bits that the same operations give one after the other.
#include <algorithm>
#include <array>
#include <bit>
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
#include <xgrad/core/errors.hpp>

#include "backend/cpu/kernels/block/block.hpp"
#include "backend/cpu/kernels/generated/pack_program.hpp"

BOOST_AUTO_TEST_SUITE(test_machine_code)

using namespace xgrad::backend::cpu::kernels;

namespace {

using Types = boost::mpl::list<float, double>;

struct Needs {
  boost::test_tools::assertion_result operator()(boost::unit_test::test_unit_id) const {
    boost::test_tools::assertion_result result(can_generate());
    result.message() << "this machine has no AVX2, or machine code is switched off";
    return result;
  }
};

/// Numbers of all signs and sizes, infinities and NaN among them, in an order of their own for each `seed`.
template <class T>
std::vector<T> numbers(std::size_t count, std::size_t seed) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> special{T(0),
                               T(-0.0),
                               T(1),
                               T(-1),
                               Limits::infinity(),
                               -Limits::infinity(),
                               Limits::quiet_NaN(),
                               Limits::min(),
                               Limits::denorm_min(),
                               Limits::max()};
  std::mt19937 random(static_cast<unsigned>(seed));
  std::normal_distribution<double> normal;
  std::vector<T> result(count);
  for (T& x : result) x = random() % 3 == 0 ? special[random() % special.size()] : static_cast<T>(normal(random));
  return result;
}

/// A program with the arrays that its slots are.
template <class T>
struct Machine {
  PackProgram program{std::is_same_v<T, float>, false, {}};
  std::vector<std::vector<std::byte>> arrays;

  template <class E>
  std::uint32_t slot(const std::vector<E>& elements) {
    arrays.emplace_back(elements.size() * sizeof(E));
    if (!elements.empty()) std::memcpy(arrays.back().data(), elements.data(), arrays.back().size());
    return static_cast<std::uint32_t>(arrays.size() - 1);
  }
  std::uint32_t append(PackOp op, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0,
                       std::uint32_t slot = 0) {
    program.instructions.push_back({op, a, b, c, slot});
    return static_cast<std::uint32_t>(program.instructions.size() - 1);
  }
  std::uint32_t constant(T number) {
    std::array<std::uint32_t, 2> halves{};
    std::memcpy(halves.data(), &number, sizeof number);
    return append(PackOp::Constant, halves[0], halves[1]);
  }
  template <class E>
  std::uint32_t load(PackOp op, const std::vector<E>& elements) {
    return append(op, 0, 0, 0, slot(elements));
  }
  std::uint32_t store(std::uint32_t value, std::size_t count) {
    const std::uint32_t to = slot(std::vector<T>(count, T(77)));
    append(PackOp::Store, value, 0, 0, to);
    return to;
  }
  template <class E>
  [[nodiscard]] std::vector<E> array(std::uint32_t slot) const {
    std::vector<E> result(arrays[slot].size() / sizeof(E));
    if (!result.empty()) std::memcpy(result.data(), arrays[slot].data(), arrays[slot].size());
    return result;
  }
  std::uint32_t run(std::size_t count, std::size_t columns, CheckFailure& failure) {
    const auto code = generate(program);
    BOOST_REQUIRE(code != nullptr);
    std::vector<std::byte*> slots;
    for (auto& each : arrays) slots.push_back(each.data());
    return (*code)(slots.data(), count, columns, failure);
  }
  std::uint32_t run(std::size_t count, std::size_t columns = 0) {
    CheckFailure failure;
    return run(count, columns == 0 ? count : columns, failure);
  }
};

/// What an instruction computes of two numbers.
template <class T>
T number_of(PackOp op, T a, T b) {
  switch (op) {
    case PackOp::Add:
      return a + b;
    case PackOp::Subtract:
      return a - b;
    case PackOp::Multiply:
      return a * b;
    case PackOp::Divide:
      return a / b;
    case PackOp::Negate:
      return -a;
    case PackOp::Absolute:
      return std::abs(a);
    case PackOp::Sign:
      return a > 0 ? T(1) : a < 0 ? T(-1) : a;
    case PackOp::Relu:
      return a <= 0 ? T(0) : a;
    case PackOp::Sqrt:
      return std::sqrt(a);
    case PackOp::Maximum:
      return b != b || b > a ? b : a;
    case PackOp::Minimum:
      return b != b || b < a ? b : a;
    case PackOp::Offset:
      return a == b ? T(0) : a - b;
    default:  // AbsorbingMultiply
      return a == 0 ? T(0) : a * b;
  }
}
template <class T>
bool truth_of(PackOp op, T a, T b) {
  if (op == PackOp::Less) return a < b;
  if (op == PackOp::LessEqual) return a <= b;
  return (a == b) == (op == PackOp::Equal);
}

const std::vector<PackOp> unary{PackOp::Negate, PackOp::Absolute, PackOp::Sign, PackOp::Relu, PackOp::Sqrt};
const std::vector<PackOp> binary{PackOp::Add,     PackOp::Subtract, PackOp::Multiply,          PackOp::Divide,
                                 PackOp::Maximum, PackOp::Minimum,  PackOp::AbsorbingMultiply, PackOp::Offset};
const std::vector<PackOp> comparisons{PackOp::Less, PackOp::LessEqual, PackOp::Equal, PackOp::NotEqual};

/// The same number; of a NaN neither sign nor payload is promised.
template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

/// A program of arbitrary instructions, and what it must give.
template <class T>
class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed, std::size_t count) : random_(seed), count_(count) {
    for (std::size_t k = 0; k < 1 + random_() % 12; ++k) add_operand();
    add_mask_operand();
    const std::size_t instructions = 1 + random_() % 120;
    for (std::size_t k = 0; k < instructions; ++k) add_instruction();
    for (std::size_t k = 0; k < 1 + random_() % 8; ++k) {
      const std::size_t value = random_() % numbers_.size();
      expected_.push_back(numbers_[value].second);
      const std::uint32_t to = machine_.slot(std::vector<T>(count_ + 8, T(77)));
      machine_.append(random_() % 2 == 0 ? PackOp::Store : PackOp::Stream, numbers_[value].first, 0, 0, to);
      outputs_.push_back(to);
    }
    for (std::size_t k = 0; k < random_() % 3; ++k) {
      const std::size_t value = random_() % masks_.size();
      expected_masks_.push_back(masks_[value].second);
      const std::uint32_t to = machine_.slot(std::vector<std::uint8_t>(count_ + 8, 77));
      machine_.append(PackOp::StoreMask, masks_[value].first, 0, 0, to);
      output_masks_.push_back(to);
    }
  }

  void check(const std::string& name) {
    machine_.run(count_);
    for (std::size_t k = 0; k < outputs_.size(); ++k) {
      const auto got = machine_.template array<T>(outputs_[k]);
      for (std::size_t i = 0; i < got.size(); ++i) {
        const bool right = same(got[i], i < count_ ? expected_[k][i] : T(77));
        if (!right) BOOST_TEST(right, name << ": output " << k << ", element " << i << " is " << got[i]);
      }
    }
    for (std::size_t k = 0; k < output_masks_.size(); ++k) {
      const auto got = machine_.template array<std::uint8_t>(output_masks_[k]);
      for (std::size_t i = 0; i < got.size(); ++i) {
        const bool right = got[i] == (i < count_ ? expected_masks_[k][i] : 77);
        if (!right) BOOST_TEST(right, name << ": mask " << k << ", element " << i << " is " << int(got[i]));
      }
    }
  }

 private:
  using Numbers = std::vector<T>;
  using Masks = std::vector<std::uint8_t>;

  void add_operand() {
    const bool one = random_() % 4 == 0;
    Numbers x = test_machine_code::numbers<T>(one ? 1 : count_, random_());
    const std::uint32_t id = machine_.load(one ? PackOp::Number : PackOp::Load, x);
    if (one) x.assign(count_, x[0]);
    numbers_.emplace_back(id, x);
  }
  void add_mask_operand() {
    Masks x(count_);
    for (auto& each : x) each = random_() % 2;
    masks_.emplace_back(machine_.load(PackOp::LoadMask, x), x);
  }

  void add_instruction() {
    const auto& [a, x] = numbers_[random_() % numbers_.size()];
    const auto& [b, y] = numbers_[random_() % numbers_.size()];
    const auto& [m, p] = masks_[random_() % masks_.size()];
    const auto& [n, q] = masks_[random_() % masks_.size()];
    Numbers result(count_);
    Masks truth(count_);
    const auto pick = [&](const std::vector<PackOp>& from) { return from[random_() % from.size()]; };
    PackOp op{};
    switch (random_() % 8) {
      case 0:
        op = pick(unary);
        for (std::size_t i = 0; i < count_; ++i) result[i] = number_of(op, x[i], x[i]);
        return keep(machine_.append(op, a), result);
      case 1:
        op = pick(comparisons);
        for (std::size_t i = 0; i < count_; ++i) truth[i] = truth_of(op, x[i], y[i]);
        return keep(machine_.append(op, a, b), truth);
      case 2:
        for (std::size_t i = 0; i < count_; ++i) truth[i] = p[i] != 0 && q[i] != 0;
        return keep(machine_.append(PackOp::And, m, n), truth);
      case 3:
        for (std::size_t i = 0; i < count_; ++i) truth[i] = p[i] != 0 || q[i] == 0;
        return keep(machine_.append(PackOp::Or, m, machine_.append(PackOp::Not, n)), truth);
      case 4:
        for (std::size_t i = 0; i < count_; ++i) result[i] = p[i] != 0 ? x[i] : y[i];
        return keep(machine_.append(PackOp::Select, m, a, b), result);
      case 5:
        for (std::size_t i = 0; i < count_; ++i) result[i] = T(p[i]) + (random_one_ ? T(1) : T(0));
        return keep(machine_.append(PackOp::Add, machine_.append(PackOp::FromMask, m), constant()), result);
      default:
        op = pick(binary);
        for (std::size_t i = 0; i < count_; ++i) result[i] = number_of(op, x[i], y[i]);
        return keep(machine_.append(op, a, b), result);
    }
  }
  std::uint32_t constant() { return machine_.constant(random_one_ ? T(1) : T(0)); }
  void keep(std::uint32_t id, const Numbers& x) { numbers_.emplace_back(id, x); }
  void keep(std::uint32_t id, const Masks& x) { masks_.emplace_back(id, x); }

  std::mt19937 random_;
  std::size_t count_;
  bool random_one_ = random_() % 2 == 0;
  Machine<T> machine_;
  std::vector<std::pair<std::uint32_t, Numbers>> numbers_;
  std::vector<std::pair<std::uint32_t, Masks>> masks_;
  std::vector<Numbers> expected_;
  std::vector<Masks> expected_masks_;
  std::vector<std::uint32_t> outputs_;
  std::vector<std::uint32_t> output_masks_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(machine_code, *boost::unit_test::precondition(Needs()))

// Every number beside every other, in every operation, with counts around those of registers.
BOOST_AUTO_TEST_CASE_TEMPLATE(arbitrary_programs, T, Types) {
  for (unsigned seed = 0; seed < 600; ++seed) {
    RandomProgram<T>(seed, seed % 53).check("program " + std::to_string(seed));
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(one_rounding, T, Types) {
  Machine<T> machine;
  const auto x = numbers<T>(41, 1);
  const auto y = numbers<T>(41, 2);
  const auto z = numbers<T>(41, 3);
  const std::uint32_t a = machine.load(PackOp::Load, x);
  const std::uint32_t b = machine.load(PackOp::Load, y);
  const std::uint32_t c = machine.load(PackOp::Load, z);
  const std::uint32_t to = machine.store(machine.append(PackOp::NegativeMultiplyAdd, a, b, c), 41);
  machine.run(41);
  const auto got = machine.template array<T>(to);
  for (std::size_t i = 0; i < 41; ++i) BOOST_TEST(same(got[i], std::fma(-x[i], y[i], z[i])), "element " << i);
}

// An output may be the memory of an operand: everything is read before it is written.
BOOST_AUTO_TEST_CASE_TEMPLATE(in_place, T, Types) {
  for (std::size_t count : {3U, 8U, 100U}) {
    Machine<T> machine;
    const auto x = numbers<T>(count, 1);
    const auto y = numbers<T>(count, 2);
    const std::uint32_t a = machine.load(PackOp::Load, x);
    const std::uint32_t b = machine.load(PackOp::Load, y);
    std::uint32_t total = machine.append(PackOp::Add, a, b);
    std::vector<std::uint32_t> parts;
    for (int k = 0; k < 20; ++k) parts.push_back(machine.append(PackOp::Add, parts.empty() ? total : parts.back(), a));
    for (const std::uint32_t part : parts)
      total = machine.append(PackOp::Maximum, total, part);  // more than the registers
    machine.append(PackOp::Store, b, 0, 0, 0);               // they change places
    machine.append(PackOp::Store, a, 0, 0, 1);
    machine.store(total, count);
    machine.run(count);
    const auto first = machine.template array<T>(0);
    const auto second = machine.template array<T>(1);
    for (std::size_t i = 0; i < count; ++i)
      BOOST_TEST((same(first[i], y[i]) && same(second[i], x[i])), "element " << i);
  }
}

// The order of sums is that of the kernels.
BOOST_AUTO_TEST_CASE_TEMPLATE(sums, T, Types) {
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  const auto type = static_cast<std::size_t>(xgrad::dtype_of<T>);
  for (std::size_t columns : {16U, 17U, 31U, 32U, 100U, 1024U}) {
    for (std::size_t rows : {1U, 3U}) {
      std::vector<T> x(rows * columns);
      for (T& each : x) each = static_cast<T>(normal(random));
      Machine<T> machine;
      machine.program.rows = rows > 1;
      const std::uint32_t a = machine.load(PackOp::Load, x);
      const std::vector<double> before(rows, 0.25);
      const std::uint32_t to = machine.slot(before);
      machine.append(rows > 1 ? PackOp::SumRows : PackOp::SumAll, machine.append(PackOp::Multiply, a, a), 0, 0, to);
      machine.run(x.size(), columns);
      std::vector<T> squares(x);
      for (T& each : squares) each *= each;
      std::vector<double> expected(before);
      std::vector<std::byte*> slots{reinterpret_cast<std::byte*>(expected.data()),
                                    reinterpret_cast<std::byte*>(squares.data())};
      Frame frame{};
      frame.count = x.size();
      frame.columns = columns;
      block_table().reduce_rows[0][type](frame, slots.data(), {nullptr, 0, 1, 0, 0});
      BOOST_TEST((machine.template array<double>(to) == expected), rows << " x " << columns);

      // Squares of floats, which doubles hold, whatever the floats' size.
      if (sizeof(T) != sizeof(float)) continue;
      for (std::size_t i = 0; i < x.size(); i += 3) x[i] *= static_cast<T>(1e25);
      Machine<T> of_squares;
      of_squares.program.rows = rows > 1;
      const std::uint32_t b = of_squares.load(PackOp::Load, x);
      const std::uint32_t there = of_squares.slot(before);
      of_squares.append(rows > 1 ? PackOp::SumSquaresRows : PackOp::SumSquaresAll, b, 0, 0, there);
      of_squares.run(x.size(), columns);
      expected = before;
      slots[1] = reinterpret_cast<std::byte*>(x.data());
      block_table().reduce_rows[static_cast<std::size_t>(Reduction::Norm)][type](frame, slots.data(),
                                                                                 {nullptr, 0, 1, 0, 0});
      BOOST_TEST((of_squares.template array<double>(there) == expected), "squares, " << rows << " x " << columns);
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(rows_and_columns, T, Types) {
  for (std::size_t columns : {1U, 2U, 5U, 8U, 19U}) {
    constexpr std::size_t rows = 4;
    Machine<T> machine;
    machine.program.rows = true;
    const auto x = numbers<T>(rows * columns, 1);
    const auto of_row = numbers<T>(rows, 2);
    const auto of_column = numbers<T>(columns, 3);
    const std::uint32_t a = machine.load(PackOp::Load, x);
    const std::uint32_t b = machine.load(PackOp::OfRow, of_row);
    const std::uint32_t c = machine.load(PackOp::OfColumn, of_column);
    const std::uint32_t to =
        machine.store(machine.append(PackOp::Multiply, machine.append(PackOp::Add, a, b), c), x.size() + 8);
    machine.run(x.size(), columns);
    const auto got = machine.template array<T>(to);
    for (std::size_t i = 0; i < got.size(); ++i) {
      const T expected = i < x.size() ? (x[i] + of_row[i / columns]) * of_column[i % columns] : T(77);
      BOOST_TEST(same(got[i], expected), columns << " columns, element " << i << ": " << got[i]);
    }
  }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(checks, T, Types) {
  constexpr std::size_t count = 21;
  for (std::size_t bad = 0; bad <= count; ++bad) {
    Machine<T> machine;
    std::vector<T> x(count, T(1));
    if (bad < count) x[bad] = T(-3);
    const std::uint32_t a = machine.load(PackOp::Load, x);
    const std::uint32_t zero = machine.constant(T(0));
    machine.append(PackOp::Check, machine.append(PackOp::LessEqual, zero, a), a, 0, 5);
    machine.store(a, count);
    CheckFailure failure;
    const std::uint32_t failed = machine.run(count, count, failure);
    BOOST_TEST(failed == (bad < count ? 6U : 0U));
    if (failed == 0) continue;
    constexpr std::size_t bytes = sizeof failure.values;
    T values[bytes / sizeof(T)];
    std::memcpy(values, failure.values, sizeof failure.values);
    BOOST_TEST(values[std::countr_one(failure.holds)] == T(-3), "element " << bad);
  }
}

BOOST_AUTO_TEST_CASE(too_long) {
  Machine<double> machine;
  std::uint32_t x = machine.load(PackOp::Load, std::vector<double>(4, 1.0));
  for (int k = 0; k < 20000; ++k) x = machine.append(PackOp::Negate, x);
  machine.store(x, 4);
  BOOST_TEST((generate(machine.program) == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(what_the_environment_may_say) {
  for (const char* setting : {"on", "", static_cast<const char*>(nullptr)}) BOOST_TEST(allows_machine_code(setting));
  BOOST_TEST(!allows_machine_code("off"));
  for (const char* setting : {"Off", "0", "no", "off "}) {
    BOOST_CHECK_EXCEPTION(allows_machine_code(setting), xgrad::ValueError, [&](const xgrad::ValueError& error) {
      return std::string(error.what()) == "XGRAD_MACHINE_CODE: \"" + std::string(setting) + "\" is neither on nor off";
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()
