// In which order the factors of a sum of products are multiplied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace xgrad::detail {

/// A set of indices, one bit for each.
using IndexSet = std::uint64_t;
inline constexpr std::size_t most_indices = 64;

/// Two factors. Each product becomes a factor itself and has the next number.
struct Multiplication {
  std::size_t first;
  std::size_t second;
};

/// One multiplication less than there are factors. Of up to eight factors the best order is found: that with the least
/// sum of multiplications and elements of intermediate results. With more, two factors whose product saves most memory
/// (the size of both less that of the product) are multiplied until eight are left.
/// \param factors  the indices of each, which others have too, or the result.
/// \param result   those that are not summed over.
std::vector<Multiplication> order_of_multiplications(std::span<const IndexSet> factors, IndexSet result,
                                                     std::span<const std::size_t> extents);

}  // namespace xgrad::detail
