// The programs that both libraries run. This header is C++17: clang 14 refuses libtorch's headers in C++20.
#pragma once

#include <functional>
#include <string>

namespace tiny_ops {

constexpr int rounds = 100;
constexpr int ops = 3 * rounds;  // of a chain
constexpr int points = 100;      // of the regression
constexpr int steps = 20;

/// Each returns a number that both libraries must agree on.
using Program = std::function<double()>;

struct Programs {
  Program forward;          ///< the chain
  Program gradient;         ///< the chain and its derivative with respect to x
  Program gradient_of_all;  ///< the chain and its derivatives with respect to x, a and b
  Program regression;       ///< some steps of gradient descent
};

/// The chain, x = x a + b and x = tanh(x) in turns; T is either library's array.
template <class T>
T chain(T x, const T& a, const T& b) {
  for (int i = 0; i < rounds; ++i) {
    x = x * a + b;
    x = tanh(x);
  }
  return x;
}

/// libtorch's, on one thread.
Programs libtorch_programs();
std::string libtorch_version();

}  // namespace tiny_ops
