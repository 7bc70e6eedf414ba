// How many bytes a model takes.
#pragma once

#include <cstddef>
#include <span>

#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::compression {

namespace detail {

std::size_t size_on_disk(std::span<const Var> arrays);
std::size_t coded_size(std::span<const Var> arrays);

}  // namespace detail

/// The bytes of all arrays of a tree, those of members marked state with them, as they stand in a file without its
/// header.
template <tree::Tree T>
[[nodiscard]] std::size_t size_on_disk(const T& tree) {
  return detail::size_on_disk(tree::arrays(tree));
}

/// The bytes of the same arrays with Huffman's code of their bytes, one code for each array, or as they are where that
/// is less. Of a code 256 lengths are counted, a byte each.
/// \source  D. A. Huffman, A method for the construction of minimum-redundancy codes, 1952; Han et al. 2016.
template <tree::Tree T>
[[nodiscard]] std::size_t coded_size(const T& tree) {
  return detail::coded_size(tree::arrays(tree));
}

}  // namespace xgrad::compression

#pragma GCC visibility pop
