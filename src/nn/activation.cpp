#include <xgrad/nn/activation.hpp>

#include <array>
#include <ostream>
#include <string>
#include <vector>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/activation.hpp>
#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/join.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>

#include "nn/checks.hpp"
#include "nn/row_by_name.hpp"
#include "ops/axes.hpp"

namespace xgrad::nn {
namespace {

struct ActivationRow {
  Activation activation;
  std::string_view name;
  Var (*run)(const Var& x);
};

// In the order of the enum, which is checked below.
constexpr std::array<ActivationRow, activation_count> activation_rows{{
    {Activation::Identity, "identity", [](const Var& x) { return x; }},
    {Activation::Relu, "relu", [](const Var& x) { return relu(x); }},
    {Activation::Relu6, "relu6", [](const Var& x) { return relu6(x); }},
    {Activation::LeakyRelu, "leaky_relu", [](const Var& x) { return leaky_relu(x); }},
    {Activation::Elu, "elu", [](const Var& x) { return elu(x); }},
    {Activation::Celu, "celu", [](const Var& x) { return celu(x); }},
    {Activation::Selu, "selu", [](const Var& x) { return selu(x); }},
    {Activation::Gelu, "gelu", [](const Var& x) { return gelu(x); }},
    {Activation::GeluTanh, "gelu_tanh", [](const Var& x) { return gelu(x, xgrad::Gelu::Tanh); }},
    {Activation::Silu, "silu", [](const Var& x) { return silu(x); }},
    {Activation::Mish, "mish", [](const Var& x) { return mish(x); }},
    {Activation::Tanh, "tanh", [](const Var& x) { return tanh(x); }},
    {Activation::HardTanh, "hard_tanh", [](const Var& x) { return hard_tanh(x); }},
    {Activation::Sigmoid, "sigmoid", [](const Var& x) { return sigmoid(x); }},
    {Activation::HardSigmoid, "hard_sigmoid", [](const Var& x) { return hard_sigmoid(x); }},
    {Activation::HardSwish, "hard_swish", [](const Var& x) { return hard_swish(x); }},
    {Activation::Softplus, "softplus", [](const Var& x) { return softplus(x); }},
    {Activation::Softsign, "softsign", [](const Var& x) { return softsign(x); }},
    {Activation::LogSigmoid, "log_sigmoid", [](const Var& x) { return log_sigmoid(x); }},
    {Activation::Softmax, "softmax", [](const Var& x) { return softmax(x); }},
    {Activation::LogSoftmax, "log_softmax", [](const Var& x) { return log_softmax(x); }},
    {Activation::Sin, "sin", [](const Var& x) { return sin(x); }},
}};
static_assert([] {
  for (std::size_t i = 0; i < activation_count; ++i) {
    if (static_cast<std::size_t>(activation_rows[i].activation) != i) return false;
  }
  return true;
}());

/// Null of a number that is none, cast to an activation.
const ActivationRow* row_of(Activation activation) noexcept {
  const auto number = static_cast<std::size_t>(activation);
  return number < activation_count ? &activation_rows[number] : nullptr;
}

}  // namespace

std::string_view name(Activation activation) noexcept {
  const ActivationRow* row = row_of(activation);
  return row ? row->name : "no activation";
}

std::ostream& operator<<(std::ostream& out, Activation activation) { return out << name(activation); }

Activation activation_by_name(std::string_view name) {
  return row_by_name("activation", activation_rows, name).activation;
}

Var Activate::operator()(const Var& x) const {
  const ActivationRow* row = row_of(function);
  if (row) return row->run(x);
  throw ValueError("Activate: " + std::to_string(static_cast<int>(function)) + " is no activation; there are " +
                   std::to_string(activation_count));
}

Var PRelu::operator()(const Var& x) const {
  if (weight.dimension() > 1) {
    throw ShapeError("PRelu: its slopes have the shape " + to_string(weight.shape()) +
                     "; they must have one axis, [channels]");
  }
  if (weight.size() == 1) return leaky_relu(x, reshape(weight, Shape{}));
  const std::size_t channels = xgrad::detail::normalize_axis("PRelu", axis, x);
  if (x.shape()[channels] != weight.size()) {
    throw ShapeError("PRelu: called with the shape " + to_string(x.shape()) + "; its axis " + std::to_string(channels) +
                     " must have as many elements as there are slopes, " + std::to_string(weight.size()));
  }
  Shape shape(x.dimension(), 1);
  shape[channels] = weight.size();
  return leaky_relu(x, reshape(weight, shape));
}

PRelu p_relu(std::size_t channels, const PReluOptions& options) {
  require_floating("p_relu", options.dtype);
  return {cast(full({channels}, options.slope), options.dtype), options.axis};
}

Var Swish::operator()(const Var& x) const { return x * sigmoid(beta * x); }

Swish swish(double beta, DType dtype) {
  require_floating("swish", dtype);
  return {cast(beta, dtype)};
}

Var Glu::operator()(const Var& x) const {
  const std::size_t halved = xgrad::detail::normalize_axis("Glu", axis, x);
  if (x.shape()[halved] % 2 != 0) {
    throw ShapeError("Glu: called with the shape " + to_string(x.shape()) + "; its axis " + std::to_string(halved) +
                     " must have an even number of elements, one half of which gates the other");
  }
  const std::vector<Var> halves = split(x, 2, static_cast<std::ptrdiff_t>(halved));
  return halves[0] * Activate{gate}(halves[1]);
}

}  // namespace xgrad::nn
