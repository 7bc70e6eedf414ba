// What the transforms of random programs share.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "transforms.hpp"

namespace random_graphs {

namespace xg = xgrad;
using Vars = std::vector<Var>;
using Function = std::function<Var(const Vars&)>;

/// An operation, and what its result is.
struct Operation {
  Function f;
  Shape shape;
  DType dtype;
  std::vector<std::size_t> ranks;  ///< of its operands
  std::vector<bool> floating;      ///< which of these are

  [[nodiscard]] std::size_t size() const { return xg::size_of(shape); }
  [[nodiscard]] bool differentiable() const {
    return is_floating(dtype) && std::find(floating.begin(), floating.end(), true) != floating.end();
  }
};

/// Makes a function of a function that is the same; nothing: not of this one.
using Transform = std::optional<Function> (*)(Random&, const Operation&);

/// A transform and its name.
struct Entry {
  const char* name;
  Transform transform;
  std::optional<Within> only = std::nullopt;
};

/// Those that run functions: loops, branches, batches.
const std::vector<Entry>& transforms_of_control();
/// Those that are about derivatives.
const std::vector<Entry>& transforms_of_derivatives();

}  // namespace random_graphs
