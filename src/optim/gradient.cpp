#include <xgrad/optim/gradient.hpp>

#include <xgrad/core/errors.hpp>
#include <xgrad/ops/elementwise.hpp>
#include <xgrad/ops/manipulate.hpp>
#include <xgrad/random/continuous.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::named;
using detail::Text;

constexpr std::string_view bernstein = "Bernstein et al. 2018";
constexpr std::string_view robbins = "Robbins and Monro 1951";

Transformation lion_direction(const Lion& s) {
  const Clock clock({s.beta1, s.beta2});
  return Transformation(
      Text("lion")("beta1", s.beta1)("beta2", s.beta2).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.like("mu");
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var b1 = s.beta1.at(t);
        const Var b2 = s.beta2.at(t);
        const std::span<Var> mu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          step.updates[i] = sign(detail::moved(mu[i], g, b1));
          mu[i] = detail::moved(mu[i], g, b2);
        }
      });
}

}  // namespace

Optimiser sgd(const Sgd& s) {
  require_setting("sgd", "rate", s.rate, Range::not_negative, robbins);
  if (s.nesterov && (s.momentum.is(0.0) || !s.dampening.is(0.0))) {
    throw ValueError("sgd: nesterov needs a momentum and no dampening (Sutskever et al. 2013)");
  }
  require_setting("sgd", "momentum", s.momentum, Range::unit, "Polyak 1964");
  require_setting("sgd", "dampening", s.dampening, Range::unit, "Polyak 1964");
  const std::string text =
      Text("sgd")("rate", s.rate)("momentum", s.momentum)("dampening", s.dampening).flag("nesterov", s.nesterov).str();
  if (s.momentum.is(0.0) && s.dampening.is(0.0)) return named(text, descend(s.rate));
  return named(text, chain({momentum({s.momentum, s.nesterov, s.dampening}), descend(s.rate)}));
}

Optimiser noisy_sgd(const NoisySgd& s) {
  return named(Text("noisy_sgd")("rate", s.rate)("variance", s.variance)("gamma", s.gamma).str(),
               chain({add_noise({s.variance, s.gamma, s.key}), descend(s.rate)}));
}

Optimiser sign_sgd(const Setting& rate) {
  require_setting("sign_sgd", "rate", rate, Range::not_negative, bernstein);
  return named(Text("sign_sgd")("rate", rate).str(), chain({sign_of(), descend(rate)}));
}

Optimiser signum(const Signum& s) {
  require_setting("signum", "rate", s.rate, Range::not_negative, bernstein);
  require_setting("signum", "beta", s.beta, Range::fraction, bernstein);
  return named(Text("signum")("rate", s.rate)("beta", s.beta).str(),
               chain({ema({s.beta, false}), sign_of(), descend(s.rate)}));
}

Optimiser lion(const Lion& s) {
  constexpr std::string_view paper = "Chen et al. 2023";
  require_setting("lion", "rate", s.rate, Range::not_negative, paper);
  require_setting("lion", "beta1", s.beta1, Range::fraction, paper);
  require_setting("lion", "beta2", s.beta2, Range::fraction, paper);
  require_setting("lion", "decay", s.decay, Range::not_negative, paper);
  return named(Text("lion")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("decay", s.decay)
                   .among("decayed", s.decayed)
                   .str(),
               detail::descending(lion_direction(s), s.rate, s.decay, s.decayed));
}

Optimiser optimistic_gradient(const OptimisticGradient& s) {
  constexpr std::string_view paper = "Daskalakis et al. 2018";
  require_setting("optimistic_gradient", "rate", s.rate, Range::not_negative, paper);
  require_setting("optimistic_gradient", "optimism", s.optimism, Range::not_negative, paper);
  return Transformation(
      Text("optimistic_gradient")("rate", s.rate)("optimism", s.optimism).str(),
      [](Slots& slots) {
        slots.count();
        slots.like("before");
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var optimism = detail::weak(where(equal(t, 0.0), 0.0, s.optimism.at(t)));
        const std::span<Var> before = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          step.updates[i] = -rate * (g + optimism * (g - before[i]));
          before[i] = g;
        }
      });
}

