// Arrays to be moved by an optimiser. C++17, as problems.hpp.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace bench {

constexpr double adamw_rate = 1e-3;
constexpr double adamw_decay = 1e-2;

/// Parameters and their gradients, which stay the same.
struct Descent {
  std::vector<std::vector<float>> parameters, gradients;
};

inline Descent make_descent(std::size_t arrays, std::size_t elements) {
  Descent result;
  for (std::size_t k = 0; k < arrays; ++k) {
    std::vector<float> p(elements), g(elements);
    for (std::size_t i = 0; i < elements; ++i) {
      const auto x = static_cast<float>(i % 1000 + 7 * k);
      p[i] = std::sin(0.37F * x);
      g[i] = std::cos(0.11F * x) + 0.5F;
    }
    result.parameters.push_back(std::move(p));
    result.gradients.push_back(std::move(g));
  }
  return result;
}

}  // namespace bench
