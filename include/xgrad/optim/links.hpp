// Links of chains: clipping, decay of weights, noise, rates.
//
// Below, g is the gradient or what the link before has made of it, p the parameter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/random/key.hpp>

#pragma GCC visibility push(default)

namespace xgrad::optim {

/// factor g.
/// \throws ValueError  unless the factor is finite.
[[nodiscard]] Transformation scale(const Setting& factor);

/// -rate g: the last link of most chains. What descends is added.
/// \throws ValueError  unless the rate is at least 0 and finite.
[[nodiscard]] Transformation descend(const Setting& rate);

/// sign(g).
[[nodiscard]] Transformation sign_of();

struct Momentum {
  Setting momentum = 0.9;
  bool nesterov = false;
  Setting dampening = 0.0;  ///< of all gradients but the first
};
/// Heavy ball: b = momentum b + (1 - dampening) g, starting with b = g. Gives b, or with nesterov g + momentum b.
/// \source  B. T. Polyak, Some methods of speeding up the convergence of iteration methods, 1964; I. Sutskever et al.,
///          On the importance of initialization and momentum in deep learning, 2013.
/// \throws ValueError  unless momentum and dampening are at least 0 and at most 1.
[[nodiscard]] Transformation momentum(const Momentum& settings = {});

/// g between -bound and bound.
/// \throws ValueError  unless the bound is positive.
[[nodiscard]] Transformation clip_by_value(const Setting& bound);

/// Each array by itself: g min(1, bound / |g|).
/// \source  R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks, 2013.
/// \throws ValueError  unless the bound is positive.
[[nodiscard]] Transformation clip_by_norm(const Setting& bound);

/// All arrays together: g min(1, bound / norm), norm being that of all of them.
/// \source  R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks, 2013.
/// \throws ValueError  unless the bound is positive.
[[nodiscard]] Transformation clip_by_global_norm(const Setting& bound);

/// g itself; when values are computed, ValueError for one that is not finite. See skip_not_finite() for going on.
[[nodiscard]] Transformation require_finite();

struct AdaptiveClip {
  Setting clipping = 0.01;  ///< lambda
  Setting eps = 1e-3;       ///< least norm of a unit's parameters
};
/// Each unit by itself, which is a column of a matrix [in, out] (everything but the last axis), or a whole vector:
///
///     g min(1, clipping max(|p|, eps) / |g|)
///
/// \source  A. Brock et al., High-performance large-scale image recognition without normalization, 2021.
/// \throws ValueError  unless clipping and eps are positive.
[[nodiscard]] Transformation clip_adaptive(const AdaptiveClip& settings = {});

/// Gradients of single samples, with an axis in front for these: each is clipped, all arrays of it together, and their
/// mean is handed on. The first link of a chain; vmap(grad(loss)) gives such gradients.
///
///     mean over samples s of  g_s min(1, bound / |g_s|)
///
/// \source  M. Abadi et al., Deep learning with differential privacy, 2016.
/// \throws ValueError  unless the bound is positive.  \throws ShapeError  if leaves have other numbers of samples.
[[nodiscard]] Transformation clip_per_sample(const Setting& bound);

/// g + decay p, before moments this is a penalty decay / 2 |p|^2, after them decoupled weight decay.
/// \param which  of the parameters decay: `"*weight"`.
/// \source  I. Loshchilov and F. Hutter, Decoupled weight decay regularization, 2019.
/// \throws ValueError  unless decay is at least 0.
[[nodiscard]] Transformation add_decay(const Setting& decay, const Selector& which = "*");

struct Noise {
  Setting variance = 0.01;  ///< eta, at the first step
  Setting gamma = 0.55;     ///< variance eta / (1 + step)^gamma
  random::Key key = random::Key(0);
};
/// g plus normal numbers. The key is in the state: a resumed run draws the same.
/// \source  A. Neelakantan et al., Adding gradient noise improves learning for very deep networks, 2015.
/// \throws ValueError  unless variance and gamma are at least 0.
[[nodiscard]] Transformation add_noise(const Noise& settings = {});

/// g minus its mean over all axes but the last, of arrays that have more than one: for each output of a dense layer
/// [in, out] the mean over the inputs.
/// \source  H. Yong et al., Gradient centralization, 2020.
[[nodiscard]] Transformation centralise();

struct ReduceOnPlateau {
  Setting factor = 0.1;
  std::size_t patience = 10;  ///< steps without progress that are borne
  Setting relative = 1e-4;    ///< progress is a value below best - relative |best| - absolute
  Setting absolute = 0.0;
  std::size_t cooldown = 0;  ///< steps after a reduction in which nothing is counted
  Setting least = 0.0;       ///< of the scale
};
/// scale g, a scale that starts with 1 and is multiplied by a factor when the value in the extras has not fallen for
/// more than `patience` steps. It is the number "scale" of the state. Usually the last link of a chain.
/// \throws ValueError  unless 0 < factor < 1 and the others are at least 0; in update, if extras have no value.
[[nodiscard]] Transformation reduce_on_plateau(const ReduceOnPlateau& settings = {});

}  // namespace xgrad::optim

#pragma GCC visibility pop
