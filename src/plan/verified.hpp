// How invariants are stated and what is said of one that is violated.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

#include <xgrad/core/shape.hpp>

namespace xgrad::plan {

/// A thing among others of its kind, after a pass.
struct Verified {
  std::string_view pass;
  std::string_view kind;
  std::size_t number;
  std::string_view name = {};

  void require(bool holds, std::string_view invariant) const {
    if (!holds) violated(invariant);
  }
  [[noreturn]] void violated(std::string_view invariant) const {
    std::string text =
        "the planner, after " + std::string(pass) + ": " + std::string(kind) + " " + std::to_string(number);
    if (!name.empty()) text += " (" + std::string(name) + ")";
    throw std::logic_error(text + ": " + std::string(invariant));
  }
};

/// Where elements lie beside the first one, both ends included.
struct Reach {
  std::ptrdiff_t first = 0;
  std::ptrdiff_t last = 0;

  void add(std::size_t extent, std::ptrdiff_t step) {
    if (extent > 1) (step < 0 ? first : last) += static_cast<std::ptrdiff_t>(extent - 1) * step;
  }
};

inline Reach reach_of(const Shape& shape, const Strides& strides) {
  Reach reach;
  for (std::size_t i = 0; i < shape.size(); ++i) reach.add(shape[i], strides[i]);
  return reach;
}

}  // namespace xgrad::plan
