// Windows: weights of samples that fall towards both ends, [n]. Of one sample 1.
#pragma once

#include <cstddef>

#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad {

// With t from -1 at the first sample to 1 at the last.
Var bartlett(std::size_t n, DType dtype = DType::Float64);  ///< 1 - |t|
Var hanning(std::size_t n, DType dtype = DType::Float64);   ///< 0.5 + 0.5 cos(pi t)
Var hamming(std::size_t n, DType dtype = DType::Float64);   ///< 0.54 + 0.46 cos(pi t)
Var blackman(std::size_t n, DType dtype = DType::Float64);  ///< 0.42 + 0.5 cos(pi t) + 0.08 cos(2 pi t)

/// I_0(beta sqrt(1 - t^2)) / I_0(beta), of the element type of beta; infinite numbers come in from beta = 713 on.
/// \param beta  a number, with respect to which it is differentiated.
/// \throws ShapeError  for an array.
Var kaiser(std::size_t n, const Var& beta);

}  // namespace xgrad

#pragma GCC visibility pop
