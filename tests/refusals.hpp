// What operations on small arrays refuse, and how they say it.
#pragma once

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

#include <xgrad/xgrad.hpp>

#include "ops_compare.hpp"

namespace refusals {

using xgrad::Shape;
using xgrad::Var;

/// f throws an E whose message starts with the first of these parts, and has the others in it.
template <class E, class F>
void check_refused(F f, std::initializer_list<std::string_view> parts) {
  BOOST_CHECK_EXCEPTION((void)f(), E, [&](const E& error) {
    const std::string_view text = error.what();
    bool good = text.starts_with(*parts.begin());
    for (const std::string_view part : parts) good = good && text.find(part) != std::string_view::npos;
    BOOST_TEST(good, "message: " << text);
    return good;
  });
}

inline Var ints(std::initializer_list<std::int64_t> values) {
  return xgrad::testing::array_of<std::int64_t>({values.size()}, values);
}

inline Var ints(const Shape& shape, std::initializer_list<std::int64_t> values) {
  return xgrad::testing::array_of<std::int64_t>(shape, values);
}

/// 1, 2, 3, ...
inline Var counted(const Shape& shape) {
  std::vector<double> values;
  for (std::size_t i = 0; i < size_of(shape); ++i) values.push_back(1.0 + static_cast<double>(i));
  return xgrad::testing::array_of<double>(shape, values);
}

}  // namespace refusals
