// Updates of donated arrays by products of matrices: W - s A B as one call of BLAS, in the memory of W.
#pragma once

#include <vector>

#include "graph.hpp"

namespace xgrad::plan {

/// Turns `c + a b`, `c - a b`, `c + s a b` and `c - s a b` into op_gemm where c is a donated leaf and nothing else
/// needs the product.
///
/// \param donated  for each leaf whether its array may be overwritten.
void accumulate_products(Graph& graph, const std::vector<bool>& donated);

}  // namespace xgrad::plan
