// Descendants of Adam that change its steps: ADOPT, schedule-free, SWATS.
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
using detail::text_of_moments;

}  // namespace

Optimiser adopt(const Adopt& s) {
  constexpr std::string_view paper = "Taniguchi et al. 2024";
  require_of_moments("adopt", paper, s.rate, s.beta1, s.beta2, s.eps, Range::positive);
  return Transformation(
      text_of_moments("adopt", s.rate, s.beta1, s.beta2, s.eps).flag("clipped", s.clipped).str(),
      [](Slots& slots) {
        slots.count();
        slots.like("mu");
        slots.like("nu");
      },
      [s](Step& step) {
        const Var t = step.count();
        const Var rate = s.rate.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var first = equal(t, 0.0);
        const Var bound = pow(t, 0.25);
        const Var eps = s.eps.at(t);
        const std::span<Var> mu = step.slot();
        const std::span<Var> nu = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          Var d = g / maximum(root(nu[i]), eps);
          if (s.clipped) d = clip(d, -bound, bound);
          mu[i] = where(first, mu[i], moved(mu[i], d, beta1));
          nu[i] = where(first, square(g), moved(nu[i], square(g), beta2));
          step.updates[i] = where(first, 0.0, -rate * mu[i]);
        }
      });
}

Optimiser schedule_free_adamw(const ScheduleFreeAdamW& s) {
  constexpr std::string_view paper = "Defazio et al. 2024";
  require_of_moments("schedule_free_adamw", paper, s.rate, s.beta1, s.beta2, s.eps);
  require_setting("schedule_free_adamw", "decay", s.decay, Range::not_negative, paper);
  const Clock clock({s.rate, s.beta1, s.beta2, s.eps, s.decay});
  return Transformation(
      text_of_moments("schedule_free_adamw", s.rate, s.beta1, s.beta2, s.eps)("decay", s.decay).str(),
      [clock](Slots& slots) {
        clock.init(slots);
        slots.number("weight", 0.0);
        slots.number("nu_weight", 0.0);
        slots.like("nu");
        slots.each("z", [](const Var& p) { return p; });
        slots.each("average", [](const Var& p) { return p; });
      },
      [clock, s](Step& step) {
        const Var t = clock.read(step);
        const Var rate = s.rate.at(t);
        const Var beta2 = s.beta2.at(t);
        const Var decay = s.decay.at(t);
        const Var beta1 = s.beta1.at(t);
        const Var eps = s.eps.at(t);
        Var& weight = step.number();
        weight = weight + square(rate);
        const Var share = detail::weak(where(weight > 0.0, square(rate) / weight, 0.0));
        const Var second = 1.0 / sqrt(grown(step.number(), beta2));
        const std::span<Var> nu = step.slot();
        const std::span<Var> z = step.slot();
        const std::span<Var> x = step.slot();
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = step.updates[i];
          const Var& y = step.parameters()[i];
          nu[i] = moved(nu[i], square(g), beta2);
          Var d = g / (second * root(nu[i]) + eps);
          if (!s.decay.is(0.0)) d = d + decay * y;
          z[i] = z[i] - rate * d;
          x[i] = x[i] + share * (z[i] - x[i]);
          step.updates[i] = z[i] + beta1 * (x[i] - z[i]) - y;
        }
      });
}

Optimiser swats(const Swats& s) {
  require_of_moments("swats", "Keskar and Socher 2017", s.rate, s.beta1, s.beta2, s.eps);
  return Transformation(
      text_of_moments("swats", s.rate, s.beta1, s.beta2, s.eps).str(),
      [](Slots& slots) {
        slots.count();
        slots.number("switched", Var(0));
        slots.number("sgd_rate", 0.0);
        slots.number("mean_rate", 0.0);
        Moments::init(slots, Clock({}));
        slots.like("momentum");
      },
      [s](Step& step) {
        const Var before = step.count();
        const Var rate = s.rate.at(before);
        const Var eps = s.eps.at(before);
        const Var t = before + 1.0;
        Var& switched = step.number();
        Var& sgd_rate = step.number();
        Var& mean_rate = step.number();
        const Moments m = Moments::take(step, before, s.beta1, s.beta2);
        const Var first = 1.0 / m.weight1;
        const Var second = 1.0 / sqrt(m.weight2);
        const std::span<Var> momentum = step.slot();
        const Var descends = equal(switched, 1);
        const std::vector<Var> gradients = step.updates;
        std::vector<Var> adam;
        for (std::size_t i = 0; i < step.size(); ++i) {
          const Var& g = gradients[i];
          m.move(i, g);
          adam.push_back(-rate * first * m.mu[i] / (second * root(m.nu[i]) + eps));
          momentum[i] = where(descends, m.beta1 * momentum[i] + g, momentum[i]);
          step.updates[i] = where(descends, -(1.0 - m.beta1) * sgd_rate * momentum[i], adam[i]);
        }
        const Var slope = -detail::inner_product(adam, gradients);
        const Var known = not_equal(slope, 0.0);
        const Var gamma = detail::inner_product(adam, adam) / where(known, slope, 1.0);
        mean_rate = where(known, m.beta2 * mean_rate + (1.0 - m.beta2) * gamma, mean_rate);
        const Var unbiased = mean_rate / m.weight2;
        const Var settled = !descends && known && t > 1.0 && abs(unbiased - gamma) < eps && unbiased > 0.0;
        sgd_rate = where(settled, unbiased, sgd_rate);
        switched = where(settled, 1, switched);
      });
}

}  // namespace xgrad::optim
