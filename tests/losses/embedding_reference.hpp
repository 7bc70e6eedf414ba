// What the rows of the losses of embeddings share.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

#include "losses/loss_table.hpp"

namespace xgrad::testing {

using Real = long double;
using Reals = std::vector<Real>;
using Arguments = std::vector<Numbers>;

/// A loss with a value for each row of the first argument.
inline Reference by_row(std::function<Real(const Arguments&, std::size_t)> value) {
  return [value](const Arguments& x) {
    Reals result;
    for (std::size_t i = 0; i < x[0].rows(); ++i) result.push_back(value(x, i));
    return result;
  };
}

inline Real product(const Numbers& a, std::size_t i, const Numbers& b, std::size_t j) {
  Real total = 0;
  for (std::size_t k = 0; k < a.columns(); ++k) total += a(i, k) * b(j, k);
  return total;
}

inline Real positive_part(Real x) { return std::max<Real>(0, x); }

/// The rows of the losses that contrast the samples of a batch.
void append_embedding_batches(LossRows& rows);

}  // namespace xgrad::testing
