// Every elementwise primitive, in all the ways in which it may be computed, against its plain meaning and against each
// other.
#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "semantics/ways.hpp"

BOOST_AUTO_TEST_SUITE(test_semantics)

using namespace semantics;

namespace {

constexpr std::size_t sizes[] = {1, 3, 4, 7, 8, 9, 31, 1024, 1025};
constexpr std::size_t everything = 1'000'000;

std::vector<kernels::BlockTable> all_tables() {
  std::vector<kernels::BlockTable> tables;
  for (auto isa = kernels::Isa::Baseline; isa <= kernels::best_isa(); isa = static_cast<kernels::Isa>(int(isa) + 1)) {
    tables.push_back(kernels::make_table(isa));
  }
  return tables;
}
const std::vector<kernels::BlockTable>& tables() {
  static const std::vector<kernels::BlockTable> all = all_tables();
  return all;
}

/// One report for each case and way; more would be no help.
template <class T, class R>
void fail(const Case<T, R>& each, std::string_view way, const Arguments<T>& x, std::size_t i, R got,
          const std::string& expected) {
  std::ostringstream text;
  text.precision(20);
  text << each.name << " of " << xgrad::name(xgrad::dtype_of<T>) << ", " << way << ": (";
  if (each.selects) text << x.condition.data()[i] << ", ";
  text << x.a.data()[i];
  if (!each.of_one) text << ", " << x.b.data()[i];
  text << ") gives " << got << ", not " << expected;
  BOOST_ERROR(text.str());
}

/// Against the meaning.
template <class T, class R>
void check_meaning(const Case<T, R>& each, std::string_view way, const Arguments<T>& x, const Array<R>& got,
                   double bound) {
  BOOST_TEST(got.size() != 0U);
  double worst = 0;
  std::size_t where = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const T a = x.a.data()[i];
    const T b = x.b.data()[i];
    const R value = got.data()[i];
    if (each.exactly != nullptr) {
      const R expected = each.exactly(x.condition.data()[i], a, b);
      if (!float_errors::same_bits(value, expected)) return fail(each, way, x, i, value, std::to_string(expected));
    } else if constexpr (std::is_floating_point_v<R>) {
      const Total expected = each.nearly(a, b);
      const double error =
          float_errors::error_in_ulp(value, expected.value, std::max(std::abs(expected.value), expected.largest));
      if (!(error <= worst)) worst = error, where = i;  // NaN, too
    }
  }
  BOOST_TEST_MESSAGE(each.name << " of " << xgrad::name(xgrad::dtype_of<T>) << ", " << way << ": " << worst);
  if (!(worst <= bound)) {
    fail(each, way, x, where, got.data()[where],
         "what is " + std::to_string(worst) + " units of the last digit away, more than " + std::to_string(bound));
  }
}

/// Of two ways that promise the same bits.
template <class T, class R>
void check_same(const Case<T, R>& each, std::string_view way, const Arguments<T>& x, const Array<R>& got,
                const Array<R>& expected) {
  BOOST_TEST(got.size() != 0U);
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (!float_errors::same_bits(got.data()[i], expected.data()[i])) {
      return fail(each, way, x, i, got.data()[i], std::to_string(expected.data()[i]) + " as elsewhere");
    }
  }
}

template <class T, class R>
double bound_of(const Case<T, R>& each) {
  return sizeof(T) == 4 ? each.bounds.float32 : each.bounds.float64;
}

/// Whether plans and kernels compute this with a number in the second place as with an array there.
template <class T, class R>
bool same_with_number(const Case<T, R>& each, std::size_t which) {
  return which == 0 || each.bounds.one_exponent == 0;
}

/// f(arguments, which of them is a number, the number), for functions of two arguments.
template <class T, class R, class F>
void with_each_number(const Case<T, R>& each, F f) {
  if (each.of_one) return;
  const Arguments<T> x = samples<T>(true, each.bounds.domain, 200);
  for (const std::size_t which : {0U, 1U}) {
    for (const T number : numbers<T>()) f(with_number(x, which, number), which, number);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(functions_of_numbers_have_their_meaning) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    const Arguments<T> x = samples<T>(each.of_one, each.bounds.domain);
    check_meaning(each, "one number at a time", x, by_eval(each, x), bound_of(each));
  });
}

