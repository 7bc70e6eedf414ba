// Penalties on the derivatives of a function with respect to its input. They contain gradients, and are differentiated
// like anything else: training with them takes second derivatives.
//
// Both are called with a function (a model, a lambda) and a batch, not with arrays alone. The derivative reaches what
// the function uses, such as the weights of a recorded model. With a Tape of your own, the batch must be on it too:
// tape.leaf(x).
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include <xgrad/loss/contract.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/transform/grad.hpp>
#include <xgrad/transform/vjp.hpp>
#include <xgrad/var.hpp>

#pragma GCC visibility push(default)

namespace xgrad::loss {

namespace detail {

/// \throws ShapeError  unless the scores are [N] or [N, 1] for a batch [N, ...].
void require_scores(std::string_view penalty, const Var& scores, const Var& x);
/// [N, ...] as [N, all others].
/// \throws ShapeError  unless outputs and batch start with the same extent.
Var as_rows(std::string_view penalty, const Var& outputs, const Var& x);
/// 1 at one place of each sample and 0 elsewhere, in the shape and element type of a batch.
Var unit_direction(const Var& like, std::size_t position);
/// Sum of squares of each sample, [N].
Var squares(const Var& x);
/// [N] zeros.
Var no_squares(const Var& x);
/// The projections one by one, for outputs [N, C].
/// \throws ShapeError  unless they are P >= 1 arrays of the outputs' batch and size.
std::vector<Var> cotangents(const Var& projections, const Var& outputs);

}  // namespace detail

/// How far the gradient of a function with respect to its input is from a given length; not reduced.
///
///     loss[n] = (|d f(x)[n] / d x[n]| - target)^2
///
/// target 1 is that of WGAN-GP, for batches between real and generated ones: GradientPenalty{}(critic, u * real +
/// (1 - u) * fake) with u [N, 1] uniform in [0, 1]. target 0 is R1 on real batches (whose authors add a factor 1/2),
/// and the double backpropagation of Drucker and LeCun.
///
/// \param f  [N, ...] -> [N] or [N, 1], each score of its own sample only: no batch normalisation.
/// \param x  [N, ...] floating-point.
/// \return   [N], >= 0.
/// \throws ShapeError  unless f gives one score for each sample; ValueError unless target >= 0.
/// \derivative  with respect to f's parameters and x, by differentiating the gradient; 0 where the gradient is 0.
/// \source  I. Gulrajani et al., Improved training of Wasserstein GANs, 2017, equation 3 (WGAN-GP); L. Mescheder, A.
///          Geiger, S. Nowozin, Which training methods for GANs do actually converge?, 2018, equation 9 (R1); H.
///          Petzka, A. Fischer, D. Lukovnikov, On the regularization of Wasserstein GANs, 2018 (one-sided).
struct GradientPenalty {
  static constexpr std::string_view name = "GradientPenalty";
  double target = 1.0;     ///< the length that costs nothing, >= 0
  bool one_sided = false;  ///< shorter gradients cost nothing either: a bound of the Lipschitz constant

  template <class F>
  requires std::is_invocable_r_v<Var, const F&, const Var&> Var operator()(const F& f, const Var& x) const {
    return of_gradient(grad([&f](const Var& z) {
      const Var scores = f(z);
      detail::require_scores(name, scores, z);
      return sum(scores);
    })(x));
  }
  /// The penalty of given gradients [N, ...].
  Var of_gradient(const Var& gradient) const;
};
XGRAD_FIELDS(GradientPenalty, target, one_sided)

/// Squared Frobenius norm of the Jacobian of a function with respect to its input; not reduced. Small where the outputs
/// hardly answer to small changes of the input.
///
///     loss[n] = sum over outputs c of |d f(x)[n, c] / d x[n]|^2
///
/// Exact, with one sweep for each output or each input of a sample, whichever are fewer. For many of both give
/// projections, random vectors v of independent elements of mean 0 and variance 1 (such as -1 and 1; not unit vectors,
/// which would need a factor): the mean over P of them of |v^T J|^2 has the right expectation, and takes P sweeps.
///
/// \param f  [N, ...] -> [N, ...], each output of its own sample only: no batch normalisation.
/// \param x  [N, ...] floating-point.
/// \return   [N], >= 0.
/// \throws ShapeError  unless the outputs are [N, ...], and the projections [P, N, ...] with P >= 1.
/// \derivative  with respect to f's parameters and x; smooth where f is.
/// \source  S. Rifai et al., Contractive auto-encoders, 2011, equation 2; J. Hoffman, D. A. Roberts, S. Yaida, Robust
///          learning with Jacobian regularization, 2019, equations 3 and 8.
struct JacobianPenalty {
  static constexpr std::string_view name = "JacobianPenalty";
  std::optional<Var> projections = {};  ///< P cotangents of the outputs, [P, N, ...]; none: exact

  template <class F>
  requires std::is_invocable_r_v<Var, const F&, const Var&> Var operator()(const F& f, const Var& x) const {
    const auto rows = [&f](const Var& z) { return detail::as_rows(name, f(z), z); };
    const auto [outputs, pullback] = vjp(rows, x);
    const std::size_t wide = outputs.shape()[1];
    const std::size_t deep = detail::as_rows(name, x, x).shape()[1];
    if (projections) {
      const std::vector<Var> cotangents = detail::cotangents(*projections, outputs);
      Var total = detail::squares(pullback(cotangents[0]));
      for (std::size_t i = 1; i < cotangents.size(); ++i) total += detail::squares(pullback(cotangents[i]));
      return total / static_cast<double>(cotangents.size());
    }
    Var total = detail::no_squares(x);
    if (deep < wide) {
      for (std::size_t i = 0; i < deep; ++i) {
        total += detail::squares(jvp(rows, x, detail::unit_direction(x, i)).tangent);
      }
    } else {
      for (std::size_t i = 0; i < wide; ++i) total += detail::squares(pullback(detail::unit_direction(outputs, i)));
    }
    return total;
  }
};
XGRAD_FIELDS(JacobianPenalty, projections)

}  // namespace xgrad::loss

#pragma GCC visibility pop
