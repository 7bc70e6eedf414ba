// What nodes of products of small integers must be.
#include "node_at.hpp"
#include "quantised.hpp"

namespace xgrad::primitives::node_rules {

Broken quantised_matmul(const NodeAt& n) {
  if (n.inputs() != 3) return as_many_inputs;
  if (n.attributes().size() != 2 || n.attributes()[0] < 0 || n.attributes()[1] < 0) return as_many_attributes;
  const std::size_t stack = n.shape().size() == 3 ? 1 : 0;
  const auto inputs = static_cast<std::size_t>(n.attributes()[0]);
  const auto outputs = static_cast<std::size_t>(n.attributes()[1]);
  const Shape& x = n.shape(0);
  const Shape& words = n.shape(1);
  const Shape& numbers = n.shape(2);
  bool fit = n.shape().size() == 2 + stack && x.size() == 2 + stack && words.size() == 2 + stack &&
             numbers.size() == 1 + stack && inputs <= most_quantised_inputs;
  if (fit && stack == 1) fit = x[0] == n.shape()[0] && words[0] == x[0] && numbers[0] == x[0];
  fit = fit && n.shape()[stack] == x[stack] && n.shape()[stack + 1] == outputs && x[stack + 1] == inputs;
  fit = fit && words[stack] == outputs / quantised_block + (outputs % quantised_block == 0 ? 0 : 1) &&
        words[stack + 1] == quantised_row(inputs) && numbers[stack] == 2;
  return first_of(
      {unless(fit, "rows, words of weights and their numbers match"),
       unless(is_floating(n.type()) && n.type(0) == n.type() && n.type(1) == DType::Int64 && n.type(2) == n.type(),
              operand_types)});
}

}  // namespace xgrad::primitives::node_rules
