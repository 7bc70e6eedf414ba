// Sets: shapes that depend on values.
#include <cstdint>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/search.hpp>

#include "internal.hpp"
#include "reductions.hpp"

namespace xgrad {
namespace {

/// Of the sorted elements, whether each is another than the one before.
std::vector<bool> begins_of_runs(const Var& sorted) {
  const std::size_t count = sorted.size();
  std::vector<bool> result(count, true);
  if (count < 2) return result;
  const Var a = detail::part_along(sorted, 0, 0, count - 1);
  const Var b = detail::part_along(sorted, 0, 1, count - 1);
  const Var differs = not_equal(a, b) && !(not_equal(a, a) && not_equal(b, b));
  for (std::size_t i = 1; i < count; ++i) result[i] = differs.array<bool>().data()[i - 1];
  return result;
}

}  // namespace

UniqueAll unique_all(const Var& x) {
  detail::require_usable(x, "unique");
  if (x.recorded()) {
    throw TapeError("unique: the array " + to_string(x.shape()) +
                    " is recorded, and how many elements differ depends on its values; call it on concrete arrays, "
                    "before they are given to a function that is differentiated or compiled");
  }
  const Var flat = flatten(x);
  const Var order = argsort(flat);
  const std::vector<bool> begins = begins_of_runs(take(flat, order));
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> counts;
  std::vector<std::int64_t> inverse(flat.size());
  for (std::size_t i = 0; i < flat.size(); ++i) {
    const std::int64_t place = order.array<std::int64_t>().data()[i];
    if (begins[i]) {
      first.push_back(place);
      counts.push_back(0);
    }
    ++counts.back();
    inverse[static_cast<std::size_t>(place)] = static_cast<std::int64_t>(counts.size()) - 1;
  }
  const Var indices(first);
  return {take(flat, indices), indices, reshape(Var(inverse), x.shape()), Var(counts)};
}

Var unique(const Var& x) { return unique_all(x).values; }

}  // namespace xgrad
