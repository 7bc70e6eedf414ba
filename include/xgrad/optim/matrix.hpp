// Optimisers that treat matrices as matrices: Muon, Shampoo, SOAP, GaLore, K-FAC.
//
// Below, G is the gradient of a matrix [rows, columns]; of an array with more axes the others are in front, and it is a
// stack of matrices. A dense layer's weight is [in, out]. All throw ValueError for settings out of range, naming rule
// and paper.
#pragma once

#include <cstddef>

#include <xgrad/optim/adaptive.hpp>
#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

struct Muon {
  Setting rate = 0.02;
  Setting momentum = 0.95;
  bool nesterov = true;
  std::size_t iterations = 5;
  Setting eps = 1e-7;
  Setting decay = 0.0;
  /// What is a matrix of the hidden layers; the rest is left to `others`. Embeddings and the last layer should be, too.
  Selector which = [](std::string_view, const Var& p) { return p.dimension() >= 2; };
  AdamW others = {.rate = 3e-4, .beta1 = 0.9, .beta2 = 0.95, .decay = 0.0};
};
/// Momentum made orthogonal: m = momentum m + (1 - momentum) G, B = m (or (1 - momentum) G + momentum m) with all
/// singular values moved near 1 by Newton-Schulz iterations X = a X + (b A + c A^2) X, A = X X^T, from B / |B|;
/// p -= rate (sqrt(max(1, out / in)) X + decay p).
/// \source  K. Jordan et al., Muon: an optimizer for hidden layers in neural networks, 2024, with its coefficients.
[[nodiscard]] Optimiser muon(const Muon& settings = {});

/// The iteration of muon by itself: a matrix (or a stack) with the same singular vectors and singular values near 1.
/// \throws ShapeError  for less than two axes.
[[nodiscard]] Var newton_schulz(const Var& matrix, std::size_t iterations = 5, const Var& eps = 1e-7);

struct Shampoo {
  Setting rate = 0.1;
  double eps = 1e-4;           ///< of the identity in the sums at the start
  std::size_t every = 1;       ///< roots are renewed every so many steps
  std::size_t largest = 1024;  ///< an axis that is longer is left as it is
};
/// L += G G^T, R += G^T G, from eps I; p -= rate L^(-1/4) G R^(-1/4). Where one axis is too long the root of the other
/// is -1/2. Vectors and numbers: s += g^2, g / sqrt(s). Roots are computed in float64, with 1e-14 (for float32: 1e-6)
/// of the trace added.
/// \source  V. Gupta, T. Koren and Y. Singer, Shampoo: preconditioned stochastic tensor optimization, 2018.
[[nodiscard]] Optimiser shampoo(const Shampoo& settings = {});

struct Soap {
  Setting rate = 3e-3;
  Setting beta1 = 0.95;
  Setting beta2 = 0.95;
  Setting shampoo_beta = 0.95;
  Setting eps = 1e-8;
  Setting decay = 0.0;
  std::size_t every = 10;  ///< bases are renewed every so many steps
  std::size_t largest = 1024;
};
/// Adam in the eigenvectors of Shampoo's matrices, which turn slowly: by one step of orthogonal iteration every so many
/// steps, the vectors of falling eigenvalues. The first step does nothing but find them. What is no matrix, or has an
/// axis that is too long, gets Adam.
/// \source  N. Vyas et al., SOAP: improving and stabilizing Shampoo using Adam, 2024.
[[nodiscard]] Optimiser soap(const Soap& settings = {});

struct Galore {
  std::size_t rank = 128;
  std::size_t every = 200;  ///< the projection is renewed every so many steps
  Setting scale = 0.25;
};
/// The inner optimiser sees gradients of matrices projected on their `rank` largest singular vectors, on the shorter
/// side, and so keeps small moments; its updates are turned back, times the scale. What has a side that is not longer
/// than the rank it sees as it is. Its parameters are projected, too: decay of all of them is a link behind it.
/// \source  J. Zhao et al., GaLore: memory-efficient LLM training by gradient low-rank projection, 2024.
[[nodiscard]] Optimiser galore(const Optimiser& inner, const Galore& settings = {});

struct Kfac {
  Setting rate = 1e-2;
  Setting momentum = 0.9;
  Setting beta = 0.95;     ///< of the means of the factors
  Setting damping = 1e-3;  ///< lambda
  Setting decay = 0.0;
};
/// Dense layers y = x W, W [in, out], whose inputs x and gradients d of the samples' losses with respect to y are in
/// the extras `inputs` and `output_gradients`, one [samples, in or out] for each weight, in the order of the weights:
///
///     A = mean of x x^T,  B = mean of d d^T, moving;  p -= rate b,
///     b = momentum b + (A + pi sqrt(damping) I)^-1 (G + decay p) (B + sqrt(damping) / pi I)^-1
///
/// pi^2 being the quotient of the mean eigenvalues of A and B. A bias is a row of W for an input of ones. All that the
/// optimiser sees must be such weights: use it in a partition.
/// \source  J. Martens and R. Grosse, Optimizing neural networks with Kronecker-factored approximate curvature, 2015.
/// \throws ShapeError  unless the extras fit the weights.
[[nodiscard]] Optimiser kfac(const Kfac& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
