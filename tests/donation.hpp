// What tests of donated arguments share.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace donation {

namespace xg = xgrad;
using comparing::near;
using comparing::same;
using xg::DType;
using xg::Var;

/// An array of its own that nobody shares.
inline Var clone(const Var& x) {
  switch (x.dtype()) {
    case DType::Bool:
      return {xg::Array<bool>(x.array<bool>())};
    case DType::Int64:
      return {xg::Array<std::int64_t>(x.array<std::int64_t>())};
    case DType::Float32:
      return {xg::Array<float>(x.array<float>())};
    default:
      return {xg::Array<double>(x.array<double>())};
  }
}

inline const double* place(const Var& x) { return x.array<double>().data(); }

/// A result of f(w, x), w being donated, is what it is without compile(), whoever shares w.
template <class F>
void check(const char* what, F f, const Var& w_values, const Var& x, double tolerance = 1e-12) {
  BOOST_TEST_INFO_SCOPE(what);
  const auto compiled = xg::compile(f);
  for (int round = 0; round < 3; ++round) {
    const std::vector<Var> expected = f(w_values, x);
    Var w = clone(w_values);
    const Var other = round == 1 ? w : Var();
    const std::vector<Var> given = compiled(std::move(w), x);
    BOOST_TEST_REQUIRE(given.size() == expected.size());
    for (std::size_t k = 0; k < given.size(); ++k) {
      BOOST_TEST_INFO("result " << k << " in round " << round);
      BOOST_TEST(near(given[k], expected[k], tolerance));
    }
    if (other.defined()) {
      BOOST_TEST(same(other, w_values));
      BOOST_TEST(w.defined());  // NOLINT(bugprone-use-after-move)
    }
    if (w.defined()) BOOST_TEST(same(w, w_values));
  }
}

using Vars = std::vector<Var>;

/// near, but infinities and NaN are equal to themselves.
inline comparing::assertion_result alike(const Var& a, const Var& expected) {
  const std::vector<double> x = comparing::doubles(a);
  const std::vector<double> y = comparing::doubles(expected);
  bool equal = a.shape() == expected.shape() && a.dtype() == expected.dtype();
  for (std::size_t i = 0; equal && i < x.size(); ++i) {
    equal = x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i])) || std::abs(x[i] - y[i]) <= 1e-12 * std::abs(y[i]);
  }
  return equal ? comparing::assertion_result(true)
               : comparing::failed(comparing::printed(a) + " is not near " + comparing::printed(expected));
}

}  // namespace donation
