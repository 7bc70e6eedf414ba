// Activations as layers, and by their names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <string_view>

#include <xgrad/core/dtype.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// The activations: those of xgrad's functions that nets are made of, as a setting that is compared, printed and read.
enum class Activation : std::uint8_t {
  Identity,     ///< x
  Relu,         ///< max(x, 0)
  Relu6,        ///< min(max(x, 0), 6)
  LeakyRelu,    ///< x where x > 0, else 0.01 x
  Elu,          ///< x where x > 0, else e^x - 1
  Celu,         ///< that of alpha 1, which is Elu: see `celu` for others
  Selu,         ///< 1.0507 elu(x, 1.6733)
  Gelu,         ///< x times the normal distribution function of x
  GeluTanh,     ///< that, approximated by tanh
  Silu,         ///< x sigmoid(x), also called swish
  Mish,         ///< x tanh(softplus(x))
  Tanh,         ///< hyperbolic tangent
  HardTanh,     ///< x between -1 and 1
  Sigmoid,      ///< 1 / (1 + e^-x)
  HardSigmoid,  ///< relu6(x + 3) / 6
  HardSwish,    ///< x hard_sigmoid(x)
  Softplus,     ///< ln(1 + e^x)
  Softsign,     ///< x / (1 + |x|)
  LogSigmoid,   ///< ln sigmoid(x)
  Softmax,      ///< e^x / sum e^x, along the last axis
  LogSoftmax,   ///< ln softmax(x), along the last axis
  Sin,          ///< sin x (Sitzmann et al. 2020)
};

inline constexpr std::size_t activation_count = 22;

/// "relu", "gelu_tanh" ...: the name of the function.
[[nodiscard]] std::string_view name(Activation activation) noexcept;
std::ostream& operator<<(std::ostream& out, Activation activation);
/// The activation of a name; capitals and underscores make no difference.
/// \throws ValueError  naming the nearest and all others, if there is none.
[[nodiscard]] Activation activation_by_name(std::string_view name);

/// An activation as a layer: `nn::Activate{nn::Activation::Gelu}`.
struct Activate {
  Activation function = Activation::Relu;
  /// The shape of x. \throws ShapeError  by Softmax and LogSoftmax, if x has no axis. \throws ValueError  for a number
  /// that was cast to an activation, and is none.
  Var operator()(const Var& x) const;
  /// What a summary calls it: its name.
  [[nodiscard]] std::string kind() const { return std::string(name(function)); }
};
XGRAD_FIELDS(Activate, function)

/// x where x > 0, else slope x, with slopes that are trained: one for all, or one for each channel.
/// \source K. He et al., Delving Deep into Rectifiers, 2015.
struct PRelu {
  Var weight;    ///< the slopes, [1] or [channels], as torch's
  int axis = 1;  ///< where the channels are
  /// The shape of x. \throws ShapeError  unless the axis has as many elements as there are slopes, or there is one.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(PRelu, weight, axis)

struct PReluOptions {
  double slope = 0.25;  ///< what they begin as
  int axis = 1;
  DType dtype = DType::Float32;
};
/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] PRelu p_relu(std::size_t channels = 1, const PReluOptions& options = {});

/// x sigmoid(beta x), with a trained beta; with beta 1 this is silu.
/// \source P. Ramachandran, B. Zoph and Q. V. Le, Searching for Activation Functions, 2017.
struct Swish {
  Var beta;  ///< what broadcasts with x: []
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Swish, beta)
/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] Swish swish(double beta = 1.0, DType dtype = DType::Float32);

/// Half of an axis gates the other half: a f(b), where x is a and b, one after the other. Sigmoid: GLU; Gelu: GEGLU;
/// Silu: SwiGLU; Relu: ReGLU.
/// \source Y. N. Dauphin et al. 2017; N. Shazeer, GLU Variants Improve Transformer, 2020.
struct Glu {
  Activation gate = Activation::Sigmoid;
  int axis = -1;
  /// The shape of x with half as many elements along the axis.
  /// \throws ShapeError  unless x has the axis, with an even number of elements.
  Var operator()(const Var& x) const;
};
XGRAD_FIELDS(Glu, gate, axis)

}  // namespace xgrad::nn

#pragma GCC visibility pop
