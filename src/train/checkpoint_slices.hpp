// Arrays of a checkpoint in slices of as many bytes, each in a file of its own.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <xgrad/core/function_of.hpp>
#include <xgrad/io/named.hpp>

namespace xgrad::train {

/// Some of the arrays of a tree, and parts of others, which are of one axis: of these the metadata say the shape and
/// the place of the first element.
struct Slice {
  io::ArraysByName arrays;
  std::map<std::string, std::string> metadata;
};

/// The slice with a number from 0, of so many: the bytes of all arrays one after another, cut between elements.
[[nodiscard]] Slice slice_of(const io::ArraysByName& all, std::size_t number, std::size_t of);

/// The arrays of all slices, in their order.
/// \param refuse  is called with a rule if they do not fit each other, and does not return.
[[nodiscard]] io::ArraysByName joined(const std::vector<Slice>& slices,
                                      xgrad::detail::FunctionOf<void, const std::string&> refuse);

}  // namespace xgrad::train
