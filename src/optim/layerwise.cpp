#include <xgrad/optim/layerwise.hpp>

#include <xgrad/ops/create.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/optim/adaptive.hpp>
#include <xgrad/optim/links.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::moved;
using detail::named;
using detail::norm_of;
using detail::Text;

/// a / b, and 1 where one of both is 0.
Var ratio_or_one(const Var& a, const Var& b) {
  const Var both = a > 0.0 && b > 0.0;
  return detail::weak(where(both, a / where(both, b, 1.0), 1.0));
}

/// Each array as long as its parameter.
Transformation trusted() {
  return Transformation(
      "trusted", [](Slots&) {},
      [](Step& step) {
        for (std::size_t i = 0; i < step.size(); ++i) {
          Var& u = step.updates[i];
          u = ratio_or_one(norm_of(step.parameters()[i]), norm_of(u)) * u;
        }
      });
}

Transformation lars_direction(const Lars& s) {
  const Clock clock({s.rate, s.decay, s.trust});
  return Transformation(
      "lars", [clock](Slots& slots) { clock.init(slots); },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var decay = s.decay.at(t);
        const Var part = s.trust.at(t);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& p = step.parameters()[i];
          const Var size = norm_of(p);
          const Var trust = ratio_or_one(part * size, norm_of(g) + decay * size);
          step.updates[i] = rate * trust * (g + decay * p);
        }
      });
}

/// The axes of x but one.
Axes other_axes(const Var& x, std::size_t axis) {
  std::vector<std::ptrdiff_t> axes;
  for (std::size_t k = 0; k < x.dimension(); ++k) {
    if (k != axis) axes.push_back(static_cast<std::ptrdiff_t>(k));
  }
  return Axes(axes);
}

}  // namespace

Optimiser lamb(const Lamb& s) {
  constexpr std::string_view paper = "You et al. 2020";
  require_setting("lamb", "rate", s.rate, Range::not_negative, paper);
  require_setting("lamb", "decay", s.decay, Range::not_negative, paper);
  const Optimiser steps = adam({.rate = 1.0, .beta1 = s.beta1, .beta2 = s.beta2, .eps = s.eps});
  return named(detail::text_of_moments("lamb", s.rate, s.beta1, s.beta2, s.eps)("decay", s.decay)
                   .among("decayed", s.decayed)
                   .str(),
               chain({steps, scale(-1.0), add_decay(s.decay, s.decayed), trusted(), descend(s.rate)}));
}

Optimiser lars(const Lars& s) {
  constexpr std::string_view paper = "You et al. 2017";
  require_setting("lars", "rate", s.rate, Range::not_negative, paper);
  require_setting("lars", "decay", s.decay, Range::not_negative, paper);
  require_setting("lars", "trust", s.trust, Range::positive, paper);
  return named(Text("lars")("rate", s.rate)("momentum", s.momentum)("decay", s.decay)("trust", s.trust).str(),
               chain({lars_direction(s), momentum({s.momentum}), scale(-1.0)}));
}

Optimiser novograd(const NovoGrad& s) {
  constexpr std::string_view paper = "Ginsburg et al. 2019";
  detail::require_of_moments("novograd", paper, s.rate, s.beta1, s.beta2, s.eps, Range::positive);
  require_setting("novograd", "decay", s.decay, Range::not_negative, paper);
  return Transformation(
      detail::text_of_moments("novograd", s.rate, s.beta1, s.beta2, s.eps)("decay", s.decay).str(),
      [](Slots& slots) {
        slots.count();
        slots.each("nu", [](const Var& p) { return zeros({}, p.dtype()); });
        slots.like("mu");
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = detail::weak(where(equal(t, 0.0), 0.0, s.beta2.at(t)));
        const Var eps = s.eps.at(t);
        const Var decay = s.decay.at(t);
        const std::span<Var> nu = step.slot();
        const std::span<Var> mu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          nu[i] = moved(nu[i], cast(sum(square(g)), nu[i].dtype()), beta2);
          Var d = g / (detail::weak(detail::root(nu[i])) + eps);
          if (!s.decay.is(0.0)) d = d + decay * step.parameters()[i];
          mu[i] = beta1 * mu[i] + d;
          step.updates[i] = -rate * mu[i];
        }
      });
}

Optimiser fromage(const Setting& rate) {
  require_setting("fromage", "rate", rate, Range::not_negative, "Bernstein et al. 2020");
  const Clock clock({rate});
  return Transformation(
      Text("fromage")("rate", rate).str(), [clock](Slots& slots) { clock.init(slots); },
      [clock, rate](Step& step) {
        const Var eta = rate.at(clock.read(step));
        const Var shrunk = 1.0 / sqrt(1.0 + square(eta));
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& p = step.parameters()[i];
          const Var size = norm_of(p);
          const Var slope = norm_of(g);
          const Var moves = slope > 0.0;
          const Var factor = detail::weak(eta * where(moves && size > 0.0, size / where(moves, slope, 1.0), 1.0));
          step.updates[i] = where(moves, shrunk * (p - factor * g) - p, 0.0);
        }
      });
}

