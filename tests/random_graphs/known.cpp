// Random programs: what the planner knows beforehand, and what only programs from files say.
#include <algorithm>

#include "builder.hpp"
#include "primitives/list.hpp"
#include "var/record.hpp"

namespace random_graphs {

namespace {

using InstructionId = Builder::InstructionId;
using A = Arguments;

}  // namespace

/// A value and what is decided by a number, and a few operations of these.
void add_known(Builder& b) {
  const InstructionId x = b.any_float();
  const double m = b.magnitude(x);
  const bool unequal = b.random.chance(0.7);
  const InstructionId known =
      b.add_with_number(unequal ? "number != 0" : "number == 0", {x}, b.random_number(), 1.0, [unequal](const A& a) {
        const Var number = full_like(a[0], a.number);
        return unequal ? not_equal(number, 0.0) : equal(number, 0.0);
      });
  const InstructionId less = b.add("x < 0.25", {x}, 1.0, [](const A& a) { return a[0] < 0.25; });
  switch (b.random.below(6)) {
    case 0:
      b.add("logical_not", {known}, 1.0, [](const A& a) { return !a[0]; });
      return;
    case 1:
      b.add("logical_or", {known, less}, 1.0, [](const A& a) { return a[0] || a[1]; });
      return;
    case 2:
      b.add("logical_and", {less, known}, 1.0, [](const A& a) { return a[0] && a[1]; });
      return;
    case 3:
      b.add("cast to its own type", {x}, m, [](const A& a) {
        return xgrad::detail::record<xgrad::primitives::Cast>(a[0].dtype(), a[0].shape(), {&a[0]});
      });
      return;
    default:  // the derivative is one of the other branch where the number is 0
      b.add("where(c, sin(x), x)", {known, x}, std::max(m, 1.0),
            [](const A& a) { return where(a[0], sin(a[1]), a[1]); });
  }
}

}  // namespace random_graphs
