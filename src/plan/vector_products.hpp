// Products of a matrix and vectors that are worth loops: the matrix is read once for all of them, or need not be
// there.
#pragma once

#include "graph.hpp"

namespace xgrad::plan {

/// Turns products of a matrix and a vector into products element by element and their sums, which loops fuse, in two
/// cases: a matrix times a vector is followed, element by element, by the vector that its transpose is multiplied by,
/// as in the gradient of least squares, so that one loop reads the matrix once; or the matrix is computed element by
/// element for such products alone, so that it need not be in memory.
///
/// \return the same program; as it was if there are no such products.
Graph multiply_vectors_in_loops(Graph graph);

}  // namespace xgrad::plan
