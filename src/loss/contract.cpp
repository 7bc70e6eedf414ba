#include <xgrad/loss/contract.hpp>

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/loss/print.hpp>

#include "arguments.hpp"
#include "core/text.hpp"
#include "ops/internal.hpp"

namespace xgrad::loss {

void require_same_shape(std::string_view loss, const Var& prediction, const Var& target, std::string_view first,
                        std::string_view second) {
  xgrad::detail::require_same_shape(loss, prediction, target, first, second);
}

void require_setting(std::string_view loss, std::string_view setting, double value, bool holds,
                     std::string_view requirement) {
  if (holds) return;
  xgrad::core::TextStream text;
  text << loss << ": " << setting << " is ";
  detail::print_setting(text, value);
  text << "; " << requirement;
  throw ValueError(text.str());
}

namespace detail {

void require_same_values(const Var& first, const Var& second) {
  if (first.shape() == second.shape()) return;
  throw ShapeError("sum of losses: the values of the first are " + to_string(first.shape()) +
                   " and those of the second " + to_string(second.shape()) +
                   "; only values of one shape are added: reduce each with mean() and add the numbers");
}

Var scaled(const Var& factor, const Var& values) {
  // A factor takes the type of the values: a trained float64 number must not make float64 of a float32 loss.
  if (xgrad::detail::broadcasts_to(factor.shape(), values.shape())) {
    return (is_floating(values.dtype()) ? cast(factor, values.dtype()) : factor) * values;
  }
  throw ShapeError("multiple of a loss: the factor is " + to_string(factor.shape()) + " and the values are " +
                   to_string(values.shape()) + "; it must be a number, or broadcast to the values");
}

void print_setting(std::ostream& out, double value) { out << core::digits_of(value); }

}  // namespace detail
}  // namespace xgrad::loss
