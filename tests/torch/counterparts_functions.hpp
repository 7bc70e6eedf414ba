// The further functions element by element in libtorch.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace libtorch {

using at::Tensor;
using Tensors = std::vector<Tensor>;
using Counterpart = std::function<Tensor(const Tensors&)>;
using Counterparts = std::map<std::string, Counterpart>;

inline void add_inverse_functions(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("reciprocal", at::reciprocal);
  add("rsqrt", at::rsqrt);
  for (const std::string variant : {"", ".negative"}) {
    add("cbrt" + variant, [](const Tensor& x) { return x.sign() * x.abs().pow(1.0 / 3.0); });
  }
  add("exp2", at::exp2);
  add("log2", at::log2);
  add("log10", at::log10);
  add("asin", at::asin);
  add("acos", at::acos);
  add("asinh", at::asinh);
  add("acosh", at::acosh);
  add("atanh", at::atanh);
  add("deg2rad", at::deg2rad);
  add("rad2deg", at::rad2deg);
  table["atan2"] = [](const Tensors& x) { return at::atan2(x[0], x[1]); };
  table["float_power"] = [](const Tensors& x) { return at::float_power(x[0], x[1]); };
}

inline void add_rounding(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("floor", [](const Tensor& x) { return x.floor() * x; });
  add("ceil", [](const Tensor& x) { return x.ceil() * x; });
  add("trunc", [](const Tensor& x) { return x.trunc() * x; });
  add("round", [](const Tensor& x) { return x.round() * x; });
  add("isnan", at::isnan);
  add("isinf", at::isinf);
  add("isfinite", at::isfinite);
  add("signbit", at::signbit);
  add("nan_to_num", [](const Tensor& x) { return at::nan_to_num(x).square(); });
  add("remainder.assign", [](const Tensor& x) { return at::remainder(x, 1.0); });
  table["copysign"] = [](const Tensors& x) { return at::copysign(x[0], x[1]); };
  table["fmod"] = table["integers.fmod"] = [](const Tensors& x) { return at::fmod(x[0], x[1]); };
  table["remainder"] = table["integers.remainder"] = [](const Tensors& x) { return at::remainder(x[0], x[1]); };
  table["floor_divide"] = [](const Tensors& x) { return at::div(x[0], x[1], "floor") * x[0] * x[1]; };
  table["integers.floor_divide"] = [](const Tensors& x) { return at::div(x[0], x[1], "floor"); };
  table["integers.and"] = [](const Tensors& x) { return at::bitwise_and(x[0], x[1]); };
  table["integers.or"] = [](const Tensors& x) { return at::bitwise_or(x[0], x[1]); };
  table["integers.xor"] = [](const Tensors& x) { return at::bitwise_xor(x[0], x[1]); };
  table["integers.not"] = [](const Tensors& x) { return at::bitwise_not(x[0]); };
  table["integers.left_shift"] = [](const Tensors& x) { return at::bitwise_left_shift(x[0], x[1].abs()); };
  table["integers.right_shift"] = [](const Tensors& x) { return at::bitwise_right_shift(x[0], x[1].abs()); };
  table["bits"] = [](const Tensors& x) {
    const Tensor bits = (at::bitwise_and(x[1], 6).bitwise_or(at::bitwise_left_shift(x[1], x[2])))
                            .bitwise_xor(at::bitwise_right_shift(x[1], x[2]))
                            .bitwise_xor(at::bitwise_not(x[2]));
    return x[0] * (0.125 * bits.to(at::kDouble));
  };
  table["logical_xor"] = [](const Tensors& x) { return at::logical_xor(x[0], x[1]); };
  table["heaviside"] = [](const Tensors& x) { return at::heaviside(x[0].detach(), x[1].detach()) * x[1] + 0 * x[0]; };
  table["fmax"] = [](const Tensors& x) { return at::fmax(x[0], x[1]); };
  table["fmin"] = [](const Tensors& x) { return at::fmin(x[0], x[1]); };
  table["lerp"] = [](const Tensors& x) { return x[0] + x[2] * (x[1] - x[0]); };
}

inline void add_special(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("erfc", at::erfc);
  add("erfinv", at::erfinv);
  add("ndtr", at::special_ndtr);
  add("log_ndtr", at::special_log_ndtr);
  add("i0e", at::special_i0e);
  add("i1e", at::special_i1e);
  add("sinc", at::sinc);
  for (const std::string variant : {"", ".large"}) {
    add("log1mexp" + variant, [](const Tensor& x) { return at::log1p(-at::exp(-x)); });
  }
  for (const std::string variant : {"", ".small"}) {
    add("logit" + variant, [](const Tensor& x) { return at::logit(x); });
  }
  const auto log_beta = [](const Tensors& x) { return x[0].lgamma() + x[1].lgamma() - (x[0] + x[1]).lgamma(); };
  table["betaln"] = log_beta;
  table["beta"] = [=](const Tensors& x) { return log_beta(x).exp(); };
  table["xlogy"] = [](const Tensors& x) { return at::xlogy(x[0], x[1]); };
  table["xlog1py"] = [](const Tensors& x) { return at::special_xlog1py(x[0], x[1]); };
  const auto shape = [] { return at::tensor({0.7, 1.0, 4.5}, at::kDouble); };
  table["gammainc"] = [=](const Tensors& x) { return at::special_gammainc(shape(), x[0]); };
  table["gammaincc"] = [=](const Tensors& x) { return at::special_gammaincc(shape(), x[0]); };
}

inline void add_activations(Counterparts& table) {
  const auto add = [&](const std::string& key, Tensor (*f)(const Tensor&)) {
    table[key] = [f](const Tensors& x) { return f(x[0]); };
  };
  add("relu6", at::relu6);
  add("leaky_relu", [](const Tensor& x) { return at::leaky_relu(x); });
  add("elu", [](const Tensor& x) { return at::elu(x, 0.75); });
  add("celu", [](const Tensor& x) { return at::celu(x, 0.75); });
  add("selu", at::selu);
  add("gelu", [](const Tensor& x) { return at::gelu(x, "none"); });
  add("gelu.tanh", [](const Tensor& x) { return at::gelu(x, "tanh"); });
  add("silu", at::silu);
  add("mish", at::mish);
  add("hard_tanh", [](const Tensor& x) { return at::hardtanh(x); });
  // at::hardsigmoid has no second derivative.
  table["hard_sigmoid"] = [](const Tensors& x) { return at::clamp(x[0] / 6.0 + 0.5, 0.0, 1.0); };
  add("hard_swish", at::hardswish);
  add("softsign", [](const Tensor& x) { return x / (1 + x.abs()); });
  add("log_sigmoid", at::log_sigmoid);
  table["leaky_relu.trained"] = [](const Tensors& x) { return at::where(x[0] > 0, x[0], x[1] * x[0]); };
  table["elu.trained"] = [](const Tensors& x) { return at::where(x[0] > 0, x[0], x[1] * at::expm1(x[0])); };
  table["celu.trained"] = [](const Tensors& x) { return at::where(x[0] > 0, x[0], x[1] * at::expm1(x[0] / x[1])); };
}

}  // namespace libtorch
