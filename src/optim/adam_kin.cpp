// Descendants of Adam with means or rules of their own.
#include <xgrad/optim/adaptive.hpp>

#include <xgrad/ops/elementwise.hpp>

#include "optim/moments.hpp"
#include "optim/numbers.hpp"

namespace xgrad::optim {
namespace {

using detail::Clock;
using detail::grown;
using detail::Moments;
using detail::moved;
using detail::require_of_moments;
using detail::root;
using detail::Text;
using detail::text_of_moments;

}  // namespace

Optimiser radam(const Radam& s) {
  constexpr std::string_view paper = "Liu et al. 2020";
  require_of_moments("radam", paper, s.rate, s.beta1, s.beta2, s.eps);
  detail::require_difference("radam", "threshold - 4", s.threshold, 4.0, Range::not_negative, paper);
  return Transformation(
      text_of_moments("radam", s.rate, s.beta1, s.beta2, s.eps)("threshold", s.threshold).str(),
      [](Slots& slots) {
        slots.count();
        slots.number("mu_weight", 0.0);
        slots.number("beta2_power", 1.0);
        slots.like("mu");
        slots.like("nu");
      },
      [s](Step& step) {
        const Var before = step.count();
        const Var rate = s.rate.at(before);
        const Var t = before + 1.0;
        const Var beta1 = s.beta1.at(before);
        const Var beta2 = s.beta2.at(before);
        const Var eps = s.eps.at(before);
        const Var first = 1.0 / grown(step.number(), beta1);
        Var& rest = step.number();  // beta2^t
        rest = beta2 * rest;
        const Var limit = 2.0 / (1.0 - beta2) - 1.0;
        const Var rho = limit - 2.0 * t * rest / (1.0 - rest);
        const Var rectified = rho > s.threshold.at(before);
        const Var safe = where(rectified, rho, limit);
        const Var factor = sqrt((safe - 4.0) * (safe - 2.0) * limit / ((limit - 4.0) * (limit - 2.0) * safe));
        const Var second = 1.0 / sqrt(1.0 - rest);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          mu[i] = moved(mu[i], g, beta1);
          nu[i] = moved(nu[i], square(g), beta2);
          const Var mean = first * mu[i];
          step.updates[i] = -rate * where(rectified, factor * mean / (second * root(nu[i]) + eps), mean);
        }
      });
}

Optimiser adabelief(const AdaBelief& s) {
  constexpr std::string_view paper = "Zhuang et al. 2020";
  require_of_moments("adabelief", paper, s.rate, s.beta1, s.beta2, s.eps);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps});
  return Transformation(
      text_of_moments("adabelief", s.rate, s.beta1, s.beta2, s.eps).str(),
      [clock](Slots& slots) { Moments::init(slots, clock); },
      [clock, s](Step& step) {
        const Moments m = Moments::take(step, clock, s.beta1, s.beta2);
        const Var eps = s.eps.at(m.t);
        const Var first = s.rate.at(m.t) / m.weight1;
        const Var second = 1.0 / sqrt(m.weight2);
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          m.mu[i] = moved(m.mu[i], g, m.beta1);
          m.nu[i] = moved(m.nu[i], square(g - m.mu[i]), m.beta2) + eps;
          step.updates[i] = -first * m.mu[i] / (second * root(m.nu[i]) + eps);
        }
      });
}

Optimiser yogi(const Yogi& s) {
  constexpr std::string_view paper = "Zaheer et al. 2018";
  require_of_moments("yogi", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("yogi", "initial", s.initial, Range::not_negative, paper);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps});
  return Transformation(
      text_of_moments("yogi", s.rate, s.beta1, s.beta2, s.eps)("initial", s.initial).str(),
      [clock, s](Slots& slots) {
        clock.init(slots);
        slots.like("mu");
        slots.like("nu", s.initial);
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var eps = s.eps.at(t);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g2 = square(step.updates[i]);
          mu[i] = moved(mu[i], step.updates[i], beta1);
          nu[i] = nu[i] - (1.0 - beta2) * sign(nu[i] - g2) * g2;
          step.updates[i] = -rate * mu[i] / (root(nu[i]) + eps);
        }
      });
}

Optimiser adan(const Adan& s) {
  constexpr std::string_view paper = "Xie et al. 2022";
  require_of_moments("adan", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("adan", "beta3", s.beta3, Range::fraction, paper);
  require_setting("adan", "decay", s.decay, Range::not_negative, paper);
  return Transformation(
      Text("adan")("rate", s.rate)("beta1", s.beta1)("beta2", s.beta2)("beta3", s.beta3)("eps", s.eps)("decay", s.decay)
          .str(),
      [](Slots& slots) {
        slots.count();
        for (const char* weight : {"mu_weight", "change_weight", "nu_weight"}) slots.number(weight, 0.0);
        for (const char* name : {"mu", "change", "nu", "before"}) slots.like(name);
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var beta3 = s.beta3.at(t);
        const Var eps = s.eps.at(t);
        const Var first = 1.0 / grown(step.number(), beta1);
        const Var second = beta2 / grown(step.number(), beta2);
        const Var third = 1.0 / sqrt(grown(step.number(), beta3));
        const Var moves = detail::weak(where(equal(t, 0.0), 0.0, 1.0));
        const std::span<Var> mu = step.slot();
        const std::span<Var> change = step.slot();
        const std::span<Var> nu = step.slot();
        const std::span<Var> before = step.slot();
        const Var shrunk = 1.0 / (1.0 + rate * s.decay.at(t));
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var g = step.updates[i];
          const Var& p = step.parameters()[i];
          const Var d = moves * (g - before[i]);
          mu[i] = moved(mu[i], g, beta1);
          change[i] = moved(change[i], d, beta2);
          nu[i] = moved(nu[i], square(g + beta2 * d), beta3);
          before[i] = g;
          const Var u = -rate * (first * mu[i] + second * change[i]) / (third * root(nu[i]) + eps);
          step.updates[i] = s.decay.is(0.0) ? u : shrunk * (p + u) - p;
        }
      });
}

