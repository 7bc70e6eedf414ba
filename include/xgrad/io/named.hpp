// Arrays by name: what files of several arrays hold, and how trees become them and are filled from them.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <xgrad/tree/tree.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::io {

using ArraysByName = std::map<std::string, Var>;

struct FillOptions {
  /// The name in the file of an array of the tree, by its path; none: the path itself. See with_prefixes.
  std::function<std::string(const std::string&)> name_of = {};
  bool allow_missing = false;  ///< arrays of the tree that are not there stay as they are
  bool allow_unused = false;   ///< there may be arrays that are not in the tree
  bool cast = false;           ///< to the element types of the tree
};

/// For FillOptions: the longest of some beginnings of the path, replaced by another one.
///
///     with_prefixes({{"encoder.", "model.encoder."}, {"head.", "fc."}})
[[nodiscard]] std::function<std::string(const std::string&)> with_prefixes(
    const std::map<std::string, std::string>& prefixes);

namespace detail {

ArraysByName by_name(const std::vector<std::string>& paths, const std::vector<Var>& arrays);
std::vector<Var> filled(const std::vector<std::string>& paths, const std::vector<Var>& arrays, const ArraysByName& from,
                        const FillOptions& options);

}  // namespace detail

/// The arrays of a tree, those of members marked state with them, by their paths, such as "layers.0.weight". Members
/// marked static are no arrays, and are not among them.
/// \throws ValueError  if two have the same path.
template <tree::Tree T>
[[nodiscard]] ArraysByName by_name(const T& tree) {
  return detail::by_name(tree::array_paths(tree), tree::arrays(tree));
}

/// A copy of a tree with the arrays that have its names, as a model is loaded:
///
///     model = xg::io::filled(model, xg::io::read_safetensors("model.safetensors"));
///
/// An empty Var of the tree takes any array, a number one of rank 0, which is a number again.
/// \throws ShapeError  naming the first arrays that differ, with element types and shapes: if one is missing, has
///                     another shape, or is not in the tree.
/// \throws TypeError   if nothing but element types differ.
template <tree::Tree T>
[[nodiscard]] T filled(const T& like, const ArraysByName& from, const FillOptions& options = {}) {
  return tree::with_arrays(like, detail::filled(tree::array_paths(like), tree::arrays(like), from, options));
}

}  // namespace xgrad::io

#pragma GCC visibility pop
