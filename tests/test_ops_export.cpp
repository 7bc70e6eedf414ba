// Every operation of the table, and its derivatives, through a file: the same bits.
#include <boost/test/unit_test.hpp>

#include <cstring>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

#include "exported_programs.hpp"
#include "io/program_state.hpp"
#include "ops_table.hpp"
#include "primitives/traits.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_export)

namespace xg = xgrad;
using exported_programs::reloaded;
using xg::Var;
using xg::testing::Case;
using xg::testing::OpRow;

namespace {

template <class T>
bool has_same_bits(const Var& a, const Var& b) {
  const xg::Array<T>& x = a.array<T>();
  const xg::Array<T>& y = b.array<T>();
  return std::memcmp(x.data(), y.data(), x.size() * sizeof(T)) == 0;
}

bool has_same_bits(const Var& a, const Var& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  switch (a.dtype()) {
    case xg::DType::Bool:
      return has_same_bits<bool>(a, b);
    case xg::DType::Int64:
      return has_same_bits<std::int64_t>(a, b);
    case xg::DType::Float32:
      return has_same_bits<float>(a, b);
    case xg::DType::Float64:
      break;
  }
  return has_same_bits<double>(a, b);
}

void check_bits(const std::vector<Var>& found, const std::vector<Var>& expected) {
  BOOST_REQUIRE(found.size() == expected.size());
  for (std::size_t k = 0; k < found.size(); ++k) BOOST_TEST(has_same_bits(found[k], expected[k]), "result " << k);
}

/// What a row calls in C++.
const xg::io::LoadOptions& host_functions_of_rows() {
  using Array = xg::Array<double>;
  static const xg::io::LoadOptions options{.host_functions = {{"cube and double", [](const Array& a) {
                                                                 return std::tuple<Array, Array>(a * a * a, 2.0 * a);
                                                               }}}};
  return options;
}

void count_primitives(const xg::io::Exported& program, std::set<std::string>& met) {
  const xg::ir::TapeState& nodes = program.state().function->program();
  for (xg::ir::NodeId id = 0; id < nodes.size(); ++id) met.emplace(xg::primitives::name_of(nodes.node(id).op));
}

/// A function as a compiled recording does it, and its program from a file.
template <class F>
void check_program(const F& f, const Case& arguments, std::set<std::string>& met) {
  const auto program = reloaded(xg::io::export_program(f, arguments), host_functions_of_rows());
  count_primitives(program, met);
  check_bits(program(arguments), xg::compile(f)(arguments));
}

void check_row(const OpRow& row, const Case& arguments, bool smooth, std::set<std::string>& met) {
  const auto value = [&](const Case& x) { return std::vector<Var>{row.function(x)}; };
  check_program(value, arguments, met);
  if (!smooth) return;
  std::vector<Var> floats;
  for (const Var& x : arguments) {
    if (is_floating(x.dtype())) floats.push_back(x);
  }
  const auto total = [&](const std::vector<Var>& x) {
    Case all = arguments;
    std::size_t used = 0;
    for (Var& each : all) {
      if (is_floating(each.dtype())) each = x[used++];
    }
    return sum(sin(row.function(all)));
  };
  // Derivatives inside of the program, and of the program.
  const auto gradient = [&](const std::vector<Var>& x) { return xg::grad(total)(x); };
  check_program(gradient, floats, met);
  const auto tangent = [&](const std::vector<Var>& x) { return std::vector<Var>{xg::jvp(total, x, x).tangent}; };
  check_program(tangent, floats, met);
  const auto of_value = reloaded(xg::io::export_program(total, floats), host_functions_of_rows()).as_function<Var>();
  check_bits(xg::compile(xg::grad(of_value))(floats), xg::compile(gradient)(floats));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_operation) {
  std::set<std::string> met;
  for (const OpRow& row : xg::testing::ops_table()) {
    BOOST_TEST_CONTEXT(row.name) {
      for (const Case& arguments : row.smooth) check_row(row, arguments, true, met);
      for (const Case& arguments : row.special) check_row(row, arguments, false, met);
    }
  }
  for (const OpRow& row : xg::testing::ops_without_derivative()) {
    BOOST_TEST_CONTEXT(row.name) {
      for (const Case& arguments : row.smooth) check_row(row, arguments, false, met);
      for (const Case& arguments : row.special) check_row(row, arguments, false, met);
    }
  }
  // Functions and loops are in test_export; a product of small integers is in a function that is called.
  const std::set<std::string> elsewhere{"leaf",   "call",       "host_call",       "scan",
                                        "switch", "while_loop", "quantised_matmul"};
  for (const xg::primitives::Traits& each : xg::primitives::traits) {
    const std::string name(each.name);
    BOOST_TEST((met.contains(name) || elsewhere.contains(name)), name << " is in no program");
  }
}

BOOST_AUTO_TEST_SUITE_END()
