// Random programs in which operations are done by transforms that leave them what they are.
#pragma once

#include <map>
#include <string>

#include "program.hpp"

namespace random_graphs {

/// How often each transform was drawn.
using TransformCounts = std::map<std::string, std::size_t>;

/// Where a program with transforms runs: not all of them run everywhere.
enum class Within : std::uint8_t {
  Reverse,   ///< derivatives in reverse mode are taken, also twice: no loop without a bound
  Forward,   ///< no others than in forward mode
  Compiled,  ///< as Reverse, and it may branch
};

/// The value of each instruction of a program whose arrays are small and finite. Most are computed by a function in one
/// to three transforms, chosen by the seed.
/// \param inputs  values or recorded Vars, by instruction.
std::vector<Var> run_with_transforms(const Program& program, const std::vector<Var>& inputs, Within where,
                                     TransformCounts& counts);

/// All that run_with_transforms() draws.
std::vector<std::string> names_of_transforms();

}  // namespace random_graphs
