// Straight machine code gives the bits that the steps one by one give, and takes their place.
#include "comparing.hpp"

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

#include <xgrad/xgrad.hpp>

#include "backend/cpu/kernels/generated/pack_program.hpp"
#include "backend/cpu/machine_code.hpp"
#include "backend/cpu/straight.hpp"

BOOST_AUTO_TEST_SUITE(test_straight_code)

namespace xg = xgrad;
using comparing::contains;
using xg::Var;
using xgrad::backend::cpu::machine_code_limits;
using xgrad::backend::cpu::MachineCodeLimits;
using xgrad::backend::cpu::straight_codes;

namespace {

constexpr std::uint32_t runs_before = 2;

/// As compiled functions have it, but sooner.
class StraightSoon {
 public:
  StraightSoon() { machine_code_limits() = {.straight_after = runs_before}; }
  StraightSoon(const StraightSoon&) = delete;
  StraightSoon& operator=(const StraightSoon&) = delete;
  ~StraightSoon() { machine_code_limits() = before_; }

 private:
  MachineCodeLimits before_ = machine_code_limits();
};

/// Numbers of all kinds, of which each third is one of the strange ones.
template <class T>
Var numbers(const xg::Shape& shape, unsigned seed) {
  using Limits = std::numeric_limits<T>;
  const std::vector<T> strange{
      T(0), -T(0), Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN(), Limits::denorm_min(), T(1)};
  auto array = xg::Array<T>::from_shape(shape);
  for (std::size_t i = 0; i < array.size(); ++i) {
    const unsigned k = static_cast<unsigned>(i) * 7U + seed;
    array.data()[i] = k % 3 == 0 ? strange[k / 3 % strange.size()] : static_cast<T>(std::sin(k) * 2.0);
  }
  return {std::move(array)};
}

template <class T>
bool same_bits(const Var& a, const Var& b) {
  const xg::Array<T>& x = a.array<T>();
  const xg::Array<T>& y = b.array<T>();
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool both_nan = x.data()[i] != x.data()[i] && y.data()[i] != y.data()[i];
    if (!both_nan && std::memcmp(x.data() + i, y.data() + i, sizeof(T)) != 0) return false;
  }
  return x.size() == y.size();
}
bool same_bits(const Var& a, const Var& b) {
  switch (a.dtype()) {
    case xg::DType::Bool:
      return same_bits<bool>(a, b);
    case xg::DType::Int64:
      return same_bits<std::int64_t>(a, b);
    case xg::DType::Float32:
      return same_bits<float>(a, b);
    case xg::DType::Float64:
      break;
  }
  return same_bits<double>(a, b);
}

using Program = std::function<std::vector<Var>(const Var&, const Var&)>;

/// The results of the first run, by the steps, are those of later ones.
void check(const char* name, const Program& program, const Var& x, const Var& y) {
  BOOST_TEST_CONTEXT(name << ", " << xg::to_string(x.shape())) {
    const StraightSoon soon;
    const auto f = xg::compile(program);
    const std::vector<Var> before = f(x, y);
    for (std::uint32_t k = 1; k < runs_before; ++k) (void)f(x, y);
    const bool can = xg::backend::cpu::kernels::can_generate();
    BOOST_TEST(contains(f.plan(x, y), "straight machine code after") == can);
    const std::uint64_t written = straight_codes();
    for (int k = 0; k < 2; ++k) {
      const std::vector<Var> after = f(x, y);
      BOOST_TEST((straight_codes() > written) == can);
      for (std::size_t i = 0; i < before.size(); ++i) BOOST_TEST(same_bits(before[i], after[i]), "result " << i);
    }
  }
}

/// A program for arrays and numbers alike: arithmetic, truth values, choices, functions of one and two steps, and what
/// has no line of its own.
std::vector<Var> mixture(const Var& x, const Var& y) {
  const Var sum = x + y;
  const Var larger = x > y;
  const Var both = larger & (abs(y) < 1.5);
  const Var chosen = where(both, x * y, x / y);
  const Var bounded = minimum(maximum(chosen, -2.0), 2.0);
  const Var waves = sin(x) + cos(y) + sin(y) * cos(x) - sin(sum);
  const Var smooth = tanh(bounded) + sigmoid(sum) + softplus(waves) + pow(abs(x), abs(y)) + hypot(x, y);
  const Var rounded = floor(sum) - ceil(x) + round(y) + trunc(sum) + sign(x) + relu(y) + sqrt(abs(x));
  return {sum,
          larger,
          both,
          chosen,
          bounded,
          waves,
          smooth,
          rounded,
          cast(both, x.dtype()) + smooth,
          ~both | larger,
          isnan(chosen)};
}

