// How the special functions use Boost.Math.
#pragma once

#include <limits>

#include <boost/math/policies/policy.hpp>

namespace xgrad::primitives::special {

/// Poles and overflow give infinities and NaN, as IEEE 754 has it, and nothing throws. Computing with long double would
/// cost twice the time for digits that double cannot hold.
using Quiet =
    boost::math::policies::policy<boost::math::policies::domain_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::pole_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::overflow_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::evaluation_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::rounding_error<boost::math::policies::ignore_error>,
                                  boost::math::policies::promote_double<false>>;

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Orders of families of functions: integers that an int holds and a recurrence can walk to.
inline constexpr double largest_order = 100.0;

}  // namespace xgrad::primitives::special
