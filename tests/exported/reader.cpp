// Runs a program from a file, and compares its value and gradient with numbers from another one.
#include <fstream>
#include <iostream>

#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const xg::io::Exported program = xg::io::load_program(arguments[1]);
  const Var x = xt::xarray<double>{0.3, -0.7, 1.1};
  const auto [value, gradient] = xg::value_and_grad(program.as_function<Var>())(x);
  std::ifstream values(arguments[2]);
  const auto next_is = [&](double found) {
    double expected = 0;
    values >> expected;
    if (!values || found != expected) std::cerr << found << " is not " << expected << '\n';
    return values && found == expected;
  };
  bool right = next_is(value.item<double>());
  for (const double each : gradient.array<double>()) right = next_is(each) && right;
  return right ? 0 : 1;
}
