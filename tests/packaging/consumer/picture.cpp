// A user's picture of a program.
#include <xgrad/draw/graphviz.hpp>
#include <xgrad/xgrad.hpp>

int main() {
  const auto loss = [](const xgrad::Var& x) { return sum(square(x)); };
  const xgrad::Var x = xt::xarray<double>{1.0, 2.0};
  const std::string svg = xgrad::draw::svg(xgrad::draw::gradient_graph(loss, x));
  return svg.find("</svg>") == std::string::npos ? 1 : 0;
}
