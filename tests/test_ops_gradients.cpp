// Derivatives of every row of the table of operations, and whether every primitive has a row.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include <xgrad/testing.hpp>
#include <xgrad/xgrad.hpp>

#include "derivatives/rules.hpp"
#include "ops_table.hpp"
#include "primitives/list.hpp"
#include "var/access.hpp"
#include "var/record.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_gradients)

namespace xg = xgrad;
using xg::Var;
using xg::testing::Case;
using xg::testing::OpRow;

namespace {

bool is_float(const Var& x) { return is_floating(x.dtype()); }

/// Every smooth case of every row.
template <class F>
void for_each_smooth_case(F f) {
  for (const OpRow& row : xg::testing::ops_table()) {
    for (std::size_t i = 0; i < row.smooth.size(); ++i) {
      BOOST_TEST_CONTEXT(row.name << ", case " << i) { f(row, row.smooth[i]); }
    }
  }
}

/// Arguments as leaves of a tape; the floating-point ones, in a given type, are to be differentiated.
struct Recorded {
  Case arguments;
  std::vector<Var> inputs;

  Recorded(xg::Tape& tape, const Case& at, xg::DType dtype) {
    for (const Var& x : at) {
      arguments.push_back(tape.leaf(is_float(x) ? cast(x, dtype) : x));
      if (is_float(x)) inputs.push_back(arguments.back());
    }
  }
};

/// Weights for the elements of an output, of sizes about 1 and different from each other.
Var weights_like(const Var& y) {
  auto weights = xg::Array<double>::from_shape(y.shape());
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights.data()[i] = 0.6 + 0.7 * std::sin(1.0 + static_cast<double>(i));
  return cast(Var(std::move(weights)), y.dtype());
}

/// Largest difference, relative to the largest element of the reference (and at least 1).
double difference(const Var& a, const Var& reference) {
  const auto& x = a.array<double>();
  const auto& y = reference.array<double>();
  BOOST_REQUIRE(a.shape() == reference.shape());
  double worst = 0.0;
  double scale = 1.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    scale = std::max(scale, std::abs(y.data()[i]));
    const double error = std::abs(x.data()[i] - y.data()[i]);
    worst = std::isnan(error) ? INFINITY : std::max(worst, error);
  }
  return worst / scale;
}

/// A value and its weighted gradients, in double.
struct Evaluated {
  Var value;
  std::vector<Var> gradients;
};

Evaluated evaluate(const OpRow& row, const Case& at, xg::DType dtype) {
  xg::Tape tape;
  const Recorded recorded(tape, at, dtype);
  const Var y = row.function(recorded.arguments);
  const std::vector<Var> gradients = tape.gradients(y, recorded.inputs, weights_like(y));
  Evaluated result{cast(tape.evaluate(y), xg::DType::Float64), {}};
  for (const Var& gradient : tape.evaluate(gradients)) {
    BOOST_TEST(name(gradient.dtype()) == name(dtype));
    result.gradients.push_back(cast(gradient, xg::DType::Float64));
  }
  return result;
}

/// Names of the primitives recorded by a row, its gradient and the gradient of that, on one case.
std::set<std::string> recorded_primitives(const OpRow& row, const Case& at) {
  xg::Tape tape;
  const Recorded recorded(tape, at, xg::DType::Float64);
  const Var y = row.function(recorded.arguments);
  if (is_float(y) && !recorded.inputs.empty()) {
    const Var squares = sum(y * y * weights_like(y));
    Var total = 0.0;
    for (const Var& gradient : tape.gradients(squares, recorded.inputs)) total = total + sum(square(gradient));
    (void)tape.gradients(total, recorded.inputs);
  }
  const xg::ir::TapeState& state = xg::VarAccess::tape(y);
  std::set<std::string> names;
  for (xg::ir::NodeId id = 0; id < state.size(); ++id) {
    names.emplace(xg::primitives::name_of(state.node(id).op));
  }
  return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_have_names_of_their_own) {
  std::set<std::string> names;
  for (const OpRow& row : xg::testing::ops_table()) BOOST_TEST(names.insert(row.name).second, row.name);
  for (const OpRow& row : xg::testing::ops_without_derivative()) BOOST_TEST(names.insert(row.name).second, row.name);
}

BOOST_AUTO_TEST_CASE(central_differences_reverse_and_forward_mode_agree_to_second_order) {
  for_each_smooth_case(
      [](const OpRow& row, const Case& at) { BOOST_TEST(xg::testing::check_gradients(row.function, at)); });
}

