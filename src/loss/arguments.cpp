#include "arguments.hpp"

#include <xgrad/ops/elementwise.hpp>

namespace xgrad::loss::detail {

Var as_floating(const Var& x) { return is_floating(x.dtype()) ? x : cast(x, DType::Float64); }

Var as_floating(const Var& x, const Var& beside) {
  if (is_floating(x.dtype())) return x;
  return cast(x, is_floating(beside.dtype()) ? beside.dtype() : DType::Float64);
}

bool broadcasts_to(const Shape& from, const Shape& to) {
  bool fits = from.size() <= to.size();
  for (std::size_t i = 1; fits && i <= from.size(); ++i) {
    const std::size_t extent = from[from.size() - i];
    fits = extent == 1 || extent == to[to.size() - i];
  }
  return fits;
}

Var not_negative(const Var& x, bool check, const Rule& rule) { return check ? checked(x, x >= 0.0, rule) : x; }

}  // namespace xgrad::loss::detail