/// The same, and derivatives.
std::vector<Var> mixture_and_gradient(const Var& x, const Var& y) {
  std::vector<Var> results = mixture(x, y);
  const auto total = [](const Var& a, const Var& b) { return sum(mixture(a, b)[6] + mixture(a, b)[3]); };
  const Var slope = xg::grad(total)(x, y);
  results.push_back(slope);
  results.push_back(slope * 3.0);
  return results;
}

std::vector<Var> moved(const Var& x, const Var& y) {
  const auto n = static_cast<std::ptrdiff_t>(x.shape()[0]);
  const Var shifted = xg::concatenate({view(y, xt::range(0, 1)), view(x, xt::range(0, n - 1))});
  const Var reversed = view(shifted, xt::range(n - 1, xt::placeholders::_, -1));
  const Var last = view(x, n - 1);
  const auto picked = [n](const Var& a) { return view(a, 0) * view(a, n - 1) + sum(view(a, xt::range(0, n, 2))); };
  const Var slope = xg::grad(picked)(x);
  return {shifted * 2.0, reversed - x, last * y, xg::stack({x, y, reversed + 1.0}, 1), slope + y, slope};
}

template <class T>
void check_types() {
  for (const std::size_t n : {1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 15U, 16U, 17U, 31U, 33U, 63U, 64U}) {
    check("mixture", mixture, numbers<T>({n}, 1), numbers<T>({n}, 2));
    check("gradient", mixture_and_gradient, numbers<T>({n}, 3), numbers<T>({n}, 4));
    check("one number", mixture, numbers<T>({n}, 5), numbers<T>({}, 2));
    if (n > 1) check("moved", moved, numbers<T>({n}, 6), numbers<T>({n}, 7));
  }
  check("numbers", mixture_and_gradient, numbers<T>({}, 1), numbers<T>({}, 2));
  check("rows", mixture_and_gradient, numbers<T>({4, 5}, 1), numbers<T>({4, 5}, 2));
  check("a row for all", mixture, numbers<T>({4, 5}, 3), numbers<T>({5}, 2));
  check("a column for all", mixture, numbers<T>({4, 5}, 3), numbers<T>({4, 1}, 2));
  check("transposed", mixture, numbers<T>({3, 3}, 3), transpose(numbers<T>({3, 3}, 2)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(doubles) { check_types<double>(); }
BOOST_AUTO_TEST_CASE(floats) { check_types<float>(); }

BOOST_AUTO_TEST_CASE(element_types_together) {
  const Program program = [](const Var& x, const Var& y) {
    const Var whole = cast(floor(minimum(abs(y), 9.0)), xg::DType::Int64);
    const Var count = whole * 3 + cast(x > 0.0, xg::DType::Int64);
    const Var single = cast(x, xg::DType::Float32) * 3.0;
    return std::vector<Var>{count,
                            single + 1.0,
                            cast(count, xg::DType::Float64) * y,
                            sin(single),
                            tanh(x) * sinh(y) + square(x + y) - cosh(x) / (1.0 + square(y)),
                            x - y,
                            (x + y) * 2.0,
                            x / y};
  };
  for (const std::size_t n : {1U, 3U, 8U, 13U}) {
    auto y = xg::Array<double>::from_shape({n});
    for (std::size_t i = 0; i < n; ++i) y.data()[i] = 0.7 * static_cast<double>(i) - 1.0;
    check("types", program, numbers<double>({n}, 1), Var(std::move(y)));
  }
}

BOOST_AUTO_TEST_CASE(thousands_of_numbers) {
  const Program program = [](const Var& x, const Var& y) {
    std::vector<Var> state;
    for (std::size_t i = 0; i < 8; ++i) state.push_back(view(x, i));
    for (std::size_t k = 0; k < 400; ++k) {
      std::vector<Var> next = state;
      for (std::size_t i = 0; i < 8; ++i) {
        next[i] = state[i] + 0.01 * (sin(state[(i + 1) % 8]) * view(y, i) - state[(i + 3) % 8] * state[i]);
      }
      state = std::move(next);
    }
    return state;
  };
  const Program with_gradient = [&](const Var& x, const Var& y) {
    std::vector<Var> results = program(x, y);
    const auto total = [&](const Var& a, const Var& b) {
      Var sum = 0.0;
      for (const Var& each : program(a, b)) sum = sum + square(each);
      return sum;
    };
    results.push_back(xg::grad(total)(x, y));
    return results;
  };
  auto x = xg::Array<double>::from_shape({8});
  auto y = xg::Array<double>::from_shape({8});
  for (std::size_t i = 0; i < 8; ++i) {
    x.data()[i] = std::cos(static_cast<double>(i));
    y.data()[i] = 0.2 * static_cast<double>(i);
  }
  check("numbers", with_gradient, Var(std::move(x)), Var(std::move(y)));
}

BOOST_AUTO_TEST_CASE(in_loops) {
  const Program program = [](const Var& x, const Var& y) {
    const Var last = xg::fori_loop(
        20,
        [&](const Var&, const Var& state) {
          return state + 0.1 * (sin(state) * y + tanh(state * 0.5) - square(state) * 0.01 -
                                xg::concatenate({view(state, xt::range(1, 5)), view(state, xt::range(0, 1))}));
        },
        x);
    return std::vector<Var>{last, last * 2.0};
  };
  const StraightSoon soon;
  const auto f = xg::compile(program);
  const Var x = numbers<double>({5}, 1);
  const Var y = numbers<double>({5}, 2);
  const std::vector<Var> compiled = f(x, y);
  if (xg::backend::cpu::kernels::can_generate()) BOOST_TEST(contains(f.plan(x, y), "| step"));
  machine_code_limits() = {.straight_after = ~0U};
  const std::vector<Var> by_steps = xg::compile(program)(x, y);
  for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(same_bits(compiled[i], by_steps[i]));
}

BOOST_AUTO_TEST_CASE(longer_arrays_of_few_operations) {
  const Program few = [](const Var& x, const Var& y) {
    const Var joined = xg::concatenate({x, y, x});
    return std::vector<Var>{x * 2.0 - y, joined, joined + joined};
  };
  for (const std::size_t n : {65U, 100U, 130U, 170U}) {
    check("doubles", few, numbers<double>({n}, 1), numbers<double>({n}, 2));
    check("floats", few, numbers<float>({n}, 3), numbers<float>({n}, 4));
  }
}

/// Functions that are written out between calls, with numbers that wait on the stack, and rare numbers.
BOOST_AUTO_TEST_CASE(functions_between_calls) {
  const Program program = [](const Var& x, const Var& y) {
    std::vector<Var> waiting;
    for (int k = 1; k < 9; ++k) waiting.push_back(x * (0.25 * k) + y);
    std::vector<Var> functions;
    for (const Var& each : waiting) functions.push_back(tanh(each) * sigmoid(each) - exp(each));
    Var total = sin(x) + log(abs(y)) + sum(functions[0]);
    for (std::size_t k = 0; k < waiting.size(); ++k) total = total + functions[k] * cos(waiting[k]) + waiting[k];
    return std::vector<Var>{total, functions[3], functions[7]};
  };
  for (const std::size_t n : {2U, 3U, 4U, 5U, 14U, 16U}) {
    check("doubles", program, numbers<double>({n}, 1), numbers<double>({n}, 2));
    check("floats", program, numbers<float>({n}, 3), numbers<float>({n}, 4));
  }
}

BOOST_AUTO_TEST_CASE(over_donated_arrays) {
  const StraightSoon soon;
  const auto step = [](const Var& x, const Var& y) {
    return x * 0.5 + sin(y) * x - tanh(x) * square(y) + sqrt(abs(x * y)) / (1.0 + x * x) - x * y;
  };
  const auto given = xg::compile(step);
  const auto kept = xg::compile(step);
  const Var y = numbers<double>({6}, 2);
  Var a = Var(xg::Array<double>(numbers<double>({6}, 1).array<double>()));
  Var b = a;
  for (int k = 0; k < 6; ++k) {
    b = kept(b, y);
    a = given(std::move(a), y);
    BOOST_TEST(same_bits(a, b));
  }
}

BOOST_AUTO_TEST_CASE(several_threads) {
  const StraightSoon soon;
  const auto f = xg::compile(Program(mixture));
  const Var x = numbers<double>({7}, 1);
  const Var y = numbers<double>({7}, 2);
  const std::vector<Var> right = f(x, y);
  std::vector<char> good(4, 1);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < good.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int k = 0; k < 50; ++k) good[t] = good[t] != 0 && same_bits(f(x, y)[6], right[6]) ? 1 : 0;
    });
  }
  for (std::thread& each : threads) each.join();
  for (const char each : good) BOOST_TEST(each == 1);
}

BOOST_AUTO_TEST_CASE(not_for_few_operations_or_long_arrays) {
  const StraightSoon soon;
  const auto few = xg::compile([](const Var& x) { return x * 2.0 + 1.0; });
  BOOST_TEST(!contains(few.plan(numbers<double>({3}, 1)), "straight"));
  const auto many = xg::compile(Program(mixture));
  BOOST_TEST(!contains(many.plan(numbers<double>({65}, 1), numbers<double>({65}, 1)), "straight"));
}

BOOST_AUTO_TEST_SUITE_END()
