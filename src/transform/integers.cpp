#include <xgrad/transform/integers.hpp>

#include <array>
#include <string>
#include <utility>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/ops/rounding.hpp>
#include <xgrad/transform/control.hpp>

#include "var/access.hpp"
#include "var/record.hpp"

namespace xgrad {
namespace {

using Pair = std::pair<Var, Var>;

Pair integers_of_one_shape(std::string_view operation, const Var& a, const Var& b) {
  for (const Var* each : {&a, &b}) {
    detail::require_usable(*each, operation);
    if (!is_floating(each->dtype())) continue;
    throw TypeError(std::string(operation) + ": an argument is " + std::string(name(each->dtype())) + " " +
                    to_string(each->shape()) + "; both must be integers");
  }
  const Shape shape = detail::broadcast_shape(operation, std::array{&a, &b});
  return {broadcast_to(cast(a, DType::Int64), shape), broadcast_to(cast(b, DType::Int64), shape)};
}

/// Euclid's algorithm, of all elements until the last one is done.
Var divisor_of(const Pair& integers) {
  const auto goes_on = [](const Pair& p) { return any(not_equal(p.second, 0)); };
  const auto step = [](const Pair& p) {
    const Var done = equal(p.second, 0);
    const Var rest = remainder(p.first, where(done, 1, p.second));
    return Pair{where(done, p.first, p.second), where(done, 0, rest)};
  };
  return abs(while_loop(goes_on, step, integers).first);
}

}  // namespace

Var gcd(const Var& a, const Var& b) { return divisor_of(integers_of_one_shape("gcd", a, b)); }

Var lcm(const Var& a, const Var& b) {
  const Pair integers = integers_of_one_shape("lcm", a, b);
  const Var divisor = divisor_of(integers);
  return abs(floor_divide(integers.first, maximum(divisor, 1)) * integers.second);
}

}  // namespace xgrad
