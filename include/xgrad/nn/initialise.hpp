// How the weights of layers begin.
//
// nn: layers, and what nets are made of. A layer is a plain struct with a call operator; it includes random, transform
// and what is below.
#pragma once

#include <functional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/core/shape.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// Makes an array of weights of a shape and a floating-point element type.
using Initialiser = std::function<Var(const random::Key& key, const Shape& shape, DType dtype)>;

/// How many numbers an output is a sum of, and how many outputs a number goes into, for weights
/// [outputs, inputs, window...] as those of linear layers and convolutions: their inputs and outputs times the size of
/// the window. An array of one axis or none has 1 input and output for each element.
struct Fans {
  double in = 1.0;
  double out = 1.0;
};
[[nodiscard]] Fans fans(const Shape& weight);

/// Normal numbers of the variance gain^2 2 / (in + out) of the fans. \source X. Glorot and Y. Bengio 2010.
[[nodiscard]] Initialiser xavier_normal(double gain = 1.0);
/// Numbers between -a and a, of that variance: a = gain sqrt(6 / (in + out)).
[[nodiscard]] Initialiser xavier_uniform(double gain = 1.0);
/// Normal numbers of the variance gain^2 / in. With the gain sqrt(2), the default, they keep the size of numbers
/// through relu. \source K. He et al. 2015.
[[nodiscard]] Initialiser he_normal(double gain = 1.4142135623730951);
/// Numbers between -a and a, of that variance: a = gain sqrt(3 / in).
[[nodiscard]] Initialiser he_uniform(double gain = 1.4142135623730951);
/// Normal numbers of the variance 1 / in. \source Y. LeCun et al., Efficient BackProp, 1998.
[[nodiscard]] Initialiser lecun_normal();
/// Numbers between -a and a, of that variance: a = sqrt(3 / in).
[[nodiscard]] Initialiser lecun_uniform();

/// Normal numbers. \throws ValueError  if the deviation is negative or not finite.
[[nodiscard]] Initialiser normal(double deviation = 0.01);
/// Normal numbers of which none is further from 0 than two deviations.
[[nodiscard]] Initialiser truncated_normal(double deviation = 0.01);
/// Numbers from low to high. \throws ValueError  unless low <= high and both are finite.
[[nodiscard]] Initialiser uniform(double low, double high);
/// A matrix [outputs, inputs * window] of orthogonal rows or columns, whichever are fewer, times the gain.
/// \source A. M. Saxe, J. L. McClelland and S. Ganguli 2014.
/// \throws ShapeError  of the weights that it is to make: unless they have at least two axes.
[[nodiscard]] Initialiser orthogonal(double gain = 1.0);
/// The same number everywhere.
[[nodiscard]] Initialiser constant(double value);
/// 1 where output and input have the same number (and in the middle of a window), else 0, times the gain: a layer that
/// changes nothing.
/// \throws ShapeError  of the weights that it is to make: unless they have at least two axes.
[[nodiscard]] Initialiser identity(double gain = 1.0);

}  // namespace xgrad::nn

#pragma GCC visibility pop
