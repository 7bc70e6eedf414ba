// Machine code gives the bits that the same operations give one after the other.
#include <algorithm>
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

#include "kernels/block/block.hpp"
#include "kernels/generated/program.hpp"

BOOST_AUTO_TEST_SUITE(test_machine_code)

using namespace xgrad::kernels;

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
  Program program{std::is_same_v<T, float>, false, {}};
  std::vector<std::vector<std::byte>> arrays;

  template <class E>
  std::uint32_t slot(const std::vector<E>& elements) {
    arrays.emplace_back(elements.size() * sizeof(E));
    if (!elements.empty()) std::memcpy(arrays.back().data(), elements.data(), arrays.back().size());
    return static_cast<std::uint32_t>(arrays.size() - 1);
  }
  std::uint32_t line(Do what, std::uint32_t a = 0, std::uint32_t b = 0, std::uint32_t c = 0, std::uint32_t slot = 0) {
    program.lines.push_back({what, a, b, c, slot});
    return static_cast<std::uint32_t>(program.lines.size() - 1);
  }
  template <class E>
  std::uint32_t load(Do what, const std::vector<E>& elements) {
    return line(what, 0, 0, 0, slot(elements));
  }
  std::uint32_t store(std::uint32_t value, std::size_t count) {
    const std::uint32_t to = slot(std::vector<T>(count, T(77)));
    line(Do::Store, value, 0, 0, to);
    return to;
  }
  template <class E>
  [[nodiscard]] std::vector<E> array(std::uint32_t slot) const {
    std::vector<E> result(arrays[slot].size() / sizeof(E));
    if (!result.empty()) std::memcpy(result.data(), arrays[slot].data(), arrays[slot].size());
    return result;
  }
  std::uint32_t run(std::size_t count, std::size_t columns, Broken& broken) {
    const auto code = generate(program);
    BOOST_REQUIRE(code != nullptr);
    std::vector<std::byte*> slots;
    for (auto& each : arrays) slots.push_back(each.data());
    return (*code)(slots.data(), count, columns, broken);
  }
  std::uint32_t run(std::size_t count, std::size_t columns = 0) {
    Broken broken;
    return run(count, columns == 0 ? count : columns, broken);
  }
};

/// What a line computes of two numbers.
template <class T>
T number_of(Do what, T a, T b) {
  switch (what) {
    case Do::Add:
      return a + b;
    case Do::Subtract:
      return a - b;
    case Do::Multiply:
      return a * b;
    case Do::Divide:
      return a / b;
    case Do::Negate:
      return -a;
    case Do::Absolute:
      return std::abs(a);
    case Do::Sign:
      return a > 0 ? T(1) : a < 0 ? T(-1) : a;
    case Do::Relu:
      return a <= 0 ? T(0) : a;
    case Do::Sqrt:
      return std::sqrt(a);
    case Do::Maximum:
      return b != b || b > a ? b : a;
    case Do::Minimum:
      return b != b || b < a ? b : a;
    case Do::Offset:
      return a == b ? T(0) : a - b;
    default:  // AbsorbingMultiply
      return a == 0 ? T(0) : a * b;
  }
}
template <class T>
bool truth_of(Do what, T a, T b) {
  if (what == Do::Less) return a < b;
  if (what == Do::LessEqual) return a <= b;
  return (a == b) == (what == Do::Equal);
}

const std::vector<Do> unary{Do::Negate, Do::Absolute, Do::Sign, Do::Relu, Do::Sqrt};
const std::vector<Do> binary{Do::Add,     Do::Subtract, Do::Multiply,          Do::Divide,
                             Do::Maximum, Do::Minimum,  Do::AbsorbingMultiply, Do::Offset};
const std::vector<Do> comparisons{Do::Less, Do::LessEqual, Do::Equal, Do::NotEqual};

/// The same number; of a NaN neither sign nor payload is promised.
template <class T>
bool same(T a, T b) {
  return (std::isnan(a) && std::isnan(b)) || std::memcmp(&a, &b, sizeof a) == 0;
}

