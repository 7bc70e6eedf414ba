// A small model that is exported.
#pragma once

#include <xgrad/xgrad.hpp>

#include "comparing.hpp"

namespace exported_programs {

using comparing::wave;
using xgrad::Var;

struct ExportedLayer {
  Var weight, bias;
  int kind = 0;
};
XGRAD_FIELDS(ExportedLayer, weight, bias, kind)

struct ExportedNet {
  ExportedLayer hidden, out;
  Var seen;
};
XGRAD_FIELDS(ExportedNet, hidden, out, state(seen))

inline Var applied(const ExportedLayer& layer, const Var& x) { return matmul(x, layer.weight) + layer.bias; }

inline ExportedNet a_net() {
  return {{wave({3, 4}, 0.1), wave({4}, 0.2), 1}, {wave({4, 1}, 0.3), wave({1}, 0.4), 2}, 3};
}

inline Var loss_of_net(const ExportedNet& net, const Var& x, const Var& y) {
  return mean(square(flatten(applied(net.out, tanh(applied(net.hidden, x)))) - y)) + 0.0 * net.seen;
}

}  // namespace exported_programs
