// Taylor mode of every row of the table of operations: against nested jvp and differences, and whether every primitive
// is among them.
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "derivatives/rules.hpp"
#include "jets.hpp"
#include "ops_table.hpp"
#include "primitives/traits.hpp"
#include "var/access.hpp"

BOOST_AUTO_TEST_SUITE(test_ops_jet)

namespace xg = xgrad;
using comparing::doubles;
using comparing::wave;
using xg::Var;
using xg::testing::Case;
using xg::testing::OpRow;

namespace {

/// A row as a function of its float64 arguments, and a curve through them.
struct AlongCurve {
  jets::Arrays x;
  std::vector<jets::Arrays> orders;
  jets::Of f;

  AlongCurve(const OpRow& row, const Case& at, std::size_t order) : orders(order) {
    std::vector<std::size_t> moving;
    for (std::size_t i = 0; i < at.size(); ++i) {
      if (at[i].dtype() != xg::DType::Float64) continue;
      moving.push_back(i);
      x.push_back(at[i]);
      for (std::size_t k = 0; k < order; ++k) {
        orders[k].push_back(wave(at[i].shape(), 0.3 + 1.7 * static_cast<double>(i) + static_cast<double>(k)) * 0.3);
      }
    }
    f = [function = row.function, at, moving](const jets::Arrays& arguments) {
      Case all = at;
      for (std::size_t i = 0; i < moving.size(); ++i) all[moving[i]] = arguments[i];
      return function(all);
    };
  }
};

/// Within a tolerance, relative to the largest element; NaN and infinities the same.
comparing::assertion_result close_to(const Var& found, const Var& expected, double tolerance) {
  const std::vector<double> a = doubles(found);
  const std::vector<double> b = doubles(expected);
  double size = 1.0;
  for (const double each : b) size = std::isfinite(each) ? std::max(size, std::abs(each)) : size;
  bool close = found.dtype() == expected.dtype() && found.shape() == expected.shape();
  for (std::size_t i = 0; close && i < a.size(); ++i) {
    close = std::isnan(b[i]) ? std::isnan(a[i]) : a[i] == b[i] || std::abs(a[i] - b[i]) <= tolerance * size;
  }
  if (close) return true;
  return comparing::failed(comparing::printed(found) + " is not near " + comparing::printed(expected));
}

template <class F>
void for_each_case_of(std::vector<Case> OpRow::*cases, F f) {
  for (const OpRow& row : xg::testing::ops_table()) {
    for (std::size_t i = 0; i < (row.*cases).size(); ++i) {
      BOOST_TEST_CONTEXT(row.name << ", case " << i) {
        try {
          f(row, (row.*cases)[i], i);
        } catch (const xg::Error& error) {
          BOOST_ERROR(error.what());
        }
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(jets_are_nested_jvp) {
  for_each_case_of(&OpRow::smooth, [](const OpRow& row, const Case& at, std::size_t which) {
    const AlongCurve curve(row, at, which == 0 ? 5 : 3);
    const auto [value, series] = xg::jet(curve.f, curve.x, curve.orders);
    const jets::Arrays expected = jets::by_nested_jvp(curve.f, curve.x, curve.orders);
    BOOST_TEST(close_to(value, row.function(at), 1e-13));
    BOOST_REQUIRE(series.size() == expected.size());
    for (std::size_t k = 0; k < series.size(); ++k) {
      BOOST_TEST_CONTEXT("order " << k + 1) { BOOST_TEST(close_to(series[k], expected[k], 1e-10)); }
    }
  });
}

BOOST_AUTO_TEST_CASE(each_order_is_the_difference_of_the_one_before) {
  for_each_case_of(&OpRow::smooth, [](const OpRow& row, const Case& at, std::size_t) {
    const AlongCurve curve(row, at, 4);
    const auto [value, series] = xg::jet(curve.f, curve.x, curve.orders);
    const jets::Arrays expected = jets::by_differences(curve.f, curve.x, curve.orders, 1e-3);
    for (std::size_t k = 0; k < series.size(); ++k) {
      BOOST_TEST_CONTEXT("order " << k + 1) { BOOST_TEST(close_to(series[k], expected[k], 1e-5)); }
    }
  });
}

BOOST_AUTO_TEST_CASE(at_kinks_and_extremes_first_orders_are_those_of_jvp) {
  for_each_case_of(&OpRow::special, [](const OpRow& row, const Case& at, std::size_t) {
    const AlongCurve curve(row, at, 2);
    const auto [value, series] = xg::jet(curve.f, curve.x, curve.orders);
    const Var first = xg::jvp(curve.f, curve.x, curve.orders[0]).tangent;
    BOOST_TEST(close_to(series[0], first, 1e-12));
    const auto along = [&](const jets::Arrays& x, const jets::Arrays& v) { return xg::jvp(curve.f, x, v).tangent; };
    const Var second =
        xg::jvp(along, std::tuple{curve.x, curve.orders[0]}, std::tuple{curve.orders[0], curve.orders[1]}).tangent;
    // Where one term is infinite and another NaN the order in which they are added shows. Finite is finite.
    const std::vector<double> expected = doubles(second);
    const std::vector<double> found = doubles(series[1]);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (std::isfinite(expected[i])) {
        BOOST_TEST(std::abs(found[i] - expected[i]) <= 1e-11 * std::max(1.0, std::abs(expected[i])));
      } else {
        BOOST_TEST(!std::isfinite(found[i]));
      }
    }
  });
}

BOOST_AUTO_TEST_CASE(float32_stays_float32) {
  for_each_case_of(&OpRow::smooth, [](const OpRow& row, const Case& at, std::size_t which) {
    if (which != 0) return;
    const AlongCurve curve(row, at, 3);
    const auto single = [](jets::Arrays all) {
      for (Var& x : all) x = cast(x, xg::DType::Float32);
      return all;
    };
    std::vector<jets::Arrays> orders;
    for (const jets::Arrays& each : curve.orders) orders.push_back(single(each));
    const auto [value, series] = xg::jet(curve.f, single(curve.x), orders);
    const auto exact = xg::jet(curve.f, curve.x, curve.orders);
    for (std::size_t k = 0; k < series.size(); ++k) {
      BOOST_TEST(name(series[k].dtype()) == name(value.dtype()));
      BOOST_TEST(close_to(cast(series[k], xg::DType::Float64), cast(exact.series[k], xg::DType::Float64), 3e-4));
    }
  });
}

BOOST_AUTO_TEST_CASE(laplacians_are_sums_of_second_derivatives) {
  for_each_case_of(&OpRow::smooth, [](const OpRow& row, const Case& at, std::size_t) {
    const AlongCurve curve(row, at, 0);
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      const auto f = [&](const Var& x) {
        jets::Arrays all = curve.x;
        all[i] = x;
        return square(curve.f(all)) + curve.f(all);
      };
      Var expected;
      for (std::size_t k = 0; k < curve.x[i].size(); ++k) {
        xg::Array<double> unit = xg::Array<double>::from_shape(curve.x[i].shape());
        std::fill_n(unit.data(), unit.size(), 0.0);
        unit.data()[k] = 1.0;
        const Var second = xg::derivative(f, curve.x[i], Var(unit), 2);
        expected = expected.defined() ? expected + second : second;
      }
      if (expected.defined()) BOOST_TEST(close_to(xg::laplacian(f)(curve.x[i]), expected, 1e-11));
    }
  });
}

namespace {

/// The gradient of a row, of which everything that its rules in reverse mode record is a part.
jets::Arrays gradient_of(const AlongCurve& curve, const jets::Arrays& x) {
  return xg::grad([&](const jets::Arrays& at) {
    const Var y = curve.f(at);
    return sum(square(y) + y * wave(y.shape(), 0.4));
  })(x);
}

}  // namespace

BOOST_AUTO_TEST_CASE(jets_of_gradients_are_nested_jvp) {
  for_each_case_of(&OpRow::smooth, [](const OpRow& row, const Case& at, std::size_t) {
    const AlongCurve curve(row, at, 2);
    const auto gradient = [&](const jets::Arrays& x) { return gradient_of(curve, x); };
    const auto [value, series] = xg::jet(gradient, curve.x, curve.orders);
    for (std::size_t i = 0; i < curve.x.size(); ++i) {
      const auto one = [&](const jets::Arrays& x) { return gradient_of(curve, x)[i]; };
      const jets::Arrays expected = jets::by_nested_jvp(one, curve.x, curve.orders);
      for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(close_to(series[k][i], expected[k], 1e-10));
    }
  });
}

BOOST_AUTO_TEST_CASE(every_primitive_has_a_rule_and_a_row) {
  std::set<std::string> seen;
  for_each_case_of(&OpRow::smooth, [&](const OpRow& row, const Case& at, std::size_t) {
    xg::Tape tape;
    const AlongCurve curve(row, at, 3);
    jets::Arrays leaves;
    for (const Var& x : curve.x) leaves.push_back(tape.leaf(x));
    const auto result = xg::jet([&](const jets::Arrays& x) { return gradient_of(curve, x); }, leaves, curve.orders);
    const Var last = result.series.back()[0];
    const xg::ir::TapeState& state = xg::VarAccess::live_tape(last);
    for (xg::ir::NodeId id = 0; id < state.size(); ++id) seen.emplace(xg::primitives::name_of(state.node(id).op));
  });
  // Of integers, which do not move.
  for (const char* name : {"bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift"}) seen.emplace(name);
  // Tested with what runs functions.
  for (const char* name : {"call", "host_call", "scan", "switch", "while_loop"}) seen.emplace(name);
  seen.emplace("random_sample");  // in test_random_derivatives
  for (std::size_t op = 0; op < xg::primitives::list_size; ++op) {
    const auto opcode = static_cast<xg::ir::Opcode>(op);
    const xg::derivatives::Rules& rules = xg::derivatives::rules_of(opcode);
    const std::string primitive(xg::primitives::name_of(opcode));
    const bool has_derivative = rules.vjp != nullptr || rules.several != nullptr;
    if (!has_derivative) continue;
    BOOST_TEST((rules.jvp != nullptr || (rules.several != nullptr && rules.several->jvp != nullptr)),
               primitive << " has no forward rule");
    BOOST_TEST(seen.contains(primitive), "no row covers " << primitive);
    if (rules.taylor == xg::derivatives::TaylorRule::Bilinear) BOOST_TEST(rules.several == nullptr);
  }
}

BOOST_AUTO_TEST_SUITE_END()
