#include <xgrad/nn/any_layer.hpp>

#include <cstdint>
#include <ostream>

#include <xgrad/core/errors.hpp>

namespace xgrad::nn {

void AnyLayer::throw_moved() { throw ValueError("AnyLayer: there is no layer in it; it was moved from"); }

void AnyLayer::throw_other(const std::string& held, const std::string& wanted) {
  throw TypeError("AnyLayer: it holds a layer " + held + ", which is asked for as another type, " + wanted);
}

Var Net::operator()(const Var& x) const {
  Var y = x;
  for (const AnyLayer& layer : layers) y = layer(y);
  return y;
}

Var Net::operator()(const Var& x, const Training& training) {
  Var y = x;
  std::int64_t number = 0;
  for (AnyLayer& layer : layers) y = layer(y, training.part(number++));
  return y;
}

void Net::outline(detail::Outline& outline) const {
  for (std::size_t i = 0; i < layers.size(); ++i) outline.part(i, layers[i]);
}

std::ostream& operator<<(std::ostream& out, const AnyLayer& layer) { return tree::detail::print(out, layer); }
std::ostream& operator<<(std::ostream& out, const Net& net) { return tree::detail::print(out, net); }

}  // namespace xgrad::nn
