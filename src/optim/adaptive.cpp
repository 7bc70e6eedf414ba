#include <xgrad/optim/adaptive.hpp>
#include <xgrad/optim/links.hpp>

#include <xgrad/ops/elementwise.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::moved;
using detail::named;
using detail::root;
using detail::Text;

constexpr std::string_view duchi = "Duchi et al. 2011";
constexpr std::string_view zeiler = "Zeiler 2012";
constexpr std::string_view hinton = "Hinton 2012";
constexpr std::string_view mcmahan = "McMahan et al. 2013";
constexpr std::string_view madgrad_paper = "Defazio and Jelassi 2021";

Transformation adagrad_direction(const Adagrad& s) {
  const Clock clock({s.eps});
  return Transformation(
      Text("adagrad")("initial", s.initial)("eps", s.eps).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        slots.like("sum", s.initial);
      },
      [clock, s](Step& step) {
        const Var eps = s.eps.at(clock.read(step));
        const std::span<Var> sum = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          sum[i] = sum[i] + square(g);
          step.updates[i] = g / (root(sum[i]) + eps);
        }
      });
}

Transformation adadelta_direction(const Adadelta& s) {
  const Clock clock({s.rho, s.eps});
  return Transformation(
      Text("adadelta")("rho", s.rho)("eps", s.eps).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.like("nu");
        slots.like("steps");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rho = s.rho.at(t);
        const Var eps = s.eps.at(t);
        const std::span<Var> nu = step.slot();
        const std::span<Var> steps = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          nu[i] = moved(nu[i], square(g), rho);
          const Var d = sqrt(steps[i] + eps) / sqrt(nu[i] + eps) * g;
          steps[i] = moved(steps[i], square(d), rho);
          step.updates[i] = d;
        }
      });
}

Transformation rmsprop_direction(const Rmsprop& s) {
  const Clock clock({s.decay, s.eps});
  return Transformation(
      Text("rmsprop")("decay", s.decay)("eps", s.eps).flag("centred", s.centred).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        slots.like("nu");
        if (s.centred) slots.like("mu");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var decay = s.decay.at(t);
        const Var eps = s.eps.at(t);
        const std::span<Var> nu = step.slot();
        const std::span<Var> mu = s.centred ? step.slot() : std::span<Var>();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          nu[i] = moved(nu[i], square(g), decay);
          Var variance = nu[i];
          if (s.centred) {
            mu[i] = moved(mu[i], g, decay);
            variance = relu(nu[i] - square(mu[i]));  // not below 0 by a rounding
          }
          step.updates[i] = g / (root(variance) + eps);
        }
      });
}

}  // namespace

Optimiser adagrad(const Adagrad& s) {
  require_setting("adagrad", "rate", s.rate, Range::not_negative, duchi);
  require_setting("adagrad", "initial", s.initial, Range::not_negative, duchi);
  require_setting("adagrad", "eps", s.eps, Range::positive, duchi);
  return named(Text("adagrad")("rate", s.rate)("initial", s.initial)("eps", s.eps).str(),
               detail::descending(adagrad_direction(s), s.rate));
}

Optimiser adadelta(const Adadelta& s) {
  require_setting("adadelta", "rate", s.rate, Range::not_negative, zeiler);
  require_setting("adadelta", "rho", s.rho, Range::fraction, zeiler);
  require_setting("adadelta", "eps", s.eps, Range::positive, zeiler);
  return named(Text("adadelta")("rate", s.rate)("rho", s.rho)("eps", s.eps).str(),
               detail::descending(adadelta_direction(s), s.rate));
}

Optimiser rmsprop(const Rmsprop& s) {
  require_setting("rmsprop", "rate", s.rate, Range::not_negative, hinton);
  require_setting("rmsprop", "decay", s.decay, Range::fraction, hinton);
  require_setting("rmsprop", "eps", s.eps, Range::positive, hinton);
  std::vector<Transformation> links{rmsprop_direction(s)};
  if (!s.momentum.is(0.0)) links.push_back(momentum({s.momentum, s.nesterov}));
  links.push_back(descend(s.rate));
  return named(Text("rmsprop")("rate", s.rate)("decay", s.decay)("eps", s.eps)("momentum", s.momentum)
                   .flag("nesterov", s.nesterov)
                   .flag("centred", s.centred)
                   .str(),
               chain(std::move(links)));
}

Optimiser madgrad(const Madgrad& s) {
  require_setting("madgrad", "rate", s.rate, Range::not_negative, madgrad_paper);
  require_setting("madgrad", "momentum", s.momentum, Range::fraction, madgrad_paper);
  require_setting("madgrad", "eps", s.eps, Range::positive, madgrad_paper);
  return Transformation(
      Text("madgrad")("rate", s.rate)("momentum", s.momentum)("eps", s.eps).str(),
      [](Slots& slots) {
        slots.count();
        slots.like("sum");
        slots.like("nu");
        slots.each("start", [](const Var& p) { return p; });
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var lambda = s.rate.at(t) * sqrt(t + 1.0);
        const Var keep = s.momentum.at(t);
        const Var eps = s.eps.at(t);
        const std::span<Var> sum = step.slot();
        const std::span<Var> nu = step.slot();
        const std::span<Var> start = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          sum[i] = sum[i] + lambda * g;
          nu[i] = nu[i] + lambda * square(g);
          const Var size = where(equal(nu[i], 0.0), 0.0, cbrt(nu[i]));  // whose slope at 0 has no end
          const Var z = start[i] - sum[i] / (size + eps);
          step.updates[i] = (1.0 - keep) * (z - step.parameters()[i]);
        }
      });
}

Optimiser ftrl(const Ftrl& s) {
  require_setting("ftrl", "rate", s.rate, Range::positive, mcmahan);
  require_setting("ftrl", "beta", s.beta, Range::not_negative, mcmahan);
  require_setting("ftrl", "l1", s.l1, Range::not_negative, mcmahan);
  require_setting("ftrl", "l2", s.l2, Range::not_negative, mcmahan);
  const Clock clock({s.rate, s.beta, s.l1, s.l2});
  const bool moves = any_varies({s.rate, s.beta});
  return Transformation(
      Text("ftrl")("rate", s.rate)("beta", s.beta)("l1", s.l1)("l2", s.l2).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        // z is such that the first solution without gradients is the parameter itself.
        slots.like("n");
        slots.each("z", [s](const Var& p) {
          const Var kept = (s.beta.at(0.0) / s.rate.at(0.0) + s.l2.at(0.0)) * p;
          return -(kept + s.l1.at(0.0) * sign(p));
        });
      },
      [clock, moves, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var beta = s.beta.at(t);
        const Var l1 = s.l1.at(t);
        const Var l2 = s.l2.at(t);
        const Var last = moves ? relu(t - 1.0) : t;
        const std::span<Var> n = step.slot();
        const std::span<Var> z = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& p = step.parameters()[i];
          const Var before = root(n[i]);
          n[i] = n[i] + square(g);
          const Var now = root(n[i]);
          Var growth = (now - before) / rate;  // of the scale, without l2
          if (moves) growth = growth + ((beta + before) / rate - (s.beta.at(last) + before) / s.rate.at(last));
          z[i] = z[i] + g - growth * p;
          const Var scale = (beta + now) / rate + l2;
          const Var beyond = where(abs(z[i]) <= l1, 0.0, z[i] - l1 * sign(z[i]));
          step.updates[i] = where(scale > 0.0, -beyond / scale, p) - p;
        }
      });
}

}  // namespace xgrad::optim
