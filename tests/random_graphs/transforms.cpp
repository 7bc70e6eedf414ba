#include "transforms.hpp"

#include <algorithm>

#include "transform.hpp"

namespace random_graphs {
namespace {

Function branching(const Operation& op) {
  return [f = op.f](const Vars& x) {
    const Var small = sum(cast(x[0], DType::Float64)) > 0.0;
    // Two recordings, of which the call takes one.
    if (xg::branch(small)) return f(x);
    return Var(f(x));
  };
}

const std::vector<Entry>& all_transforms() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> entries = transforms_of_control();
    entries.insert(entries.end(), transforms_of_derivatives().begin(), transforms_of_derivatives().end());
    return entries;
  }();
  return all;
}

/// The function in a transform, if one that was drawn takes it.
Operation transformed(Random& random, Operation op, Within where, bool outermost, TransformCounts& counts) {
  const Entry& entry = random.one_of(all_transforms());
  // In others there may be a reverse derivative that the outer one goes through.
  if (entry.only && (*entry.only != where || !outermost)) return op;
  std::optional<Function> result = entry.transform(random, op);
  if (!result) return op;
  ++counts[entry.name];
  op.f = std::move(*result);
  return op;
}

constexpr std::size_t most_elements = 400;
constexpr std::size_t most_axes = 3;

bool is_small(const Shape& shape) { return shape.size() <= most_axes && xg::size_of(shape) <= most_elements; }

Var run_one(const Instruction& instruction, const Vars& operands, Random& random, Within where,
            TransformCounts& counts) {
  Operation op{[&instruction](const Vars& x) {
                 return instruction.run({x, instruction.number, nullptr});
               },
               instruction.shape,
               instruction.dtype,
               {},
               {}};
  bool fits = is_small(op.shape) && !operands.empty();
  for (const Var& x : operands) {
    op.ranks.push_back(x.dimension());
    op.floating.push_back(is_floating(x.dtype()));
    fits = fits && is_small(x.shape());
  }
  if (fits) {
    for (std::size_t depth = 1 + random.below(3); depth-- > 0;)
      op = transformed(random, std::move(op), where, depth == 0, counts);
    if (where == Within::Compiled && random.chance(0.2)) {
      op.f = branching(op);
      ++counts["branch"];
    }
  }
  return op.f(operands);
}

}  // namespace

std::vector<Var> run_with_transforms(const Program& program, const std::vector<Var>& inputs, Within where,
                                     TransformCounts& counts) {
  Random random(program.seed * 3 + static_cast<std::size_t>(where));
  std::vector<Var> values;
  for (std::size_t i = 0; i < program.instructions.size(); ++i) {
    const Instruction& instruction = program.instructions[i];
    if (!instruction.run) {
      values.push_back(inputs[i]);
      continue;
    }
    Vars operands;
    for (const std::size_t operand : instruction.operands) operands.push_back(values[operand]);
    values.push_back(random.chance(0.6) ? run_one(instruction, operands, random, where, counts)
                                        : instruction.run({operands, instruction.number, nullptr}));
  }
  return values;
}

std::vector<std::string> names_of_transforms() {
  std::vector<std::string> names{"branch"};
  for (const Entry& each : all_transforms()) names.emplace_back(each.name);
  return names;
}

}  // namespace random_graphs