BOOST_AUTO_TEST_CASE(rules_of_linear_operations_are_differentiated_too) {
  // The gradient of a linear operation does not depend on its argument; that of its square does.
  for_each_smooth_case([](const OpRow& row, const Case& at) {
    const auto squared = [&](const Case& x) { return square(row.function(x)); };
    BOOST_TEST(xg::testing::check_gradients(squared, at));
  });
}

BOOST_AUTO_TEST_CASE(float32_agrees_with_float64) {
  for_each_smooth_case([](const OpRow& row, const Case& at) {
    const Evaluated exact = evaluate(row, at, xg::DType::Float64);
    Case rounded;  // the same numbers in both
    for (const Var& x : at) rounded.push_back(is_float(x) ? cast(x, xg::DType::Float32) : x);
    const Evaluated single = evaluate(row, rounded, xg::DType::Float32);
    BOOST_TEST(difference(single.value, exact.value) < 1e-5);
    for (std::size_t i = 0; i < exact.gradients.size(); ++i) {
      BOOST_TEST(difference(single.gradients[i], exact.gradients[i]) < 1e-4);
    }
  });
}

BOOST_AUTO_TEST_CASE(casts_carry_derivatives_between_float32_and_float64) {
  xg::Tape tape;
  const Var x = tape.leaf(xt::xarray<float>{1.5F, -2.0F});
  const Var y = tape.leaf(xt::xarray<double>{0.25, 3.0});
  const Var product = square(x) * y;  // x becomes float64
  const std::vector<Var> first = tape.gradients(sum(product), {x, y});
  BOOST_TEST(name(first[0].dtype()) == "float32");
  BOOST_TEST(name(first[1].dtype()) == "float64");
  BOOST_TEST(first[0].array<float>()(0) == 0.75F);
  BOOST_TEST(first[0].array<float>()(1) == -12.0F);
  BOOST_TEST(first[1].array<double>()(1) == 4.0);
  const Var down = sum(square(cast<float>(y)) * 0.5);
  const Var slope = tape.gradient(down, y);
  BOOST_TEST(slope.array<double>()(1) == 3.0);
  BOOST_TEST(tape.gradient(sum(slope), y).array<double>()(0) == 1.0);
}

BOOST_AUTO_TEST_CASE(rows_record_the_primitives_that_they_name) {
  std::set<std::string> covered;
  const auto check = [&](const OpRow& row) {
    std::set<std::string> recorded;
    for (const Case& at : row.smooth) recorded.merge(recorded_primitives(row, at));
    for (const Case& at : row.special) recorded.merge(recorded_primitives(row, at));
    for (const std::string& primitive : row.primitives) {
      BOOST_TEST(recorded.contains(primitive), row.name << " does not record " << primitive);
      if (recorded.contains(primitive)) covered.insert(primitive);
    }
  };
  for (const OpRow& row : xg::testing::ops_table()) check(row);
  for (const OpRow& row : xg::testing::ops_without_derivative()) check(row);

  const auto names = xg::primitives::table_of_primitives<std::string_view>(
      []<class P>(boost::hana::basic_type<P>) { return P::name; });
  for (const std::string_view primitive : names) {
    if (primitive == xg::primitives::Parameter::name) continue;  // inside of what a call calls
    BOOST_TEST(covered.contains(std::string(primitive)), "no row of the table of operations covers " << primitive);
  }
}

BOOST_AUTO_TEST_CASE(primitives_with_a_derivative_have_smooth_rows) {
  std::set<std::string> smooth;
  for (const OpRow& row : xg::testing::ops_table()) {
    for (const Case& at : row.smooth) smooth.merge(recorded_primitives(row, at));
  }
  for (std::size_t op = 0; op < xg::primitives::list_size; ++op) {
    const auto opcode = static_cast<xg::ir::Opcode>(op);
    if (xg::derivatives::rules_of(opcode).vjp == nullptr) continue;
    const std::string primitive(xg::primitives::name_of(opcode));
    // Its derivative is that of its distribution, not of the algorithm that draws: see test_random_derivatives.
    if (primitive == xg::primitives::RandomSample::name) continue;
    BOOST_TEST(smooth.contains(primitive), "no smooth row covers " << primitive);
  }
}

BOOST_AUTO_TEST_SUITE_END()
