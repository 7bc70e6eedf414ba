// Problems with constraints of W. Hock and K. Schittkowski, Test Examples for Nonlinear Programming Codes, 1981, with
// their numbers there, starts and minima. Left out are those with bounds alone, 13 (which has no multipliers), those
// with data of their own, and a few that are variants of others.
#pragma once

#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace hock_schittkowski {

using xgrad::Var;
using Numbers = std::vector<double>;
using List = std::vector<Var>;

/// Variables counted from 1, as they are there.
class X {
 public:
  explicit X(const Var& all) : all_(xgrad::unstack(all)) {}
  const Var& operator()(std::size_t i) const { return all_[i - 1]; }

 private:
  List all_;
};
using Scalar = Var (*)(const X&);
using Rows = List (*)(const X&);

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline const Rows none = nullptr;

struct Problem {
  int number;
  Numbers start;
  double minimum;
  Scalar objective;
  Rows at_least_0;
  Rows equal_0;
  Numbers lower = {};  ///< none: no bounds
  Numbers upper = {};
};

inline Var p2(const Var& x) { return square(x); }
inline Var p3(const Var& x) { return x * square(x); }
inline Var p4(const Var& x) { return square(square(x)); }
inline Var p6(const Var& x) { return p3(square(x)); }

}  // namespace hock_schittkowski
