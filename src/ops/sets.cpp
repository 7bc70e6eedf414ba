#include <xgrad/ops/sets.hpp>

#include <array>
#include <string>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/mask.hpp>
#include <xgrad/ops/search.hpp>

#include "internal.hpp"

namespace xgrad {
namespace {

void require_values(std::string_view operation, const Var& x) {
  detail::require_usable(x, operation);
  if (!x.recorded()) return;
  throw TapeError(std::string(operation) + ": the array " + to_string(x.shape()) +
                  " is recorded, and how many elements the result has depends on its values; call it on concrete "
                  "arrays, before they are given to a function that is differentiated or compiled");
}

/// The elements that both arrays have together, each once, and in how many of them they are.
UniqueAll together(std::string_view operation, const Var& a, const Var& b) {
  require_values(operation, a);
  require_values(operation, b);
  return unique_all(append(unique(a), unique(b)));
}

}  // namespace

Var isin(const Var& x, const Var& set) {
  detail::require_usable(x, "isin");
  detail::require_usable(set, "isin");
  if (set.size() == 0) return cast(zeros_like(x), DType::Bool);
  const DType dtype = detail::common_dtype(std::array{&x, &set});
  const Var elements = cast(x, dtype);
  const Var sorted = sort(flatten(cast(set, dtype)));
  const auto last = static_cast<std::int64_t>(sorted.size()) - 1;
  const Var place = minimum(detail::searchsorted(sorted, elements, false), last);
  return equal(take(sorted, place, 0), elements);
}

Var union1d(const Var& a, const Var& b) { return together("union1d", a, b).values; }

Var intersect1d(const Var& a, const Var& b) {
  const UniqueAll all = together("intersect1d", a, b);
  return compress(equal(all.counts, 2), all.values);
}

Var setdiff1d(const Var& a, const Var& b) {
  require_values("setdiff1d", a);
  require_values("setdiff1d", b);
  const Var elements = unique(a);
  return compress(!isin(elements, b), elements);
}

Var setxor1d(const Var& a, const Var& b) {
  const UniqueAll all = together("setxor1d", a, b);
  return compress(equal(all.counts, 1), all.values);
}

}  // namespace xgrad
