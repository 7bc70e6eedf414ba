// Writes a program and what it gives; `reader`, which has none of this, compares.
#include <fstream>
#include <iostream>
#include <limits>

#include <xgrad/io/program.hpp>
#include <xgrad/xgrad.hpp>

namespace xg = xgrad;
using xg::Var;

int main(int count, char** arguments) {
  if (count != 3) return 2;
  const Var weights = xt::xarray<double>{{0.5, -0.2, 0.1}, {0.3, 0.8, -0.4}, {-0.6, 0.1, 0.2}};
  const auto objective = [&](const Var& x) {
    const auto step = [&](const Var& h, const Var& each) {
      const Var next = tanh(matmul(weights, h) + each);
      return std::pair{next, xg::logsumexp(next)};
    };
    const auto [last, all] = xg::scan(step, x, xg::outer(x, sin(x)));
    return sum(last * x) + sum(square(all));
  };
  const Var x = xt::xarray<double>{0.3, -0.7, 1.1};
  xg::io::export_program(objective, x).save(arguments[1]);
  std::ofstream values(arguments[2]);
  values.precision(std::numeric_limits<double>::max_digits10);
  values << objective(x).item<double>() << '\n';
  for (const double each : xg::grad(objective)(x).array<double>()) values << each << '\n';
  return values ? 0 : 1;
}
