#include <xgrad/optim/links.hpp>

#include <limits>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/check.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/ops/reduce.hpp>
#include <xgrad/random/continuous.hpp>

#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

constexpr std::string_view on_plateau = "reduce_on_plateau";
constexpr std::string_view rate_falls = "the rate falls";
constexpr std::string_view no_rule_of_a_paper = "else it is no descent";

/// A transformation without a state of its own, but for the count if its setting needs one: f(g, p, setting).
template <class F>
Transformation elementwise_link(std::string_view name, std::string_view what, const Setting& setting, F f) {
  const detail::Clock clock({setting});
  return Transformation(
      detail::Text(name)(what, setting).str(), [clock](Slots& slots) { clock.init(slots); },
      [clock, setting, f](Step& step) {
        const Var value = setting.at(clock.read(step));
        for (std::size_t i = 0; i < step.size(); ++i) {
          step.updates[i] = f(step.updates[i], step.parameters()[i], value);
        }
      });
}

/// min(1, bound / size), 1 where the size is 0.
Var factor_to(const Var& bound, const Var& size) { return where(size > bound, bound / size, 1.0); }

/// Norm of each unit: over all axes but the last, kept.
Var norm_of_units(const Var& x) {
  if (x.dimension() < 2) return norm(x, {}, keep_dims);
  std::vector<std::ptrdiff_t> axes;
  for (std::size_t k = 0; k + 1 < x.dimension(); ++k) axes.push_back(static_cast<std::ptrdiff_t>(k));
  return norm(x, Axes(axes), keep_dims);
}

}  // namespace

Transformation scale(const Setting& factor) {
  require_setting("scale", "factor", factor, Range::any, "a number");
  return elementwise_link("scale", "factor", factor, [](const Var& g, const Var&, const Var& by) { return by * g; });
}

Transformation descend(const Setting& rate) {
  require_setting("descend", "rate", rate, Range::not_negative, no_rule_of_a_paper);
  return elementwise_link("descend", "rate", rate, [](const Var& g, const Var&, const Var& by) { return -by * g; })
      .with_rate(rate);
}

Transformation sign_of() {
  return Transformation(
      "sign_of", [](Slots&) {},
      [](Step& step) {
        for (Var& u : step.updates) u = sign(u);
      });
}

Transformation momentum(const Momentum& settings) {
  constexpr std::string_view paper = "Polyak 1964";
  require_setting("momentum", "momentum", settings.momentum, Range::unit, paper);
  require_setting("momentum", "dampening", settings.dampening, Range::unit, paper);
  const bool dampened = !settings.dampening.is(0.0);
  const bool counts = dampened || any_varies({settings.momentum});
  return Transformation(
      detail::Text("momentum")("momentum", settings.momentum)("dampening", settings.dampening)
          .flag("nesterov", settings.nesterov)
          .str(),
      [counts](Slots& slots) {
        if (counts) slots.count();
        slots.like("momentum");
      },
      [settings, counts, dampened](Step& step) {
        const Var t = counts ? step.count() : Var();
        const Var keep = settings.momentum.at(t);
        const Var share = dampened ? where(equal(t, 0.0), 1.0, 1.0 - settings.dampening.at(t)) : Var(1.0);
        const std::span<Var> all = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          all[i] = keep * all[i] + (dampened ? detail::weak(share) * g : g);
          step.updates[i] = settings.nesterov ? g + keep * all[i] : all[i];
        }
      });
}

Transformation clip_by_value(const Setting& bound) {
  require_setting("clip_by_value", "bound", bound, Range::positive, "else nothing is left");
  return elementwise_link("clip_by_value", "bound", bound,
                          [](const Var& g, const Var&, const Var& most) { return clip(g, -most, most); });
}

Transformation clip_by_norm(const Setting& bound) {
  require_setting("clip_by_norm", "bound", bound, Range::positive, "Pascanu et al. 2013");
  return elementwise_link("clip_by_norm", "bound", bound, [](const Var& g, const Var&, const Var& most) {
    return factor_to(most, detail::norm_of(g)) * g;
  });
}

Transformation clip_by_global_norm(const Setting& bound) {
  require_setting("clip_by_global_norm", "bound", bound, Range::positive, "Pascanu et al. 2013");
  const detail::Clock clock({bound});
  return Transformation(
      detail::Text("clip_by_global_norm")("bound", bound).str(), [clock](Slots& slots) { clock.init(slots); },
      [clock, bound](Step& step) {
        const Var factor = factor_to(bound.at(clock.read(step)), detail::global_norm_of(step.updates));
        for (Var& u : step.updates) u = factor * u;
      });
}

Transformation require_finite() {
  return Transformation(
      "require_finite", [](Slots&) {},
      [](Step& step) {
        static const Requirement finite("require_finite: the gradient {} is not finite");
        for (Var& u : step.updates) u = checked(u, isfinite(u), finite);
      });
}

Transformation clip_adaptive(const AdaptiveClip& settings) {
  constexpr std::string_view paper = "Brock et al. 2021";
  require_setting("clip_adaptive", "clipping", settings.clipping, Range::positive, paper);
  require_setting("clip_adaptive", "eps", settings.eps, Range::positive, paper);
  const detail::Clock clock({settings.clipping, settings.eps});
  return Transformation(
      detail::Text("clip_adaptive")("clipping", settings.clipping).str(), [clock](Slots& slots) { clock.init(slots); },
      [clock, settings](Step& step) {
        const Var t = clock.read(step);
        const Var clipping = settings.clipping.at(t);
        const Var eps = settings.eps.at(t);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var most = clipping * maximum(norm_of_units(step.parameters()[i]), eps);
          step.updates[i] = reshape(factor_to(most, norm_of_units(g)) * g, Strides(g.shape().begin(), g.shape().end()));
        }
      });
}

