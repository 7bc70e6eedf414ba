#include <xgrad/transform/checkpoint.hpp>

#include <array>

#include "primitives/list.hpp"
#include "var/record.hpp"

namespace xgrad {

Var keep(const Var& x) {
  detail::require_usable(x, "keep");
  if (!x.recorded()) return x;
  constexpr std::array<std::int64_t, 1> marked{1};
  return detail::as_weak(detail::record<primitives::Identity>(x.dtype(), x.shape(), {&x}, marked),
                         VarAccess::is_weak(x));
}

}  // namespace xgrad
