// The programs with libtorch, as an experienced user writes them eagerly: fused functions where there are any,
// gradients by torch::autograd::grad, updates in place. C++17, as problems.hpp.
#pragma once

#include <string>

#include "../../programs/optimisers.hpp"
#include "../../programs/problems.hpp"
#include "../program.hpp"

namespace bench::libtorch {

std::string version();
void set_threads(int count);

// Value of the mean and gradient of the prediction.
Program squared_error(const Pair& data);          ///< mse_loss
Program squared_error_unfused(const Pair& data);  ///< as an expression, the way a loss without a function of its own
Program log_cosh(const Pair& data);
Program barron(const Pair& data);

/// Mean softmax cross-entropy and gradient of the logits.
Program cross_entropy(const Classification& data);

/// Mean of a loss of the catalogue, by its id, and gradients of the arguments that are learnt.
Program loss(const std::string& id, const std::vector<Argument>& arguments, bool float32);

// Steps of training with cross-entropy.
Program mlp_sgd(const Batch& batch);
Program mlp_adam(const Batch& batch);

/// torch::optim::AdamW.
Program adamw(const Descent& data);

/// gelu(layer_norm(x)), gradients of x, weight and bias.
Program layernorm_gelu(const Normalization& data);

/// matmul of stacks.
Program products(const Stacks<float>& data);
Program products(const Stacks<double>& data);

/// einsum and the cotangents of its operands.
Program einsum(const EinsumProblem& problem, const EinsumData& data);

/// The negative logarithm of the marginal likelihood, and the gradient of the parameters.
Program process(const Process& data);

/// conv2d, gradients of images and kernel.
Program convolution(const Images& images);

/// Loss sum((y - x theta)^2) / (2 m), gradient and update.
Program linear_regression(const Points& points);
/// Sum of the chain of tiny operations, and the gradient of x.
Program tiny_operations(const Chain& chain);

}  // namespace bench::libtorch