Transformation clip_per_sample(const Setting& bound) {
  require_setting("clip_per_sample", "bound", bound, Range::positive, "Abadi et al. 2016");
  const detail::Clock clock({bound});
  const auto update = [clock, bound](Step& step) {
    const Var most = bound.at(clock.read(step));
    if (step.updates.empty()) return;
    const std::size_t samples = step.updates[0].shape(0);
    std::vector<Var> norms;
    for (std::size_t i = 0; i < step.size(); ++i) {
      const Var& g = step.updates[i];
      if (g.shape(0) != samples) {
        throw ShapeError("clip_per_sample: the gradient of \"" + step.path(i) + "\" has " + std::to_string(g.shape(0)) +
                         " samples, another one " + std::to_string(samples));
      }
      norms.push_back(cast(norm(reshape(g, {static_cast<std::ptrdiff_t>(samples), -1}), 1), DType::Float64));
    }
    const Var factors = factor_to(most, norm(stack(norms), 0));  // [samples]
    for (Var& u : step.updates) {
      std::vector<std::ptrdiff_t> shape(u.dimension(), 1);
      shape[0] = static_cast<std::ptrdiff_t>(samples);
      u = mean(cast(reshape(factors, Strides(shape.begin(), shape.end())), u.dtype()) * u, 0);
    }
  };
  return Transformation(
      detail::Text("clip_per_sample")("bound", bound).str(), [clock](Slots& slots) { clock.init(slots); }, update,
      Transformation::Gradients::per_sample);
}

Transformation add_decay(const Setting& decay, const Selector& which) {
  require_setting("add_decay", "decay", decay, Range::not_negative, "Loshchilov and Hutter 2019");
  const Transformation of_all = elementwise_link("add_decay", "decay", decay,
                                                 [](const Var& g, const Var& p, const Var& by) { return g + by * p; });
  return detail::named(detail::Text("add_decay")("decay", decay)("which", which.text()).str(), masked(which, of_all));
}

Transformation add_noise(const Noise& settings) {
  constexpr std::string_view paper = "Neelakantan et al. 2015";
  require_setting("add_noise", "variance", settings.variance, Range::not_negative, paper);
  require_setting("add_noise", "gamma", settings.gamma, Range::not_negative, paper);
  return Transformation(
      detail::Text("add_noise")("variance", settings.variance)("gamma", settings.gamma).str(),
      [key = settings.key](Slots& slots) {
        slots.count();
        slots.number("key", key.bits);
      },
      [settings](Step& step) {
        Var& count = step.number();
        const random::Key key = random::Key::from_bits(step.number()).fold_in(count);
        const Var t = detail::weak(count);
        count = count + 1;
        const Var deviation = detail::root(settings.variance.at(t) / pow(1.0 + t, settings.gamma.at(t)));
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const random::Key own = key.fold_in(Var(static_cast<std::int64_t>(step.place(i))));
          step.updates[i] = g + deviation * random::normal(own, g.shape(), g.dtype());
        }
      });
}

Transformation centralise() {
  return Transformation(
      "centralise", [](Slots&) {},
      [](Step& step) {
        for (Var& u : step.updates) {
          if (u.dimension() < 2) continue;
          std::vector<std::ptrdiff_t> axes;
          for (std::size_t k = 0; k + 1 < u.dimension(); ++k) axes.push_back(static_cast<std::ptrdiff_t>(k));
          u = u - mean(u, Axes(axes), keep_dims);
        }
      });
}

Transformation reduce_on_plateau(const ReduceOnPlateau& settings) {
  require_setting(on_plateau, "factor", settings.factor, Range::open_fraction, rate_falls);
  require_setting(on_plateau, "relative", settings.relative, Range::not_negative, rate_falls);
  require_setting(on_plateau, "absolute", settings.absolute, Range::not_negative, rate_falls);
  require_setting(on_plateau, "least", settings.least, Range::not_negative, rate_falls);
  const detail::Clock clock({settings.factor, settings.relative, settings.absolute, settings.least});
  return Transformation(
      detail::Text(on_plateau)("factor", settings.factor)("patience", settings.patience).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("scale", 1.0);
        slots.number("best", std::numeric_limits<double>::infinity());
        slots.number("waited", Var(0));
        slots.number("cooling", Var(0));
      },
      [clock, settings](Step& step) {
        const Var t = clock.read(step);
        Var& scale = step.number();
        Var& best = step.number();
        Var& waited = step.number();
        Var& cooling = step.number();
        const Var value = stop_gradient(detail::value_of(step, on_plateau, rate_falls));
        const Var known = best < std::numeric_limits<double>::infinity();
        const Var least = where(known, best - settings.relative.at(t) * abs(best) - settings.absolute.at(t), best);
        const Var falls = value < least;  // not where it is NaN
        best = where(falls, value, best);
        waited = where(falls || cooling > 0, 0, waited + 1);
        cooling = maximum(cooling - 1, 0);
        const Var reduces = waited > static_cast<std::int64_t>(settings.patience);
        scale = where(reduces, maximum(settings.factor.at(t) * scale, settings.least.at(t)), scale);
        waited = where(reduces, 0, waited);
        cooling = where(reduces, static_cast<std::int64_t>(settings.cooldown), cooling);
        for (Var& u : step.updates) u = detail::weak(scale) * u;
      });
}

}  // namespace xgrad::optim
