#include <xgrad/transform/checkpoint.hpp>

#include <array>

#include "primitives/list.hpp"
#include "var/record.hpp"

namespace xgrad {

Var keep(const Var& x) {
  detail::require_usable(x, "keep");
  if (!x.recorded()) return x;
  constexpr std::array marked{static_cast<std::int64_t>(primitives::Mark::Kept)};
  return detail::as_weak(detail::record<primitives::Identity>(x.dtype(), x.shape(), {&x}, marked),
                         VarAccess::is_weak(x));
}

}  // namespace xgrad
