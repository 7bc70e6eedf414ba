#include "carried.hpp"

#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>

#include "var/record.hpp"

namespace xgrad::detail {

std::vector<Var> stand_ins_for_carried(TapeState& tape, std::span<const Var> first) {
  std::vector<Var> result;
  for (const Var& x : first) {
    result.push_back(opaque(tape, x.dtype(), x.shape()));
    tape.set_weak(VarAccess::node(result.back()), VarAccess::is_weak(x));
  }
  return result;
}

bool settle_carried(std::string_view operation, std::span<Var> first, std::span<const Var> next, const Paths& paths) {
  bool settled = true;
  for (std::size_t k = 0; k < next.size(); ++k) {
    Var& before = first[k];
    const bool weak = VarAccess::is_weak(before) && !VarAccess::is_weak(next[k]);
    if (before.shape() != next[k].shape() || (before.dtype() != next[k].dtype() && !weak)) {
      const std::string path = paths()[k];
      const std::string message =
          std::string(operation) + ": what is carried" + (path.empty() ? "" : " (" + path + ")") + " is " +
          describe(before) + " before a run and " + describe(next[k]) + " after it; shape and element type must stay";
      if (before.shape() != next[k].shape()) throw ShapeError(message);
      throw TypeError(message);
    }
    if (!weak) continue;
    settled = false;
    before = as_weak(before.dtype() == next[k].dtype() ? before : cast(before, next[k].dtype()), false);
  }
  return settled;
}

}  // namespace xgrad::detail
