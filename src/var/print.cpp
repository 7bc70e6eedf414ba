// Vars as text.
#include <ostream>

#if __has_include(<xtensor/io/xio.hpp>)
#include <xtensor/io/xio.hpp>
#else
#include <xtensor/xio.hpp>
#endif

#include <xgrad/var.hpp>

#include "access.hpp"

namespace xgrad {

std::ostream& operator<<(std::ostream& out, const Var& x) {
  detail::require_usable(x, "operator<<");
  switch (x.dtype()) {
    case DType::Bool:
      return out << x.array<bool>();
    case DType::Int64:
      return out << x.array<std::int64_t>();
    case DType::Float32:
      return out << x.array<float>();
    case DType::Float64:
      break;
  }
  return out << x.array<double>();
}

}  // namespace xgrad
