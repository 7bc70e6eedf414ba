// What is said of the digits of losses: elements, and whether they are right relative to themselves.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include <boost/test/tools/assertion_result.hpp>
#include <xgrad/xgrad.hpp>

#include "comparing.hpp"
#include "losses/loss_table.hpp"

namespace loss_digits {

namespace xg = xgrad;
using xg::Var;
using xg::testing::doubles;

inline std::vector<double> elements(const Var& x) { return comparing::doubles(x); }

inline Var floats(const xg::Shape& shape, const std::vector<double>& values) {
  return xg::cast<float>(doubles(shape, values));
}

inline double number(const Var& x) { return elements(x).at(0); }

/// Within a fraction of the expected number itself, however small that is.
inline boost::test_tools::assertion_result within(double fraction, const Var& x, const std::vector<double>& expected) {
  const std::vector<double> got = elements(x);
  boost::test_tools::assertion_result result(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size() && i < expected.size(); ++i) {
    if (std::abs(got[i] - expected[i]) <= fraction * std::abs(expected[i])) continue;
    result = false;
    result.message() << "element " << i << " is " << got[i] << ", not " << expected[i];
  }
  return result;
}

inline bool all_finite(const Var& x) {
  for (const double each : elements(x)) {
    if (!std::isfinite(each)) return false;
  }
  return true;
}

/// The gradient of the sum of the values by the first argument.
template <class F>
Var slope(const F& f, const Var& at) {
  return xg::grad([&](const Var& x) { return sum(f(x)); })(at);
}

}  // namespace loss_digits
