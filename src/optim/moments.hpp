// What Adam and its descendants share: means of the gradient and of its square.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

#include <xgrad/ops/elementwise.hpp>
#include <xgrad/optim/combine.hpp>
#include <xgrad/optim/setting.hpp>
#include <xgrad/optim/transformation.hpp>
#include <xgrad/var.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim::detail {

/// The settings that all have: their numbers must be those of the paper.
void require_of_moments(std::string_view name, std::string_view paper, const Setting& rate, const Setting& beta1,
                        const Setting& beta2, const Setting& eps, Range of_eps = Range::not_negative);

/// Their text, to which others are added.
Text text_of_moments(std::string_view name, const Setting& rate, const Setting& beta1, const Setting& beta2,
                     const Setting& eps);

/// The means while an update is computed: m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, with the weights
/// that have come together in them, 1 - beta^t.
struct Moments {
  Var t;
  Var beta1, beta2;
  Var weight1, weight2;
  std::span<Var> mu, nu;

  static void init(Slots& slots, const Clock& clock);
  static Moments take(Step& step, const Clock& clock, const Setting& beta1, const Setting& beta2) {
    return take(step, clock.read(step), beta1, beta2);
  }
  /// \param t  if it was read before.
  static Moments take(Step& step, const Var& t, const Setting& beta1, const Setting& beta2);

  /// The means of the i-th gradient, one step on.
  void move(std::size_t i, const Var& g) const {
    mu[i] = moved(mu[i], g, beta1);
    nu[i] = moved(nu[i], square(g), beta2);
  }
};

/// The links of an optimiser that goes down a direction, with decay of the weights if that is not 0.
Transformation descending(const Transformation& direction, const Setting& rate);
Transformation descending(const Transformation& direction, const Setting& rate, const Setting& decay,
                          const Selector& decayed = "*");

}  // namespace xgrad::optim::detail
