// Products of two inputs.
#pragma once

#include <cstddef>
#include <optional>

#include <xgrad/core/dtype.hpp>
#include <xgrad/nn/initialise.hpp>
#include <xgrad/random/key.hpp>
#include <xgrad/tree/fields.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::nn {

/// y_k = sum_ij a_i W_kij b_j + bias_k, for the last axes of a and b: [..., first], [..., second] -> [..., outputs].
struct Bilinear {
  Var weight;                    ///< [outputs, first, second], as torch's
  std::optional<Var> bias = {};  ///< [outputs]
  /// \throws ShapeError  unless the last axes have as many elements as there are inputs, the others broadcast, and the
  ///                     bias has one for each output.
  Var operator()(const Var& a, const Var& b) const;
};
XGRAD_FIELDS(Bilinear, weight, bias)

struct BilinearOptions {
  bool bias = true;
  Initialiser weights = lecun_normal();
  Initialiser biases = constant(0.0);
  DType dtype = DType::Float32;
};

/// \throws TypeError  unless the element type is a floating-point one.
[[nodiscard]] Bilinear bilinear(const random::Key& key, std::size_t first, std::size_t second, std::size_t outputs,
                                const BilinearOptions& options = {});

}  // namespace xgrad::nn

#pragma GCC visibility pop
