// Which parts of an array go from whom to whom in a sum along a tree.
#pragma once

#include <cstddef>
#include <vector>

#include <xgrad/mpi/sum_tree.hpp>

namespace xgrad::mpi {

/// Elements that one process sends to another.
struct Piece {
  std::size_t other;
  std::size_t first;
  std::size_t last;
};

/// What one process does at one node of the tree. Whoever is in the left part of the node has, of some elements, the
/// sum over the left part; whoever is in the right part that over the right part. Of each such element one of the two
/// sends its sum to the other, who adds.
struct SumRound {
  std::vector<Piece> sends;
  std::vector<Piece> receives;
};

/// The rounds of a process, from the leaves to the root. In the end each element is with one process, and each process
/// has sent (P-1)/P of all elements: all but those that it keeps, each once. Backwards, with sends and receives
/// exchanged, they bring all sums to all.
[[nodiscard]] std::vector<SumRound> sum_rounds(const SumTree& tree, std::size_t rank, std::size_t count);

}  // namespace xgrad::mpi