Optimiser adabound(const AdaBound& s) {
  constexpr std::string_view paper = "Luo et al. 2019";
  require_of_moments("adabound", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("adabound", "final_rate", s.final_rate, Range::positive, paper);
  require_setting("adabound", "gamma", s.gamma, Range::positive, paper);
  return Transformation(
      text_of_moments("adabound", s.rate, s.beta1, s.beta2, s.eps)("final_rate", s.final_rate)("gamma", s.gamma).str(),
      [](Slots& slots) {
        slots.count();
        Moments::init(slots, Clock({}));
      },
      [s](Step& step) {
        const Var before = step.count();
        const Moments m = Moments::take(step, before, s.beta1, s.beta2);
        const Var rate = s.rate.at(before) * sqrt(m.weight2) / m.weight1;
        const Var eps = s.eps.at(before);
        const Var last = s.final_rate.at(before);
        const Var gone = s.gamma.at(before) * (before + 1.0);
        const Var low = last * (1.0 - 1.0 / (gone + 1.0));
        const Var high = last * (1.0 + 1.0 / gone);
        for (std::size_t i = 0; i < step.size(); ++i) {
          m.move(i, step.updates[i]);
          step.updates[i] = -clip(rate / (root(m.nu[i]) + eps), low, high) * m.mu[i];
        }
      });
}

Optimiser qhadam(const QhAdam& s) {
  constexpr std::string_view paper = "Ma and Yarats 2019";
  require_of_moments("qhadam", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("qhadam", "nu1", s.nu1, Range::any, paper);
  require_setting("qhadam", "nu2", s.nu2, Range::unit, paper);
  const Clock clock({s.rate, s.beta1, s.beta2, s.nu1, s.nu2, s.eps});
  return Transformation(
      text_of_moments("qhadam", s.rate, s.beta1, s.beta2, s.eps)("nu1", s.nu1)("nu2", s.nu2).str(),
      [clock](Slots& slots) { Moments::init(slots, clock); },
      [clock, s](Step& step) {
        const Moments m = Moments::take(step, clock, s.beta1, s.beta2);
        const Var rate = s.rate.at(m.t);
        const Var nu1 = s.nu1.at(m.t);
        const Var nu2 = s.nu2.at(m.t);
        const Var eps = s.eps.at(m.t);
        const Var first = nu1 / m.weight1;
        const Var second = nu2 / m.weight2;
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          m.move(i, g);
          const Var mean = (1.0 - nu1) * g + first * m.mu[i];
          step.updates[i] = -rate * mean / (root((1.0 - nu2) * square(g) + second * m.nu[i]) + eps);
        }
      });
}

Optimiser ademamix(const AdEmaMix& s) {
  constexpr std::string_view paper = "Pagliardini et al. 2024";
  require_of_moments("ademamix", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("ademamix", "beta3", s.beta3, Range::fraction, paper);
  require_setting("ademamix", "alpha", s.alpha, Range::not_negative, paper);
  require_setting("ademamix", "decay", s.decay, Range::not_negative, paper);
  const Clock clock({s.rate, s.beta1, s.beta2, s.beta3, s.alpha, s.decay, s.eps});
  return Transformation(
      text_of_moments("ademamix", s.rate, s.beta1, s.beta2, s.eps)("beta3", s.beta3)("alpha", s.alpha)("decay", s.decay)
          .str(),
      [clock](Slots& slots) {
        Moments::init(slots, clock);
        slots.like("slow");
      },
      [clock, s](Step& step) {
        const Moments m = Moments::take(step, clock, s.beta1, s.beta2);
        const Var rate = s.rate.at(m.t);
        const Var beta3 = s.beta3.at(m.t);
        const Var alpha = s.alpha.at(m.t);
        const Var eps = s.eps.at(m.t);
        const Var decay = s.decay.at(m.t);
        const Var first = 1.0 / m.weight1;
        const Var second = 1.0 / sqrt(m.weight2);
        const std::span<Var> slow = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          m.move(i, g);
          slow[i] = moved(slow[i], g, beta3);
          Var d = (first * m.mu[i] + alpha * slow[i]) / (second * root(m.nu[i]) + eps);
          if (!s.decay.is(0.0)) d = d + decay * step.parameters()[i];
          step.updates[i] = -rate * d;
        }
      });
}

}  // namespace xgrad::optim