Optimiser rprop(const Rprop& s) {
  constexpr std::string_view paper = "Riedmiller and Braun 1993";
  require_setting("rprop", "rate", s.rate, Range::positive, paper);
  require_setting("rprop", "down", s.down, Range::open_fraction, paper);
  detail::require_difference("rprop", "up - 1", s.up, 1.0, Range::positive, paper);
  require_setting("rprop", "least", s.least, Range::not_negative, paper);
  detail::require_difference("rprop", "most - least", s.most, s.least, Range::not_negative, paper);
  const Clock clock({s.down, s.up, s.least, s.most});
  return Transformation(
      Text("rprop")("rate", s.rate)("down", s.down)("up", s.up)("least", s.least)("most", s.most).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        slots.like("before");
        slots.like("size", s.rate);
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var down = s.down.at(t);
        const Var up = s.up.at(t);
        const Var least = s.least.at(t);
        const Var most = s.most.at(t);
        const std::span<Var> before = step.slot();
        const std::span<Var> size = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var turn = g * sign(before[i]);  // signs, so that the product of two small ones does not vanish
          size[i] = clip(where(turn > 0.0, up * size[i], where(turn < 0.0, down * size[i], size[i])), least, most);
          before[i] = where(turn < 0.0, 0.0, g);
          step.updates[i] = -sign(before[i]) * size[i];
        }
      });
}

Optimiser asgd(const Asgd& s) {
  constexpr std::string_view paper = "Polyak and Juditsky 1992";
  require_setting("asgd", "rate", s.rate, Range::not_negative, paper);
  require_setting("asgd", "lambda", s.lambda, Range::not_negative, paper);
  require_setting("asgd", "alpha", s.alpha, Range::not_negative, paper);
  require_setting("asgd", "start", s.start, Range::not_negative, paper);
  return Transformation(
      Text("asgd")("rate", s.rate)("lambda", s.lambda)("alpha", s.alpha)("start", s.start).str(),
      [](Slots& slots) {
        slots.count();
        slots.each("average", [](const Var& p) { return p; });
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var lambda = s.lambda.at(t);
        const Var eta = rate / pow(1.0 + lambda * rate * t, s.alpha.at(t));
        const Var share = 1.0 / maximum(t - s.start.at(t), 1.0);
        const std::span<Var> average = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& p = step.parameters()[i];
          step.updates[i] = -eta * (step.updates[i] + lambda * p);
          average[i] = average[i] + share * (p + step.updates[i] - average[i]);
        }
      });
}

Optimiser schedule_free_sgd(const ScheduleFreeSgd& s) {
  constexpr std::string_view paper = "Defazio et al. 2024";
  require_setting("schedule_free_sgd", "rate", s.rate, Range::not_negative, paper);
  require_setting("schedule_free_sgd", "beta", s.beta, Range::unit, paper);
  require_setting("schedule_free_sgd", "decay", s.decay, Range::not_negative, paper);
  const Clock clock({s.rate, s.beta, s.decay});
  return Transformation(
      Text("schedule_free_sgd")("rate", s.rate)("beta", s.beta)("decay", s.decay).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("weight", 0.0);
        slots.each("z", [](const Var& p) { return p; });
        slots.each("average", [](const Var& p) { return p; });
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var beta = s.beta.at(t);
        const Var decay = s.decay.at(t);
        Var& weight = step.number();
        weight = weight + square(rate);
        const Var share = where(weight > 0.0, square(rate) / weight, 0.0);
        const std::span<Var> z = step.slot();
        const std::span<Var> x = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& y = step.parameters()[i];
          z[i] = z[i] - rate * (s.decay.is(0.0) ? step.updates[i] : step.updates[i] + decay * y);
          x[i] = x[i] + detail::weak(share) * (z[i] - x[i]);
          step.updates[i] = z[i] + beta * (x[i] - z[i]) - y;
        }
      });
}

Optimiser dp_sgd(const DpSgd& s) {
  constexpr std::string_view paper = "Abadi et al. 2016";
  require_setting("dp_sgd", "rate", s.rate, Range::not_negative, paper);
  require_setting("dp_sgd", "bound", s.bound, Range::positive, paper);
  require_setting("dp_sgd", "noise", s.noise, Range::not_negative, paper);
  const Transformation clipped = clip_per_sample(s.bound);
  return Transformation(
      Text("dp_sgd")("rate", s.rate)("bound", s.bound)("noise", s.noise).str(),
      [s, clipped](Slots& slots) {
        slots.part("clip", clipped);
        slots.count();
        slots.number("key", s.key.bits);
      },
      [s, clipped](Step& step) {
        const double samples = step.updates.empty() ? 1.0 : static_cast<double>(step.updates[0].shape(0));
        step.part(clipped);
        Var& count = step.number();
        const random::Key key = random::Key::from_bits(step.number()).fold_in(count);
        const Var t = detail::weak(count);
        const Var rate = s.rate.at(t);
        const Var deviation = s.noise.at(t) * s.bound.at(t) / samples;
        count = count + 1;
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const random::Key own = key.fold_in(Var(static_cast<std::int64_t>(step.place(i))));
          step.updates[i] = -rate * (g + deviation * random::normal(own, g.shape(), g.dtype()));
        }
      },
      Transformation::Gradients::per_sample);
}

}  // namespace xgrad::optim
