// What the programs here do where most libraries must not be used any more.
#pragma once

#include <string>
#include <utility>

#include <xgrad/xgrad.hpp>

namespace at_exit {

namespace xg = xgrad;

/// A bit of everything: loops, sums, products, gradients, unmet requirements, texts. Empty, or what went wrong.
inline std::string work() {
  const auto ones = [](const xg::Shape& shape) { return xg::Var(xg::Array<double>(shape, 1.0)); };
  const xg::Var x = ones({3000});
  if (sum(x * 2.0 + 1.0).item<double>() != 9000.0) return "a sum is wrong";
  const xg::Var squares = matmul(ones({20, 30}), ones({30, 10}));
  if (squares.array<double>()(19, 9) != 30.0) return "a product is wrong";
  if (softmax(ones({100, 4})).array<double>()(99, 3) != 0.25) return "a softmax is wrong";
  const xg::Var slope = xg::grad([](const xg::Var& y) { return sum(y * y); })(x);
  if (slope.array<double>()(2999) != 2.0) return "a gradient is wrong";
  if (polygamma(1.0, xg::Var(1.0)).item<double>() < 1.6) return "a function is wrong";
  try {
    (void)checked(x, x < 1.0, xg::Requirement("{} is not less than 1")).array<double>();
    return "an unmet requirement was not noticed";
  } catch (const xg::ValueError& error) {
    if (std::string(error.what()) != "1 is not less than 1") return error.what();
  }
  const auto step = xg::compile([](const xg::Var& w) { return w * 3.0; });
  if (step(step(ones({1000}))).array<double>()(0) != 9.0) return "a compiled function is wrong";
  xg::Tape tape;
  const xg::Var leaf = tape.leaf(2.0);
  if (tape.gradient(leaf * leaf, leaf).item<double>() != 4.0) return "a tape is wrong";
  if (xg::loss::names().empty()) return "there are no losses";
  return {};
}

/// Prints "right", or what went wrong.
void say(const char* where, const std::string& wrong);

/// Works when it is destroyed.
struct Late {
  const char* name;
  Late(const char* its_name) : name(its_name) {}  // NOLINT(*-explicit-*): for the tests
  Late(const Late&) = delete;
  Late& operator=(const Late&) = delete;
  ~Late() { say(name, work()); }
};

}  // namespace at_exit