Optimiser sm3(const Sm3& s) {
  constexpr std::string_view paper = "Anil et al. 2019";
  require_setting("sm3", "rate", s.rate, Range::not_negative, paper);
  require_setting("sm3", "momentum", s.momentum, Range::fraction, paper);
  const Clock clock({s.rate, s.momentum});
  return Transformation(
      Text("sm3")("rate", s.rate)("momentum", s.momentum).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.like("mu");
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          for (std::size_t k = 0; k < std::max<std::size_t>(p.dimension(), 1); ++k) {
            Shape shape(p.dimension(), 1);
            if (p.dimension() != 0) shape[k] = p.shape()[k];
            slots.of(i, "axis" + std::to_string(k), zeros(shape, p.dtype()));
          }
        }
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var keep = s.momentum.at(t);
        const std::span<Var> mu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          std::vector<Var*> sums;
          for (std::size_t k = 0; k < std::max<std::size_t>(g.dimension(), 1); ++k) sums.push_back(&step.one());
          Var nu = *sums[0];
          for (std::size_t k = 1; k < sums.size(); ++k) nu = minimum(nu, *sums[k]);
          nu = nu + square(g);
          for (std::size_t k = 0; k < sums.size(); ++k) {
            if (g.dimension() == 0) *sums[k] = nu;
            else *sums[k] = amax(nu, other_axes(g, k), FoldOptions{.keep = keep_dims, .initial = 0.0});
          }
          const Var moves = nu > 0.0;
          mu[i] = moved(mu[i], where(moves, g / sqrt(where(moves, nu, 1.0)), 0.0), keep);
          step.updates[i] = -rate * mu[i];
        }
      });
}

namespace {

bool is_factored(const Var& p, std::size_t least_axis) {
  return p.dimension() >= 2 && p.shape(-1) >= least_axis && p.shape(-2) >= least_axis;
}

Var without_axis(const Var& p, std::ptrdiff_t axis) {
  Shape shape = p.shape();
  shape[static_cast<std::size_t>(static_cast<std::ptrdiff_t>(shape.size()) + axis)] = 1;
  return zeros(shape, p.dtype());
}

Var rms(const Var& x) {
  return x.size() == 0 ? Var(0.0) : detail::root(detail::weak(sum(square(x))) / static_cast<double>(x.size()));
}

}  // namespace

Optimiser adafactor(const Adafactor& s) {
  constexpr std::string_view paper = "Shazeer and Stern 2018";
  if (s.rate) require_setting("adafactor", "rate", *s.rate, Range::not_negative, paper);
  require_setting("adafactor", "decay_power", s.decay_power, Range::positive, paper);
  require_setting("adafactor", "clipping", s.clipping, Range::positive, paper);
  require_setting("adafactor", "eps", s.eps, Range::positive, paper);
  require_setting("adafactor", "least_scale", s.least_scale, Range::not_negative, paper);
  require_at_least("adafactor", "least_axis", static_cast<long long>(s.least_axis), 1, paper);
  require_setting("adafactor", "momentum", s.momentum, Range::fraction, paper);
  return Transformation(
      Text("adafactor")("rate", s.rate ? s.rate->text() : std::string("relative"))("momentum", s.momentum).str(),
      [s](Slots& slots) {
        slots.count();
        for (std::size_t i = 0; i < slots.parameters().size(); ++i) {
          const Var& p = slots.parameters()[i];
          if (is_factored(p, s.least_axis)) {
            slots.of(i, "rows", without_axis(p, -1));
            slots.of(i, "columns", without_axis(p, -2));
          } else {
            slots.of(i, "nu", zeros_like(p));
          }
        }
        if (!s.momentum.is(0.0)) slots.like("mu");
      },
      [s](Step& step) {
        const Var before = step.count();
        const Var t = before + 1.0;
        const Var rate = s.rate ? s.rate->at(before) : minimum(1e-2, rsqrt(t));
        const Var decay = 1.0 - pow(t, -s.decay_power.at(before));
        const Var clipping = s.clipping.at(before);
        const Var eps = s.eps.at(before);
        const Var least_scale = s.least_scale.at(before);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& p = step.parameters()[i];
          const Var g2 = square(g) + eps;
          Var d;
          if (is_factored(p, s.least_axis)) {
            Var& rows = step.one();
            Var& columns = step.one();
            rows = moved(rows, mean(g2, -1, keep_dims), decay);
            columns = moved(columns, mean(g2, -2, keep_dims), decay);
            d = g * rsqrt(rows / mean(rows, -2, keep_dims)) * rsqrt(columns);
          } else {
            Var& nu = step.one();
            nu = moved(nu, g2, decay);
            d = g * rsqrt(nu);
          }
          const Var factor = rate * maximum(rms(p), least_scale) / maximum(rms(d) / clipping, 1.0);
          step.updates[i] = -detail::weak(factor) * d;
        }
        if (s.momentum.is(0.0)) return;
        const Var keep = s.momentum.at(before);
        const std::span<Var> mu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          mu[i] = moved(mu[i], step.updates[i], keep);
          step.updates[i] = mu[i];
        }
      });
}

}  // namespace xgrad::optim
