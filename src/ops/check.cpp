#include <xgrad/ops/check.hpp>

#include <array>

#include <xgrad/core/errors.hpp>

#include "internal.hpp"
#include "ir/requirement.hpp"

namespace xgrad {

Requirement::Requirement(std::string_view message) : id_(ir::number_of_requirement(message)) {}

Var checked(const Var& x, const Var& condition, const Requirement& requirement, std::int64_t limit) {
  const std::array<const Var*, 2> all{&x, &condition};
  for (const Var* each : all) detail::require_usable(*each, "checked");
  if (const Shape shape = detail::broadcast_shape("checked", all); shape != x.shape()) {
    throw ShapeError("checked: the condition " + to_string(condition.shape()) + " does not broadcast to the values " +
                     to_string(x.shape()));
  }
  const Var truth = broadcast_to(condition.dtype() == DType::Bool ? condition : not_equal(condition, 0.0), x.shape());
  const std::array<std::int64_t, 2> attributes{static_cast<std::int64_t>(requirement.id()), limit};
  return detail::record<primitives::Checked>(x.dtype(), x.shape(), {&x, &truth}, attributes);
}

}  // namespace xgrad