/// A program of arbitrary lines, and what it must give.
template <class T>
class RandomProgram {
 public:
  explicit RandomProgram(unsigned seed, std::size_t count) : random_(seed), count_(count) {
    for (std::size_t k = 0; k < 1 + random_() % 12; ++k) add_operand();
    add_mask_operand();
    const std::size_t lines = 1 + random_() % 120;
    for (std::size_t k = 0; k < lines; ++k) add_line();
    for (std::size_t k = 0; k < 1 + random_() % 8; ++k) {
      const std::size_t value = random_() % numbers_.size();
      expected_.push_back(numbers_[value].second);
      const std::uint32_t to = machine_.slot(std::vector<T>(count_ + 8, T(77)));
      machine_.line(random_() % 2 == 0 ? Do::Store : Do::Stream, numbers_[value].first, 0, 0, to);
      outputs_.push_back(to);
    }
    for (std::size_t k = 0; k < random_() % 3; ++k) {
      const std::size_t value = random_() % masks_.size();
      expected_masks_.push_back(masks_[value].second);
      const std::uint32_t to = machine_.slot(std::vector<std::uint8_t>(count_ + 8, 77));
      machine_.line(Do::StoreMask, masks_[value].first, 0, 0, to);
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
    const std::uint32_t line = machine_.load(one ? Do::Number : Do::Load, x);
    if (one) x.assign(count_, x[0]);
    numbers_.emplace_back(line, x);
  }
  void add_mask_operand() {
    Masks x(count_);
    for (auto& each : x) each = random_() % 2;
    masks_.emplace_back(machine_.load(Do::LoadMask, x), x);
  }

  void add_line() {
    const auto& [a, x] = numbers_[random_() % numbers_.size()];
    const auto& [b, y] = numbers_[random_() % numbers_.size()];
    const auto& [m, p] = masks_[random_() % masks_.size()];
    const auto& [n, q] = masks_[random_() % masks_.size()];
    Numbers result(count_);
    Masks truth(count_);
    const auto pick = [&](const std::vector<Do>& from) { return from[random_() % from.size()]; };
    Do what{};
    switch (random_() % 8) {
      case 0:
        what = pick(unary);
        for (std::size_t i = 0; i < count_; ++i) result[i] = number_of(what, x[i], x[i]);
        return keep(machine_.line(what, a), result);
      case 1:
        what = pick(comparisons);
        for (std::size_t i = 0; i < count_; ++i) truth[i] = truth_of(what, x[i], y[i]);
        return keep(machine_.line(what, a, b), truth);
      case 2:
        for (std::size_t i = 0; i < count_; ++i) truth[i] = p[i] != 0 && q[i] != 0;
        return keep(machine_.line(Do::And, m, n), truth);
      case 3:
        for (std::size_t i = 0; i < count_; ++i) truth[i] = p[i] != 0 || q[i] == 0;
        return keep(machine_.line(Do::Or, m, machine_.line(Do::Not, n)), truth);
      case 4:
        for (std::size_t i = 0; i < count_; ++i) result[i] = p[i] != 0 ? x[i] : y[i];
        return keep(machine_.line(Do::Select, m, a, b), result);
      case 5:
        for (std::size_t i = 0; i < count_; ++i) result[i] = T(p[i]) + (random_one_ ? T(1) : T(0));
        return keep(machine_.line(Do::Add, machine_.line(Do::FromMask, m), constant()), result);
      default:
        what = pick(binary);
        for (std::size_t i = 0; i < count_; ++i) result[i] = number_of(what, x[i], y[i]);
        return keep(machine_.line(what, a, b), result);
    }
  }
  std::uint32_t constant() { return machine_.line(Do::Constant, 0, 0, 0, random_one_ ? 1 : 0); }
  void keep(std::uint32_t line, const Numbers& x) { numbers_.emplace_back(line, x); }
  void keep(std::uint32_t line, const Masks& x) { masks_.emplace_back(line, x); }

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
  const std::uint32_t a = machine.load(Do::Load, x);
  const std::uint32_t b = machine.load(Do::Load, y);
  const std::uint32_t c = machine.load(Do::Load, z);
  const std::uint32_t to = machine.store(machine.line(Do::NegativeMultiplyAdd, a, b, c), 41);
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
    const std::uint32_t a = machine.load(Do::Load, x);
    const std::uint32_t b = machine.load(Do::Load, y);
    std::uint32_t total = machine.line(Do::Add, a, b);
    std::vector<std::uint32_t> parts;
    for (int k = 0; k < 20; ++k) parts.push_back(machine.line(Do::Add, parts.empty() ? total : parts.back(), a));
    for (const std::uint32_t part : parts) total = machine.line(Do::Maximum, total, part);  // more than the registers
    machine.line(Do::Store, b, 0, 0, 0);                                                    // they change places
    machine.line(Do::Store, a, 0, 0, 1);
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
      const std::uint32_t a = machine.load(Do::Load, x);
      const std::vector<double> before(rows, 0.25);
      const std::uint32_t to = machine.slot(before);
      machine.line(rows > 1 ? Do::SumRows : Do::SumAll, machine.line(Do::Multiply, a, a), 0, 0, to);
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
    const std::uint32_t a = machine.load(Do::Load, x);
    const std::uint32_t b = machine.load(Do::OfRow, of_row);
    const std::uint32_t c = machine.load(Do::OfColumn, of_column);
    const std::uint32_t to = machine.store(machine.line(Do::Multiply, machine.line(Do::Add, a, b), c), x.size() + 8);
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
    const std::uint32_t a = machine.load(Do::Load, x);
    const std::uint32_t zero = machine.line(Do::Constant);
    machine.line(Do::Check, machine.line(Do::LessEqual, zero, a), a, 0, 5);
    machine.store(a, count);
    Broken broken;
    const std::uint32_t failed = machine.run(count, count, broken);
    BOOST_TEST(failed == (bad < count ? 6U : 0U));
    if (failed == 0) continue;
    T values[32 / sizeof(T)];
    std::memcpy(values, broken.values, sizeof broken.values);
    BOOST_TEST(values[std::countr_one(broken.holds)] == T(-3), "element " << bad);
  }
}

BOOST_AUTO_TEST_CASE(too_long) {
  Machine<double> machine;
  std::uint32_t x = machine.load(Do::Load, std::vector<double>(4, 1.0));
  for (int k = 0; k < 20000; ++k) x = machine.line(Do::Negate, x);
  machine.store(x, 4);
  BOOST_TEST((generate(machine.program) == nullptr));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_CASE(what_the_environment_may_say) {
  for (const char* wish : {"on", "", static_cast<const char*>(nullptr)}) BOOST_TEST(allows_machine_code(wish));
  BOOST_TEST(!allows_machine_code("off"));
  for (const char* wish : {"Off", "0", "no", "off "}) {
    BOOST_CHECK_EXCEPTION(allows_machine_code(wish), xgrad::ValueError, [&](const xgrad::ValueError& error) {
      return std::string(error.what()) == "XGRAD_MACHINE_CODE: \"" + std::string(wish) + "\" is neither on nor off";
    });
  }
}

BOOST_AUTO_TEST_SUITE_END()