// A value depends neither on its place nor on how many there are.
BOOST_AUTO_TEST_CASE(kernels_have_their_meaning) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    const Arguments<T> x = samples<T>(each.of_one, each.bounds.domain);
    for (const kernels::BlockTable& table : tables()) {
      const std::string way = std::string("kernel for ") + table.name;
      const kernels::BlockKernel kernel = kernel_of(table, each, 0);
      BOOST_REQUIRE_MESSAGE(kernel != nullptr, each.name << " has no " << way);
      const Array<R> all = by_kernel(kernel, each, x, 0, everything);
      check_meaning(each, way, x, all, bound_of(each));
      for (const std::size_t size : sizes) {
        check_same(each, way + ", " + std::to_string(size) + " elements", x, by_kernel(kernel, each, x, 0, size), all);
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(kernels_with_a_number) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    with_each_number(each, [&](const Arguments<T>& x, std::size_t which, T) {
      const auto modes = static_cast<Modes>(1U << which);
      for (const kernels::BlockTable& table : tables()) {
        const std::string way = std::string("kernel for ") + table.name + " with a number";
        const Array<R> all = by_kernel(kernel_of(table, each, modes), each, x, modes, everything);
        if (same_with_number(each, which)) {
          check_same(each, way, x, all, by_kernel(kernel_of(table, each, 0), each, x, 0, everything));
        } else {
          check_meaning(each, way, x, all, each.bounds.one_exponent);
        }
        for (const std::size_t size : {1U, 3U, 9U, 31U}) {
          check_same(each, way + ", " + std::to_string(size) + " elements", x,
                     by_kernel(kernel_of(table, each, modes), each, x, modes, size), all);
        }
      }
    });
  });
}

// Plans take f(b, a) for f(a, b).
BOOST_AUTO_TEST_CASE(operands_of_what_is_commutative_may_be_exchanged) {
  std::size_t count = 0;
  for_each_case([&]<class T, class R>(const Case<T, R>& each) {
    if (!xgrad::primitives::traits[each.opcode].commutative) return;
    ++count;
    const Arguments<T> x = samples<T>(each.of_one, each.bounds.domain);
    const Arguments<T> exchanged{x.condition, x.b, x.a};
    check_same(each, "with its operands exchanged", x, by_eval(each, exchanged), by_eval(each, x));
    for (const kernels::BlockTable& table : tables()) {
      const kernels::BlockKernel kernel = kernel_of(table, each, 0);
      check_same(each, std::string("kernel for ") + table.name + " with its operands exchanged", x,
                 by_kernel(kernel, each, exchanged, 0, everything), by_kernel(kernel, each, x, 0, everything));
    }
  });
  BOOST_TEST(count > 10U);
}

BOOST_AUTO_TEST_CASE(machine_code_has_the_bits_of_kernels) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    const Arguments<T> all = samples<T>(each.of_one, each.bounds.domain);
    const auto code = machine_code(each, 0);
    if (code == nullptr) return;
    for (const std::size_t size : sizes) {
      check_meaning(each, "machine code, " + std::to_string(size) + " elements", all,
                    by_machine_code<T, R>(*code, all, 0, size), 0);
    }
    if (std::is_same_v<T, bool>) return;  // truth values are always arrays there
    const std::array with{machine_code(each, 1), machine_code(each, 2)};
    with_each_number(each, [&](const Arguments<T>& x, std::size_t which, T) {
      for (const std::size_t size : {9U, 200U}) {
        check_meaning(each, "machine code with a number", x,
                      by_machine_code<T, R>(*with[which], x, static_cast<Modes>(1U << which), size), 0);
      }
    });
  });
}

BOOST_AUTO_TEST_CASE(values_that_users_see) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    const Arguments<T> x = samples<T>(each.of_one, each.bounds.domain);
    const Array<R> expected = by_kernel(kernel_of(kernels::block_table(), each, 0), each, x, 0, everything);
    check_same(each, "at once", x, at_once(each, x), expected);
    check_same(each, "in a loop", x, in_a_loop(each, x), expected);
    for (const std::size_t size : sizes) {
      const Arguments<T> first = first_of(x, size);
      const Array<R> some = by_kernel(kernel_of(kernels::block_table(), each, 0), each, first, 0, everything);
      check_same(each, "at once, " + std::to_string(size) + " elements", first, at_once(each, first), some);
      check_same(each, "in a loop, " + std::to_string(size) + " elements", first, in_a_loop(each, first), some);
    }
  });
}

BOOST_AUTO_TEST_CASE(values_beside_a_number_that_users_see) {
  for_each_case([]<class T, class R>(const Case<T, R>& each) {
    with_each_number(each, [&](const Arguments<T>& all, std::size_t which, T number) {
      const Arguments<T> x = first_of(all, 100);
      const Array<R> expected = by_kernel(kernel_of(kernels::block_table(), each, 0), each, x, 0, everything);
      for (const Number kind : {Number::Known, Number::Unknown}) {
        if (kind == Number::Known && !fits_constant(number)) continue;
        const Array<R> got = with_number_in_a_loop(each, x, which, number, kind);
        const std::string_view way = kind == Number::Known ? "a number in the program" : "a number beside an array";
        if (same_with_number(each, which)) check_same(each, way, x, got, expected);
        else check_meaning(each, way, x, got, each.bounds.one_exponent);
      }
    });
  });
}

BOOST_AUTO_TEST_SUITE_END()
