// Programs with loops, twice: as scan() runs them, and unrolled.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <xgrad/xgrad.hpp>

namespace loops {

using xgrad::Var;

/// The loop that stays one.
struct Scanned {
  template <class F, class C, class X>
  auto operator()(F body, const C& first, const X& arrays, const xgrad::ScanOptions& options = {}) const {
    return xgrad::scan(body, first, arrays, options);
  }
};

/// What it stands for: the body again and again.
struct Unrolled {
  template <class F, class C, class X>
  auto operator()(F body, const C& first, const X& arrays, const xgrad::ScanOptions& options = {}) const {
    namespace tree = xgrad::tree;
    const std::vector<Var> all = tree::arrays(arrays);
    const std::size_t n = options.length ? *options.length : all.at(0).shape()[0];
    const auto element = [&](std::size_t i) {
      std::vector<Var> parts;
      for (const Var& each : all) parts.push_back(n == 0 ? one_of(each) : view(each, i));
      return tree::with_arrays(arrays, parts);
    };
    auto result = body(first, element(0));  // for its types, and without runs for its shapes
    C carried = first;
    std::vector<std::vector<Var>> outputs(tree::arrays(result.second).size(), std::vector<Var>(n));
    for (std::size_t run = 0; run < n; ++run) {
      const std::size_t i = options.reverse ? n - 1 - run : run;
      result = body(carried, element(i));
      carried = result.first;
      const std::vector<Var> given = tree::arrays(result.second);
      for (std::size_t k = 0; k < given.size(); ++k) outputs[k][i] = given[k];
    }
    std::vector<Var> stacked;
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      stacked.push_back(n == 0 ? none_of(tree::arrays(result.second)[k]) : xgrad::stack(outputs[k]));
    }
    return std::pair{carried, tree::with_arrays(result.second, stacked)};
  }

 private:
  static Var one_of(const Var& none) {
    const xgrad::Shape shape(none.shape().begin() + 1, none.shape().end());
    return cast(Var(xgrad::Array<double>(shape, 1.0)), none.dtype());
  }
  static Var none_of(const Var& one) {
    xgrad::Shape shape = one.shape();
    shape.insert(0, 0);
    return broadcast_to(one, shape);
  }
};

/// A program of what is carried first [3], arrays [n, 3] and weights [3, 3].
using Program = std::function<Var(const Var& first, const Var& arrays, const Var& weights)>;

struct Twice {
  std::string name;
  Program scanned;
  Program unrolled;
  bool smooth = true;  ///< whether derivatives are those of the values
};

}  // namespace loops
